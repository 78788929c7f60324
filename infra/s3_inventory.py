"""Inventories of a bucket: the manifests of a period, verified against their checksums and the files they name.

Source: Amazon S3 User Guide, "Locating your inventory list": `<prefix>/<bucket>/<id>/<time>/manifest.json` beside
`manifest.checksum`, its MD5; the manifest names each data file with its size and MD5.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from evidence.errors import SourceError, Terminal
from infra.bucket_objects import Bucket, Fetched, Listed
from infra.inventory_files import FORMATS, columns_of
from infra.source import Gathering

#: Snapshots of one bucket that one audit looks at: a year of daily ones, and more.
MAX_SNAPSHOTS = 500
CHUNK = 1024 * 1024
_MANIFEST = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\dZ)/manifest\.json")


@dataclass(frozen=True, slots=True)
class Inventory:
    """An inventory as it is configured: where its lists are delivered, and what of the bucket is on them.

    `account` owns the bucket that they are delivered to, where the configuration states it.
    """

    id: str
    destination: str
    below: str
    covers: str
    every_version: bool
    account: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One delivered list. `begun` is when S3 began it, `delivered` when it was whole; `files` are still to be fetched.

    Without `columns` it is not usable, and `wrong` says why.
    """

    manifest: Fetched
    begun: datetime
    delivered: datetime
    form: str = ""
    columns: tuple[str, ...] = ()
    files: tuple[tuple[Listed, str], ...] = ()
    digest: str = ""
    wrong: str = ""


def chosen(configurations: Iterable[Mapping[str, Any]], bucket: str, prefix: str) -> Inventory | None:
    """Return the inventory that lists everything below a prefix: one of every version, where there is one."""
    fitting = [found for stated in configurations if (found := _inventory(stated, bucket)) is not None]
    covering = [found for found in fitting if prefix.startswith(found.covers)]
    return min(covering, key=lambda found: (not found.every_version, len(found.covers), found.id), default=None)


def _inventory(stated: Mapping[str, Any], bucket: str) -> Inventory | None:
    where = (stated.get("Destination") or {}).get("S3BucketDestination") or {}
    if not stated.get("IsEnabled") or not stated.get("Id") or not where.get("Bucket"):
        return None
    name, prefix = str(stated["Id"]), str(where.get("Prefix") or "").strip("/")
    below = "/".join(part for part in (prefix, bucket, name) if part) + "/"
    covers = str((stated.get("Filter") or {}).get("Prefix") or "")
    every = stated.get("IncludedObjectVersions") == "All"
    account = str(where.get("AccountId") or "")
    return Inventory(name, str(where["Bucket"]).rpartition(":")[2], below, covers, every, account)


def snapshots(delivered: Bucket, inventory: Inventory, source: str, gathering: Gathering) -> Iterator[Snapshot]:
    """Yield the snapshots from the period's start to the audit's instant, oldest first, verified or with what is wrong.

    Raises `Terminal` or `Transient` where the destination cannot be listed.
    """
    there = {listed.key: listed for listed in delivered.list(inventory.below)}
    wanted = [there[key] for key in sorted(there) if _in_time(key, inventory, gathering)]
    if len(wanted) > MAX_SNAPSHOTS:
        raise Terminal(f"s3://{delivered.name}/{inventory.below}: more than {MAX_SNAPSHOTS} snapshots; audit less time")
    sums = [there[name] for one in wanted if (name := _checksum(one.key)) in there]
    with gathering.locker.batch() as batch:
        got = list(delivered.fetch([*wanted, *sums], batch))
    fetched = {one.listed.key: one for one in got if isinstance(one, Fetched)}
    delivered.remember(fetched.values())
    lost = {one[0].key: one[1] for one in got if not isinstance(one, Fetched)}
    before: datetime | None = None
    for one in wanted:
        if one.key in lost:
            raise lost[one.key]
        found = _snapshot(fetched[one.key], fetched.get(_checksum(one.key)), there, source, gathering)
        if not found.wrong and before is not None and found.begun <= before:
            # What an older list has not would pass for gone since.
            found = _wrong(found, "it was begun no later than the list before it")
        before = before if found.wrong else found.begun
        yield found


def _in_time(key: str, inventory: Inventory, gathering: Gathering) -> bool:
    match = _MANIFEST.fullmatch(key.removeprefix(inventory.below))
    try:
        moment = datetime.strptime(match[1], "%Y-%m-%dT%H-%MZ").replace(tzinfo=UTC) if match else None
    except ValueError:
        return False
    return moment is not None and gathering.period.start <= moment <= gathering.instant


def _checksum(manifest: str) -> str:
    return manifest.removesuffix("json") + "checksum"


def _snapshot(
    manifest: Fetched, checksum: Fetched | None, there: Mapping[str, Listed], source: str, gathering: Gathering
) -> Snapshot:
    delivered = manifest.listed.modified
    data = _bytes(manifest, gathering)
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    unusable = Snapshot(manifest, delivered, delivered, digest=digest)
    if checksum is None or _bytes(checksum, gathering).strip().lower() != digest.encode():
        return _wrong(unusable, "the manifest has no checksum beside it, or another one")
    try:
        told = json.loads(data)
        begun = datetime.fromtimestamp(int(told["creationTimestamp"]) / 1000, UTC)
        form, listed = str(told["fileFormat"]), list(told["files"])
        if told["sourceBucket"] != source:
            raise ValueError("it is of another bucket")
        if form not in FORMATS:
            raise ValueError(f"{form} is not read; set the inventory to CSV or Parquet")
        columns = columns_of(form, str(told["fileSchema"]))
        files = tuple((there[one["key"]], str(one["MD5checksum"]).lower()) for one in listed)
    except KeyError as cause:
        return _wrong(unusable, f"{cause} is not there")
    except (ValueError, TypeError, OverflowError, OSError, RecursionError) as cause:
        return _wrong(unusable, str(cause) or "it is not as documented")
    if begun > delivered:
        return _wrong(unusable, "it was begun after it was delivered")
    return Snapshot(manifest, begun, delivered, form, columns, files, digest)


def _wrong(unusable: Snapshot, why: str) -> Snapshot:
    return Snapshot(unusable.manifest, unusable.begun, unusable.delivered, digest=unusable.digest, wrong=why)


def _bytes(one: Fetched, gathering: Gathering) -> bytes:
    with gathering.locker.path(one.stored.sha256).open("rb") as stream:
        return stream.read(gathering.limits.document)


def data_files(
    delivered: Bucket, snapshot: Snapshot, gathering: Gathering
) -> Iterator[tuple[Listed, str, Fetched | SourceError]]:
    """Yield each data file of a snapshot with the MD5 its manifest states, fetched and compared, or what is wrong."""
    with gathering.locker.batch() as batch:
        got = list(delivered.fetch((listed for listed, _ in snapshot.files), batch))
    delivered.remember(one for one in got if isinstance(one, Fetched))
    for (listed, stated), one in zip(snapshot.files, got, strict=True):
        if not isinstance(one, Fetched):
            yield listed, stated, one[1]
        elif _md5(one, gathering) != stated:
            yield listed, stated, Terminal(f"{listed.key}: its MD5 is not the one that the manifest states")
        else:
            yield listed, stated, one


def _md5(one: Fetched, gathering: Gathering) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with gathering.locker.path(one.stored.sha256).open("rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()
