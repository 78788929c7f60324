"""CloudTrail log files out of their bucket: the trail's settings first, then the digests, then the files they prove.

1. what the trail logs is read: without the events that matter it is blind; 2. digests and log files of the period are
fetched raw, unchanged ones not again; 3. the digest chain of every account and region is validated; 4. a log file that
its digest contradicts, or that no digest knows, is lost and never read; 5. what is wrong with a chain is on a card.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from evidence.canonical import canonical_bytes
from evidence.errors import LimitExceeded, SourceError
from infra.bucket_objects import LATE, Bucket, Fetched, Listed, delivery_days, memory_of, refuse_region
from infra.cloudtrail_digests import Chain, Delivered, Fault, LogFound, compare, inflated_sha256, validate
from infra.cloudtrail_files import gather_logs
from infra.decompress import open_inflated
from infra.folder import Folder
from infra.listing import Entry
from infra.log_tables import FAMILIES
from infra.source import Custody, Gathering, Source
from infra.tally import Tally
from infra.trail_changes import of_trail
from infra.trail_config import TrailConfig, read_trail

MEDIA_TYPE = "application/vnd.probity.digest-chain+json"
CHUNK = 1024 * 1024


class Place(NamedTuple):
    """One account and region of a trail; a chain of digests is kept for each."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Trail:
    """Where a trail delivers, as configured."""

    name: str
    bucket: str
    prefix: str
    organization: str | None
    places: tuple[Place, ...]

    def below(self, place: Place, kind: str, day: datetime) -> str:
        """Return the prefix of the objects of one kind (`CloudTrail` or `CloudTrail-Digest`) delivered on a day."""
        parts = [self.prefix.strip("/"), "AWSLogs", self.organization, place.account, kind, place.region]
        return "/".join(part for part in (*parts, f"{day:%Y/%m/%d}") if part) + "/"


@dataclass(slots=True)
class _Fetching:
    """What was fetched of one place, and what could not be."""

    digests: list[Fetched] = field(default_factory=list)
    logs: list[Fetched] = field(default_factory=list)
    lost: list[tuple[Listed, SourceError]] = field(default_factory=list)


def gather_bucket(source: Source, trail: Trail, s3: Any, cloudtrail: Any, gathering: Gathering) -> None:
    """Gather a trail's log files of the period; raises `Terminal` or `Transient` where the bucket cannot be listed."""
    bucket = Bucket(
        s3,
        trail.bucket,
        gathering.locker,
        memory_of(gathering.journals, "cloudtrail", trail.bucket),
        gathering.limits.log_object,
    )
    refuse_region(bucket, gathering)
    read_from = (trail.bucket, trail.prefix.strip("/"))
    config = read_trail(cloudtrail, trail.name, trail.places, source, gathering, FAMILIES, read_from)
    entries: list[Entry] = []
    custody: dict[str, Custody] = {}
    for place in trail.places:
        found = _fetch(bucket, trail, place, gathering)
        _examine(source, trail, place, found, config, gathering, entries, custody)
    gather_logs(
        Folder(gathering, source, f"s3://{trail.bucket}", tuple(sorted(entries, key=_name)), custody),
        of_trail(trail.name),
    )


def _name(entry: Entry) -> str:
    return entry.name


def _fetch(bucket: Bucket, trail: Trail, place: Place, gathering: Gathering) -> _Fetching:
    found = _Fetching()
    days = tuple(delivery_days(gathering))
    if not days:  # the period has not begun
        return found
    with gathering.locker.batch() as batch:
        for kind, into in (("CloudTrail-Digest", found.digests), ("CloudTrail", found.logs)):
            # Days lie one after the other: one listing of a thousand keys a page, and not one for every day.
            first, end = trail.below(place, kind, days[0]), trail.below(place, kind, days[-1] + timedelta(days=1))
            wanted = bucket.list(first.removesuffix(f"{days[0]:%Y/%m/%d}/"), first, end)
            for got in bucket.fetch(wanted, batch):
                if isinstance(got, Fetched):
                    into.append(got)
                else:
                    found.lost.append(got)
    bucket.remember((*found.digests, *found.logs))
    return found


