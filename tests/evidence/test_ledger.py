from __future__ import annotations

import pytest

from evidence import checkpoint, ledger_entry, ledger_run
from evidence.canonical import canonical_bytes
from evidence.errors import NotLogged, OutputFailed
from evidence.ledger import Appended, Ledger, checkpoint_name, leaf_name
from evidence.ledger_audit import examine
from evidence.ledger_entry import History
from evidence.ledger_run import Completion
from evidence.sealing import Draft, run_steps
from evidence.statement import encode, parse
from evidence.witness import Answer
from tests.evidence import logbook, logged, sealed
from tests.evidence.logbook import LOG, STRANGER, WITNESS, Memory, Shelf, completion, next_start


def written(*, witnessed: bool = True) -> Shelf:
    """Two runs of one contract, the second of which stays open, and one of another."""
    shelf = Shelf()
    book = logbook.ledger(shelf, witnessed=witnessed)
    for make in (
        next_start("r1"),
        lambda h: completion(h, "r1"),
        next_start("r2"),
        next_start("x1", "c-2"),
        lambda h: completion(h, "x1", "c-2"),
    ):
        book.prove(book.append(make))
    return shelf


def reason(work) -> str:
    with pytest.raises(NotLogged) as error:
        work()
    return error.value.reason


def test_ledger_is_one_history_and_names_what_is_open() -> None:
    found = examine(written(), LOG.key, WITNESS.key)
    assert [(s.entry.contract, s.entry.run, s.index) for s in found.open] == [("c-1", "r2", 2)]
    assert (found.newest.checkpoint.size, found.uncovered) == (5, 0)
    assert found.history.contract("c-1").previous == found.history.contract("c-1").completed[0].statement


def test_completed_run_without_a_bundle_is_unpublished() -> None:
    found = examine(written(), LOG.key, WITNESS.key)
    published = found.history.contract("c-2").completed[0].statement
    assert [c.run for c in found.unpublished([published])] == ["r1"]


def test_leaf_without_a_checkpoint_is_uncovered() -> None:
    shelf = written()
    logbook.ledger(shelf).append(next_start("r3"))
    assert examine(shelf, LOG.key, WITNESS.key).uncovered == 1


def test_next_checkpoint_covers_what_a_run_that_died_left() -> None:
    shelf = written(witnessed=False)
    book = logbook.ledger(shelf, witnessed=False)
    book.append(next_start("died"))
    book.prove(book.append(next_start("after")))
    found = examine(shelf, LOG.key, None)
    assert (found.uncovered, [s.entry.run for s in found.open]) == (0, ["r2", "died", "after"])


def test_proof_of_a_completion_carries_the_consistency_with_the_start() -> None:
    book = logbook.ledger(witnessed=False)
    first = book.prove(book.append(next_start("r1")))
    book.append(next_start("other", "c-2"))
    last = book.prove(book.append(lambda h: completion(h, "r1")), since=first.checkpoint)
    proof = checkpoint.parse_proof(last.proof)
    checkpoint.check_leaf(last.leaf, proof, LOG.key, None)
    assert (first.checkpoint.size, last.checkpoint.size, proof.index) == (1, 3, 2)
    assert len(checkpoint.split_hashes(proof.extra)) == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda f: f.pop(leaf_name(1)), "LEDGER_GAP"),
        (lambda f: f.pop(leaf_name(4)), "LEDGER_ROLLED_BACK"),
        (lambda f: f.update({leaf_name(0): logbook.start("r0")}), "LEDGER_SEQUENCE"),
        (lambda f: f.update({leaf_name(2): logbook.start("r2", sequence=3)}), "LEDGER_SEQUENCE"),
        (lambda f: f.update({leaf_name(2): logbook.start("r1", sequence=2)}), "LEDGER_SEQUENCE"),
        (lambda f: f.update({leaf_name(2): logbook.start("r9", sequence=2)}), "LEDGER_FORKED"),
        (lambda f: f.update({leaf_name(2): b"{}"}), "LEDGER_ENTRY_FORM"),
        (lambda f: f.update({leaf_name(2): f[leaf_name(2)] + b" "}), "LEDGER_ENTRY_FORM"),
        (lambda f: f.update({leaf_name(2): b" " * 5000}), "LEDGER_ENTRY_FORM"),
        (lambda f: f.update({checkpoint_name(5): f[checkpoint_name(4)]}), "LEDGER_CHECKPOINT_FORM"),
        (lambda f: f.update({checkpoint_name(5): b""}), "LEDGER_NOTE_FORM"),
    ],
)
def test_changed_ledger_is_refused_for_its_own_reason(change, expected: str) -> None:
    shelf = written()
    change(shelf.files)
    assert reason(lambda: examine(shelf, LOG.key, WITNESS.key)) == expected


