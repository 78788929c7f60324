"""`probity gather`: fetch the evidence into the locker, and judge nothing."""

from __future__ import annotations

import json
import sys

import click

from flows.cli.progress import Progress
from flows.wiring import Request, prepare


@click.command()
@click.argument("engagement", type=click.Path())
@click.option("--period", help="a month 2025-06, a quarter 2025-Q2 or a year 2025")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(engagement: str, period: str | None, form: str) -> None:
    """Gather the evidence of the engagement in a folder; exit 3 when a source could not be read to its end."""
    from flows import pipeline  # noqa: PLC0415 - the pipeline is not in the base install

    with Progress(sys.stderr) as progress:
        prepared = prepare(Request(engagement, period), progress.tell)
        try:
            collected = pipeline.gather(prepared.engagement, prepared.run)
        finally:
            pipeline.clear(prepared.run)
        cards = collected.gathered.cards
        progress.note(*collected.gathered.problems, *pipeline.unreadable(cards))
    if form == "json":
        stated = {"schema": "probity.gather/v1", "cards": [card.as_json() for card in cards]}
        click.echo(json.dumps(stated, ensure_ascii=False))
    else:
        for card in cards:
            counts = f"{card.rows} rows, {card.not_relevant} not relevant, {card.duplicates} duplicates"
            click.echo(f"{card.address}: {card.received} received = {counts}, {card.unreadable} unreadable")
    whole = not collected.failed and all(card.complete and not card.unreadable for card in cards)
    raise SystemExit(0 if whole else 3)
