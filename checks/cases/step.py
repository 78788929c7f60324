"""Which step a case allows: the order of the work, and the two persons that a notice needs.

Refused with `StepRefused` (exit code 4), because it would bypass a control: 1. a decision by no person; 2. a review or
an approval by anybody who drafted any text of that notice; 3. a review or an approval that names another text than the
one that is there now, or the same for another addressee; 4. sending what is not approved, or to somebody else. What is
merely out of order is `BadInput`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from checks.cases.case import OWED_TO_US, Case, Notice, digest_of, person
from checks.cases.entry import (
    Acknowledged,
    Approved,
    Classified,
    Clocks,
    Closing,
    Drafted,
    Entry,
    Joined,
    NotNotified,
    Opened,
    Reviewed,
    Sent,
    SetAside,
    Triage,
)
from evidence.errors import BadInput, Place, Problem, StepRefused

#: Who is named where no person acted: what was found by an audit, and deadlines that moved.
AUTOMATIC = "probity (automatic)"
_BY_PERSONS = (Triage, SetAside, Classified, NotNotified, Drafted, Reviewed, Approved, Sent, Closing)


def check(entry: Entry, case: Case, who: str) -> None:
    """Raise unless the case allows the entry by this person now."""
    if case.closed is not None and not isinstance(entry, Joined):
        raise _order(case, f"was closed by {case.closed.who}", "what is new opens a case of its own")
    if not person(who):
        raise _order(case, "nobody is named", "say who acts: --as NAME")
    if isinstance(entry, _BY_PERSONS) and person(who) == person(AUTOMATIC):
        raise StepRefused("NOT_A_PERSON", f"{case.id}: {who} decides, approves and sends nothing; a person does")
    _check(entry, case, who)


@singledispatch
def _check(entry: Entry, case: Case, who: str) -> None:
    """Allow what adds to a case and decides nothing."""
    if isinstance(entry, Opened):
        raise _order(case, f"is opened already, and {who} opens it again", "")


@_check.register
def _(entry: Triage, case: Case, who: str) -> None:  # noqa: ARG001
    if case.decision is not None:
        raise _order(case, "is decided already", "`probity breach show` has by whom")


@_check.register
def _(entry: SetAside, case: Case, who: str) -> None:  # noqa: ARG001
    match = (entry.candidate, entry.name)
    if not any((c.seq, c.name) == match and c.set_aside is None for c in case.candidates):
        raise _order(case, f"has no candidate {entry.name} of line {entry.candidate}", "`breach show` numbers them")


@_check.register
def _(entry: Classified, case: Case, who: str) -> None:  # noqa: ARG001
    sent = {notice.template for notice in case.notices.values() if notice.sent is not None}
    if gone := sorted(set(case.rules) & sent - set(entry.rules)):
        raise _order(case, f"{gone[0]} was notified already", "leave it among the rules")


@_check.register
def _(entry: NotNotified, case: Case, who: str) -> None:  # noqa: ARG001
    if any(notice.sent is not None for notice in case.notices.values()):
        raise _order(case, "somebody was notified already", "close it instead, and say what followed")


@_check.register
def _(entry: Clocks, case: Case, who: str) -> None:  # noqa: ARG001
    if not case.rules:
        raise _order(case, "no rule applies", "classify it")


@_check.register
def _(entry: Drafted, case: Case, who: str) -> None:  # noqa: ARG001
    if not case.rules:
        raise _order(case, "nobody decided yet that anybody is notified", "`probity breach classify`")
    if entry.to and not entry.channel:
        raise _order(case, f"{entry.notice} has addresses and no channel", "name the channel that takes it there")
    if entry.sha256 != digest_of(entry.text, entry.channel, entry.to):
        raise StepRefused("TEXT_CHANGED", f"{case.id}: the digest of {entry.notice} is not that of its text")
    before = case.notices.get(entry.notice)
    if before is None and entry.notice != f"N-{len(case.notices) + 1}":
        raise _order(case, f"has no notice {entry.notice}", f"notices are {', '.join(case.notices) or 'none'}")
    if before is not None:
        if before.sent is not None:
            raise _order(case, f"{entry.notice} was sent", f"draft a supplement: --supplements {entry.notice}")
        if (before.template, before.supplements) != (entry.template, entry.supplements):
            raise _order(case, f"{entry.notice} is a {before.template}", "draft another notice")
    elif entry.supplements is not None and _notice(case, entry.supplements).sent is None:
        raise _order(case, f"{entry.supplements} is not sent yet", "change its draft instead")


@_check.register
def _(entry: Reviewed, case: Case, who: str) -> None:
    _second_person(case, entry.notice, entry.sha256, who, "review")


@_check.register
def _(entry: Approved, case: Case, who: str) -> None:
    notice = _second_person(case, entry.notice, entry.sha256, who, "approve")
    if notice.reviewed is None:
        raise _order(case, f"{notice.id} is not reviewed", "`probity breach review`")


@_check.register
def _(entry: Sent, case: Case, who: str) -> None:  # noqa: ARG001
    notice = sendable(case, entry.notice)
    _same_text(case, notice, entry.sha256)
    if notice.approved is not None and entry.at < notice.approved.at.replace(second=0, microsecond=0):
        what = f"{case.id}: {notice.id} was approved at {notice.approved.at:%Y-%m-%d %H:%M} UTC, and left before that"
        raise StepRefused("NOT_APPROVED", what)


@_check.register
def _(entry: Acknowledged, case: Case, who: str) -> None:  # noqa: ARG001
    notice = _notice(case, entry.notice)
    if notice.sent is None:
        raise _order(case, f"{notice.id} is not sent", "`probity breach send`")


@_check.register
def _(entry: Closing, case: Case, who: str) -> None:  # noqa: ARG001
    if case.decision is None:
        raise _order(case, "is not decided", "`probity breach classify`, either way")
    if owed := [rule for rule in case.rules if rule not in case.told and rule != OWED_TO_US]:
        hint = f"notify, or classify again with --not-applicable {owed[0]}=REASON"
        raise _order(case, f"nobody is notified under {owed[0]}", hint)


def sendable(case: Case, name: str) -> Notice:
    """Return a notice that may leave now; `StepRefused` without an approval of exactly its text and addressee."""
    notice = _notice(case, name)
    if notice.sent is not None:
        raise _order(case, f"{notice.id} was sent already", f"draft a supplement: --supplements {notice.id}")
    if notice.approved is None:  # 4
        what = f"{case.id}: {notice.id} is not approved as it is now ({notice.sha256[:16]}…)"
        raise StepRefused("NOT_APPROVED", f"{what}; nothing leaves without an approval of exactly its text")
    return notice


def addressed(case: Case, name: str, channel: str, to: Sequence[str]) -> Notice:
    """Return a notice that may leave now through a channel to these addresses; without any, to the approved ones.

    `StepRefused` without an approval of exactly its text, and where it is approved for another addressee or for none.
    """
    notice = sendable(case, name)
    if channel != notice.channel or (to and set(to) != set(notice.to)):
        what = f"{case.id}: {name} is approved for another addressee, or for none (`breach show` says for whom)"
        raise StepRefused("OTHER_ADDRESSEE", f"{what}; `draft` with --channel and --to, and have that approved")
    return notice


def _second_person(case: Case, name: str, sha256: str, who: str, verb: str) -> Notice:
    notice = _notice(case, name)
    if notice.sent is not None:
        raise _order(case, f"{name} was sent already", "")
    if person(who) in notice.drafters:  # 2
        what = f"{case.id}: {who} drafted {name} and cannot {verb} it; another person does"
        raise StepRefused("DRAFTER_CANNOT_APPROVE", what)
    _same_text(case, notice, sha256)  # 3
    return notice


def _same_text(case: Case, notice: Notice, sha256: str) -> None:
    if sha256 != notice.sha256 or notice.sha256 != digest_of(notice.text, notice.channel, notice.to):
        what = f"{case.id}: {sha256[:16]}… is not what {notice.id} says, and to whom, now ({notice.sha256[:16]}…)"
        raise StepRefused("TEXT_CHANGED", f"{what}; read that, and name its digest")


def _notice(case: Case, name: str) -> Notice:
    try:
        return case.notices[name]
    except KeyError:
        raise _order(case, f"has no notice {name}", f"notices are {', '.join(case.notices) or 'none'}") from None


def _order(case: Case, what: str, hint: str) -> BadInput:
    return BadInput(Problem("B021", what, Place(case.id), hint))
