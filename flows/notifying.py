"""One pass over what people must hear of: clocks into messages, messages to their channels, a sign of life to outside.

A pass may be repeated, or run twice at once: every message has a key, and the outbox hands each to one process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from checks.codes import Code
from evidence.errors import BadInput, Deferred, NotDelivered, Place, Problem, Rejected, VerificationError
from evidence.model import Severity, instant_text
from flows.alerts import cases_broken, cases_verify
from flows.engagement import Engagement
from flows.notify_file import Notify
from infra.notify.channel import Channel, Receipt, Sending, secret_of
from infra.notify.delivery import PATIENCE, Delivered, Rules, deliver
from infra.notify.heartbeat import beat
from infra.notify.message import Kind, Message
from infra.notify.outbox import Outbox

if TYPE_CHECKING:
    from flows.escalation import Watched


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the messages of an engagement go through; clock, chance and the environment are arguments."""

    engagement: Engagement
    notify: Notify
    outbox: Outbox
    now: Callable[[], datetime]
    variable: Callable[[str], str | None] = field(repr=False)
    chance: Callable[[], float]

    @property
    def channels(self) -> dict[str, Channel]:
        """Return the channels by name."""
        return {channel.name: channel for channel in self.notify.channels}


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a pass did. `broken` says why no clock could be looked at, `notes` what else a person should know."""

    put: int
    delivered: Delivered
    broken: VerificationError | None = None
    notes: tuple[str, ...] = ()


def open_desk(
    engagement: Engagement,
    now: Callable[[], datetime],
    variable: Callable[[str], str | None],
    chance: Callable[[], float],
) -> Desk:
    """Return the desk of an engagement; `BadInput` where its audit file names no channels."""
    notify = engagement.file.notify
    if notify is None:
        hint = "add `notify: {channels: […]}`; docs/notifications.md lists the channels"
        raise BadInput(Problem(Code.MISSING_KEY, "no channels are configured", Place("audit.yaml"), hint))
    return Desk(engagement, notify, Outbox(engagement.outbox), now, variable, chance)


def tick(desk: Desk, *, well: bool = True) -> Ticked:
    """Put what the clocks say, deliver what is due, and tell the outside monitor if nothing failed.

    Without `well` something did that is not looked at here, and the monitor is not told.

    Where a case log does not verify, its clocks and notices cannot be trusted: that is an alert of its own, notices
    wait, and everything else is delivered.
    """
    broken: VerificationError | None = None
    watched: list[Watched] = []
    put = 0
    try:
        watched = watch(desk.engagement)
    except VerificationError as error:
        broken = error
        put += cases_broken(desk.engagement, error, desk.now())
    else:
        put += cases_verify(desk.engagement, desk.now()) + _escalated(desk, watched)
    delivered = deliver(desk.outbox, desk.channels, desk.now, rules(desk))
    well = well and broken is None and not delivered.dead
    return Ticked(put, delivered, broken, _told_outside(desk) if well else ())


def rules(desk: Desk) -> Rules:
    """Return how the engagement's messages are delivered."""
    return Rules(
        variable=desk.variable,
        chance=desk.chance,
        fallback=desk.notify.told_of_failures(),
        patience=desk.notify.give_up_after or PATIENCE,
        permit=lambda message: permit(desk.engagement, message),
        root=desk.engagement.folder,
    )


def watch(engagement: Engagement) -> list[Watched]:
    """Return every clock that runs in a case; raises `VerificationError` where a case log was changed."""
    from checks.cases.clocks import running  # noqa: PLC0415 - calendars take their time to import
    from checks.cases.step import AUTOMATIC  # noqa: PLC0415
    from flows.cases import cases, history  # noqa: PLC0415
    from flows.escalation import Watched  # noqa: PLC0415

    found = []
    for case in cases(engagement):
        clocks = running(case)
        by_people = [line.at for line in history(engagement, case.id) if line.who != AUTOMATIC] if clocks else []
        acted = max(by_people, default=None)
        found += [Watched(engagement.contract.id, case.id, clock, acted) for clock in clocks]
    return found


def try_channel(desk: Desk, name: str) -> Receipt:
    """Send one test message through a channel at once; `NotDelivered` says why it did not arrive."""
    channel = desk.channels.get(name)
    if channel is None:
        known = ", ".join(desk.channels)
        raise BadInput(Problem(Code.MALFORMED, f"there is no channel {name!r}", Place("--test"), f"known are {known}"))
    now = desk.now()
    message = Message(
        key=f"test/{instant_text(now)}",
        channel=name,
        kind=Kind.ALERT,
        incident=f"test/{desk.engagement.contract.id}",
        severity=Severity.MINOR,
        subject="Test: this channel works",
        text="Somebody asked for this with `probity notify --test`. There is nothing to do.",
        link=desk.notify.link or "",
        created=now,
    )
    return channel.send(Sending(message, 1, now, desk.variable, root=desk.engagement.folder))


def permit(engagement: Engagement, message: Message) -> None:
    """Let a notice leave only while its case says that exactly this text is approved for exactly this addressee.

    Raises `Rejected` when it does not, and `Deferred` while the case log does not verify. Other messages may leave.
    """
    if message.kind is not Kind.NOTICE:
        return
    from flows.cases import case  # noqa: PLC0415 - calendars take their time to import

    name = message.incident.partition("/")[0]
    try:
        notices = case(engagement, name).notices.values()
    except VerificationError as error:
        raise Deferred(f"{name} does not verify ({error.reason}), so nobody can tell what was approved") from None
    except BadInput:
        raise Rejected(f"there is no case {name} that this notice belongs to") from None
    leaves = (message.channel, message.to, message.text)
    if not any(n.approved is not None and (n.channel, n.to, n.text) == leaves for n in notices):
        raise Rejected(f"the approval no longer stands: {name} has no approved notice with this text and addressee")


def _escalated(desk: Desk, watched: list[Watched]) -> int:
    from flows.escalation import PREFIX, escalate, settle  # noqa: PLC0415 - calendars take their time to import

    now, prefix = desk.now(), f"{PREFIX}{desk.engagement.contract.id}/"
    running = {each.incident for each in watched}
    for alert in desk.outbox.open_alerts(prefix):
        if alert.incident not in running:
            desk.outbox.withdraw(alert.incident, (Kind.ALERT, Kind.REMINDER))
    acknowledging = {name for name, channel in desk.channels.items() if channel.acknowledges}
    said = escalate(watched, desk.notify.reminding(), desk.notify.link or "", now)
    said += settle(watched, desk.outbox.open_alerts(prefix), acknowledging, now)
    return sum(desk.outbox.put(message) for message in said)


def _told_outside(desk: Desk) -> tuple[str, ...]:
    heartbeat = desk.notify.heartbeat
    if heartbeat is None:
        return ()
    try:
        beat(secret_of(heartbeat.url, desk.variable), heartbeat.method, desk.now())
    except NotDelivered as error:
        return (f"the outside monitor was not told that all is well: {error}",)
    return ()
