"""Classifying in parts, merging only what is repeated and keeping little: the answer is that of the plain statement."""

import itertools
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from checks import sql
from checks.engine.duck import DuckEngine
from checks.kernel import WHOLE, Plan, Repeated, Split
from evidence.errors import ProbityError

COLUMNS = "subject, record, moment, outcome, why, measure, artefact"

#: 500 records in two systems, some told twice; a record is as old as the oldest of its rows in either system.
STATED = """
SELECT CASE WHEN i % 2 = 0 THEN 'log' ELSE 'backup' END AS subject, 'record-' || (i % 500 // 2) AS record,
       i * 1000 AS seen, 'sha256:' || (i % 7) AS artefact FROM range(1100) AS r(i)"""
STATEMENT = f"""
WITH stated AS ({STATED}),
aged AS (SELECT *, min(seen) OVER (PARTITION BY record) AS origin FROM stated),
coded AS (
  SELECT subject, record, origin AS moment, seen - origin AS measure, artefact,
         CASE WHEN seen - origin > 900000 THEN 'violation' WHEN seen % 3000 = 0 THEN 'open' ELSE 'ok' END AS outcome,
         CASE WHEN seen - origin > 900000 THEN 'late' ELSE '' END AS why FROM aged)
{sql.worst_per_record("coded")}"""


