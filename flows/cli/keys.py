"""`probity keys new`: make a signing key and the trust folder that a reader is handed by another channel."""

from __future__ import annotations

from pathlib import Path

import click

from evidence.keys import make_keys


@click.group()
def command() -> None:
    """Make the keys that seal bundles."""


@command.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--name", default="audit seal", show_default=True, help="who holds the key, as readers will see it")
def new(directory: Path, name: str) -> None:
    """Write DIRECTORY/private (the signing key) and DIRECTORY/trust (for readers)."""
    make_keys(directory, name)
    click.echo(f"{directory / 'private'}: the signing key; keep it\n{directory / 'trust'}: hand this to readers")
