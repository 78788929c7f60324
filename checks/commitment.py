"""The base of every commitment kind: what a promise is made of and what it must say for itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from checks.catalogues import Catalogues, shipped
from checks.kernel import Kernel
from evidence.model import Assurance, Period, Severity


@dataclass(frozen=True, slots=True)
class Need:
    """A record family a commitment reads; without a required one it cannot be met."""

    family: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Remedy:
    """What follows a breach; `origin` is CONTRACT, PLAYBOOK or DEFAULT, and is always shown."""

    origin: str
    text: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What one audit is about. `as_of` and `period` are UTC; `period` is already cut to the clause's term.

    `since` is when this version of the clause came into force: what happened before is another version's (rule G8).
    """

    period: Period
    as_of: int
    vendor: str
    customer: tuple[str, ...]
    services: tuple[str, ...]
    since: int = 0
    consent_offices: tuple[str, ...] = ()
    excluded_meters: tuple[str, ...] = field(default=())
    catalogues: Catalogues = field(default_factory=shipped)

    @property
    def start(self) -> int:
        """Return the period's first instant in microseconds since 1970, UTC."""
        return micros(self.period.start)

    @property
    def end(self) -> int:
        """Return the instant after the period in microseconds since 1970, UTC."""
        return micros(self.period.end)


def micros(instant: datetime) -> int:
    """Return a UTC instant as exact microseconds since 1970."""
    seconds = int(instant.replace(microsecond=0).timestamp())
    return seconds * 1_000_000 + instant.microsecond


class InForce(BaseModel):
    """The days on which a clause applies, both inclusive, when narrower than the contract's term."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="after")
    def _forwards(self) -> InForce:
        if self.end < self.start:
            raise ValueError("'to' lies before 'from'")
        return self


class Commitment(BaseModel):
    """One clause of a contract. A subclass adds `kind` as a Literal, its terms, and the four methods below."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    clause: str = Field(min_length=1, description="document, section and page, such as 'DPA §4.2 p.7'")
    quote: str = Field(default="", description="the clause's own words")
    severity: Severity = Severity.MAJOR
    minimum_assurance: Assurance | None = Field(default=None, description="weaker evidence leaves the clause unproven")
    in_force: InForce | None = None

    title: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]]
    remedy: ClassVar[Remedy]
    #: Obligations of the customer that the promise serves, as `instrument article`; for orientation, not legal advice.
    regulations: ClassVar[tuple[str, ...]] = ()
    explanation: ClassVar[str]

    def promise(self) -> str:
        """Return the promise in one short line for a table row."""
        raise NotImplementedError

    def test(self) -> str:
        """Return what was tested, over which population, in one sentence."""
        raise NotImplementedError

    def kernel(self, scope: Scope) -> Kernel:
        """Return the kernel that classifies the population of this promise."""
        raise NotImplementedError
