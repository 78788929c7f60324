"""One pass over the outbox: every message that is due is tried once; what fails waits, and longer each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from evidence.errors import Deferred, NotDelivered
from evidence.model import Severity
from infra.notify.channel import ATTEMPT_SECONDS, Channel, Receipt, Sending
from infra.notify.digest import fold
from infra.notify.message import MAX_SUBJECT, Kind, Message
from infra.notify.outbox import Claim, Outbox, resolution
from infra.web.retry import Retry

#: Longer than any attempt, so that a claim ends only when whoever holds it is gone.
LEASE = timedelta(seconds=5 * ATTEMPT_SECONDS)
PATIENCE = timedelta(hours=72)
BACK_OFF = Retry(attempts=1_000_000, first=30.0, longest=3600.0, patience=24 * 3600.0)
UNDELIVERED = "undelivered:"
#: After so many attempts, some eight minutes, others are told that a notice fails.
LATE = 5
#: After so many attempts nothing is tried past its time, not even once: what it does to a process may be the reason.
HOPELESS = 100


def anything(_: Message) -> None:
    """Let every message go."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How a pass is made.

    `patience` is how long a message is tried before it is a dead letter, `fallback` the channels that are then told.
    `permit` is asked right before a message leaves and raises `NotDelivered` to hold it back: a notice whose approval
    no longer stands, or `Deferred` while that cannot be told. `chance` draws evenly from [0, 1), `variable` looks
    secrets up, `root` is the engagement's folder.
    """

    variable: Callable[[str], str | None] = field(repr=False)
    chance: Callable[[], float]
    fallback: tuple[str, ...] = ()
    patience: timedelta = PATIENCE
    lease: timedelta = LEASE
    back_off: Retry = BACK_OFF
    permit: Callable[[Message], None] = anything
    root: Path = Path()


@dataclass(slots=True)
class Delivered:
    """What a pass did: ids of messages sent, and ids of those that wait or are dead with the reason."""

    sent: list[str] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)


def deliver(
    outbox: Outbox, channels: Mapping[str, Channel], now: Callable[[], datetime], rules: Rules, most: int = 10_000
) -> Delivered:
    """Try every message that is due, at most `most`, and return what became of them; `now` is read for each.

    A channel that fails to answer is left alone for the rest of the pass, so that it does not hold up the others.
    """
    done = Delivered()
    fold(outbox, channels, now())
    tired: set[str] = set()
    for _ in range(most):
        claim = outbox.claim(now(), rules.lease, tired)
        if claim is None:
            break
        if claim.attempt > HOPELESS and now() > claim.since + rules.patience:
            _give_up(outbox, claim, f"given up after {claim.attempt - 1} attempts", now(), rules, done)
        elif _may_leave(outbox, claim, now(), rules, done) and not _sent(outbox, claim, channels, now, rules, done):
            tired.add(claim.message.channel)
    return done


def _may_leave(outbox: Outbox, claim: Claim, now: datetime, rules: Rules, done: Delivered) -> bool:
    try:
        rules.permit(claim.message)
    except Deferred as failure:
        _defer(outbox, claim, failure, now, rules, done)
    except NotDelivered as failure:
        _give_up(outbox, claim, str(failure), now, rules, done)
    else:
        return True
    return False


def _sent(
    outbox: Outbox,
    claim: Claim,
    channels: Mapping[str, Channel],
    now: Callable[[], datetime],
    rules: Rules,
    done: Delivered,
) -> bool:
    """Make one attempt; return whether the channel answered."""
    message = claim.message
    try:
        channel = channels.get(message.channel)
        if channel is None:
            raise NotDelivered(f"audit.yaml has no channel {message.channel!r}; name one so, or put the message again")
        channel.refuse_what_it_cannot_carry(message)
        receipt = channel.send(Sending(message, claim.attempt, now(), rules.variable, claim.earlier, rules.root))
    except Deferred as failure:
        _defer(outbox, claim, failure, now(), rules, done)
        return False
    except NotDelivered as failure:
        _give_up(outbox, claim, str(failure), now(), rules, done)
    except Exception as bug:  # noqa: BLE001 - a mistake of ours in one channel must not silence the others
        _defer(outbox, claim, Deferred(f"internal error: {type(bug).__name__}"), now(), rules, done)
        return False
    else:
        outbox.sent(claim, receipt, now(), _arrived(outbox, claim, receipt, now(), rules))
        done.sent.append(message.id)
    return True


def _defer(outbox: Outbox, claim: Claim, failure: Deferred, now: datetime, rules: Rules, done: Delivered) -> None:
    wait = rules.back_off.wait(claim.attempt, rules.chance(), failure.wait)
    if wait is None or now + timedelta(seconds=wait) > claim.since + rules.patience:
        _give_up(outbox, claim, f"{failure}; given up after {claim.attempt} attempts", now, rules, done)
        return
    late = _late(claim, str(failure), now, rules)
    outbox.again(claim, str(failure), now, now + timedelta(seconds=wait), late)
    done.waiting[claim.message.id] = str(failure)


def _give_up(outbox: Outbox, claim: Claim, why: str, now: datetime, rules: Rules, done: Delivered) -> None:
    outbox.dead(claim, why, now, _alerts(claim.message, why, now, rules))
    done.dead[claim.message.id] = why


def _alerts(message: Message, why: str, now: datetime, rules: Rules) -> list[Message]:
    """Return what tells others of a dead letter."""
    text = (
        f"{message.kind.capitalize()} {message.id}: {why}.\nPut right what is named there. "
        f"`probity notify ENGAGEMENT --retry {message.id}` sends a message again that was given up."
    )
    told = (f"{UNDELIVERED}{message.id}", f"{UNDELIVERED}{message.channel}", "Not delivered", text)
    return _tell(message, *told, now, rules)


def _late(claim: Claim, why: str, now: datetime, rules: Rules) -> list[Message]:
    """Return what tells others, once, that a notice fails: its time may end before it is given up."""
    message = claim.message
    if message.kind is not Kind.NOTICE or claim.attempt < LATE:
        return []
    text = f"Notice {message.id} failed {claim.attempt} times: {why}.\nIt is tried on. See docs/breach-runbook.md."
    return _tell(message, *(f"{UNDELIVERED}late:{message.id}",) * 2, "Not delivered yet", text, now, rules)


def _arrived(outbox: Outbox, claim: Claim, receipt: Receipt, now: datetime, rules: Rules) -> list[Message]:
    """Return what tells others that part of a message did not arrive, and that a late notice did."""
    over = outbox.open_alerts(f"{UNDELIVERED}late:{claim.message.id}") if claim.attempt > LATE else []
    wrong = _alerts(claim.message, receipt.problem, now, rules) if receipt.problem else []
    return [*wrong, *(resolution(alert, "The notice was delivered.", now) for alert in over)]


def _tell(
    message: Message, key: str, incident: str, words: str, text: str, now: datetime, rules: Rules
) -> list[Message]:
    """Return an alert about a message on the other channels; one that was itself such an alert is not told of again."""
    if message.key.startswith(UNDELIVERED):
        return []
    grave = message.kind is Kind.NOTICE or message.severity is Severity.CRITICAL
    return [
        Message(
            key=key,
            channel=channel,
            kind=Kind.ALERT,
            incident=incident,
            severity=Severity.CRITICAL if grave else Severity.MAJOR,
            subject=f"{words} on {message.channel}: {message.subject}"[:MAX_SUBJECT],
            text=text,
            link=message.link,
            created=now,
        )
        for channel in rules.fallback
        if channel != message.channel
    ]
