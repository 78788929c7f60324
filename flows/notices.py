"""Notices of a case: drafted from a template and what is known, or from a text that a person edited; and handed on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from checks.cases.case import OWED_TO_US, Case, Notice, digest_of, first_free
from checks.cases.entry import MAX_TEXT, Drafted, Sent
from checks.cases.step import addressed, sendable
from checks.notices import render
from checks.notices.plain import is_plain
from checks.notices.template import Template, template_named, templates
from evidence.errors import BadInput, Place, Problem
from evidence.model import Severity
from flows import cases
from flows.breach_file import BreachSettings
from flows.engagement import Engagement

if TYPE_CHECKING:
    from infra.notify.outbox import Entry


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a notice is for: a channel of the audit file and, where it is mail, addresses; nobody without a channel."""

    channel: str = ""
    to: tuple[str, ...] = ()


NOBODY = Addressee()


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
    addressee: Addressee = NOBODY,
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
        sha256=digest_of(made.text, addressee.channel, addressee.to),
        unknown=made.unknown,
        supplements=supplements,
        channel=addressee.channel,
        to=addressee.to,
    )


def addressee(
    engagement: Engagement, template: Template, before: Notice | None, channel: str | None, to: tuple[str, ...]
) -> Addressee:
    """Return whom a new text is for: as stated, else as the text before; `BadInput` for who cannot be sent to."""
    kept = Addressee(before.channel, before.to) if before else NOBODY
    if channel is None and not to:
        return kept
    from infra.notify.message import ADDRESS  # noqa: PLC0415 - only who sends needs channels

    found = Addressee(kept.channel if channel is None else channel, tuple(dict.fromkeys(to)))
    _delivered(template, template.id)
    _carries(engagement, found.channel, found.to)
    if any(not re.fullmatch(ADDRESS, each) for each in found.to):
        raise BadInput(Problem("B034", "is no address of a mail", Place("--to"), "--to NAME@HOST"))
    return found


def refuse_if_put(engagement: Engagement, case: Case, notice: Notice) -> None:
    """Raise `BadInput` where a text was put into the outbox and a crash kept that out of the log: record it first."""
    if notice.sent is None and (there := _put_already(engagement, _key(case.id, notice))):
        hint = f"record it first: `probity breach send ENGAGEMENT {case.id} {notice.id} --channel {there}`"
        raise BadInput(Problem("B037", f"{notice.id} is in the outbox already", Place(case.id), hint))


def delivery(engagement: Engagement, case: Case, notice: Notice) -> Entry | None:
    """Return the outbox's entry of a notice that was put there; None of one that a person submitted."""
    from infra.notify.outbox import Outbox  # noqa: PLC0415 - only who sends needs channels

    if notice.how != "outbox" or not engagement.outbox.exists():
        return None
    return next(iter(Outbox(engagement.outbox).entries(key=_key(case.id, notice))), None)


def refuse_undelivered(engagement: Engagement, case: Case) -> None:
    """Raise `BadInput` where a notice was put into the outbox and no channel has taken it."""
    for notice in case.notices.values():
        if notice.how == "outbox":
            entry = delivery(engagement, case, notice)
            state = "lost: the outbox does not have it" if entry is None else entry.state.value
            if state != "sent":
                hint = "see to its delivery; a dead message is an alert of its own"
                raise BadInput(Problem("B039", f"{notice.id} is {state}", Place(case.id), hint))


def _put_already(engagement: Engagement, key: str) -> str:
    """Return the channel that a notice was put for; nothing where it was not."""
    from infra.notify.outbox import Outbox  # noqa: PLC0415 - only who sends needs channels

    if not engagement.outbox.exists():
        return ""
    return next((entry.channel for entry in Outbox(engagement.outbox).entries(key=key)), "")


def _key(case: str, notice: Notice) -> str:
    return f"{case}/{notice.id}/{notice.sha256}"


def edited(notice: Notice, text: str, addressee: Addressee) -> Drafted:
    """Return a text that a person edited as the next draft of a notice; every approval before ends with it."""
    text = text.replace("\r\n", "\n")
    if not text.strip() or len(text) > MAX_TEXT or not is_plain(text):
        hint = f"at most {MAX_TEXT} characters, without tabs, control characters and marks that cannot be seen"
        raise BadInput(Problem("B028", "is no text of a notice", Place("--text"), hint))
    return Drafted(
        notice=notice.id,
        template=notice.template,
        text=text,
        sha256=digest_of(text, addressee.channel, addressee.to),
        unknown=notice.unknown,
        supplements=notice.supplements,
        channel=addressee.channel,
        to=addressee.to,
    )


