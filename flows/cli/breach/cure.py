"""`probity breach cure`: since when a breach is cured, and what shows it."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, formatted, instant, on_case, stated


@click.command()
@on_case
@click.option("--at", "when", metavar="INSTANT", help="since when it is cured; now without it")
@click.option("--reason", required=True, metavar="TEXT", help="what shows it")
@by_person
@formatted
def command(engagement: Path, case: str, when: str | None, reason: str, who: str | None, form: str) -> None:
    """Record a cure; cure periods end with it, and rights that had arisen stay."""
    from checks.cases.entry import Cured  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    entry = stated(Cured, at=instant(when, "--at", at.now), reason=reason)
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)
