"""Great Expectations over a classified table: no trap of its own may turn into a pass."""

from collections.abc import Iterator

import pytest

from checks.engine import Answer, Suite, SuiteResult
from checks.engine.duck import DuckEngine
from evidence.errors import ProbityError

EVERYTHING = (
    "no_violation",
    "no_unknown",
    "outcome_known",
    "outcome_present",
    "subject_present",
    "record_present",
    "key_unique",
    "minimum_rows",
)


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine({}) as opened:
        yield opened


def classify(engine: DuckEngine, *rows: tuple[str | None, str | None, str | None]) -> None:
    values = ", ".join("(" + ", ".join("NULL" if v is None else f"'{v}'" for v in row) + ")" for row in rows)
    source = f"(VALUES {values}) AS t(s, r, o)" if rows else "(SELECT NULL AS s, NULL AS r, NULL AS o WHERE false)"
    engine.classify(
        "SELECT s::VARCHAR AS subject, r::VARCHAR AS record, 0 AS moment, o::VARCHAR AS outcome, NULL AS why, "
        f"NULL AS measure, NULL AS artefact FROM {source}"
    )


def drop(engine: DuckEngine, column: str) -> None:
    engine.query("CREATE TABLE cut AS SELECT * FROM classified")
    engine.query("DROP VIEW classified")
    engine.query(f"CREATE VIEW classified AS SELECT * EXCLUDE ({column}) FROM cut")


def failed(result: SuiteResult) -> set[str]:
    return {j.name for j in result.judged if j.outcome is Answer.FAILED}


def errors(result: SuiteResult) -> set[str]:
    return {j.name for j in result.judged if j.outcome is Answer.ERROR}


def test_a_kept_promise_passes_every_expectation(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "open"), ("mail", "1", "excused"))
    result = engine.expectations(Suite())
    assert result.outcome is Answer.PASSED
    assert tuple(j.name for j in result.judged) == EVERYTHING
    assert {j.observed for j in result.judged} == {3}


def test_an_empty_table_fails_although_its_columns_pass(engine):
    classify(engine)
    result = engine.expectations(Suite())
    assert failed(result) == {"minimum_rows"}
    assert result.outcome is Answer.FAILED


def test_fewer_rows_than_the_minimum_fail(engine):
    classify(engine, ("chat", "1", "ok"))
    assert failed(engine.expectations(Suite(minimum_rows=2))) == {"minimum_rows"}


def test_one_violation_fails_and_is_counted(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "violation"))
    result = engine.expectations(Suite())
    assert failed(result) == {"no_violation"}
    assert [j.unexpected_count for j in result.judged if j.name == "no_violation"] == [1]


def test_one_unknown_fails(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "unknown"))
    assert failed(engine.expectations(Suite())) == {"no_unknown"}


def test_an_outcome_column_of_nulls_fails_although_set_rules_skip_nulls(engine):
    classify(engine, ("chat", "1", None), ("chat", "2", None))
    result = engine.expectations(Suite())
    assert failed(result) == {"outcome_present"}
    assert [j.unexpected_count for j in result.judged if j.name == "outcome_present"] == [2]


def test_one_null_outcome_among_many_fails(engine):
    classify(engine, *(("chat", str(n), "ok") for n in range(50)), ("chat", "50", None))
    assert failed(engine.expectations(Suite())) == {"outcome_present"}


def test_an_outcome_in_other_words_fails(engine):
    classify(engine, ("chat", "1", "OK"))
    assert failed(engine.expectations(Suite())) == {"outcome_known"}


def test_a_null_subject_fails(engine):
    classify(engine, (None, "1", "ok"), ("chat", "1", "ok"))
    assert failed(engine.expectations(Suite())) == {"subject_present"}


def test_a_null_record_fails(engine):
    classify(engine, ("chat", None, "ok"))
    assert failed(engine.expectations(Suite())) == {"record_present"}


def test_a_repeated_key_fails_and_every_row_that_shares_it_is_counted(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "1", "ok"), ("chat", "1", "ok"), ("mail", "1", "ok"))
    result = engine.expectations(Suite())
    assert failed(result) == {"key_unique"}
    assert [j.unexpected_count for j in result.judged if j.name == "key_unique"] == [3]


def test_keys_of_nulls_fail_as_absent_and_are_still_looked_at(engine):
    classify(engine, (None, None, "ok"), (None, None, "ok"))
    result = engine.expectations(Suite())
    assert failed(result) == {"subject_present", "record_present"}
    assert result.outcome is Answer.FAILED


def test_more_repeated_keys_than_may_be_fetched_still_only_fail(engine):
    classify(engine, *(("chat", str(n // 2), "ok") for n in range(5000)))
    result = engine.expectations(Suite())
    assert [(j.outcome, j.unexpected_count) for j in result.judged if j.name == "key_unique"] == [(Answer.FAILED, 5000)]


def test_a_control_total_that_counts_rows_must_be_met_exactly(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "ok"))
    assert engine.expectations(Suite(expected_rows=2)).outcome is Answer.PASSED
    assert failed(engine.expectations(Suite(expected_rows=3))) == {"control_total"}


def test_a_missing_column_is_an_error_never_a_failure(engine):
    classify(engine, ("chat", "1", "violation"))
    drop(engine, "outcome")
    result = engine.expectations(Suite())
    assert errors(result) == {"no_violation", "no_unknown", "outcome_known", "outcome_present"}
    assert failed(result) == set()
    assert result.outcome is Answer.ERROR
    assert all(j.detail and j.unexpected_count is None for j in result.judged if j.outcome is Answer.ERROR)


def test_a_missing_key_column_leaves_uniqueness_unevaluated(engine):
    classify(engine, ("chat", "1", "ok"))
    drop(engine, "subject")
    assert errors(engine.expectations(Suite())) == {"subject_present", "key_unique"}


def test_judging_before_classifying_is_our_failure(engine):
    with pytest.raises(ProbityError, match="could not judge"):
        engine.expectations(Suite())


def test_two_runs_give_the_same_result_in_every_part(engine):
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "violation"), ("chat", "2", None))
    assert engine.expectations(Suite(expected_rows=9)) == engine.expectations(Suite(expected_rows=9))


def test_the_raw_result_holds_no_values_times_or_fractions(engine):
    classify(engine, ("secret-subject", "1", "violation"))
    raw = engine.expectations(Suite()).raw
    assert "secret-subject" not in str(raw)
    assert [r["name"] for r in raw["results"]] == list(EVERYTHING)
    assert all(type(v) is int for r in raw["results"] for v in r["result"].values())
    assert not any(key in str(raw) for key in ("run_id", "run_time", "ge_load_time", "batch_id", "percent"))


def test_the_next_classification_is_judged_afresh(engine):
    classify(engine, ("chat", "1", "violation"))
    engine.expectations(Suite())
    classify(engine, ("chat", "1", "ok"), ("chat", "2", "ok"))
    result = engine.expectations(Suite())
    assert result.outcome is Answer.PASSED
    assert {j.observed for j in result.judged} == {2}
