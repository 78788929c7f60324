"""docs/operate.md: backup, restore and the exchange of keys are run as the page says, and audits go on afterwards."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.model import Status
from flows.answers import unanswered
from flows.cases import cases
from flows.due import ledger_of
from flows.sealed_runs import failing
from flows.watching import look
from tests.cli.engagements import copied, edit, probity
from tests.flows import by_schedule
from tests.flows.by_schedule import opened, slot

PAGE = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")
MINUTE = timedelta(minutes=1)


def commands(heading: str) -> str:
    """Return the shell commands of a section."""
    section = PAGE.split(f"\n## {heading}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    return "\n".join(re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL))


def run(heading: str, *before: str, **places: Path) -> subprocess.CompletedProcess[str]:
    """Run a section's commands, `before` them; the first that fails ends it, as an operator would stop there."""
    there = {name.upper(): str(place) for name, place in places.items()}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = [*before, "bash", "-euo", "pipefail", "-c", commands(heading)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=300, env=dict(os.environ) | there | {"PATH": path}
    )


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an engagement that audited slot 0, skipped slot 1, and found that at slot 2, with a case open for it."""
    folder = by_schedule.engagement(tmp_path_factory.mktemp("operate") / "e")
    by_schedule.audit(folder, 0)
    assert by_schedule.audit(folder, 2, 2 * MINUTE).status is Status.BREACHED
    look(opened(folder), slot(2) + 3 * MINUTE)
    assert [case.id for case in cases(opened(folder))] == ["case-0001"]
    return folder


@pytest.fixture
def folder(audited: Path, tmp_path: Path) -> Path:
    return copied(audited, tmp_path / "e")


def backed_up(folder: Path, into: Path) -> Path:
    into.mkdir()
    done = run("Backup", engagement=folder, backup=into)
    assert (done.returncode, done.stderr) == (0, "")
    return into


def test_what_was_backed_up_and_restored_verifies_and_audits_on(folder: Path, tmp_path: Path) -> None:
    backup, trust = backed_up(folder, tmp_path / "backup"), tmp_path / "trust"
    shutil.copytree(folder / "keys" / "trust", trust)
    salt = (folder / ".probity" / "salt").read_bytes()
    shutil.rmtree(folder)
    restored = tmp_path / "restored"
    done = run("Restore", backup=backup, restored=restored, trust=trust)
    assert done.returncode == 0, done.stderr
    assert (restored / ".probity" / "salt").read_bytes() == salt
    assert (restored / "keys" / "private" / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert [case.id for case in cases(opened(restored))] == ["case-0001"]
    by_schedule.audit(restored, 3)
    engagement = opened(restored)
    assert list(failing(engagement, ledger_of(engagement), slot(3) + MINUTE)) == []
    assert (
        probity("ledger", "audit", restored / "ledger", "--trust", trust, "--bundles", restored / "bundles").code == 0
    )
    assert len(list((restored / "bundles").iterdir())) == 3


def test_a_restored_ledger_that_is_older_than_the_newest_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    backup = backed_up(folder, tmp_path / "backup")
    by_schedule.audit(folder, 3)
    newest = max((folder / "ledger" / "checkpoints").iterdir())
    shutil.copy(newest, backup / "newest.checkpoint")
    done = run("Restore", backup=backup, restored=tmp_path / "restored", trust=folder / "keys" / "trust")
    assert (done.returncode, "LEDGER_ROLLED_BACK" in done.stderr) == (4, True)


def test_an_archive_that_was_damaged_is_not_restored(folder: Path, tmp_path: Path) -> None:
    backup = backed_up(folder, tmp_path / "backup")
    archive = backup / "engagement.tar"
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    done = run("Restore", backup=backup, restored=tmp_path / "restored", trust=folder / "keys" / "trust")
    assert done.returncode != 0
    assert not (tmp_path / "restored").exists()


def test_after_an_exchange_of_keys_audits_go_on_and_everything_before_still_verifies(folder: Path) -> None:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed: keys are made at the time of the audits")
    done = run("Exchange keys", "faketime", "-f", "@2026-03-03 12:00:00", engagement=folder)
    assert done.returncode == 0, done.stderr
    file = folder / "audit.yaml"
    edit(file, "keys: keys/private", "keys: keys-new/private")
    edit(file, "breach: {triage: 24h}", "breach: {triage: 24h, earlier_keys: [keys/trust/dsse-p256.pub]}")
    edit(file, "  zone: UTC\n", "  zone: UTC\n  trust: [keys-new/trust, keys/trust]\n")
    edit(file, "{kind: audits}", "{kind: audits, trust: [keys-new/trust, keys/trust]}")
    assert by_schedule.finding(by_schedule.audit(folder, 3)).status is Status.MET
    engagement = opened(folder)
    assert list(failing(engagement, ledger_of(engagement), slot(3) + MINUTE)) == []
    assert unanswered(engagement, ledger_of(engagement)) == ()
    assert [case.id for case in cases(engagement)] == ["case-0001"]
    first, _, last = sorted((folder / "bundles").iterdir())
    held = {(b, k): probity("verify", b, "--trust", folder / k / "trust").code for b in (first, last) for k in KEYS}
    assert held == {(first, "keys"): 0, (first, "keys-new"): 4, (last, "keys"): 4, (last, "keys-new"): 0}
    assert probity("ledger", "audit", folder / "ledger", "--trust", folder / "keys-new" / "trust").code == 0


KEYS = ("keys", "keys-new")


def test_the_schedules_on_the_page_are_valid(folder: Path) -> None:
    (shown,) = re.findall(r"^```yaml\n(schedules:\n.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    text = (folder / "audit.yaml").read_text()
    (folder / "audit.yaml").write_text(text[: text.index("schedules:")] + shown)
    assert opened(folder).file.schedules is not None
