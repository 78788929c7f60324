"""What of an engagement is to be registered with Prefect, as data: nothing here asks a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time

from flows.due import schedules_of
from flows.engagement import Engagement
from flows.schedule_file import Pool, Schedules

BREACHED = "probity.finding.breached"
NOTICE = "probity.notice.received"
PREFIX = "probity"


@dataclass(frozen=True, slots=True)
class Alarm:
    """When a deployment runs by itself: a cron line in a zone, or every so many seconds from an anchor on."""

    cron: str = ""
    zone: str = "UTC"
    seconds: float = 0
    anchor: datetime | None = None

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.cron} {self.zone}" if self.cron else f"every {self.seconds:g} s"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One flow by its module path, with its parameters and when it runs."""

    entrypoint: str
    name: str
    parameters: Mapping[str, str]
    alarm: Alarm | None = None

    @property
    def flow(self) -> str:
        """Return the flow's name in Prefect, which is that of its function."""
        return self.entrypoint.rpartition(".")[2]

    @property
    def full_name(self) -> str:
        """Return the name that Prefect shows: flow and deployment."""
        return f"{self.flow}/{self.name}"


@dataclass(frozen=True, slots=True)
class Automation:
    """An event of this contract that starts a deployment, which is handed values of the event's payload."""

    name: str
    event: str
    resource: str
    starts: str
    hands_over: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that is registered for one contract; whatever else bears its tags is retired."""

    contract: str
    pool: Pool
    deployments: tuple[Deployment, ...]
    automations: tuple[Automation, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """Return what marks this contract's deployments as ours."""
        return (PREFIX, f"contract:{self.contract}")

    def automation_prefix(self) -> str:
        """Return what the names of this contract's automations begin with."""
        return f"{PREFIX} {self.contract}: "


def resource(contract: str) -> str:
    """Return the name under which a contract's events are sent."""
    return f"{PREFIX}.contract.{contract}"


def scheduled_name(contract: str, schedule: str) -> str:
    """Return the full name of the deployment that audits a schedule's slots."""
    return f"scheduled/{contract}-{schedule}"


def plan(engagement: Engagement) -> Plan:
    """Return what the audit file asks for; BadInput when it has no schedules."""
    schedules, contract = schedules_of(engagement), engagement.contract.id
    at = schedules.pool.engagement or str(engagement.folder.absolute())
    audits = [
        Deployment(
            "flows.scheduled.scheduled",
            scheduled_name(contract, each.name).rpartition("/")[2],
            {"engagement": at, "schedule": each.name},
            Alarm(each.cron.text, each.zone.key),
        )
        for each in schedules.each()
    ]
    opens = Deployment("flows.breach.breach", contract, {"engagement": at})
    automations = tuple(
        Automation(f"{PREFIX} {contract}: {words}", event, resource(contract), opens.full_name, ("run", "key"))
        for words, event in (("a breach opens a case", BREACHED), ("a notice opens a case", NOTICE))
    )
    return Plan(contract, schedules.pool, (*audits, *_chores(schedules, contract, at), opens), automations)


def _chores(schedules: Schedules, contract: str, at: str) -> list[Deployment]:
    anchor = datetime.combine(schedules.since, time(), UTC)
    found = []
    if schedules.reverify is not None:
        alarm = Alarm(schedules.reverify.text, schedules.zone.key)
        found.append(Deployment("flows.reverify.reverify", contract, {"engagement": at}, alarm))
    for name, every in (("witness", schedules.witness), ("tick", schedules.ticks)):
        alarm = Alarm(seconds=every.microseconds / 1_000_000, anchor=anchor)
        found.append(Deployment(f"flows.ticks.{name}", contract, {"engagement": at}, alarm))
    return found
