"""`probity export`: a verified bundle's findings in a format of other tools."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.cli.verified import verified_content
from flows.cli.written import write_result

FORMATS = ("oscal", "ocsf", "junit", "sarif", "csv")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder, obtained by another channel")
@click.option("--to", "form", required=True, type=click.Choice(FORMATS), help="the format to write")
@click.option("--out", type=click.Path(path_type=Path), help="file to write; standard output without it")
def command(bundle: Path, trust: Path | None, form: str, out: Path | None) -> None:
    """Write every finding of a bundle that verifies as OSCAL, OCSF, JUnit, SARIF or CSV.

    Exit code 0 whatever the findings say; 4, and nothing written, when the bundle does not verify; 5, and nothing
    written, when the format cannot carry a finding whole.
    """
    from flows.export import export  # noqa: PLC0415 - `--help` reads no contract
    from flows.export.subject import subject_of  # noqa: PLC0415
    from flows.sealed import open_sealed  # noqa: PLC0415

    data = export(form, subject_of(open_sealed(verified_content(bundle, trust))))
    if out is None:
        sys.stdout.buffer.write(data)
        return
    write_result(out, data)
    click.echo(str(out))