def _examine(
    source: Source,
    trail: Trail,
    place: Place,
    found: _Fetching,
    config: TrailConfig,
    gathering: Gathering,
    entries: list[Entry],
    custody: dict[str, Custody],
) -> None:
    """Validate one chain, add what it leaves to be read to `entries`, and its card to the gathering."""
    started = gathering.now()
    chain = _validated(trail, found, config, gathering)
    hashes = {one.listed.key: _inflated(one, gathering) for one in found.logs}
    faults = (*chain.faults, *compare(chain, _found(found.logs, hashes)))
    wrong = {fault.key: fault.why for fault in faults if fault.code.startswith("LOG_")}
    for one in found.logs:
        key, named = one.listed.key, chain.logs.get(one.listed.key)
        why = wrong.get(key, "")
        entries.append(Entry(key, gathering.locker.path(one.stored.sha256), one.listed.size, why))
        custody[key] = Custody(source_digest=named, source_digest_verified=None if named is None else not why)
    entries.extend(
        Entry(listed.key, gathering.locker.path("0" * 64), listed.size, str(why)) for listed, why in found.lost
    )
    _add_card(source, trail, place, chain, faults, gathering, started)


def _validated(trail: Trail, found: _Fetching, config: TrailConfig, gathering: Gathering) -> Chain:
    delivered = [
        Delivered(
            one.listed.key,
            _bytes(one, gathering),
            one.metadata.get("signature", ""),
            one.metadata.get("signature-algorithm", ""),
        )
        for one in found.digests
    ]
    last = min(gathering.period.end, gathering.instant)
    # Of a day that is not over the newest digests cannot be there yet; what the trail delivered last decides.
    newest = config.newest_digest
    reached = last if newest is None else min(last, newest - 2 * timedelta(hours=1))
    return validate(
        trail.bucket, delivered, config.keys, first=gathering.period.start, last=reached, newest=_due(newest, gathering)
    )


def _due(newest: datetime | None, gathering: Gathering) -> datetime | None:
    """Return when the newest digest that must be there was delivered: later ones than those listed are not missed."""
    horizon = gathering.period.end + LATE
    return None if newest is None else min(newest, horizon)


def _bytes(one: Fetched, gathering: Gathering) -> bytes:
    try:
        with open_inflated(gathering.locker.path(one.stored.sha256), gathering.limits) as stream:
            return stream.read(gathering.limits.document)
    except (LimitExceeded, SourceError, OSError, EOFError):
        return b""  # `validate` says that it is no digest


def _inflated(one: Fetched, gathering: Gathering) -> str:
    try:
        with open_inflated(gathering.locker.path(one.stored.sha256), gathering.limits) as stream:
            return inflated_sha256(iter(lambda: stream.read(CHUNK), b""))
    except (LimitExceeded, SourceError, OSError, EOFError):
        return ""  # differs from whatever a digest names; the reader says what is wrong with the file


def _found(logs: Sequence[Fetched], hashes: Mapping[str, str]) -> dict[str, LogFound]:
    return {one.listed.key: LogFound(hashes[one.listed.key], one.listed.modified) for one in logs}


def _add_card(
    source: Source,
    trail: Trail,
    place: Place,
    chain: Chain,
    faults: Sequence[Fault],
    gathering: Gathering,
    started: datetime,
) -> None:
    told = {
        "schema": "probity.digest-chain/v1",
        "account": place.account,
        "region": place.region,
        "hours": [[start.isoformat(), end.isoformat()] for start, end in chain.hours],
        "logs": dict(sorted(chain.logs.items())),
        "faults": [[fault.code, fault.key, fault.why] for fault in faults],
    }
    tally = Tally(f"digests of {place.account} {place.region}", gathering.limits)
    for fault in faults:
        tally.break_off(fault.key.rpartition("/")[2] or "the chain", f"{fault.code}: {fault.why}")
    gathering.add_card(
        source,
        gathering.locker.put(io.BytesIO(canonical_bytes(told))),
        tally,
        started=started,
        address=f"s3://{trail.bucket}/{trail.below(place, 'CloudTrail-Digest', gathering.period.start)}",
        media_type=MEDIA_TYPE,
        families=FAMILIES if faults else (),
        custody=Custody(source_digest_verified=not faults),
    )
