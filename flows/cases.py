"""Breach cases of an engagement: opened or joined once a sighting, read only after their logs verify, one step a call.

No function here reads the clock, and none sends anything. `BrokenCaseLog` (exit code 4) from every one of them when a
log was tampered with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from checks.cases import classification
from checks.cases.case import Case
from checks.cases.clocks import Clock, deadlines, running
from checks.cases.entry import Classified, Clocks, Entry, Exhibited, Joined, Opened, Origin
from checks.cases.fold import Written, fold, step
from checks.cases.step import AUTOMATIC
from checks.terms import Duration
from evidence.case_log import Head, Keys, Line, Said
from evidence.errors import BadInput, Place, Problem
from evidence.model import AuditResult, Finding, Outcome, Severity, Status
from evidence.spki import digest_of_key
from flows.breach_file import BreachSettings, earlier_keys
from flows.engagement import Engagement
from infra.case_files import CaseFiles

__all__ = [
    "AUTOMATIC",
    "Case",
    "CaseId",
    "Clock",
    "Origin",
    "case",
    "cases",
    "open_or_join",
    "record",
    "running_clocks",
]

CaseId: TypeAlias = str
FOLDER = "cases"
HOUR_MICROSECONDS = 3_600_000_000
MAX_MARKS, MAX_WORDS = 1_000, 2_000


def cases(engagement: Engagement) -> tuple[Case, ...]:
    """Return every case in the order of their numbers."""
    return tuple(fold(lines) for _, lines in sorted(_files(engagement).read().items()))


def case(engagement: Engagement, name: CaseId) -> Case:
    """Return one case; BadInput when there is none of that name."""
    lines = _files(engagement).read_one(name)
    if not lines:
        raise _unknown(name)
    return fold(lines)


def verified(folder: Path, keys: Keys) -> dict[str, tuple[Line, ...]]:
    """Return the lines of every case in a folder, verified with these public keys alone; for whoever holds no other."""
    return CaseFiles(folder, None, keys).read()


def history(engagement: Engagement, name: CaseId) -> tuple[Line, ...]:
    """Return the verified lines of one case."""
    lines = _files(engagement).read_one(name)
    if not lines:
        raise _unknown(name)
    return lines


def running_clocks(of: Case, now: datetime) -> tuple[Clock, ...]:
    """Return the clocks that run at an instant, soonest first; those without a due instant come last."""
    return tuple(sorted(running(of), key=lambda clock: (clock.due is None, clock.due or now, clock.name)))


def open_or_join(engagement: Engagement, origin: Origin, now: datetime, who: str) -> CaseId:
    """Return the case of a sighting, opened or joined if it was not taken in before.

    It joins the open case of the same incident (`origin.key`). A closed case is joined by what shows nothing but
    violations that it knows; anything else opens another case that follows it. The same `origin.id` changes nothing,
    however often and from however many processes this is called.
    """
    now = now.replace(microsecond=0)

    def decide(logs: Mapping[str, Sequence[Line]]) -> list[tuple[str, Said]]:
        folded = {name: fold(lines) for name, lines in logs.items()}
        if _of_sighting(folded, origin) is not None:
            return []
        same = [each for each in folded.values() if each.key == origin.key]
        into = next((each for each in reversed(same) if _takes(each, origin)), None)
        if into is not None:
            return _said(into, Joined(origin=origin), now, who)
        name = f"case-{1 + max((int(each.rpartition('-')[2]) for each in logs), default=0):04d}"
        follows = same[-1].id if same else ""
        entry = Opened(origin=origin, triage_hours=_settings(engagement).triage_hours, follows=follows)
        return [(name, Said(now, who, entry.as_json()))]

    logs = _files(engagement).change(decide)
    found = _of_sighting({name: fold(lines) for name, lines in logs.items()}, origin)
    if found is None:
        raise TypeError(f"{origin.id} is in no case")
    return found


def record(
    engagement: Engagement,
    name: CaseId,
    entry: Entry,
    now: datetime,
    who: str,
    then: Callable[[], None] = lambda: None,
) -> Case:
    """Append one step to a case and return the case after it; deadlines that the step moved are recorded with it.

    `then` is done once the case allows the step and before it is written; nobody else writes meanwhile. `StepRefused`
    (exit code 4) where the step would bypass a second person, an approval or the approved text.
    """
    now = now.replace(microsecond=0)
    if isinstance(entry, Classified):
        classification.check(entry)

    def decide(logs: Mapping[str, Sequence[Line]]) -> list[tuple[str, Said]]:
        if name not in logs:
            raise _unknown(name)
        said = _said(fold(logs[name]), entry, now, who)
        then()
        return said

    return fold(_files(engagement).change(decide, only=name)[name])


def of_audit(
    engagement: Engagement, result: AuditResult, bundle: str, now: datetime, seen: datetime | None = None
) -> tuple[CaseId, ...]:
    """Open or join a case for each breached finding whose severity the audit file names; the cases, in order.

    `bundle` is the name or address of the published bundle, `seen` when it was sealed where that was not now. Nothing
    happens where the audit file has no `breach` section, and nothing is decided: a case asks a person whether the
    finding is an incident at all.
    """
    seen = now if seen is None else min(seen, now)
    origins = [origin_of(result, finding, bundle, seen) for finding in broken(engagement, result)]
    return tuple(dict.fromkeys(open_or_join(engagement, origin, now, AUTOMATIC) for origin in origins))


def broken(engagement: Engagement, result: AuditResult) -> tuple[Finding, ...]:
    """Return the breached findings that open a case: those whose severity the audit file names, if it does."""
    named = engagement.file.breach.severities if engagement.file.breach else frozenset[Severity]()
    return tuple(f for f in result.findings if f.status is Status.BREACHED and f.severity in named)


def incident_of(result: AuditResult, finding: Finding) -> str:
    """Return the incident that a finding belongs to, by which its sightings join one case."""
    return f"finding/{result.contract.id}/{finding.commitment}"


def origin_of(result: AuditResult, finding: Finding, bundle: str, seen: datetime) -> Origin:
    """Return a breached finding as the origin of a case; when it was found is a candidate for our awareness.

    It was found when the bundle was sealed, however much later somebody looks: a clock must not begin later for that.
    """
    name = bundle_name(bundle)
    violations = [each for each in finding.exhibits if each.outcome is Outcome.VIOLATION]
    marks = [each.record[:MAX_WORDS] for each in violations[:MAX_MARKS] if each.record]
    if finding.population.violation > len(marks):
        marks.append(f"{finding.population.violation} violations of {result.period.start:%Y-%m-%d}")
    evidence = [Exhibited(kind="bundle", name=name), Exhibited(kind="disclosures", name=name)]
    evidence += [Exhibited(kind="artefact", name=a) for a in sorted({e.artefact for e in violations if e.artefact})]
    period = f"{result.period.start:%Y-%m-%d} to {result.period.end:%Y-%m-%d}"
    return Origin(
        id=f"{name}#{finding.commitment}",
        key=incident_of(result, finding),
        kind="finding",
        summary=f"{finding.commitment} is breached: {finding.because}"[:MAX_WORDS],
        seen_at=seen.replace(microsecond=0),  # as the log has it
        basis=f"the audit of {period} found {finding.commitment} breached",
        commitment=finding.commitment,
        clause=finding.clause,
        severity=finding.severity.value,
        period=period,
        remedy=" · ".join(finding.remedy.values()),
        limit=_decimal(finding.measure.limit if finding.measure else None),
        worst=_decimal(finding.measure.worst if finding.measure else None),
        marks=tuple(dict.fromkeys(marks)),
        evidence=tuple(evidence),
    )


def bundle_name(address: str) -> str:
    """Return the file name at the end of a bundle's address, without the version that a store appends."""
    return address.partition("?")[0].rpartition("/")[2]


