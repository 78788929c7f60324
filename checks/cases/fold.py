"""From lines to cases: `step` checks one entry against the case so far and returns the case after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import singledispatch

from checks.cases import step as allowed
from checks.cases.case import Act, Candidate, Case, Decision, Notice, person
from checks.cases.clocks import anchor_stated
from checks.cases.entry import (
    VENDOR_AWARE,
    Acknowledged,
    Anchored,
    Approved,
    Classified,
    Clocks,
    Closing,
    Cured,
    Drafted,
    Entry,
    FactsStated,
    Joined,
    Linked,
    NotNotified,
    Opened,
    Origin,
    Reviewed,
    Sent,
    SetAside,
    Triage,
    read_entry,
)
from evidence.case_log import Head, Line
from evidence.errors import BadInput, BrokenCaseLog, StepRefused
from evidence.model import instant_text

#: The anchor that a notice's submission gives the next rule, by the rule it was sent for (DORA art. 19, NIS2 art. 23).
SUBMISSIONS = {
    "dora-initial": "initial_submitted",
    "dora-intermediate": "latest_intermediate",
    "nis2-notification": "notification_submitted",
}

#: The anchors that a person's decision gives, with the rules that run from it.
DECIDED = {
    "classified": frozenset({"dora-initial"}),
    "determined": frozenset({"sec-8k-1.05", "nydfs-500.17"}),
}


@dataclass(frozen=True, slots=True)
class Written:
    """Where an entry stands in the log, and whose it is."""

    case: str
    head: Head
    at: datetime
    who: str


def fold(lines: Sequence[Line]) -> Case:
    """Return the case of a verified log; `BrokenCaseLog` where a line is no step that was allowed there."""
    case: Case | None = None
    for line in lines:
        try:
            case = step(case, read_entry(line), Written(line.case, line.head, line.at, line.who))
        except (BadInput, StepRefused) as cause:
            what = f"{line.case}, line {line.head.seq}: is no step that was allowed there: {cause}"
            raise BrokenCaseLog("CASE_LOG_STEP", what) from None
    if case is None:
        raise BrokenCaseLog("CASE_LOG_STEP", "a case without a line")
    return case


def step(case: Case | None, entry: Entry, written: Written) -> Case:
    """Return the case after one more entry.

    `StepRefused` where it would bypass a second person, an approval or the approved text; `BadInput` where the case is
    not there yet, or not any more.
    """
    if case is None:
        if not isinstance(entry, Opened):
            raise BrokenCaseLog("CASE_LOG_STEP", f"{written.case}: does not begin by being opened")
        return _opened(entry, written)
    allowed.check(entry, case, written.who)
    return replace(_after(entry, case, written), head=written.head)


def _opened(entry: Opened, at: Written) -> Case:
    case = Case(at.case, Act(at.who, at.at), entry.triage_hours, (), at.head, entry.follows)
    return _seen(case, entry.origin, at)


def _seen(case: Case, origin: Origin, at: Written) -> Case:
    """Return the case with one more sighting; when it was seen is a candidate for our awareness."""
    found = [Candidate(at.head.seq, "aware", instant_text(origin.seen_at), origin.basis, at.who)]
    if origin.vendor_aware_at is not None:
        stated = instant_text(origin.vendor_aware_at)
        found.append(Candidate(at.head.seq, VENDOR_AWARE, stated, "the vendor's own statement", at.who))
    fresh = not set(origin.marks) <= case.marks or not origin.marks
    decided = case.decision
    if decided is not None and isinstance(decided.what, NotNotified) and fresh:
        case = replace(case, decision=None, asked_again=at.at)  # what was decided did not know of this
    if case.cured_at is not None and origin.kind == "finding" and fresh and origin.seen_at > case.cured_at:
        case = replace(case, cured=None, cured_at=None)  # broken again as far as anybody knows: a person states anew
    return replace(case, origins=(*case.origins, origin), candidates=(*case.candidates, *found))


@singledispatch
def _after(entry: Entry, case: Case, at: Written) -> Case:
    raise TypeError(f"{case.id}: nothing is known of {type(entry).__name__} by {at.who}")


@_after.register
def _(entry: Joined, case: Case, at: Written) -> Case:
    return _seen(case, entry.origin, at)


@_after.register
def _(entry: Triage, case: Case, at: Written) -> Case:
    return replace(case, taken_up=Act(at.who, at.at, entry.note))


@_after.register
def _(entry: Anchored, case: Case, at: Written) -> Case:
    anchor_stated(entry.name, entry.stated)
    found = Candidate(at.head.seq, entry.name, entry.stated, entry.basis, at.who)
    return replace(case, candidates=(*case.candidates, found))


@_after.register
def _(entry: SetAside, case: Case, at: Written) -> Case:
    act = Act(at.who, at.at, entry.reason)
    match = (entry.candidate, entry.name)
    changed = (replace(c, set_aside=act) if (c.seq, c.name) == match else c for c in case.candidates)
    return replace(case, candidates=tuple(changed))


@_after.register
def _(entry: FactsStated, case: Case, at: Written) -> Case:  # noqa: ARG001
    merged = {**case.facts, **entry.values}
    return replace(case, facts={name: value for name, value in merged.items() if value})


@_after.register
def _(entry: Classified, case: Case, at: Written) -> Case:
    """Take the decision over; it is itself an event that clocks run from, unless an instant for it is stated."""
    basis, stated = f"decided by {at.who}", instant_text(at.at)
    names = [name for name, rules in DECIDED.items() if rules & set(entry.rules)]
    there = {candidate.name for candidate in case.candidates}
    fresh = tuple(Candidate(at.head.seq, name, stated, basis, at.who) for name in names if name not in there)
    decision = Decision(entry, Act(at.who, at.at, entry.reason))
    return replace(case, decision=decision, candidates=(*case.candidates, *fresh))


@_after.register
def _(entry: NotNotified, case: Case, at: Written) -> Case:
    return replace(case, decision=Decision(entry, Act(at.who, at.at, entry.reason)))


@_after.register
def _(entry: Clocks, case: Case, at: Written) -> Case:
    return replace(case, clocks=(*case.clocks, (at.at, entry.due)))


@_after.register
def _(entry: Drafted, case: Case, at: Written) -> Case:
    before = case.notices.get(entry.notice)
    drafters = (before.drafters if before else frozenset()) | {person(at.who)}
    notice = Notice(
        id=entry.notice,
        template=entry.template,
        text=entry.text,
        sha256=entry.sha256,
        unknown=entry.unknown,
        drafters=drafters,
        drafted=Act(at.who, at.at),
        supplements=entry.supplements,
        channel=entry.channel,
        to=entry.to,
    )
    return case.with_notice(notice)


@_after.register
def _(entry: Reviewed, case: Case, at: Written) -> Case:
    act = Act(at.who, at.at, entry.remark)
    return case.with_notice(replace(case.notices[entry.notice], reviewed=act))


@_after.register
def _(entry: Approved, case: Case, at: Written) -> Case:
    return case.with_notice(replace(case.notices[entry.notice], approved=Act(at.who, at.at)))


@_after.register
def _(entry: Sent, case: Case, at: Written) -> Case:
    act = Act(at.who, at.at, entry.reference)
    notice = replace(case.notices[entry.notice], sent=act, how=entry.how, sent_at=entry.at)
    case = case.with_notice(notice)
    anchor = SUBMISSIONS.get(notice.template)
    if anchor is None:
        return case
    found = Candidate(at.head.seq, anchor, instant_text(entry.at), f"{notice.id} was submitted", at.who)
    return replace(case, candidates=(*case.candidates, found))


@_after.register
def _(entry: Acknowledged, case: Case, at: Written) -> Case:
    act = Act(at.who, at.at, entry.reference)
    return case.with_notice(replace(case.notices[entry.notice], acknowledged=act))


@_after.register
def _(entry: Cured, case: Case, at: Written) -> Case:
    return replace(case, cured=Act(at.who, at.at, entry.reason), cured_at=entry.at)


@_after.register
def _(entry: Linked, case: Case, at: Written) -> Case:  # noqa: ARG001
    return replace(case, linked=tuple(dict.fromkeys((*case.linked, *entry.evidence))))


@_after.register
def _(entry: Closing, case: Case, at: Written) -> Case:
    return replace(case, closed=Act(at.who, at.at, entry.reason))
