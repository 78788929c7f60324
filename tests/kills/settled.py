"""What must hold once a town has come to rest, whatever was killed before: nothing lost, nothing doubled."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from evidence import ledger_entry
from evidence.ledger_entry import RunCompleted, RunStarted
from flows.answers import unanswered
from flows.cases import cases
from flows.due import ledger_of, standings
from flows.engagement import Engagement, open_engagement
from flows.notifying import open_desk, tick
from flows.sealed_runs import failing
from flows.watching import cosign
from infra.notify.outbox import Outbox
from tests.kills.receivers import HOOK, MAIL, taken
from tests.kills.town import Town

ENDS = {"sent", "withdrawn", "dead"}


def variable(town: Town) -> Callable[[str], str | None]:
    return lambda name: town.servers.environment().get(name)


def opened(town: Town) -> Engagement:
    return open_engagement(town.engagement, variable(town))


def all_filled(town: Town) -> bool:
    """Return whether every slot that has come was audited, and every breach answered."""
    engagement = opened(town)
    behind = any(standing.open for standing in standings(engagement, datetime.now(UTC)))
    return not behind and not unanswered(engagement, ledger_of(engagement))


def clock(later: timedelta) -> Callable[[], datetime]:
    return lambda: datetime.now(UTC) + later


def drain(town: Town) -> None:
    """Deliver what still waits, as passes later and later would: back-off and leases of the killed are then over."""
    for minutes in range(0, 120, 10):
        later = timedelta(minutes=minutes)
        desk = open_desk(
            opened(town), lambda later=later: datetime.now(UTC) + later, variable(town), secrets.SystemRandom().random
        )  # type: ignore[misc]
        tick(desk)
        if all(entry.state.value in {"sent", "digested", "withdrawn", "dead"} for entry in desk.outbox.entries()):
            return


@dataclass(frozen=True)
class Found:
    """What was counted, and every rule that was broken; `doubles` are messages that a receiver was handed twice."""

    slots: int
    cases: int
    messages: int
    doubles: int
    unknown: int
    wrong: tuple[str, ...]


def notices(town: Town) -> list[dict[str, Any]]:
    """Return the mails that the partner was sent."""
    return [each for each in taken(town.folder / "taken", MAIL) if each["to"] == ["vendor@example.com"]]


def examine(town: Town, forged: int = 0) -> Found:
    """Count and compare: slots with runs, runs with bundles, breaches with cases, messages with what was taken.

    So many `forged` notices must have been given up, and nothing else.
    """
    engagement, now = opened(town), datetime.now(UTC)
    wrong: list[str] = []
    ledger = ledger_of(engagement)
    cosign(engagement, now)
    entries = [ledger_entry.parse(leaf) for leaf in ledger.leaves()]
    periods = {e.run: e.period for e in entries if isinstance(e, RunStarted)}
    runs = [e.run for e in entries if isinstance(e, RunCompleted)]
    slots = [filled for standing in standings(engagement, now) for filled in standing.slots]
    per_period = Counter(str(periods[run]) for run in runs)
    wrong += [f"{period} was completed {n} times" for period, n in per_period.items() if n != 1]
    wrong += [f"slot {filled.slot.at} has no audit" for filled in slots if not filled.done]
    wrong += [f"{name}: {why}" for name, why in failing(engagement, ledger, now)]
    bundles = [path.name for path in (town.engagement / "bundles").iterdir()]
    wrong += [] if len(bundles) == len(runs) else [f"{len(runs)} runs and {len(bundles)} bundles"]
    opened_cases = cases(engagement)
    origins = Counter(origin.id for case in opened_cases for origin in case.origins)
    wrong += [f"{origin} is in {n} cases or lines" for origin, n in origins.items() if n != 1]
    wrong += [] if len(origins) == len(runs) * town.places else [f"{len(origins)} sightings of {len(runs)} runs"]
    wrong += [] if len(opened_cases) == town.places else [f"{len(opened_cases)} cases, not {town.places}"]
    return _delivered(town, engagement, Found(len(slots), len(opened_cases), 0, 0, 0, tuple(wrong)), forged)


def _delivered(town: Town, engagement: Engagement, found: Found, forged: int) -> Found:
    outbox, wrong = Outbox(engagement.outbox), list(found.wrong)
    entries = outbox.entries()
    wrong += [f"{e.id} is {e.state.value}: {e.problem}" for e in entries if e.state.value not in ENDS]
    dead = [e for e in entries if e.state.value == "dead"]
    told = [e for e in dead if "approval no longer stands" in e.problem]
    wrong += [] if len(dead) == len(told) == forged else [f"{e.subject} was given up: {e.problem}" for e in dead]
    doubles = unknown = 0
    for channel, name in (("mail", MAIL), ("hook", HOOK)):
        got = Counter(each["id"].strip("<>").partition("@")[0] for each in taken(town.folder / "taken", name))
        sent = {e.id for e in entries if e.channel == channel and e.state.value == "sent"}
        wrong += [f"{each} was sent and {channel} has it not" for each in sent - set(got)]
        wrong += [f"{channel} has {each}, which the outbox does not call sent" for each in set(got) - sent]
        for identity, times in got.items():
            unsure = sum(attempt.outcome != "sent" for attempt in outbox.attempts(identity))
            unknown += unsure
            doubles += times - 1
            if times - 1 > unsure:
                wrong.append(f"{channel} has {identity} {times} times, and {unsure} attempts ended unheard")
    return Found(found.slots, found.cases, len(entries), doubles, unknown, tuple(wrong))
