"""`probity replay`: judge a sealed audit again, offline, from its bundle alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from evidence.errors import VerificationError
from evidence.verification import printable
from flows.cli.progress import Progress
from flows.cli.verified import verified_content
from infra import settings

if TYPE_CHECKING:
    from flows.replay_comparison import Clause, Comparison

DIFFERENCES_SHOWN = 10


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder, obtained by another channel")
@click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(bundle: Path, trust: Path | None, engine: str, form: str) -> None:
    """Recompute every verdict of a bundle that verifies and compare it, byte for byte, with the sealed one.

    Exit code 0 when all are the same, whatever they say; 4 when one differs, when the bundle does not verify, or when
    it does not carry what judging needs. Tables are unpacked into a temporary folder (TMPDIR) and removed.
    """
    from flows.engines import DEFAULT, Spark, require  # noqa: PLC0415 - the pipeline is not in the base install
    from flows.replay import replay  # noqa: PLC0415
    from flows.replay_comparison import compare  # noqa: PLC0415
    from flows.sealed import open_sealed  # noqa: PLC0415
    from infra.source import tool_name  # noqa: PLC0415

    choice = DEFAULT if engine == "duckdb" else Spark(kind="spark", master="local[2]")
    require(choice, settings.java(), "--engine")
    audit = open_sealed(verified_content(bundle, trust))
    with Progress(sys.stderr) as progress, TemporaryDirectory(prefix="probity-replay-") as work:
        replayed = replay(audit, Path(work), choice, progress.tell)
        comparison = compare(audit, replayed, tool_name(), engine)
        progress.note(*replayed.judgement.problems)
    click.echo(json.dumps(comparison.as_json(), ensure_ascii=False) if form == "json" else _text(comparison))
    raise SystemExit(0 if comparison.same else VerificationError.exit_code)


def _text(comparison: Comparison) -> str:
    width = max(len(clause.commitment) for clause in comparison.clauses)
    lines = [line for clause in comparison.clauses for line in _lines(clause, width)]
    lines += ["", *(f"note: {note}" for note in comparison.notes)]
    count = sum(not clause.same for clause in comparison.clauses)
    if comparison.same:
        lines.append(f"SAME · {len(comparison.clauses)} verdicts follow from the evidence, findings.json byte for byte")
    else:
        what = f"{count} of {len(comparison.clauses)} clauses do not follow from what is sealed"
        lines.append(f"DIFFERENT · {what if count else 'every clause follows, but see the notes'}")
    return "\n".join(printable(line) for line in lines)


def _lines(clause: Clause, width: int) -> list[str]:
    was, now = (v.status.value.replace("_", " ") if v else "absent" for v in (clause.sealed, clause.replayed))
    method = "" if clause.method != "differs" else " · other SQL"
    if clause.same:
        return [f"= {clause.commitment:<{width}}  {was}{method}"]
    shown = [
        f"    {d.fact}: sealed {_value(d.sealed)}, replayed {_value(d.replayed)}"
        for d in clause.differences[:DIFFERENCES_SHOWN]
    ]
    more = len(clause.differences) - len(shown)
    shown += [f"    … and {more} more; --format json lists all"] if more > 0 else []
    return [f"≠ {clause.commitment:<{width}}  sealed {was}, replayed {now}{method}", *shown]


def _value(text: str | None) -> str:
    return "nothing" if text is None else repr(text)
