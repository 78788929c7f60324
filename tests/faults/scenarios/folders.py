"""Folders: families as files, CloudTrail's log files, documents, mail, sealed bundles; faults are those of a disk."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.model import Period
from infra.source import Gathering, Source
from infra.sources.bundles import Bundles
from infra.sources.cloudtrail import CloudTrail
from infra.sources.documents import Documents
from infra.sources.files import Files
from infra.sources.mailbox import MailboxFolder
from tests.evidence import pki, sealed
from tests.faults.disk import DISK, strike
from tests.faults.scenario import LOGGED, START, Fault, Rows, Scenario, counted
from tests.infra.digest_chain import HOUR
from tests.infra.digest_chain import event as trail_event
from tests.infra.test_keyed_documents import pdf, signed
from tests.infra.test_mailbox import message
from tests.world import load_cases

EVENTS = 12
CASES = Path(__file__).parents[2] / "commitments"


class FolderScenario(Scenario):
    """A folder `evidence` that is struck after it was written."""

    faults = DISK
    #: A folder cannot know of a file that is not there, and a file called otherwise is somebody else's.
    silent = frozenset({"lost", "renamed"})
    source: ClassVar[Source]

    def write(self, folder: Path, *, bad: bool) -> None:
        raise NotImplementedError

    def gather(self, at: Gathering, fault: Fault | None, *, bad: bool) -> int:
        folder = at.root / "evidence"
        folder.mkdir()
        self.write(folder, bad=bad)
        if fault is not None:
            strike(folder, fault)
        self.source.gather(at)
        return 1


def log_row(number: int, *, bad: bool = False) -> dict[str, Any]:
    """Return one event of a log that is kept by itself."""
    return {
        "event_id": f"event-{number:03d}",
        "occurred_at": f"{START + (1 + number) * HOUR:%Y-%m-%dT%H:%M:%SZ}",
        "actor": "" if bad and number == 3 else f"u{number}",
        "actor_type": "user",
        "action": "invoke",
        "outcome": "ok",
    }


class FamilyFiles(FolderScenario):
    kind, clause = "files", LOGGED
    identity = {"audit_log": ("event_id",)}
    source = Files(path="evidence")
    #: The last line of a table of plain text may be cut within its last value, and nobody sees that.
    altering = frozenset({"torn"})

    def write(self, folder: Path, *, bad: bool) -> None:
        rows = [log_row(number, bad=bad) for number in range(EVENTS)]
        (folder / "audit_log").mkdir()
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows[:4])]
        (folder / "audit_log/a.csv").write_text("\n".join(lines) + "\n")
        text = "".join(json.dumps(row) + "\n" for row in rows[4:8]).encode()
        (folder / "audit_log/b.jsonl.gz").write_bytes(gzip.compress(text, mtime=0))
        pq.write_table(pa.Table.from_pylist(rows[8:]), folder / "audit_log/c.parquet")

    def beside(self, *, bad: bool) -> Rows:
        return counted(EVENTS)


class TrailFolder(FolderScenario):
    kind, clause = "cloudtrail", LOGGED
    identity = {"audit_log": ("event_id",), "processing_activity": ("request_id",)}
    source = CloudTrail(path="evidence")

    def write(self, folder: Path, *, bad: bool) -> None:
        for number in range(EVENTS // 3):
            records = [trail_event(n, START + (1 + n) * HOUR) for n in range(3 * number, 3 * number + 3)]
            if bad and number == 1:
                records[1]["userIdentity"] = {}
            data = gzip.compress(json.dumps({"Records": records}).encode(), mtime=0)
            (folder / f"{number}.json.gz").write_bytes(data)

    def beside(self, *, bad: bool) -> Rows:
        return counted(EVENTS)


def _sidecar(folder: Path, name: str, data: bytes, record: Mapping[str, Any]) -> None:
    (folder / name).write_bytes(data)
    stated = {"probity": "document/v1", "file": name, "sha256": hashlib.sha256(data).hexdigest()}
    keyed = stated | {"keyed_by": ["a.doe", "b.roe"], "record": record}
    (folder / f"{name}.yaml").write_text(json.dumps(keyed))


@cache
def report() -> bytes:
    """Return a report that its auditor signed."""
    return signed(pdf())


class Reports(FolderScenario):
    kind, clause = "documents", ("soc2-type2-attestation", {"criteria": ["security"], "max_bridge": "92d"})
    identity = {"documents": ("document_id", "file_state", "signature")}
    period = Period.of(datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
    source = Documents(path="evidence", trust="roots.pem")
    #: What happens to the file of a row is said in the row: it is absent, or no longer the one that was keyed.
    altering = frozenset({"torn", "emptied", "overwritten", "lost", "renamed", "linked"})

    @property
    def instant(self) -> datetime:
        return datetime(2025, 9, 1, tzinfo=UTC)

    def write(self, folder: Path, *, bad: bool) -> None:
        stated = load_cases(CASES / "soc2-type2-attestation/cases.yaml")["given"]["documents"][0]
        record = {k: v for k, v in stated.items() if k not in {"file", "signature"}}
        changes = {"issuer": "Auditors LLP"} | ({"opinion": "adverse"} if bad else {})
        _sidecar(folder, "soc2.pdf", report(), record | changes)
        roots = pki.seal_keys("Auditors LLP").root.public_bytes(Encoding.PEM)
        (folder.parent / "roots.pem").write_bytes(roots)


class Mail(FolderScenario):
    kind, clause = "mailbox", ("breach-notification", {"notify_within": "24h", "report_within": "72h"})
    identity = {"notices": ("notice_id",)}
    period = Reports.period
    #: A message and its side-car vouch for each other.
    silent = frozenset()
    source = MailboxFolder(path="evidence", senders=("vendor.example",), server="mx.acme.example")

    def write(self, folder: Path, *, bad: bool) -> None:
        given = load_cases(CASES / "breach-notification/cases.yaml")["given"]["notices"]
        for number, notice in enumerate(given):
            moment = datetime.fromisoformat(notice["received_at"])
            day = moment.replace(day=moment.day + 20) if bad else moment
            sent = f"{day:%a, %d %b %Y %H:%M:%S} +0000"
            received = f"from mail.vendor.example by mx.acme.example with ESMTPS id 1;\r\n {sent}"
            data = message(Received=received, Date=sent, Message_ID=f"<n{number}@vendor.example>")
            _sidecar(folder, f"n{number}.eml", data, {k: notice[k] for k in ("kind", "incident_id", "fields")})

    def beside(self, *, bad: bool) -> Rows:
        incidents: Sequence[Mapping[str, Any]] = load_cases(CASES / "breach-notification/cases.yaml")["given"][
            "incidents"
        ]
        return {"incidents": incidents}


class SealedBundles(FolderScenario):
    kind = "bundles"
    identity = {"bundle_verifications": ("bundle",)}
    period = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
    source = Bundles(path="evidence", trust="trust")

    def write(self, folder: Path, *, bad: bool) -> None:
        (folder.parent / "trust").mkdir()
        sealed.write_trust(folder.parent / "trust")
        for name in ("may", "june"):
            sealed.seal(folder / f"{name}.zip")


SCENARIOS: dict[str, Scenario] = {
    "files": FamilyFiles(),
    "cloudtrail-folder": TrailFolder(),
    "documents": Reports(),
    "mailbox": Mail(),
    "bundles": SealedBundles(),
}
