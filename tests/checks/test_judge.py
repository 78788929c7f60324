"""Judging as a whole: every clause is answered, engines must agree, and evidence that failed is never a pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.commitments import discover
from checks.engine import Answer, Suite, SuiteResult
from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from checks.kernel import WHOLE, Plan
from evidence.errors import ProbityError
from evidence.families import all_families
from evidence.model import Assurance, Period, Reason, Status
from infra.sources import discover as sources
from tests.world import contract_of, gather_folder, load_cases, write_evidence

CASES = load_cases(Path(__file__).parents[1] / "commitments" / "data-residency" / "cases.yaml")
PERIOD = Period.model_validate(CASES["period"])
AS_OF = datetime(2025, 6, 10, tzinfo=UTC)


class Disagreeing(DuckEngine):
    """Counts one violation fewer than there are."""

    def expectations(self, suite: Suite) -> SuiteResult:
        real = super().expectations(suite)
        return replace(
            real,
            judged=tuple(
                replace(j, unexpected_count=0, outcome=Answer.PASSED) if j.name == "no_violation" else j
                for j in real.judged
            ),
        )


class Failing(DuckEngine):
    """Cannot classify anything."""

    def classify(self, sql: str, plan: Plan = WHOLE) -> None:
        raise ProbityError("out of order")


def findings(engine: type[DuckEngine], rows: dict[str, Any], tmp_path: Path, **evidence: Any) -> Any:
    write_evidence(tmp_path / "evidence", rows)
    gathered = gather_folder(tmp_path, PERIOD)
    told = Evidence(frozenset(gathered.tables), gathered.cards, **evidence)
    return judge(contract_of("data-residency", CASES["terms"]), PERIOD, AS_OF, told, engine(gathered.tables))


def test_an_engine_that_counts_otherwise_makes_the_answer_unproven(tmp_path: Path) -> None:
    rows = CASES["given"] | {
        "processing_activity": [r | {"region_code": "us-east-1"} for r in CASES["given"]["processing_activity"]]
    }
    finding = findings(Disagreeing, rows, tmp_path).findings[0]
    assert (finding.status, finding.reasons) == (Status.UNPROVEN, (Reason.ENGINE_ERROR,))


def test_an_engine_that_fails_makes_the_answer_unproven_and_says_so(tmp_path: Path) -> None:
    judgement = findings(Failing, CASES["given"], tmp_path)
    assert judgement.findings[0].reasons == (Reason.ENGINE_ERROR,)
    assert judgement.problems == ("P could not be judged: out of order",)


def test_a_source_that_could_not_be_reached_makes_its_families_unproven(tmp_path: Path) -> None:
    finding = findings(DuckEngine, CASES["given"], tmp_path, failed=frozenset({"processing_activity"})).findings[0]
    assert Reason.SOURCE_ERROR in finding.reasons


def test_a_log_that_did_not_keep_what_matters_is_blind_and_never_met(tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence", CASES["given"])
    gathered = gather_folder(tmp_path, PERIOD)
    first, *others = gathered.cards
    cards = (first.model_copy(update={"blind": ("processing_activity",)}), *others)
    told = Evidence(frozenset(gathered.tables), cards)
    contract = contract_of("data-residency", CASES["terms"])
    finding = judge(contract, PERIOD, AS_OF, told, DuckEngine(gathered.tables)).findings[0]
    assert (finding.status, finding.reasons) == (Status.UNPROVEN, (Reason.BLIND,))


def test_an_audit_before_the_periods_end_is_not_yet_due(tmp_path: Path) -> None:
    write_evidence(tmp_path / "evidence", CASES["given"])
    gathered = gather_folder(tmp_path, PERIOD)
    evidence = Evidence(frozenset(gathered.tables), gathered.cards)
    early = datetime(2025, 6, 1, 12, tzinfo=UTC)
    finding = judge(
        contract_of("data-residency", CASES["terms"]), PERIOD, early, evidence, DuckEngine(gathered.tables)
    ).findings[0]
    assert Reason.NOT_YET_DUE in finding.reasons


@pytest.mark.parametrize("kind", sorted(discover()))
def test_every_need_has_a_family_and_a_source_that_provides_it(kind: str) -> None:
    provided = frozenset[str]().union(*(s.provides for s in sources().values()))
    for need in discover()[kind].needs:
        assert need.family in all_families()
        assert need.family in provided


@pytest.mark.parametrize("kind", sorted(discover()))
def test_every_kind_explains_itself_and_names_its_remedy(kind: str) -> None:
    declared = discover()[kind]
    assert len(declared.explanation) > 80
    assert declared.remedy.origin in {"CONTRACT", "PLAYBOOK", "DEFAULT"}


@pytest.mark.parametrize(("worth", "stated"), [("claimed", "claimed"), ("attested", "corroborated")])
def test_a_total_makes_nobodys_mere_word_for_records_true(worth: str, stated: str, tmp_path: Path) -> None:
    (found,) = judged_as(Assurance(worth), tmp_path).findings
    assert (found.status, found.assurance) == (Status.MET, Assurance(stated))


def test_a_mere_word_does_not_count_where_the_contract_demands_more(tmp_path: Path) -> None:
    (found,) = judged_as(Assurance.CLAIMED, tmp_path, minimum_assurance="attested").findings
    assert (found.status, found.reasons) == (Status.UNPROVEN, (Reason.UNTRUSTED_EVIDENCE,))


def judged_as(worth: Assurance, folder: Path, **terms: Any) -> Any:
    """Return the judgement over complete evidence of which the lifecycle is worth so much."""
    base = load_cases(Path(__file__).parents[1] / "commitments" / "data-retention-limit" / "cases.yaml")
    write_evidence(folder / "evidence", base["given"])
    period = Period.model_validate(base["period"])
    gathered = gather_folder(folder, period)
    cards = tuple(
        card.model_copy(update={"assurance": worth}) if "data_lifecycle" in card.families else card
        for card in gathered.cards
    )
    contract = contract_of("data-retention-limit", base["terms"] | terms)
    as_of = datetime.fromisoformat(base["as_of"])
    return judge(contract, period, as_of, Evidence(frozenset(gathered.tables), cards), DuckEngine(gathered.tables))
