"""`probity verify`: check a bundle offline against a trust folder; the same code as `python -m evidence verify`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from evidence.verify import parse_at, run_verify


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--trust", type=click.Path(path_type=Path), help="trust folder or trust file, obtained by another channel"
)
@click.option("--at", metavar="INSTANT", help="verify as of this instant, with an offset; without it as of now")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(bundle: Path, trust: Path | None, at: str | None, form: str) -> None:
    """Verify a bundle; exit 0 when everything the trust folder demands was proved, else 4."""
    instant = datetime.now(UTC) if at is None else parse_at(at)
    raise SystemExit(run_verify(bundle, trust, form, sys.stdout, sys.stderr, at=instant))
