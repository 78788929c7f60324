"""`probity report`: take the report out of a bundle, after verifying the bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from evidence.manifest import REPORT, REPORT_PDF
from flows.cli.verified import verified_content
from flows.cli.written import write_result

FORMATS = {"html": REPORT, "pdf": REPORT_PDF}


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", required=True, type=click.Path(path_type=Path), help="trust folder")
@click.option("--out", type=click.Path(path_type=Path), help="file to write; standard output without it")
@click.option("--format", "form", type=click.Choice([*FORMATS]), help="else by the suffix of --out, else html")
def command(bundle: Path, trust: Path, out: Path | None, form: str | None) -> None:
    """Write the report of a bundle that verifies; exit 4 and write nothing when it does not."""
    suffix = out.suffix.lower().removeprefix(".") if out else ""
    member = FORMATS[form or (suffix if suffix in FORMATS else "html")]
    if out is None and member == REPORT_PDF and sys.stdout.isatty():
        raise click.UsageError("a PDF is not for a terminal: give --out FILE, or send the output elsewhere")
    content = verified_content(bundle, trust)
    if member not in content.names():
        raise click.UsageError(f"the bundle verifies but has no {member}; take the other one: --format html")
    report = content.read(member)
    if out is None:
        sys.stdout.buffer.write(report)
        return
    write_result(out, report)
    click.echo(str(out))
