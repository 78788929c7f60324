"""The quick way of reading a log file says what the exact way says, byte for byte, or leaves the file to it."""

import gzip
import json
import marshal
import zlib
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from evidence.errors import Terminal
from infra import log_readers, log_reading
from infra.limits import Limits
from infra.log_parts import EvenPart
from infra.log_readers import Asked, LogReaders, Worker
from infra.log_reading import Segment, read_quickly, read_segments, read_whole
from tests.infra.engagements import Engagement, card_of
from tests.infra.test_bedrock_events import record
from tests.infra.test_cloudtrail import REAL

OTHER = {"eventVersion": "1.11", "eventSource": "s3.amazonaws.com", "eventID": "s3", "resources": [{"a": {}}, {"b": 1}]}
TWO_MEMBERS = gzip.compress(b'{"Records":[', mtime=0) + gzip.compress(b"]}", mtime=0)


def delivered(*records):
    """Return records as AWS delivers them: one line without white space."""
    return json.dumps({"Records": records}, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def event(number=1, **changes):
    return {"eventVersion": "1.11", **record(eventID=str(number)), **changes}


def both(tmp_path, data, limits=None):
    """Return what the quick way says, or None, and what the exact way says, as one segment each."""
    path = tmp_path / "log"
    path.write_bytes(data)
    limits = limits or Limits()
    (exact,) = read_segments(path, limits)
    return read_quickly(path, limits), exact


MANY = delivered(*(event(n) if n % 3 else {**OTHER, "eventID": str(n)} for n in range(300)))
USUAL = {
    "one event": delivered(event()),
    "many, in several pieces": MANY,
    "other services only": delivered(OTHER, OTHER),
    "a service of the same kind": delivered(OTHER, {**OTHER, "eventSource": "bedrock-x.amazonaws.com"}),
    "text beyond ASCII": delivered(event(userAgent="Zoë 日本 \U0001f600"), OTHER),
    "text that looks like the next record": delivered(event(userAgent='},{"eventVersion":"'), event(2)),
    "what is no record": delivered(event(), 7, None, "x", [], {}, {"eventSource": ["x"]}, OTHER),
    "a record inside of another": delivered(event(additionalEventData={"Records": [event(2), event(3)]}), event(4)),
    "a wrapped record": delivered(OTHER, {"CloudTrailEvent": json.dumps(event(9))}, {"CloudTrailEvent": "{no"}),
    "an end of line": delivered(event()) + b"\n",
    "defects": delivered(event(eventTime=None), event(2, awsRegion=5), event(3, requestParameters=[])),
}
#: Well-formed, but not what an encoder writes again: pieces are decoded the exact way.
ODD = {
    "a duplicate key": delivered(event(), event(2)).replace(b'"awsRegion"', b'"awsRegion":"x","awsRegion"', 1),
    "a duplicate key deep down": delivered(OTHER, event()).replace(b'{"b":1}', b'{"b":1,"b":2}'),
    "a duplicate service": delivered(event()).replace(b'"eventName"', b'"eventSource":"s3.amazonaws.com","eventName"'),
    "an escaped key": delivered(event()).replace(b'"eventSource"', b'"event\\u0053ource"'),
    "an integer beyond 64 bits": delivered(event(), event(2, big=2**70), event(2, big=2**70)),
    "an integer just within": delivered(event(big=2**64 - 1), event(2, big=-(2**63))),
    "minus zero": delivered(event()).replace(b'"eventID":"1"', b'"eventID":"1","n":-0'),
    "another way to write a number": delivered(event(), OTHER).replace(b'"b":1', b'"b":1E2'),
    "an escaped slash": delivered(event(), OTHER).replace(b'"s3"', b'"s\\/3"'),
    "white space": delivered(event(), OTHER).replace(b'"s3"', b' "s3"'),
    "as deep as the encoder goes": delivered(event(), {**OTHER, "deep": json.loads("[" * 250 + "]" * 250)}, event(2)),
    "deeper than the encoder goes": delivered(event(), {**OTHER, "deep": json.loads("[" * 290 + "]" * 290)}, event(2)),
    "deeper than the limit": delivered(event(), {**OTHER, "deep": json.loads("[" * 400 + "]" * 400)}, event(2)),
}
UNUSUAL = {
    "nothing": b"",
    "no records": delivered(),
    "white space in front": b" " + delivered(event()),
    "a byte order mark": b"\xef\xbb\xbf" + delivered(event()),
    "lines": json.dumps(event()).encode() + b"\n" + json.dumps(event(2)).encode(),
    "a second list": delivered(event())[:-1] + b',"Records":[{}]}',
    "two documents": delivered(event()) * 2,
    "text behind": delivered(event()) + b"x",
    "cut off": MANY[:-200],
    "cut off after a record": delivered(event(), event(2))[:-2],
    "a comma too many": delivered(event())[:-2] + b",]}",
    "bytes that are not UTF-8": delivered(event(), OTHER).replace(b'"s3"', b'"\xff"'),
    "half a surrogate pair as bytes": delivered(event(userAgent="\ud83d")),
    "half a surrogate pair": delivered(event()).replace(b'"eventID":"1"', b'"eventID":"1","u":"\\ud83d"'),
    "NaN": delivered(event(), OTHER).replace(b'"b":1', b'"b":NaN'),
    "infinite": delivered(event(), event(1, u=None)).replace(b'"u":null', b'"u":1e999'),
    "a control character": delivered(event()).replace(b'"1.11"', b'"1\t11"'),
    "very deep": delivered(event()).replace(b'"1.11"', b"[" * 2000 + b"]" * 2000),
    "a number nobody reads": delivered(event()).replace(b'"1.11"', b"9" * 5000),
}


@pytest.mark.parametrize("name", [*USUAL, *ODD])
def test_a_delivered_document_is_read_quickly_and_says_the_same(tmp_path, name):
    quick, exact = both(tmp_path, (USUAL | ODD)[name])
    assert quick == exact


@pytest.mark.parametrize("name", UNUSUAL)
def test_any_other_document_is_left_to_the_exact_way(tmp_path, name):
    quick, exact = both(tmp_path, UNUSUAL[name])
    assert quick is None
    assert read_whole(tmp_path / "log", Limits()) == exact


def test_a_duplicate_key_anywhere_makes_a_record_unreadable_either_way(tmp_path):
    quick, _ = both(tmp_path, ODD["a duplicate key deep down"])
    assert [(row, lost) for row, lost, _ in quick.notes] == [(0, 1)]
    assert "duplicate key" in quick.notes[0][2]


def test_what_is_infinite_is_not_taken_for_nothing(tmp_path):
    _, exact = both(tmp_path, UNUSUAL["infinite"])
    assert (len(exact.rows), [lost for _, lost, _ in exact.notes]) == (1, [1])


@pytest.mark.parametrize("spoil", ["cut", "checksum", "length", "member", "trailing", "middle"])
def test_a_gzip_that_is_not_one_whole_member_is_left_to_the_exact_way(tmp_path, spoil):
    packed = bytearray(gzip.compress(MANY, mtime=0))
    spoilt = {
        "cut": packed[:-9],
        "checksum": packed[:-8] + b"\0\0\0\0" + packed[-4:],
        "length": packed[:-1] + b"\x01",
        "member": packed + gzip.compress(b"", mtime=0),
        "trailing": packed + b"x",
        "middle": packed[:700] + b"\xff\xff" + packed[702:],
    }[spoil]
    quick, _ = both(tmp_path, bytes(spoilt))
    assert quick is None


def test_a_gzip_beyond_the_limit_is_left_to_the_exact_way(tmp_path):
    packed = gzip.compress(delivered(event(pad="x" * 3_000_000)), mtime=0)
    limits = Limits(inflated_free=1_000_000, inflation=2)
    quick, exact = both(tmp_path, packed, limits)
    assert quick is None
    assert "inflates to more than the limit" in exact.damage


def test_a_record_above_the_limit_is_left_to_the_exact_way(tmp_path):
    data = delivered(event(), event(2, pad="x" * 5000), event(3))
    quick, exact = both(tmp_path, data, Limits(record=4000))
    assert quick is None
    assert (len(exact.rows), [lost for _, lost, _ in exact.notes]) == (2, [1])


def test_reading_stops_where_too_much_is_unreadable(tmp_path):
    quick, exact = both(tmp_path, delivered(*([{}] * 50), event()), Limits(unreadable=20))
    assert quick is None
    assert (exact.rows, exact.damage) == ([], "more than the limit of 20 unreadable records")


JUNK = [
    *b'{}[]",:\\\n x1-.eEN\xff\xc3',
    *(b"\\u0053", b'"a":1,"a":2', b"1e999", b"NaN", b"-0", b"},{", b'},{"eventVersion":'),
]
SMALL = delivered(event(), {**OTHER, "n": [1, 2.5, -3, {"x": 'é\\" '}]}, event(2), OTHER)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, len(SMALL)), st.integers(0, 3), st.sampled_from(JUNK)), max_size=4), st.booleans()
)
@example([(len(SMALL) - 2, 0, b",")], False)
def test_whatever_is_changed_in_a_document_both_ways_agree(tmp_path, changes, packed):
    data = SMALL
    for at, gone, junk in changes:
        data = data[:at] + (junk if isinstance(junk, bytes) else bytes([junk])) + data[at + gone :]
    quick, exact = both(tmp_path, gzip.compress(data, mtime=0) if packed else data)
    assert quick is None or quick == exact


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2000), st.integers(0, 255), st.integers(0, 40))
def test_whatever_is_changed_in_a_gzip_both_ways_agree(tmp_path, at, byte, cut):
    packed = bytearray(gzip.compress(SMALL, mtime=0))
    assume(at < len(packed))
    packed[at] = byte
    quick, exact = both(tmp_path, bytes(packed[: len(packed) - cut]))
    assert quick is None or quick == exact


