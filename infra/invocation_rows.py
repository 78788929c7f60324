"""Invocation logs of a region and period, object by object, into rows: a call counts once, whoever logged it."""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded, SourceError, Terminal
from evidence.model import instant_text
from infra.bedrock_api import Logging
from infra.bedrock_events import Event, NotAnEvent
from infra.bucket_objects import Bucket, Fetched, Listed, delivery_days, memory_of, refuse_region
from infra.bucket_settings import PROVIDER
from infra.family_rows import FamilyRows
from infra.invocation_logs import MEDIA_TYPE, SCHEMA, invocation, read_reduced, reduced
from infra.source import Custody, Gathering, Source
from infra.tally import Tally

FAMILIES = ("feature_usage", "processing_activity")
FEATURE = "amazon bedrock"
#: Requests of one gathering by which repeated ones are known, and instants at which a model was used.
MAX_REQUESTS = 5_000_000
#: Objects that hold large bodies alone, in a folder below that of their hour, are never opened.
BODIES = "/data/"
PERMISSION_CHECK = "amazon-bedrock-logs-permission-check"
LISTING_MEDIA_TYPE = "application/vnd.probity.listing+json"
_ROW = {
    "activity_id": "request_id",
    "occurred_at": "occurred_at",
    "region_code": "region_code",
    "source_region": "source_region",
    "model": "model",
    "resource_id": "resource",
    "actor": "actor",
    "request_id": "request_id",
    "outcome": "outcome",
    "input_tokens": "input_tokens",
    "output_tokens": "output_tokens",
}


