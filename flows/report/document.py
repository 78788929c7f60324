"""The report as parts in their order, whatever it is rendered to: nothing below this decides what is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.report import closing, conclusion, sections, tables, words
from flows.report.harmless import harmless
from flows.report.passage import Definition, Line, Table, line, span
from flows.report.subject import ReportSubject

MAX_TITLE = 280
EXHIBITS = "Exhibits: the records behind the results, worst first"
EXHIBITS_CAPTION = (
    "A bounded sample for a reader to look up; the counts above are always of the whole population. All exhibits are "
    "in data/results/findings.json."
)
COVERAGE_CAPTION = "Solid: covered. Hatched: missing. Counts are of the evidence against an independent control total."


@dataclass(frozen=True, slots=True)
class Shown:
    """One of the five counts at the top."""

    glyph: str
    word: str
    count: int
    note: str
    tone: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How far evidence reaches, by the commitment that needs it."""

    heading: str
    groups: Sequence[tuple[str, Sequence[sections.CoverageRow]]]
    caption: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and its table; where there is nothing to tabulate, `nothing` says so."""

    heading: str
    table: Table
    caption: str = ""
    nothing: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The report. `verdicts` and what follows are in the order in which they are read."""

    title: str
    parties: Line
    occasion: Line
    lede: str
    tallies: Sequence[Shown]
    verdicts: Section
    legend: Sequence[Line]
    charts: Sequence[sections.Drawing]
    reach: Reach | None
    exceptions: Section
    exhibits: Section
    tests: Section
    cards: Section
    scope: Sequence[Definition]
    seal: Sequence[Definition]


def document(subject: ReportSubject) -> Document:
    """Return the parts of the report on a subject."""
    result, period = subject.result, words.period_text(subject.result.period)
    numbered = sections.exhibits(result)
    contract, run = span(result.contract.id, "id"), span(subject.run, "id")
    customer, vendor = span(subject.customer, "strong"), span(subject.vendor, "name")
    found = f"Every commitment of the contract, and what was found in {period}"
    return Document(
        title=harmless(conclusion.title(result), MAX_TITLE),
        parties=line(customer, " · contract ", contract, f" version {result.contract.version} with ", vendor),
        occasion=line(f"{period} · Confidential · run ", run),
        lede=harmless(conclusion.lede(result)),
        tallies=[_shown(tally) for tally in sections.tallies(result)],
        verdicts=Section(found, tables.commitments(result)),
        legend=tables.legend(),
        charts=sections.histograms(result),
        reach=_reach(subject),
        exceptions=_exceptions(subject, numbered),
        exhibits=Section(EXHIBITS, tables.exhibits(numbered), EXHIBITS_CAPTION),
        tests=Section("All tests and their results", tables.tests(result)),
        cards=_cards(subject),
        scope=closing.scope(subject),
        seal=closing.seal(subject),
    )


def _shown(tally: sections.Tally) -> Shown:
    glyph, word = words.STATUS[tally.status]
    what = harmless(tally.note, 60) if tally.count else "none"
    return Shown(glyph, word, tally.count, what, tally.status.value if tally.count else "none")


def _reach(subject: ReportSubject) -> Reach | None:
    rows = [row for finding in subject.result.findings for row in finding.coverage]
    if not rows:
        return None
    groups = [(harmless(f.commitment, words.MAX_VALUE), some) for f, some in sections.coverage(subject.result)]
    return Reach(conclusion.coverage_heading(rows), groups, COVERAGE_CAPTION)


def _exceptions(subject: ReportSubject, numbered: Sequence[sections.NumberedExhibit]) -> Section:
    return Section(
        "Exceptions: what was promised, what was tested, what was found",
        tables.exceptions(sections.exceptions(subject.result, numbered)),
        nothing="None. No commitment is breached, unproven or provisional.",
    )


def _cards(subject: ReportSubject) -> Section:
    return Section(
        "Extraction cards: how each piece of evidence was obtained",
        tables.cards(sections.cards(subject.cards)),
        tables.cards_caption(sections.artefacts(subject.cards)),
        "No evidence was gathered.",
    )
