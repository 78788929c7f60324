"""`probity doctor`: whether an audit could run now: what can be reached, with which rights, and what time it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra import settings

if TYPE_CHECKING:
    from flows.examining import Examined


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(engagement: Path, form: str) -> int:
    """Look at every source, key, authority, ledger and store of an engagement, at the disk and at the clock.

    Only harmless reads are sent, and a time stamp of nothing. Exit codes: 0 an audit could run, warnings included; 2 a
    file, variable or right must be corrected; 3 a source cannot be read; 4 what is kept
    contradicts itself; 5 a bundle could not be sealed or stored.
    """
    from flows.examining import examine, exit_code  # noqa: PLC0415 - nothing of it is needed for `--help`
    from flows.wiring import examination  # noqa: PLC0415

    found: list[Examined] = []
    for one in examine(*examination(engagement)):
        found.append(one)
        if form == "text":
            click.echo(settings.masked(_text(one)))
    code = exit_code(found)
    if form == "json":
        click.echo(settings.masked(_json(found, code)))
    return code


def _text(one: Examined) -> str:
    lines = [f"  {seen.outcome.value:<13} {seen.what}: {seen.detail}" for seen in one.observations]
    return "\n".join([one.part, *lines])


def _json(found: Sequence[Examined], code: int) -> str:
    parts = [
        {
            "part": one.part,
            "outcome": one.worst.value,
            "observations": [
                {
                    "what": seen.what,
                    "outcome": seen.outcome.value,
                    "detail": seen.detail,
                    "clock_offset_ms": seen.clock_offset_ms,
                }
                for seen in one.observations
            ],
        }
        for one in found
    ]
    return json.dumps({"schema": "probity.doctor/v1", "exit_code": code, "parts": parts}, ensure_ascii=False)
