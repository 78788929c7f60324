"""The `cloudtrail` source: every record of every file is accounted for."""

import gzip
import json
from pathlib import Path

import pytest

from evidence.errors import BadInput
from infra.limits import Limits
from infra.sources.cloudtrail import CloudTrail
from infra.trail_changes import blinding, noted, of_trail
from tests.infra.engagements import JUNE, Engagement, card_of, rows_of
from tests.infra.test_bedrock_events import record

OTHER = {"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": "s3"}
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "cloudtrail"
COUNTS = ("received", "rows", "not_relevant", "duplicates", "unreadable")


@pytest.fixture
def engagement(tmp_path):
    return Engagement(tmp_path)


def gather(engagement):
    return engagement.gather("cloudtrail")


def events(*ids, **changes):
    return [record(eventID=name, requestID=f"r{name}", **changes) for name in ids]


def log(engagement, name, *records):
    return engagement.text(name, json.dumps({"Records": records}))


def counts(gathered, name):
    card = card_of(gathered, f"evidence/{name}")
    return tuple(getattr(card, count) for count in COUNTS)


def test_inference_becomes_rows_and_everything_else_is_counted(engagement):
    log(engagement, "a/b/log.json.gz", *events("1", "2"), record(eventID="3", eventName="GetGuardrail"), OTHER)
    gathered = gather(engagement)
    assert counts(gathered, "a/b/log.json.gz") == (4, 3, 1, 0, 0)
    assert [row["activity_id"] for row in rows_of(gathered, "processing_activity")] == ["r1", "r2"]
    assert [row["event_id"] for row in rows_of(gathered, "audit_log")] == ["1", "2", "3"]
    card = card_of(gathered, "evidence/a/b/log.json.gz")
    assert (card.media_type, card.families) == ("application/gzip", ("audit_log", "processing_activity"))


def test_rows_point_to_their_place_in_their_file(engagement):
    log(engagement, "1.json", OTHER, *events("1"))
    log(engagement, "2.json", *events("2"))
    gathered = gather(engagement)
    artefacts = {c.address: c.artefact for c in gathered.cards}
    rows = [(row["artefact"], row["row"]) for row in rows_of(gathered, "processing_activity")]
    assert rows == [(artefacts["evidence/1.json"], 1), (artefacts["evidence/2.json"], 0)]


def test_gzip_is_known_by_its_bytes_and_not_by_its_name(engagement):
    engagement.raw("plain.json", gzip.compress(json.dumps(events("1")).encode()))
    (engagement.evidence / "packed.json.gz").write_bytes(json.dumps(events("2")).encode())
    assert len(rows_of(gather(engagement), "processing_activity")) == 2


def changing(name, **changes):
    asked = {"requestParameters": {"name": "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"}}
    return record(eventSource="cloudtrail.amazonaws.com", eventName=name, **(asked | changes))


@pytest.mark.parametrize("name", ["StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"])
@pytest.mark.parametrize("spaced", [False, True])
def test_a_log_in_which_a_trail_is_changed_is_blind(engagement, name, spaced):
    whole = {"Records": [*events("1"), changing(name), *events("2")]}
    engagement.text("log.json", json.dumps(whole, separators=None if spaced else (",", ":")))
    gathered = gather(engagement)
    card = card_of(gathered, "evidence/log.json")
    assert card.blind == ("audit_log", "processing_activity")
    assert counts(gathered, "log.json") == (3, 2, 1, 0, 0)
    assert f"blind: {name} of arn:aws:cloudtrail" in card.problems[0]


@pytest.mark.parametrize(
    "harmless",
    [
        changing("StopLogging", errorCode="AccessDenied"),
        changing("StopLogging", eventTime="2025-07-01T00:00:00Z"),
        changing("DescribeTrails"),
        record(eventSource="s3.amazonaws.com", eventName="StopLogging"),
    ],
)
def test_what_changes_no_trail_in_the_period_blinds_nothing(engagement, harmless):
    log(engagement, "log.json", *events("1"), harmless)
    assert card_of(gather(engagement), "evidence/log.json").blind == ()


def test_a_change_at_a_time_that_cannot_be_read_counts(engagement):
    log(engagement, "log.json", *events("1"), changing("StopLogging", eventTime="soon"))
    assert card_of(gather(engagement), "evidence/log.json").blind


