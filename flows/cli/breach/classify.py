"""`probity breach classify`: a person's decision, either way, on record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evidence.errors import BadInput, Place, Problem
from flows.cli.breach.desk import Desk, acting, by_person, formatted, on_case, stated

if TYPE_CHECKING:
    from checks.cases.entry import Entry


@click.command()
@on_case
@click.option("--rule", "rules", multiple=True, metavar="NAME", help="a duty that arises, such as gdpr-33")
@click.option("--not-applicable", "without", multiple=True, metavar="RULE=REASON", help="a duty that does not, and why")
@click.option("--not-notified", is_flag=True, help="nobody is notified, because of --reason")
@click.option("--reason", metavar="TEXT", help="why")
@click.option("--country", "countries", multiple=True, metavar="CODE", help="ISO 3166, for public holidays")
@click.option("--entity", "entities", multiple=True, metavar="KIND", help="such as credit-institution")
@click.option("--circumstance", "circumstances", multiple=True, metavar="NAME", help="such as death")
@click.option("--affected", type=click.IntRange(min=0), help="how many people are affected")
@click.option("--within", metavar="24h", help="the contract's hours; those of its breach-notification without it")
@click.option("--tz", "zone", metavar="ZONE", help="zone in which days end")
@by_person
@formatted
def command(
    engagement: Path,
    case: str,
    rules: tuple[str, ...],
    without: tuple[str, ...],
    not_notified: bool,
    reason: str | None,
    countries: tuple[str, ...],
    entities: tuple[str, ...],
    circumstances: tuple[str, ...],
    affected: int | None,
    within: str | None,
    zone: str | None,
    who: str | None,
    form: str,
) -> None:
    """Decide which duties arise (--rule, each time all of them), or that nobody is notified (--not-notified).

    Clocks start with the decision and run from the anchors of the case. What the law is for this case the program does
    not know. Countries, entities and zone come from the audit file's `breach` section where they are not given.
    """
    from flows.cases import record  # noqa: PLC0415 - `--help` opens nothing
    from flows.cli.breach.deadlines import hours  # noqa: PLC0415
    from flows.cli.breach.shown import echo  # noqa: PLC0415

    at = acting(engagement, who)
    if not reason:
        raise BadInput(Problem("B032", "a decision needs its reason", Place("--reason"), "--reason TEXT"))
    if not_notified == bool(rules):
        raise BadInput(
            Problem("B032", "either duties arise or nobody is notified", Place("--rule"), "or --not-notified")
        )
    given = {
        "countries": countries,
        "entities": entities,
        "circumstances": circumstances,
        "affected": affected,
        "contract_hours": hours(within),
        "zone": zone,
    }
    told = {name: value for name, value in given.items() if value is not None and value != ()}
    entry = _duties(at, rules, _reasons(without), reason, told) if rules else _nobody(reason)
    echo(record(at.engagement, case, entry, at.now, at.who), at.now, form)


def _duties(at: Desk, rules: tuple[str, ...], without: dict[str, str], reason: str, told: dict[str, Any]) -> Entry:
    from checks.cases.entry import Classified  # noqa: PLC0415
    from flows.breach_file import BreachSettings  # noqa: PLC0415
    from flows.cases import contract_hours  # noqa: PLC0415

    settings = at.engagement.file.breach or BreachSettings()
    assumed = {
        "countries": settings.countries,
        "entities": settings.entities,
        "contract_hours": contract_hours(at.engagement),
        "zone": settings.tz,
    }
    return stated(Classified, rules=rules, not_applicable=without, reason=reason, **(assumed | told))


def _nobody(reason: str) -> Entry:
    from checks.cases.entry import NotNotified  # noqa: PLC0415

    return stated(NotNotified, reason=reason)


def _reasons(without: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in without:
        rule, given, reason = text.partition("=")
        if not given or not reason:
            hint = "--not-applicable RULE=REASON"
            raise BadInput(Problem("B032", f"{text[:60]!r} has no reason", Place("--not-applicable"), hint))
        found[rule] = reason
    return found
