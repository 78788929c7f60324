"""From a template and a case to the text of a notice: sandboxed Jinja in which nothing undefined passes for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from checks.cases.case import Candidate, Case, digest_of
from checks.cases.clocks import anchor_of, chosen, deadlines
from checks.cases.entry import MAX_TEXT, VENDOR_AWARE
from checks.clocks.anchor import zone_named
from checks.clocks.deadline import Standing
from checks.notices import dora
from checks.notices.plain import is_plain
from checks.notices.sheet import Sheet, indented
from checks.notices.template import Template
from evidence.errors import BadInput, Place, Problem
from evidence.model import instant_text


@dataclass(frozen=True, slots=True)
class Parties:
    """Who made the contract, as notices name them."""

    contract: str
    customer: str
    customer_code: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A text, its SHA-256, and what it says is not yet known."""

    text: str
    sha256: str
    unknown: tuple[str, ...]


def draft(template: Template, case: Case, parties: Parties, ours: Mapping[str, str], now: datetime) -> Draft:
    """Return the notice as it can be written now; `ours` are facts that hold for every notice of the engagement.

    `BadInput` where the template names what is not there, or a field of a form cannot have its value.
    """
    known = {"entity_name": parties.customer, "entity_code": parties.customer_code}
    sheet = Sheet({name: text for name, text in {**known, **ours, **case.facts}.items() if text}, now)
    late = _late(template, case, now)
    for name in (*template.required, *(template.required_if_late if late else ())):
        if not sheet.known(name):
            sheet.missing(name)
    form = ""
    if template.form is not None and template.phase is not None:
        form = dora.form(sheet, template.phase, _of_case(case, parties, sheet, template.phase))
    body = _render(template, {"case": _case(case, parties, sheet, late=late), "form": form, **_said(sheet)})
    text = f"{_head(template, case, parties, now)}\n\n{body.strip()}\n{_tail(sheet)}"
    if not is_plain(text):
        what = "its text has control characters, or marks that cannot be seen"
        raise BadInput(Problem("B024", what, Place(template.id), "take them out of the template"))
    if len(text) > MAX_TEXT:
        raise BadInput(Problem("B024", f"its text is longer than {MAX_TEXT} characters", Place(template.id)))
    return Draft(text, digest_of(text), tuple(sheet.unknown))


def _render(template: Template, context: Mapping[str, object]) -> str:
    from jinja2 import StrictUndefined, TemplateError  # noqa: PLC0415 - most verbs render nothing
    from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415

    # A notice is plain text: escaping it for HTML would change what people approve. Two operators can fill memory.
    world = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    world.intercepted_binops = frozenset({"*", "**"})
    world.binop_table = {**world.binop_table, "*": _no_product, "**": _no_product}
    try:
        return world.from_string(template.body).render(context)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as cause:
        raise BadInput(Problem("B024", f"cannot be rendered: {cause}", Place(template.id))) from None


def _no_product(_: object, __: object) -> object:
    raise TypeError("a notice multiplies nothing")


def _said(sheet: Sheet) -> dict[str, object]:
    return {"say": sheet.say, "fact": sheet.fact, "known": sheet.known}


def _head(template: Template, case: Case, parties: Parties, now: datetime) -> str:
    sender = parties.vendor if template.recipient == "customer" else parties.customer
    lines = (template.title, f"Under: {template.law}", f"From: {sender}", f"Reference: {case.id}", f"As of: {_at(now)}")
    return "\n".join(map(indented, lines))


def _tail(sheet: Sheet) -> str:
    if not sheet.unknown:
        return ""
    return f"\nNot yet known, to be supplemented: {'; '.join(map(sheet.label, sheet.unknown))}\n"


def _case(case: Case, parties: Parties, sheet: Sheet, *, late: bool) -> dict[str, object]:
    """Return what a template may read of a case: texts alone, and never an object of ours."""
    return {
        "id": case.id,
        "contract": indented(parties.contract),
        "customer": indented(parties.customer),
        "vendor": indented(parties.vendor),
        "summary": indented(case.origins[-1].summary),
        "promises": [
            {name: indented(getattr(o, name)) for name in ("commitment", "clause", "summary", "period")}
            for o in {origin.key: origin for origin in case.origins if origin.commitment}.values()
        ],
        "late": late,
        "aware": _anchor(case, sheet, "aware"),
        "vendor_aware": _anchor(case, sheet, VENDOR_AWARE),
        "classified": _anchor(case, sheet, "classified"),
        "determined": _anchor(case, sheet, "determined"),
        "discovered": _anchor(case, sheet, "discovered", "aware"),
        "notified": _anchor(case, sheet, "notification_submitted"),
    }


def _anchor(case: Case, sheet: Sheet, *names: str) -> str:
    for name in names:
        found = chosen(case, name, zone_named("UTC"))
        if found is not None:
            return _stated(found)
    return f"not yet known (as of {_at(sheet.as_of)})"


def _stated(candidate: Candidate) -> str:
    """Return an instant in UTC, or a day of which the hour is not known."""
    anchor = anchor_of(candidate)
    return _at(anchor.at) if anchor.at is not None else str(anchor.day)


def _late(template: Template, case: Case, now: datetime) -> bool:
    due = next((each for each in deadlines(case) if each.rule == template.rule), None)
    if due is None or due.due_utc is None or due.status == Standing.NOT_IN_FORCE:
        return False
    return now > datetime.fromisoformat(due.due_utc)


def _of_case(case: Case, parties: Parties, sheet: Sheet, phase: dora.Phase) -> dict[str, str]:
    """Return the fields of the form that the case answers by itself."""
    kinds = {"initial": "initial notification", "intermediate": "intermediate report", "final": "final report"}
    vendor = "; ".join(part for part in (parties.vendor, sheet.facts.get("vendor_code", "")) if part)
    stated = {"1.1": kinds[phase], "2.1": case.id, "2.8": vendor}
    for number, name in (("2.2", "aware"), ("2.3", "classified")):
        found = chosen(case, name, zone_named("UTC"))
        if found is not None and anchor_of(found).at is not None:
            stated[number] = _stated(found)
    return {number: text for number, text in stated.items() if text}


def _at(instant: datetime) -> str:
    return instant_text(instant.replace(microsecond=0))
