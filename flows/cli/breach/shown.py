"""A case as verbs print it: for people, and for other programs (`probity.case/v1`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from checks.cases.clocks import ANCHOR, TRIAGE, deadlines
from checks.notices.plain import plain
from evidence.model import instant_text
from flows.cases import running_clocks

if TYPE_CHECKING:
    from checks.cases.case import Act, Case, Notice
    from checks.cases.clocks import Clock


def echo(case: Case, now: datetime, form: str) -> None:
    """Print a case after a step: its state and its clocks, or all of it as JSON."""
    click.echo(json.dumps(case_json(case, now), ensure_ascii=False) if form == "json" else brief(case, now))


def brief(case: Case, now: datetime) -> str:
    """Return a case in a few lines."""
    lines = [f"{case.id}: {case.state}, {case.origins[0].summary}"]
    lines += [f"  {clock_line(clock, now)}" for clock in running_clocks(case, now)]
    return _lines(lines)


def _lines(lines: Iterable[str]) -> str:
    """Return lines of which none can look like another, nor draw on a terminal, whatever a vendor wrote in it."""
    return "\n".join(plain(line).replace("\n", "\n      ") for line in lines)


def clock_line(clock: Clock, now: datetime) -> str:
    """Return one clock, and what is left of it."""
    if clock.due is None:
        return f"{clock.name}: {clock.standing}: {clock.basis}; to {clock.recipient}"
    left = int((clock.due - now).total_seconds())
    hours, minutes = divmod(abs(left) // 60, 60)
    word = f"{hours} h {minutes:02d} min left" if left >= 0 else f"OVERDUE by {hours} h {minutes:02d} min"
    return f"{clock.name}: due {instant_text(clock.due)}, {word} ({clock.standing}); to {clock.recipient}"


def full(case: Case, now: datetime) -> str:
    """Return everything about a case but the texts of its notices."""
    return _lines(_full(case, now))


def _full(case: Case, now: datetime) -> Iterator[str]:
    yield f"{case.id}: {case.state} (opened {_act(case.opened)}), log head {case.head}"
    if case.follows:
        yield f"follows {case.follows}"
    for origin in case.origins:
        yield f"seen {instant_text(origin.seen_at)}: {origin.summary}"
    if case.taken_up is not None:
        yield f"taken up by {_act(case.taken_up)}"
    if case.decision is not None:
        what = ", ".join(case.rules) or "nobody is notified"
        yield f"decided: {what}, by {_act(case.decision.by)}: {case.decision.by.said}"
    for candidate in case.candidates:
        aside = f", set aside by {_act(candidate.set_aside)}: {candidate.set_aside.said}" if candidate.set_aside else ""
        yield f"{candidate.name} {candidate.stated} [{candidate.seq}]: {candidate.basis}{aside}"
    for due in deadlines(case):
        done = " (done)" if due.rule in case.told else ""
        yield f"{due.rule}: {due.due_utc or due.status}{done}: {due.basis}"
        yield from (f"  * {text}" for text in due.assumptions)
    yield from (clock_line(clock, now) for clock in running_clocks(case, now) if clock.name in {TRIAGE, ANCHOR})
    for notice in case.notices.values():
        yield from _notice_lines(notice)
    yield from (f"fact {name}: {text}" for name, text in sorted(case.facts.items()))
    held = "held" if case.closed is None else "was held"
    yield from (f"{held}: {each.kind} {each.name}" for each in sorted(case.evidence, key=str))
    if case.cured is not None and case.cured_at is not None:
        yield f"cured {instant_text(case.cured_at)}: {case.cured.said}, by {_act(case.cured)}"
    if case.closed is not None:
        yield f"closed by {_act(case.closed)}: {case.closed.said}"


def _notice_lines(notice: Notice) -> Iterator[str]:
    more = f", supplements {notice.supplements}" if notice.supplements else ""
    yield f"{notice.id} {notice.template}: {notice.state}, sha256 {notice.sha256}{more}"
    if notice.channel:
        yield f"  to {' '.join((notice.channel, *notice.to))}"
    yield f"  drafted by {_act(notice.drafted)}"
    for what, act in (("reviewed", notice.reviewed), ("approved", notice.approved), ("sent", notice.sent)):
        if act is not None:
            yield f"  {what} by {_act(act)}{f': {act.said}' if act.said else ''}"
    if notice.acknowledged is not None:
        yield f"  acknowledged: {notice.acknowledged.said}"
    if notice.unknown:
        yield f"  not yet known: {', '.join(notice.unknown)}"


def case_json(case: Case, now: datetime) -> dict[str, Any]:
    """Return a case as JSON values; texts of notices are left to `breach show --text`."""
    what = case.decision.what if case.decision else None
    return {
        "schema": "probity.case/v1",
        "case": case.id,
        "state": case.state.value,
        "head": {"seq": case.head.seq, "sha256": case.head.sha256},
        "opened": _act_json(case.opened),
        "follows": case.follows or None,
        "taken_up": _act_json(case.taken_up),
        "decision": None
        if what is None or case.decision is None
        else what.as_json() | {"by": _act_json(case.decision.by)},
        "origins": [origin.as_json() for origin in case.origins],
        "candidates": [
            {"line": c.seq, "name": c.name, "stated": c.stated, "basis": c.basis, "by": c.by}
            | {"set_aside": _act_json(c.set_aside)}
            for c in case.candidates
        ],
        "clocks": [clock_json(clock, now) for clock in running_clocks(case, now)],
        "deadlines": [due.as_json() for due in deadlines(case)],
        "history": [{"at": instant_text(at), "deadlines": {d.rule: d.due_utc for d in due}} for at, due in case.clocks],
        "notices": [_notice_json(notice) for notice in case.notices.values()],
        "facts": dict(sorted(case.facts.items())),
        "held": [each.as_json() for each in sorted(case.evidence, key=str)] if case.closed is None else [],
        "cured": _act_json(case.cured),
        "closed": _act_json(case.closed),
    }


def clock_json(clock: Clock, now: datetime) -> dict[str, Any]:
    """Return a clock as JSON values."""
    return {
        "name": clock.name,
        "started": None if clock.started is None else instant_text(clock.started),
        "due": None if clock.due is None else instant_text(clock.due),
        "recipient": clock.recipient,
        "status": clock.standing,
        "overdue": clock.is_over(now),
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    return {
        "notice": notice.id,
        "template": notice.template,
        "state": notice.state.value,
        "sha256": notice.sha256,
        "channel": notice.channel or None,
        "to": list(notice.to),
        "unknown": list(notice.unknown),
        "supplements": notice.supplements,
        "drafters": sorted(notice.drafters),
        "drafted": _act_json(notice.drafted),
        "reviewed": _act_json(notice.reviewed),
        "approved": _act_json(notice.approved),
        "sent": _act_json(notice.sent),
        "acknowledged": _act_json(notice.acknowledged),
    }


def _act(act: Act) -> str:
    return f"{act.who} at {instant_text(act.at.replace(microsecond=0))}"


def _act_json(act: Act | None) -> dict[str, str] | None:
    return None if act is None else {"who": act.who, "at": instant_text(act.at), "said": act.said}
