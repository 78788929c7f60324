"""`probity breach approve`: another person than the drafters approves exactly this text for its addressee."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, digest_given, digest_option, formatted, on_case, stated


@click.command()
@on_case
@click.argument("notice")
@digest_option
@by_person
@formatted
def command(engagement: Path, case: str, notice: str, digest: str, who: str | None, form: str) -> None:
    """Approve a text and its addressee by their digest. Exit code 4 for a drafter, and for the digest of another text.

    A later text or addressee ends the approval. Nothing leaves without one.
    """
    from checks.cases.entry import Approved  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    entry = stated(Approved, notice=notice, sha256=digest_given(digest))
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)
