"""`probity keys`: make a signing key and the trust that a reader is handed by another channel, as folder or file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from evidence.errors import BadInput, Place, Problem
from evidence.keys import make_keys
from evidence.trust import load_trust
from evidence.trust_files import open_trust, pack
from flows.cli.written import write_result


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


@command.command(name="trust-file")
@click.argument("trust", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="file to write, such as acme.trust.json")
def pack_trust(trust: Path, out: Path) -> None:
    """Write a trust folder as one file, for `--trust FILE` and for verify.html."""
    load_trust(trust)  # what is wrong with the folder is said now, not to the reader
    write_result(out, pack(open_trust(trust)))
    click.echo(f"{out}: hand this to readers, by another channel than bundles")
