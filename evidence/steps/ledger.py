"""Step 8: that the audit was announced before its result was known, and that its result was logged."""

from __future__ import annotations

from datetime import UTC, datetime

from evidence import checkpoint, dsse, layout, ledger_entry, merkle
from evidence.canonical import sha256_hex
from evidence.checkpoint import MAX_PROOF_BYTES, Proof, Seen
from evidence.errors import NotLogged
from evidence.examination import Examination, NotRun
from evidence.ledger_entry import MAX_LEAF_BYTES, RunCompleted, RunStarted
from evidence.model import instant_text
from evidence.statement import StatementFacts
from evidence.steps.time import UNSTAMPED
from evidence.timestamp import MAX_CLOCK_SKEW
from evidence.trust import Trust
from evidence.verification import ProvenTime


def proofs(examination: Examination) -> str:
    """Verify both leaves of the run against the pinned keys of ledger and witness.

    1. what the statement says of a ledger is in the bundle, and nothing else; 2. each leaf is in a checkpoint signed
    by the ledger and cosigned by the witness; 3. both leaves are of this run, in sequence; 4. the second checkpoint
    extends the first, and the start was signed before the completion was written; 5. what the witness saw when goes
    with stamps and claims; 6. the completion commits to this statement, its verdict and the statement before it; 7. it
    is no older than the newest run the reader knows of.
    """
    trust, facts = examination.trusted(), examination.stated().predicate
    present = examination.has(layout.LEDGER_ENTRY)
    if facts.ledger is None or not present:  # 1
        return _unlogged(examination, trust, facts, present=present)
    if trust.ledger is None:
        raise NotLogged("NO_LEDGER_KEY", "the bundle has ledger proofs, and the trust folder has no ledger.vkey")
    start, first_proof = _leaf(examination, layout.LEDGER_START), _proof(examination, layout.LEDGER_START_PROOF)
    entry, proof = _leaf(examination, layout.LEDGER_ENTRY), _proof(examination, layout.LEDGER_ENTRY_PROOF)
    first = checkpoint.check_leaf(start, first_proof, trust.ledger, trust.witness)  # 2
    last = checkpoint.check_leaf(entry, proof, trust.ledger, trust.witness)
    started, completed = _check_run(start, entry, facts)  # 3
    _check_order(first_proof, first, proof, last)  # 4
    _check_times(examination, started, first, last)  # 5
    _check_commitment(examination, completed, facts)  # 6
    _check_newest(trust, facts)  # 7
    return _conclude(examination, started, last)


def _unlogged(examination: Examination, trust: Trust, facts: StatementFacts, *, present: bool) -> str:
    if present:
        raise NotLogged("LEDGER_UNSTATED", "the bundle has ledger proofs and its statement names no ledger")
    if facts.ledger is not None:
        raise NotLogged("LEDGER_MISSING", f"the statement names the ledger {facts.ledger.origin} and no proof is there")
    examination.proved.open += [
        "that no other audit was made and withheld: no ledger, so an unpublished audit would not be seen",
        "that this is the newest audit of its contract",
    ]
    if not trust.policy.ledger:
        raise NotRun("NOT_DEMANDED", "the policy does not demand a ledger entry")
    raise NotLogged("LEDGER_MISSING", "the policy demands a ledger entry and there is none")


def _leaf(examination: Examination, name: str) -> bytes:
    return examination.read(name, MAX_LEAF_BYTES)


def _proof(examination: Examination, name: str) -> Proof:
    return checkpoint.parse_proof(examination.read(name, MAX_PROOF_BYTES))


def _check_order(first_proof: Proof, first: Seen, proof: Proof, last: Seen) -> None:
    before, after = first.checkpoint, last.checkpoint
    if before.size > proof.index or first_proof.extra:
        raise NotLogged("LEDGER_ORDER", f"{layout.LEDGER_START_PROOF}: was signed after the run was completed")
    path = checkpoint.split_hashes(proof.extra)
    merkle.check_consistency(before.size, before.root, after.size, after.root, path)
    if first.witnessed is not None and last.witnessed is not None and last.witnessed < first.witnessed:
        raise NotLogged("LEDGER_ORDER", "the witness saw the completion before the start")


