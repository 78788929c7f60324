"""Trust documents with their side-cars: a PDF cannot be read by a machine, so two people key what it says.

A side-car `<anything>.yaml` names a file, binds it by its SHA-256 and says what it states; two different people stand
for that. What the file itself can show is never taken from them: its digest and its signature are looked at here.
CycloneDX attestations are read as they are, without a side-car.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
from cryptography import x509

from evidence.certificates import read_pem
from evidence.errors import BadInput, LimitExceeded, Place, Problem, Terminal
from evidence.families import family
from evidence.locker import Stored
from infra.cyclonedx import attestation_rows
from infra.folder import Folder
from infra.listing import Entry
from infra.rows import Rows
from infra.sidecar import MAX_SIDECAR, read_sidecar
from infra.signed_files import NONE, Signature, signature_of
from infra.source import Gathering, Source
from infra.tally import Tally

FAMILIES = ("deletion_certificates", "documents")
SIDECAR = (".yaml", ".yml")
CYCLONEDX = ".cdx.json"
#: Columns that nobody may key: they are found out.
FOUND = frozenset({"file", "file_sha256", "file_state", "signature", "signer"})


def roots_in(path: Path, shown: str) -> tuple[x509.Certificate, ...]:
    """Return the roots of a trust list; `BadInput` for a file that is none."""
    try:
        data = path.read_bytes()
    except OSError as cause:
        hint = "put the PEM file of the roots you accept there"
        raise BadInput(Problem("G011", f"cannot be read ({cause.strerror})", Place(shown), hint)) from cause
    return read_pem(data, shown)


def gather_documents(
    source: Source, configured: str, roots: tuple[x509.Certificate, ...], gathering: Gathering
) -> None:
    """Store every side-car and file, and write a row for each; `roots` vouch for signers."""
    folder = Folder(gathering, source, configured)
    reader = _Reader(folder, {entry.name: entry for entry in folder.entries}, roots)
    rows = {name: Rows(family(name)) for name in FAMILIES}
    states: list[str] = []
    for done, entry in enumerate(folder.entries, start=1):
        if entry.name.endswith(SIDECAR):
            reader.sidecar(entry, rows, states)
        elif entry.name.endswith(CYCLONEDX):
            reader.cyclonedx(entry, rows, states)
        gathering.progress(source.kind, done, len(folder.entries))
    for name in sorted(set(reader.listed) - reader.used):
        if not name.endswith((*SIDECAR, CYCLONEDX, ".p7s")):
            folder.skip(name, "no side-car names it, so nobody says what it states")
    for name in FAMILIES:
        _write(gathering, source, name, rows[name].take(), states)
    folder.finish()


def _write(gathering: Gathering, source: Source, name: str, raw: pa.Table, states: list[str]) -> None:
    if not len(raw):
        return
    with gathering.part(name) as part, gathering.normaliser(name, source.kind) as normaliser:
        typed = normaliser.typed(raw)
        if name == "documents":
            column = typed.schema.field("file_state")
            typed = typed.set_column(typed.schema.get_field_index("file_state"), column, pa.array(states, column.type))
        part.add(typed)
        gathering.keep_part(name, part)


@dataclass(slots=True)
class _Reader:
    folder: Folder
    listed: dict[str, Entry]
    roots: tuple[x509.Certificate, ...]
    used: set[str] = field(default_factory=set)

    def sidecar(self, entry: Entry, rows: Mapping[str, Rows], states: list[str]) -> None:
        """Read one side-car and the file it names."""
        gathering, started = self.folder.gathering, self.folder.gathering.now()
        stored = self.folder.store(entry, limit=MAX_SIDECAR, families=FAMILIES)
        if stored is None:
            return
        tally = Tally(entry.name, gathering.limits)
        names: tuple[str, ...] = FAMILIES
        try:
            stated = read_sidecar(gathering.locker.path(stored.sha256).read_bytes(), FAMILIES, FOUND)
            name, record = stated["family"], stated["record"]
            names = (name,)
            state, found = self._file(entry, stated, name)
            if name != "documents" and state != "match":
                raise ValueError(f"{stated['file']}: the file is {state}")
            kept = record | {"file_sha256": stated["sha256"], "signature": found.state, "signer": found.signer}
            rows[name].add(kept | {"file": stated["file"]}, artefact=stored.artefact, row=1)
            if name == "documents":
                states.append(state)
            tally.rows += 1
        except ValueError as cause:
            tally.lose("the side-car")
            tally.problem(f"{entry.name}: {cause}")
        self._card(entry, stored, tally, started, names, "application/yaml")

    def cyclonedx(self, entry: Entry, rows: Mapping[str, Rows], states: list[str]) -> None:
        """Read one CycloneDX file: what an assessor or the vendor attests in it."""
        gathering, started = self.folder.gathering, self.folder.gathering.now()
        stored = self.folder.store(entry, limit=gathering.limits.document, families=("documents",))
        if stored is None:
            return
        tally = Tally(entry.name, gathering.limits)
        data = gathering.locker.path(stored.sha256).read_bytes()
        beside = self._beside(entry.name)
        found = signature_of(data, beside, self.roots, gathering.instant)
        received = datetime.fromtimestamp(entry.path.stat().st_mtime, UTC)
        try:
            for number, row in enumerate(attestation_rows(data, entry.name, received), start=1):
                kept = row | {"file_sha256": stored.sha256, "signature": found.state, "signer": found.signer}
                rows["documents"].add(kept, artefact=stored.artefact, row=number)
                states.append("match")
                tally.rows += 1
        except ValueError as cause:
            tally.lose("the file")
            tally.problem(f"{entry.name}: {cause}")
        self._card(entry, stored, tally, started, ("documents",), "application/vnd.cyclonedx+json")

    def _file(self, sidecar: Entry, stated: Mapping[str, Any], name: str) -> tuple[str, Signature]:
        """Return whether the file is the one that was keyed, and what its signature is worth."""
        asked = PurePosixPath(sidecar.name).parent / stated["file"]
        entry = self.listed.get(asked.as_posix())
        if entry is None or ".." in asked.parts:
            return "absent", NONE
        gathering, started = self.folder.gathering, self.folder.gathering.now()
        stored = self.folder.store(entry, limit=gathering.limits.document, families=(name,))
        if stored is None:
            return "absent", NONE
        if entry.name not in self.used:
            self.used.add(entry.name)
            self._card(entry, stored, Tally(entry.name, gathering.limits), started, (name,), "application/octet-stream")
        if stored.sha256 != stated["sha256"]:
            return "mismatch", NONE
        data = gathering.locker.path(stored.sha256).read_bytes()
        return "match", signature_of(data, self._beside(entry.name), self.roots, gathering.instant)

    def _beside(self, name: str) -> bytes | None:
        entry = self.listed.get(f"{name}.p7s")
        if entry is None:
            return None
        try:
            stored = self.folder.gathering.store(entry.path, limit=MAX_SIDECAR)
        except (LimitExceeded, Terminal):
            return b""
        return self.folder.gathering.locker.path(stored.sha256).read_bytes()

    def _card(
        self, entry: Entry, stored: Stored, tally: Tally, started: datetime, names: tuple[str, ...], media_type: str
    ) -> None:
        self.folder.gathering.add_card(
            self.folder.source,
            stored,
            tally,
            started=started,
            address=self.folder.address(entry.name),
            media_type=media_type,
            families=names,
        )
