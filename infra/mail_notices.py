"""The vendor's notices as they arrived: who sent them and when, by what our own mail server wrote above them.

Only headers that our server adds are believed: the topmost `Received` by it for the time of arrival (RFC 5321 section
4.4), and the topmost `Authentication-Results` with its name (RFC 8601) for DKIM. What a message is about, two people
key in a side-car `<file>.yaml`. The body is never copied into a table.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from evidence.families import family
from evidence.model import instant_text
from infra.folder import Folder
from infra.listing import Entry
from infra.rows import Rows
from infra.sidecar import MAX_SIDECAR, read_sidecar
from infra.source import Gathering, Source
from infra.tally import Tally

NAME = "notices"
MAIL, SIDECAR = ".eml", ".yaml"
MEDIA_TYPE = "message/rfc822"
#: Columns that nobody may key: they are in the message.
FOUND = frozenset({"notice_id", "sent_at", "received_at", "channel", "sender"})
_DKIM = re.compile(r"(?:^|;)\s*dkim\s*=\s*pass\b[^;]*?\bheader\.d\s*=\s*([A-Za-z0-9.-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Whose messages count (domains), and the name our server gives itself in the headers it adds."""

    senders: frozenset[str]
    server: str


class NotRelevant(Exception):
    """A message of somebody else."""


def gather_mail(source: Source, configured: str, mailbox: Mailbox, gathering: Gathering) -> None:
    """Store every message of a folder; each of the vendor's, keyed by two people, is a row of `notices`."""
    folder = Folder(gathering, source, configured)
    listed = {entry.name: entry for entry in folder.entries}
    rows = Rows(family(NAME))
    for done, entry in enumerate(folder.entries, start=1):
        if entry.name.endswith(MAIL):
            _take(folder, entry, listed.get(entry.name + SIDECAR), mailbox, rows)
        elif not entry.name.endswith(MAIL + SIDECAR):
            folder.skip(entry.name, "not called .eml")
        elif entry.name.removesuffix(SIDECAR) not in listed:
            folder.lose(entry.name, "the message that it was keyed from is not there", families=(NAME,))
        gathering.progress(source.kind, done, len(folder.entries))
    if len(rows):
        with gathering.part(NAME) as part, gathering.normaliser(NAME, source.kind) as normaliser:
            part.add(normaliser.typed(rows.take()))
            gathering.keep_part(NAME, part)
    folder.finish()


def _take(folder: Folder, entry: Entry, beside: Entry | None, mailbox: Mailbox, rows: Rows) -> None:
    gathering, started = folder.gathering, folder.gathering.now()
    stored = folder.store(entry, limit=gathering.limits.document, families=(NAME,))
    if stored is None:
        return
    tally = Tally(entry.name, gathering.limits)
    data = gathering.locker.path(stored.sha256).read_bytes()
    try:
        row = arrived(data, mailbox)
        rows.add({**row, **_keyed(folder, entry, beside, stored.sha256)}, artefact=stored.artefact, row=1)
        tally.rows += 1
    except NotRelevant:
        _beside_the_point(folder, entry, beside, stored.sha256, tally)
    except ValueError as cause:
        tally.lose("the message")
        tally.problem(f"{entry.name}: {cause}")
    gathering.add_card(
        folder.source,
        stored,
        tally,
        started=started,
        address=folder.address(entry.name),
        media_type=MEDIA_TYPE,
        families=(NAME,),
    )


def _beside_the_point(folder: Folder, entry: Entry, beside: Entry | None, sha256: str, tally: Tally) -> None:
    """Count a message that is not the vendor's, unless it is not the one that its side-car was keyed from."""
    try:
        if beside is not None:
            _keyed(folder, entry, beside, sha256)
        tally.not_relevant += 1
    except ValueError as cause:
        tally.lose("the message")
        tally.problem(f"{entry.name}: {cause}")


def _keyed(folder: Folder, entry: Entry, beside: Entry | None, sha256: str) -> Mapping[str, Any]:
    if beside is None or beside.refused:
        raise ValueError(f"no side-car {entry.name.rpartition('/')[2]}{SIDECAR} says what it is about")
    stored = folder.store(beside, limit=MAX_SIDECAR, families=(NAME,))
    if stored is None:
        raise ValueError("its side-car cannot be read")
    stated = read_sidecar(folder.gathering.locker.path(stored.sha256).read_bytes(), (NAME,), FOUND)
    if stated["sha256"] != sha256:
        raise ValueError("its side-car was keyed from another message")
    record: Mapping[str, Any] = stated["record"]
    return record


def arrived(data: bytes, mailbox: Mailbox) -> dict[str, Any]:
    """Return who sent a message and when it arrived; `NotRelevant` for others' mail.

    `ValueError` for a message of the vendor's that our server did not date, or did not find signed by the vendor.
    """
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage):
        raise ValueError("is no message")
    try:
        _, at, sender = parseaddr(str(message.get("From", "")))[1].lower().rpartition("@")
        if not at or not _of(sender, mailbox.senders):
            raise NotRelevant
        received = _received(message, mailbox.server)
        signed_by = _signed_by(message, mailbox.server)
        sent, known = message.get("Date"), str(message.get("Message-ID", "")).strip()
    except (IndexError, AttributeError, TypeError, KeyError, LookupError) as cause:
        raise ValueError(f"has headers that cannot be read ({type(cause).__name__})") from None
    if signed_by is None or not _of(sender, frozenset({signed_by})):
        raise ValueError(f"our server did not find it signed (DKIM) by {sender}: anybody can have sent it")
    return {
        "notice_id": known or f"sha256:{hashlib.sha256(data).hexdigest()}",
        "sent_at": None if sent is None else _instant(str(sent)),
        "received_at": received,
        "channel": "email",
        "sender": sender,
    }


def _of(domain: str, domains: frozenset[str]) -> bool:
    return any(domain == one or domain.endswith(f".{one}") for one in domains)


def _received(message: EmailMessage, server: str) -> str:
    for header in message.get_all("Received", ()):
        text = " ".join(str(header).split())
        head, _, dated = text.rpartition(";")
        if re.search(rf"\bby\s+{re.escape(server)}(?=[\s;(]|$)", head, re.IGNORECASE) and (at := _instant(dated)):
            return at
        break  # whatever stands below the topmost one was there before it reached us
    raise ValueError(f"its topmost Received header is not by {server}: when it arrived is not known")


def _signed_by(message: EmailMessage, server: str) -> str | None:
    for header in message.get_all("Authentication-Results", ()):
        text = " ".join(str(header).split())
        if text.split(";", maxsplit=1)[0].split()[:1] == [server]:
            match = _DKIM.search(_unquoted(text))
            return match[1].lower() if match else None
        break  # one below another server's may have come with the message
    return None


def _unquoted(text: str) -> str:
    """Return a header without quoted words and comments (RFC 5322 section 3.2): senders choose what stands in them."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for one in text:
        if escaped or (one == "\\" and (quoted or depth)):
            escaped = not escaped
        elif one == '"' and not depth:
            quoted = not quoted
        elif not quoted and one in "()":
            depth = max(0, depth + (1 if one == "(" else -1))
        elif not quoted and not depth:
            kept.append(one)
    return "".join(kept)


def _instant(text: str) -> str | None:
    try:
        moment: datetime = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError):
        return None
    return None if moment.tzinfo is None else instant_text(moment.astimezone(UTC))
