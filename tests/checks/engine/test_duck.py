"""The DuckDB session: views over evidence, classification, counts, bars and exhibits."""

import random
from collections.abc import Iterator

import pytest

from checks.engine import duck
from checks.engine.duck import DuckEngine
from checks.tally import Tally
from evidence.errors import LimitExceeded, ProbityError

COLUMNS = "subject, record, moment, outcome, why, measure, artefact"


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with DuckEngine({}) as opened:
        yield opened


def classify(engine: DuckEngine, *rows: tuple[str, str | None, str | None, int | None]) -> None:
    def word(value: object) -> str:
        return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)

    values = ", ".join(f"({', '.join(map(word, row))})" for row in rows)
    engine.classify(
        "SELECT 'chat' AS subject, record, 0 AS moment, outcome::VARCHAR AS outcome, why::VARCHAR AS why, "
        f"measure::BIGINT AS measure, 'a' AS artefact FROM (VALUES {values}) AS t(record, outcome, why, measure)"
    )


def test_a_tally_counts_every_row_once(engine):
    classify(
        engine,
        ("1", "ok", None, 1),
        ("2", "ok", None, 2),
        ("3", "violation", "late", 9),
        ("4", "unknown", "stale", None),
        ("5", "open", None, 1),
        ("6", "excused", "consent c-1", 7),
    )
    assert engine.tally() == Tally(ok=2, violation=1, unknown=1, open=1, excused=1, reasons=frozenset({"stale"}))
    assert engine.tally().rows == 6


def test_a_null_or_foreign_outcome_is_unknown_never_dropped(engine):
    classify(engine, ("1", None, None, 1), ("2", "OK", None, 1), ("3", "ok", None, 1))
    assert engine.tally() == Tally(ok=1, unknown=2, reasons=frozenset({"engine_error"}))


def test_an_unknown_row_without_a_reason_is_unreadable(engine):
    classify(engine, ("1", "unknown", None, None), ("2", "unknown", "", None))
    assert engine.tally().reasons == {"unreadable_rows"}


def test_a_reason_that_is_no_code_is_our_failure(engine):
    classify(engine, ("1", "unknown", "the dog ate it", None))
    assert engine.tally().reasons == {"engine_error"}


def test_an_empty_classification_has_nothing_to_say(engine):
    engine.classify(
        f"SELECT {COLUMNS} FROM (SELECT '' AS subject, '' AS record, 0 AS moment, '' AS outcome, "
        "'' AS why, 0 AS measure, '' AS artefact) WHERE false"
    )
    assert engine.tally() == Tally()
    assert engine.worst() is None
    assert engine.buckets(24, 12) == []
    assert engine.exhibits("violation", 5) == []


def test_the_worst_measure_ignores_excused_unknown_and_open_rows(engine):
    classify(
        engine,
        ("1", "ok", None, 3),
        ("2", "violation", None, 8),
        ("3", "excused", None, 99),
        ("4", "open", None, 98),
        ("5", "unknown", None, 97),
        ("6", "ok", None, None),
    )
    assert engine.worst() == 8


def test_bars_add_up_to_the_rows_with_a_measure(engine):
    classify(
        engine,
        *((str(n), "ok" if n <= 24 else "violation", None, n) for n in range(40)),
        ("x", "excused", None, 500),
        ("y", "open", None, 1),
        ("z", "ok", None, None),
    )
    bars = engine.buckets(24, 12)
    assert sum(count for _, _, count in bars) == 41
    assert sum(count for _, high, count in bars if high <= 24) == 25
    assert bars[0] == (0, 2, 3)
    assert bars[-1][1] == 500


def test_a_measure_exactly_on_the_limit_lies_in_the_last_kept_bar(engine):
    classify(engine, ("1", "ok", None, 24), ("2", "violation", None, 25))
    assert {(low, high) for low, high, count in engine.buckets(24, 12) if count} == {(22, 24), (24, 26)}


