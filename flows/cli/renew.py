"""`probity renew`: prolong a stamped bundle with one more archive stamp; no signing key is needed."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path

import click

from evidence.errors import OutputFailed
from evidence.renewal import renew
from evidence.trust import load_trust
from evidence.verify import verify
from infra.tsa import authority


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--tsa", "urls", multiple=True, required=True, metavar="URL", help="time-stamping authority; repeatable")
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder that the bundle verifies against")
@click.option("--out", type=click.Path(path_type=Path), help="the renewed bundle; without it BUNDLE-renewed.zip")
def command(bundle: Path, urls: tuple[str, ...], trust: Path | None, out: Path | None) -> None:
    """Write a copy of BUNDLE with a new archive list and stamp; BUNDLE stays as it is.

    With --trust the bundle must verify before, and the copy after: exit 4 otherwise. A stamp cannot repair a bundle
    whose earlier stamps have already ended.
    """
    trusted = load_trust(trust) if trust is not None else None
    if trusted is not None:
        verify(bundle, trusted, at=datetime.now(UTC)).content()
    else:
        click.echo("not verified: without --trust nobody has checked what is being prolonged", err=True)
    target = out if out is not None else bundle.with_name(f"{bundle.stem}-renewed.zip")
    renewed = renew(bundle, target, [authority(url, secrets.randbits) for url in urls])
    if trusted is not None and not (after := verify(renewed, trusted, at=datetime.now(UTC))).verified:
        renewed.unlink()
        raise OutputFailed(
            f"{renewed.name}: does not verify ({after.reason}); is the authority's root in tsa-roots.pem?"
        )
    click.echo(str(renewed))
