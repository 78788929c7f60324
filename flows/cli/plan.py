"""`probity plan`: what an audit would read, and which clause has no evidence to stand on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from checks.unchecked import UncheckedCommitment
from flows.engagement import Engagement, open_engagement
from infra import settings


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(engagement: Path, form: str) -> None:
    """List sources and what each clause needs of them; nothing is fetched."""
    opened = open_engagement(engagement, settings.variable)
    clauses = [_clause(opened, name) for name in opened.contract.commitments]
    sources = [{"kind": s.kind, "assurance": s.assurance.value} for s in opened.sources]
    if form == "json":
        click.echo(
            json.dumps({"schema": "probity.plan/v1", "sources": sources, "clauses": [asdict(c) for c in clauses]})
        )
        return
    for source in sources:
        click.echo(f"source {source['kind']}: worth {source['assurance']}")
    for clause in clauses:
        note = ""
        if not clause.checked:
            note = ": no check for this kind"
        elif clause.without_provider:
            note = f": nothing provides {', '.join(clause.without_provider)}"
        click.echo(f"{clause.commitment} needs {', '.join(clause.needs) or 'nothing'}{note}")


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause with the families it needs and those that no source provides."""

    commitment: str
    kind: str
    checked: bool
    needs: tuple[str, ...]
    without_provider: tuple[str, ...]


def _clause(engagement: Engagement, name: str) -> Clause:
    commitment = engagement.contract.commitments[name]
    provided = frozenset[str]().union(*(s.gives for s in engagement.sources))
    needs = tuple(n.family for n in commitment.needs if n.required)
    return Clause(
        commitment=name,
        kind=commitment.kind,
        checked=not isinstance(commitment, UncheckedCommitment),
        needs=needs,
        without_provider=tuple(sorted(set(needs) - provided)),
    )
