"""The clocks of a case: computed afresh from its candidates and facts whenever somebody looks, and never remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from checks.cases.case import OWED_TO_US, Candidate, Case
from checks.cases.entry import VENDOR_AWARE, Classified, Due
from checks.clocks.anchor import Anchor, read_anchor
from checks.clocks.deadline import Deadline, Facts, Standing, deadline, zone_of
from checks.clocks.rule import ANCHORS, Rule, rule_named
from evidence.errors import BadInput
from evidence.model import instant_text

TRIAGE = "triage"
#: The clock of a case in which others cannot start: it asks a person for what they are to run from.
ANCHOR = "anchor"
#: A standing beside those of `Standing`: what is stated contradicts itself, and its earliest instant counts till then.
CONTRADICTED = "contradicted"
_LATEST = "latest_intermediate"  # 2025/301 art. 5(1)(c): the latest update counts; everywhere else the earliest


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that nobody has stopped yet; without `due` its anchor is not known, or the law gives no number."""

    name: str
    started: datetime | None
    due: datetime | None
    recipient: str
    standing: str = Standing.COMPUTED.value
    basis: str = ""

    def is_over(self, now: datetime) -> bool:
        """Return whether the time ended before an instant."""
        return self.due is not None and now > self.due


def chosen(case: Case, name: str, zone: ZoneInfo) -> Candidate | None:
    """Return the candidate that counts: the earliest that nobody set aside; of intermediate reports the latest."""
    open_ones = [c for c in case.candidates if c.name == name and c.set_aside is None]
    if not open_ones:
        return None

    def when(candidate: Candidate) -> datetime:
        return anchor_of(candidate).instant(zone)

    return max(open_ones, key=when) if name == _LATEST else min(open_ones, key=when)


def deadlines(case: Case) -> tuple[Due, ...]:
    """Return the deadline of every rule that applies; one whose anchor is missing is there, and says so."""
    what = case.decision.what if case.decision else None
    if not isinstance(what, Classified):
        return ()
    return tuple(_due(case, what, rule_named(name)) for name in what.rules)


def running(case: Case) -> tuple[Clock, ...]:
    """Return the clocks that run: triage until a person decided, then each rule's until somebody was told.

    Where they cannot start for want of an anchor, another one asks for it, so that a case never falls silent.
    """
    if case.closed is not None:
        return ()
    if case.decision is None:
        return (_triage(case),)
    owed = tuple(due for due in deadlines(case) if due.rule not in case.told)
    asking = _asking(case, owed)
    clocks = tuple(
        Clock(
            name=due.rule,
            started=_parsed(due.started),
            due=_parsed(due.due_utc),
            recipient=rule_named(due.rule).recipient,
            standing=due.status,
            basis=due.basis,
        )
        for due in owed
    )
    return clocks if asking is None else (asking, *clocks)


def _asking(case: Case, owed: Sequence[Due]) -> Clock | None:
    """Return the clock that asks for an anchor: where every candidate was set aside, or where no other clock runs.

    A rule that runs from a submission still to come waits without it. It starts anew with a decision on the rules.
    """
    missing = [due for due in owed if due.started is None and due.status != Standing.NOT_IN_FORCE]
    emptied = [due for due in missing if _set_aside(case, due)]
    silent = all(due.started is None for due in owed)
    lacking = missing if silent else emptied
    if not lacking or case.decision is None:
        return None
    since = [case.decision.by.at, *(at for due in emptied for at in _set_aside(case, due))]
    if silent:
        since += [notice.sent.at for notice in case.notices.values() if notice.sent is not None]
    started = max(since)
    what = ", ".join(f"{due.rule} ({due.anchor})" for due in lacking)
    due = started + timedelta(hours=case.triage_hours)
    to = "whoever states the anchor, or decides that the rule does not apply"
    return Clock(ANCHOR, started, due, to, Standing.ANCHOR_MISSING.value, f"{what} cannot start without its anchor")