def by_file(gathered):
    return [card.as_json() for card in gathered.cards], {
        name: [path.read_bytes() for path in paths] for name, paths in gathered.tables.items()
    }


def mixed(engagement):
    """Write files of every kind, with events that stand in two of them."""
    for number, (name, data) in enumerate((USUAL | ODD | UNUSUAL).items()):
        engagement.raw(f"{number:02d} {name}.json{'.gz' if number % 2 else ''}", data)


@pytest.mark.parametrize("group", [7, 65_536])
def test_tables_and_cards_are_the_same_bytes_without_the_quick_way(tmp_path, monkeypatch, group):
    said = []
    for way in ("quick", "exact"):
        folder = tmp_path / way
        folder.mkdir()
        engagement = Engagement(folder, Limits(batch_rows=group))
        mixed(engagement)
        with monkeypatch.context() as patch:
            if way == "exact":
                patch.setattr(log_reading, "read_quickly", lambda path, limits: None)
            said.append(by_file(engagement.gather("cloudtrail")))
    assert said[0] == said[1]


def test_tables_and_cards_are_the_same_bytes_with_workers(tmp_path, monkeypatch):
    monkeypatch.setattr(log_readers, "WORTH_A_WORKER", 0)
    said = []
    for workers in (0, 2, 3):
        folder = tmp_path / str(workers)
        folder.mkdir()
        engagement = Engagement(folder)
        engagement.workers = workers
        mixed(engagement)
        said.append(by_file(engagement.gather("cloudtrail")))
    assert said[0] == said[1] == said[2]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real logs are not beside this checkout")
