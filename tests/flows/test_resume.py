"""Runs that were stopped while they were sealed are finished as they were begun, once, and by one process at a time."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import dsse, layout
from evidence.canonical import sha256_hex
from evidence.errors import BadInput, DigestMismatch, OutputFailed
from evidence.keys import make_keys
from evidence.ledger import read_leaves
from evidence.ledger_entry import RunCompleted, parse
from evidence.sealing import Draft
from flows.pipeline import run_audit
from flows.resume import interrupted, open_starts, resume
from flows.wiring import Request, prepare, reopen
from infra.ledger_folder import LedgerFolder
from infra.unfinished import Unfinished, unfinished
from tests.cli.engagements import bundles, members, probity, trail, unjudged
from tests.kills import mortal


class Stopped(Exception):
    pass


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unjudged(trail(tmp_path_factory.mktemp("resume") / "e"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "e"))


def stop(folder: Path, moment: str, time: int = 1) -> Unfinished:
    """Audit until a moment is reached for the n-th time, and return what is left of the run."""
    seen = []
    before = {held.work.name for held in unfinished(folder / ".probity")}

    def reach(name: str) -> None:
        seen.append(name)
        if seen.count(moment) == time:
            raise Stopped(moment)

    with pytest.raises(Stopped):
        mortal.audit(folder, reach)
    (left,) = [held for held in unfinished(folder / ".probity") if held.work.name not in before]
    return left


def finish(folder: Path) -> list[str]:
    opened = reopen(Request(str(folder)))
    return [audited.bundle for audited in resume(opened.engagement, opened.sealer, opened.now, lambda _: None)]


def leaves(folder: Path) -> list[bytes]:
    return read_leaves(LedgerFolder(folder / "ledger"))


def statement(bundle: Path) -> str:
    return sha256_hex(dsse.parse(members(bundle)[layout.STATEMENT]).payload)


def verifies(folder: Path) -> bool:
    return all(probity("verify", b, "--trust", folder / "keys/trust").code == 0 for b in bundles(folder))


def test_completion_that_is_in_the_ledger_is_proved_and_not_written_again(folder: Path) -> None:
    left = stop(folder, "after leaves", 2)
    draft, before = left.seals(), leaves(folder)
    assert isinstance(draft, Draft)
    finish(folder)
    assert leaves(folder) == before
    (bundle,) = bundles(folder)
    done = parse(before[1])
    assert isinstance(done, RunCompleted)
    assert statement(bundle) == done.statement == sha256_hex(dsse.parse(draft.files[layout.STATEMENT]).payload)
    assert verifies(folder)


def test_seals_that_were_not_logged_are_made_anew_after_another_audit(folder: Path) -> None:
    stop(folder, "before Completion")
    assert probity("audit", folder).code == 0
    (other,) = bundles(folder)
    assert len(finish(folder)) == 1
    (resumed,) = set(bundles(folder)) - {other}
    payload = json.loads(dsse.parse(members(resumed)[layout.STATEMENT]).payload)
    assert (payload["predicate"]["previous"], len(leaves(folder))) == (statement(other), 4)
    assert verifies(folder)


def test_bundle_that_was_stored_is_recognised(folder: Path) -> None:
    stop(folder, "stored")
    (bundle,) = bundles(folder)
    before = bundle.read_bytes()
    assert finish(folder) == [str(bundle)]
    assert bundle.read_bytes() == before
    assert finish(folder) == []


def test_start_leaf_and_payload_are_those_of_the_run_that_was_stopped(folder: Path) -> None:
    record = stop(folder, "before CadesSeal").record
    shutil.rmtree(folder / "cloudtrail")
    (folder / "evidence/usage_totals.csv").unlink()
    finish(folder)
    (bundle,) = bundles(folder)
    sealed = members(bundle)
    assert record.start is not None
    assert sealed[layout.LEDGER_START].decode() == record.start.leaf
    assert {name: sha256_hex(sealed[f"data/{name}"]) for name in record.payload} == {
        name: part.sha256 for name, part in record.payload.items()
    }


@pytest.mark.parametrize("name", ["payload/results/findings.json", "sealing.json", "seals.json"])
def test_what_was_changed_meanwhile_is_an_integrity_error_and_seals_nothing(folder: Path, name: str) -> None:
    path = stop(folder, "before Completion").work / name
    path.write_bytes(path.read_bytes().replace(b"not_in_force", b"met", 1) if "seals" not in name else b"{}")
    with pytest.raises(DigestMismatch, match="WORK_CHANGED"):
        finish(folder)
    assert (bundles(folder), len(leaves(folder))) == ([], 1)


def test_sealed_bundle_that_was_damaged_in_the_work_folder_is_not_published(folder: Path) -> None:
    (bundle,) = stop(folder, "publish").work.glob("audit-*.zip")
    bundle.write_bytes(bundle.read_bytes().replace(b"not_in_force", b"not_in_farce", 1))
    assert probity("audit", folder, "--resume").code == 4
    assert bundles(folder) == []


def test_run_that_cannot_be_finished_keeps_no_other_from_it(folder: Path) -> None:
    first, second = stop(folder, "before CadesSeal"), stop(folder, "before CadesSeal")
    broken = min(first.work, second.work)
    (broken / "payload/limits.md").write_text("none\n")
    outcome = probity("audit", folder, "--resume", "--format", "json")
    assert (outcome.code, "WORK_CHANGED" in outcome.err) == (4, True)
    assert [json.loads(outcome.out)["bundle"]] == [str(b) for b in bundles(folder)]


def test_other_keys_than_the_run_began_with_are_refused(folder: Path) -> None:
    left = stop(folder, "before CadesSeal")
    shutil.rmtree(folder / "keys")
    make_keys(folder / "keys", "other", left.record.as_of.replace(year=2025))
    with pytest.raises(BadInput, match="begun with another keys"):
        finish(folder)
    assert left.is_kept


def test_run_that_somebody_is_at_work_on_is_left_to_them(folder: Path) -> None:
    left = stop(folder, "before CadesSeal")
    assert left.claim()
    opened = reopen(Request(str(folder)))
    assert (finish(folder), interrupted(opened.engagement)) == ([], ())
    left.release()
    assert interrupted(opened.engagement) == (left.work.name,)
    assert len(finish(folder)) == 1


def test_open_start_without_a_record_is_named_and_one_with_a_record_is_not(folder: Path) -> None:
    with pytest.raises(Stopped):
        mortal.audit(folder, _raising_at("gather files: 1 of 1"))
    stop(folder, "before CadesSeal")
    opened = reopen(Request(str(folder)))
    assert [start.entry.sequence for start in open_starts(opened.engagement, opened.sealer)] == [1]


def _raising_at(moment: str) -> mortal.Reach:
    def reach(name: str) -> None:
        if name == moment:
            raise Stopped(moment)

    return reach


class FullStore:
    def prepare(self) -> None:
        return

    def put(self, sealed: Path, name: str, at: object) -> str:
        raise OutputFailed("the store is full")


def test_run_without_a_ledger_whose_store_failed_is_finished_as_well(folder: Path) -> None:
    policy = folder / "keys/trust/policy.json"
    policy.write_text(policy.read_text().replace('"ledger": true', '"ledger": false'))
    (folder / "keys/private/ledger.key").unlink()
    (folder / "keys/trust/ledger.vkey").unlink()
    prepared = prepare(Request(str(folder)))
    with pytest.raises(OutputFailed, match="full"):
        run_audit(replace(prepared.engagement, store=FullStore()), prepared.run, prepared.sealer)
    assert len(finish(folder)) == 1
    assert verifies(folder)
