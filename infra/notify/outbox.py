"""The outbox: messages that were promised, kept until their channel has them, in one SQLite file.

What *exactly once* means here. Nobody can make a process that hands a message to another machine and is killed before
it hears the answer know whether the message arrived. So: a message that was put is never lost, because it is on the
disk before `put` returns and leaves only with a receipt or as a dead letter; it is put once, because its key is
unique; it is handed over once as long as nobody dies in the middle of an attempt; and whoever dies there leaves a
claim that ends, after which the next attempt carries the same id (`webhook-id`, Message-ID, `dedup_key`,
`correlation_id`, a label), by which the receiver drops the double. Attempts that were begun and never ended stay
listed as `unknown`: at most so many doubles were sent.

Several processes may put and deliver at once, on one machine: a write-ahead log needs memory that they share, which
a network's file system does not give.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from evidence.model import Severity
from infra.notify.channel import MAX_RECEIPT, Receipt
from infra.notify.message import MAX_SUBJECT, Kind, Message
from infra.notify.outbox_file import OutboxFile, insert, micros, moment

EARLIER = """
SELECT reference FROM messages WHERE channel = ? AND incident = ? AND state = 'sent' AND reference <> ''
ORDER BY number DESC LIMIT 1
"""


LAST = """
SELECT channel, incident, severity, kind, MAX(number) AS last FROM messages
WHERE substr(incident, 1, length(?1)) = ?1 AND state <> 'withdrawn'
AND kind IN ('alert', 'acknowledge', 'resolve', 'reminder') GROUP BY channel, incident ORDER BY last
"""  # of the columns without an aggregate SQLite takes those of the row that has the maximum


class State(StrEnum):
    """Where a message stands; the last four are final, save that a dead one can be revived."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    SENT = "sent"
    DIGESTED = "digested"
    WITHDRAWN = "withdrawn"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: `outcome` is sent, deferred, rejected, or unknown when whoever made it never said."""

    number: int
    started: datetime
    ended: datetime | None
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as listed: without its text. `receipt` is what the service answered, `problem` what went wrong last."""

    id: str
    channel: str
    key: str
    kind: Kind
    incident: str
    severity: str
    subject: str
    created: datetime
    state: State
    attempts: int
    next_attempt: datetime
    receipt: str
    problem: str


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An incident that a channel was told of, and not yet that it is over; `number` is the last message about it."""

    channel: str
    incident: str
    severity: Severity
    number: int


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one attempt at a message, until `lease` ends; `since` is when it was put, or made due again.

    `earlier` is what the channel called the last message of the same incident that it took.
    """

    message: Message
    attempt: int
    token: str
    since: datetime
    earlier: str


