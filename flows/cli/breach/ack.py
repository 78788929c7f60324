"""`probity breach ack`: the recipient confirmed a notice."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, formatted, instant, on_case, stated


@click.command()
@on_case
@click.argument("notice")
@click.option("--reference", required=True, metavar="TEXT", help="what the recipient calls it, or how it confirmed")
@click.option("--at", "when", metavar="INSTANT", help="when it was confirmed; now without it")
@by_person
@formatted
def command(
    engagement: Path, case: str, notice: str, reference: str, when: str | None, who: str | None, form: str
) -> None:
    """Record an acknowledgement."""
    from checks.cases.entry import Acknowledged  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    entry = stated(Acknowledged, notice=notice, reference=reference, at=instant(when, "--at", at.now))
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)
