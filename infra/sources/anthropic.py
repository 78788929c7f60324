"""`anthropic`: the Compliance and Admin APIs: who did what, settings as they are and were, who looked at content."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from infra.examination import Examination, Fetch, Observation, readable_folder
from infra.source import Gathering, Source
from infra.web.credential import Variable, hosts, key_of, shown

HOST = "api.anthropic.com"
Reading = Literal["activities", "settings", "workspaces", "usage"]


class Anthropic(Source):
    """One organisation. Credentials are named by the variable of the environment that holds them, and never written."""

    kind: Literal["anthropic"] = "anthropic"
    organization: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="its UUID")
    credential: Variable = Field(description="variable with a Compliance Access Key: activities and settings")
    admin_credential: Variable | None = Field(default=None, description="variable with an Admin key: workspaces, usage")
    reads: tuple[Reading, ...] = Field(default=("activities", "settings"), min_length=1, description="what is asked")
    receipts: str | None = Field(default=None, min_length=1, description="folder of answers to deletions, as kept")
    endpoint: str = Field(default=f"https://{HOST}", pattern=r"^https?://[^/]+$", description="of the API")

    provides: ClassVar[frozenset[str]] = frozenset(
        {"access_events", "audit_log", "data_lifecycle", "feature_usage", "settings"}
    )

    @property
    def gives(self) -> frozenset[str]:
        """Return the families of what is read, and of receipts where there are any."""
        read = {family for name in self.reads for family in GIVES[name]}
        return frozenset(read | ({"data_lifecycle"} if self.receipts else set()))

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - nothing lies on this disk
        """Say which lists are read, with the key of which variable."""
        if self._asking_as_admin:
            address = f"GET {self.endpoint}{WHOSE}"
            yield Fetch(address, self.admin_credential or "", (), f"whether the key is of {self.organization}")
        for name in self.reads:
            path = ASKED[name].format(organization=self.organization)
            yield Fetch(f"GET {self.endpoint}{path}", self._variable(name) or "", GIVES[name], NOTES.get(name, ""))
            if name == "activities":
                yield Fetch(f"GET {self.endpoint}{PROOFS}", self.credential, ("access_events",), "proofs of accesses")
        if self.receipts is not None:
            yield Fetch(f"folder {self.receipts}", "local files", ("data_lifecycle",), "kept answers to deletions")

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask for the first record of each list, and whether the compliance key is refused what is the admin's."""
        from infra.anthropic_api import VERSION, foreign  # noqa: PLC0415 - naming a source must not pay for HTTP
        from infra.web.client import Request  # noqa: PLC0415
        from infra.web.examination import looking, needed, needless  # noqa: PLC0415

        egress = hosts(HOST, self.endpoint, at.egress)
        for name in self.reads:
            secret = key_of(self._variable(name), f"reading {name}", at)
            with looking(self.endpoint, {"x-api-key": secret, "anthropic-version": VERSION}, egress, at) as client:
                if name in self._asking_as_admin[:1]:
                    yield needed(client, Request(WHOSE), partial(foreign, organization=self.organization))
                yield needed(client, Request(ASKED[name].format(organization=self.organization), self._least(name, at)))
                if name == "activities" and self.admin_credential != self.credential:
                    yield needless(client, Request(ASKED["workspaces"], (("limit", "1"),)), "narrow its scopes")
        if self.receipts is not None:
            yield readable_folder(at.root, self.receipts)

    @property
    def _asking_as_admin(self) -> tuple[Reading, ...]:
        return tuple(name for name in self.reads if name in {"workspaces", "usage"})

    def _variable(self, name: Reading) -> str | None:
        return self.admin_credential if name in self._asking_as_admin else self.credential

    def _least(self, name: str, at: Examination) -> tuple[tuple[str, str], ...]:
        """Return the parameters of the smallest question of each sort."""
        yesterday = (at.now() - timedelta(days=1)).strftime("%Y-%m-%dT00:00:00Z")
        return {
            "activities": (("organization_ids[]", self.organization), ("limit", "1")),
            "settings": (),
            "workspaces": (("limit", "1"),),
            "usage": (("starting_at", yesterday), ("bucket_width", "1d"), ("limit", "1")),
        }[name]

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names; raises `BadInput` for a credential that is not there."""
        from infra.anthropic_api import FAMILIES, VERSION, AnthropicGathering  # noqa: PLC0415 - naming must stay cheap
        from infra.anthropic_receipts import Receipts, gather_receipts  # noqa: PLC0415
        from infra.family_rows import FamilyRows  # noqa: PLC0415
        from infra.web.client import gathering_client  # noqa: PLC0415

        egress = hosts(HOST, self.endpoint, gathering.egress)
        with ExitStack() as stack:
            rows = stack.enter_context(FamilyRows(gathering, self.kind, FAMILIES))
            asking = AnthropicGathering(self, gathering, self.organization, rows)
            for name in self.reads:
                variable = self._variable(name)
                secret = key_of(variable, f"reading {name}", gathering)
                headers = {"x-api-key": secret, "anthropic-version": VERSION}
                client = gathering_client(gathering, self.endpoint, headers, egress)
                asked = (stack.enter_context(client), shown(variable or "", secret))
                getattr(asking, name)(*asked)
                if name == "activities" and self.receipts:
                    asking.later(*asked)
            if self.receipts:
                confirming = Receipts(self.organization, gathering.period, asking.happened)
                gather_receipts(self, self.receipts, confirming, rows, gathering)
            rows.keep(sorted(self.gives))


GIVES: dict[str, tuple[str, ...]] = {
    "activities": ("access_events", "audit_log", "feature_usage", "settings"),
    "settings": ("settings",),
    "workspaces": ("settings",),
    "usage": ("feature_usage", "settings"),
}

ASKED = {
    "activities": "/v1/compliance/activities",
    "settings": "/v1/compliance/organizations/{organization}/settings",
    "workspaces": "/v1/organizations/workspaces",
    "usage": "/v1/organizations/usage_report/messages",
}
WHOSE = "/v1/organizations/me"
PROOFS = "/v1/compliance/transparency_log"
NOTES = {
    "settings": "the settings of the moment",
    "workspaces": "not the default workspace, which is in no list",
    "usage": "the geography that was asked for, not where anything ran",
}

SOURCE = Anthropic
