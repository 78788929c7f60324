"""The finding in a sentence: the report's title, its lede and the headings that carry a number."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.model import AuditResult, Coverage, Finding, Reason, Status
from flows.report import words
from flows.report.harmless import harmless

#: How many promises are named before the rest is only counted.
NAMED = 2


def title(result: AuditResult) -> str:
    """Return what the audit found, in one sentence without a full stop."""
    when = words.period_text(result.period)
    in_force = [f for f in result.findings if f.status is not Status.NOT_IN_FORCE]
    breached, unproven = _of(in_force, Status.BREACHED), _of(in_force, Status.UNPROVEN)
    fewer = len(in_force) < len(result.findings)
    if not in_force:
        return f"{_none_of(len(result.findings))} in force in {when}"
    if breached:
        also = f" and {words.count_word(len(unproven))} {_are(unproven)} unproven" if unproven else ""
        return f"{_some_of(breached, in_force, fewer)} {_are(breached)} breached{also}: {_violations(breached)}"
    if unproven:
        return f"{_some_of(unproven, in_force, fewer)} {_are(unproven)} unproven: {_why(unproven)}"
    return _kept(in_force, fewer, when)


def _kept(in_force: Sequence[Finding], fewer: bool, when: str) -> str:
    met, idle = _of(in_force, Status.MET), _of(in_force, Status.NOT_EXERCISED)
    if not met:
        return f"{_none_of(len(in_force))} exercised in {when}"
    rest = f"; {words.count_word(len(idle))} {_were(idle)} not exercised" if idle else ""
    return f"{_some_of(met, in_force, fewer)} {_were(met)} kept in {when}{_provisionally(met)}{rest}"


def _provisionally(met: Sequence[Finding]) -> str:
    waiting = sum(f.provisional for f in met)
    if not waiting:
        return ""
    return ", provisionally" if waiting == len(met) else f", {words.count_word(waiting)} of them provisionally"


def _some_of(some: Sequence[Finding], whole: Sequence[Finding], fewer: bool) -> str:
    total, noun = len(whole), f"commitment{'s' if len(whole) > 1 else ''}{' in force' if fewer else ''}"
    if len(some) < total:
        return f"{words.count_word(len(some)).capitalize()} of {words.count_word(total)} {noun}"
    return f"{ {1: 'The only', 2: 'Both'}.get(total, f'All {words.count_word(total)}') } {noun}"


def _none_of(total: int) -> str:
    if total < 3:
        return ("No commitment was", "The only commitment was not", "Neither commitment was")[total]
    return f"None of the {words.count_word(total)} commitments was"


def _violations(breached: Sequence[Finding]) -> str:
    said = [violation_text(f, named=len(breached) > 1) for f in breached[:NAMED]]
    return "; ".join((*said, *_more(len(breached) - NAMED)))


def violation_text(finding: Finding, *, named: bool) -> str:
    """Return how a promise was broken, by the numbers: `1 record was kept past 24 h (worst 24:00:01)`."""
    number, measure, name = finding.population.violation, finding.measure, _name(finding)
    if measure is None or not number:
        of = f" of {words.grouped(finding.population.observed)}" if finding.population.observed >= number else ""
        verb = "violates" if number == 1 else "violate"
        return f"{words.grouped(number)}{of} items {verb} {name}"
    worst = f"worst {words.value_text(measure.worst, measure.unit)}" if measure.worst else ""
    aside = ", ".join(w for w in (name if named else "", worst) if w)
    verb = "was" if number == 1 else "were"
    past = f"{verb} kept past" if measure.name == "age" else f"{verb} beyond the limit of"
    return f"{words.plural(number, 'record')} {past} {words.limit_text(measure)}{f' ({aside})' if aside else ''}"


def _why(unproven: Sequence[Finding]) -> str:
    by_reason: dict[str, list[str]] = {}
    for finding in unproven:
        by_reason.setdefault(reason_text(finding.reasons[:1]), []).append(_name(finding))
    said = [f"{reason} for {_names(ids)}" for reason, ids in list(by_reason.items())[:NAMED]]
    return "; ".join((*said, *_more(sum(len(ids) for ids in list(by_reason.values())[NAMED:]))))


def _names(ids: Sequence[str]) -> str:
    most = 3
    return words.listed(ids) if len(ids) <= most else words.listed([*ids[:2], f"{words.count_word(len(ids) - 2)} more"])


def _more(number: int) -> tuple[str, ...]:
    return (f"and {words.count_word(number)} more",) if number > 0 else ()


def reason_text(reasons: Sequence[Reason]) -> str:
    """Return reason codes in words; without any, what an unproven promise always lacks."""
    return words.listed([words.REASONS[r][0] for r in reasons]) or "no valid evidence"


def lede(result: AuditResult) -> str:
    """Return two to four sentences under the title: what happened, what is open, what held."""
    by_status = {s: _of(result.findings, s) for s in Status}
    breached, unproven = by_status[Status.BREACHED], by_status[Status.UNPROVEN]
    said = [sentence(f.because) for f in (breached or unproven)[:NAMED]]
    if breached and unproven:
        open_ones = [f"{_name(f)} ({reason_text(f.reasons[:1])})" for f in unproven[:NAMED]]
        rest = [f"{words.count_word(len(unproven) - NAMED)} more"] if len(unproven) > NAMED else []
        said.append(f"Unproven, and never counted as met: {words.listed([*open_ones, *rest])}.")
    elif not breached and not unproven:
        said += [sentence(f.because) for f in by_status[Status.MET][:NAMED]]
    return " ".join((*said, *_the_rest(by_status, bool(breached or unproven))))


def _the_rest(by_status: dict[Status, list[Finding]], others: bool) -> list[str]:
    met = by_status[Status.MET]
    held = []
    if met and others:
        held.append(f"{words.count_word(len(met))} {_were(met)} met{_provisionally(met) if len(met) > 1 else ''}")
    for status, word in ((Status.NOT_EXERCISED, "not exercised"), (Status.NOT_IN_FORCE, "not in force")):
        if some := by_status[status]:
            held.append(f"{words.count_word(len(some))} {_were(some)} {word}")
    if not held:
        return []
    if others and len(held) == 1:
        return [f"The other {held[0].replace('one was', 'was', 1)}."]
    text = words.listed(held)
    return [f"Of the others, {text}." if others else f"{text.capitalize()}."]


def sentence(text: str) -> str:
    """Return text that begins with a capital and ends with a full stop."""
    text = text.strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "." if text else ""


def histogram_heading(finding: Finding) -> str:
    """Return what a distribution shows, with the number in it."""
    measure, number = finding.measure, finding.population.violation
    if measure is None:
        return _name(finding)
    limit, excess = words.limit_text(measure), words.excess_text(measure)
    if number:
        by = f", the worst by {excess}" if excess else ""
        return f"{words.plural(number, 'record')} passed the {limit} limit{by}"
    if excess:
        return f"No record passed the {limit} limit without permission"
    worst = f"; the worst reached {words.value_text(measure.worst, measure.unit)}" if measure.worst else ""
    return f"No record passed the {limit} limit{worst}"


def coverage_heading(rows: Sequence[Coverage]) -> str:
    """Return how far the evidence reaches, with the number in it."""
    gaps = sum(not row.covered for row in rows)
    if len(rows) == 1:
        return "Evidence falls short of what it must cover" if gaps else "Evidence covers all that it must"
    whole = f"{words.grouped(len(rows))} systems, activities and documents"
    if gaps:
        return f"Evidence falls short for {words.grouped(gaps)} of {whole}"
    return f"Evidence covers all {whole}"


def _of(findings: Sequence[Finding], status: Status) -> list[Finding]:
    return [f for f in findings if f.status is status]


def _name(finding: Finding) -> str:
    return harmless(finding.commitment, words.MAX_VALUE)


def _are(some: Sequence[Finding]) -> str:
    return "is" if len(some) == 1 else "are"


def _were(some: Sequence[Finding]) -> str:
    return "was" if len(some) == 1 else "were"
