"""A run in the ledger: announced before anything is gathered, completed when it is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from evidence import checkpoint, dsse, layout, ledger_entry
from evidence.canonical import sha256_hex
from evidence.errors import NotLogged, OutputFailed
from evidence.layout import STATEMENT
from evidence.ledger import Ledger, Proven
from evidence.ledger_entry import History, RunCompleted, RunStarted
from evidence.model import Period
from evidence.sealing import Draft
from evidence.statement import Logged


class Superseded(OutputFailed):
    """Another audit of the contract was completed between signing and logging: sign again, after that one."""


@dataclass(frozen=True, slots=True)
class Announced:
    """A run whose start is in the ledger and proved."""

    ledger: Ledger
    entry: RunStarted
    start: Proven

    @classmethod
    def again(cls, ledger: Ledger, leaf: bytes, proof: bytes) -> Announced:
        """Return the run whose start was proved before; NotLogged unless this ledger's keys signed for it."""
        entry = ledger_entry.parse(leaf)
        seen = checkpoint.check_leaf(leaf, checkpoint.parse_proof(proof), ledger.key, ledger.witness_key)
        if not isinstance(entry, RunStarted):
            raise NotLogged("LEDGER_ENTRY_FORM", "the leaf is not the start of a run")
        return cls(ledger, entry, Proven(leaf, proof, seen.checkpoint))

    def logged(self) -> Logged:
        """Return what the statement says of the ledger."""
        return Logged(origin=self.ledger.key.name, sequence=self.entry.sequence, start=sha256_hex(self.start.leaf))

    def previous(self) -> str | None:
        """Return the statement of the contract completed last, which the next statement names."""
        return self.ledger.history().contract(self.entry.contract).previous


def announce(ledger: Ledger, contract: str, period: Period, run: str, started_at: datetime) -> Announced:
    """Write the start of a run and have it signed; whatever happens to the run now, the ledger knows of it."""

    def leaf(history: History) -> bytes:
        known = history.contract(contract)
        if run in known.open:  # our own write, of which we were not told that it succeeded
            return ledger_entry.encode(known.open[run].entry)
        number = known.runs + 1
        return ledger_entry.encode(
            RunStarted(contract=contract, sequence=number, run=run, period=period, started_at=started_at)
        )

    appended = ledger.append(leaf, once=True)
    entry = ledger_entry.parse(appended.leaf)
    if not isinstance(entry, RunStarted):
        raise OutputFailed("the ledger took another leaf than the start of the run")
    return Announced(ledger, entry, ledger.prove(appended))


@dataclass(frozen=True, slots=True)
class Completion:
    """The step of the sealing that logs the statement; stamps come before it and the archive list after."""

    announced: Announced

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return both leaves with their proofs; Superseded when the statement is not the contract's next any more.

        One that is logged already is proved and not written again.
        """
        payload = dsse.parse(draft.files[STATEMENT]).payload
        facts, started = draft.facts, self.announced.entry
        leaf = ledger_entry.encode(
            RunCompleted(
                contract=started.contract,
                sequence=started.sequence,
                run=started.run,
                start=sha256_hex(self.announced.start.leaf),
                statement=sha256_hex(payload),
                status=facts.status,
                previous=facts.previous,
            )
        )

        def following(history: History) -> bytes:
            if history.index_of(leaf) is None and history.contract(started.contract).previous != facts.previous:
                raise Superseded(f"another audit of {started.contract} was completed meanwhile; audit again")
            return leaf

        start = self.announced.start
        done = self.announced.ledger.prove(self.announced.ledger.append(following, once=True), since=start.checkpoint)
        return {
            layout.LEDGER_START: start.leaf,
            layout.LEDGER_START_PROOF: start.proof,
            layout.LEDGER_ENTRY: done.leaf,
            layout.LEDGER_ENTRY_PROOF: done.proof,
        }
