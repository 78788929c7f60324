"""Working folders of dead runs go, those of living ones stay."""

import subprocess
import sys

import pytest

from infra.work_lock import WorkLock

HOLD = """
import sys
from pathlib import Path
from infra.work_lock import WorkLock
WorkLock(Path(sys.argv[1])).claim()
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def left(tmp_path):
    """Return what a run that was killed leaves."""
    found = [tmp_path / "work" / "run-1" / "table.parquet", tmp_path / "locker" / ".put-abc"]
    for path in found:
        path.parent.mkdir(parents=True)
        path.write_text("x")
    (tmp_path / "locker" / "ab").mkdir()
    return found


def existing(paths):
    return [path for path in paths if path.exists()]


def test_the_first_of_a_new_engagement_has_nothing_to_remove(tmp_path):
    lock = WorkLock(tmp_path / "state")
    lock.claim()
    lock.release()
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["lock"]


def test_what_nobody_holds_is_removed_and_the_locker_is_not(tmp_path, left):
    lock = WorkLock(tmp_path)
    lock.claim()
    lock.release()
    assert existing(left) == []
    assert (tmp_path / "locker" / "ab").is_dir()


def test_a_run_in_another_process_keeps_its_folder_until_it_ends(tmp_path, left):
    lock = WorkLock(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        other.stdout.readline()
        for path in left:
            path.parent.mkdir(exist_ok=True, parents=True)
            path.write_text("x")
        lock.claim()
        lock.release()
        assert existing(left) == left
        other.kill()
    lock.claim()
    lock.release()
    assert existing(left) == []


def test_a_second_run_beside_the_first_removes_nothing_and_neither_waits(tmp_path, left):
    first, second = WorkLock(tmp_path), WorkLock(tmp_path)
    first.claim()
    left[0].parent.mkdir(parents=True)
    left[0].write_text("x")
    second.claim()
    assert left[0].exists()
    first.release()
    second.release()


def test_claiming_twice_is_claiming_once(tmp_path, left):
    lock = WorkLock(tmp_path)
    lock.claim()
    left[0].parent.mkdir(parents=True)
    left[0].write_text("x")
    lock.claim()
    assert left[0].exists()
    lock.release()


def test_a_folder_that_cannot_be_locked_is_left_alone(tmp_path):
    (tmp_path / "state").write_text("a file")
    WorkLock(tmp_path / "state").claim()
