"""`probity plan`: what an audit would fetch and as whom, and what each clause gets from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from infra import settings

if TYPE_CHECKING:
    from flows.planning import Plan, PlannedClause


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(engagement: Path, form: str) -> None:
    """List what would be fetched, with which identity, and what each clause gets and lacks; nothing is sent."""
    from flows.engagement import open_engagement  # noqa: PLC0415 - nothing of it is needed for `--help`
    from flows.planning import plan  # noqa: PLC0415

    found = plan(open_engagement(engagement, settings.variable))
    click.echo(
        settings.masked(json.dumps(_json(found), ensure_ascii=False) if form == "json" else "\n".join(_text(found)))
    )


def _text(found: Plan) -> Iterator[str]:
    for source in found.sources:
        yield f"source {source.name}, worth {source.assurance.value}"
        for fetch in source.fetches:
            whom = f" as {fetch.identity}" if fetch.identity else ""
            given = f" -> {', '.join(_short(fetch.families))}" if fetch.families else ""
            yield f"  {fetch.address}{whom}{given}{f' ({fetch.note})' if fetch.note else ''}"
            yield from (f"    | {line}" for line in fetch.sends.splitlines())
    yield "afterwards"
    yield from (f"  {line}" for line in found.afterwards)
    for clause in found.clauses:
        yield f"{clause.commitment} {clause.kind} ({clause.clause})"
        for supply in clause.evidence:
            optional = "" if supply.required else ", if there is any"
            yield f"  {supply.family} from {', '.join(supply.sources) or 'nowhere'}{optional}"
        yield from (f"  lacks {lack}" for lack in clause.lacks)


def _short(families: tuple[str, ...], most: int = 8) -> list[str]:
    more = [f"and {len(families) - most} more"] if len(families) > most else []
    return [*families[:most], *more]


def _json(found: Plan) -> dict[str, object]:
    return {
        "schema": "probity.plan/v1",
        "sources": [
            {
                "number": source.number,
                "kind": source.kind,
                "assurance": source.assurance.value,
                "fetches": [fetch._asdict() for fetch in source.fetches],
            }
            for source in found.sources
        ],
        "afterwards": list(found.afterwards),
        "clauses": [_clause(clause) for clause in found.clauses],
    }


def _clause(clause: PlannedClause) -> dict[str, object]:
    missing = [supply.family for supply in clause.evidence if supply.required and not supply.sources]
    return {
        "commitment": clause.commitment,
        "kind": clause.kind,
        "clause": clause.clause,
        "checked": clause.checked,
        "needs": [supply.family for supply in clause.evidence if supply.required],
        "without_provider": missing,
        "evidence": [
            {"family": supply.family, "required": supply.required, "sources": list(supply.sources)}
            for supply in clause.evidence
        ],
        "lacks": list(clause.lacks),
    }
