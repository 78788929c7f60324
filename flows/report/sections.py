"""What each section of the report shows: which findings, exhibits and cards, in which order, and how many of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.model import Assurance, AuditResult, Coverage, Exhibit, ExtractionCard, Finding, Reason, Status
from flows.report import charts, conclusion, words
from flows.report.harmless import harmless

#: Exhibits shown per commitment; the others are in the findings file.
MAX_EXHIBITS = 10
#: Exhibits named inside an exception's row.
NAMED_EXHIBITS = 2
#: Extraction cards shown, those with problems first; all are in the bundle.
MAX_CARDS = 40
DIGEST_SHOWN = 16
MAX_SUBJECT, MAX_COVERAGE_NOTE = 80, 200

_WORD_ONLY = (Assurance.CLAIMED, Assurance.ATTESTED)


@dataclass(frozen=True, slots=True)
class Tally:
    """One of the five counts at the top."""

    status: Status
    count: int
    note: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart with its heading and caption; `svg` is markup of our own, `alt` says the same without a picture."""

    heading: str
    svg: str
    alt: str
    caption: str


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One subject of one commitment; `svg` is markup of our own, `alt` says the same without a picture."""

    subject: str
    svg: str
    alt: str
    counts: str
    note: str
    covered: bool


@dataclass(frozen=True, slots=True)
class NumberedExhibit:
    """An exhibit under the number by which the report calls it."""

    number: str
    commitment: str
    exhibit: Exhibit
    measure: str
    artefact: str


@dataclass(frozen=True, slots=True)
class Exceptional:
    """A finding that needs a person: broken, unproven, or met only until the next document arrives."""

    finding: Finding
    exhibits: Sequence[NumberedExhibit]
    more: str
    origin: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CardTotals:
    """What all extraction cards add up to, including those that are not shown."""

    artefacts: int
    shown: int
    received: int
    rows: int
    troubled: int


def tallies(result: AuditResult) -> list[Tally]:
    """Return the five counts, worst first, each with the commitments it is made of."""
    found = []
    for status in words.STATUS:
        some = [f for f in result.findings if f.status is status]
        note = ", ".join(harmless(f.commitment, words.MAX_VALUE) for f in some[:3])
        note += f" and {len(some) - 3} more" if len(some) > 3 else ""
        if waiting := sum(f.provisional for f in some):
            note += f"; {waiting} provisional" if len(some) > 1 else ", provisional"
        found.append(Tally(status, len(some), note))
    return found


def histograms(result: AuditResult) -> list[Drawing]:
    """Return a histogram for every finding that has a distribution."""
    drawn = []
    for place, finding in enumerate(result.findings):
        if finding.measure is None or not finding.distribution:
            continue
        heading = conclusion.histogram_heading(finding)
        svg = charts.histogram(
            finding.distribution,
            finding.measure,
            name=f"chart-{place + 1}",
            title=heading,
            over=finding.population.violation,
        )
        alt = charts.in_words(finding.distribution, finding.measure)
        drawn.append(Drawing(heading, svg, alt, _caption(finding)))
    return drawn


def _caption(finding: Finding) -> str:
    measure, counted = finding.measure, sum(b.count for b in finding.distribution)
    parts = [f"n = {words.grouped(counted)} (full population, no sampling)"]
    if measure and measure.worst:
        parts.append(f"worst {words.value_text(measure.worst, measure.unit)}")
    limit = words.decimal(measure.limit) if measure else None
    beyond = sum(b.count for b in finding.distribution if limit is not None and _high(b.high) > limit)
    if (excused := beyond - finding.population.violation) > 0:
        parts.append(f"{words.grouped(excused)} of those beyond the limit excused by consent")
    if charts.is_wide(finding.distribution, len(finding.distribution) - 1):
        parts.append("the dashed bar reaches further than the others")
    for number, what in ((finding.population.unknown, "without a usable age"), (finding.population.open, "still open")):
        if number:
            parts.append(f"{words.grouped(number)} {what}, not drawn")
    return f"{harmless(finding.commitment, words.MAX_VALUE)}: {', '.join(parts)}."


def _high(text: str) -> float:
    number = words.decimal(text)
    return float(number) if number is not None else 0.0


def coverage(result: AuditResult) -> list[tuple[Finding, list[CoverageRow]]]:
    """Return the coverage rows of every finding that has any."""
    found = []
    for place, finding in enumerate(result.findings):
        rows = [
            _coverage(row, charts.coverage_bar(row, name=f"cov-{place + 1}-{at + 1}"))
            for at, row in enumerate(finding.coverage)
        ]
        if rows:
            found.append((finding, rows))
    return found


def _coverage(row: Coverage, svg: str) -> CoverageRow:
    note = harmless(row.note, MAX_COVERAGE_NOTE)
    return CoverageRow(
        harmless(row.subject, MAX_SUBJECT), svg, charts.coverage_in_words(row), _counts(row), note, row.covered
    )


def test_text(finding: Finding) -> str:
    """Return what was tested, and say so when nothing was."""
    if finding.test:
        return finding.test
    untested = Reason.NO_CHECK in finding.reasons
    return "No test exists for this kind of promise" if untested else "No test was called for"


def _counts(row: Coverage) -> str:
    if row.observed is None:
        return "covered" if row.covered else "gap"
    if row.expected is None:
        return f"{words.grouped(row.observed)} seen, no control total"
    return f"{words.grouped(row.observed)} of {words.grouped(row.expected)}"


def exhibits(result: AuditResult) -> list[NumberedExhibit]:
    """Return the exhibits shown, numbered through the whole report."""
    shown = [(f, e) for f in result.findings for e in f.exhibits[:MAX_EXHIBITS]]
    return [
        NumberedExhibit(
            number=f"E{place + 1}",
            commitment=finding.commitment,
            exhibit=exhibit,
            measure=words.value_text(exhibit.measure, finding.measure.unit if finding.measure else ""),
            artefact=short_digest(exhibit.artefact),
        )
        for place, (finding, exhibit) in enumerate(shown)
    ]


def short_digest(artefact: str) -> str:
    """Return the beginning of a digest, enough to find it among the extraction cards."""
    digest = artefact.removeprefix("sha256:")
    return f"{digest[:DIGEST_SHOWN]}…" if len(digest) > DIGEST_SHOWN else digest


def exceptions(result: AuditResult, numbered: Sequence[NumberedExhibit]) -> list[Exceptional]:
    """Return what needs a person, worst first and otherwise in the contract's order."""
    order = list(words.STATUS)
    some = [f for f in result.findings if f.status in (Status.BREACHED, Status.UNPROVEN) or f.provisional]
    return [_exceptional(f, numbered) for f in sorted(some, key=lambda f: order.index(f.status))]