@pytest.fixture(params=["memory", "files"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., DuckEngine]:
    spill = tmp_path / "spill" if request.param == "files" else None
    return lambda split_rows=10_000: DuckEngine({}, spill=spill, split_rows=split_rows)


def plainly() -> list[tuple[object, ...]]:
    with duckdb.connect() as database:
        return database.execute(f"SELECT {COLUMNS} FROM ({STATEMENT}) ORDER BY ALL").fetchall()


def answer(engine: DuckEngine, plan: Plan, columns: str = COLUMNS) -> list[tuple[object, ...]]:
    with engine:
        engine.classify(STATEMENT, plan)
        return engine.query(f"SELECT {columns} FROM classified ORDER BY ALL")


@pytest.mark.parametrize("plan", [WHOLE, Plan(one_pass=True)])
def test_merging_only_repeated_rows_is_merging_all(opened, plan):
    assert answer(opened(), plan) == plainly()


@pytest.mark.parametrize("split_rows", [1, 50, 10_000])
def test_judging_in_parts_is_judging_the_whole(opened, split_rows):
    plan = Plan(Split(STATED, "record"))
    assert answer(opened(split_rows), plan) == plainly()


def test_a_lean_population_has_the_same_counts_and_shows_the_same_violations(opened):
    counted = "subject, moment, outcome, why, measure"
    with duckdb.connect() as database:
        wanted = database.execute(f"SELECT {counted} FROM ({STATEMENT}) ORDER BY ALL").fetchall()
    lean = Plan(Split(STATED, "record"), lean=True)
    assert answer(opened(50), lean, counted) == wanted
    with opened() as engine:
        engine.classify(STATEMENT, lean)
        shown = sorted(engine.exhibits("violation", 1000))
    assert shown == [row for row in plainly() if row[3] == "violation"]
    assert shown


def test_keys_of_a_lean_population_stay_unique(opened):
    found = answer(opened(), Plan(lean=True), "count(*), count(DISTINCT (subject, record)), count(DISTINCT key)")
    assert found == [(500, 500, 500)]


def test_a_plan_whose_source_is_not_in_the_statement_is_refused(opened):
    with opened() as engine, pytest.raises(ProbityError, match="source"):
        engine.classify(STATEMENT, Plan(Split("SELECT 1 AS record, '' AS artefact", "record")))


#: Every third key stands twice, and some keys are null, which nobody asks for.
KEYED = "(SELECT CASE WHEN i % 10 > 0 THEN 'e' || (i % 40) END AS id FROM range(60) AS r(i))"
REPEATED = Repeated("lower(id)", "keyed")
SHARED = f"""
WITH several AS ({REPEATED.select})
SELECT 's' AS subject, id || '/' || n AS record, n AS moment,
       CASE WHEN lower(id) IN (SELECT record FROM several) THEN 'violation' ELSE 'ok' END AS outcome,
       '' AS why, CAST(NULL AS BIGINT) AS measure, 'a' AS artefact
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM keyed WHERE id IS NOT NULL) AS k"""


def test_keys_of_several_rows_are_the_same_when_they_are_sought_by_their_hash(opened):
    outcomes = []
    for plan in (WHOLE, Plan(repeated=(REPEATED,))):
        with opened() as engine:
            engine.query(f"CREATE VIEW keyed AS {KEYED}")
            engine.classify(SHARED, plan)
            outcomes.append(engine.query("SELECT record, outcome FROM classified ORDER BY ALL"))
    assert outcomes[0] == outcomes[1]
    assert {outcome for _, outcome in outcomes[0]} == {"ok", "violation"}


def test_a_plan_whose_query_is_not_in_the_statement_is_refused(opened):
    with opened() as engine, pytest.raises(ProbityError, match="stands once"):
        engine.classify(STATEMENT, Plan(repeated=(REPEATED,)))


def test_a_session_leaves_no_file_behind(tmp_path):
    with DuckEngine({}, spill=tmp_path, split_rows=50) as engine:
        engine.classify(STATEMENT, Plan(Split(STATED, "record")))
        assert list(tmp_path.rglob("*.parquet"))
        assert not list(tmp_path.rglob("bucket=*"))
    assert list(tmp_path.iterdir()) == []


def test_only_a_last_step_of_its_own_is_left_to_the_engine():
    merging = sql.worst_per_record("coded")
    assert sql.before_merging(f"WITH coded AS (SELECT 1)\n{merging}\n") == (
        f"WITH coded AS (SELECT 1)\nSELECT {COLUMNS} FROM coded"
    )
    assert sql.before_merging(f"WITH coded AS (SELECT 1)\nSELECT 2 UNION ALL {merging}") is None
    assert sql.before_merging(f"SELECT * FROM (WITH coded AS (SELECT 1) {merging}) AS inner_one") is None
    assert sql.before_merging(f"WITH coded AS (SELECT 1) {merging} HAVING count(*) = 1") is None
    assert sql.before_merging("SELECT 1") is None


#: Of one record: equals of which nothing but the reason differs, and what is kept with a measure.
EQUALS = ("'unknown', 'contradicted', NULL", "'unknown', 'unreadable_rows', NULL", "'ok', '', 7")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", list(itertools.permutations(EQUALS)))
def test_neither_order_nor_threads_decide_between_equals(rows: tuple[str, ...], threads: int) -> None:
    stated = " UNION ALL ".join(f"SELECT 's' AS subject, 'r' AS record, 0 AS moment, {row}, 'a'" for row in rows)
    told = f"told(subject, record, moment, outcome, why, measure, artefact) AS ({stated})"
    with DuckEngine({}, threads=threads) as engine:
        engine.classify(f"WITH {told}\n{sql.worst_per_record('told')}")
        assert engine.query(f"SELECT {COLUMNS} FROM classified") == [
            ("s", "r", 0, "unknown", "unreadable_rows", None, "a")
        ]


def test_a_column_of_nulls_has_any_type_and_one_of_numbers_is_no_text() -> None:
    rest = "'a' AS subject, 'b' AS record, 0 AS moment, 'ok' AS outcome"
    with DuckEngine({}) as engine:
        engine.classify(f"SELECT {rest}, NULL AS why, NULL AS measure, NULL AS artefact")
        assert engine.query(f"SELECT {COLUMNS} FROM classified") == [("a", "b", 0, "ok", None, None, None)]
        with pytest.raises(ProbityError, match="'why' is INTEGER and must be VARCHAR"):
            engine.classify(f"SELECT {rest}, 1 AS why, NULL AS measure, NULL AS artefact")
