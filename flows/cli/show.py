"""`probity show`: the findings of a verified bundle at the terminal, or one of them with all that is behind it."""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evidence.errors import BadInput, Place, Problem
from evidence.verification import printable
from flows.cli.table import GLYPHS, findings_text
from flows.cli.verified import verified_content

if TYPE_CHECKING:
    from evidence.model import Finding
    from flows.holdings import Holding
    from flows.sealed import SealedAudit

WIDTH, LABEL = 100, 11


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("clause", required=False)
@click.option("--trust", type=click.Path(path_type=Path), help="trust folder, obtained by another channel")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(bundle: Path, clause: str | None, trust: Path | None, form: str) -> None:
    """Show the findings of a bundle that verifies, or of one CLAUSE everything that is sealed about it.

    Exit code 0 whatever the findings say; 4, and nothing shown, when the bundle does not verify.
    """
    from flows.holdings import described, holdings  # noqa: PLC0415 - `--help` reads no bundle
    from flows.sealed import open_sealed  # noqa: PLC0415

    audit = open_sealed(verified_content(bundle, trust))
    findings = audit.result.findings if clause is None else (_chosen(audit, clause),)
    families = None if clause is None else _families(audit, clause)
    held = tuple(h for h in holdings(audit.cards) if families is None or h.family in families)
    if form == "json":
        click.echo(json.dumps(_json(audit, findings, held), ensure_ascii=False))
        return
    lines = findings_text(audit.result, str(bundle)).splitlines() if clause is None else _detail(audit, findings[0])
    lines += ["", "evidence", *(f"  {h.family}: {described(h)}" for h in held)]
    click.echo("\n".join(printable(line) for line in lines))


def _chosen(audit: SealedAudit, clause: str) -> Finding:
    found = {f.commitment: f for f in audit.result.findings}
    if clause not in found:
        close = difflib.get_close_matches(clause, found, 1)
        hint = f"did you mean '{close[0]}'?" if close else f"it has {', '.join(found)}"
        raise BadInput(Problem("V006", f"the bundle has no clause {clause!r}", Place("show"), hint))
    return found[clause]


def _families(audit: SealedAudit, clause: str) -> frozenset[str] | None:
    """Return the families that a clause's kind reads; None, which is all, for a kind that this version lacks."""
    from checks.commitments import discover  # noqa: PLC0415

    kind = discover().get(_chosen(audit, clause).kind)
    return None if kind is None else frozenset(need.family for need in kind.needs)


def _json(audit: SealedAudit, findings: Iterable[Finding], held: Iterable[Holding]) -> dict[str, Any]:
    stated = audit.result.as_json()
    head = {key: stated[key] for key in ("contract", "period", "as_of", "status")}
    shown = {e.artefact for f in findings for e in f.exhibits}
    return {
        "schema": "probity.show/v1",
        **head,
        "run": audit.content.facts.run,
        "findings": [f.as_json() for f in findings],
        "evidence": [h.as_json() for h in held],
        "artefacts": [card.as_json() for card in audit.cards if card.artefact in shown],
    }


def _detail(audit: SealedAudit, finding: Finding) -> list[str]:
    status = finding.status.value.replace("_", " ")
    reasons = f" [{', '.join(finding.reasons)}]" if finding.reasons else ""
    overlay = " (provisional)" if finding.provisional else ""
    head = f"{GLYPHS[finding.status]} {finding.commitment}  {status}{overlay}{reasons} · {finding.severity}"
    return [head, "", *_facts(finding), *_coverage(finding), *_exhibits(audit, finding)]


def _facts(finding: Finding) -> Iterator[str]:
    counts = {k: v for k, v in finding.population.as_json().items() if v is not None}
    measure, waiver = finding.measure, finding.waived
    rows = {
        "because": finding.because,
        "kind": finding.kind,
        "clause": finding.clause,
        "quote": finding.quote,
        "promise": finding.promise,
        "test": finding.test,
        "assurance": finding.assurance or "",
        "population": ", ".join(f"{number:,} {word}" for word, number in counts.items()),
        "measure": f"{measure.name}: worst {measure.worst}, limit {measure.limit} {measure.unit}" if measure else "",
        "waiver": f"{waiver.state}: {waiver.reason}, by {waiver.approver} until {waiver.expires_on}" if waiver else "",
        "remedy": " · ".join(finding.remedy.values()),
    }
    for label, text in rows.items():
        if text:
            yield from _wrapped(label, text)


def _wrapped(label: str, text: str) -> list[str]:
    safe = text.replace("\n", " ")
    folded = textwrap.wrap(safe, WIDTH - LABEL - 2, break_on_hyphens=False) or [""]
    return [f"{label if n == 0 else '':<{LABEL}}  {line}" for n, line in enumerate(folded)]


def _coverage(finding: Finding) -> Iterator[str]:
    for number, row in enumerate(finding.coverage):
        counted = "" if row.observed is None else f" {row.observed:,} of {row.expected or 0:,}"
        note = f" · {row.note}" if row.note else ""
        said = f"{'✓' if row.covered else '✕'} {row.subject}{counted}{note}"
        yield f"{'coverage' if number == 0 else '':<{LABEL}}  {said}"


def _exhibits(audit: SealedAudit, finding: Finding) -> Iterator[str]:
    addresses = {card.artefact: card.address for card in audit.cards}
    for number, exhibit in enumerate(finding.exhibits):
        measure = f" · {exhibit.measure}" if exhibit.measure is not None else ""
        why = f" · {exhibit.why}" if exhibit.why else ""
        yield f"{'exhibits' if number == 0 else '':<{LABEL}}  {exhibit.outcome} {exhibit.record}{measure}{why}"
        if exhibit.artefact:
            yield f"{'':<{LABEL}}    {exhibit.artefact}"
            yield f"{'':<{LABEL}}    {addresses.get(exhibit.artefact, '')}"
