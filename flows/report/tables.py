"""The report's tables: what was found for each commitment, exceptions, exhibits, tests and extraction cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evidence.model import AuditResult, ExtractionCard, Finding, Status
from flows.report import conclusion, words
from flows.report.passage import Cell, Column, Line, Table, cell, line, note, span
from flows.report.sections import CardTotals, Exceptional, NumberedExhibit, test_text

MAX_PROMISE, MAX_TEST, MAX_BECAUSE, MAX_QUOTE, MAX_ADDRESS = 200, 400, 500, 600, 200
MAX_PERSON, MAX_RECORD, MAX_QUERY, MAX_ORIGIN, MAX_TYPE = 80, 48, 300, 20, 60
MAX_PROBLEMS, MAX_PLACES = 5, 3
PROVISIONAL = ("◔", "Provisional", "met until the next document arrives")
WAIVED = "⚑"


def commitments(result: AuditResult) -> Table:
    """Return the table of every commitment, in the contract's order."""
    columns = (
        *(Column(heading) for heading in ("Result", "Commitment", "Promise", "Clause")),
        *(Column(heading, number=True) for heading in ("Tested", "Violations", "Unknown")),
        Column("Assurance"),
    )
    return Table(columns, [_commitment(f) for f in result.findings], head=1)


def _commitment(finding: Finding) -> tuple[Cell, ...]:
    counts = finding.population
    return (
        Cell(tuple(result_lines(finding))),
        cell(line(span(finding.commitment, "key")), note(finding.severity.value)),
        cell(line(finding.promise or finding.kind, most=MAX_PROMISE)),
        cell(finding.clause),
        cell(words.grouped(counts.observed)),
        cell(words.grouped(counts.violation), tone="red" if counts.violation else ""),
        cell(words.grouped(counts.unknown), tone="strong" if counts.unknown else ""),
        cell(worth(finding)),
    )


def result_lines(finding: Finding) -> Iterator[Line]:
    """Yield the chip of a finding's status, those of its overlays, and why it is not simply met or breached."""
    glyph, word = words.STATUS[finding.status]
    yield line(glyph, word, kind="chip", tone=finding.status.value)
    if finding.provisional:
        yield line(*PROVISIONAL[:2], kind="chip", tone="overlay")
    if finding.waived:
        yield line(WAIVED, words.WAIVER[finding.waived.state], kind="chip", tone="overlay")
    if finding.status is Status.UNPROVEN:
        yield note(conclusion.reason_text(finding.reasons), most=MAX_BECAUSE)
    if finding.provisional and finding.status is Status.MET:
        yield note("until the next document arrives")
    if waived := finding.waived:
        yield note(
            "accepted by ",
            span(waived.approver, most=MAX_PERSON),
            " for ",
            span(waived.author, most=MAX_PERSON),
            f" from {waived.granted_on} to {waived.expires_on}: ",
            span(waived.reason, most=MAX_ADDRESS),
        )


def worth(finding: Finding) -> str:
    """Return what a finding rests on, in a word."""
    if finding.assurance:
        return finding.assurance.value
    return "not judged" if finding.status is Status.NOT_IN_FORCE else "none"


def legend() -> list[Line]:
    """Return what each chip means."""
    said = [(*words.STATUS[status], words.MEANING[status]) for status in words.STATUS]
    return [
        line(span(f"{glyph}\u00a0{word}", "strong"), f" {meaning}") for glyph, word, meaning in [*said, PROVISIONAL]
    ]


def exceptions(some: Sequence[Exceptional]) -> Table:
    """Return the table of what needs a person: what was promised, tested and found, and what follows."""
    headings = ("Result", "Commitment and clause", "Test performed and population", "Result of test")
    columns = tuple(Column(heading) for heading in (*headings, "Exhibits", "What follows"))
    return Table(columns, [_exception(e) for e in some], head=1)


def _exception(exception: Exceptional) -> tuple[Cell, ...]:
    finding = exception.finding
    because = conclusion.sentence(span(finding.because, most=MAX_BECAUSE).text)
    origin = (line(span(exception.origin, most=MAX_ORIGIN), kind="origin"),) if exception.origin else ()
    return (
        Cell(tuple(result_lines(finding))),
        _clause(finding),
        _test(finding),
        cell(line(because, most=MAX_BECAUSE + 1)),
        Cell(tuple(_named(exception))),
        cell(*origin, line(exception.remedy, most=MAX_BECAUSE)),
    )


def _named(exception: Exceptional) -> Iterator[Line]:
    for exhibit in exception.exhibits:
        record = span(exhibit.exhibit.record, "id", MAX_RECORD)
        yield line(span(exhibit.number, "strong"), " ", record, kind="exhibit")
        if exhibit.artefact:
            yield note(span(exhibit.artefact, "id"))
    if not exception.exhibits:
        yield line("none")
    if exception.more:
        yield note(exception.more)


