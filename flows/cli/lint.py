"""`probity lint`: every mistake of a contract file at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from evidence.errors import BadInput, Problem

INVALID = 2


@click.command()
@click.argument("contract", type=click.Path(path_type=Path), metavar="CONTRACT_OR_ENGAGEMENT")
@click.option("--documents", is_flag=True, help="look every quotation up in the PDF it is taken from")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(contract: Path, documents: bool, form: str) -> int:
    """Check a contract file, or the contract.yaml of an engagement folder.

    Exit codes: 0 valid, warnings included; 2 invalid.
    """
    from checks.contract import load_contract  # noqa: PLC0415 - pydantic is not needed for `--help`

    file = contract / "contract.yaml" if contract.is_dir() else contract
    problems: Sequence[Problem]
    try:
        loaded = load_contract(file)
        problems = loaded.problems
        if documents:
            from flows.quotations import check_quotations  # noqa: PLC0415 - the base install reads no PDF

            problems = (*problems, *check_quotations(loaded, file))
    except BadInput as error:
        problems = error.problems
    valid = all(p.warning for p in problems)
    click.echo(_json(file, valid, problems) if form == "json" else _text(file, valid, problems))
    return 0 if valid else INVALID


def _text(file: Path, valid: bool, problems: Sequence[Problem]) -> str:
    warnings = sum(p.warning for p in problems)
    counts = [_count(len(problems) - warnings, "error"), _count(warnings, "warning")]
    summary = f"{file}: {'valid' if valid else 'invalid'}, {', '.join(counts)}"
    return "\n".join([*(p.render() for p in problems), summary])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number or 'no'} {noun}s"


def _json(file: Path, valid: bool, problems: Sequence[Problem]) -> str:
    listed = [
        {
            "code": str(p.code),
            "severity": "warning" if p.warning else "error",
            "message": p.message,
            "file": p.place.file,
            "line": p.place.line,
            "column": p.place.column,
            "hint": p.hint,
        }
        for p in problems
    ]
    return json.dumps(
        {"schema": "probity.lint/v1", "file": str(file), "valid": valid, "problems": listed}, ensure_ascii=False
    )
