"""`anthropic`: the Compliance and Admin APIs: who did what, settings as they are and were, who looked at content."""

from __future__ import annotations

from contextlib import ExitStack
from typing import ClassVar, Literal

from pydantic import Field

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

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names; raises `BadInput` for a credential that is not there."""
        from infra.anthropic_api import FAMILIES, VERSION, AnthropicGathering  # noqa: PLC0415 - naming must stay cheap
        from infra.anthropic_receipts import Receipts, gather_receipts  # noqa: PLC0415
        from infra.family_rows import FamilyRows  # noqa: PLC0415
        from infra.web.client import Client  # noqa: PLC0415

        egress = hosts(HOST, self.endpoint, gathering.egress)
        with ExitStack() as stack:
            rows = stack.enter_context(FamilyRows(gathering, self.kind, FAMILIES))
            asking = AnthropicGathering(self, gathering, self.organization, rows)
            for name in self.reads:
                variable = self.admin_credential if name in {"workspaces", "usage"} else self.credential
                secret = key_of(variable, f"reading {name}", gathering)
                headers = {"x-api-key": secret, "anthropic-version": VERSION}
                client = Client(self.endpoint, headers, egress, gathering.now)
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

SOURCE = Anthropic