def _exceptional(finding: Finding, numbered: Sequence[NumberedExhibit]) -> Exceptional:
    own = [n for n in numbered if n.commitment == finding.commitment]
    rest = len(finding.exhibits) - NAMED_EXHIBITS
    origin, text = _follows(finding)
    return Exceptional(finding, own[:NAMED_EXHIBITS], f"and {rest} more" if rest > 0 else "", origin, text)


def _follows(finding: Finding) -> tuple[str, str]:
    """Return what follows and who says so. A remedy presupposes a breach, so others name what would settle them."""
    if finding.status is Status.BREACHED:
        remedy: Mapping[str, str] = finding.remedy
        said = remedy.get("text") or "; ".join(f"{k}: {remedy[k]}" for k in sorted(remedy) if k != "origin")
        return remedy.get("origin", ""), conclusion.sentence(said or "neither contract nor playbook names a remedy")
    if finding.status is Status.UNPROVEN:
        steps = [words.REASONS[r][1] for r in finding.reasons] or ["obtain evidence that speaks of this promise"]
        return "", "To settle it: " + "; ".join(steps) + "."
    return "", "Judge again when the next evidence or document arrives."


def cards(every: Sequence[ExtractionCard]) -> list[ExtractionCard]:
    """Return the extraction cards shown: those with problems first, then by source and address."""
    return sorted(every, key=lambda c: (not _troubled(c), c.source, c.address, c.artefact))[:MAX_CARDS]


def _troubled(card: ExtractionCard) -> bool:
    return bool(card.problems or card.unreadable or not card.complete or card.source_digest_verified is False)


def artefacts(every: Sequence[ExtractionCard]) -> CardTotals:
    """Return the totals over all extraction cards."""
    return CardTotals(
        artefacts=len(every),
        shown=min(len(every), MAX_CARDS),
        received=sum(c.received for c in every),
        rows=sum(c.rows for c in every),
        troubled=sum(_troubled(c) for c in every),
    )


def rests_on_word(result: AuditResult) -> list[Finding]:
    """Return the findings whose status rests on nothing better than the vendor's own word."""
    return [f for f in result.findings if f.assurance in _WORD_ONLY]