def test_a_flood_of_changes_of_others_does_not_hide_ours():
    changes = []
    for number in range(1000):
        noted(changes, ("StopLogging", f"other-{number}", "2025-06-02T00:00:00Z"))
    assert len(changes) == 101
    assert [*blinding(changes, JUNE, of_trail("audit"))] == [
        "blind: and further changes of a trail at an unknown time changed what is logged"
    ]


def test_a_trail_is_known_by_its_name_or_its_arn():
    ours = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit"
    names = (ours, "audit", "", ours.replace("1111", "9999"), "other")
    assert [of_trail(ours)(name) for name in names] == [True, True, True, False, False]
    assert [of_trail("audit")(name) for name in (ours, "audit", "other")] == [True, True, False]


def test_pages_of_lookup_events_are_unpacked(engagement):
    wrapped = [{"EventId": "1", "CloudTrailEvent": json.dumps(record(eventID="1"))}, {"CloudTrailEvent": "{not json"}]
    engagement.text("page.json", json.dumps({"Events": wrapped, "NextToken": "x"}))
    assert counts(gather(engagement), "page.json") == (2, 1, 0, 0, 1)


def test_an_event_delivered_twice_counts_once(engagement):
    log(engagement, "1.json", *events("1"))
    log(engagement, "2.json", *events("1", "2"))
    gathered = gather(engagement)
    assert counts(gathered, "2.json") == (2, 1, 0, 1, 0)
    assert len(rows_of(gathered, "audit_log")) == 2


def test_two_different_records_with_one_id_are_not_a_duplicate(engagement):
    log(engagement, "1.json", *events("1"))
    log(engagement, "2.json", *events("1", awsRegion="us-east-1"))
    gathered = gather(engagement)
    assert counts(gathered, "2.json") == (1, 0, 0, 0, 1)
    assert "two different records share eventID" in card_of(gathered, "evidence/2.json").problems[0]


@pytest.mark.parametrize("time", [None, "2025-06-02 08:00:00.000000000", "", 1748851200])
def test_a_record_without_a_readable_time_keeps_its_row(engagement, time):
    log(engagement, "1.json", *events("1", eventTime=time))
    for family in ("processing_activity", "audit_log"):
        (row,) = rows_of(gather(engagement), family)
        assert row["occurred_at"] is None
        assert row["defects"] == ["occurred_at"]


@pytest.mark.parametrize("bad", [{}, [], "text", None, {"eventSource": "bedrock.amazonaws.com"}, {"eventSource": 1}])
def test_a_record_that_is_none_is_unreadable_with_its_place(engagement, bad):
    log(engagement, "1.json", *events("1"), bad, OTHER)
    gathered = gather(engagement)
    assert counts(gathered, "1.json") == (3, 1, 1, 0, 1)
    assert card_of(gathered, "evidence/1.json").unreadable_places == ("1.json:record 2",)


def test_a_duplicate_key_makes_a_record_unreadable(engagement):
    twice = json.dumps(record(eventID="2")).replace('"awsRegion"', '"awsRegion": "eu-west-1", "awsRegion"')
    engagement.text("1.json", f"[{json.dumps(record())}, {twice}]")
    assert counts(gather(engagement), "1.json") == (2, 1, 0, 0, 1)


def test_a_value_of_the_wrong_type_is_a_defect(engagement):
    log(engagement, "1.json", record(extra={"inferenceRegion": 7, "inputTokens": "many"}))
    (row,) = rows_of(gather(engagement), "processing_activity")
    assert (row["region_code"], sorted(row["defects"])) == (None, ["input_tokens", "region_code"])


def test_nothing_of_a_prompt_is_kept_in_a_table(engagement):
    asked = {"modelId": "anthropic.claude", "messages": [{"content": "a secret"}], "prompt": "a secret"}
    log(engagement, "1.json", record(requestParameters=asked, responseElements={"text": "a secret"}))
    gathered = gather(engagement)
    for family in gathered.tables:
        assert "a secret" not in str(rows_of(gathered, family))


def test_actors_become_tokens(engagement):
    log(engagement, "1.json", *events("1"))
    gathered = gather(engagement)
    assert {row["actor"] for f in gathered.tables for row in rows_of(gathered, f)} == {"token:34"}


