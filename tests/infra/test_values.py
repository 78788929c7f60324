"""How single values are read, in every format that can hold them."""

import json
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.infra.engagements import Engagement, lifecycle, rows_of

EIGHT = datetime(2025, 6, 2, 8, tzinfo=UTC)
GOOD_INSTANTS = {
    "2025-06-02T08:00:00Z": datetime(2025, 6, 2, 8, tzinfo=UTC),
    "2025-06-02 08:00:00Z": datetime(2025, 6, 2, 8, tzinfo=UTC),
    "2025-06-02t08:00:00z": datetime(2025, 6, 2, 8, tzinfo=UTC),
    "2025-06-02T08:00:00+02:00": datetime(2025, 6, 2, 6, tzinfo=UTC),
    "2025-06-02T08:00:00-23:59": datetime(2025, 6, 3, 7, 59, tzinfo=UTC),
    "2025-06-02T08:00:00.5Z": datetime(2025, 6, 2, 8, 0, 0, 500000, tzinfo=UTC),
    "2025-06-02T08:00:00.123456000Z": datetime(2025, 6, 2, 8, 0, 0, 123456, tzinfo=UTC),
    "1970-01-01T00:00:00Z": datetime(1970, 1, 1, tzinfo=UTC),
    "2200-12-31T23:59:59.999999Z": datetime(2200, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
}
BAD_INSTANTS = [
    "2025-06-02T08:00:00",
    "2025-06-02",
    "2025-06-02T08:00Z",
    "2025-06-31T08:00:00Z",
    "2025-02-29T08:00:00Z",
    "2025-06-02T24:00:00Z",
    "2025-06-02T23:59:60Z",
    "2025-06-02T08:00:00.1234567Z",
    "2025-06-02T08:00:00+0200",
    "2025-06-02T08:00:00+24:00",
    "2025-06-02T08:00:00 Europe/Berlin",
    "1969-12-31T23:59:59Z",
    "2201-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "1748851200",
    "yesterday",
    " 2025-06-02T08:00:00Z",
    "infinity",
    "٢025-06-02T08:00:00Z",
]


@pytest.fixture
def engagement(tmp_path):
    return Engagement(tmp_path)


def only_row(engagement, family):
    (row,) = rows_of(engagement.gather(), family)
    return row


def write(engagement, form, family, *rows):
    if form == "csv":
        engagement.text(f"{family}.csv", "".join(line + "\n" for line in (",".join(rows[0]), *map(csv_line, rows))))
    elif form == "jsonl":
        engagement.jsonl(f"{family}.jsonl", rows)
    else:
        table = pa.table({name: [row[name] for row in rows] for name in rows[0]})
        pq.write_table(table, engagement.evidence / f"{family}.parquet")


def csv_line(row):
    texts = [value if isinstance(value, str) else json.dumps(value) for value in row.values()]
    return ",".join('"' + text.replace('"', '""') + '"' for text in texts)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_instant_with_an_offset_is_read_as_utc(engagement, form):
    write(engagement, form, "data_lifecycle", *(lifecycle(captured_at=text) for text in GOOD_INSTANTS))
    rows = rows_of(engagement.gather(), "data_lifecycle")
    assert {text: row["captured_at"] for text, row in zip(GOOD_INSTANTS, rows, strict=True)} == GOOD_INSTANTS
    assert [row["defects"] for row in rows] == [[]] * len(rows)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_any_other_instant_is_a_named_defect_and_keeps_its_row(engagement, form):
    write(engagement, form, "data_lifecycle", *(lifecycle(captured_at=text) for text in BAD_INSTANTS))
    rows = rows_of(engagement.gather(), "data_lifecycle")
    accepted = [text for text, row in zip(BAD_INSTANTS, rows, strict=True) if row["captured_at"] is not None]
    assert accepted == []
    assert [row["defects"] for row in rows] == [["captured_at"]] * len(rows)


@pytest.mark.parametrize(
    ("values", "good"),
    [
        (pa.array([EIGHT], pa.timestamp("us", tz="UTC")), True),
        (pa.array([EIGHT], pa.timestamp("s", tz="UTC")), True),
        (pa.array([EIGHT], pa.timestamp("ns", tz="+02:00")), True),
        (pa.array([1748851200000000001], pa.timestamp("ns", tz="UTC")), False),
        (pa.array([EIGHT], pa.timestamp("us")), False),
        (pa.array([EIGHT.replace(year=2201)], pa.timestamp("us", tz="UTC")), False),
        (pa.array([1748851200], pa.int64()), False),
        (pa.array([date(2025, 6, 2)], pa.date32()), False),
        (pa.array(["2025-06-02T08:00:00Z"]).dictionary_encode(), True),
        (pa.array(["2025-06-02T08:00:00Z"], pa.large_string()), True),
        (pa.array([b"2025-06-02T08:00:00Z"]), False),
    ],
)
def test_a_parquet_instant_needs_a_zone(engagement, values, good):
    table = {k: pa.array([v]) for k, v in lifecycle().items()} | {"captured_at": values}
    pq.write_table(pa.table(table), engagement.evidence / "data_lifecycle.parquet")
    row = only_row(engagement, "data_lifecycle")
    assert (row["captured_at"] is not None) == good
    assert row["defects"] == ([] if good else ["captured_at"])


def test_nanoseconds_keep_their_instant(engagement):
    wanted = datetime(2025, 6, 2, 8, 0, 0, 123456, tzinfo=UTC)
    nanoseconds = (wanted - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
    table = {k: pa.array([v]) for k, v in lifecycle().items()}
    table["captured_at"] = pa.array([nanoseconds], pa.timestamp("ns", tz="UTC"))
    pq.write_table(pa.table(table), engagement.evidence / "data_lifecycle.parquet")
    assert only_row(engagement, "data_lifecycle")["captured_at"] == wanted


SYSTEM = {"system_id": "s", "kind": "log", "holds_content": True, "in_scope": True}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize(
    ("column", "value"),
    [("in_scope", 1), ("in_scope", "yes"), ("kind", "logs"), ("kind", "Log"), ("valid_from", 20250601)],
)
def test_a_value_of_another_kind_is_a_defect(engagement, form, column, value):
    write(engagement, form, "system_inventory", SYSTEM | {column: value})
    row = only_row(engagement, "system_inventory")
    assert row[column] is None
    assert row["defects"] == [column]


@pytest.mark.parametrize("text", ["true", "TRUE", "False"])
def test_a_csv_boolean_is_true_or_false_in_any_case(engagement, text):
    write(engagement, "csv", "system_inventory", SYSTEM | {"in_scope": text})
    row = only_row(engagement, "system_inventory")
    assert row["in_scope"] is (text.lower() == "true")
    assert row["defects"] == []


TOTAL = {
    "meter": "gateway",
    "period_start": "2025-06-01T00:00:00Z",
    "period_end": "2025-07-01T00:00:00Z",
    "metric": "requests",
}


@pytest.mark.parametrize(
    ("form", "value", "read"),
    [
        ("csv", "240560", 240560),
        ("csv", "-1", -1),
        ("csv", "1.0", None),
        ("csv", "1e3", None),
        ("csv", "9223372036854775808", None),
        ("csv", "1_000", None),
        ("csv", " 5", None),
        ("jsonl", 240560, 240560),
        ("jsonl", 2**63, None),
        ("jsonl", 1.0, None),
        ("jsonl", "5", None),
        ("jsonl", True, None),
        ("parquet", 5, 5),
        ("parquet", 5.0, None),
        ("parquet", "5", None),
    ],
)
def test_a_number_is_an_integer_of_64_bits(engagement, form, value, read):
    write(engagement, form, "usage_totals", TOTAL | {"value": value})
    row = only_row(engagement, "usage_totals")
    assert row["value"] == read
    assert row["defects"] == ([] if read is not None else ["value"])


SUBPROCESSOR = {"name": "X", "purpose": "hosting", "listed_at": "2025-01-01T00:00:00Z"}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("value", [["DE", "FR"], []])
def test_a_list_is_a_json_array_or_a_native_list(engagement, form, value):
    write(engagement, form, "subprocessors", SUBPROCESSOR | {"countries": value})
    row = only_row(engagement, "subprocessors")
    assert row["countries"] == value
    assert row["defects"] == []


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("csv", "DE"),
        ("csv", "DE;FR"),
        ("csv", '["DE", 1]'),
        ("csv", '["DE", null]'),
        ("csv", '["DE", " "]'),
        ("csv", '{"DE": 1}'),
        ("csv", '["DE"'),
        ("jsonl", "DE"),
        ("jsonl", ["DE", 1]),
        ("jsonl", ["DE", None]),
        ("parquet", ["DE", None]),
        ("parquet", [1]),
        ("parquet", '["DE"]'),
        ("parquet", ["DE", ""]),
        ("jsonl", ["DE", ""]),
    ],
)
def test_anything_else_for_a_list_is_a_defect(engagement, form, value):
    write(engagement, form, "subprocessors", SUBPROCESSOR | {"countries": value})
    row = only_row(engagement, "subprocessors")
    assert row["countries"] is None
    assert row["defects"] == ["countries"]


