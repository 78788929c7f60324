"""`probity breach review`: another person read exactly this text and its addressee."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, digest_given, digest_option, formatted, on_case, stated


@click.command()
@on_case
@click.argument("notice")
@digest_option
@click.option("--remark", default="", help="what is to be kept with the review")
@by_person
@formatted
def command(engagement: Path, case: str, notice: str, digest: str, remark: str, who: str | None, form: str) -> None:
    """Record a review. Exit code 4 for a drafter of the notice, and for the digest of another text."""
    from checks.cases.entry import Reviewed  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    entry = stated(Reviewed, notice=notice, sha256=digest_given(digest), remark=remark)
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)