def test_ledger_of_another_key_or_without_its_witness_is_refused() -> None:
    assert reason(lambda: examine(written(), STRANGER.key, WITNESS.key)) == "LEDGER_WRONG_KEY"
    assert reason(lambda: examine(written(witnessed=False), LOG.key, WITNESS.key)) == "WITNESS_MISSING"


def test_completion_that_names_another_predecessor_is_not_taken() -> None:
    book = logbook.ledger(written(), witnessed=False)
    assert reason(lambda: book.append(lambda h: completion(h, "r2", previous="f" * 64))) == "LEDGER_PREVIOUS"
    assert reason(lambda: book.append(lambda h: completion(h, "r2", previous=None))) == "LEDGER_PREVIOUS"
    assert reason(lambda: book.append(lambda h: completion(h, "r2", start="f" * 64))) == "LEDGER_SEQUENCE"
    again = written().files[leaf_name(1)]
    assert reason(lambda: book.append(lambda _: again)) == "LEDGER_SEQUENCE"


def test_no_run_is_completed_twice() -> None:
    book = logbook.ledger(written(), witnessed=False)
    again = written().files[leaf_name(4)]
    assert reason(lambda: book.append(lambda _: again)) == "LEDGER_SEQUENCE"


def test_log_that_lost_leaves_is_never_signed_again() -> None:
    shelf = written(witnessed=False)
    del shelf.files[leaf_name(4)], shelf.files[leaf_name(3)]
    book = logbook.ledger(shelf, witnessed=False)
    appended = book.append(next_start("r3"))
    assert reason(lambda: book.prove(appended)) == "LEDGER_ROLLED_BACK"


def test_log_rebuilt_without_a_failing_run_is_refused_by_whoever_saw_the_first() -> None:
    seen = examine(written(), LOG.key, WITNESS.key).newest.checkpoint
    shorter, rebuilt = logbook.ledger(other := Shelf(), witnessed=False), Shelf()
    shorter.prove(shorter.append(next_start("r2")))
    longer = logbook.ledger(rebuilt, witnessed=False)
    for run in "abcdef":
        longer.append(next_start(run))
    assert reason(lambda: examine(other, LOG.key, None).check_contains(seen)) == "LEDGER_ROLLED_BACK"
    assert reason(lambda: examine(rebuilt, LOG.key, None).check_contains(seen)) == "LEDGER_FORKED"
    examine(written(), LOG.key, WITNESS.key).check_contains(seen)


def test_witness_refuses_a_log_that_was_rolled_back() -> None:
    witness = logbook.witness()
    book = Ledger(shelf := Shelf(), LOG, logbook.cosigner(witness))
    for run in ("a", "b", "c"):
        book.prove(book.append(next_start(run)))
    for name in [leaf_name(2), *(checkpoint_name(i) for i in (1, 2, 3))]:
        del shelf.files[name]
    appended = logbook.ledger(shelf).append(next_start("z"))
    assert reason(lambda: book.prove(appended)) == "WITNESS_REFUSED"
    del shelf.files[leaf_name(2)]
    assert reason(lambda: book.prove(Appended(1, b""))) == "LEDGER_ROLLED_BACK"


def test_witness_refuses_another_history_of_more_leaves() -> None:
    witness = logbook.witness()
    first = Ledger(Shelf(), LOG, logbook.cosigner(witness))
    first.prove(first.append(next_start("a")))
    fork = Ledger(Shelf(), LOG, logbook.cosigner(witness))
    fork.append(next_start("b"))
    appended = fork.append(next_start("c"))
    assert reason(lambda: fork.prove(appended)) == "WITNESS_REFUSED"


