"""The `files` source: which file feeds which table, and how every record is accounted for."""

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence.errors import BadInput, Terminal
from evidence.families import family
from evidence.families.arrow import arrow_schema
from evidence.locker import Locker
from evidence.model import Assurance
from infra.limits import Limits
from tests.infra.engagements import JUNE, NOW, Engagement, card_of, lifecycle, rows_of


@pytest.fixture
def engagement(tmp_path):
    return Engagement(tmp_path)


def counts(card):
    return card.received, card.rows, card.unreadable


@pytest.mark.parametrize("name", ["data_lifecycle.csv", "data_lifecycle.csv.gz", "data_lifecycle/june.csv"])
def test_csv_becomes_a_typed_table(engagement, name):
    engagement.csv(name, [lifecycle(1), lifecycle(2, deleted_at=None)])
    gathered = engagement.gather()
    first, second = rows_of(gathered, "data_lifecycle")
    assert first["captured_at"] == datetime(2025, 6, 2, 8, tzinfo=UTC)
    assert (second["deleted_at"], second["row"]) == (None, 1)
    assert counts(card_of(gathered, f"evidence/{name}")) == (2, 2, 0)


def test_every_format_gives_the_same_rows(engagement):
    rows = [lifecycle(n) for n in range(3)]
    engagement.csv("data_lifecycle/a.csv", rows)
    engagement.jsonl("data_lifecycle/b.jsonl", rows)
    engagement.jsonl("data_lifecycle/c.jsonl.gz", rows)
    pq.write_table(pa.Table.from_pylist(rows), engagement.evidence / "data_lifecycle" / "d.parquet")
    gathered = engagement.gather()
    parts = [pq.read_table(path).drop(["artefact"]) for path in gathered.tables["data_lifecycle"]]
    assert len(parts) == 4
    assert all(part.equals(parts[0]) for part in parts)


def test_a_part_has_exactly_the_published_schema(engagement):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle()])
    (path,) = engagement.gather().tables["data_lifecycle"]
    assert pq.read_schema(path).equals(arrow_schema(family("data_lifecycle")))


def test_the_same_evidence_gives_the_same_bytes(tmp_path):
    written = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        engagement = Engagement(tmp_path / name)
        engagement.csv("data_lifecycle.csv", [lifecycle(n) for n in range(100)])
        written.append(engagement.gather().tables["data_lifecycle"][0].read_bytes())
    assert written[0] == written[1]


def test_the_raw_bytes_are_in_the_locker_and_rows_point_to_them(engagement):
    path = engagement.csv("data_lifecycle.csv", [lifecycle()])
    gathered = engagement.gather()
    (row,) = rows_of(gathered, "data_lifecycle")
    with Locker(engagement.root / "locker").open(row["artefact"]) as stream:
        assert stream.read() == path.read_bytes()
    assert card_of(gathered, "evidence/data_lifecycle.csv").artefact == row["artefact"]


def test_a_card_says_how_the_artefact_was_obtained(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle()])
    card = card_of(engagement.gather(assurance="corroborated"), "evidence/data_lifecycle.csv")
    assert (card.source, card.families, card.media_type) == ("files", ("data_lifecycle",), "text/csv")
    assert (card.started, card.finished, card.period_asked) == (NOW, NOW, JUNE)
    assert (card.assurance, card.complete, card.identity) == (Assurance.CORROBORATED, True, "local files")
    assert card.collector.startswith("probity ")


def test_no_card_names_a_path_of_this_machine(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle()])
    engagement.text("notes.txt", "x")
    gathered = engagement.gather(path=str(engagement.evidence))
    assert [card.address for card in gathered.cards] == ["evidence/data_lifecycle.csv", "evidence"]
    assert not any(str(engagement.root) in card.model_dump_json() for card in gathered.cards)


