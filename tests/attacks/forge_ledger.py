"""Forgeries of a run's place in the ledger: other leaves, other proofs, other keys, and the bundle of another run."""

from __future__ import annotations

from dataclasses import replace

from evidence import checkpoint, merkle, note
from evidence.checkpoint import Proof
from evidence.layout import LEDGER_ENTRY, LEDGER_ENTRY_PROOF, LEDGER_START, LEDGER_START_PROOF
from evidence.ledger import Appended, Ledger, leaf_name
from evidence.model import Status
from evidence.note import KeyType, Note, NoteSigner
from tests.attacks.parts import Files, pack, reseal, unpack, without
from tests.evidence import logbook, logged
from tests.evidence.logbook import STRANGER, Shelf

ALL = (LEDGER_START, LEDGER_START_PROOF, LEDGER_ENTRY, LEDGER_ENTRY_PROOF)


def use_another_runs_entry(good: bytes) -> bytes:
    other = _older()
    return pack(unpack(good) | {name: other[name] for name in (LEDGER_ENTRY, LEDGER_ENTRY_PROOF)})


def use_another_runs_start(good: bytes) -> bytes:
    other = _older()
    return pack(unpack(good) | {name: other[name] for name in (LEDGER_START, LEDGER_START_PROOF)})


def use_another_proof_index(good: bytes) -> bytes:
    return _with_proof(good, index=2)


def use_another_checkpoint(good: bytes) -> bytes:
    earlier = checkpoint.parse_proof(unpack(good)[LEDGER_START_PROOF])
    return _with_proof(good, checkpoint=earlier.checkpoint)


def use_a_checkpoint_of_a_fork(good: bytes) -> bytes:
    fork = logbook.ledger()
    logged.run_bytes(fork, "run-z")
    return pack(unpack(good) | {LEDGER_START_PROOF: unpack(logged.run_bytes(fork, "run-1"))[LEDGER_START_PROOF]})


def drop_witness(good: bytes) -> bytes:
    return _with_signatures(good, lambda signed: signed.signatures[:1])


def bring_own_witness(good: bytes) -> bytes:
    own = NoteSigner(logbook.WITNESS.name, KeyType.WITNESS, STRANGER.private)
    return _with_signatures(
        good, lambda signed: (signed.signatures[0], own.cosign(signed.text, int(logbook.NOW.timestamp())))
    )


def redate_witness(good: bytes) -> bytes:
    def earlier(signed: Note) -> tuple[note.Signature, ...]:
        line = signed.signatures[1]
        return (signed.signatures[0], replace(line, signature=bytes(8) + line.signature[8:]))

    return _with_signatures(good, earlier)


def add_checkpoint_signature(good: bytes) -> bytes:
    return _with_signatures(good, lambda signed: (*signed.signatures, STRANGER.sign(signed.text)))


def forge_checkpoint_key(good: bytes) -> bytes:
    leaf = unpack(good)[LEDGER_ENTRY]
    proven = Ledger(Shelf({leaf_name(0): leaf}), STRANGER).prove(Appended(0, leaf))
    return pack(unpack(good) | {LEDGER_ENTRY_PROOF: proven.proof})


def drop_start_leaf(good: bytes) -> bytes:
    return pack(without(good, LEDGER_START))


def drop_proof(good: bytes) -> bytes:
    return pack(without(good, LEDGER_ENTRY_PROOF))


def drop_ledger(good: bytes) -> bytes:
    return pack({name: data for name, data in unpack(good).items() if name not in ALL})


def drop_consistency(good: bytes) -> bytes:
    return _with_proof(good, extra=b"")


def announce_afterwards(good: bytes) -> bytes:
    proof = checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF])
    start = checkpoint.parse_proof(unpack(good)[LEDGER_START_PROOF])
    late = Proof(start.index, (merkle.leaf_hash(unpack(good)[LEDGER_ENTRY]), *proof.path[1:]), proof.checkpoint)
    return pack(unpack(good) | {LEDGER_START_PROOF: late.encode()})


def reseal_after_logging(good: bytes) -> bytes:
    signed = logged.stated(unpack(good))
    fields = signed.model_dump() | {"sealed_at": "2025-07-02T00:00:01Z"}
    return reseal(unpack(good), **fields)


def log_another_verdict(good: bytes) -> bytes:
    return pack(unpack(good) | logged.relogged(unpack(good), status=Status.MET))


def log_another_predecessor(good: bytes) -> bytes:
    return pack(unpack(good) | logged.relogged(unpack(good), previous="f" * 64))


def show_an_older_bundle(good: bytes) -> bytes:
    return logged.run_bytes(logbook.ledger(), "run-0")


def plant_ledger_proofs(good: bytes) -> bytes:
    other = _older()
    return pack(unpack(good) | {name: other[name] for name in ALL})


def _older() -> Files:
    return unpack(logged.run_bytes(logbook.ledger(), "run-0"))


def _with_proof(good: bytes, **changes: object) -> bytes:
    files = unpack(good)
    proof = replace(checkpoint.parse_proof(files[LEDGER_ENTRY_PROOF]), **changes)
    return pack(files | {LEDGER_ENTRY_PROOF: proof.encode()})


def _with_signatures(good: bytes, change) -> bytes:
    signed = note.parse(checkpoint.parse_proof(unpack(good)[LEDGER_ENTRY_PROOF]).checkpoint)
    return _with_proof(good, checkpoint=Note(signed.text, tuple(change(signed))).encode())
