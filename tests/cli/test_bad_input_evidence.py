"""Bad evidence: never our failure and never a kept promise, but a sealed answer that says what could not be read."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib

import pytest

from tests.cli.engagements import GENERATOR, bundles, call, edit, firm, half_done, kept, log, probity, process, trail

MIB = 1024 * 1024
#: Audits a good engagement, then the one named last, and ends by saying on standard error how many MiB more the second
#: ever held. `ru_maxrss` would not do: Linux hands it on through fork and exec, so it also counts the tests' process.
GROWTH = (
    "import sys; from pathlib import Path; from flows.cli import main\n"
    "def peak(): return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) // 1024\n"
    "def audit(folder):\n"
    "    try: return main(['audit', folder, '--format', 'json'])\n"
    "    except SystemExit as left: return left.code\n"
    "good, bad = sys.argv[1:]; out, sys.stdout = sys.stdout, sys.stderr\n"
    "assert audit(good) == 0; sys.stdout = out; before = peak()\n"
    "code = audit(bad); sys.stderr.write(f'\\n{peak() - before}'); sys.stderr.flush(); sys.exit(code)"
)


def emptied(folder):
    shutil.rmtree(folder / "evidence")
    (folder / "evidence").mkdir()


def cut_off(folder):
    log(folder).write_bytes(log(folder).read_bytes()[:-12])


def without_a_column(folder):
    (folder / "evidence" / "usage_totals.csv").write_text("meter,period_start,period_end,metric\ngateway,,,requests\n")


def with_a_giant_line(folder):
    with (folder / "evidence" / "usage_totals.csv").open("ab") as file:
        file.write(b"x" * 20 * MIB + b"\n")


def with_a_giant_record(folder):
    giant = json.dumps(call(1)) + ',"' + "x" * 20 * MIB + '",' + json.dumps(call(2))
    log(folder).write_bytes(gzip.compress(f'{{"Records": [{giant}]}}'.encode(), compresslevel=1))


def with_a_row_of_another_width(folder):
    with (folder / "evidence" / "usage_totals.csv").open("a") as file:
        file.write("gateway,2025-06-01T00:00:00Z\n")


def not_called_a_log(folder):
    log(folder).rename(folder / "cloudtrail" / "log.txt")


#: What is done to good evidence; the reasons the finding must give; what standard error must name.
DAMAGES = {
    "an empty folder": (emptied, {"no_evidence"}, ("evidence", "empty", "put evidence files into it")),
    "a log file cut off": (cut_off, {"source_error"}, ("log.json.gz", "record 2", "damaged or cut off")),
    "a file without a needed column": (
        without_a_column,
        {"source_error"},
        ("usage_totals.csv", "the needed column 'value' is missing", "add it"),
    ),
    "a line of 20 MiB": (with_a_giant_line, {"unreadable_rows"}, ("usage_totals.csv", "line 3", "limit")),
    "a record of 20 MiB": (with_a_giant_record, {"unreadable_rows"}, ("log.json.gz", "record 2", "limit of 4194304")),
    "a row of another width": (
        with_a_row_of_another_width,
        {"unreadable_rows"},
        ("usage_totals.csv", "line 3", "2 fields where the header has 5"),
    ),
    "a log that is not called one": (not_called_a_log, {"no_evidence"}, ("log.txt", "skipped", ".json.gz")),
}


def sealed(folder, outcome):
    """Check that the answer is a bundle that verifies, and return its only finding."""
    assert outcome.code == 3, outcome
    assert "Traceback" not in outcome.err
    (bundle,) = bundles(folder)
    assert half_done(folder) == []
    assert probity("verify", bundle, "--trust", folder / "keys" / "trust").code == 0
    (finding,) = json.loads(outcome.out)["findings"]
    assert finding["status"] == "unproven"
    return finding


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_evidence_is_named_and_leaves_the_promise_unproven(tmp_path, name):
    folder = trail(tmp_path / "e")
    damage, reasons, said = DAMAGES[name]
    damage(folder)
    outcome = probity("audit", folder, "--format", "json")
    finding = sealed(folder, outcome)
    assert reasons <= set(finding["reasons"])
    assert [part for part in said if part not in outcome.err] == [], outcome.err


@pytest.mark.parametrize("when", [None, "2025-06-10T12:00:01", "yesterday"])
def test_a_call_without_a_readable_instant_is_unknown_never_inside(tmp_path, when):
    folder = trail(tmp_path / "e", call(1, eventTime=when), call(2))
    finding = sealed(folder, probity("audit", folder, "--format", "json"))
    assert "unreadable_rows" in finding["reasons"]
    assert finding["population"]["unknown"] == 1


@pytest.mark.parametrize("when", [None, "2025-06-10T12:00:01"])
def test_a_call_without_a_readable_instant_is_named_with_its_place(tmp_path, when):
    folder = trail(tmp_path / "e", call(1, eventTime=when), call(2))
    assert "log.json.gz:record 1" in probity("audit", folder).err


def test_a_breach_that_is_seen_outweighs_damaged_evidence(tmp_path):
    folder = trail(tmp_path / "e", call(1, additionalEventData={"inferenceRegion": "us-east-1"}), call(2))
    (folder / "cloudtrail" / "torn.json.gz").write_bytes(b"\x1f\x8b torn")
    assert probity("audit", folder).code == 1


def test_nothing_supplied_at_all_is_unproven_for_every_clause(tmp_path):
    folder = firm(tmp_path / "e")
    emptied(folder)
    outcome = probity("audit", folder, "--format", "json")
    assert outcome.code == 3
    assert all("no_evidence" in finding["reasons"] for finding in json.loads(outcome.out)["findings"])


def test_a_clause_whose_evidence_no_source_provides_is_unproven(tmp_path):
    folder = trail(tmp_path / "e")
    shutil.copyfile(GENERATOR.parent / "contract.yaml", folder / "contract.yaml")
    edit(folder / "audit.yaml", "  - {kind: files, path: evidence}\n", "")
    outcome = probity("audit", folder, "--format", "json")
    assert outcome.code == 3
    assert all("no_evidence" in finding["reasons"] for finding in json.loads(outcome.out)["findings"])


def test_what_was_received_is_kept_although_it_could_not_be_read(tmp_path):
    folder = trail(tmp_path / "e")
    cut_off(folder)
    before = log(folder).read_bytes()
    probity("audit", folder)
    assert before in {path.read_bytes() for path in (folder / ".probity" / "locker").glob("??/*")}


def test_evidence_in_the_locker_that_was_altered_ends_the_audit(tmp_path):
    folder = trail(tmp_path / "e")
    probity("audit", folder)
    digest = sorted(kept(folder))[0]
    artefact = folder / ".probity" / "locker" / digest[:2] / digest
    artefact.chmod(0o600)
    artefact.write_bytes(b"altered")
    outcome = probity("audit", folder)
    assert (outcome.code, outcome.out) == (4, "")
    assert f"DIGEST_MISMATCH: {digest}" in outcome.err
    assert len(bundles(folder)) == 1


def bomb(path, size):
    """Write a log whose only record is one text of `size` bytes, a thousandth of that on disk."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    with path.open("wb") as file:
        file.write(packing.compress(b'{"Records": ["'))
        for _ in range(size // MIB):
            file.write(packing.compress(b"x" * MIB))
        file.write(packing.compress(b'"]}') + packing.flush())


def test_a_gzip_bomb_ends_in_a_clear_error_and_in_bounded_memory(tmp_path):
    folder = trail(tmp_path / "e")
    bomb(log(folder), 512 * MIB)
    outcome = process(trail(tmp_path / "good"), folder, code=GROWTH)
    said, _, growth = outcome.err.rpartition("\n")
    sealed(folder, outcome)
    assert "log.json.gz: stopped at record 1: inflates to more than the limit of" in said
    assert int(growth) < 128
