"""Stopped in the middle: Ctrl-C leaves nothing half done and loses nothing; a killed run is not in the next one's way.

The process stops itself at a named moment, seen by an audit hook, so that no test waits or races.
"""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.cli.engagements import bundles, half_done, kept, probity, process, trail, unjudged

#: The signal, the event and a part of its first argument come before the words of the command line.
STOPPED = """
import os, sys
number, event, part = int(sys.argv[1]), *sys.argv[2:4]
del sys.argv[1:4]
seen = []
def hook(name, arguments):
    if name == event and not seen and part in str(arguments[0]):
        seen.append(name)
        os.kill(os.getpid(), number)
sys.addaudithook(hook)
from flows.cli import main
sys.exit(main())
"""
#: When an audit is stopped: an event of Python's own, a part of the name it is about, and the artefacts kept by then.
MOMENTS = {
    "while the first artefact is stored": ("open", ".put-", 0),
    "while a table is written": ("open", "usage_totals.csv", 2),
    "while the PDF report is sealed": ("open", "report.pdf.sealed", 4),
    "while the bundle is sealed": ("open", ".zip.0.partial", 4),
    "while the bundle is published": ("os.link", "audit-trail", 4),
}
GATHERING, SEALING = list(MOMENTS)[:2], list(MOMENTS)[2:]


def stopped(folder, number, moment):
    event, part, _ = MOMENTS[moment]
    return process(int(number), event, part, "audit", folder, code=STOPPED)


@pytest.mark.parametrize("moment", GATHERING)
def test_an_interruption_leaves_what_was_gathered_and_nothing_half_done(tmp_path, moment):
    folder = unjudged(trail(tmp_path / "e"))
    outcome = stopped(folder, signal.SIGINT, moment)
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err.splitlines()[-1] == "interrupted; what was gathered is kept"
    assert "Traceback" not in outcome.err
    assert (bundles(folder), half_done(folder)) == ([], [])
    assert len(kept(folder)) == MOMENTS[moment][2]


@pytest.mark.parametrize("moment", SEALING)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_interrupted_while_it_is_sealed_is_finished_by_resume(tmp_path, moment, number):
    folder = unjudged(trail(tmp_path / "e"))
    outcome = stopped(folder, number, moment)
    assert bundles(folder) == []
    (run,) = [path.name for path in (folder / ".probity/work").iterdir()]
    if number == signal.SIGINT:
        assert (outcome.code, f"run {run} was interrupted while it was sealed" in outcome.err) == (5, True)
    (folder / "cloudtrail/log.json.gz").unlink()  # nothing is gathered again
    resumed = probity("audit", folder, "--resume", "--format", "json")
    assert (resumed.code, resumed.err) == (0, "")
    (bundle,) = bundles(folder)
    assert json.loads(resumed.out)["bundle"] == str(bundle)
    assert run in bundle.name
    assert half_done(folder) == []
    checked = probity(
        "ledger", "audit", folder / "ledger", "--trust", folder / "keys/trust", "--bundles", bundle.parent
    )
    assert (checked.code, checked.err) == (0, "")


def test_a_finished_run_without_a_pdf_report_is_our_failure_still(tmp_path):
    folder, broken = unjudged(trail(tmp_path / "e")), tmp_path / "broken"
    broken.mkdir()
    (broken / "typst.py").write_text("raise MemoryError('for the test')")
    event, part, _ = MOMENTS["while the bundle is sealed"]
    without = {"PYTHONPATH": f"{broken}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    process(int(signal.SIGKILL), event, part, "audit", folder, code=STOPPED, env=without)
    resumed = probity("audit", folder, "--resume")
    assert (resumed.code, "was sealed without report.pdf" in resumed.err) == (5, True)
    assert len(bundles(folder)) == 1


def test_an_interruption_while_the_engine_is_loaded_leaves_nothing_half_done(tmp_path):
    folder = trail(tmp_path / "e")
    outcome = process(int(signal.SIGINT), "import", "great_expectations", "audit", folder, code=STOPPED)
    assert (outcome.code, outcome.err.strip()) == (5, "interrupted; what was gathered is kept")
    assert (bundles(folder), half_done(folder)) == ([], [])


def test_after_an_interruption_the_audit_succeeds_over_what_was_kept(tmp_path):
    folder = unjudged(trail(tmp_path / "e"))
    stopped(folder, signal.SIGINT, "while a table is written")
    before = kept(folder)
    assert probity("audit", folder).code == 0
    assert before <= kept(folder)
    assert half_done(folder) == []


@pytest.mark.parametrize("moment", GATHERING)
def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path, moment):
    folder = unjudged(trail(tmp_path / "e"))
    assert stopped(folder, signal.SIGKILL, moment).code == -signal.SIGKILL
    assert probity("audit", folder).code == 0
    assert half_done(folder) == []
    (bundle,) = bundles(folder)
    assert probity("verify", bundle, "--trust", folder / "keys" / "trust").code == 0


def test_the_next_audit_leaves_a_run_that_can_be_finished_and_says_so(tmp_path):
    folder = unjudged(trail(tmp_path / "e"))
    stopped(folder, signal.SIGKILL, "while the bundle is sealed")
    outcome = probity("audit", folder)
    assert (outcome.code, "--resume` finishes it" in outcome.err) == (0, True)
    assert probity("audit", folder, "--resume").code == 0
    assert len(bundles(folder)) == 2


def test_resume_names_what_cannot_be_finished(tmp_path):
    folder = unjudged(trail(tmp_path / "e"))
    stopped(folder, signal.SIGKILL, "while a table is written")
    outcome = probity("audit", folder, "--resume")
    assert (outcome.code, outcome.out) == (3, "")
    assert "there is no run to finish" in outcome.err
    assert "number 1, is open in the ledger" in outcome.err
    assert probity("audit", folder, "--resume", "--period", "2025-06").code == 2


def test_a_polite_end_is_treated_as_an_interruption(tmp_path):
    folder = unjudged(trail(tmp_path / "e"))
    outcome = stopped(folder, signal.SIGTERM, "while a table is written")
    assert (outcome.code, outcome.err.splitlines()[-1]) == (5, "interrupted; what was gathered is kept")
    assert half_done(folder) == []