def _clause(finding: Finding) -> Cell:
    named = line(span(finding.commitment, "key"), " ", span(finding.clause, "muted"))
    return cell(named, *([line(finding.quote, kind="quote", most=MAX_QUOTE)] if finding.quote else []))


def _test(finding: Finding) -> Cell:
    return cell(line(test_text(finding), most=MAX_TEST), note(words.population_text(finding.population)))


def exhibits(numbered: Sequence[NumberedExhibit]) -> Table:
    """Return the table of the records behind the results."""
    headings = ("No.", "Commitment", "Record", "Outcome", "Measured", "Raw artefact (SHA-256)")
    return Table(tuple(Column(heading) for heading in headings), [_exhibit(n) for n in numbered])


def _exhibit(numbered: NumberedExhibit) -> tuple[Cell, ...]:
    exhibit = numbered.exhibit
    why = f": {exhibit.why.replace('_', ' ')}" if exhibit.why else ""
    return (
        cell(numbered.number),
        cell(line(span(numbered.commitment, "id"))),
        cell(line(span(exhibit.record, "id"))),
        cell(line(f"{exhibit.outcome.value}{why}", most=MAX_PROMISE)),
        cell(numbered.measure or "no size"),
        cell(line(span(numbered.artefact or "none", "id"))),
    )


def tests(result: AuditResult) -> Table:
    """Return the table of every test and its result, those that were kept included."""
    headings = ("Result", "Commitment and clause", "Test performed and population", "Result of test", "Assurance")
    return Table(tuple(Column(heading) for heading in headings), [_tested(f) for f in result.findings], head=1)


def _tested(finding: Finding) -> tuple[Cell, ...]:
    because = conclusion.sentence(span(finding.because, most=MAX_BECAUSE).text)
    rests = [note(words.ASSURANCE[finding.assurance])] if finding.assurance else []
    return (
        Cell(tuple(result_lines(finding))),
        _clause(finding),
        _test(finding),
        cell(words.outcomes_text(finding.population), note(because, most=MAX_BECAUSE + 1)),
        cell(line(span(worth(finding), "strong")), *rests),
    )


def cards(some: Sequence[ExtractionCard]) -> Table:
    """Return the table of extraction cards: how each artefact was obtained and what became of its records."""
    headings = ("Source and address", "Received, and where it went", "Extracted", "Integrity")
    return Table(tuple(Column(heading) for heading in headings), [_card(c) for c in some])


def _card(card: ExtractionCard) -> tuple[Cell, ...]:
    families = span(", ".join(card.families), most=MAX_ADDRESS)
    media = span(card.media_type, most=MAX_TYPE)
    source = [line(span(card.source, "strong"), " ", span(card.address, "id", MAX_ADDRESS))]
    source += [note("query ", span(card.query, "id", MAX_QUERY))] if card.query else []
    source += [note(families, " · ", media, f" · {words.grouped(card.size)} bytes · worth: {card.assurance.value}")]
    return (cell(*source), _received(card), _extracted(card), cell(*_integrity(card)))


def _received(card: ExtractionCard) -> Cell:
    others = ((card.not_relevant, "not relevant"), (card.duplicates, "duplicates"), (card.unreadable, "unreadable"))
    went = " + ".join([f"{words.grouped(card.rows)} rows", *(f"{words.grouped(n)} {what}" for n, what in others)])
    total = "no control total at the source"
    if card.control_total is not None:
        total = f"control total {words.grouped(card.control_total)}"
    incomplete = "" if card.complete else "; incomplete"
    return cell(f"{words.grouped(card.received)} = {went}", note(f"{total}{incomplete}"))


def _extracted(card: ExtractionCard) -> Cell:
    more = f", {card.attempts} attempts" if card.attempts > 1 else ""
    more += "" if card.clock_offset_ms is None else f", clock off by {card.clock_offset_ms} ms"
    who = note("by ", card.collector, " as ", card.identity, more)
    return cell(words.utc(card.started), note(f"finished {words.utc(card.finished)}"), who)


def _integrity(card: ExtractionCard) -> Iterator[Line]:
    yield line(span(card.artefact, "digest"))
    if card.source_digest_verified is not None:
        yield note(f"the source's own digest {'agrees' if card.source_digest_verified else 'does not agree'}")
    for problem in card.problems[:MAX_PROBLEMS]:
        yield line(problem, kind="warning", most=MAX_ADDRESS)
    for place in card.unreadable_places[:MAX_PLACES]:
        yield line("unreadable: ", span(place, most=MAX_ADDRESS), kind="warning")


def cards_caption(totals: CardTotals) -> str:
    """Return what all cards add up to, and how many of them are not shown."""
    said = (
        words.plural(totals.artefacts, "artefact"),
        f"{words.grouped(totals.received)} records received",
        f"{words.grouped(totals.rows)} kept as rows",
        f"{words.grouped(totals.troubled)} with problems.",
    )
    if totals.shown == totals.artefacts:
        return ", ".join(said)
    return f"{', '.join(said)} Shown: {totals.shown}, those with problems first; all are in data/evidence/cards.json."