def test_large_files_are_read_in_batches_with_running_positions(tmp_path):
    engagement = Engagement(tmp_path, Limits(batch_rows=10))
    rows = [lifecycle(n) for n in range(25)]
    engagement.csv("data_lifecycle/a.csv", rows)
    engagement.jsonl("data_lifecycle/b.jsonl", rows)
    pq.write_table(pa.Table.from_pylist(rows), engagement.evidence / "data_lifecycle" / "c.parquet")
    gathered = engagement.gather()
    assert [row["row"] for row in rows_of(gathered, "data_lifecycle")] == [*range(25)] * 3
    assert [pq.read_metadata(path).num_row_groups for path in gathered.tables["data_lifecycle"]] == [3, 3, 3]


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_missing_needed_column_gives_no_table_and_counts_every_row(engagement, form):
    rows = [{k: v for k, v in lifecycle(n).items() if k != "captured_at"} for n in range(3)]
    if form == "csv":
        engagement.csv("data_lifecycle.csv", rows)
    elif form == "jsonl":
        engagement.jsonl("data_lifecycle.jsonl", rows)
    else:
        pq.write_table(pa.Table.from_pylist(rows), engagement.evidence / "data_lifecycle.parquet")
    gathered = engagement.gather()
    card = card_of(gathered, f"evidence/data_lifecycle.{form}")
    assert gathered.tables == {}
    assert counts(card) == (3, 0, 3)
    assert not card.complete
    assert f"data_lifecycle.{form}" in card.problems[0]
    assert "'captured_at'" in card.problems[0]
    assert list((engagement.root / "tables").rglob("*.*")) == []


def test_a_missing_optional_column_is_null(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle()])
    assert rows_of(engagement.gather(), "data_lifecycle")[0]["consent_id"] is None


def test_a_key_missing_from_one_line_is_null_there(engagement):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(1), {"record_id": "r2"}])
    assert rows_of(engagement.gather(), "data_lifecycle")[1]["captured_at"] is None


@pytest.mark.parametrize(
    "line",
    [
        '{"system_id": "a", "system_id": "b"}',
        '{"system_id": NaN}',
        '{"system_id": "a"',
        '["a list"]',
        '"text"',
        "null",
        "{} {}",
        "not json",
        '{"n": ' + "9" * 5000 + "}",
        "[" * 100_000,
    ],
)
def test_a_line_that_is_no_record_is_counted_with_its_place(engagement, line):
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(1)])
    with (engagement.evidence / "data_lifecycle.jsonl").open("a") as file:
        file.write(f"\n  \n{line}\n")
    engagement_rows = (engagement.evidence / "data_lifecycle.jsonl").read_text()
    engagement.text("data_lifecycle.jsonl", engagement_rows + '{"record_id": "last"}\n')
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/data_lifecycle.jsonl")
    assert counts(card) == (3, 2, 1)
    assert card.unreadable_places == ("data_lifecycle.jsonl:line 4",)
    assert [row["row"] for row in rows_of(gathered, "data_lifecycle")] == [0, 2]


def test_a_csv_row_with_too_few_or_too_many_fields_is_counted_with_its_place(engagement):
    good = ",".join(lifecycle().values())
    text = f"{','.join(lifecycle())}\n{good}\nonly,three,fields\n\n{good},more\n{good}\n"
    engagement.text("data_lifecycle.csv", text)
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/data_lifecycle.csv")
    assert counts(card) == (4, 2, 2)
    assert card.unreadable_places == ("data_lifecycle.csv:line 3", "data_lifecycle.csv:line 5")
    assert [row["row"] for row in rows_of(gathered, "data_lifecycle")] == [0, 3]


def test_an_open_quote_costs_every_line_it_swallows(engagement):
    good = ",".join(lifecycle().values())
    engagement.text("data_lifecycle.csv", f'{",".join(lifecycle())}\n{good}\n"open,{good}\n{good}\n')
    assert counts(card_of(engagement.gather(), "evidence/data_lifecycle.csv")) == (3, 1, 2)


def test_a_quoted_field_with_line_breaks_is_one_field_in_tidy_form(engagement):
    row = ",".join(lifecycle(system_id='"two\r\nlines"').values())
    engagement.text("data_lifecycle.csv", f"{','.join(lifecycle())}\r\n{row}\r\n")
    assert rows_of(engagement.gather(), "data_lifecycle")[0]["system_id"] == "two lines"


@pytest.mark.parametrize("content", ["", "\n", '"open quote'])
def test_a_csv_without_a_header_gives_no_table(engagement, content):
    engagement.text("data_lifecycle.csv", content)
    gathered = engagement.gather()
    assert gathered.tables == {}
    assert "header" in card_of(gathered, "evidence/data_lifecycle.csv").problems[0]


