"""`probity breach templates`: which notices there are, and what each needs."""

from __future__ import annotations

import json
from pathlib import Path

import click

from flows.cli.breach.desk import desk, formatted


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@formatted
def command(engagement: Path, form: str) -> None:
    """List templates with the facts they require, who receives the notice, and what facts are called."""
    from checks.notices.template import catalogue  # noqa: PLC0415 - `--help` opens nothing
    from flows.notices import available  # noqa: PLC0415

    found = available(desk(engagement).engagement)
    if form == "json":
        listed = [t.model_dump(mode="json", exclude={"body"}) for t in found.values()]
        click.echo(json.dumps({"schema": "probity.templates/v1", "templates": listed, "facts": dict(catalogue())}))
        return
    for name, each in found.items():
        way = "put into the outbox" if each.delivery == "outbox" else "submitted by a person"
        click.echo(f"{name}: {each.title}; to {each.recipient}, {way}; {each.law}")
        required = (*each.required, *(f"{fact} (if late)" for fact in each.required_if_late))
        fields = "the fields of the form, as dora-1.1 to dora-4.16" if each.form == "dora" else ""
        click.echo(f"  requires {', '.join(required) or fields}")
    click.echo("\nfacts:")
    for name, label in catalogue().items():
        click.echo(f"  {name}: {label}")