@dataclass(slots=True)
class InvocationReading:
    """The invocation logs of one account under way. `system` is what they are called; without it, by their bucket.

    `s3` makes the client, which only who reads logs needs.
    """

    source: Source
    gathering: Gathering
    rows: FamilyRows
    account: str
    system: str | None
    s3: Callable[[], Any]
    _seen: dict[str, bytes] = field(default_factory=dict, init=False)
    _used: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _first: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict, init=False)

    def read(self, region: str, place: Logging | None) -> None:
        """Read the period's logs of one region; what cannot be had is on the card of their listing."""
        try:
            if place is None:
                raise Terminal("where they are delivered could not be asked")
            self._read(region, place)
        except (SourceError, LimitExceeded) as cause:
            self._finish(_Listing(f"invocation logs of {region}", "", "", None, faults=[str(cause)]))

    def _read(self, region: str, place: Logging) -> None:
        if place.bucket is None:
            raise Terminal("logging to S3 is off, and its logs were asked for")
        gathering, address = self.gathering, f"s3://{place.bucket}"
        bucket = Bucket(
            self.s3(),
            place.bucket,
            gathering.locker,
            memory_of(gathering.journals, SCHEMA, place.bucket),
            gathering.limits.log_object,
            keeping=partial(reduced, address, gathering.limits),
        )
        refuse_region(bucket, gathering)
        parts = (place.prefix, "AWSLogs", self.account, "BedrockModelInvocationLogs", region)
        below = "/".join(part for part in parts if part)
        listing = _Listing(address, f"/{below}", self.system or place.bucket, bucket.region())
        for day in delivery_days(gathering):
            listing.add(bucket.list(f"{below}/{day:%Y/%m/%d}/"))
        with gathering.locker.batch() as batch:
            got = list(bucket.fetch((one for one in listing.held if BODIES not in one.key[len(below) :]), batch))
        whole = [one for one in got if isinstance(one, Fetched)]
        bucket.remember(whole)
        for number, one in enumerate(got, start=1):
            if isinstance(one, Fetched):
                self._object(address, one)
            else:
                listing.lost[one[0].key] = str(one[1])
            gathering.progress(self.source.kind, number, len(got))
        self._finish(listing)

    def features(self) -> None:
        """Write how often each model was used, instant by instant; throttled and refused calls used nothing."""
        for key, requests in sorted(self._used.items()):
            artefact, number = self._first[key]
            row = {"feature": FEATURE, "model": key[0] or None, "used_at": key[1], "requests": requests}
            self.rows.add("feature_usage", row, artefact=artefact, row=number)

    def _object(self, address: str, one: Fetched) -> None:
        started = self.gathering.now()
        tally = Tally(one.listed.key.rpartition("/")[2], self.gathering.limits)
        told = read_reduced(self.gathering.locker.path(one.stored.sha256))
        for number, record in enumerate(told.records, start=1):
            if why := record.get("unreadable"):
                tally.lose(f"record {number}")
                tally.problem(f"{tally.name}: record {number}: {why}")
            else:
                self._record(record, one.stored.artefact, number, tally)
        if told.about["damage"]:
            tally.break_off(f"record {len(told.records) + 1}", str(told.about["damage"]))
        plain = len(one.listed.etag) == len(told.about["md5"])  # of an object in parts the ETag is no MD5
        query = f"without bodies, of {told.about['bytes']} bytes with SHA-256 {told.about['sha256']}"
        self.gathering.add_card(
            self.source,
            one.stored,
            tally,
            started=started,
            address=f"{address}/{one.listed.key}",
            media_type=MEDIA_TYPE,
            families=FAMILIES,
            custody=Custody(
                query=query,
                source_digest=f"etag:{one.listed.etag}",
                source_digest_verified=(one.listed.etag == told.about["md5"]) if plain else None,
            ),
        )

    def _record(self, record: Mapping[str, Any], artefact: str, number: int, tally: Tally) -> None:
        try:
            event = invocation(record)
        except NotAnEvent:
            tally.lose(f"record {number}")
            tally.problem(f"{tally.name}: record {number}: no requestId or operation")
            return
        digest = hashlib.blake2b(canonical_bytes(dict(record)), digest_size=16).digest()
        if self._seen.get(event.event_id) == digest:
            tally.duplicates += 1
            return
        if len(self._seen) >= MAX_REQUESTS:
            tally.break_off(f"record {number}", f"more than the limit of {MAX_REQUESTS} requests in one gathering")
            return
        self._seen[event.event_id] = digest
        tally.rows += 1
        row = {column: getattr(event, name) for column, name in _ROW.items()}
        row |= {"activity": "process", "provider": PROVIDER}
        self.rows.add("processing_activity", row, artefact=artefact, row=number)
        self._use(event, artefact, number)

    def _use(self, event: Event, artefact: str, number: int) -> None:
        if event.outcome in {"throttled", "denied"} or not isinstance(event.occurred_at, str):
            return
        key = (str(event.model or ""), event.occurred_at)
        self._used[key] += 1
        self._first.setdefault(key, (artefact, number))

    def _finish(self, listing: _Listing) -> None:
        """Add the card of a listing; each object on it is content that was stored where its bucket is."""
        stored = self.gathering.locker.put(io.BytesIO(canonical_bytes(listing.told())))
        tally = Tally(listing.address, self.gathering.limits)
        tally.not_relevant = listing.checks
        for number, one in enumerate(listing.held, start=1):
            if one.key in listing.lost:
                tally.break_off(one.key.rpartition("/")[2], listing.lost[one.key])
            else:
                tally.rows += 1
            self.rows.add("processing_activity", listing.row(one), artefact=stored.artefact, row=number)
        for why in listing.faults:
            tally.break_off("the listing", why)
        self.gathering.add_card(
            self.source,
            stored,
            tally,
            started=listing.started or self.gathering.now(),
            address=listing.address,
            media_type=LISTING_MEDIA_TYPE,
            families=FAMILIES,
        )


@dataclass(slots=True)
class _Listing:
    """What lies below a prefix: `held` is content, `checks` are S3's permission being tried."""

    bucket: str
    below: str
    system: str
    region: str | None
    faults: list[str] = field(default_factory=list)
    held: list[Listed] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    checks: int = 0
    started: datetime | None = None

    @property
    def address(self) -> str:
        return self.bucket + self.below

    def add(self, found: Iterable[Listed]) -> None:
        for one in found:
            if one.key.endswith(PERMISSION_CHECK):
                self.checks += 1
            else:
                self.held.append(one)

    def told(self) -> dict[str, Any]:
        objects = [{"key": one.key, "bytes": str(one.size), "etag": one.etag} for one in self.held]
        where = {"address": self.address, "region": self.region or ""}
        return {"schema": "probity.listing/v1", **where, "objects": objects, "lost": self.lost, "faults": self.faults}

    def row(self, one: Listed) -> dict[str, Any]:
        return {
            "activity_id": f"{self.bucket}/{one.key}@{one.etag}",
            "activity": "log",
            "occurred_at": instant_text(one.modified),
            "provider": PROVIDER,
            "region_code": self.region,
            "resource_id": self.system,
            "outcome": "ok",
        }