def test_exhibits_are_worst_first_and_never_depend_on_the_order_of_rows(engine):
    rows = [(f"{n:02}", "violation", None, n // 3 if n else None) for n in range(20)]
    found = []
    for seed in (1, 2):
        random.Random(seed).shuffle(rows)
        classify(engine, *rows)
        found.append(engine.exhibits("violation", 4))
    assert found[0] == found[1]
    assert [row[1] for row in found[0]] == ["18", "19", "15", "16"]


def test_exhibits_have_the_classified_columns(engine):
    classify(engine, ("1", "violation", "late", 9), ("2", "ok", None, 1))
    assert engine.exhibits("violation", 5) == [("chat", "1", 0, "violation", "late", 9, "a")]


def test_nulls_come_last_among_exhibits(engine):
    classify(engine, ("1", "violation", None, None), ("2", "violation", None, 1))
    assert [row[1] for row in engine.exhibits("violation", 5)] == ["2", "1"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 AS subject",
        f"SELECT {COLUMNS}, 1 AS more FROM (SELECT 'a' AS subject, 'b' AS record, 0 AS moment, 'ok' AS outcome, "
        "'' AS why, 0 AS measure, '' AS artefact)",
        "SELECT 'b' AS record, 'a' AS subject, 0 AS moment, 'ok' AS outcome, '' AS why, 0 AS measure, '' AS artefact",
        "SELECT 'a' AS subject, 7 AS record, 0 AS moment, 'ok' AS outcome, '' AS why, 0 AS measure, '' AS artefact",
        "SELECT 'a' AS subject, 'b' AS record, 0 AS moment, 'ok' AS outcome, '' AS why, 0.5 AS measure, '' AS artefact",
        "SELECT 'a' AS subject, 'b' AS record, now() AS moment, '' AS outcome, '' AS why, 0 AS measure, '' AS artefact",
    ],
)
def test_a_classification_of_another_shape_is_refused(engine, sql):
    with pytest.raises(ProbityError, match="classif"):
        engine.classify(sql)


@pytest.mark.parametrize("spills", [False, True])
def test_a_number_too_large_for_the_table_is_an_error_never_another_number(spills, tmp_path):
    engine = DuckEngine({}, spill=tmp_path / "spill" if spills else None)
    with engine, pytest.raises(ProbityError, match="classification failed"):
        engine.classify(
            "SELECT 'a' AS subject, 'b' AS record, 0 AS moment, 'ok' AS outcome, '' AS why, "
            "99999999999999999999::HUGEINT AS measure, '' AS artefact"
        )


def test_the_largest_numbers_survive_the_files_they_are_kept_in(tmp_path):
    with DuckEngine({}, spill=tmp_path) as engine:
        engine.classify(
            "SELECT 'a' AS subject, 'b' AS record, 0 AS moment, 'ok' AS outcome, '' AS why, "
            "9223372036854775807::HUGEINT AS measure, '' AS artefact"
        )
        assert engine.worst() == 9223372036854775807


def test_a_failed_classification_leaves_no_earlier_answer_behind(engine):
    classify(engine, ("1", "ok", None, 1))
    with pytest.raises(ProbityError):
        engine.classify("SELECT nothing FROM nowhere")
    with pytest.raises(ProbityError):
        engine.tally()


def test_a_query_with_more_rows_than_allowed_is_refused_not_cut(engine):
    with pytest.raises(LimitExceeded):
        engine.query(f"SELECT * FROM range({duck.MAX_FETCHED_ROWS + 1})")
    assert len(engine.query(f"SELECT * FROM range({duck.MAX_FETCHED_ROWS})")) == duck.MAX_FETCHED_ROWS


def test_running_out_of_memory_without_a_spill_directory_is_a_limit():
    with DuckEngine({}, memory_limit="20MB") as engine, pytest.raises(LimitExceeded, match="spill"):
        engine.query("SELECT count(*) FROM (SELECT DISTINCT 'record-' || range FROM range(3000000))")


@pytest.mark.parametrize("spills", [False, True])
def test_the_session_reads_no_other_file_and_cannot_be_reconfigured(spills, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n", encoding="utf-8")
    for sql in (
        f"FROM read_csv('{other}')",
        f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
        "SET threads = 1",
        "SET enable_external_access = true",
    ):
        with DuckEngine({}, spill=tmp_path / "spill" if spills else None) as engine, pytest.raises(ProbityError):
            engine.query(sql)


def test_the_session_runs_in_utc(engine):
    assert engine.query("SELECT current_setting('TimeZone')") == [("UTC",)]
