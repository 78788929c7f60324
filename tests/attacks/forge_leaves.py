"""Forgeries of ledger files in their form, and of what witness, start and completion say of time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from evidence import checkpoint, ledger_run, manifest, note, statement
from evidence.layout import LEDGER_ENTRY, LEDGER_ENTRY_PROOF, LEDGER_START, LEDGER_START_PROOF
from evidence.ledger import Ledger
from evidence.ledger_run import Completion
from evidence.note import KeyType, Note, NoteSigner
from evidence.sealing import Draft, SealingStep, run_steps
from evidence.witness import Submission, Witness
from tests.attacks.again import bare
from tests.attacks.parts import pack, rewrite_manifests, unpack, without
from tests.evidence import doubly, logbook, logged, pki, sealed
from tests.evidence.logbook import LOG, WITNESS, Memory, Shelf


def drop_completion_leaf(good: bytes) -> bytes:
    return pack(without(good, LEDGER_ENTRY))


def indent_a_leaf(good: bytes) -> bytes:
    files = unpack(good)
    return pack(files | logged.relogged_as(files, files[LEDGER_ENTRY].replace(b":", b": ", 1)))


def log_a_start_as_completion(good: bytes) -> bytes:
    files = unpack(good)
    return pack(files | logged.relogged_as(files, files[LEDGER_START]))


def log_another_number(good: bytes) -> bytes:
    return pack(unpack(good) | logged.relogged(unpack(good), sequence=3))


def log_another_start(good: bytes) -> bytes:
    return pack(unpack(good) | logged.relogged(unpack(good), start="a" * 64))


def pad_a_proofs_index(good: bytes) -> bytes:
    proof = unpack(good)[LEDGER_ENTRY_PROOF]
    return pack(unpack(good) | {LEDGER_ENTRY_PROOF: proof.replace(b"index ", b"index 0", 1)})


def extend_a_checkpoint(good: bytes) -> bytes:
    """A line more is signed by ledger and witness, and nobody knows what it is for."""
    return _resigned(good, lambda text: f"{text}audits of others are not shown\n")


def use_a_checkpoint_of_another_log(good: bytes) -> bytes:
    return _resigned(good, lambda text: f"other.example/log\n{text.partition(chr(10))[2]}")


def swell_the_log(good: bytes) -> bytes:
    """The signature stays and the size grows."""
    signed = note.parse(checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF]).checkpoint)
    seen = checkpoint.parse_text(signed.text)
    return _with_checkpoint(good, Note(replace(seen, size=seen.size + 1).text, signed.signatures).encode())


def end_a_note_without_a_newline(good: bytes) -> bytes:
    proof = checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF])
    return _with_checkpoint(good, proof.checkpoint.removesuffix(b"\n"))


def cosign_another_checkpoint(good: bytes) -> bytes:
    """The witness's line is true and of the checkpoint before."""
    files = unpack(good)
    older = note.parse(checkpoint.parse_proof(files[LEDGER_START_PROOF]).checkpoint)
    newer = note.parse(checkpoint.parse_proof(files[LEDGER_ENTRY_PROOF]).checkpoint)
    return _with_checkpoint(good, Note(newer.text, (newer.signatures[0], older.signatures[1])).encode())


def let_the_log_witness_itself(good: bytes) -> bytes:
    own = NoteSigner(LOG.name, KeyType.WITNESS, LOG.private)
    signed = note.parse(checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF]).checkpoint)
    return _with_checkpoint(good, Note(signed.text, (signed.signatures[0], own.cosign(signed.text, 1))).encode())


def witness_in_the_future(good: bytes) -> bytes:
    return _run(good, pki.STAMPED + timedelta(days=3650), logged.BASE)


def announce_after_the_stamp(good: bytes) -> bytes:
    """Everything is sealed and stamped before the ledger hears of the run; what displeases is never announced."""
    return _run(good, pki.STAMPED + timedelta(hours=1), doubly.steps())


def claim_a_time_after_the_witness(good: bytes) -> bytes:
    return _run(good, logbook.NOW, logged.BASE, sealed_at=logbook.NOW + timedelta(hours=1))


def _run(good: bytes, witnessed: datetime, steps: Sequence[SealingStep], **claims: object) -> bytes:
    """Return a bundle of the same payload that is announced, sealed and completed, and never looked at by its maker."""
    witness = Witness(WITNESS, {LOG.name: LOG.key}, Memory(), lambda: witnessed)
    book = Ledger(Shelf(), LOG, Submission(WITNESS.key, witness.add_checkpoint))
    announced = ledger_run.announce(book, sealed.CONTRACT.id, sealed.PERIOD, "run-1", sealed.AS_OF)
    facts = logged.facts(announced, "run-1", **claims)
    files = rewrite_manifests(bare(unpack(good)) | {manifest.INFO: statement.bag_info(facts)})
    ordered = (*steps[:4], Completion(announced), *steps[4:])
    return pack(files | run_steps(ordered, Draft(facts, files[manifest.TAG_MANIFEST], {})).files)


def _resigned(good: bytes, change: Callable[[str], str]) -> bytes:
    """Return the bundle with another checkpoint of the same keys behind its completion."""
    signed = note.parse(checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF]).checkpoint)
    text = change(signed.text)
    lines = (LOG.sign(text), WITNESS.cosign(text, int(logbook.NOW.timestamp())))
    return _with_checkpoint(good, Note(text, lines).encode())


def _with_checkpoint(good: bytes, signed: bytes) -> bytes:
    files = unpack(good)
    proof = replace(checkpoint.parse_proof(files[LEDGER_ENTRY_PROOF]), checkpoint=signed)
    return pack(files | {LEDGER_ENTRY_PROOF: proof.encode()})
