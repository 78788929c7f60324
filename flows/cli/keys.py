"""`probity keys new`: make a signing key and the trust folder that a reader is handed by another channel."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from evidence.keys import make_keys


@click.group()
def command() -> None:
    """Make the keys that seal bundles."""


@command.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--name", default="audit seal", show_default=True, help="who holds the keys, as readers will see it")
@click.option("--passphrase", envvar="PROBITY_PASSPHRASE", help="encrypts the private keys; better given as a variable")
@click.option("--tsa-roots", type=click.Path(path_type=Path), help="root certificates of time-stamping authorities")
def new(directory: Path, name: str, passphrase: str | None, tsa_roots: Path | None) -> None:
    """Write DIRECTORY/private (keys that sign), DIRECTORY/root (keep it offline) and DIRECTORY/trust (for readers)."""
    try:
        roots = tsa_roots.read_bytes() if tsa_roots is not None else None
    except OSError as cause:
        raise BadInput(Problem("T002", f"cannot be read ({cause.strerror})", Place(str(tsa_roots)))) from cause
    make_keys(directory, name, datetime.now(UTC), passphrase=passphrase or None, tsa_roots=roots)
    click.echo(f"{directory / 'private'}: the keys that sign; keep them")
    click.echo(f"{directory / 'root'}: certifies the seal; no audit needs it, keep it offline")
    click.echo(f"{directory / 'trust'}: hand this to readers")
