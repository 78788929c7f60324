"""Registers with a Prefect server what an audit file asks for: what is as it should be is left alone."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.events.actions import RunDeployment
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from checks.codes import Code
from evidence.errors import BadInput, Place, Problem
from flows.deployments import Alarm, Automation, Deployment, Plan


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, or would be: `verb` is created, changed, unchanged or retired."""

    verb: str
    what: str

    def __str__(self) -> str:
        """Return one line of the result."""
        return f"{self.verb:<9} {self.what}"


@dataclass(frozen=True, slots=True)
class Registry:
    """A Prefect server as this contract's plan sees it; with `dry` nothing on it is touched."""

    client: SyncPrefectClient
    plan: Plan
    dry: bool = False

    def register(self) -> Iterator[Change]:
        """Make the server what the plan says, and yield what was done, deployments before what starts them."""
        yield self._pool()
        known = {self._name(d): d for d in self._deployments()}
        ids: dict[str, UUID] = {}
        for wanted in self.plan.deployments:
            found = known.pop(wanted.full_name, None)
            verb, identity = self._deploy(wanted, found)
            if identity is not None:
                ids[wanted.full_name] = identity
            yield Change(verb, f"{wanted.full_name}{f': {wanted.alarm}' if wanted.alarm else ''}")
        yield from self._automate(ids)
        for name, gone in known.items():
            if not self.dry:
                self.client.delete_deployment(gone.id)
            yield Change("retired", name)

    def _pool(self) -> Change:
        wanted, words = self.plan.pool, f"work pool {self.plan.pool.name}: {self.plan.pool.type}"
        try:
            found = self.client.read_work_pool(wanted.name)
        except ObjectNotFound:
            if not self.dry:
                self.client.create_work_pool(WorkPoolCreate(name=wanted.name, type=wanted.type))
            return Change("created", words)
        if found.type != wanted.type:
            hint = "name another pool, or delete that one"
            what = f"the server has a work pool {wanted.name!r} of type {found.type}, not {wanted.type}"
            raise BadInput(Problem(Code.MALFORMED, what, Place("audit.yaml: schedules: pool"), hint))
        return Change("unchanged", words)

    def _deployments(self) -> list[DeploymentResponse]:
        ours = DeploymentFilter(tags=DeploymentFilterTags(all_=list(self.plan.tags)))
        found: list[DeploymentResponse] = []
        while page := self.client.read_deployments(deployment_filter=ours, limit=100, offset=len(found)):
            found += page
        return found

    def _name(self, found: DeploymentResponse) -> str:
        return f"{self.client.read_flow(found.flow_id).name}/{found.name}"

    def _deploy(self, wanted: Deployment, found: DeploymentResponse | None) -> tuple[str, UUID | None]:
        if found is not None and self._stated(wanted) == _shown(found):
            return "unchanged", found.id
        verb = "created" if found is None else "changed"
        if self.dry:
            return verb, found.id if found else None
        flow = _flow(wanted.entrypoint)
        if found is not None:  # of schedules that are gone, an update would leave the old ones
            for schedule in self.client.read_deployment_schedules(found.id):
                self.client.delete_deployment_schedule(found.id, schedule.id)
        identity = self.client.create_deployment(
            flow_id=self.client.create_flow_from_name(flow.name),
            name=wanted.name,
            entrypoint=wanted.entrypoint,
            parameters=dict(wanted.parameters),
            parameter_openapi_schema=parameter_schema(flow).model_dump_for_openapi(),
            enforce_parameter_schema=True,
            schedules=_schedules(wanted.alarm),
            work_pool_name=self.plan.pool.name,
            job_variables=self._job(),
            tags=list(self.plan.tags),
            paused=False,
        )
        return verb, identity

    def _job(self) -> dict[str, str]:
        return {"image": self.plan.pool.image} if self.plan.pool.image else {}

    def _stated(self, wanted: Deployment) -> dict[str, Any]:
        """Return what of a deployment is compared with the server's."""
        return {
            "entrypoint": wanted.entrypoint,
            "parameters": dict(wanted.parameters),
            "pool": self.plan.pool.name,
            "job": self._job(),
            "paused": False,
            "schedules": [_alarm(s.schedule, active=True) for s in _schedules(wanted.alarm)],
        }

    def _automate(self, ids: dict[str, UUID]) -> Iterator[Change]:
        known = self._automations()
        for wanted in self.plan.automations:
            found = known.pop(wanted.name, None)
            target = ids.get(wanted.starts)
            core = None if target is None else _automation(wanted, target)
            if found is not None and core is not None and _compared(found) == _compared(core):
                yield Change("unchanged", f"automation {wanted.name}")
                continue
            if not self.dry and core is not None:
                if found is None:
                    self.client.create_automation(core)
                else:
                    self.client.update_automation(found.id, core)
            yield Change("created" if found is None else "changed", f"automation {wanted.name}")
        for name, gone in known.items():
            if not self.dry:
                self.client.delete_automation(gone.id)
            yield Change("retired", f"automation {name}")

    def _automations(self) -> dict[str, Any]:
        prefix = self.plan.automation_prefix()
        return {a.name: a for a in self.client.read_automations() if a.name.startswith(prefix)}


def _flow(entrypoint: str) -> Flow[Any, Any]:
    module, _, name = entrypoint.rpartition(".")
    found: Flow[Any, Any] = getattr(importlib.import_module(module), name)
    return found


def _schedules(alarm: Alarm | None) -> list[DeploymentScheduleCreate]:
    if alarm is None:
        return []
    if alarm.cron:
        return [DeploymentScheduleCreate(schedule=CronSchedule(cron=alarm.cron, timezone=alarm.zone))]
    every = IntervalSchedule(interval=timedelta(seconds=alarm.seconds), anchor_date=alarm.anchor, timezone="UTC")
    return [DeploymentScheduleCreate(schedule=every)]


def _alarm(schedule: Any, *, active: bool) -> tuple[str, ...]:
    if isinstance(schedule, CronSchedule):
        return ("cron", schedule.cron, schedule.timezone or "", str(schedule.day_or), str(active))
    if isinstance(schedule, IntervalSchedule):
        return ("interval", str(schedule.interval), str(schedule.anchor_date.timestamp()), str(active))
    return ("other", str(schedule), str(active))


def _shown(found: DeploymentResponse) -> dict[str, Any]:
    return {
        "entrypoint": found.entrypoint,
        "parameters": dict(found.parameters),
        "pool": found.work_pool_name,
        "job": dict(found.job_variables or {}),
        "paused": bool(found.paused),
        "schedules": [_alarm(s.schedule, active=s.active) for s in found.schedules],
    }


def _automation(wanted: Automation, target: UUID) -> AutomationCore:
    taken = {
        name: {"__prefect_kind": "jinja", "template": f"{{{{ event.payload.{name} }}}}"} for name in wanted.hands_over
    }
    return AutomationCore(
        name=wanted.name,
        enabled=True,
        trigger=EventTrigger(
            expect={wanted.event},
            match={"prefect.resource.id": wanted.resource},
            posture=Posture.Reactive,
            threshold=1,
            within=timedelta(0),
        ),
        actions=[RunDeployment(source="selected", deployment_id=target, parameters=taken)],
    )


def _compared(automation: Any) -> dict[str, Any]:
    stated = automation.model_dump(mode="json", include={"name", "enabled", "actions"})
    trigger = automation.trigger.model_dump(mode="json", include={"expect", "match", "posture", "threshold", "within"})
    return {**stated, "trigger": trigger}
