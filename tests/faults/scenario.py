"""What the storm asks of a source: evidence that is fine or holds a violation, read through one fault or none."""

from __future__ import annotations

import importlib
import pkgutil
import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from evidence.locker import Locker
from evidence.model import Period
from infra.limits import Limits
from infra.source import Gathering, Source
from tests.vendor_server import Handler, serving

SECRET = "sk-of-the-storm-not-to-be-seen"
START = datetime(2026, 10, 1, tzinfo=UTC)
PERIOD = Period.of(START, START + timedelta(days=1))
SILENCE = 0.25
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
LOGGED = (
    "audit-log-availability",
    {
        "required": ["actor", "occurred_at", "action"],
        "meter": "gateway",
        "tolerance": 0,
        "actor_types": ["AssumedRole", "user", "user_actor", "session"],
    },
)


def counted(requests: int, period: Period = PERIOD) -> Rows:
    """Return what a gateway counted in a period."""
    first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (period.start, period.end))
    total = {"meter": "gateway", "period_start": first, "period_end": last, "metric": "requests", "value": requests}
    return {"usage_totals": [total]}


@dataclass
class Fault:
    """One sort of fault and the chance by which it strikes; `requests` is how many a clean run makes."""

    name: str
    draw: random.Random
    requests: int = 1
    struck: list[str] = field(default_factory=list)

    def strike(self, what: str) -> None:
        """Note what was done, for the report."""
        self.struck.append(what)


class Scenario(ABC):
    """One source. `clause` is the kind and terms of the promise judged over it, where its evidence carries one."""

    kind: ClassVar[str]
    faults: ClassVar[tuple[str, ...]]
    clause: ClassVar[tuple[str, Mapping[str, Any]] | None] = None
    #: Columns that tell records of a family apart.
    identity: ClassVar[Mapping[str, tuple[str, ...]]]
    period: ClassVar[Period] = PERIOD
    #: Faults that take away what nobody can miss by looking at the source alone.
    silent: ClassVar[frozenset[str]] = frozenset()
    #: Faults after which a record may be read that says something else than before.
    altering: ClassVar[frozenset[str]] = frozenset()
    #: Rows that are true as well, and stand for a record of a clean run where its newer state was lost.
    older: ClassVar[Mapping[str, frozenset[tuple[str, ...]]]] = {}

    @abstractmethod
    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        """Gather the source into `at`, whose root is an empty folder; return how many requests or files it read."""

    @property
    def gives(self) -> frozenset[str]:
        """Return the families that are lost when the source fails."""
        return frozenset(self.identity)

    def beside(self, *, bad: bool) -> Rows:
        """Return rows of other families that the clause reads, gathered without faults."""
        return {}

    @property
    def instant(self) -> datetime:
        """Return when the audit is made."""
        return self.period.end + timedelta(hours=3)


def gathering(folder: Path, scenario: Scenario) -> Gathering:
    """Return a gathering that waits for nothing."""
    folder.mkdir(parents=True)
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=scenario.period,
        now=lambda: scenario.instant,
        token=lambda value: f"token:{value}",
        journals=folder / "journals",
        variable=lambda _: SECRET,
        limits=Limits(silence=SILENCE),
        pause=lambda _: None,
    )


def over_http(
    at: Gathering,
    handler: Handler,
    fault: Fault | None,
    source: Callable[[str], Source],
    spoiled: Callable[..., Handler],
) -> int:
    """Gather a source from a vendor that answers through a fault."""
    with serving(handler if fault is None else spoiled(handler, fault)) as server:
        source(server.address).gather(at)
        return len(server.asked)


def scenarios() -> dict[str, Scenario]:
    """Return a scenario for each file of `scenarios`, by its kind."""
    from tests.faults import scenarios as here  # noqa: PLC0415 - they import this module

    modules = [importlib.import_module(f"{here.__name__}.{m.name}") for m in pkgutil.iter_modules(here.__path__)]
    return {name: found for module in modules for name, found in module.SCENARIOS.items()}
