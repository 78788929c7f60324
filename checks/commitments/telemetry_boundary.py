"""`telemetry-boundary`: nothing but agreed telemetry leaves a private deployment."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.allow_list import AllowList
from checks.kernels.egress import Agreed, Egress

#: Names under which payloads carry what people wrote and models answered: content, and never telemetry.
CONTENT = frozenset(
    {"answer", "chat", "completion", "content", "contents", "conversation", "document", "input", "inputs", "message"}
    | {"messages", "output", "outputs", "prompt", "prompts", "question", "request_body", "response_body", "transcript"}
)
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Telemetry(BaseModel):
    """One destination, the fields that may be sent there and, if the contract says so, how many bytes at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    destination: Name = Field(description="the exact host, such as metrics.example; a host below it is another one")
    fields: tuple[Name, ...] = Field(min_length=1, description="the fields that may be sent there")
    max_bytes: int | None = Field(default=None, ge=1, description="the most bytes of one flow, if agreed; inclusive")

    @field_validator("fields")
    @classmethod
    def _no_content(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        content = sorted({f for f in fields if f.lower() in CONTENT})
        if content:
            raise ValueError(f"{', '.join(content)}: content is not telemetry and cannot be allowed here")
        return fields


class TelemetryBoundary(Commitment):
    """Every flow out of the deployment goes to an agreed destination and holds agreed fields only."""

    kind: Literal["telemetry-boundary"]
    allow: tuple[Telemetry, ...] = Field(description="what may leave; an empty list means nothing at all")
    own_hosts: tuple[Name, ...] = Field(
        default=(), description="the customer's own hosts, outside the deployment, to which anything may go"
    )

    title: ClassVar[str] = "Only agreed telemetry leaves the deployment"
    needs: ClassVar[tuple[Need, ...]] = (Need("egress_flows", required=False), Need("log_totals", required=False))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "block the destination; treat it as an incident")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(a)",
        "GDPR 32(1)(b)",
        "DORA 30(2)(c)",
        "ISO/IEC 27001:2022 A.8.12, A.8.20",
        "SOC 2 C1.1, CC6.7",
        "NIST SP 800-53 SC-7",
    )
    explanation: ClassVar[str] = (
        "Every flow out of the deployment is compared with the contract: an exact destination, and every field that "
        "its payload was found to hold. An agreed destination is not enough, because prompts can be sent there too. A "
        "flow whose payload nobody read leaves the promise unproven. An independent meter at the boundary must count "
        "exactly the flows of the log for the whole period; the vendor's own count is none. A counted silence is not "
        "exercised."
    )

    @field_validator("allow")
    @classmethod
    def _once(cls, allow: tuple[Telemetry, ...]) -> tuple[Telemetry, ...]:
        named = [t.destination.lower().rstrip(".") for t in allow]
        if len(set(named)) < len(named):
            raise ValueError("a destination is listed twice; write all its fields in one place")
        return allow

    def promise(self) -> str:
        """Return the promise in one line."""
        if not self.allow:
            return "no telemetry leaves the deployment"
        return "only agreed telemetry leaves the deployment, to " + ", ".join(t.destination for t in self.allow)

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the destination and the fields of every flow out of the deployment with the agreed ones, and the "
            "number of flows with an independent count"
        )

    def kernel(self, scope: Scope) -> AllowList:
        """Return the set-membership kernel over the flows."""
        allow = {t.destination: Agreed(t.fields, t.max_bytes) for t in self.allow}
        return AllowList(scope, Egress(scope, allow, self.own_hosts), every=None)


COMMITMENT = TelemetryBoundary
