"""`probity ledger`: what an auditor finds out about runs that died, were withheld, or ran at the same time."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.engagements import ENTRY, ROOT, bundles, edit, probity, process, trail, unjudged
from tests.cli.test_interrupt import STOPPED

#: When an audit is killed: an event of Python's own, a part of the name it is about, and what the ledger then says.
DEATHS = {
    "before the start is written": ("os.link", ".000000000.json", (0, 0, 0)),
    "before the start is signed": ("os.link", "checkpoints/.000000001", (1, 0, 1)),
    "while evidence is stored": ("open", ".put-", (1, 0, 0)),
    "before the completion is written": ("os.link", ".000000001.json", (1, 0, 0)),
    "before the completion is signed": ("os.link", "checkpoints/.000000002", (0, 1, 1)),
    "before the bundle is written": ("open", ".zip.0.partial", (0, 1, 0)),
    "before the bundle is published": ("os.link", "audit-trail", (0, 1, 0)),
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unjudged(trail(tmp_path_factory.mktemp("ledger") / "e"))


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "e"))


def examined(folder: Path) -> tuple[int, dict]:
    (folder / "bundles").mkdir(exist_ok=True)
    given = ("--trust", folder / "keys/trust", "--bundles", folder / "bundles", "--format", "json")
    outcome = probity("ledger", "audit", folder / "ledger", *given)
    assert outcome.err == ""
    return outcome.code, json.loads(outcome.out)


@pytest.mark.parametrize("death", DEATHS)
def test_run_that_dies_between_two_steps_is_named(folder: Path, death: str) -> None:
    event, part, expected = DEATHS[death]
    outcome = process(int(signal.SIGKILL), event, part, "audit", folder, code=STOPPED)
    assert outcome.code == -signal.SIGKILL
    code, found = examined(folder)
    assert (len(found["open"]), len(found["unpublished"]), found["unsigned_leaves"]) == expected
    assert code == (3 if any(expected) else 0)


def test_next_run_after_a_death_is_whole_and_the_dead_one_stays_named(folder: Path) -> None:
    event, part, _ = DEATHS["before the start is signed"]
    process(int(signal.SIGKILL), event, part, "audit", folder, code=STOPPED)
    assert probity("audit", folder).code == 0
    code, found = examined(folder)
    assert (code, [s["sequence"] for s in found["open"]], found["unsigned_leaves"]) == (3, [1], 0)
    assert found["contracts"] == {"trail": {"newest_run": 2}}


def test_audit_that_cannot_gather_leaves_an_open_start(folder: Path) -> None:
    edit(folder / "audit.yaml", "path: cloudtrail", "path: nowhere")
    assert probity("audit", folder).code == 2
    code, found = examined(folder)
    assert (code, len(found["open"])) == (3, 1)


def test_audits_at_the_same_time_make_one_chain(folder: Path) -> None:
    words = [sys.executable, "-c", ENTRY, "audit", str(folder), "--format", "json"]
    runs = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(3)]
    said = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0], said
    code, found = examined(folder)
    assert (code, found["leaves"], found["signed"], found["contracts"]) == (0, 6, 6, {"trail": {"newest_run": 3}})
    shown = [
        json.loads(probity("verify", b, "--trust", folder / "keys/trust", "--format", "json").out)
        for b in bundles(folder)
    ]
    previous = [one["audit"].get("previous") for one in shown]
    assert (len(set(previous)), previous.count(None)) == (3, 1)
    assert sorted(one["audit"]["ledger"]["sequence"] for one in shown) == [1, 2, 3]


def test_bundle_that_was_taken_away_is_missed(folder: Path) -> None:
    assert probity("audit", folder).code == 0
    assert examined(folder)[0] == 0
    bundles(folder)[0].unlink()
    code, found = examined(folder)
    assert (code, found["unpublished"][0]["status"]) == (3, "not_in_force")
    text = probity(
        "ledger", "audit", folder / "ledger", "--trust", folder / "keys/trust", "--bundles", folder / "bundles"
    )
    assert "no bundle: run" in text.out


def test_checkpoints_are_compared_and_a_dropped_leaf_shows(folder: Path, tmp_path: Path) -> None:
    trust = folder / "keys/trust"
    assert probity("audit", folder).code == 0
    old, new = (folder / "ledger/checkpoints" / f"{size:09d}" for size in (1, 2))
    same = probity("ledger", "consistency", folder / "ledger", old, new, "--trust", trust)
    assert (same.code, same.out) == (0, "consistent: the log of 2 leaves begins with the log of 1\n")
    backwards = probity("ledger", "consistency", folder / "ledger", new, old, "--trust", trust)
    assert (backwards.code, "LEDGER_CONSISTENCY" in backwards.err) == (4, True)
    seen = Path(shutil.copy(new, tmp_path / "seen"))
    for name in ("leaves/000000001.json", "checkpoints/000000002"):
        (folder / "ledger" / name).unlink()
    lost = probity("ledger", "audit", folder / "ledger", "--trust", trust, "--checkpoint", seen)
    assert (lost.code, "LEDGER_ROLLED_BACK" in lost.err) == (4, True)
    assert probity("ledger", "audit", folder / "ledger", "--trust", trust).code == 3


def test_what_is_no_ledger_or_has_no_key_is_named(folder: Path) -> None:
    nowhere = probity("ledger", "audit", folder / "bundles", "--trust", folder / "keys/trust")
    assert (nowhere.code, "there is no ledger" in nowhere.err) == (2, True)
    policy = folder / "keys/trust/policy.json"
    policy.write_text(policy.read_text().replace('"ledger": true', '"ledger": false'))
    (folder / "keys/trust/ledger.vkey").unlink()
    unpinned = probity("ledger", "audit", folder / "ledger", "--trust", folder / "keys/trust")
    assert (unpinned.code, "ledger.vkey" in unpinned.err) == (2, True)
