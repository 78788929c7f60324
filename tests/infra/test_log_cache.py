"""What was read before is not read again, and whatever becomes of the cache changes nothing but the time."""

import hmac
import shutil

import pytest

from infra import log_cache, log_readers
from infra.limits import Limits
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
        made.raw(f"{day:02d}.json.gz", delivered(*(event(day * 9 + n, note="x") for n in range(10))))


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
    assert len(read) < 3  # those with more events than a segment holds


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
    segment = log_cache.LogCache(made.cache, made.limits).get(entry.name)
    assert [table.column("actor").to_pylist() for table in segment.tables.values()] == [["token:40"]] * 2
    assert "anna" not in repr(segment)