def _applies(case: Case, template: Template) -> None:
    if template.rule in {None, OWED_TO_US} or template.rule in case.rules:
        return
    hint = f"rules that do: {', '.join(case.rules) or 'none, the case is not classified'}"
    raise BadInput(Problem("B029", f"{template.id} does not apply to {case.id}", Place("TEMPLATE"), hint))


def _own(engagement: Engagement) -> Path | None:
    settings = engagement.file.breach
    return None if settings is None or settings.templates is None else engagement.folder / settings.templates


def hand_out(engagement: Engagement, case: str, notice: str) -> str:
    """Return the approved text of a notice, for a person to submit; `StepRefused` without an approval of it."""
    found = cases.case(engagement, case)
    sendable(found, notice)
    return found.notices[notice].text


def put_into_outbox(
    engagement: Engagement, case: str, notice: str, *, channel: str, to: tuple[str, ...], now: datetime, who: str
) -> Case:
    """Put an approved notice to a partner into the outbox, and record that; each notice at most once.

    It goes to the addressee that was approved with its text; `StepRefused` (exit code 4) for any other.
    While the log is locked, the step is checked, the message put under a key of its own, and the line written: a crash
    in between leaves a message that the next attempt does not put again.
    """
    from infra.notify.message import Kind, Message  # noqa: PLC0415 - only who sends needs channels
    from infra.notify.outbox import Outbox  # noqa: PLC0415

    found = cases.case(engagement, case)
    template = template_of(engagement, sendable(found, notice).template)
    _delivered(template, notice)
    approved = addressed(found, notice, channel, to)
    _carries(engagement, channel, approved.to)
    try:
        message = Message(
            key=_key(case, approved),
            channel=channel,
            kind=Kind.NOTICE,
            incident=case,
            severity=Severity.CRITICAL,
            subject=f"{template.title} ({engagement.contract.id}, {case})"[:200],
            text=approved.text,
            created=now,
            to=approved.to,
            approved=digest_of(approved.text),
        )
    except ValidationError as cause:
        what = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in cause.errors())
        raise BadInput(Problem("B034", what, Place("--to"))) from None
    entry = Sent(notice=notice, sha256=approved.sha256, how="outbox", reference=f"{channel} {message.id}", at=now)

    def put() -> None:
        Outbox(engagement.outbox).put(message)

    return cases.record(engagement, case, entry, now, who, then=put)


def state_submission(
    engagement: Engagement, case: str, notice: str, *, when: datetime, receipt: str, now: datetime, who: str
) -> Case:
    """Record a person's statement that an approved notice was submitted, with the receipt that they have."""
    if when > now:
        raise BadInput(Problem("B034", "lies in the future", Place("--submitted"), "state it once it is submitted"))
    approved = sendable(cases.case(engagement, case), notice)
    entry = Sent(notice=notice, sha256=approved.sha256, how="statement", reference=receipt, at=when)
    return cases.record(engagement, case, entry, now, who)


def _delivered(template: Template, notice: str) -> None:
    """Raise `BadInput` for a notice that the program never sends."""
    if template.delivery != "outbox":
        hint = "--out writes it for a person; --submitted and --receipt record that it was submitted"
        what = f"{notice} goes to {template.recipient}: it is submitted by a person and never by this program"
        raise BadInput(Problem("B034", what, Place("--channel"), hint))


def _carries(engagement: Engagement, channel: str, to: tuple[str, ...]) -> None:
    """Raise `BadInput` unless the channel takes whole notices, and a mail says whom it is addressed to."""
    listed = engagement.file.notify.channels if engagement.file.notify else ()
    able = {each.name: each for each in listed if each.carries}
    if channel not in able:
        hint = f"channels of audit.yaml that take notices are {', '.join(able) or 'none'}"
        raise BadInput(Problem("B034", f"{channel[:60]!r} takes no notices", Place("--channel"), hint))
    if able[channel].attachments and not to:
        hint = "--to ADDRESS; without it the notice would go to those who get our alerts"
        raise BadInput(Problem("B034", "say whom the notice is addressed to", Place("--to"), hint))