def test_actors_are_noted_for_every_table_they_stand_in(engagement):
    log(engagement, "1.json", *events("1"), record(eventID="2", eventName="ListFoundationModels"))
    gathering, noted = engagement.gathering(), []
    gathering.noted = lambda name, values: noted.append((name, len(values)))
    CloudTrail(path="evidence").gather(gathering)
    assert noted == [("audit_log.actor", 1), ("processing_activity.actor", 1)]


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "AWSLogs/1/CloudTrail-Digest/eu-central-1/x.json.gz",
        "AWSLogs/1/CloudTrail-Insight/eu-central-1/x.json.gz",
        "AWSLogs/1/BedrockModelInvocationLogs/eu-central-1/x.json.gz",
        "AWSLogs/1/amazon-bedrock-logs-permission-check.json",
    ],
)
def test_files_of_another_kind_are_skipped_and_named(engagement, name):
    engagement.text(name, "{}")
    gathered = gather(engagement)
    assert [card.address for card in gathered.cards] == ["evidence"]
    assert name in gathered.cards[0].problems[0]
    assert gathered.tables == {}


def test_services_it_cannot_read_are_named(engagement):
    log(engagement, "1.json", {"eventSource": "aws-external-anthropic.amazonaws.com", "eventID": "1"})
    card = card_of(gather(engagement), "evidence/1.json")
    assert (card.not_relevant, "aws-external-anthropic" in card.problems[0]) == (1, True)


def test_logs_without_any_bedrock_event_give_empty_tables(engagement):
    log(engagement, "1.json", OTHER)
    assert rows_of(gather(engagement), "processing_activity") == []


def test_a_truncated_gzip_keeps_what_was_read(engagement):
    packed = gzip.compress("\n".join(json.dumps(e) for e in events(*map(str, range(2000)))).encode(), mtime=0)
    (engagement.evidence / "1.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    gathered = gather(engagement)
    card = card_of(gathered, "evidence/1.jsonl.gz")
    assert card.rows == len(rows_of(gathered, "processing_activity")) > 0
    assert (card.unreadable, card.complete) == (1, False)
    assert card.unreadable_places == (f"1.jsonl.gz:record {card.rows + 1}",)
    assert "cut off" in card.problems[0]


def test_a_truncated_document_keeps_what_was_read(engagement):
    text = json.dumps({"Records": events("1", "2")})
    engagement.text("1.json", text[:-30])
    gathered = gather(engagement)
    assert counts(gathered, "1.json") == (2, 1, 0, 0, 1)
    assert not card_of(gathered, "evidence/1.json").complete


def test_a_file_above_the_limit_is_lost_and_counted(tmp_path):
    engagement = Engagement(tmp_path, Limits(log_object=100))
    log(engagement, "1.json", *events("1"))
    card = gather(engagement).cards[-1]
    assert (card.unreadable, card.complete, card.families) == (1, False, ("audit_log", "processing_activity"))
    assert "1.json" in card.problems[0]


def test_a_folder_that_does_not_exist_is_bad_input(engagement):
    with pytest.raises(BadInput, match="does not exist"):
        engagement.gather("cloudtrail", "trail")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real logs are not beside this checkout")
def test_every_real_record_is_accounted_for(tmp_path):
    engagement = Engagement(tmp_path)
    (tmp_path / "real").symlink_to(REAL)
    gathered = engagement.gather("cloudtrail", "real")
    invictus = [card for card in gathered.cards if "/invictus" in card.address]
    stratus = [card for card in gathered.cards if "/stratus" in card.address]
    assert (len(invictus), sum(card.received for card in invictus)) == (55, 2900)
    assert (len(stratus), sum(card.received for card in stratus)) == (37, 312)
    assert [sum(getattr(card, count) for card in gathered.cards) for count in COUNTS] == [3212, 16, 3195, 0, 1]
    (call,) = rows_of(gathered, "processing_activity")
    assert (call["region_code"], call["tls_version"]) == ("megov-northeast-1r", "TLSv1.3")
    assert "stratus-red-team/NOTICE" in card_of(gathered, "real").problems[0]


def test_a_log_file_without_a_byte_was_cut_off(engagement):
    (engagement.evidence / "log.json.gz").write_bytes(b"")
    card = card_of(gather(engagement), "evidence/log.json.gz")
    assert not card.complete
    assert "not one byte" in card.problems[0]