class Outbox:
    """The messages of one engagement in `path`; nothing is opened before it is used, nor kept open."""

    def __init__(self, path: Path) -> None:
        self.file = OutboxFile(path)

    def put(self, message: Message, *, also: Sequence[Message] = ()) -> bool:
        """Keep a message, and others with it or none; return whether it is new. What its key names already stays.

        Raises `BadInput` when the key of a notice names another text: two notices may not share one.
        """
        with self.file.transaction() as db:
            added = [insert(db, each) for each in (message, *also)]
        return added[0]

    def entries(self, *, channel: str | None = None, key: str | None = None) -> list[Entry]:
        """Return what was put, oldest first, of one channel or of one key when they are given."""
        wanted = "(:channel IS NULL OR channel = :channel) AND (:key IS NULL OR key = :key)"
        with self.file.transaction() as db:
            rows = db.execute(
                f"SELECT * FROM messages WHERE {wanted} ORDER BY number", {"channel": channel, "key": key}
            ).fetchall()
        return [_entry(row) for row in rows]

    def open_alerts(self, prefix: str) -> list[OpenAlert]:
        """Return what is not resolved yet of the incidents whose names begin so; one alert a channel and incident."""
        with self.file.transaction() as db:
            rows = db.execute(LAST, (prefix,)).fetchall()
        return [
            OpenAlert(row["channel"], row["incident"], Severity(row["severity"]), row["last"])
            for row in rows
            if row["kind"] != "resolve"
        ]

    def attempts(self, message: str) -> list[Attempt]:
        """Return every attempt at a message, named by its id."""
        with self.file.transaction() as db:
            rows = db.execute("SELECT * FROM attempts WHERE id = ? ORDER BY number", (message,)).fetchall()
        return [
            Attempt(row["number"], moment(row["started"]), _maybe(row["ended"]), row["outcome"], row["detail"])
            for row in rows
        ]

    def claim(self, now: datetime, lease: timedelta, passed_over: Collection[str] = ()) -> Claim | None:
        """Return the next message that is due, claimed for `lease`; None when there is none.

        Messages of one incident on one channel go in the order in which they were put, so that no alert arrives after
        what resolves it; a notice neither waits for others nor is waited for. Channels in `passed_over` are left out.
        """
        token = secrets.token_hex(8)
        with self.file.transaction() as db:
            row = db.execute(
                f"""
                SELECT * FROM messages AS m WHERE state IN ('waiting', 'claimed') AND next_attempt <= ? AND NOT held
                AND channel NOT IN ({",".join("?" * len(passed_over))})
                AND (kind = 'notice' OR NOT EXISTS (
                    SELECT 1 FROM messages AS e WHERE e.channel = m.channel AND e.incident = m.incident
                    AND e.number < m.number AND e.state IN ('waiting', 'claimed')
                    AND NOT e.held AND e.kind <> 'notice'))
                ORDER BY (kind <> 'notice'), (severity <> 'critical'), number LIMIT 1
                """,
                (micros(now), *passed_over),
            ).fetchone()
            if row is None:
                return None
            number = row["attempts"] + 1
            db.execute(
                "UPDATE messages SET state = 'claimed', token = ?, attempts = ?, next_attempt = ? WHERE id = ?",
                (token, number, micros(now + lease), row["id"]),
            )
            db.execute(
                "INSERT INTO attempts (id, number, started, outcome) VALUES (?, ?, ?, 'unknown')",
                (row["id"], number, micros(now)),
            )
            earlier = db.execute(EARLIER, (row["channel"], row["incident"])).fetchone()
        return Claim(
            message=Message.model_validate_json(row["message"]),
            attempt=number,
            token=token,
            since=moment(row["revived"] or row["created"]),
            earlier=earlier[0] if earlier else "",
        )

    def sent(self, claim: Claim, receipt: Receipt, now: datetime, alerts: Sequence[Message] = ()) -> None:
        """Note that the channel has it, even when the claim had ended and somebody tries again; put `alerts`."""
        told = f"{receipt.reference} {receipt.detail}".strip()[:MAX_RECEIPT]
        with self.file.transaction() as db:
            self._end(db, claim, "sent", told, now)
            db.execute(
                "UPDATE messages SET state = 'sent', token = NULL, reference = ?, receipt = ?, problem = ?"
                " WHERE id = ?",
                (receipt.reference[:MAX_RECEIPT], told, receipt.problem[:MAX_RECEIPT], claim.message.id),
            )
            for alert in alerts:
                insert(db, alert)

    def again(
        self, claim: Claim, why: str, now: datetime, next_attempt: datetime, alerts: Sequence[Message] = ()
    ) -> None:
        """Note that an attempt failed, and when the next is due; put the alerts that say so, in one step."""
        with self.file.transaction() as db:
            self._end(db, claim, "deferred", why, now)
            db.execute(
                "UPDATE messages SET state = 'waiting', token = NULL, problem = ?, next_attempt = ?"
                " WHERE id = ? AND token = ?",
                (why[:MAX_RECEIPT], micros(next_attempt), claim.message.id, claim.token),
            )
            for alert in alerts:
                insert(db, alert)

    def dead(self, claim: Claim, why: str, now: datetime, alerts: Sequence[Message]) -> None:
        """Give a message up, and put the alerts that say so, in one step."""
        with self.file.transaction() as db:
            self._end(db, claim, "rejected", why, now)
            gone = db.execute(
                "UPDATE messages SET state = 'dead', token = NULL, problem = ? WHERE id = ? AND token = ?",
                (why[:MAX_RECEIPT], claim.message.id, claim.token),
            )
            for alert in alerts if gone.rowcount else ():
                insert(db, alert)

    def revive(self, message: str, now: datetime) -> bool:
        """Make a dead message due again, by its id, for as long again as it had; return whether there is one."""
        with self.file.transaction() as db:
            done = db.execute(
                "UPDATE messages SET state = 'waiting', next_attempt = ?, revived = ? WHERE id = ? AND state = 'dead'",
                (micros(now), micros(now), message),
            )
        return done.rowcount == 1

    def withdraw(self, incident: str, kinds: Collection[Kind]) -> int:
        """Take back messages of an incident that nobody has tried to send yet; return how many."""
        with self.file.transaction() as db:
            done = db.execute(
                "UPDATE messages SET state = 'withdrawn' WHERE incident = ? AND state = 'waiting' AND attempts = 0"
                f" AND kind IN ({','.join('?' * len(kinds))})",
                (incident, *kinds),
            )
        return done.rowcount

    @staticmethod
    def _end(db: sqlite3.Connection, claim: Claim, outcome: str, detail: str, now: datetime) -> None:
        db.execute(
            "UPDATE attempts SET ended = ?, outcome = ?, detail = ? WHERE id = ? AND number = ?",
            (micros(now), outcome, detail[:MAX_RECEIPT], claim.message.id, claim.attempt),
        )


def resolution(alert: OpenAlert, words: str, now: datetime) -> Message:
    """Return the message that an alert is over; the same for the same alert, whoever finds it over."""
    return Message(
        key=f"{alert.incident}/resolved@{alert.number}",
        channel=alert.channel,
        kind=Kind.RESOLVE,
        incident=alert.incident,
        severity=alert.severity,
        subject=f"Over: {alert.incident}"[:MAX_SUBJECT],
        text=words,
        created=now,
    )


def _maybe(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _entry(row: Any) -> Entry:
    return Entry(
        id=row["id"],
        channel=row["channel"],
        key=row["key"],
        kind=Kind(row["kind"]),
        incident=row["incident"],
        severity=row["severity"],
        subject=row["subject"],
        created=moment(row["created"]),
        state=State(row["state"]),
        attempts=row["attempts"],
        next_attempt=moment(row["next_attempt"]),
        receipt=row["receipt"],
        problem=row["problem"],
    )