def _check_times(examination: Examination, started: RunStarted, first: Seen, last: Seen) -> None:
    """The start was witnessed before anything was stamped; nothing was witnessed before it is claimed to have been."""
    if first.witnessed is None or last.witnessed is None:
        return
    announced, logged = datetime.fromtimestamp(first.witnessed, UTC), datetime.fromtimestamp(last.witnessed, UTC)
    stamped, outer = examination.sealed_by, examination.archived_by or examination.at
    if stamped is not None and announced - stamped > MAX_CLOCK_SKEW:
        raise NotLogged("LEDGER_ORDER", "the witness saw the start only after the seals were stamped")
    if outer is not None and logged - outer > MAX_CLOCK_SKEW:
        raise NotLogged(
            "WITNESS_IN_FUTURE", f"the witness's time {instant_text(logged)} is later than what it precedes"
        )
    claims = {"start": (started.started_at, announced), "seal": (examination.stated().predicate.sealed_at, logged)}
    for what, (claimed, seen_at) in claims.items():
        if claimed - seen_at > MAX_CLOCK_SKEW:
            raise NotLogged("LEDGER_TIME", f"the {what} is claimed to be of {instant_text(claimed)}, seen before that")


def _check_run(start: bytes, entry: bytes, facts: StatementFacts) -> tuple[RunStarted, RunCompleted]:
    started, completed = ledger_entry.parse(start), ledger_entry.parse(entry)
    if not isinstance(started, RunStarted) or not isinstance(completed, RunCompleted):
        raise NotLogged("LEDGER_ENTRY_FORM", "the leaves are not the start and the completion of a run")
    for name, leaf in ((layout.LEDGER_START, started), (layout.LEDGER_ENTRY, completed)):
        if (leaf.run, leaf.contract) != (facts.run, facts.contract.id):
            raise NotLogged("LEDGER_OTHER_RUN", f"{name}: is of run {leaf.run} of {leaf.contract}")
    numbers = {started.sequence, completed.sequence, facts.ledger.sequence if facts.ledger else None}
    if len(numbers) != 1 or started.period != facts.period:
        raise NotLogged("LEDGER_SEQUENCE", "start, completion and statement have different numbers or periods")
    digests = {sha256_hex(start), completed.start, facts.ledger.start if facts.ledger else None}
    if len(digests) != 1:
        raise NotLogged("LEDGER_OTHER_START", f"{layout.LEDGER_START}: is not the start that the statement names")
    return started, completed


def _check_commitment(examination: Examination, completed: RunCompleted, facts: StatementFacts) -> None:
    payload = dsse.parse(examination.read(layout.STATEMENT, dsse.MAX_ENVELOPE_BYTES)).payload
    if completed.statement != sha256_hex(payload):
        raise NotLogged("LEDGER_OTHER_STATEMENT", f"{layout.LEDGER_ENTRY}: commits to another statement than this one")
    if completed.status != facts.status:
        raise NotLogged("LEDGER_OTHER_VERDICT", f"{layout.LEDGER_ENTRY}: says {completed.status}, not {facts.status}")
    if completed.previous != facts.previous:  # the first run may have one: a later one may have been completed before
        raise NotLogged("LEDGER_PREVIOUS", f"{layout.LEDGER_ENTRY}: follows another statement than this one does")


def _check_newest(trust: Trust, facts: StatementFacts) -> None:
    newest = (trust.policy.newest_run or {}).get(facts.contract.id, 0)
    number = facts.ledger.sequence if facts.ledger else 0
    if number < newest:
        raise NotLogged("NOT_THE_NEWEST", f"run {number} of {facts.contract.id}; the policy knows of run {newest}")


def _conclude(examination: Examination, started: RunStarted, last: Seen) -> str:
    proved = examination.proved
    proved.open.append(
        f"what became of other runs of the contract, of which there were {started.sequence - 1} before: that is"
        " `probity ledger audit`"
    )
    if (examination.trusted().policy.newest_run or {}).get(started.contract) is None:
        proved.open.append("that this is the newest audit of its contract")
    if last.witnessed is None:
        proved.open.append("that the ledger shows everybody the same: no witness's key is pinned")
    elif proved.time_level == "local-clock":
        at = instant_text(datetime.fromtimestamp(last.witnessed, UTC))
        proved.time, proved.time_level = ProvenTime(proven=at, source="ledger-witness"), "ledger-witness"
        proved.open[:] = [text for text in proved.open if text != UNSTAMPED]
    witnessed = "" if last.witnessed is None else ", cosigned by the witness"
    return (
        f"run {started.sequence} of {started.contract}: announced and completed in {last.checkpoint.origin}{witnessed}"
    )
