"""Digest mode: what is not critical waits on its channel, and goes out together as one message."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import datetime, timedelta

from evidence.model import Severity
from infra.notify.channel import Channel
from infra.notify.message import Kind, Message
from infra.notify.outbox import Outbox
from infra.notify.outbox_file import insert

MOST_LISTED = 200

HOLD = """
UPDATE messages SET held = 1 WHERE channel = ? AND state = 'waiting' AND attempts = 0 AND severity <> 'critical'
AND kind IN ('alert', 'acknowledge', 'resolve', 'reminder')
"""


def fold(outbox: Outbox, channels: Mapping[str, Channel], now: datetime) -> None:
    """Hold back what waits for a digest, and put the digest of every channel whose window has ended.

    A window begins with the first message that waits. Critical messages and notices never wait, and messages that
    waited when a channel's digest was switched off are let go.
    """
    with outbox.file.transaction() as db:
        for name, channel in sorted(channels.items()):
            if channel.digest is None:
                db.execute("UPDATE messages SET held = 0 WHERE channel = ? AND held", (name,))
            else:
                _fold(db, name, channel.digest, now)


def _fold(db: sqlite3.Connection, channel: str, window: timedelta, now: datetime) -> None:
    db.execute(HOLD, (channel,))
    rows = db.execute(
        "SELECT message FROM messages WHERE channel = ? AND held AND state = 'waiting' ORDER BY number", (channel,)
    ).fetchall()
    held = [Message.model_validate_json(row["message"]) for row in rows]
    if held and min(message.created for message in held) + window <= now:
        digest = _digest(channel, held, now)
        insert(db, digest)
        db.executemany(
            "UPDATE messages SET state = 'digested', receipt = ? WHERE id = ?",
            [(digest.id, message.id) for message in held],
        )


def _digest(channel: str, held: list[Message], now: datetime) -> Message:
    first = held[0]
    lines = [f"* {message.kind}: {message.subject} [{message.incident}]" for message in held[:MOST_LISTED]]
    if len(held) > MOST_LISTED:
        lines.append(f"* and {len(held) - MOST_LISTED} more; `probity notify ENGAGEMENT --list` has them all")
    return Message(
        key=f"digest:{first.id}",
        channel=channel,
        kind=Kind.DIGEST,
        incident=f"digest:{first.id}",
        severity=min((message.severity for message in held), key=list(Severity).index),
        subject=f"{len(held)} messages" if len(held) > 1 else first.subject,
        text="\n".join(lines),
        created=now,
    )
