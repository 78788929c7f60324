"""The file behind the outbox: one SQLite database, its tables, and transactions that are on the disk when they end."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from evidence.bundle import flush_folder
from evidence.errors import BadInput, OutputFailed, Place, Problem
from infra.notify.message import Kind, Message

#: How long a file that others hold is waited for, and how long between two looks at one that is being set up.
BUSY_SECONDS = 30.0
PAUSE = 0.02
VERSION = 1

#: Instants are microseconds since 1970 in UTC.
SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT NOT NULL UNIQUE,
    channel      TEXT NOT NULL,
    key          TEXT NOT NULL,
    kind         TEXT NOT NULL,
    incident     TEXT NOT NULL,
    severity     TEXT NOT NULL,
    subject      TEXT NOT NULL,
    created      INTEGER NOT NULL,
    state        TEXT NOT NULL DEFAULT 'waiting',
    attempts     INTEGER NOT NULL DEFAULT 0,
    next_attempt INTEGER NOT NULL,             -- of a claimed message: when the claim ends
    revived      INTEGER,
    held         INTEGER NOT NULL DEFAULT 0,   -- waits for the digest of its channel
    token        TEXT,
    reference    TEXT NOT NULL DEFAULT '',
    receipt      TEXT NOT NULL DEFAULT '',
    problem      TEXT NOT NULL DEFAULT '',
    message      TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS due ON messages (state, next_attempt) WHERE state IN ('waiting', 'claimed');
CREATE INDEX IF NOT EXISTS undone ON messages (channel, incident) WHERE state IN ('waiting', 'claimed');
CREATE INDEX IF NOT EXISTS of_incident ON messages (channel, incident, number);
CREATE TABLE IF NOT EXISTS attempts (
    id      TEXT NOT NULL,
    number  INTEGER NOT NULL,
    started INTEGER NOT NULL,
    ended   INTEGER,
    outcome TEXT NOT NULL,
    detail  TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (id, number)
) STRICT;
"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OutboxFile:
    """The database at `path`, which only its owner can read; made when it is first used, and opened for each use."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection inside one transaction; `OutputFailed` when it could not be kept, and then nothing was."""
        try:
            with contextlib.closing(self._open()) as db:
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")
        except (OSError, sqlite3.Error) as cause:
            raise OutputFailed(f"the outbox {self.path.name} cannot be used: {cause}; nothing was changed") from cause

    def _open(self) -> sqlite3.Connection:
        if not self.path.exists():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite gives its log the mode of the file.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            flush_folder(self.path.parent)
        for _ in range(round(BUSY_SECONDS / PAUSE)):
            try:
                return self._connect()
            except sqlite3.OperationalError as cause:
                # SQLite does not wait for a lock that it could wait for in vain: of two that give a new file its log at
                # the same moment, one is refused at once, whatever its time-out.
                if cause.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
            time.sleep(PAUSE)
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=0, isolation_level=None)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            self._migrate(db)
            db.execute(f"PRAGMA busy_timeout = {round(BUSY_SECONDS * 1000)}")
        except BaseException:
            db.close()
            raise
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise OutputFailed(
                f"the outbox {self.path.name} was written by a newer version of probity; upgrade this one"
            )
        if version < VERSION:
            db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")


def insert(db: sqlite3.Connection, message: Message) -> bool:
    """Add a message unless its key is taken; return whether it was added.

    Raises `BadInput` when a notice has the key of another text or of other addressees: dropped, people would believe it
    went.
    """
    added = db.execute(
        "INSERT INTO messages (id, channel, key, kind, incident, severity, subject, created, next_attempt, message)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (
            *(message.id, message.channel, message.key, message.kind, message.incident, message.severity),
            *(message.subject, micros(message.created), micros(message.created), message.model_dump_json()),
        ),
    )
    if not added.rowcount and message.kind is Kind.NOTICE:
        kept = db.execute("SELECT message FROM messages WHERE id = ?", (message.id,)).fetchone()[0]
        there = Message.model_validate_json(kept)
        if there.approved != message.approved:
            what = f"the notice {message.key!r} was put with another text; give the new one a key of its own"
            raise BadInput(Problem("N001", what, Place("outbox")))
        if there.to != message.to:
            what = f"the notice {message.key!r} was put already, addressed to {', '.join(there.to) or 'the channel'}"
            raise BadInput(Problem("N001", what, Place("--to"), "name those again, so that it is recorded as it went"))
    return added.rowcount == 1


def micros(instant: datetime) -> int:
    """Return whole microseconds since 1970, as the outbox keeps instants."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """Return the instant of whole microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=value)
