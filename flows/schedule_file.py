"""The part of `audit.yaml` that says when audits run by themselves, and where."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from checks.terms import Duration, Exact
from evidence.model import Closed
from infra.cron import Cron, parse
from infra.schedules import Schedule, Span
from infra.trust_folders import TrustFolders

NAME = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
MOST_AUDITS = 20
SHORTEST = 1_000_000


def _cron(written: Any) -> Cron:
    return written if isinstance(written, Cron) else parse(str(written))


def _zone(written: Any) -> ZoneInfo:
    if isinstance(written, ZoneInfo):
        return written
    if written not in available_timezones():
        raise ValueError(f"{str(written)[:40]!r} is no time zone; write its IANA name, such as Europe/Brussels or UTC")
    return ZoneInfo(str(written))


CronLine = Annotated[
    Cron,
    BeforeValidator(_cron),
    PlainSerializer(lambda cron: cron.text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["30 4 * * *"]}),
]
Zone = Annotated[
    ZoneInfo,
    BeforeValidator(_zone),
    PlainSerializer(lambda zone: zone.key, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["Europe/Brussels"]}),
]


class Pool(Closed):
    """Where runs are started: a Prefect work pool, which `probity deploy` makes unless it is there."""

    name: str = Field(default="probity", pattern=NAME, description="name of the work pool")
    type: Literal["process", "docker", "kubernetes"] = Field(default="process", description="what its workers start")
    image: str | None = Field(default=None, min_length=1, description="image that runs start from; pin it by digest")
    engagement: str | None = Field(
        default=None, pattern=r"^/", description="where runs find this folder, when that is not where it is here"
    )

    @model_validator(mode="after")
    def _image(self) -> Self:
        if (self.image is None) != (self.type == "process"):
            raise ValueError("runs in docker and kubernetes start from an image, a process from none")
        return self


class ScheduledAudit(Closed):
    """One audit that runs by itself; the whole contract is judged each time, for another period."""

    cron: CronLine = Field(description="minute, hour, day of the month, month, day of the week: 30 4 * * *")
    audits: Span = Field(description="the last whole day, month or quarter of the zone before each slot")


class Schedules(Closed):
    """When audits and the checks around them run."""

    zone: Zone = Field(description="time zone of all times and days here, such as Europe/Brussels")
    since: date = Field(description="first day whose slots count; an earlier one adds slots that were missed")
    audits: Mapping[Annotated[str, Field(pattern=NAME)], ScheduledAudit] = Field(min_length=1, max_length=MOST_AUDITS)
    grace: Exact = Field(
        default=Duration("1h", microseconds=3_600_000_000),
        description="how late an audit may begin before people are told",
    )
    retry: Exact = Field(
        default=Duration("1h", microseconds=3_600_000_000), description="how often a missed slot is tried again"
    )
    catch_up: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=31, description="most missed slots of one schedule that are audited afterwards, the newest ones"
    )
    trust: TrustFolders = Field(
        default=("keys/trust",), description="trust folders that stored bundles are held against; the newest first"
    )
    reverify: CronLine | None = Field(default=None, description="when stored bundles are verified again")
    witness: Exact = Field(
        default=Duration("1h", microseconds=3_600_000_000), description="how often the ledger is examined and cosigned"
    )
    ticks: Exact = Field(
        default=Duration("5min", microseconds=300_000_000),
        description="how often deadlines, messages and missed slots are looked after",
    )
    pool: Pool = Pool()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if min(each.microseconds for each in (self.ticks, self.witness, self.retry)) < SHORTEST:
            raise ValueError("ticks, witness and retry are at least a second")
        spans = [audit.audits for audit in self.audits.values()]
        if len(set(spans)) < len(spans):
            raise ValueError("two schedules audit the same periods; one run would answer for both")
        for schedule in self.each():
            problem = schedule.problem()
            if problem is not None:
                raise ValueError(f"{schedule.name}: {problem}")
        return self

    def each(self) -> tuple[Schedule, ...]:
        """Return the audit schedules in the order of the file."""
        grace = timedelta(microseconds=self.grace.microseconds)
        return tuple(
            Schedule(name, audit.cron, self.zone, audit.audits, self.since, grace)
            for name, audit in self.audits.items()
        )
