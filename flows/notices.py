"""Notices of a case: drafted from a template and what is known, or from a text that a person edited; and handed on."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from checks.cases.case import OWED_TO_US, Case, Notice, digest_of, first_free
from checks.cases.entry import MAX_TEXT, Drafted
from checks.notices import render
from checks.notices.template import Template, template_named, templates
from evidence.errors import BadInput, Place, Problem
from flows.breach_file import BreachSettings
from flows.engagement import Engagement


def available(engagement: Engagement) -> dict[str, Template]:
    """Return every template of an engagement: ours, and counsel's own in their place."""
    return templates(_own(engagement))


def template_of(engagement: Engagement, name: str) -> Template:
    """Return one template; BadInput names those there are."""
    return template_named(name, _own(engagement))


def drafted(
    engagement: Engagement,
    case: Case,
    template: Template,
    now: datetime,
    *,
    notice: str | None = None,
    supplements: str | None = None,
) -> Drafted:
    """Return a new text for a notice, or for a new one; BadInput where a rule of its name does not apply."""
    _applies(case, template)
    contract = engagement.contract
    parties = render.Parties(contract.id, contract.customer.name, contract.customer.lei or "", contract.vendor.name)
    settings = engagement.file.breach or BreachSettings()
    made = render.draft(template, case, parties, settings.facts, now)
    return Drafted(
        notice=notice or first_free(list(case.notices)),
        template=template.id,
        text=made.text,
        sha256=made.sha256,
        unknown=made.unknown,
        supplements=supplements,
    )


def edited(notice: Notice, text: str) -> Drafted:
    """Return a text that a person edited as the next draft of a notice; every approval before ends with it."""
    text = text.replace("\r\n", "\n")
    if not text.strip() or len(text) > MAX_TEXT or any(c < " " and c not in "\n\t" for c in text):
        hint = f"at most {MAX_TEXT} characters, without control characters"
        raise BadInput(Problem("B028", "is no text of a notice", Place("--text"), hint))
    return Drafted(
        notice=notice.id,
        template=notice.template,
        text=text,
        sha256=digest_of(text),
        unknown=notice.unknown,
        supplements=notice.supplements,
    )


def _applies(case: Case, template: Template) -> None:
    if template.rule in {None, OWED_TO_US} or template.rule in case.rules:
        return
    hint = f"rules that do: {', '.join(case.rules) or 'none, the case is not classified'}"
    raise BadInput(Problem("B029", f"{template.id} does not apply to {case.id}", Place("TEMPLATE"), hint))


def _own(engagement: Engagement) -> Path | None:
    settings = engagement.file.breach
    return None if settings is None or settings.templates is None else engagement.folder / settings.templates
