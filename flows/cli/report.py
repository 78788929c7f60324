"""`probity report`: take the report out of a bundle, after verifying the bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evidence.errors import OutputFailed
from flows.cli.verified import verified_content

REPORT = "data/report.html"


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder")
@click.option("--out", type=click.Path(path_type=Path), help="file to write; standard output without it")
def command(bundle: Path, trust: Path, out: Path | None) -> None:
    """Write the HTML report of a bundle that verifies; exit 4 and write nothing when it does not."""
    page = verified_content(bundle, trust).read(REPORT)
    if out is None:
        sys.stdout.buffer.write(page)
        return
    partial = out.with_name(f".{out.name}.partial")
    try:
        partial.write_bytes(page)
        partial.replace(out)
    except OSError as cause:
        raise OutputFailed(f"cannot write {out}: {cause.strerror or cause}") from cause
    click.echo(str(out))
