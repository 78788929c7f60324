"""What a run keeps on disk while it is being sealed, so that it can be finished whenever its process ends.

In the run's work folder, each written whole and durably, in this order:

* `payload/…`: what goes below `data/`, where it is not a table that lies in the work folder anyway, and
  `disclosures.jsonl`, the personal values that will lie beside it;
* `sealing.json`, the record: from now on the run can be finished, with this payload and status alone;
* `payload/….sealed`, a member with a seal of its own, which takes the place of the one without in the record;
* `seals.json`: facts, signatures and stamps, before the ledger commits to them; replaced when they are made anew;
* the sealed bundle under its name, verified.

The record goes first when the run is done, so that what is left of a folder is never taken for a run to be finished.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from evidence.bundle import flush_folder, measured
from evidence.canonical import canonical_bytes, sha256_hex, strict_json
from evidence.container import Member
from evidence.errors import DigestMismatch, OutputFailed
from evidence.model import AuditResult, Closed
from evidence.sealing import Draft
from infra.sealing_record import KeptPart, KeptSeals, Record

RECORD, SEALS, PAYLOAD, DISCLOSED, LOCK = "sealing.json", "seals.json", "payload", "disclosures.jsonl", "lock"
FINDINGS = "results/findings.json"

_Kept = TypeVar("_Kept", bound=Closed)


class Unfinished:
    """The work folder of one run; whoever has `claim`ed it is the only one to change it."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self._held: int | None = None

    def claim(self) -> bool:
        """Hold the folder until `release` or the end of this process; return False when somebody else does."""
        try:
            self._held = os.open(self.work / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Let go of the folder."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    @property
    def is_kept(self) -> bool:
        """Return whether the run can be finished."""
        return (self.work / RECORD).is_file()

    @property
    def record(self) -> Record:
        """Return the record; DigestMismatch when it is not as `keep` wrote it."""
        return self._read(RECORD, Record)

    def keep(self, record: Record, payload: Mapping[str, bytes | Path], disclosed: bytes = b"") -> list[Member]:
        """Write the payload, what is disclosed and then the record of both; return the payload's members.

        They lie in the folder from now on.
        """
        with self._writing():
            files = {name: self._placed(name, source) for name, source in payload.items()}
            members = measured(files)
            parts = {
                name: KeptPart(file=str(files[name].relative_to(self.work)), sha256=member.sha256)
                for name, member in zip(files, members, strict=True)
            }
            for folder in {*(folder for path in files.values() for folder in self._above(path)), self.work.parent}:
                flush_folder(folder)
            apart = None
            if disclosed:
                self._put(self.work / DISCLOSED, disclosed)
                apart = KeptPart(file=DISCLOSED, sha256=sha256_hex(disclosed))
            self._write(RECORD, record.model_copy(update={"payload": parts, "disclosures": apart}))
        return members

    def members(self) -> list[Member]:
        """Return the payload again; DigestMismatch when a file is not what was judged, or the record says otherwise.

        The ledger commits to what the record says before the bundle is verified: it must say what the findings say.
        """
        record, parts = self.record, self.record.payload
        members = measured({name: self.work / part.file for name, part in parts.items()})
        for member, part in zip(members, parts.values(), strict=True):
            if member.sha256 != part.sha256:
                raise _changed(self.work / part.file)
        found = self.result()
        stated = (record.contract, record.period, record.as_of, record.status, record.findings_sha256)
        digest = sha256_hex(canonical_bytes(found.as_json()))
        if stated != (found.contract, found.period, found.as_of, found.status, digest):
            raise _changed(self.work / RECORD)
        return members

    def content(self, name: str) -> bytes:
        """Return a member of the payload; DigestMismatch when it is not what was kept."""
        part = self.record.payload[name]
        path = self.work / part.file
        if sha256_hex(data := self._content(path)) != part.sha256:
            raise _changed(path)
        return data

    def certify(self, name: str, sealed: bytes) -> Member:
        """Put a member with a seal of its own in the place of the one without; the record changes last."""
        record = self.record
        path = self.work / PAYLOAD / f"{name}.sealed"
        with self._writing():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._put(path, sealed)
            for folder in self._above(path):
                flush_folder(folder)
            part = KeptPart(file=str(path.relative_to(self.work)), sha256=sha256_hex(sealed))
            changes = {"payload": {**record.payload, name: part}, "certified": (*record.certified, name)}
            self._write(RECORD, record.model_copy(update=changes))
        (member,) = measured({name: path})
        return member

    def disclosed(self) -> bytes:
        """Return the lines of `disclosures/`; DigestMismatch when they are not those that were kept."""
        part = self.record.disclosures
        if part is None:
            return b""
        path = self.work / part.file
        if sha256_hex(data := self._content(path)) != part.sha256:
            raise _changed(path)
        return data

    def result(self) -> AuditResult:
        """Return the findings, as they are in the folder; `members` compares them with the record."""
        return self._read(self.record.payload[FINDINGS].file, AuditResult)

    def keep_seals(self, draft: Draft) -> None:
        """Write what was signed and stamped; the ledger may commit to it afterwards."""
        with self._writing():
            self._write(SEALS, KeptSeals.of(draft))

    def seals(self) -> Draft | None:
        """Return what was signed and stamped, if anything was."""
        return self._read(SEALS, KeptSeals).draft() if (self.work / SEALS).exists() else None

    def remove(self) -> None:
        """Remove the folder of a run that is done, its record first."""
        with self._writing():
            (self.work / RECORD).unlink(missing_ok=True)
            flush_folder(self.work)
        shutil.rmtree(self.work, ignore_errors=True)  # what stays is swept by the next run
        self.release()

    def _placed(self, name: str, source: bytes | Path) -> Path:
        if isinstance(source, Path):
            with source.open("rb") as file:
                os.fsync(file.fileno())
            return source
        path = self.work / PAYLOAD / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._put(path, source)
        return path

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def _above(self, path: Path) -> Iterator[Path]:
        while path != self.work:
            path = path.parent
            yield path

    def _write(self, name: str, content: Closed) -> None:
        partial = self.work / f".{name}.partial"
        self._put(partial, canonical_bytes(content.as_json()))
        partial.replace(self.work / name)
        flush_folder(self.work)

    def _read(self, name: str, model: type[_Kept]) -> _Kept:
        path = self.work / name
        try:
            return model.model_validate(strict_json(self._content(path), what=name, error=lambda _: _changed(path)))
        except ValidationError as cause:
            raise _changed(path) from cause

    @staticmethod
    def _content(path: Path) -> bytes:
        try:
            return path.read_bytes()
        except OSError as cause:
            raise OutputFailed(f"{path}: cannot be read ({cause.strerror or cause})") from cause

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            raise OutputFailed(f"cannot keep what is sealed in {self.work}: {cause.strerror or cause}") from cause


def unfinished(state: Path) -> list[Unfinished]:
    """Return the runs below a state folder that can be finished, oldest first; living ones are among them."""
    found = [Unfinished(work) for work in sorted((state / "work").glob("*"))]
    return [run for run in found if run.is_kept]


def _changed(path: Path) -> DigestMismatch:
    todo = "this run cannot be finished; remove its folder, and the ledger keeps its start as open"
    return DigestMismatch("WORK_CHANGED", f"{path} is not what the run wrote; {todo}")