def test_a_column_named_twice_gives_no_table(engagement):
    header = [*lifecycle(), "record_id"]
    engagement.text("data_lifecycle.csv", ",".join(header) + "\n" + ",".join("x" * len(header)) + "\n")
    gathered = engagement.gather()
    assert gathered.tables == {}
    assert counts(card_of(gathered, "evidence/data_lifecycle.csv")) == (1, 0, 1)


def test_a_byte_order_mark_is_not_part_of_the_first_column(engagement):
    engagement.raw("data_lifecycle.csv", b"\xef\xbb\xbf" + engagement.csv("x.csv", [lifecycle()]).read_bytes())
    assert rows_of(engagement.gather(), "data_lifecycle")[0]["system_id"] == "app"


def test_a_table_without_rows_is_a_table(engagement):
    engagement.text("consents.csv", "consent_id,purpose,granted_by,granted_at,expires_at,scope\n")
    engagement.text("usage_totals.jsonl", "")
    gathered = engagement.gather()
    assert rows_of(gathered, "consents") == rows_of(gathered, "usage_totals") == []


def test_repeated_rows_are_rows(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle(1), lifecycle(1)])
    assert counts(card_of(engagement.gather(), "evidence/data_lifecycle.csv")) == (2, 2, 0)


def test_a_damaged_part_does_not_hide_the_rows_of_another(engagement):
    engagement.csv("data_lifecycle/a.csv", [lifecycle()])
    engagement.text("data_lifecycle/b.csv", "system_id\nx\n")
    gathered = engagement.gather()
    assert len(rows_of(gathered, "data_lifecycle")) == 1
    assert card_of(gathered, "evidence/data_lifecycle/b.csv").unreadable == 1


def test_other_files_are_named_on_the_card_of_the_folder(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle()])
    engagement.csv("data_lifecyle.csv", [lifecycle()])
    engagement.text("usage_totals.xlsx", "x")
    engagement.text("notes/readme.txt", "x")
    card = card_of(engagement.gather(), "evidence")
    said = "\n".join(card.problems)
    assert "did you mean 'data_lifecycle'?): data_lifecyle.csv" in said
    assert "usage_totals.xlsx" in said
    assert "notes/readme.txt" in said
    assert "usage_totals.xlsx" in card.unreadable_places[0]


def test_stray_files_lose_nothing_and_evidence_in_an_unread_format_is_lost(engagement):
    engagement.csv("data_lifecycle.csv", [lifecycle()])
    engagement.text("notes/readme.txt", "x")
    card = card_of(engagement.gather(), "evidence")
    assert (card.received, card.complete, card.families) == (0, True, ())
    engagement.text("usage_totals.xlsx", "x")
    card = card_of(engagement.gather(), "evidence")
    assert (card.received, card.complete, card.families) == (1, False, ("usage_totals",))


def test_a_folder_that_does_not_exist_is_bad_input(engagement):
    with pytest.raises(BadInput, match=r"'evidense' does not exist"):
        engagement.gather(path="evidense")


def test_a_file_where_a_folder_belongs_is_bad_input(engagement):
    engagement.text("file", "x")
    with pytest.raises(BadInput, match="is not a folder"):
        engagement.gather(path="evidence/file")


def test_an_empty_folder_gives_no_tables_and_says_so(engagement):
    gathered = engagement.gather()
    assert gathered.tables == {}
    assert "the folder is empty" in gathered.cards[0].problems[0]


def test_a_file_that_may_not_be_read_is_terminal(engagement, monkeypatch):
    path = engagement.csv("data_lifecycle.csv", [lifecycle()])
    path.chmod(0)
    if path.stat().st_uid == 0 and can_read(path):
        pytest.skip("root reads everything")
    with pytest.raises(Terminal, match="permissions"):
        engagement.gather()


def can_read(path):
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True


def test_progress_is_told(engagement):
    engagement.csv("data_lifecycle/a.csv", [lifecycle()])
    engagement.csv("data_lifecycle/b.csv", [lifecycle()])
    engagement.gather()
    assert engagement.said == [("files", 1, 2), ("files", 2, 2)]


def test_a_compressed_file_without_a_byte_was_cut_off(engagement):
    (engagement.evidence / "data_lifecycle.jsonl.gz").write_bytes(b"")
    card = card_of(engagement.gather(), "evidence/data_lifecycle.jsonl.gz")
    assert not card.complete
