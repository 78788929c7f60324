"""A rule of notification as data: its source, effective dates, the anchors it runs from, the form of its period."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib import resources
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed

#: Instants a period may run from, with what each is.
ANCHORS: Mapping[str, str] = {
    "aware": "when whoever must notify became aware",
    "classified": "when the incident was classified as major",
    "initial_submitted": "when the initial notification was submitted",
    "latest_intermediate": "when the latest intermediate report, or its latest update, was submitted",
    "notification_submitted": "when the notification was submitted",
    "determined": "when it was determined that the incident occurred, or is material",
    "discovered": "when the breach was discovered, or with diligence would have been",
}
#: Kinds of financial entity: Regulation (EU) 2022/2554 art. 2(1); and standings under Directive (EU) 2022/2555.
ENTITIES = (
    "account-information-service-provider",
    "administrator-of-critical-benchmarks",
    "ancillary-insurance-intermediary",
    "central-counterparty",
    "central-securities-depository",
    "credit-institution",
    "credit-rating-agency",
    "crowdfunding-service-provider",
    "crypto-asset-service-provider",
    "data-reporting-service-provider",
    "electronic-money-institution",
    "institution-for-occupational-retirement-provision",
    "insurance-intermediary",
    "insurance-undertaking",
    "investment-firm",
    "issuer-of-asset-referenced-tokens",
    "management-company",
    "manager-of-alternative-investment-funds",
    "nis2-essential",
    "nis2-important",
    "payment-institution",
    "reinsurance-intermediary",
    "reinsurance-undertaking",
    "securitisation-repository",
    "trade-repository",
    "trading-venue",
    "trust-service-provider",
)
CIRCUMSTANCES = ("critical-infrastructure", "death", "widespread-infringement")


class Hours(Closed):
    """So many hours, elapsed: no weekend, holiday or change of the clock lengthens or shortens them."""

    kind: Literal["hours"]
    anchor: str
    hours: int
    for_entity: dict[str, int] = {}


class ContractHours(Closed):
    """Hours that the contract states."""

    kind: Literal["contract-hours"]
    anchor: str


class Classification(Closed):
    """Hours from classification, and not later than a cap from awareness unless classified after it."""

    kind: Literal["classification"]
    anchor: str
    classified: str
    hours_after_classified: int
    cap_hours: int


class Months(Closed):
    """Calendar months; the last day of a shorter month stands for a day it does not have."""

    kind: Literal["months"]
    anchor: str
    months: int


class Days(Closed):
    """Calendar days that no weekend moves."""

    kind: Literal["days"]
    anchor: str
    days: int


class UnionDays(Closed):
    """Days under Regulation (EEC, Euratom) 1182/71 art. 3(4) and (5); the shortest that a circumstance gives."""

    kind: Literal["union-days"]
    anchor: str
    days: int
    for_circumstance: dict[str, int] = {}


class BusinessDays(Closed):
    """Business days of a calendar, until a time of the last one."""

    kind: Literal["business-days"]
    anchor: str
    days: int
    until: time


class YearEnd(Closed):
    """Days after the end of the calendar year; from the anchor where so many are affected."""

    kind: Literal["year-end"]
    anchor: str
    days: int
    affected: int
    days_if_affected: int


class NoNumber(Closed):
    """A duty to which the law gives no number."""

    kind: Literal["no-number"]
    anchor: str


Form: TypeAlias = Annotated[
    Hours | ContractHours | Classification | Months | Days | UnionDays | BusinessDays | YearEnd | NoNumber,
    Field(discriminator="kind"),
]


class Relief(Closed):
    """More time where the limit falls on a non-working day; not for some entities."""

    by: Literal["noon"]
    unless_entity: tuple[str, ...] = ()


class Rule(Closed):
    """One duty to notify. `zone` is where its days end if nobody says otherwise; `calendar` is fixed by the rule."""

    id: str
    version: int
    effective_from: date
    effective_to: date | None = None
    anchors: tuple[str, ...]
    recipient: str
    legal_ref: str
    form: Form
    zone: str | None = None
    calendar: str | None = None
    union_period: bool = False
    relief: Relief | None = None
    assumptions: tuple[str, ...] = ()
    reviewed_on: date


@cache
def rules() -> Mapping[str, Rule]:
    """Return every rule by name, from the files beside this one."""
    found: dict[str, Rule] = {}
    for file in resources.files("checks.clocks").joinpath("rules").iterdir():
        if file.name.endswith(".toml"):
            stated = tomllib.loads(file.read_text("utf-8"))
            for each in stated["rule"]:
                rule = Rule.model_validate(each | {"reviewed_on": stated["reviewed_on"]})
                found[rule.id] = rule
    return dict(sorted(found.items()))


def rule_named(name: str) -> Rule:
    """Return one rule; `BadInput` names those there are."""
    try:
        return rules()[name]
    except KeyError:
        hint = f"there are {', '.join(rules())}"
        raise BadInput(Problem("B001", f"there is no rule {name!r}", Place("--rule"), hint)) from None
