"""`probity breach list`: the cases of an engagement, those first whose clocks end first."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.cli.breach.desk import desk, formatted

if TYPE_CHECKING:
    from checks.cases.case import Case


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--all", "everything", is_flag=True, help="closed cases as well")
@formatted
def command(engagement: Path, everything: bool, form: str) -> None:
    """List open cases with their state, their clocks and the head of their log.

    A head (`SEQ:SHA256`) that is kept elsewhere shows later whether the log still has it: `breach show --head`.
    """
    from flows.cases import cases  # noqa: PLC0415 - calendars take their time to import
    from flows.cli.breach.shown import brief, case_json  # noqa: PLC0415

    at = desk(engagement)
    found = [case for case in cases(at.engagement) if everything or case.closed is None]
    found.sort(key=lambda case: (_soonest(case, at.now), case.id))
    if form == "json":
        shown = {"schema": "probity.cases/v1", "cases": [case_json(case, at.now) for case in found]}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    for case in found:
        click.echo(f"{brief(case, at.now)}\n  head {case.head}")
    if not found:
        click.echo("no open case" if not everything else "no case")


def _soonest(case: Case, now: datetime) -> str:
    from evidence.model import instant_text  # noqa: PLC0415
    from flows.cases import running_clocks  # noqa: PLC0415

    return min((instant_text(c.due) for c in running_clocks(case, now) if c.due is not None), default="9999")
