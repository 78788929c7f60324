"""What a person asks for becomes a run: periods, instants, early failures, and tokens of the engagement's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.disclosure import Tokens
from evidence.errors import BadInput, OutputFailed
from evidence.keys import make_keys
from flows.wiring import Request, named_period, prepare
from tests.examples.engagements import load_generator

GENERATOR = load_generator("finance-firm")
NOW = datetime(2025, 7, 6, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made: Path = GENERATOR.generate("compliant", tmp_path / "engagement", 5)
    make_keys(made / "keys", "test", datetime.now(UTC))
    return made


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2025-06", "2025-06-01", "2025-07-01"),
        ("2025-12", "2025-12-01", "2026-01-01"),
        ("2025-Q4", "2025-10-01", "2026-01-01"),
        ("2025", "2025-01-01", "2026-01-01"),
    ],
)
def test_a_named_period_is_whole_calendar_time_in_utc(text: str, start: str, end: str) -> None:
    period = named_period(text)
    assert (f"{period.start:%Y-%m-%d}", f"{period.end:%Y-%m-%d}") == (start, end)


@pytest.mark.parametrize("text", ["2025-13", "2025-Q5", "june", "", "2025-6-1", "0000", "99999"])
def test_a_period_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        named_period(text)


def test_the_audit_files_period_and_instant_are_used_when_nothing_is_asked(folder: Path) -> None:
    run = prepare(Request(str(folder)), now=lambda: NOW).run
    assert (run.period, run.as_of) == (named_period("2025-06"), datetime(2025, 7, 5, tzinfo=UTC))


def test_a_flag_beats_the_audit_file(folder: Path) -> None:
    request = Request(str(folder), period="2025-05", as_of="2025-06-01T02:00:00+02:00")
    run = prepare(request, now=lambda: NOW).run
    assert (run.period, run.as_of) == (named_period("2025-05"), datetime(2025, 6, 1, tzinfo=UTC))


def test_both_forms_of_a_period_at_once_are_refused(folder: Path) -> None:
    request = Request(str(folder), period="2025-05", start="2025-05-01T00:00:00Z", end="2025-06-01T00:00:00Z")
    with pytest.raises(BadInput, match="together"):
        prepare(request)


def test_an_unwritable_output_is_found_before_anything_is_gathered(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(OutputFailed, match="--out"):
        prepare(Request(str(folder), out=str(tmp_path / "file" / "bundles")))
    assert not (folder / ".probity" / "locker").exists()


def test_a_token_is_the_same_in_every_run_of_an_engagement_and_only_there(folder: Path, tmp_path: Path) -> None:
    other: Path = GENERATOR.generate("compliant", tmp_path / "other", 5)
    make_keys(other / "keys", "test", datetime.now(UTC))
    first, again = (prepare(Request(str(folder))).run.register.tokens("arn:someone") for _ in range(2))
    assert first == again != prepare(Request(str(other))).run.register.tokens("arn:someone")
    assert "someone" not in first


def test_the_salt_is_readable_by_its_owner_only(folder: Path) -> None:
    prepare(Request(str(folder)))
    assert (folder / ".probity" / "salt").stat().st_mode & 0o077 == 0


def test_both_files_report_their_mistakes_at_once(folder: Path) -> None:
    (folder / "audit.yaml").write_text("probity: audit/v1\nsorces: []\n")
    (folder / "contract.yaml").write_text("probity: contract/v1\nid: UPPER\n")
    with pytest.raises(BadInput) as caught:
        prepare(Request(str(folder)))
    text = str(caught.value)
    assert "audit.yaml:2" in text
    assert "sources" in text
    assert "contract.yaml:2" in text


def test_a_variable_that_is_not_set_is_named_at_its_place(folder: Path) -> None:
    text = (folder / "audit.yaml").read_text().replace("path: evidence", "path: '${NO_SUCH_VARIABLE_HERE}'")
    (folder / "audit.yaml").write_text(text)
    with pytest.raises(BadInput, match="NO_SUCH_VARIABLE_HERE"):
        prepare(Request(str(folder)))


def test_of_two_first_runs_at_once_both_use_the_salt_of_the_faster(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(size: int) -> bytes:
        salt = folder / ".probity" / "salt"
        if size == 32 and not salt.exists():
            salt.write_bytes(b"f" * size)
        return b"s" * size

    monkeypatch.setattr("flows.wiring.secrets.token_bytes", overtaken)
    run = prepare(Request(str(folder)), now=lambda: NOW).run
    assert (folder / ".probity" / "salt").read_bytes() == b"f" * 32
    assert run.register.tokens("anna") == Tokens(b"f" * 32)("anna")
