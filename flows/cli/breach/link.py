"""`probity breach link`: more evidence under the hold of a case."""

from __future__ import annotations

from pathlib import Path

import click

from flows.cli.breach.desk import acting, by_person, formatted, on_case, stated


@click.command()
@on_case
@click.option("--artefact", "artefacts", multiple=True, metavar="SHA256", help="an artefact of the locker")
@click.option("--bundle", "bundles", multiple=True, metavar="NAME", help="the file name of a bundle")
@by_person
@formatted
def command(
    engagement: Path, case: str, artefacts: tuple[str, ...], bundles: tuple[str, ...], who: str | None, form: str
) -> None:
    """Hold more evidence for as long as the case is open: no verb removes or redacts it."""
    from checks.cases.entry import Exhibited, Linked  # noqa: PLC0415 - `--help` opens nothing
    from flows.cases import record  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    if not artefacts and not bundles:
        raise click.UsageError("name an --artefact or a --bundle")
    listed = [Exhibited(kind="artefact", name=f"sha256:{name.removeprefix('sha256:')}") for name in artefacts]
    listed += [Exhibited(kind="bundle", name=Path(name).name) for name in bundles]
    echo(record(at.engagement, case, stated(Linked, evidence=tuple(listed)), at.now, at.who), at.now, form)
