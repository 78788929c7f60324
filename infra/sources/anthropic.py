"""`anthropic`: the Compliance and Admin APIs: who did what, settings as they are and were, who looked at content."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field

from evidence.errors import BadInput, Place, Problem
from infra.source import Gathering, Source

HOST = "api.anthropic.com"
Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
Reading = Literal["activities", "settings", "workspaces", "usage"]
SHOWN = 4


class Anthropic(Source):
    """One organisation. Credentials are named by the variable of the environment that holds them, and never written."""

    kind: Literal["anthropic"] = "anthropic"
    organization: str = Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", description="its UUID")
    credential: Variable = Field(description="variable with a Compliance Access Key: activities and settings")
    admin_credential: Variable | None = Field(default=None, description="variable with an Admin key: workspaces, usage")
    reads: tuple[Reading, ...] = Field(default=("activities", "settings"), min_length=1, description="what is asked")
    endpoint: str = Field(default=f"https://{HOST}", pattern=r"^https?://[^/]+$", description="of the API")

    provides: ClassVar[frozenset[str]] = frozenset({"access_events", "audit_log", "feature_usage", "settings"})

    def gather(self, gathering: Gathering) -> None:
        """Ask what `reads` names; raises `BadInput` for a credential that is not there."""
        from infra.anthropic_api import FAMILIES, VERSION, AnthropicGathering  # noqa: PLC0415 - naming must stay cheap
        from infra.family_rows import FamilyRows  # noqa: PLC0415
        from infra.web.client import Client  # noqa: PLC0415

        host = urlsplit(self.endpoint).hostname or ""
        egress = frozenset({HOST}) if gathering.egress is None else gathering.egress
        if gathering.egress is None and host in {"127.0.0.1", "localhost"}:
            egress = frozenset({host})
        with ExitStack() as stack:
            rows = stack.enter_context(FamilyRows(gathering, self.kind, FAMILIES))
            asking = AnthropicGathering(self, gathering, self.organization, rows)
            for name in self.reads:
                variable = self.admin_credential if name in {"workspaces", "usage"} else self.credential
                secret = self._secret(variable, name, gathering)
                headers = {"x-api-key": secret, "anthropic-version": VERSION}
                client = Client(self.endpoint, headers, egress, gathering.now)
                getattr(asking, name)(stack.enter_context(client), f"{variable} …{secret[-SHOWN:]}")
            rows.keep(sorted({family for name in self.reads for family in GIVES[name]}))

    def _secret(self, variable: str | None, name: str, gathering: Gathering) -> str:
        found = None if variable is None else gathering.variable(variable)
        if not found or len(found) <= 2 * SHOWN or not found.isascii() or not found.isprintable():
            what = f"reading {name} needs {variable or '`admin_credential`'}, and the environment has no key there"
            raise BadInput(Problem("G010", what, Place("audit.yaml"), "set the variable; keys are never written down"))
        return found


GIVES: dict[str, tuple[str, ...]] = {
    "activities": ("access_events", "audit_log", "feature_usage", "settings"),
    "settings": ("settings",),
    "workspaces": ("settings",),
    "usage": ("feature_usage", "settings"),
}

SOURCE = Anthropic
