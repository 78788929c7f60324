"""Family views: what kernels see of Parquet parts, and which parts are refused."""

from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from checks.engine.duck import DuckEngine
from evidence.errors import ProbityError
from evidence.families import Family, all_families
from evidence.families.arrow import arrow_schema

NOON = datetime(2026, 3, 1, 12, 0, 0, 1, tzinfo=UTC)
NOON_US = 1_772_366_400_000_001


def part(path: Path, name: str, *rows: dict[str, Any], without: str = "", **types: pa.DataType) -> Path:
    fields = [f.with_type(types.get(f.name, f.type)) for f in arrow_schema(all_families()[name]) if f.name != without]
    schema = pa.schema(fields)
    full = [{field: row.get(field) for field in schema.names} for row in rows]
    pq.write_table(pa.Table.from_pylist(full, schema=schema), path)
    return path


@pytest.mark.parametrize("family", all_families().values(), ids=lambda f: f.name)
def test_every_family_without_parts_is_an_empty_view(family: Family, tmp_path: Path):
    with DuckEngine({}) as empty:
        described = [row[:2] for row in empty.query(f'DESCRIBE "{family.name}"')]
        assert empty.query(f'SELECT count(*) FROM "{family.name}"') == [(0,)]
    with DuckEngine({family.name: [part(tmp_path / "one.parquet", family.name, {})]}) as full:
        assert [row[:2] for row in full.query(f'DESCRIBE "{family.name}"')] == described
        assert full.query(f'SELECT count(*) FROM "{family.name}"') == [(1,)]


def test_instants_are_microseconds_whatever_their_offset(tmp_path):
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    path = part(tmp_path / "a.parquet", "data_lifecycle", {"captured_at": NOON}, {"captured_at": elsewhere})
    with DuckEngine({"data_lifecycle": [path]}) as engine:
        assert engine.query("SELECT DISTINCT captured_at FROM data_lifecycle") == [(NOON_US,)]


def test_an_instant_stored_in_another_zone_is_the_same_instant(tmp_path):
    path = part(
        tmp_path / "a.parquet", "data_lifecycle", {"captured_at": NOON}, captured_at=pa.timestamp("us", "Asia/Kolkata")
    )
    with DuckEngine({"data_lifecycle": [path]}) as engine:
        assert engine.query("SELECT captured_at FROM data_lifecycle") == [(NOON_US,)]


def test_dates_are_days_and_lists_are_lists(tmp_path):
    path = part(tmp_path / "a.parquet", "documents", {"period_start": date(1970, 1, 11), "services": ["chat", "mail"]})
    with DuckEngine({"documents": [path]}) as engine:
        assert engine.query("SELECT period_start, services FROM documents") == [(10, ["chat", "mail"])]
        assert engine.query("SELECT typeof(period_start), typeof(services) FROM documents") == [
            ("INTEGER", "VARCHAR[]")
        ]


def test_parts_are_joined_by_name_and_an_absent_optional_column_is_null(tmp_path):
    first = part(tmp_path / "a.parquet", "data_lifecycle", {"record_id": "1"}, without="deleted_at")
    second = part(tmp_path / "b.parquet", "data_lifecycle", {"record_id": "2", "deleted_at": NOON})
    with DuckEngine({"data_lifecycle": [first, second]}) as engine:
        rows = engine.query("SELECT record_id, deleted_at FROM data_lifecycle ORDER BY 1")
    assert rows == [("1", None), ("2", NOON_US)]


def test_a_path_may_hold_a_quote(tmp_path):
    path = part(tmp_path / "it's.parquet", "data_lifecycle", {"record_id": "1"})
    with DuckEngine({"data_lifecycle": [path]}) as engine:
        assert engine.query("SELECT count(*) FROM data_lifecycle") == [(1,)]


def test_a_part_without_a_needed_column_is_refused_even_beside_a_whole_one(tmp_path):
    whole = part(tmp_path / "a.parquet", "data_lifecycle", {"record_id": "1"})
    cut = part(tmp_path / "b.parquet", "data_lifecycle", {"record_id": "2"}, without="captured_at")
    with pytest.raises(ProbityError, match=r"b\.parquet.*'captured_at' is missing"):
        DuckEngine({"data_lifecycle": [whole, cut]})


@pytest.mark.parametrize("kind", [pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.string(), pa.int64()], ids=str)
def test_an_instant_of_another_type_is_refused(tmp_path, kind):
    path = part(tmp_path / "a.parquet", "data_lifecycle", {}, captured_at=kind)
    with pytest.raises(ProbityError, match=r"'captured_at' is .* and must be TIMESTAMP WITH TIME ZONE"):
        DuckEngine({"data_lifecycle": [path]})


def test_a_table_that_is_no_family_is_refused(tmp_path):
    with pytest.raises(ProbityError, match="no record family"):
        DuckEngine({"data_livecycle": []})


def test_a_path_that_reads_as_a_pattern_is_refused(tmp_path):
    with pytest.raises(ProbityError, match="pattern"):
        DuckEngine({"data_lifecycle": [tmp_path / "*.parquet"]})


def test_a_part_that_is_no_parquet_file_is_our_error_not_duckdbs(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"not parquet")
    with pytest.raises(ProbityError, match="could not open the evidence"):
        DuckEngine({"data_lifecycle": [path]})
    with pytest.raises(ProbityError, match="could not open the evidence"):
        DuckEngine({"data_lifecycle": [tmp_path / "absent.parquet"]})
