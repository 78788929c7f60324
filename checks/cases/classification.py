"""What a classification may name: rules, entities, circumstances, calendars and zones that there are."""

from __future__ import annotations

from checks.cases.case import OWED_TO_US
from checks.cases.entry import Classified
from checks.clocks.anchor import zone_named
from checks.clocks.calendar import calendar_named
from checks.clocks.rule import CIRCUMSTANCES, ENTITIES, rule_named
from evidence.errors import BadInput, Place, Problem


def check(entry: Classified) -> None:
    """Raise `BadInput` with everything in it that is not known, and what is missing that a time depends on."""
    problems: list[Problem] = []
    for name in (*entry.rules, *entry.not_applicable):
        try:
            rule_named(name)
        except BadInput as cause:
            problems += cause.problems
    for given, known, where in (
        (entry.entities, ENTITIES, "--entity"),
        (entry.circumstances, CIRCUMSTANCES, "--circumstance"),
    ):
        hint = f"there are {', '.join(known)}"
        problems += [Problem("B004", f"{n[:60]!r} is not known", Place(where), hint) for n in given if n not in known]
    if both := set(entry.rules) & set(entry.not_applicable):
        problems.append(Problem("B022", f"{min(both)} both applies and does not", Place("--not-applicable"), ""))
    if OWED_TO_US in entry.rules and entry.contract_hours is None:
        hint = "give --within 24h, as the contract says"
        problems.append(Problem("B005", "the contract's number of hours is needed", Place("--within"), hint))
    if entry.affected is None and "hipaa-hhs" in entry.rules:
        hint = "--affected COUNT; where it is not known yet, 500: the shorter time holds whatever it turns out to be"
        problems.append(Problem("B005", "hipaa-hhs depends on how many are affected", Place("--affected"), hint))
    if problems:
        raise BadInput(*problems)
    for country in entry.countries:
        calendar_named(country)
    if entry.zone is not None:
        zone_named(entry.zone)
