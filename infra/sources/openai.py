"""`openai`: the administration API: audit log, data retention and residency of an organisation and its projects."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from infra.source import Gathering, Source
from infra.web.credential import Variable, hosts, key_of, shown

HOST = "api.openai.com"
Reading = Literal["audit_logs", "retention"]
GIVES: dict[str, tuple[str, ...]] = {"audit_logs": ("audit_log",), "retention": ("settings",)}


class OpenAI(Source):
    """One organisation, asked with the admin key that a variable of the environment holds."""

    kind: Literal["openai"] = "openai"
    credential: Variable = Field(description="variable with an admin key")
    reads: tuple[Reading, ...] = Field(default=("audit_logs", "retention"), min_length=1, description="what is asked")
    endpoint: str = Field(default=f"https://{HOST}", pattern=r"^https?://[^/]+$", description="of the API")

    provides: ClassVar[frozenset[str]] = frozenset({"audit_log", "settings"})

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names; raises `BadInput` for a credential that is not there."""
        from infra.family_rows import FamilyRows  # noqa: PLC0415 - naming a source must not pay for Arrow
        from infra.openai_api import OpenAIGathering  # noqa: PLC0415
        from infra.web.client import Client  # noqa: PLC0415

        secret = key_of(self.credential, "openai", gathering)
        headers = {"authorization": f"Bearer {secret}"}
        egress = hosts(HOST, self.endpoint, gathering.egress)
        with (
            FamilyRows(gathering, self.kind, sorted(self.provides)) as rows,
            Client(self.endpoint, headers, egress, gathering.now) as client,
        ):
            asking = OpenAIGathering(self, gathering, rows, client, shown(self.credential, secret))
            for name in self.reads:
                getattr(asking, name)()
            rows.keep(sorted({family for name in self.reads for family in GIVES[name]}))


SOURCE = OpenAI
