"""Where the runs of the campaign seal and publish: a folder, or S3 as moto imitates it; and what must hold there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from evidence import dsse, layout
from evidence.canonical import sha256_hex
from evidence.ledger import Shelf, read_leaves
from evidence.ledger_audit import examine
from evidence.trust import load_trust
from evidence.verify import verify
from infra.ledger_folder import LedgerFolder
from infra.ledger_s3 import LedgerBucket
from tests.cli.engagements import edit, trail, unjudged

LOCKED, PERSONAL, LEDGER = "locked", "personal", "ledger"
REGION = "eu-central-1"


class Place(Protocol):
    """What a store and a ledger hold, seen from outside."""

    folder: Path

    def shelf(self) -> Shelf:
        """Return the ledger."""

    def bundles(self) -> dict[str, Path]:
        """Return a copy of every bundle that a reader would find, by name; one name never has two versions."""


@dataclass
class FolderPlace:
    folder: Path

    def shelf(self) -> Shelf:
        return LedgerFolder(self.folder / "ledger")

    def bundles(self) -> dict[str, Path]:
        return {path.name: path for path in (self.folder / "bundles").glob("*.zip")}


@dataclass
class BucketPlace:
    folder: Path
    client: Any

    @property
    def prefix(self) -> str:
        return self.folder.name

    def shelf(self) -> Shelf:
        return LedgerBucket(self.client, LEDGER, self.prefix)

    def bundles(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        listed = self.client.list_object_versions(Bucket=LOCKED, Prefix=f"{self.prefix}/").get("Versions", ())
        apart = self.client.list_objects_v2(Bucket=PERSONAL, Prefix=f"{self.prefix}/").get("Contents", ())
        disclosed = {Path(item["Key"]).name for item in apart}
        for version in listed:
            name = Path(version["Key"]).name
            assert name not in found, f"{name} was stored twice"
            assert f"{name.removesuffix('.zip')}.disclosures.jsonl" in disclosed, f"{name} has no disclosures"
            found[name] = self.folder / "copies" / name
            if not found[name].exists():
                answer = self.client.get_object(Bucket=LOCKED, Key=version["Key"], VersionId=version["VersionId"])
                assert answer["ObjectLockMode"] == "COMPLIANCE"
                found[name].parent.mkdir(exist_ok=True)
                found[name].write_bytes(answer["Body"].read())
        return found


def engagement(folder: Path, authority: str, roots: Path) -> Path:
    """Write an engagement whose bundles are stamped and disclose somebody, and return its folder."""
    unjudged(trail(folder))
    stamped = f'keys: keys/private}}\ntimestamp: {{url: "{authority}", roots: "{roots}"}}'
    edit(folder / "audit.yaml", "keys: keys/private}", stamped)
    (folder / "keys/trust/tsa-roots.pem").write_bytes(roots.read_bytes())
    policy = folder / "keys/trust/policy.json"
    policy.write_text(json.dumps(json.loads(policy.read_text()) | {"time": "rfc3161", "ledger": True}))
    with (folder / "audit.yaml").open("a") as file:
        file.write("personal: {disclose: [processing_activity.actor]}\n")
    return folder


def in_folder(folder: Path, authority: str, roots: Path) -> Place:
    """Return an engagement that publishes into a folder."""
    return FolderPlace(engagement(folder, authority, roots))


def in_bucket(folder: Path, authority: str, roots: Path, client: Any) -> Place:
    """Return an engagement that publishes into S3."""
    engagement(folder, authority, roots)
    store = (
        f"{{kind: s3, bucket: {LOCKED}, prefix: {folder.name}, region: {REGION}, kms_key: alias/a, retain: 1d, "
        f"disclosures: {{bucket: {PERSONAL}, prefix: {folder.name}}}}}"
    )
    edit(folder / "audit.yaml", "{kind: folder, path: bundles}", store)
    with (folder / "audit.yaml").open("a") as file:
        file.write(f"ledger: {{kind: s3, bucket: {LEDGER}, prefix: {folder.name}, region: {REGION}}}\n")
    return BucketPlace(folder, client)


@dataclass
class Watch:
    """Looks at a place again and again, and remembers what may never change."""

    place: Place
    leaves: Sequence[bytes] = ()
    verified: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """Of every bundle that was seen: its digest, its run and its statement."""
    shelf: Shelf | None = None

    def look(self, *, afresh: bool = False) -> None:
        """Assert what holds at every instant; a bucket's leaves that were read before are read again only `afresh`.

        1. no leaf that was seen is gone or changed, and the ledger is one history; 2. every bundle a reader finds
        verifies with everything demanded, and is the one that was there before; 3. its completion is in the ledger.
        """
        trust = load_trust(self.place.folder / "keys/trust")
        if afresh or self.shelf is None:
            self.shelf = self.place.shelf()
        shelf = self.shelf
        leaves = read_leaves(shelf)
        assert leaves[: len(self.leaves)] == list(self.leaves), "a leaf was lost or changed"  # 1
        self.leaves = leaves
        assert trust.ledger is not None
        history = examine(shelf, trust.ledger, None).history
        logged = {c.statement: c for known in history.contracts.values() for c in known.completed}
        for name, path in self.place.bundles().items():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            if name not in self.verified:
                content = verify(path, trust, at=datetime.now(UTC)).content()  # 2
                statement = sha256_hex(dsse.parse(content.read(layout.STATEMENT)).payload)
                self.verified[name] = (digest, content.facts.run, statement)
            seen, run, statement = self.verified[name]
            assert digest == seen, f"{name} was replaced"
            assert logged[statement].run == run, f"{name} is not logged"  # 3

    def settled(self) -> tuple[int, int]:
        """Assert what holds when nothing can be finished any more; return how many runs are complete, and open.

        1. as ever; 2. every completed run has its bundle; 3. no run is left to finish; 4. the others are open starts.
        """
        self.look(afresh=True)  # 1
        trust = load_trust(self.place.folder / "keys/trust")
        assert trust.ledger is not None
        assert self.shelf is not None
        found = examine(self.shelf, trust.ledger, None)
        missing = found.unpublished(statement for _, _, statement in self.verified.values())
        assert not missing, f"run {missing[0].run} is complete and has no bundle"  # 2
        left = list((self.place.folder / ".probity/work").glob("*/sealing.json"))
        assert not left, f"{left[0].parent.name} was not finished"  # 3
        runs = sum(known.runs for known in found.history.contracts.values())
        complete = sum(len(known.completed) for known in found.history.contracts.values())
        assert runs == complete + len(found.open)  # 4
        return complete, len(found.open)
