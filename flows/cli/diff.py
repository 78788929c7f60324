"""`probity diff`: what changed between two verified bundles of one contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.verification import printable
from flows.cli.verified import verified_content

if TYPE_CHECKING:
    from flows.changes import Changes, ClauseChange, EvidenceChange

SIGNS = {"worse": "▼", "better": "▲", "changed": "~", "same": "="}
#: What of a changed clause a person is shown; `--format json` has every fact.
SHOWN = ("reasons.", "population.", "measure.", "assurance", "provisional", "waived.state", "promise", "clause")


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder, obtained by another channel")
@click.option("--old-trust", type=click.Path(path_type=Path), help="trust folder of OLD, where it is another one")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(old: Path, new: Path, trust: Path | None, old_trust: Path | None, form: str) -> None:
    """Say what changed from the bundle OLD to NEW: statuses, measures, populations and evidence.

    Exit codes: 0 nothing got worse, 1 something did, 2 the bundles cannot be compared, 4 one does not verify.
    """
    from flows.changes import changes  # noqa: PLC0415 - `--help` reads no bundle
    from flows.sealed import open_sealed  # noqa: PLC0415

    before = open_sealed(verified_content(old, old_trust or trust))
    found = changes(before, open_sealed(verified_content(new, trust)))
    click.echo(json.dumps(found.as_json(), ensure_ascii=False) if form == "json" else _text(found))
    raise SystemExit(1 if found.worse else 0)


def _text(found: Changes) -> str:
    width = max(len(clause.commitment) for clause in found.clauses)
    sides = [f"v{a.contract.version} {a.period.start:%Y-%m-%d}/{a.period.end:%Y-%m-%d}" for a in (found.old, found.new)]
    lines = [f"{found.new.contract.id} · {' → '.join(sides)}", ""]
    lines += [line for clause in found.clauses for line in _clause(clause, width)]
    if found.evidence:
        lines += ["", "evidence", *(_evidence(change) for change in found.evidence)]
    counts = [f"{sum(c.direction == d for c in found.clauses)} {d}" for d in SIGNS]
    lines += ["", f"{'WORSE' if found.worse else 'NO WORSE'} · {', '.join(counts)}"]
    return "\n".join(printable(line) for line in lines)


def _clause(clause: ClauseChange, width: int) -> list[str]:
    was, now = (_word(status) if status else "absent" for status in (clause.old, clause.new))
    moved = was if was == now else f"{was} → {now}"
    why = f" · {'; '.join(clause.why)}" if clause.why else ""
    shown = [
        f"    {f.fact}: {'nothing' if f.old is None else f.old} → {'nothing' if f.new is None else f.new}"
        for f in clause.facts
        if f.fact.startswith(SHOWN)
    ]
    return [f"{SIGNS[clause.direction]} {clause.commitment:<{width}}  {moved}{why}", *shown]


def _evidence(change: EvidenceChange) -> str:
    from flows.holdings import described  # noqa: PLC0415 - as above

    was, now = (described(held) if held else "nothing" for held in (change.old, change.new))
    return f"  {change.family}: {was} → {now}"


def _word(status: str) -> str:
    return status.replace("_", " ")