def contract_hours(engagement: Engagement) -> int | None:
    """Return the whole hours in which the contract has the vendor notify; None where it says nothing of it."""
    for commitment in engagement.contract.commitments.values():
        within = getattr(commitment, "notify_within", None)
        if isinstance(within, Duration) and within.microseconds:
            return within.microseconds // HOUR_MICROSECONDS or None
    return None


def _decimal(text: str | None) -> str | None:
    """Return a measure where it is a plain number: what is none counts no steps."""
    return text if text is not None and re.fullmatch(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?", text, re.ASCII) else None


def _takes(of: Case, origin: Origin) -> bool:
    return of.closed is None or (bool(origin.marks) and set(origin.marks) <= of.marks)


def _of_sighting(folded: Mapping[str, Case], origin: Origin) -> str | None:
    known = (name for name, each in folded.items() if any(o.id == origin.id for o in each.origins))
    return next(known, None)


def _said(of: Case, entry: Entry, now: datetime, who: str) -> list[tuple[str, Said]]:
    """Return the line of a step that the case allows, and the one of the deadlines where it moved any."""
    after = step(of, entry, Written(of.id, Head(of.head.seq + 1, "0" * 64), now, who))
    said = [(of.id, Said(now, who, entry.as_json()))]
    due = deadlines(after) if after.closed is None else ()
    if due and (not after.clocks or after.clocks[-1][1] != due):
        said.append((of.id, Said(now, AUTOMATIC, Clocks(due=due).as_json())))
    return said


def _settings(engagement: Engagement) -> BreachSettings:
    return engagement.file.breach or BreachSettings()


def _files(engagement: Engagement) -> CaseFiles:
    signer = engagement.statement_signer()
    own = signer.public_key
    if not isinstance(own, EllipticCurvePublicKey):
        raise TypeError("a statement's first key is P-256")
    known = earlier_keys(engagement.folder, _settings(engagement).earlier_keys)
    return CaseFiles(engagement.state / FOLDER, signer, {**known, digest_of_key(own): own})


def _unknown(name: str) -> BadInput:
    hint = "`probity breach list ENGAGEMENT` lists them"
    return BadInput(Problem("B023", f"there is no case {name[:40]!r}", Place("CASE"), hint))
