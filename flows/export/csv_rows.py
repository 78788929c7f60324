"""CSV (RFC 4180): a row for every finding, and one for every exhibit, reason, system and bar behind it.

In UTF-8 with its mark, without which spreadsheets garble every §.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from evidence.model import Finding, instant_text
from flows.export.complete import KEPT, Carried
from flows.export.subject import ExportSubject
from flows.export.text import escaped, unescaped
from flows.facts import Facts, facts_of

#: Of the audit, on every row.
AUDIT = ("contract", "version", "period_from", "period_to", "as_of", "run", "findings_sha256")
WAIVER = ("author", "approver", "reason", "granted_on", "expires_on", "state")
FROZEN = ("status", "violation", "unknown", "worst")
#: Of a finding, on its own row; what is not here makes the export fail, and is never left out.
FINDING = (
    *("kind", "clause", "quote", "severity", "status", "assurance", "provisional", "because", "promise", "test"),
    *(f"population.{c}" for c in ("expected", "observed", "ok", "violation", "unknown", "open", "excused")),
    *(f"measure.{c}" for c in ("name", "unit", "limit", "worst")),
    *(f"waived.{c}" for c in WAIVER),
    *(f"waived.frozen.{c}" for c in FROZEN),
    *("remedy.origin", "remedy.text"),
)
#: Of what stands behind a finding: one row each, `row` naming the list and `number` the place in it.
LISTS = {
    "reasons": ("reasons",),
    "exhibits": tuple(f"exhibits.{c}" for c in ("record", "outcome", "measure", "artefact", "why")),
    "coverage": tuple(f"coverage.{c}" for c in ("subject", "covered", "expected", "observed", "note")),
    "distribution": tuple(f"distribution.{c}" for c in ("low", "high", "count")),
}
HEADER = (*AUDIT, "row", "commitment", "number", "kept", *FINDING, *(c for columns in LISTS.values() for c in columns))
#: What a spreadsheet would take for the start of a formula, half and full width, and the guard put before it.
FORMULA, GUARD = frozenset("=+-@|%\t\r＝＋－＠"), "'"
_INDEXED = re.compile(r"([a-z]+)\.([0-9]+)(?:\.([a-z]+))?")


def write(subject: ExportSubject) -> bytes:
    """Return the rows with CRLF line ends and a header; cells that could run as formulas begin with an apostrophe."""
    result = subject.result
    audit = dict(
        zip(
            AUDIT,
            (
                result.contract.id,
                str(result.contract.version),
                instant_text(result.period.start),
                instant_text(result.period.end),
                instant_text(result.as_of),
                subject.run,
                subject.findings_sha256,
            ),
            strict=True,
        )
    )
    out = io.StringIO(newline="")
    writer = csv.DictWriter(
        out, HEADER, restval="", extrasaction="ignore", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    )
    writer.writeheader()
    for finding in result.findings:
        for row in _rows(finding):
            writer.writerow({column: _cell(text) for column, text in (audit | row).items()})
    return out.getvalue().encode("utf-8-sig")


def _rows(finding: Finding) -> Iterator[Facts]:
    facts = facts_of(finding)
    name = {"commitment": finding.commitment}
    yield facts | {"row": "finding", "kept": "yes" if finding.status in KEPT else "no"}
    listed: dict[tuple[str, int], Facts] = {}
    for path, text in facts.items():
        if match := _INDEXED.fullmatch(path):
            column = match[1] if match[3] is None else f"{match[1]}.{match[3]}"
            listed.setdefault((match[1], int(match[2])), {})[column] = text
    for (row, number), columns in listed.items():
        yield columns | name | {"row": row, "number": str(number)}


def read(data: bytes) -> Sequence[Carried]:
    """Return the findings of a file that `write` wrote."""
    found: dict[str, Facts] = {}
    kept: dict[str, bool] = {}
    for cells in csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True):
        row = {column: _text(cell) for column, cell in cells.items() if cell}
        name = row["commitment"]
        if row["row"] == "finding":
            found[name] = {column: row[column] for column in ("commitment", *FINDING) if column in row}
            kept[name] = row["kept"] == "yes"
            continue
        place = f"{row['row']}.{row['number']}"
        for column in LISTS[row["row"]]:
            if column in row:
                found[name][place + column.removeprefix(row["row"])] = row[column]
    return [Carried(facts, kept[name]) for name, facts in found.items()]


def _cell(text: str) -> str:
    shown = escaped(text)
    return GUARD + shown if shown[:1] == GUARD or shown[:1] in FORMULA else shown


def _text(cell: str) -> str:
    return unescaped(cell.removeprefix(GUARD))
