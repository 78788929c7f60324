"""Receipts of deletions, as whoever deleted kept them, held against what the vendor's own feed says happened.

Source: Anthropic API reference (Files, Message Batches). No API certifies a deletion: what there is are the answer
`{"id", "type": "…_deleted"}`, the `request-id` it came with, and the activity. A receipt that the feed confirms is
dated by the feed. One that nothing confirms is worth its keeper's word (`claimed`), and so is the file it lies in.
None says anything of backups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from evidence.model import Assurance, Period, instant_text
from infra.cloud_records import Once
from infra.family_rows import FamilyRows
from infra.folder import Folder
from infra.listing import Entry
from infra.source import Custody, Gathering, Source
from infra.stream_records import take_file
from infra.tally import Tally
from infra.web.listed import Beside, Row, instant_of, object_of, text_of

FAMILY = "data_lifecycle"
SUFFIXES = (".json", ".jsonl", ".ndjson")
#: By the type of the answer: the path before the id, the system, the activities of its beginning and end, and its id.
Kind = tuple[str, str, str, str, str]
KINDS: Mapping[str, Kind] = {
    "file_deleted": ("/v1/files/", "anthropic-files", "platform_file_uploaded", "platform_file_deleted", "file_id"),
    "message_batch_deleted": (
        *("/v1/messages/batches/", "anthropic-batches", "platform_message_batch_created"),
        *("platform_message_batch_deleted", "message_batch_id"),
    ),
}
NOTED = frozenset(name for kind in KINDS.values() for name in kind[2:4])
#: An answer is dated to the second by another machine than the activity's.
APART = timedelta(minutes=5)


@dataclass(slots=True)
class Happened:
    """When the feed says that something was made or deleted, by the activity's type and the thing's id."""

    at: dict[tuple[str, str], str] = field(default_factory=dict)

    def note(self, activity: Mapping[str, Any]) -> None:
        """Remember an activity that a receipt may be about; of several with one id the first."""
        for _, _, made, deleted, name in KINDS.values():
            if activity.get("type") in {made, deleted} and isinstance(activity.get(name), str):
                self.at.setdefault((str(activity["type"]), activity[name]), text_of(activity, "created_at"))


@dataclass(slots=True)
class Receipts:
    """Reads receipts of one organisation. `unconfirmed` counts those that no activity stands beside."""

    organization: str
    period: Period
    happened: Happened
    unconfirmed: int = 0
    _once: Once = field(default_factory=Once)

    def __call__(self, record: Any) -> Iterator[Row]:
        """Return the rows of one receipt; `ValueError` where it is none, or the feed says something else."""
        receipt = object_of(record)
        headers, body = _headers(receipt), object_of(receipt.get("body"))
        kind = KINDS.get(text_of(body, "type"))
        if kind is None or receipt.get("method") != "DELETE" or receipt.get("status") != 200:
            raise ValueError("is not the answer of a deletion")
        prefix, system, made, deleted, _ = kind
        thing, answered = text_of(body, "id"), _dated(headers)
        if text_of(receipt, "path") != f"{prefix}{thing}":
            raise ValueError("answers about another thing than was asked for")
        if headers.get("anthropic-organization-id", self.organization) != self.organization:
            raise ValueError("is of another organisation")
        self._once(f"{thing}/{text_of(headers, 'request-id')}", record)
        known = self.happened.at.get((deleted, thing))
        if known is None and answered < self.period.start:
            raise Beside
        confirmed = self._confirmed(known, answered)
        about = receipt.get("object")
        captured = about.get("created_at") if isinstance(about, dict) else self.happened.at.get((made, thing))
        row = {"system_id": system, "record_id": thing, "captured_at": captured, "delete_kind": "hard"}
        row["deleted_at"] = known if confirmed else instant_text(answered)
        return iter([(FAMILY, row | {"content_class": one}) for one in _classes(system, about, captured)])

    def _confirmed(self, known: str | None, answered: datetime) -> bool:
        if known is None:
            self.unconfirmed += 1
            return False
        happened = instant_of(known)
        if happened is None or abs(happened - answered) > APART:
            raise ValueError("the feed dates this deletion at another time")
        return True


def gather_receipts(
    source: Source, configured: str, receipts: Receipts, rows: FamilyRows, gathering: Gathering
) -> None:
    """Store and read every file of receipts."""
    folder = Folder(gathering, source, configured)
    for done, entry in enumerate(folder.entries, start=1):
        if entry.name.lower().endswith(SUFFIXES):
            _take(folder, entry, receipts, rows)
        else:
            folder.skip(entry.name, f"not one of {', '.join(SUFFIXES)}")
        gathering.progress(source.kind, done, len(folder.entries))
    folder.finish()


def _take(folder: Folder, entry: Entry, receipts: Receipts, rows: FamilyRows) -> None:
    gathering, started = folder.gathering, folder.gathering.now()
    stored = folder.store(entry, limit=gathering.limits.document, families=(FAMILY,))
    if stored is None:
        return
    tally, before = Tally(entry.name, gathering.limits), receipts.unconfirmed
    take_file(gathering.locker.path(stored.sha256), (), receipts, rows, tally, stored.artefact)
    alone = receipts.unconfirmed - before
    if alone:
        tally.problem(f"{entry.name}: no activity confirms {alone} of its receipts")
    gathering.add_card(
        folder.source,
        stored,
        tally,
        started=started,
        address=folder.address(entry.name),
        media_type="application/json",
        families=(FAMILY,),
        custody=Custody(assurance=Assurance.CLAIMED if alone else None),
    )


def _headers(receipt: Mapping[str, Any]) -> dict[str, str]:
    stated = object_of(receipt.get("headers"))
    return {name.lower(): value for name, value in stated.items() if isinstance(value, str)}


def _dated(headers: Mapping[str, str]) -> datetime:
    try:
        answered = parsedate_to_datetime(text_of(headers, "date"))
        if answered.tzinfo is not None:
            return answered
    except (ValueError, TypeError):
        pass
    raise ValueError("its `date` header is none")


def _classes(system: str, about: Any, captured: Any) -> tuple[str | None, ...]:
    """Return what a thing held: a batch both, a file that can be downloaded an output; null where nothing says."""
    if system == "anthropic-batches":
        return "prompt", "output"
    if isinstance(about, dict) and isinstance(about.get("downloadable"), bool):
        return ("output",) if about["downloadable"] else ("prompt",)
    return ("prompt",) if captured is not None and not isinstance(about, dict) else (None,)
