"""The words of a result: statuses, reasons, findings and extraction cards, as frozen and closed data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, PlainSerializer, model_validator

from evidence.errors import ProbityError


class Status(StrEnum):
    """What may be said of one promise; nothing else may."""

    MET = "met"
    BREACHED = "breached"
    UNPROVEN = "unproven"
    NOT_EXERCISED = "not_exercised"
    NOT_IN_FORCE = "not_in_force"


class Reason(StrEnum):
    """Why a promise is unproven."""

    NO_EVIDENCE = "no_evidence"
    STALE = "stale"
    INCOMPLETE_COVERAGE = "incomplete_coverage"
    EMPTY_POPULATION = "empty_population"
    UNREADABLE_ROWS = "unreadable_rows"
    UNTRUSTED_EVIDENCE = "untrusted_evidence"
    BLIND = "blind"
    NOT_YET_DUE = "not_yet_due"
    CONTRADICTED = "contradicted"
    SOURCE_ERROR = "source_error"
    ENGINE_ERROR = "engine_error"
    NO_CHECK = "no_check"


class Outcome(StrEnum):
    """How one member of the population is classified."""

    OK = "ok"
    VIOLATION = "violation"
    UNKNOWN = "unknown"
    OPEN = "open"
    EXCUSED = "excused"


class Assurance(StrEnum):
    """What the weakest link of a status is worth, weakest first."""

    CLAIMED = "claimed"
    ATTESTED = "attested"
    AUDITED = "audited"
    CORROBORATED = "corroborated"
    OBSERVED = "observed"
    INDEPENDENT = "independent"

    @property
    def rank(self) -> int:
        """Return the position on the ladder; 0 is the weakest."""
        return list(Assurance).index(self)


class Severity(StrEnum):
    """How much a broken promise matters to the customer."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


def instant_text(value: datetime) -> str:
    """Return an instant as RFC 3339 in UTC with `Z`, with microseconds only where there are any."""
    value = value.astimezone(UTC)
    text = value.isoformat(timespec="microseconds" if value.microsecond else "seconds")
    return text.replace("+00:00", "Z")


def _aware(value: object) -> object:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("an instant needs a UTC offset")
    try:
        return value.astimezone(UTC) if isinstance(value, datetime) else value
    except OverflowError:
        raise ValueError("an instant must lie in the years 1 to 9999 in UTC") from None


Instant = Annotated[datetime, BeforeValidator(_aware), PlainSerializer(instant_text, return_type=str)]


class Closed(BaseModel):
    """Base of all published data: immutable, unknown fields refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON values, ready for canonical bytes."""
        return self.model_dump(mode="json", by_alias=True)


class Period(Closed):
    """A half-open interval of UTC instants: `start` belongs to it, `end` does not (`from` and `to` in JSON)."""

    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")

    @classmethod
    def of(cls, start: datetime, end: datetime) -> Period:
        """Return the period, refusing an empty or reversed one."""
        return cls.model_validate({"from": start, "to": end})

    @model_validator(mode="after")
    def _forwards(self) -> Period:
        if self.end <= self.start:
            raise ValueError("a period must end after it starts")
        return self


class Population(Closed):
    """Counts over the whole population; `expected` is what independent control totals say, if any do."""

    expected: int | None = None
    observed: int = 0
    ok: int = 0
    violation: int = 0
    unknown: int = 0
    open: int = 0
    excused: int = 0


class Measure(Closed):
    """The measured quantity with its contracted limit and worst value, as decimal strings in `unit`."""

    name: str
    unit: str
    limit: str
    worst: str | None = None


class Bucket(Closed):
    """One bar of a distribution: how many measures lie in (low, high]; the first bar includes its low end."""

    low: str
    high: str
    count: int


class Exhibit(Closed):
    """One member of the population that carries the status, with the digest of the raw bytes it came from."""

    record: str
    outcome: Outcome
    measure: str | None
    artefact: str
    why: str = ""


class Coverage(Closed):
    """How far the evidence reaches for one subject: a system, an activity, a document leg."""

    subject: str
    covered: bool
    expected: int | None = None
    observed: int | None = None
    note: str = ""


class WaiverState(StrEnum):
    """Whether an accepted exception still covers a finding."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REOPENED = "reopened"


class Waiver(Closed):
    """An accepted exception shown beside a finding; it never changes the status. `frozen` is what was accepted."""

    author: str
    approver: str
    reason: str
    granted_on: date
    expires_on: date
    state: WaiverState
    frozen: dict[str, str] = {}


class Finding(Closed):
    """The answer for one commitment. `because` is one sentence a person can act on."""

    commitment: str
    kind: str
    clause: str
    quote: str = ""
    severity: Severity = Severity.MAJOR
    status: Status
    reasons: tuple[Reason, ...] = ()
    assurance: Assurance | None = None
    provisional: bool = False
    waived: Waiver | None = None
    because: str
    promise: str = ""
    test: str = ""
    population: Population = Population()
    measure: Measure | None = None
    distribution: Annotated[tuple[Bucket, ...], FailFast()] = ()
    coverage: Annotated[tuple[Coverage, ...], FailFast()] = ()
    exhibits: Annotated[tuple[Exhibit, ...], FailFast()] = ()
    remedy: dict[str, str] = {}


class ContractRef(Closed):
    """Which contract was audited, by the digest of its bytes."""

    id: str
    version: int
    sha256: str


class AuditResult(Closed):
    """All findings of one audit; `results/findings.json` in a bundle."""

    schema_: Literal["probity.audit/v1"] = Field(default="probity.audit/v1", alias="schema")
    contract: ContractRef
    period: Period
    as_of: Instant
    status: Status
    findings: Annotated[tuple[Finding, ...], FailFast()]


class ExtractionCard(Closed):
    """How one raw artefact was obtained, so that an auditor can repeat the extraction.

    `blind` names families whose records the source did not keep, or not all of the time: what is there is no whole.
    """

    artefact: str
    size: int
    media_type: str
    source: str
    address: str
    families: tuple[str, ...]
    query: str = ""
    period_asked: Period | None = None
    received: int
    rows: int
    not_relevant: int = 0
    duplicates: int = 0
    unreadable: int = 0
    unreadable_places: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    complete: bool = True
    control_total: int | None = None
    started: Instant
    finished: Instant
    clock_offset_ms: int | None = None
    collector: str
    identity: str
    attempts: int = 1
    assurance: Assurance
    source_digest: str | None = None
    source_digest_verified: bool | None = None
    blind: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _nothing_vanishes(self) -> ExtractionCard:
        if self.received != self.rows + self.not_relevant + self.duplicates + self.unreadable:
            raise ValueError("received must equal rows + not_relevant + duplicates + unreadable")
        return self


ROLL_UP = (Status.BREACHED, Status.UNPROVEN, Status.MET, Status.NOT_EXERCISED, Status.NOT_IN_FORCE)


def roll_up(statuses: Iterable[Status]) -> Status:
    """Return the status of the whole audit: the first of `ROLL_UP` that any finding has."""
    found = set(statuses)
    if not found:
        raise ProbityError("an audit without any commitment has no status")
    return next(s for s in ROLL_UP if s in found)


def exit_code(status: Status) -> int:
    """Return the process exit code of a status: 0 kept, 1 breached, 3 unproven."""
    match status:
        case Status.BREACHED:
            return 1
        case Status.UNPROVEN:
            return 3
        case Status.MET | Status.NOT_EXERCISED | Status.NOT_IN_FORCE:
            return 0
