"""What was read before is not read again, and whatever becomes of the cache changes nothing but the time."""

import hmac
import io
import marshal
import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from infra import log_cache, log_readers
from infra.limits import Limits
from infra.listing import Entry
from infra.log_groups import grouped
from infra.source import CacheAt
from tests.infra.engagements import Engagement
from tests.infra.test_quick_logs import ODD, UNUSUAL, USUAL, by_file, delivered, event

KEY = b"k" * 32


@pytest.fixture
def read(monkeypatch):
    """Count the files that are read."""
    seen = []
    whole = log_readers.read_whole
    monkeypatch.setattr(log_readers, "read_whole", lambda path, limits: seen.append(path) or whole(path, limits))
    return seen


def engagement(folder, cache, key=KEY):
    folder.mkdir()
    made = Engagement(folder, Limits(batch_rows=50))
    made.cache = CacheAt(cache, key) if cache else None
    return made


def days(made, count):
    for day in range(count):
        # The last event of a day is delivered again on the next.
        made.raw(f"2025/06/{day:02d}/log.json.gz", delivered(*(event(day * 9 + n, note="x") for n in range(10))))


def gathered(made):
    return by_file(made.gather("cloudtrail"))


def entries(tmp_path):
    return sorted(path for path in (tmp_path / "cache").rglob("*") if path.is_file())


def test_a_day_more_reads_that_day_and_says_the_same_as_without_a_cache(tmp_path, read):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    days(first, 5)
    gathered(first)
    assert len(read) == 5
    second, plain = engagement(tmp_path / "second", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    days(second, 6)
    days(plain, 6)
    del read[:]
    with_cache = gathered(second)
    assert len(read) == 1
    assert with_cache == gathered(plain)
    assert [card["duplicates"] for card in with_cache[0][:-1]] == [0, 1, 1, 1, 1, 1]


def test_files_of_every_kind_come_out_of_the_cache_as_they_went_in(tmp_path, read):
    said = []
    for turn in range(2):
        made = engagement(tmp_path / str(turn), tmp_path / "cache")
        for number, (name, data) in enumerate((USUAL | ODD | UNUSUAL).items()):
            made.raw(f"{number:02d} {name}.json", data)
        del read[:]
        said.append(gathered(made))
    assert said[0] == said[1]
    assert read == []


def damaged(path):
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)


def emptied(path):
    path.write_bytes(b"")


def forged(path):
    # The same layout with a code of its own, by somebody without the key.
    body = path.read_bytes()[32:].replace(b"eu-central-1", b"us-central-1")
    path.write_bytes(hmac.digest(b"guess" * 7, body, "sha256") + body)


def replaced(path):
    other = next(p for p in path.parent.iterdir() if p != path)
    shutil.copyfile(other, path)


def gone(path):
    path.unlink()


@pytest.mark.parametrize("harm", [damaged, emptied, forged, replaced, gone])
def test_an_entry_that_is_not_ours_is_no_entry(tmp_path, read, harm):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    days(first, 3)
    expected = gathered(first)
    harm(entries(tmp_path)[0])
    second = engagement(tmp_path / "second", tmp_path / "cache")
    days(second, 3)
    del read[:]
    assert gathered(second) == expected
    assert len(read) == 1


def test_another_key_makes_every_entry_worthless(tmp_path, read):
    for turn, key in enumerate((KEY, b"other" * 7)):
        made = engagement(tmp_path / str(turn), tmp_path / "cache", key)
        days(made, 2)
        gathered(made)
    assert len(read) == 4


def test_another_recipe_makes_every_entry_worthless_and_removes_it(tmp_path, read, monkeypatch):
    for turn, recipe in enumerate(("a" * 64, "b" * 64)):
        monkeypatch.setattr(log_cache, "recipe", lambda limits, recipe=recipe: recipe)
        made = engagement(tmp_path / str(turn), tmp_path / "cache")
        days(made, 2)
        gathered(made)
    assert len(read) == 4
    assert {path.parent.name for path in entries(tmp_path)} == {"b" * 16}


def test_limits_are_part_of_the_recipe():
    assert log_cache.recipe(Limits()) == log_cache.recipe(Limits())
    assert log_cache.recipe(Limits()) != log_cache.recipe(Limits(record=5))


