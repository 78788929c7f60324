"""Evidence that an open case rests on is not redacted, under whatever name; once the case is closed it may be."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from checks.cases.entry import Closing, Exhibited, Linked, NotNotified
from evidence.errors import OutputFailed, UnderHold
from flows.cases import AUTOMATIC, open_or_join, record
from flows.cli.written import write_result
from flows.engagement import open_engagement
from flows.holding import held, refuse_held
from tests.checks.cases.story import sighting
from tests.cli.engagements import probity, trail, unjudged
from tests.evidence import disclosed

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
BUNDLE = Exhibited(kind="bundle", name="audit-1.zip")
ARTEFACT = Exhibited(kind="artefact", name="sha256:" + "1" * 64)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An engagement with a bundle that an open case rests on."""
    made = unjudged(trail(tmp_path / "e"))
    (made / "bundles").mkdir()
    disclosed.seal(made / "bundles" / "audit-1.zip")
    engagement = open_engagement(made, lambda _: None)
    open_or_join(engagement, sighting(evidence=(BUNDLE,)), NOW, AUTOMATIC)
    record(engagement, "case-0001", Linked(evidence=(ARTEFACT,)), NOW, "Ann")
    return made


def redacted(bundle: Path, out: Path, *more: object) -> int:
    return probity("redact", bundle, "--all", "--out", out, *more).code


def test_a_held_bundle_is_not_redacted_under_any_name(folder: Path, tmp_path: Path) -> None:
    bundle, out = folder / "bundles" / "audit-1.zip", tmp_path / "out.zip"
    copy = Path(shutil.copyfile(bundle, tmp_path / "copy.zip"))
    assert redacted(bundle, out) == 4
    assert redacted(copy, out, "--engagement", folder) == 4
    (tmp_path / "link.zip").symlink_to(bundle)
    assert redacted(tmp_path / "link.zip", out) == 4
    assert not out.exists()


@pytest.mark.parametrize("name", ["bundles/audit-1.zip", ".probity/cases/case-0001.jsonl", ".probity/locker/new"])
def test_no_result_is_written_over_evidence(folder: Path, name: str) -> None:
    there = folder / name
    before = there.read_bytes() if there.exists() else None
    with pytest.raises(OutputFailed):
        write_result(there, b"a report")
    assert (there.read_bytes() if there.exists() else None) == before
    write_result(folder / "report.html", b"a report")
    write_result(folder / "report.html", b"another")


def test_closing_the_case_releases_what_it_held(folder: Path, tmp_path: Path) -> None:
    engagement = open_engagement(folder, lambda _: None)
    assert set(held(engagement)) == {BUNDLE, ARTEFACT}
    with pytest.raises(UnderHold):
        refuse_held(engagement, "artefact", ARTEFACT.name)
    record(engagement, "case-0001", NotNotified(reason="test data"), NOW, "Ann")
    record(engagement, "case-0001", Closing(reason="nothing more"), NOW, "Ann")
    assert held(engagement) == {}
    refuse_held(engagement, "artefact", ARTEFACT.name)
    assert redacted(folder / "bundles" / "audit-1.zip", tmp_path / "out.zip") == 0


def test_a_bundle_that_no_case_rests_on_may_be_redacted(folder: Path, tmp_path: Path) -> None:
    other = disclosed.seal(folder / "bundles" / "audit-2.zip")
    (folder / "bundles" / "audit-1.zip").unlink()
    assert redacted(other, tmp_path / "out.zip") == 0


def test_without_a_case_log_that_verifies_nothing_is_redacted(folder: Path, tmp_path: Path) -> None:
    (folder / ".probity" / "cases" / "register.json").unlink()
    assert redacted(folder / "bundles" / "audit-1.zip", tmp_path / "out.zip") == 4