def test_dates_must_exist(engagement):
    region = {"provider": "aws", "region_code": "eu-west-3", "country": "FR", "partition": "aws"}
    engagement.csv(
        "region_catalogue.csv", [region | {"valid_from": d} for d in ("2024-02-29", "2025-02-29", "1.6.2025")]
    )
    rows = rows_of(engagement.gather(), "region_catalogue")
    assert [row["valid_from"] for row in rows] == [date(2024, 2, 29), None, None]
    assert [row["defects"] for row in rows] == [[], ["valid_from"], ["valid_from"]]


def test_a_null_in_a_needed_column_stays_null_without_a_defect(engagement):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(1), lifecycle(2, system_id=None)])
    row = rows_of(engagement.gather(), "data_lifecycle")[1]
    assert row["system_id"] is None
    assert row["defects"] == []


def test_blank_text_states_nothing_in_any_format(engagement):
    engagement.csv("data_lifecycle/a.csv", [lifecycle(1, system_id="")])
    engagement.jsonl("data_lifecycle/b.jsonl", [lifecycle(2, system_id=" \t")])
    assert [row["system_id"] for row in rows_of(engagement.gather(), "data_lifecycle")] == [None, None]


def test_several_defects_of_a_row_are_all_named(engagement):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(system_id=7, content_class="secret", captured_at="now")])
    row = only_row(engagement, "data_lifecycle")
    assert sorted(row["defects"]) == ["captured_at", "content_class", "system_id"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_text_that_is_not_unicode_is_a_defect_of_its_row_alone(engagement, form):
    if form == "csv":
        body = ",".join(lifecycle()).encode() + b"\n" + b"\xff,r1,prompt,2025-06-02T08:00:00Z,\nok,r2,prompt,,\n"
        engagement.raw("data_lifecycle.csv", body)
    else:
        engagement.jsonl("data_lifecycle.jsonl", [lifecycle(1, system_id="\ud800"), lifecycle(2, system_id="ok")])
    rows = rows_of(engagement.gather(), "data_lifecycle")
    assert [(row["system_id"], row["defects"]) for row in rows] == [(None, ["system_id"]), ("ok", [])]


def test_parquet_text_that_is_not_utf8_is_a_defect_of_its_row_alone(engagement):
    columns = {name: pa.array([value, value]) for name, value in lifecycle().items()}
    columns["system_id"] = pa.array([b"\xff", b"ok"], pa.binary()).view(pa.string())
    pq.write_table(pa.table(columns), engagement.evidence / "data_lifecycle.parquet")
    rows = rows_of(engagement.gather(), "data_lifecycle")
    assert [(row["system_id"], row["defects"]) for row in rows] == [(None, ["system_id"]), ("ok", [])]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_personal_columns_become_tokens_and_nulls_stay_null(engagement, form):
    event = {
        "event_id": "e",
        "occurred_at": "2025-06-02T08:00:00Z",
        "actor_type": "user",
        "action": "a",
        "outcome": "ok",
    }
    write(engagement, form, "audit_log", event | {"actor": "anna@example.org"})
    assert only_row(engagement, "audit_log")["actor"] == "token:16"


def test_columns_nobody_asked_for_are_not_stored(engagement):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(prompt="a secret", source="forged", artefact="forged", row=9)])
    gathered = engagement.gather()
    (row,) = rows_of(gathered, "data_lifecycle")
    assert "prompt" not in row
    assert (row["source"], row["row"]) == ("files", 0)
    assert b"a secret" not in gathered.tables["data_lifecycle"][0].read_bytes()