def test_a_cache_that_cannot_be_written_is_none(tmp_path):
    (tmp_path / "cache").write_text("a file")
    made, plain = engagement(tmp_path / "made", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    days(made, 2)
    days(plain, 2)
    assert gathered(made) == gathered(plain)


def test_no_personal_value_is_kept_in_the_cache(tmp_path):
    made = engagement(tmp_path / "made", tmp_path / "cache")
    made.raw("log.json", delivered(event(userIdentity={"arn": "arn:aws:sts::1:assumed-role/r/anna.smith"})))
    gathered(made)
    (entry,) = entries(tmp_path)
    kept = log_cache.Kept(*marshal.loads(entry.read_bytes()[32:]))
    tables = [pq.read_table(io.BytesIO(part)) for part in kept.parts.values()]
    assert [table.column("actor").to_pylist() for table in tables] == [["token:40"]] * 2
    assert "anna" not in repr((kept, tables))


def test_an_event_that_turns_up_earlier_makes_the_later_one_a_duplicate(tmp_path, read):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    days(first, 4)
    gathered(first)
    second, plain = engagement(tmp_path / "second", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    for made in (second, plain):
        days(made, 4)
        # Named before the others, with an event of the third day as it was and one of the fourth as it was not.
        made.raw("2025/05/31/log.json.gz", delivered(event(21, note="x"), event(30, note="y")))
    del read[:]
    with_cache = gathered(second)
    assert len(read) == 3
    assert with_cache == gathered(plain)
    assert sum(card["duplicates"] for card in with_cache[0]) == 4
    assert sum(card["unreadable"] for card in with_cache[0]) == 1


def test_an_event_that_is_gone_makes_the_later_one_a_row(tmp_path, read):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    days(first, 3)
    gathered(first)
    second, plain = engagement(tmp_path / "second", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    for made in (second, plain):
        days(made, 3)
        (made.evidence / "2025/06/00/log.json.gz").unlink()
    del read[:]
    with_cache = gathered(second)
    assert len(read) == 1
    assert with_cache == gathered(plain)


def test_a_file_that_was_changed_is_read_with_its_group(tmp_path, read):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    days(first, 3)
    gathered(first)
    second, plain = engagement(tmp_path / "second", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    for made in (second, plain):
        days(made, 3)
        made.raw("2025/06/01/log.json.gz", delivered(event(12, note="changed")))
    del read[:]
    with_cache = gathered(second)
    assert with_cache == gathered(plain)
    assert sum(card["unreadable"] for card in with_cache[0]) == 0


def test_a_file_under_another_name_is_not_what_it_was(tmp_path, read):
    first = engagement(tmp_path / "first", tmp_path / "cache")
    first.raw("01/a.json", delivered(event(eventTime="never")))
    gathered(first)
    second, plain = engagement(tmp_path / "second", tmp_path / "cache"), engagement(tmp_path / "plain", None)
    for made in (second, plain):
        made.raw("01/b.json", delivered(event(eventTime="never")))
    assert gathered(second) == gathered(plain)


def test_what_a_group_became_replaces_what_it_was_when_it_was_less(tmp_path):
    for turn in (1, 2):
        made = engagement(tmp_path / str(turn), tmp_path / "cache")
        for number in range(turn):
            made.raw(f"01/{number}.json", delivered(event(number)))
        gathered(made)
    assert len(entries(tmp_path)) == 1


def test_a_group_above_the_limit_is_not_kept(tmp_path, read, monkeypatch):
    monkeypatch.setattr(log_cache, "MOST_BYTES", 100)
    for turn in range(2):
        made = engagement(tmp_path / str(turn), tmp_path / "cache")
        days(made, 1)
        gathered(made)
    assert (entries(tmp_path), len(read)) == ([], 2)


def names(groups):
    return [[entry.name for entry in group] for group in groups]


def entries_called(*called):
    return [Entry(name, Path(name), 0) for name in sorted(called)]


def test_files_are_grouped_by_folder_and_by_the_day_in_their_names():
    called = [f"eu/1_CloudTrail_eu_{day}T{hour:02d}00Z_x.json.gz" for day in (20250601, 20250602) for hour in (1, 2)]
    assert names(grouped(entries_called(*called, "us/a.json"))) == [called[:2], called[2:], ["us/a.json"]]


def test_more_files_change_no_group_but_those_they_are_in():
    old = [f"{number:05d}.json" for number in range(0, 4000, 2)]
    more = [f"{number:05d}.json" for number in (5, 7, 3001)]
    before, after = names(grouped(entries_called(*old))), names(grouped(entries_called(*old, *more)))
    assert len(before) > 10
    assert sum(group not in before for group in after) <= len(more)
