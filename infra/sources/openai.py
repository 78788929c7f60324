"""`openai`: the administration API: audit log, data retention and residency of an organisation and its projects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from infra.examination import Examination, Fetch, Observation
from infra.source import Gathering, Source
from infra.web.credential import Variable, hosts, key_of, shown

HOST = "api.openai.com"
Reading = Literal["audit_logs", "retention"]
GIVES: dict[str, tuple[str, ...]] = {"audit_logs": ("audit_log",), "retention": ("settings",)}
ASKED: dict[str, tuple[str, ...]] = {
    "audit_logs": ("/v1/organization/audit_logs",),
    "retention": (
        *("/v1/organization/data_retention", "/v1/organization/projects"),
        "/v1/organization/projects/{id}/data_retention",
    ),
}
NOTES = {"audit_logs": "", "retention": "the state of the moment: a change of it is in no log"}


class OpenAI(Source):
    """One organisation, asked with the admin key that a variable of the environment holds."""

    kind: Literal["openai"] = "openai"
    credential: Variable = Field(description="variable with an admin key")
    organization: str = Field(pattern=r"^org-[A-Za-z0-9]{4,64}$", description="its id: another one's key is refused")
    reads: tuple[Reading, ...] = Field(default=("audit_logs", "retention"), min_length=1, description="what is asked")
    endpoint: str = Field(default=f"https://{HOST}", pattern=r"^https?://[^/]+$", description="of the API")

    provides: ClassVar[frozenset[str]] = frozenset({"audit_log", "settings"})

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - nothing lies on this disk
        """Say which lists are read, with the key of which variable."""
        for name in self.reads:
            for path in ASKED[name]:
                note = ", ".join(part for part in (f"of {self.organization}", NOTES[name]) if part)
                yield Fetch(f"GET {self.endpoint}{path}", self.credential, GIVES[name], note)

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Ask for the first record of each list; what an admin key may do beyond that, the API does not say."""
        from infra.web.client import Request  # noqa: PLC0415 - naming a source must not pay for HTTP
        from infra.web.examination import looking, needed  # noqa: PLC0415

        headers = self._headers(key_of(self.credential, "openai", at))
        with looking(self.endpoint, headers, hosts(HOST, self.endpoint, at.egress), at) as client:
            for path in (path for name in self.reads for path in ASKED[name] if "{" not in path):
                yield needed(client, Request(path, () if path.endswith("retention") else (("limit", "1"),)))

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names; raises `BadInput` for a credential that is not there."""
        from infra.family_rows import FamilyRows  # noqa: PLC0415 - naming a source must not pay for Arrow
        from infra.openai_api import OpenAIGathering  # noqa: PLC0415
        from infra.web.client import gathering_client  # noqa: PLC0415

        secret = key_of(self.credential, "openai", gathering)
        headers = self._headers(secret)
        egress = hosts(HOST, self.endpoint, gathering.egress)
        with (
            FamilyRows(gathering, self.kind, sorted(self.provides)) as rows,
            gathering_client(gathering, self.endpoint, headers, egress) as client,
        ):
            asking = OpenAIGathering(self, gathering, rows, client, shown(self.credential, secret))
            for name in self.reads:
                getattr(asking, name)()
            rows.keep(sorted({family for name in self.reads for family in GIVES[name]}))

    def _headers(self, secret: str) -> dict[str, str]:
        """Return what authenticates; OpenAI refuses a key that is not of the organisation named beside it."""
        return {"authorization": f"Bearer {secret}", "openai-organization": self.organization}


SOURCE = OpenAI
