"""From inventories to ages: each list is a sighting of every object on it, and says which are there no more.

An object that one list has and the next has not was gone by the time the next one was delivered; when it went in
between, nobody saw. S3 fills its lists with some delay, so an object deleted shortly before one may still be on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evidence.errors import SourceError
from evidence.model import instant_text
from infra.bucket_objects import Bucket, Fetched
from infra.bucket_settings import PROVIDER, Wanted
from infra.family_rows import FamilyRows
from infra.inventory_files import Listed, read_objects
from infra.s3_inventory import Inventory, Snapshot, data_files, snapshots
from infra.source import Custody, Gathering, Source
from infra.tally import Tally

FAMILIES = ("data_lifecycle", "processing_activity", "storage_configs")
MEDIA_TYPES = {"CSV": "application/gzip", "Parquet": "application/vnd.apache.parquet"}
#: Objects of one snapshot that are held in memory to see which of them the next one lacks.
MAX_OBJECTS = 2_000_000
ENCRYPTED = frozenset({"SSE-S3", "SSE-KMS", "DSSE-KMS", "SSE-C"})
BARE = "NOT-SSE"
VERSION = "VersionId"


@dataclass(slots=True)
class _Seen:
    """What one snapshot has: instants of last modification by record, and the ways in which objects are encrypted."""

    captured: dict[str, str] = field(default_factory=dict)
    encryption: set[str | None] = field(default_factory=set)
    whole: bool = True


@dataclass(slots=True)
class InventoryReading:
    """The snapshots of one bucket under way, each compared with the last whole one before it."""

    source: Source
    gathering: Gathering
    rows: FamilyRows
    bucket: Wanted
    region: str | None
    inventory: Inventory
    versioned: bool
    _last: tuple[str, _Seen] | None = field(default=None, init=False)

    def read(self, delivered: Bucket) -> int:
        """Read every snapshot and return how many there were; raises where the destination cannot be listed."""
        read = 0
        for snapshot in snapshots(delivered, self.inventory, self.bucket.name, self.gathering):
            self._read(delivered, snapshot)
            read += 1
            self.gathering.progress(self.source.kind, read, read)
        return read

    def _read(self, delivered: Bucket, snapshot: Snapshot) -> None:
        started = self.gathering.now()
        tally = Tally(snapshot.manifest.listed.key.rpartition("/")[0].rpartition("/")[2], self.gathering.limits)
        seen = _Seen()
        if snapshot.wrong:
            tally.break_off("the manifest", snapshot.wrong)
            seen.whole = False
        else:
            tally.rows += 1
            for listed, digest, got in data_files(delivered, snapshot, self.gathering):
                if isinstance(got, SourceError):
                    tally.break_off(listed.key.rpartition("/")[2], str(got))
                    seen.whole = False
                else:
                    self._file(snapshot, got, digest, seen)
            self._conclude(snapshot, seen)
        self.gathering.add_card(
            self.source,
            snapshot.manifest.stored,
            tally,
            started=started,
            address=f"s3://{self.inventory.destination}/{snapshot.manifest.listed.key}",
            media_type="application/json",
            families=FAMILIES,
            custody=Custody(source_digest=f"md5:{snapshot.digest}", source_digest_verified=not snapshot.wrong),
        )

    def _file(self, snapshot: Snapshot, got: Fetched, digest: str, seen: _Seen) -> None:
        started, limits = self.gathering.now(), self.gathering.limits
        tally = Tally(got.listed.key.rpartition("/")[2], limits)
        path = self.gathering.locker.path(got.stored.sha256)
        objects = read_objects(path, snapshot.form, snapshot.columns, self.bucket.name, limits, tally)
        for place, listed in objects:
            if len(seen.captured) >= MAX_OBJECTS:
                tally.break_off(f"row {place + 1}", f"more than the limit of {MAX_OBJECTS} objects in one snapshot")
                break
            self._object(snapshot, got, place, listed, seen, tally)
        seen.whole = seen.whole and tally.complete and not tally.unreadable
        self.gathering.add_card(
            self.source,
            got.stored,
            tally,
            started=started,
            address=f"s3://{self.inventory.destination}/{got.listed.key}",
            media_type=MEDIA_TYPES[snapshot.form],
            families=FAMILIES,
            custody=Custody(source_digest=f"md5:{digest}", source_digest_verified=True),
        )

    def _object(self, snapshot: Snapshot, got: Fetched, place: int, listed: Listed, seen: _Seen, tally: Tally) -> None:
        if listed.marker or not listed.key.startswith(self.bucket.prefix):
            tally.not_relevant += 1
            return
        # Without versions a name may be written again: it is the content of that moment, not of its name.
        record = f"{listed.key}@{listed.version or listed.modified}"
        if record in seen.captured:
            tally.duplicates += 1
            return
        tally.rows += 1
        seen.captured[record] = listed.modified
        seen.encryption.add(listed.encryption)
        sighted = {"snapshot_at": instant_text(snapshot.begun)}
        self._lifecycle(record, listed.modified, sighted, got.stored.artefact, place)

    def _lifecycle(self, record: str, captured: str, told: dict[str, str], artefact: str, place: int) -> None:
        for content in self.bucket.content:
            row = {"system_id": self.bucket.system, "record_id": record, "content_class": content}
            self.rows.add("data_lifecycle", row | {"captured_at": captured} | told, artefact=artefact, row=place)

    def _conclude(self, snapshot: Snapshot, seen: _Seen) -> None:
        """Write what the snapshot as a whole says: which objects went, where content was, whether all was encrypted."""
        artefact, begun = snapshot.manifest.stored.artefact, instant_text(snapshot.begun)
        if seen.captured and self.region is not None:
            activity: dict[str, Any] = {
                "activity_id": f"{self.bucket.arn}@{begun}",
                "activity": "store",
                "occurred_at": begun,
                "provider": PROVIDER,
                "region_code": self.region,
                "resource_id": self.bucket.system,
                "outcome": "ok",
            }
            self.rows.add("processing_activity", activity, artefact=artefact, row=0)
        self._encryption(snapshot, seen, artefact, begun)
        if not seen.whole:
            return
        if self._last is not None and self._every(snapshot):
            before, last = self._last
            gone = {"snapshot_at": before, "gone_by": instant_text(snapshot.delivered)}
            for place, record in enumerate(sorted(last.captured.keys() - seen.captured.keys())):
                self._lifecycle(record, last.captured[record], gone, artefact, place)
        self._last = begun, seen

    def _every(self, snapshot: Snapshot) -> bool:
        """Return whether a list has all there is. One of current versions says nothing of what is kept behind them.

        The configuration is that of today: only a list that names versions was made to have them all.
        """
        return not self.versioned or (self.inventory.every_version and VERSION in snapshot.columns)

    def _encryption(self, snapshot: Snapshot, seen: _Seen, artefact: str, begun: str) -> None:
        """One object that is not encrypted shows that; that all are, only a list of everything in the bucket."""
        bare = BARE in seen.encryption
        entire = seen.whole and not self.inventory.covers and not self.bucket.prefix
        entire = entire and self._every(snapshot)
        if bare or (entire and seen.encryption and seen.encryption <= ENCRYPTED):
            row = {
                "resource_id": self.bucket.arn,
                "system_id": self.bucket.system,
                "encrypted": not bare,
                "algorithm": "none" if bare else "AES-256",
                "applies_to": "all",
                "observed_at": begun,
            }
            self.rows.add("storage_configs", row, artefact=artefact, row=0)
