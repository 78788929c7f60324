"""`probity breach close`: the end of a case."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, formatted, on_case, stated


@click.command()
@on_case
@click.option("--reason", required=True, metavar="TEXT", help="facts, effects and remedial action (GDPR art. 33(5))")
@by_person
@formatted
def command(engagement: Path, case: str, reason: str, who: str | None, form: str) -> None:
    """Close a case and release what it held.

    It must be decided, somebody told under every rule that applies, and every notice in the outbox delivered. The log
    stays; what is new opens another case.
    """
    from checks.cases.entry import Closing  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import case as read  # noqa: PLC0415
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415
    from flows.notices import refuse_undelivered  # noqa: PLC0415

    at = acting(engagement, who)
    refuse_undelivered(at.engagement, read(at.engagement, case))
    echo(record(at.engagement, case, stated(Closing, reason=reason), at.now, at.who), at.now, form)
