"""A breach case told step by step, without disk or signatures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from checks.cases.case import Case, digest_of
from checks.cases.entry import Approved, Classified, Drafted, Entry, Opened, Origin, Reviewed, Sent
from checks.cases.fold import Written, step
from evidence.case_log import Head

START = datetime(2026, 10, 23, 16, 30, tzinfo=UTC)
ZERO = "0" * 64


def sighting(name: str = "audit-1#RET", **changes: object) -> Origin:
    """Return a breached finding as an audit hands it over."""
    stated = {
        "id": name,
        "key": "finding/msa/RET",
        "kind": "finding",
        "summary": "RET is breached: one record lived too long",
        "seen_at": START,
        "basis": "the audit found it",
        "marks": ("record-1",),
    }
    return Origin.model_validate(stated | changes)


def told(*steps: tuple[str, Entry], case: Case | None = None, start: datetime = START) -> Case:
    """Return the case after the steps, one minute apart; the first opens it unless there is one."""
    todo: Sequence[tuple[str, Entry]] = steps
    if case is None:
        todo = (("probity (automatic)", Opened(origin=sighting(), triage_hours=24)), *steps)
    for who, entry in todo:
        seq = 1 if case is None else case.head.seq + 1
        at = start if case is None else start + timedelta(minutes=case.head.seq)
        case = step(case, entry, Written("case-0001", Head(seq, ZERO), at, who))
    assert case is not None
    return case


def classified(*rules: str, **more: object) -> Classified:
    """Return a decision that rules apply."""
    return Classified.model_validate({"rules": rules or ("gdpr-33",), "reason": "personal data", **more})


def draft(text: str = "what happened", notice: str = "N-1", template: str = "gdpr-33", **more: object) -> Drafted:
    """Return a draft with its digest."""
    stated = {"notice": notice, "template": template, "text": text, "sha256": digest_of(text)}
    return Drafted.model_validate(stated | more)


def addressed(channel: str, *to: str, text: str = "what happened", notice: str = "N-1") -> Drafted:
    """Return a draft for an addressee."""
    return draft(text, notice, "contract-breach", channel=channel, to=to, sha256=digest_of(text, channel, to))


def review(text: str = "what happened", notice: str = "N-1") -> Reviewed:
    """Return a review of a text."""
    return Reviewed(notice=notice, sha256=digest_of(text))


def approve(text: str = "what happened", notice: str = "N-1") -> Approved:
    """Return an approval of a text."""
    return Approved(notice=notice, sha256=digest_of(text))


def send(text: str = "what happened", notice: str = "N-1", at: datetime = START + timedelta(hours=1)) -> Sent:
    """Return a person's statement that a text was submitted."""
    return Sent(notice=notice, sha256=digest_of(text), how="statement", reference="receipt 7", at=at)
