"""`probity breach remedies`: the breach ledger, and what follows from it under the contract; people act on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flows.cli.breach.desk import desk, formatted

if TYPE_CHECKING:
    from checks.amounts import Money
    from checks.cases.remedies import Incident, Ledger


@click.command()
@click.argument("engagement", type=click.Path(path_type=Path))
@formatted
def command(engagement: Path, form: str) -> None:
    """Show every incident once, however many audits saw it, with its cure period, rights and credits.

    The terms are in the file that `breach.remedies` of the audit file names. Nothing is claimed, exercised or sent.
    """
    from checks.cases.remedies import ledgers  # noqa: PLC0415 - `--help` opens nothing
    from checks.cases.remedy_file import load_remedies  # noqa: PLC0415
    from checks.clocks.anchor import zone_named  # noqa: PLC0415
    from flows.breach_file import BreachSettings  # noqa: PLC0415
    from flows.cases import cases  # noqa: PLC0415

    at = desk(engagement)
    settings = at.engagement.file.breach or BreachSettings()
    terms = load_remedies(at.engagement.folder / settings.remedies) if settings.remedies else {}
    found = ledgers(cases(at.engagement), terms, at.now, zone_named(settings.tz or "UTC"))
    if form == "json":
        shown = {"schema": "probity.remedies/v1", "ledgers": [_json(each) for each in found]}
        click.echo(json.dumps(shown, ensure_ascii=False))
        return
    click.echo("\n".join(line for each in found for line in _text(each)) or "no incident")


def _text(ledger: Ledger) -> Iterator[str]:
    from checks.notices.plain import plain  # noqa: PLC0415

    where = f"{ledger.terms.clause}" if ledger.terms else "no terms in the file of remedies"
    yield f"{ledger.commitment}: {len(ledger.incidents)} incident(s); {where}"
    for each in ledger.incidents:
        yield f"  {each.case} since {_at(each.since)}, seen {each.sightings} time(s), {each.decided}"
        if each.remedy:
            yield f"    remedy: {plain(each.remedy)}"
        if each.cure is not None:
            due = f", until {_at(each.cure.due)}" if each.cure.due else ""
            yield f"    cure period: {each.cure.state}{due}"
        if ledger.currency is not None:
            yield f"    credit: {_amount(each.owed, ledger.currency) if each.owed is not None else each.why}"
    if ledger.right is not None and ledger.terms is not None and ledger.terms.right is not None:
        arose = f", arose {_at(ledger.right.arose)}" if ledger.right.arose else ""
        lapses = f", lapses {_at(ledger.right.lapses)}" if ledger.right.lapses else ""
        taken = f"{ledger.right.counted} of {ledger.terms.right.incidents} counted now"
        yield f"  right to {ledger.terms.right.to}: {ledger.right.state}{arose}{lapses} ({taken})"
    if ledger.owed is not None and ledger.currency is not None:
        yield f"  owed in all, as far as computed: {_amount(ledger.owed, ledger.currency)}"


def _json(ledger: Ledger) -> dict[str, Any]:
    right = ledger.right
    return {
        "commitment": ledger.commitment,
        "clause": ledger.terms.clause if ledger.terms else None,
        "incidents": [_incident(each, ledger.currency) for each in ledger.incidents],
        "right": None
        if right is None or ledger.terms is None or ledger.terms.right is None
        else {
            "to": ledger.terms.right.to,
            "state": right.state.value,
            "arose": _at(right.arose),
            "lapses": _at(right.lapses),
            "counted": right.counted,
            "needed": ledger.terms.right.incidents,
        },
        "owed": None if ledger.owed is None else _amount(ledger.owed, ledger.currency),
    }


def _incident(each: Incident, money: Money | None) -> dict[str, Any]:
    cure = each.cure
    return {
        "case": each.case,
        "since": _at(each.since),
        "sightings": each.sightings,
        "decided": each.decided,
        "remedy": each.remedy or None,
        "cure": None if cure is None else {"state": cure.state.value, "from": _at(cure.started), "due": _at(cure.due)},
        "owed": None if each.owed is None else _amount(each.owed, money),
        "not_computed": each.why or None,
    }


def _amount(minor: int, money: Money | None) -> str:
    from checks.terms import decimal_units  # noqa: PLC0415

    return (
        str(minor) if money is None else f"{_padded(decimal_units(minor, money.scale), money.scale)} {money.currency}"
    )


def _padded(text: str, scale: int) -> str:
    whole, _, part = text.partition(".")
    digits = len(str(scale)) - 1
    return f"{whole}.{part.ljust(digits, '0')}" if digits else whole


def _at(instant: datetime | None) -> str | None:
    from evidence.model import instant_text  # noqa: PLC0415

    return None if instant is None else instant_text(instant)
