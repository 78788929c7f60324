"""`probity breach triage`: a person takes a case up."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, formatted, on_case, stated


@click.command()
@on_case
@click.option("--note", default="", help="what is done about it now")
@by_person
@formatted
def command(engagement: Path, case: str, note: str, who: str | None, form: str) -> None:
    """Record that somebody works on the case; its triage clock runs on until it is classified."""
    from checks.cases.entry import Triage  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    echo(record(at.engagement, case, stated(Triage, note=note), at.now, at.who), at.now, form)
