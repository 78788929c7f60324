"""Evidence made to hurt: bombs, giant lines, links, pipes, interruption. Memory stays bounded, nothing half-written."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence.errors import LimitExceeded
from infra.limits import MIB, Limits
from infra.sources import discover
from tests.infra.engagements import Engagement, card_of, lifecycle, rows_of
from tests.infra.test_bedrock_events import record

ROOT = Path(__file__).parents[2]


def peak_kib():
    """Return the most memory that this process held since its peak was last reset."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])


def bomb(path, size, first=b"", fill=b" "):
    with gzip.open(path, "wb") as file:
        file.write(first)
        for _ in range(size // MIB):
            file.write(fill * MIB)


@pytest.mark.parametrize("name", ["data_lifecycle.jsonl.gz", "data_lifecycle.csv.gz"])
def test_a_gzip_bomb_ends_in_a_clear_problem(tmp_path, name):
    engagement = Engagement(tmp_path, Limits(inflated_free=4 * MIB, line=MIB))
    first = json.dumps(lifecycle()) + "\n" if "json" in name else ",".join(lifecycle()) + "\n"
    bomb(engagement.evidence / name, 64 * MIB, first.encode())
    card = card_of(engagement.gather(), f"evidence/{name}")
    assert not card.complete
    assert card.unreadable >= 1
    assert "inflates to more than the limit" in "".join(card.problems)


@pytest.mark.parametrize("fill", [b" ", b"[", b"x", b'{"a":', b'"'])
def test_a_gzip_bomb_of_logs_ends_in_a_clear_problem(tmp_path, fill):
    engagement = Engagement(tmp_path, Limits(inflated_free=4 * MIB, record=MIB))
    bomb(engagement.evidence / "log.json.gz", 16 * MIB, json.dumps(record()).encode() + b"\n", fill)
    gathered = engagement.gather("cloudtrail")
    card = card_of(gathered, "evidence/log.json.gz")
    assert (card.rows, card.complete) == (1, False)
    assert "inflates to more than the limit" in "".join(card.problems)


def test_a_giant_line_costs_one_record_and_little_memory(tmp_path):
    engagement = Engagement(tmp_path, Limits(line=MIB))
    with (engagement.evidence / "data_lifecycle.jsonl").open("w") as file:
        file.write(json.dumps(lifecycle(1)) + "\n")
        for _ in range(64):
            file.write("x" * MIB)
        file.write("\n" + json.dumps(lifecycle(2)) + "\n")
    Path("/proc/self/clear_refs").write_text("5")  # from here on the peak counts anew: other tests held much more
    before = peak_kib()
    gathered = engagement.gather()
    assert peak_kib() - before < 48 * 1024
    card = card_of(gathered, "evidence/data_lifecycle.jsonl")
    assert (card.received, card.rows, card.unreadable_places) == (3, 2, ("data_lifecycle.jsonl:line 2",))


def test_a_giant_line_in_a_csv_costs_its_record_even_inside_quotes(tmp_path):
    engagement = Engagement(tmp_path, Limits(line=1000))
    row = ",".join(lifecycle().values())
    quoted = row.replace("app", f'"app\n{"y" * 5000}\nend"')
    engagement.text("data_lifecycle.csv", "\n".join([",".join(lifecycle()), row, quoted, row, ""]))
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/data_lifecycle.csv")
    assert card.unreadable >= 1
    assert "y" * 10 not in str(rows_of(gathered, "data_lifecycle"))
    assert card.unreadable_places[0] == "data_lifecycle.csv:line 3"


def test_a_truncated_gzip_keeps_the_lines_before_the_damage(tmp_path):
    engagement = Engagement(tmp_path)
    text = "".join(json.dumps(lifecycle(n)) + "\n" for n in range(5000))
    packed = gzip.compress(text.encode(), mtime=0)
    (engagement.evidence / "data_lifecycle.jsonl.gz").write_bytes(packed[:-2000])
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/data_lifecycle.jsonl.gz")
    assert 1000 < card.rows < 5000
    assert len(rows_of(gathered, "data_lifecycle")) == card.rows
    assert (card.unreadable, card.complete) == (1, False)
    assert f"line {card.rows + 1}" in card.problems[0]


@pytest.mark.parametrize("spoil", ["checksum", "middle", "trailing"])
def test_a_damaged_gzip_is_never_complete(tmp_path, spoil):
    engagement = Engagement(tmp_path)
    text = ",".join(lifecycle()) + "\n" + (",".join(lifecycle().values()) + "\n") * 5000
    packed = bytearray(gzip.compress(text.encode(), mtime=0))
    if spoil == "trailing":
        packed += b"garbage"
    else:
        packed[-6 if spoil == "checksum" else len(packed) // 2] ^= 0xFF
    (engagement.evidence / "data_lifecycle.csv.gz").write_bytes(bytes(packed))
    card = card_of(engagement.gather(), "evidence/data_lifecycle.csv.gz")
    assert not card.complete
    assert card.unreadable >= 1


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1garbagePAR1", b"not parquet at all" * 100])
def test_what_is_no_parquet_is_one_unreadable_record(tmp_path, content):
    engagement = Engagement(tmp_path)
    engagement.raw("data_lifecycle.parquet", content)
    card = card_of(engagement.gather(), "evidence/data_lifecycle.parquet")
    assert (card.received, card.unreadable, card.complete) == (1, 1, False)


def test_a_parquet_with_a_damaged_page_counts_every_row_it_promised(tmp_path):
    engagement = Engagement(tmp_path, Limits(batch_rows=250))
    path = engagement.evidence / "data_lifecycle.parquet"
    rows = [lifecycle(n) for n in range(1000)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=500, compression="zstd", use_dictionary=False)
    start = pq.read_metadata(path).row_group(1).column(1).data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + 200] = b"\xaa" * 200
    path.write_bytes(bytes(data))
    gathered = engagement.gather()
    card = card_of(gathered, "evidence/data_lifecycle.parquet")
    assert (card.received, card.rows, card.unreadable, card.complete) == (1000, 500, 500, False)
    assert len(rows_of(gathered, "data_lifecycle")) == 500


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    engagement = Engagement(tmp_path)
    secret = tmp_path / "secret.jsonl"
    secret.write_text(json.dumps(lifecycle()) + "\n")
    (engagement.evidence / "data_lifecycle.jsonl").symlink_to(secret)
    gathered = engagement.gather()
    assert gathered.tables == {}
    card = card_of(gathered, "evidence")
    assert (card.unreadable, card.complete, card.families) == (1, False, ("data_lifecycle",))
    assert "leads out of the folder" in card.problems[0]


def test_a_pipe_does_not_block(tmp_path):
    engagement = Engagement(tmp_path)
    os.mkfifo(engagement.evidence / "data_lifecycle.jsonl")
    assert "not a regular file" in engagement.gather().cards[0].problems[0]


def test_a_link_that_leads_nowhere_is_reported(tmp_path):
    engagement = Engagement(tmp_path)
    (engagement.evidence / "data_lifecycle.csv").symlink_to("data_lifecycle.csv")
    assert "leads nowhere" in engagement.gather().cards[0].problems[0]


def test_too_many_files_are_refused(tmp_path):
    engagement = Engagement(tmp_path, Limits(files=3))
    for number in range(4):
        engagement.text(f"{number}.txt", "x")
    with pytest.raises(LimitExceeded, match="more than 3 files"):
        engagement.gather()


def test_places_and_problems_are_bounded(tmp_path):
    engagement = Engagement(tmp_path)
    engagement.text("data_lifecycle.jsonl", "".join(f"bad {n}\n" for n in range(1000)))
    card = card_of(engagement.gather(), "evidence/data_lifecycle.jsonl")
    assert card.unreadable == 1000
    assert (len(card.unreadable_places), len(card.problems)) == (100, 100)


@pytest.mark.parametrize("kind", ["files", "cloudtrail"])
def test_an_interruption_leaves_nothing_half_written(tmp_path, kind):
    engagement = Engagement(tmp_path, Limits(batch_rows=1))
    engagement.jsonl("data_lifecycle.jsonl", [lifecycle(1), lifecycle(2)])
    engagement.jsonl("log.json", [record(eventID="1"), record(eventID="2")])

    def interrupted(value):
        raise KeyboardInterrupt

    gathering = engagement.gathering()
    gathering.token = interrupted
    engagement.csv(
        "audit_log.csv", [dict.fromkeys(("event_id", "occurred_at", "actor", "actor_type", "action", "outcome"), "x")]
    )
    with pytest.raises(KeyboardInterrupt):
        discover()[kind].model_validate({"path": "evidence"}).gather(gathering)
    assert [path for path in (tmp_path / "tables").rglob("*") if path.is_file()] == []
    assert list((tmp_path / "locker").rglob(".*")) == []


def test_naming_the_sources_loads_no_engine():
    code = "import sys, infra.sources as s; s.discover(); print(sorted({'pyarrow', 'duckdb'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert said.stdout == "[]\n"
