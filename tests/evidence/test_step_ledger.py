"""What step 8 proves, and how it ends where there is nothing to prove."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.errors import BadInput
from evidence.ledger_audit import examine
from evidence.ledger_run import Completion, Superseded, announce
from evidence.sealing import Draft, run_steps
from evidence.trust import Trust, load_trust
from evidence.verification import Verification
from evidence.verify import verify
from tests.evidence import doubly, logbook, logged, sealed
from tests.evidence.logbook import LOG, WITNESS, Shelf


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return logged.seal(tmp_path_factory.mktemp("logged") / "a.zip")


def verified(path: Path, trust: Trust) -> Verification:
    return verify(path, trust, at=doubly.NOW)


def step_8(path: Path, trust: Trust) -> tuple[bool, str, str | None]:
    verification = verified(path, trust)
    step = verification.steps[7]
    return verification.verified, step.outcome.value, step.reason


def test_logged_run_is_proved_with_the_witnesss_time(bundle: Path) -> None:
    found = verified(bundle, logged.trust())
    assert (found.verified, found.steps[7].outcome) == (True, "passed")
    assert (found.time.source, found.levels.time) == ("ledger-witness", "ledger-witness")
    assert found.time.proven == "2025-07-02T00:00:30Z"
    assert found.audit is not None
    assert (found.audit.ledger.sequence, len(found.audit.previous or "")) == (2, 64)
    assert not any("signer's own clock" in text for text in found.not_proved)
    assert not any("no ledger" in text for text in found.not_proved)
    assert any("newest audit" in text for text in found.not_proved)


def test_newest_run_that_the_reader_knows_of_is_proved(bundle: Path) -> None:
    found = verified(bundle, logged.trust(newest_run={sealed.CONTRACT.id: 2}))
    assert found.verified
    assert not any("newest audit" in text for text in found.not_proved)


def test_reader_without_the_ledgers_key_is_not_told_that_it_verified(bundle: Path) -> None:
    without = replace(sealed.trust(), witness=WITNESS.key)
    assert step_8(bundle, without) == (False, "failed", "NO_LEDGER_KEY")


def test_reader_without_a_witness_cannot_check_its_line(bundle: Path) -> None:
    assert step_8(bundle, replace(logged.trust(), witness=None)) == (False, "failed", "LEDGER_UNPINNED_SIGNATURE")


def test_unwitnessed_run_says_what_that_leaves_open(tmp_path: Path) -> None:
    path = logged.seal_run(tmp_path / "a.zip", logbook.ledger(witnessed=False), "run-1")
    found = verified(path, replace(logged.trust(), witness=None))
    assert (found.verified, found.levels.time) == (True, "local-clock")
    assert any("shows everybody the same" in text for text in found.not_proved)
    assert step_8(path, logged.trust()) == (False, "failed", "WITNESS_MISSING")


def test_bundle_without_a_ledger_still_verifies_where_none_is_demanded(tmp_path: Path) -> None:
    path = sealed.seal(tmp_path / "first.zip")
    assert step_8(path, sealed.trust()) == (True, "not_run", "NOT_DEMANDED")
    assert step_8(path, logged.trust()) == (False, "failed", "LEDGER_MISSING")


def test_stamped_and_logged_bundle_keeps_the_stamps_time(tmp_path: Path) -> None:
    path = logged.seal_full(tmp_path / "full.zip")
    found = verified(path, logged.trust(doubly.trust(ledger=True)))
    assert (found.verified, found.levels.time) == (True, "rfc3161")


def test_statement_that_is_not_the_next_any_more_is_signed_again() -> None:
    book = logbook.ledger()
    first, second = (announce(book, sealed.CONTRACT.id, sealed.PERIOD, run, sealed.AS_OF) for run in ("a", "b"))
    drafts = [Draft(logged.facts(one, one.entry.run), b"tags", {}) for one in (first, second)]
    run_steps((*logged.BASE, Completion(first)), drafts[0])
    with pytest.raises(Superseded):
        run_steps((*logged.BASE, Completion(second)), drafts[1])
    run_steps((*logged.BASE, Completion(second)), Draft(logged.facts(second, "b"), b"tags", {}))
    assert book.history().contract(sealed.CONTRACT.id).runs == 2


def test_run_that_ends_before_it_is_sealed_stays_open() -> None:
    shelf = Shelf()
    announce(logbook.ledger(shelf), sealed.CONTRACT.id, sealed.PERIOD, "withheld", sealed.AS_OF)
    assert [s.entry.run for s in examine(shelf, LOG.key, WITNESS.key).open] == ["withheld"]


@pytest.mark.parametrize(
    ("name", "text"), [("ledger.vkey", "x"), ("ledger.vkey", WITNESS.key.vkey), ("witness.vkey", LOG.key.vkey)]
)
def test_trust_folder_with_a_wrong_verifier_key_is_refused(tmp_path: Path, name: str, text: str) -> None:
    logged.write_trust(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(BadInput, match=name):
        load_trust(tmp_path)


def test_policy_that_demands_a_ledger_needs_its_key(tmp_path: Path) -> None:
    logged.write_trust(tmp_path)
    (tmp_path / "ledger.vkey").unlink()
    with pytest.raises(BadInput, match=r"ledger\.vkey"):
        load_trust(tmp_path)


def test_newest_runs_without_a_ledger_are_no_policy() -> None:
    with pytest.raises(ValueError, match="newest_run needs"):
        sealed.policy(newest_run={"c": 2})
