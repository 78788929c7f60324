"""When the answer cannot be written: our own failure, exit code 5, one message, nothing half done, nothing lost."""

from __future__ import annotations

import pytest

from tests.cli.engagements import ENTRY, bundles, half_done, kept, probity, process, trail, unjudged

#: As a full disk would: no file may grow beyond so many bytes, which the process tells itself.
SMALL_DISK = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))\n" + ENTRY


@pytest.mark.parametrize("where", ["file", "file/below"])
def test_an_output_that_is_no_folder_is_found_before_anything_is_gathered(tmp_path, where):
    folder = trail(tmp_path / "e")
    (tmp_path / "file").write_text("not a folder")
    outcome = probity("audit", folder, "--out", tmp_path / where)
    assert (outcome.code, outcome.out) == (5, "")
    assert str(tmp_path / where) in outcome.err
    assert "--out" in outcome.err
    assert outcome.err.count("\n") == 1
    assert (kept(folder), half_done(folder)) == (set(), [])


#: How large a file may grow, what then cannot be written any more, and how much of the evidence is kept.
FULL = {
    "the salt": (0, "state", 0),
    "a table": (2000, "part-00000.parquet", 1),
}


@pytest.mark.parametrize("what", FULL)
def test_a_full_disk_ends_with_one_message_and_nothing_half_done(tmp_path, what):
    folder = unjudged(trail(tmp_path / "e"))
    bytes_allowed, named, artefacts = FULL[what]
    outcome = process("audit", folder, code=SMALL_DISK.format(bytes_allowed), env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert (outcome.code, outcome.out) == (5, ""), outcome
    assert named in outcome.err.splitlines()[-1]
    assert outcome.err.endswith(("File too large\n", "(File too large)\n"))
    assert "internal error" not in outcome.err
    assert (bundles(folder), half_done(folder)) == ([], [])
    assert len(kept(folder)) == artefacts


def test_a_disk_that_is_full_when_the_bundle_is_written_costs_no_more_than_a_resume(tmp_path):
    folder = unjudged(trail(tmp_path / "e"))
    room = 175_000  # for every member, the PDF report's 140,000 included, and not for all of them in one file
    outcome = process("audit", folder, code=SMALL_DISK.format(room), env={"PYTHONDONTWRITEBYTECODE": "1"})
    assert (outcome.code, outcome.out, bundles(folder)) == (5, "", [])
    interrupted, failed = outcome.err.splitlines()
    assert "`probity audit ENGAGEMENT --resume` finishes it" in interrupted
    assert failed.endswith("(File too large)")
    assert probity("audit", folder, "--resume").code == 0
    assert (len(bundles(folder)), half_done(folder)) == (1, [])


def test_a_locker_that_is_full_is_named_although_tables_are_open(tmp_path):
    folder = trail(tmp_path / "e")
    (folder / "keys" / "private" / "ledger.key").unlink()  # a run that is not logged writes to the locker first
    outcome = process("audit", folder, code=SMALL_DISK.format(100))
    assert outcome.err == "the locker cannot store an object: File too large\n"


def test_a_damaged_salt_is_not_replaced_in_silence(tmp_path):
    folder = trail(tmp_path / "e")
    (folder / ".probity").mkdir()
    (folder / ".probity" / "salt").write_bytes(b"short")
    outcome = probity("audit", folder)
    assert outcome.code == 5
    assert "salt is damaged; restore it" in outcome.err
    assert (folder / ".probity" / "salt").read_bytes() == b"short"
