"""Who is told of which clock, and when: pure functions of the cases, the clock on the wall and the audit file.

The same moment gives the same messages under the same keys, so that a tick may be repeated, late, or run twice at once;
the outbox drops what was put before. A deadline that moves is another deadline, and is told of anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from checks.cases.clocks import Clock
from evidence.model import Severity, instant_text
from flows.notify_file import Escalation
from infra.notify.message import MAX_SUBJECT, Kind, Message
from infra.notify.outbox import OpenAlert, resolution

PREFIX = "clock/"
START, DUE = "start", "due"
#: From this share of a clock on (percent) its reminders are critical: no digest holds them back.
GRAVE = 75


@dataclass(frozen=True, slots=True)
class Watched:
    """One running clock of one case of a contract; `acted` is when a person last did something in the case."""

    contract: str
    case: str
    clock: Clock
    acted: datetime | None = None

    @property
    def incident(self) -> str:
        """Return the name under which all messages about this clock are one incident."""
        return f"{PREFIX}{self.contract}/{self.case}/{self.clock.name}"


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of a clock at which people are told of it."""

    name: str
    at: datetime
    kind: Kind
    severity: Severity


def escalate(watched: Sequence[Watched], settings: Escalation, link: str, now: datetime) -> list[Message]:
    """Return what is to be said at an instant: for each clock its latest step, to everybody it has come to by now."""
    return [
        _message(each, step, channel, link, now)
        for each in watched
        for step, audiences in _told(each, settings, now)
        for channel in dict.fromkeys(name for audience in audiences for name in audience)
    ]


def settle(
    watched: Sequence[Watched], alerts: Sequence[OpenAlert], acknowledging: Collection[str], now: datetime
) -> list[Message]:
    """Return resolutions of alerts whose clock no longer runs, and acknowledgements of those somebody works on.

    `alerts` are the open ones about clocks; only channels in `acknowledging` are told that somebody acted.
    """
    running = {each.incident: each for each in watched}
    told = []
    for alert in alerts:
        clock = running.get(alert.incident)
        if clock is None:
            words = "The clock no longer runs: the notice was sent, its question was decided, or it does not apply."
            told.append(resolution(alert, words, now))
        elif clock.acted is not None and alert.channel in acknowledging and _answers(clock, clock.acted, now):
            told.append(_acknowledgement(alert, clock, clock.acted, now))
    return told


def steps(clock: Clock, remind_at: Sequence[int]) -> Iterator[Step]:
    """Yield the steps of a clock in order; none while it has not started, and only the first where nothing is due."""
    if clock.started is None:
        return
    yield Step(START, clock.started, Kind.ALERT, Severity.CRITICAL)
    if clock.due is None:
        return
    for share in sorted(set(remind_at)):
        at = clock.started + (clock.due - clock.started) * share / 100
        severity = Severity.CRITICAL if share >= GRAVE else Severity.MAJOR
        yield Step(f"{share}%", at, Kind.REMINDER, severity)
    yield Step(DUE, clock.due, Kind.ALERT, Severity.CRITICAL)


def _told(watched: Watched, settings: Escalation, now: datetime) -> Iterator[tuple[Step, Sequence[Sequence[str]]]]:
    """Yield the step that a clock has come to, with the audiences that are told of it."""
    passed = [step for step in steps(watched.clock, settings.remind_at) if step.at <= now]
    if not passed:
        return
    if passed[-1].name == DUE:
        yield passed[-1], settings.audiences
        return
    unanswered = [step for step in passed if watched.acted is None or step.at > watched.acted]
    level = max(0, len(unanswered) - 1)
    if unanswered and settings.acknowledge_within is not None:
        level = max(level, (now - unanswered[0].at) // settings.acknowledge_within)
    yield passed[-1], settings.audiences[: level + 1]


def _answers(watched: Watched, acted: datetime, now: datetime) -> bool:
    """Return whether somebody acted since a clock started, or since it was due once it is: nobody is asked then."""
    passed = [step.at for step in steps(watched.clock, ()) if step.at <= now]
    return bool(passed) and acted >= passed[-1]


def _message(watched: Watched, step: Step, channel: str, link: str, now: datetime) -> Message:
    clock = watched.clock
    anchor = step.at if step.name == START else clock.due
    moved = f"@{instant_text(anchor)}" if anchor else ""
    return Message(
        key=f"{watched.incident}/{step.name}{moved}",
        channel=channel,
        kind=step.kind,
        incident=watched.incident,
        severity=step.severity,
        subject=f"{watched.case}: {clock.name} {_stand(step, clock.due)}"[:MAX_SUBJECT],
        text=f"Contract {watched.contract}, {watched.case}: clock {clock.name}, to {clock.recipient}.\n"
        f"What to do: `probity breach show ENGAGEMENT {watched.case}`",
        link=link,
        created=now,
    )


def _stand(step: Step, due: datetime | None) -> str:
    """Return how a clock stands, in words that stay true however late they are read; seconds are cut off."""
    if due is None:
        return "runs; the law fixes no time"
    at = f"{due:%Y-%m-%d %H:%M} UTC"
    if step.name == DUE:
        return f"was due {at}"
    return f"runs, due {at}" if step.name == START else f"due {at}, {step.name} of the time is gone"


def _acknowledgement(alert: OpenAlert, clock: Watched, acted: datetime, now: datetime) -> Message:
    return Message(
        key=f"{alert.incident}/acknowledged@{instant_text(acted)}",
        channel=alert.channel,
        kind=Kind.ACKNOWLEDGE,
        incident=alert.incident,
        severity=alert.severity,
        subject=f"Acknowledged: {alert.incident}"[:MAX_SUBJECT],
        text=f"Somebody acted in {clock.case} at {instant_text(acted)}.",
        created=now,
    )
