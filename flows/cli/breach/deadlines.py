"""`probity breach deadlines`: when one notice is due, and to whom. Deadlines are computed; people act."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import click

from evidence.errors import BadInput, Place, Problem
from evidence.model import instant_text

if TYPE_CHECKING:
    from checks.clocks.deadline import Deadline

_HOURS = re.compile(r"([1-9][0-9]{0,3})h", re.ASCII)


@click.command()
@click.option("--rule", required=True, metavar="NAME", help="such as gdpr-33; an unknown name lists all")
@click.option("--anchor", "anchors", multiple=True, metavar="NAME=INSTANT", help="such as aware=2026-10-23T18:30:00Z")
@click.option(
    "--tz", "zone", metavar="ZONE", help="zone in which days end and times are shown, such as Europe/Brussels"
)
@click.option("--country", "countries", multiple=True, metavar="CODE", help="ISO 3166, for public holidays: BE, DE-BY")
@click.option("--entity", "entities", multiple=True, metavar="KIND", help="such as credit-institution (DORA art. 2)")
@click.option("--circumstance", "circumstances", multiple=True, metavar="NAME", help="such as death (AI Act art. 73)")
@click.option("--affected", type=click.IntRange(min=0), help="how many people are affected")
@click.option("--within", metavar="24h", help="the contract's own number of hours")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    rule: str,
    anchors: tuple[str, ...],
    zone: str | None,
    countries: tuple[str, ...],
    entities: tuple[str, ...],
    circumstances: tuple[str, ...],
    affected: int | None,
    within: str | None,
    form: str,
) -> None:
    """Compute the deadline of one rule; exit 3 while the anchor it runs from is not known."""
    from checks.clocks.anchor import read_anchor  # noqa: PLC0415 - calendars take their time to import
    from checks.clocks.deadline import Facts, Standing, deadline  # noqa: PLC0415
    from checks.clocks.rule import rule_named  # noqa: PLC0415

    read = [read_anchor(text) for text in anchors]
    named = {anchor.name: anchor for anchor in read}
    if len(named) < len(read):
        raise BadInput(Problem("B002", "an anchor is given twice", Place("--anchor"), "give each once"))
    facts = Facts(
        anchors=named,
        entities=frozenset(entities),
        countries=countries,
        circumstances=frozenset(circumstances),
        affected=affected,
        contract_hours=hours(within),
        zone=zone,
    )
    found = deadline(rule_named(rule), facts)
    click.echo(json.dumps(_json(found), ensure_ascii=False) if form == "json" else _text(found))
    raise SystemExit(3 if found.standing is Standing.ANCHOR_MISSING else 0)


def hours(text: str | None) -> int | None:
    """Return the hours of `24h`; BadInput for anything else."""
    if text is None:
        return None
    match = _HOURS.fullmatch(text)
    if match is None:
        raise BadInput(Problem("B005", f"{text[:20]!r} is no number of hours", Place("--within"), "write it as 24h"))
    return int(match[1])


def _json(found: Deadline) -> dict[str, Any]:
    return {
        "schema": "probity.deadline/v1",
        "rule": found.rule.id,
        "version": found.rule.version,
        "due_utc": None if found.due is None else instant_text(found.due),
        "due_local": None if found.due is None else found.due.astimezone(found.zone).isoformat(),
        "status": found.standing.value,
        "basis": found.basis,
        "outer_utc": None if found.outer is None else instant_text(found.outer),
        "assumptions": list(found.assumptions),
        "tz": found.zone.key,
        "calendar": found.calendar,
        "recipient": found.rule.recipient,
        "legal_ref": found.rule.legal_ref,
        "reviewed_on": found.rule.reviewed_on.isoformat(),
    }


def _text(found: Deadline) -> str:
    due = "no deadline" if found.due is None else f"due {found.due.astimezone(found.zone):%a %Y-%m-%d %H:%M:%S %Z}"
    utc = "" if found.due is None else f" ({instant_text(found.due)})"
    lines = [f"{found.rule.id}: {due}{utc}, {found.standing.value}", f"  {found.basis}", f"  to {found.rule.recipient}"]
    if found.outer is not None:
        lines.append(f"  outer limit {instant_text(found.outer)}, for information")
    return "\n".join([*lines, *(f"  * {text}" for text in found.assumptions)])
