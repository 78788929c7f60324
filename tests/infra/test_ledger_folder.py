from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evidence.errors import OutputFailed
from evidence.ledger import Ledger
from evidence.ledger_audit import examine
from infra.ledger_folder import LedgerFolder
from infra.witness_folder import WitnessFolder
from tests.evidence import logbook
from tests.evidence.logbook import LOG, WITNESS, completion, next_start

ROOT = Path(__file__).parents[2]
RUNS = 6
#: What each of several processes does at the same time: whole runs, of a contract that all of them audit and its own.
WRITER = """
import sys
from pathlib import Path
from tests.infra.test_ledger_folder import write_runs
write_runs(Path(sys.argv[1]), sys.argv[2])
"""


def opened(root: Path) -> Ledger:
    witness = logbook.witness(WitnessFolder(root / "witness"))
    return Ledger(LedgerFolder(root / "ledger"), LOG, logbook.cosigner(witness))


def write_runs(root: Path, name: str) -> None:
    book = opened(root)
    for number in range(RUNS):
        run, contract = f"{name}-{number}", "shared" if number % 2 else name
        first = book.prove(book.append(next_start(run, contract)))
        done = book.append(lambda h, r=run, c=contract: completion(h, r, c))
        book.prove(done, since=first.checkpoint)


def test_processes_at_the_same_time_lose_no_leaf(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name], cwd=ROOT) for name in names]
    assert [writer.wait(timeout=300) for writer in writers] == [0, 0, 0]
    found = examine(LedgerFolder(tmp_path / "ledger"), LOG.key, WITNESS.key)
    assert (found.history.size, found.uncovered, found.open) == (2 * RUNS * len(names), 0, ())
    assert {c: known.runs for c, known in found.history.contracts.items()} == {"shared": 9, "a": 3, "b": 3, "c": 3}


def test_process_that_is_killed_while_it_writes_leaves_no_half_leaf(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.prove(book.append(next_start("whole")))
    (tmp_path / "ledger/leaves/.000000001.json.3f").write_bytes(b'{"half')
    book.prove(book.append(next_start("next")))
    assert examine(LedgerFolder(tmp_path / "ledger"), LOG.key, WITNESS.key).history.size == 2


def test_name_is_taken_once(tmp_path: Path) -> None:
    shelf = LedgerFolder(tmp_path)
    assert shelf.create("leaves/000000000.json", b"first")
    assert not shelf.create("leaves/000000000.json", b"second")
    assert shelf.read("leaves/000000000.json") == b"first"
    assert shelf.read("leaves/000000001.json") is None
    assert sorted(p.name for p in (tmp_path / "leaves").iterdir()) == ["000000000.json"]


def test_witness_remembers_across_processes(tmp_path: Path) -> None:
    book = opened(tmp_path)
    book.prove(book.append(next_start("one")))
    again = WitnessFolder(tmp_path / "witness")
    kept = again.recall(LOG.name)
    assert kept is not None
    assert b"\n1\n" in kept
    assert again.recall("other.example/log") is None


def test_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file")
    with pytest.raises(OutputFailed, match="cannot write the ledger"):
        LedgerFolder(tmp_path / "ledger").create("leaves/000000000.json", b"x")
    with pytest.raises(OutputFailed, match="memory"), WitnessFolder(tmp_path / "ledger").held("x"):
        pass
