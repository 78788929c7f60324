"""Bundles whose run is logged and witnessed, as the second run of their contract, with fixed keys."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from evidence import checkpoint, disclosure, dsse, layout, ledger_entry, ledger_run, merkle, statement
from evidence.bundle import seal_bundle
from evidence.checkpoint import Checkpoint, Proof
from evidence.ledger import Ledger
from evidence.ledger_run import Announced, Completion
from evidence.note import Note
from evidence.sealing import Disclosed, DsseSeal, Sealing, SealingStep
from evidence.statement import StatementFacts
from evidence.trust import Trust
from tests.evidence import disclosed, doubly, logbook, sealed
from tests.evidence.logbook import LOG, WITNESS

BASE = (DsseSeal((sealed.SIGNER,)),)


def trust(held: Trust | None = None, **changes: object) -> Trust:
    """Return the trust of a reader who was also handed the keys of ledger and witness."""
    given = held or sealed.trust(ledger=True, **changes)
    return replace(given, ledger=LOG.key, witness=WITNESS.key)


def facts(announced: Announced, run: str, **changes: object) -> StatementFacts:
    place = announced.logged().model_dump()
    return sealed.facts(run=run, ledger=place, previous=announced.previous(), **changes)


def seal_run(
    out: Path,
    ledger: Ledger,
    run: str,
    held: Trust | None = None,
    steps: tuple[SealingStep, ...] = BASE,
    payload: Mapping[str, bytes | Path] | None = None,
) -> Path:
    """Announce, seal and complete one run; the completion comes after the stamps, where there are any."""
    announced = ledger_run.announce(ledger, sealed.CONTRACT.id, sealed.PERIOD, run, sealed.AS_OF)
    own = replace(held or trust(), ledger=ledger.key, witness=ledger.witness_key)
    ordered = (*steps[:4], Completion(announced), *steps[4:])
    sealing = Sealing(steps=ordered, trust=own, now=lambda: doubly.NOW)
    return seal_bundle(out, payload or sealed.payload(), facts(announced, run), sealing)


def seal(out: Path) -> Path:
    """Return the second of two runs, with the DSSE alone beside the ledger's proofs."""
    book = logbook.ledger()
    seal_run(out.with_name(f"before-{out.name}"), book, "run-0")
    return seal_run(out, book, "run-1")


def seal_full(out: Path) -> Path:
    """Return a bundle of the full form that is logged as well, and discloses personal values."""
    steps = (*doubly.steps(), Disclosed(disclosure.render(disclosed.disclosures())))
    return seal_run(out, logbook.ledger(), "run-1", trust(doubly.trust(ledger=True)), steps, disclosed.payload())


def run_bytes(ledger: Ledger, run: str) -> bytes:
    """Return the bundle of one run."""
    with tempfile.TemporaryDirectory() as folder:
        return seal_run(Path(folder) / "a.zip", ledger, run).read_bytes()


def stated(files: Mapping[str, bytes]) -> StatementFacts:
    """Return what the statement of a bundle says."""
    return statement.parse(dsse.parse(files[layout.STATEMENT]).payload).predicate


def relogged(files: Mapping[str, bytes], **changes: object) -> dict[str, bytes]:
    """Return a completion that says otherwise, in a log of the same key: what a dishonest ledger could do."""
    entry = ledger_entry.parse(files[layout.LEDGER_ENTRY])
    return relogged_as(files, ledger_entry.encode(entry.model_copy(update=changes)))


def relogged_as(files: Mapping[str, bytes], leaf: bytes) -> dict[str, bytes]:
    """Return any leaf in place of the completion, in a log of the same key."""
    start = checkpoint.parse_proof(files[layout.LEDGER_START_PROOF])
    hashes = [merkle.leaf_hash(x) for x in (*_before(), files[layout.LEDGER_START], leaf)]
    state = Checkpoint(LOG.name, len(hashes), merkle.root(hashes))
    signed = Note(state.text, (LOG.sign(state.text), WITNESS.cosign(state.text, int(logbook.NOW.timestamp()))))
    extra = b"".join(merkle.consistency_proof(hashes, start.index + 1))
    proof = Proof(len(hashes) - 1, merkle.inclusion_proof(hashes, len(hashes) - 1), signed.encode(), extra)
    return {layout.LEDGER_ENTRY: leaf, layout.LEDGER_ENTRY_PROOF: proof.encode()}


def _before() -> tuple[bytes, bytes]:
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(_older(Path(folder))) as bundle:
        return bundle.read(layout.LEDGER_START), bundle.read(layout.LEDGER_ENTRY)


def _older(folder: Path) -> Path:
    return seal_run(folder / "a.zip", logbook.ledger(), "run-0")


def write_trust(folder: Path, held: Trust | None = None) -> Path:
    """Write the trust folder with both verifier keys."""
    given = held or trust()
    doubly.write_trust(folder, given)
    for name, key in (("ledger.vkey", given.ledger), ("witness.vkey", given.witness)):
        if key is not None:
            (folder / name).write_text(f"{key.vkey}\n")
    return folder