def test_witness_is_told_the_size_it_saw_last_and_then_cosigns() -> None:
    witness = logbook.witness(memory := Memory())
    shelf = Shelf()
    plain = Ledger(shelf, LOG, None)
    plain.append(next_start("a"))
    witnessed = Ledger(shelf, LOG, logbook.cosigner(witness))
    witnessed.prove(witnessed.append(next_start("b")))
    del shelf.files[checkpoint_name(2)]  # the ledger forgot what the witness has not
    seen = checkpoint.check_leaf
    proven = witnessed.prove(witnessed.append(next_start("c")))
    assert seen(proven.leaf, checkpoint.parse_proof(proven.proof), LOG.key, WITNESS.key).checkpoint.size == 3
    assert b"\n3\n" in memory.kept[LOG.name]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"", 400),
        (b"old x\n\n", 400),
        (b"old 0\nAAAA\n\n", 400),
        (b"old 0\n\nnot a note\n", 400),
    ],
)
def test_witness_answers_what_it_cannot_read(request_: bytes, status: int) -> None:
    assert logbook.witness().add_checkpoint(request_).status == status


def test_witness_signs_only_for_logs_it_knows() -> None:
    state = checkpoint.Checkpoint("other.example/log", 0, b"r" * 32)
    assert logbook.witness().add_checkpoint(b"old 0\n\n" + state.signed(LOG)).status == 404
    own = checkpoint.Checkpoint(LOG.name, 1, b"r" * 32)
    assert logbook.witness().add_checkpoint(b"old 0\n\n" + own.signed(STRANGER)).status == 403
    assert logbook.witness().add_checkpoint(b"old 2\n\n" + own.signed(LOG)).status == 400
    assert logbook.witness().add_checkpoint(b"old 1\n\n" + own.signed(LOG)) == Answer(409, "0\n")
    assert logbook.witness().add_checkpoint(b"old 0\n\n" + own.signed(LOG)).status == 200


def test_ledger_that_is_full_takes_no_more() -> None:
    with pytest.raises(OutputFailed, match="begin another"):
        Ledger(written(), LOG, most=5).append(next_start("r9"))


def test_history_of_nothing_is_empty() -> None:
    assert History.of([]).size == 0
    assert examine(Shelf(), LOG.key, WITNESS.key).newest is None


@pytest.mark.parametrize("value", [{"schema": "probity.run-started/v1"}, [], 1, {"schema": "x"}])
def test_leaf_that_is_no_entry_is_refused(value: object) -> None:
    assert reason(lambda: ledger_entry.parse(canonical_bytes(value))) == "LEDGER_ENTRY_FORM"


def test_statement_without_a_ledger_keeps_the_bytes_it_always_had() -> None:
    payload = encode(sealed.facts(), "a" * 64)
    assert b"previous" not in payload
    assert b'"ledger"' not in payload
    assert parse(payload).predicate.previous is None


def test_statement_names_ledger_and_predecessor() -> None:
    place = {"origin": LOG.name, "sequence": 2, "start": "b" * 64}
    payload = encode(sealed.facts(previous="d" * 64, ledger=place), "a" * 64)
    assert parse(payload).predicate.ledger.model_dump() == place
    assert b'"previous":"' + b"d" * 64 in payload


class Untold(Shelf):
    """Writes and then says that the name was taken, as a service does whose answer was lost."""

    def create(self, name: str, data: bytes) -> bool:
        return super().create(name, data) and not name.startswith("leaves/")


def test_run_that_is_not_told_that_its_leaf_was_written_writes_no_other() -> None:
    shelf = Untold()
    book = logbook.ledger(shelf, witnessed=False)
    announced = ledger_run.announce(book, sealed.CONTRACT.id, sealed.PERIOD, "r1", sealed.AS_OF)
    run_steps((*logged.BASE, Completion(announced)), Draft(logged.facts(announced, "r1"), b"tags", {}))
    found = examine(shelf, LOG.key, None)
    assert (found.history.size, found.open) == (2, ())


def test_completion_that_is_made_again_is_the_one_that_is_there() -> None:
    book = logbook.ledger(witnessed=False)
    announced = ledger_run.announce(book, sealed.CONTRACT.id, sealed.PERIOD, "r1", sealed.AS_OF)
    signed = run_steps(logged.BASE, Draft(logged.facts(announced, "r1"), b"tags", {}))
    again = ledger_run.Announced.again(book, announced.start.leaf, announced.start.proof)
    first, second = (Completion(run).make(signed) for run in (announced, again))
    assert first == second
    assert book.history().size == 2


def test_start_that_another_log_proved_is_refused() -> None:
    book = logbook.ledger(witnessed=False)
    announced = ledger_run.announce(book, sealed.CONTRACT.id, sealed.PERIOD, "r1", sealed.AS_OF)
    other = logbook.ledger(witnessed=False, signer=STRANGER)
    start = announced.start
    assert reason(lambda: ledger_run.Announced.again(other, start.leaf, start.proof)) == "LEDGER_WRONG_KEY"
