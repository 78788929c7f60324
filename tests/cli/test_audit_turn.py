"""Every audit of an engagement takes the turn, by hand as by schedule: who comes second says what it waits for."""

from __future__ import annotations

import fcntl
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.wiring import Request, in_turn, prepare
from infra.turn import is_taken
from tests.cli.engagements import ENTRY, ROOT, bundles, probity, trail, unjudged


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return unjudged(trail(tmp_path / "e"))


@contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Have the turn as another process has it."""
    (folder / ".probity").mkdir(exist_ok=True)
    with (folder / ".probity" / "turn").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize(("words", "sealed"), [((), 1), (("--resume",), 0)])
def test_an_audit_by_hand_waits_for_the_one_under_way_and_says_so(
    folder: Path, words: tuple[str, ...], sealed: int
) -> None:
    with holding(folder):
        command = [sys.executable, "-c", ENTRY, "audit", str(folder), *words]
        waiting = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert waiting.stderr is not None
        said = waiting.stderr.readline()
        assert waiting.poll() is None
    waiting.communicate(timeout=300)
    assert f"another audit of this engagement is under way ({folder})" in said
    assert (waiting.returncode, len(bundles(folder))) == (0, sealed)


def test_an_audit_has_the_turn_until_its_bundle_is_published(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import pipeline  # noqa: PLC0415

    publish, taken = pipeline.publish, []

    def watched(*given: object) -> str:
        taken.append(is_taken(folder / ".probity"))
        return publish(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "publish", watched)
    assert probity("audit", folder).code == 0
    assert (taken, is_taken(folder / ".probity")) == ([True], False)


def test_an_audit_that_waited_is_prepared_anew(folder: Path) -> None:
    hours = iter((9, 17))
    asked = Request(str(folder))
    prepared = prepare(asked, now=lambda: datetime(2026, 11, 29, next(hours), tzinfo=UTC))
    other = ExitStack()
    other.enter_context(holding(folder))
    with in_turn(asked, prepared, lambda _: other.close()) as run:
        assert (prepared.run.id[:11], run.run.id[:11]) == ("20261129T09", "20261129T17")


def test_the_flow_has_the_turn_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import audit  # noqa: PLC0415 - Prefect takes seconds to import

    monkeypatch.setattr(audit, "get_run_logger", lambda: logging.getLogger("probity"))
    monkeypatch.setattr(audit, "_audit", lambda prepared: is_taken(prepared.engagement.state))
    assert audit.audit.fn(str(folder)) is True