def _set_aside(case: Case, due: Due) -> list[datetime]:
    """Return when the candidates were set aside that a deadline without anchor would run from."""
    name = VENDOR_AWARE if due.rule == OWED_TO_US and due.anchor == "aware" else due.anchor
    names = {name, "aware"} if name == "discovered" else {name}
    return [c.set_aside.at for c in case.candidates if c.name in names and c.set_aside is not None]


def _triage(case: Case) -> Clock:
    """Return the triage clock; it starts anew when something is seen that the last decision did not know of."""
    started = case.opened.at if case.asked_again is None else case.asked_again
    due = started + timedelta(hours=case.triage_hours)
    return Clock(TRIAGE, started, due, "whoever decides whether anybody is notified", basis=f"{case.triage_hours} h")


def _due(case: Case, what: Classified, rule: Rule) -> Due:
    facts = Facts(
        anchors={},
        entities=frozenset(what.entities),
        countries=what.countries,
        circumstances=frozenset(what.circumstances),
        affected=what.affected,
        contract_hours=what.contract_hours,
        zone=what.zone,
    )
    zone, _ = zone_of(rule, facts)
    selected = {name: each for name in ANCHORS if (each := _for(case, rule, name, zone)) is not None}
    facts = replace(facts, anchors={name: _named(each, name) for name, each in selected.items()})
    name = rule.form.anchor
    started = selected.get(name)
    stated = {"rule": rule.id, "version": rule.version, "legal_ref": rule.legal_ref, "anchor": name}
    stated["started"] = None if started is None else instant_text(anchor_of(started).instant(zone))
    try:
        return Due.model_validate(stated | _computed(deadline(rule, facts), selected, rule))
    except BadInput as cause:
        why = "; ".join(f"{p.place}: {p.message}" for p in cause.problems)
        found = _at_the_earliest(rule, facts, zone)
        basis = f"{why}; until that is corrected: {found.basis}, from the earliest instant that is stated"
        return Due.model_validate(stated | _computed(found, {}, rule) | {"status": CONTRADICTED, "basis": basis})


def _at_the_earliest(rule: Rule, facts: Facts, zone: ZoneInfo) -> Deadline:
    """Return a deadline that holds whichever of the anchors is right: all of the rule's lie where the earliest does."""
    read = [facts.anchors[name] for name in rule.anchors if name in facts.anchors]
    first = min(read, key=lambda anchor: anchor.instant(zone))
    return deadline(rule, replace(facts, anchors={each.name: Anchor(each.name, first.at, first.day) for each in read}))


def _computed(found: Deadline, selected: Mapping[str, Candidate], rule: Rule) -> dict[str, object]:
    more = tuple(
        f"{name} is taken from {each.name}, the earliest known; state another if it was discovered earlier"
        for name, each in selected.items()
        if name in rule.anchors and each.name not in {name, VENDOR_AWARE}
    )
    return {
        "due_utc": None if found.due is None else instant_text(found.due),
        "due_local": None if found.due is None else found.due.astimezone(found.zone).isoformat(),
        "tz": found.zone.key,
        "calendar": None if found.calendar is None else dict(found.calendar),
        "outer_utc": None if found.outer is None else instant_text(found.outer),
        "status": found.standing.value,
        "basis": found.basis,
        "assumptions": (*found.assumptions, *more),
    }


def _for(case: Case, rule: Rule, name: str, zone: ZoneInfo) -> Candidate | None:
    """Return the candidate for a rule's anchor: the vendor's own awareness for the notice that the vendor owes."""
    if rule.id == OWED_TO_US and name == "aware":
        return chosen(case, VENDOR_AWARE, zone)
    found = chosen(case, name, zone)
    return chosen(case, "aware", zone) if found is None and name == "discovered" else found


def _named(candidate: Candidate, name: str) -> Anchor:
    read = anchor_of(candidate)
    return Anchor(name, read.at, read.day)


def anchor_of(candidate: Candidate) -> Anchor:
    """Return the instant or the day that a candidate states."""
    return anchor_stated(candidate.name, candidate.stated)


def anchor_stated(name: str, stated: str) -> Anchor:
    """Read what was stated for an anchor of a case; `BadInput` for a name or an instant that is none."""
    return read_anchor(f"{'aware' if name == VENDOR_AWARE else name}={stated}")


def _parsed(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
