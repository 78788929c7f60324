"""The Spark session: views over evidence as on DuckDB, classification computed once, and errors of our own tree."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from checks.engine import Suite
from checks.engine.duck import DuckEngine
from checks.engine.spark import SparkEngine
from checks.engine.spark_session import open_session
from evidence.errors import LimitExceeded, ProbityError
from tests.checks.engine.spark_desk import SparkDesk
from tests.checks.engine.test_views import NOON, part

ROW = (
    "SELECT 'chat' AS subject, {record} AS record, 0 AS moment, '{outcome}' AS outcome, '' AS why, "
    "{measure} AS measure, 'a' AS artefact"
)


def row(record: str = "'r'", outcome: str = "ok", measure: str = "CAST(NULL AS BIGINT)") -> str:
    return ROW.format(record=record, outcome=outcome, measure=measure)


@pytest.mark.spark
def test_every_type_of_column_reads_as_on_duckdb(spark: SparkDesk, tmp_path: Path) -> None:
    life = part(tmp_path / "a.parquet", "data_lifecycle", {"captured_at": NOON, "record_id": "1"})
    cut = part(tmp_path / "b.parquet", "data_lifecycle", {"record_id": "2"}, without="deleted_at")
    old = datetime(1583, 1, 1, tzinfo=UTC)
    papers = part(
        tmp_path / "c.parquet",
        "documents",
        {"period_start": date(1970, 1, 11), "period_end": date(1599, 2, 3), "services": ["chat", None]},
        {"period_start": date(1969, 12, 31), "services": []},
    )
    older = part(
        tmp_path / "d.parquet", "data_lifecycle", {"captured_at": old}, captured_at=pa.timestamp("ms", "Asia/Tokyo")
    )
    tables = {"data_lifecycle": [life, cut, older], "documents": [papers]}
    with DuckEngine(tables) as duck, spark.engine(tables) as engine:
        for sql in (
            "SELECT record_id, captured_at, deleted_at FROM data_lifecycle",
            "SELECT period_start, period_end, services, len(services) FROM documents",
            "SELECT count(*) FROM deletion_triggers",
        ):
            assert sorted(engine.query(sql), key=repr) == sorted(duck.query(sql), key=repr)


@pytest.mark.spark
@pytest.mark.parametrize(
    ("name", "rows", "without", "types", "why"),
    [
        ("a.parquet", {}, "captured_at", {}, "'captured_at' is missing"),
        ("a.parquet", {}, "", {"captured_at": pa.timestamp("us")}, "'captured_at' is timestamp"),
        ("a.parquet", {}, "", {"captured_at": pa.timestamp("ns", "UTC")}, "'captured_at' is timestamp"),
        ("a.parquet", {}, "", {"captured_at": pa.int64()}, "'captured_at' is int64"),
        ("_a.parquet", {}, "", {}, "leaves out files named like"),
        (".a.parquet", {}, "", {}, "leaves out files named like"),
        ("{a}.parquet", {}, "", {}, "read as a pattern"),
    ],
)
def test_a_part_that_spark_would_read_otherwise_is_refused_at_the_start(
    spark: SparkDesk,
    tmp_path: Path,
    name: str,
    rows: dict[str, object],
    without: str,
    types: dict[str, object],
    why: str,
) -> None:
    path = part(tmp_path / name, "data_lifecycle", rows, without=without, **types)
    with pytest.raises(ProbityError, match=why), spark.engine({"data_lifecycle": [path]}):
        pass


@pytest.mark.spark
def test_a_part_that_is_no_parquet_file_is_our_error(spark: SparkDesk, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(ProbityError, match="could not open the evidence"), spark.engine({"data_lifecycle": [path]}):
        pass


@pytest.mark.spark
def test_a_part_that_goes_away_is_an_error_and_no_empty_answer(spark: SparkDesk, tmp_path: Path) -> None:
    path = part(tmp_path / "a.parquet", "data_lifecycle", {"record_id": "1"})
    with spark.engine({"data_lifecycle": [path]}) as engine:
        assert engine.query("SELECT count(record_id) FROM data_lifecycle") == [(1,)]
        path.unlink()
        with pytest.raises(ProbityError, match="a query failed"):
            engine.query("SELECT max(record_id) FROM data_lifecycle")


@pytest.mark.spark
@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (row(measure="1 / 2"), "'measure' is double"),
        (row(record="1"), "'record' is INTEGER"),
        (row().replace("AS why", "AS because"), "has the columns"),
    ],
)
def test_a_classification_of_another_shape_is_refused(spark: SparkDesk, sql: str, why: str) -> None:
    with spark.engine({}) as engine, pytest.raises(ProbityError, match=why):
        engine.classify(sql)


@pytest.mark.spark
def test_a_classification_that_fails_leaves_nobody_the_answer_to_the_one_before(spark: SparkDesk) -> None:
    with spark.engine({}) as engine:
        engine.classify(row())
        assert engine.tally().ok == 1
        with pytest.raises(ProbityError, match="the classification failed"):
            engine.classify(row(measure="CAST('x' AS BIGINT)"))
        with pytest.raises(ProbityError):
            engine.tally()
        with pytest.raises(ProbityError, match="nothing is classified"):
            engine.expectations(Suite())


@pytest.mark.spark
def test_two_sessions_side_by_side_do_not_see_each_others_rows(spark: SparkDesk) -> None:
    with spark.engine({}) as one, spark.engine({}) as other:
        one.classify(row(outcome="violation"))
        other.classify(row())
        assert (one.tally().violation, other.tally().violation) == (1, 0)


@pytest.mark.spark
def test_more_rows_than_allowed_are_refused_and_never_cut(spark: SparkDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("checks.engine.spark.MAX_FETCHED_ROWS", 2)
    with spark.engine({}) as engine:
        assert len(engine.query("SELECT a FROM (VALUES (1), (2)) AS t(a)")) == 2
        with pytest.raises(LimitExceeded, match="more than 2 rows"):
            engine.query("SELECT a FROM (VALUES (1), (2), (3)) AS t(a)")


@pytest.mark.spark
def test_a_query_leaves_no_view_behind_and_its_failure_nothing_on_the_terminal(
    spark: SparkDesk, capfd: pytest.CaptureFixture[str]
) -> None:
    with spark.engine({}) as engine:
        with pytest.raises(ProbityError, match="a query failed"):
            engine.query("WITH x AS (SELECT 1 AS a) SELECT secret_text FROM x")
        assert [t.name for t in engine._session.catalog.listTables() if t.name.startswith("step_")] == []
    assert "secret_text" not in "".join(capfd.readouterr())


@pytest.mark.spark
def test_a_second_spark_in_one_process_is_refused(spark: SparkDesk) -> None:
    with pytest.raises(ProbityError, match="already runs Spark"), open_session("local[1]"):
        pass
    with pytest.raises(ProbityError, match="already runs Spark"), SparkEngine({}):
        pass