def test_real_logs_are_read_quickly_and_say_the_same(tmp_path):
    files = sorted(Path(REAL, "invictus-ir_aws_dataset").rglob("*.json"))
    pairs = [both(tmp_path, path.read_bytes()) for path in files]
    assert [quick for quick, _ in pairs] == [exact for _, exact in pairs]


def segments_of(answer):
    return None if answer is None else Segment(*marshal.loads(answer))


def asked_for(*paths):
    files, waiting = [Asked(path, Future()) for path in paths], SimpleQueue()
    for one in (*files, None):
        waiting.put(one)
    return [one.answer for one in files], waiting


def test_a_worker_answers_for_each_file_what_it_says(tmp_path):
    paths = [tmp_path / name for name in "abcdef"]
    for number, path in enumerate(paths):
        path.write_bytes(delivered(*(event(n) for n in range(number + 1))))
    answers, waiting = asked_for(*paths)
    worker = Worker(Limits(), waiting)
    said = [segments_of(answer.result()) for answer in answers]
    worker.end()
    assert said == [read_whole(path, Limits()) for path in paths]


def test_a_worker_that_dies_costs_nothing_but_time(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(MANY)
    answers, waiting = asked_for(*[path] * 9)
    idle = SimpleQueue()
    worker = Worker(Limits(), idle)
    worker._process.kill()
    worker._process.wait()
    worker._ask(waiting)
    idle.put(None)
    worker.end()
    assert [answer.result() for answer in answers] == [None] * 9


def test_what_no_worker_answers_for_is_read_here(tmp_path, monkeypatch):
    monkeypatch.setattr(log_readers, "WORTH_A_WORKER", 0)
    path = tmp_path / "log"
    path.write_bytes(MANY)
    monkeypatch.setattr(Worker, "_received", lambda self: None)
    with LogReaders(Limits(), 3) as readers:
        reads = [readers.submit(path, 1) for _ in range(9)]
        assert [list(read()) for read in reads] == [list(read_segments(path, Limits()))] * 9


def test_a_file_that_is_gone_is_met_where_it_is_due(tmp_path, monkeypatch):
    monkeypatch.setattr(log_readers, "WORTH_A_WORKER", 0)
    path = tmp_path / "log"
    path.write_bytes(MANY)
    with LogReaders(Limits(), 2) as readers:
        reads = [readers.submit(one, 1) for one in (path, path, tmp_path / "gone")]
        assert [len(list(read())) for read in reads[:2]] == [1, 1]
        with pytest.raises(Terminal, match="gone cannot be opened"):
            list(reads[2]())


def test_a_file_a_worker_cannot_hold_is_read_here(tmp_path, monkeypatch):
    monkeypatch.setattr(log_readers, "WORTH_A_WORKER", 0)
    path = tmp_path / "log.json"
    path.write_bytes(b" " + MANY)
    limits = Limits(batch_rows=50)
    with LogReaders(limits, 2) as readers:
        segments = list(readers.submit(path, 1)())
    assert [len(segment.rows) for segment in segments] == [50, 50, 50, 50, 0]


def test_row_groups_do_not_depend_on_how_rows_arrive():
    import pyarrow as pa  # noqa: PLC0415

    class Written(list):
        def add(self, table):
            self.append(table.column("n").to_pylist())

    groups = []
    for step in (1, 3, 10, 25):
        part = Written()
        even = EvenPart(part, 10)
        for low in range(0, 25, step):
            even.add(pa.table({"n": list(range(low, min(25, low + step)))}))
        even.finish()
        groups.append(list(part))
    assert groups == [[list(range(10)), list(range(10, 20)), list(range(20, 25))]] * 4


def test_a_value_that_cannot_be_read_is_named_on_the_card(tmp_path):
    engagement = Engagement(tmp_path)
    engagement.raw("log.json", delivered(event(), event(2, eventTime="2025-06-02T08:00:00"), event(3, awsRegion=3)))
    card = card_of(engagement.gather("cloudtrail"), "evidence/log.json")
    assert card.rows == 3
    assert [p.partition(": ")[::2] for p in card.problems] == [
        ("log.json:record 2", "cannot be read: occurred_at"),
        ("log.json:record 3", "cannot be read: region_code"),
        ("log.json:record 3", "cannot be read: region_code, source_region"),
    ]


def test_a_deflate_stream_without_gzip_is_no_log(tmp_path):
    quick, _ = both(tmp_path, zlib.compress(MANY))
    assert quick is None
