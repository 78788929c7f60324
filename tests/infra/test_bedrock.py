"""Bedrock as evidence: settings of the moment, logs without their bodies, and calls that two logs have and one count.

S3 is moto's server. Of Bedrock's API moto has a part, so that service is an imitation of ours that follows the SDK's
model of it; the invocation logs are as documented.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import httpx
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.errors import Terminal, Transient
from evidence.locker import Locker
from evidence.model import ExtractionCard, Period, Status, instant_text
from infra.aws import aws_client
from infra.bucket_objects import Listed
from infra.invocation_logs import reduced
from infra.limits import Limits
from infra.source import Gathered, Gathering
from infra.sources.bedrock import Bedrock
from infra.sources.cloudtrail import CloudTrail
from tests.vendor_server import Params, Reply, serving
from tests.world import contract_of, gather_folder, write_evidence

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("identity")]
ACCOUNT, REGION, BUCKET = "111122223333", "eu-central-1", "genai-logs"
NOW = datetime(2125, 7, 1, tzinfo=UTC)
DAY = datetime(2026, 10, 1, tzinfo=UTC)
PERIOD = Period.of(DAY, datetime(2026, 10, 2, tzinfo=UTC))
PROMPT, SAID, TEAM = "who is ill in this family", "nobody that I may name", "team-of-the-caller"
BELOW = f"bedrock/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/01/08"
LOGGING = {
    "loggingConfig": {
        "s3Config": {"bucketName": BUCKET, "keyPrefix": "bedrock"},
        "cloudWatchConfig": {"logGroupName": "/bedrock", "roleArn": "arn:aws:iam::111122223333:role/x"},
        "textDataDeliveryEnabled": True,
    }
}
MODEL = "arn:aws:bedrock:%s::foundation-model/anthropic.claude-sonnet-4-6"


def caller(account: str) -> Reply:
    """Return what STS answers whoever asks whose credentials he has."""
    told = f"<GetCallerIdentityResult><Account>{account}</Account></GetCallerIdentityResult>"
    return Reply(f"<GetCallerIdentityResponse>{told}</GetCallerIdentityResponse>".encode())


ANSWERS: dict[str, Any] = {
    "/": caller(ACCOUNT),
    "/data-retention": {"mode": "none", "updatedAt": "2026-09-01T00:00:00Z"},
    "/logging/modelinvocations": LOGGING,
    "/inference-profiles": {
        "inferenceProfileSummaries": [
            {
                "inferenceProfileName": "EU",
                "inferenceProfileArn": f"arn:aws:bedrock:{REGION}:{ACCOUNT}:inference-profile/eu.x",
                "inferenceProfileId": "eu.anthropic.claude-sonnet-4-6",
                "models": [{"modelArn": MODEL % region} for region in ("eu-west-3", "eu-central-1")],
                "status": "ACTIVE",
                "type": "SYSTEM_DEFINED",
            }
        ]
    },
    "/foundation-models": {
        "modelSummaries": [
            {
                "modelArn": MODEL % REGION,
                "modelId": "anthropic.claude-sonnet-4-6",
                "modelLifecycle": {"status": "LEGACY", "endOfLifeTime": "2027-03-01T00:00:00Z"},
            }
        ]
    },
}


def call(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": "2026-10-01T08:15:30Z",
        "accountId": ACCOUNT,
        "region": REGION,
        "inferenceRegion": "eu-west-3",
        "requestId": f"r{number}",
        "operation": "Converse",
        "modelId": "eu.anthropic.claude-sonnet-4-6",
        "identity": {"arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/claims/svc"},
        "requestMetadata": {"team": TEAM},
        "input": {"inputBodyJson": {"messages": [{"content": [{"text": PROMPT}]}]}, "inputTokenCount": 411},
        "output": {"outputBodyJson": {"output": {"message": SAID}}, "outputTokenCount": 92},
    } | changes


def packed(*records: Any) -> bytes:
    lines = [one if isinstance(one, str) else json.dumps(one) for one in records]
    return gzip.compress("\n".join(lines).encode(), mtime=0)


@pytest.fixture
def bucket(s3: str) -> Any:
    httpx.post(f"{s3}/moto-api/reset")
    client = boto3.client("s3", endpoint_url=s3, region_name=REGION)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


def put(client: Any, name: str, *records: Any) -> bytes:
    body = packed(*records)
    client.put_object(Bucket=BUCKET, Key=f"{BELOW}/{name}", Body=body)
    return body


def at(folder: Path, **more: Any) -> Gathering:
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / f"tables-{len(list(folder.glob('tables-*')))}",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: f"token:{len(value)}",
        journals=folder / "journals",
        **more,
    )


def gather(
    folder: Path,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
    reads: tuple[str, ...] = ("invocations",),
    answers: dict[str, Any] | None = None,
    **more: Any,
) -> Gathered:
    known = ANSWERS | (answers or {})

    def answer(path: str, _: Params, __: Any) -> Reply:
        found = known[path]
        return found if isinstance(found, Reply) else Reply(found)

    gathering = at(folder, **more)
    stated = {"account": ACCOUNT, "regions": [REGION], "reads": reads, "log_system": "log", "endpoint": s3}
    with serving(answer) as server:
        for service in ("BEDROCK", "STS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", server.address)
        Bedrock.model_validate(stated).gather(gathering)
    found = gathering.gathered()
    assert all(c.received == c.rows + c.not_relevant + c.duplicates + c.unreadable for c in found.cards)
    return found


def rows(found: Gathered, family: str) -> list[dict[str, Any]]:
    return [row for path in found.tables[family] for row in pq.read_table(path).to_pylist()]


def calls(found: Gathered) -> list[dict[str, Any]]:
    return [row for row in rows(found, "processing_activity") if row["activity"] == "process"]


def card(found: Gathered, ending: str) -> ExtractionCard:
    (one,) = [card for card in found.cards if card.address.endswith(ending)]
    return one


EVENT = {
    "eventVersion": "1.11",
    "eventTime": "2026-10-01T08:15:30Z",
    "eventSource": "bedrock.amazonaws.com",
    "eventName": "Converse",
    "awsRegion": REGION,
    "requestParameters": {"modelId": "eu.anthropic.claude-sonnet-4-6"},
    "additionalEventData": {"inferenceRegion": "eu-west-3", "inputTokens": 411, "outputTokens": 92},
    "requestID": "r1",
    "eventID": "e1",
}


def trail_of(folder: Path, *events: dict[str, Any]) -> Gathered:
    (folder / "trail").mkdir()
    (folder / "trail" / "x.json").write_text(json.dumps({"Records": events}))
    gathering = at(folder)
    CloudTrail.model_validate({"path": "trail"}).gather(gathering)
    return gathering.gathered()


def test_the_settings_of_a_region_are_kept_as_stated(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = gather(tmp_path, s3, monkeypatch, ("settings", "profiles", "models"))
    told = {(row["setting"], row["scope"]): row["value"] for row in rows(found, "settings")}
    model = "anthropic.claude-sonnet-4-6"
    assert told == {
        ("data_retention_mode", f"bedrock/{REGION}"): "none",
        ("data_retention_mode_updated_at", f"bedrock/{REGION}"): "2026-09-01T00:00:00Z",
        ("model_invocation_logging", f"bedrock/{REGION}"): f"on: text to s3://{BUCKET}/bedrock and log group /bedrock",
        ("inference_profile", f"bedrock/{REGION}/eu.{model}"): "ACTIVE: eu-central-1, eu-west-3",
        ("model_lifecycle", f"bedrock/{REGION}/{model}"): "LEGACY; endOfLifeTime 2027-03-01T00:00:00Z",
    }
    one = card(found, REGION)
    assert (one.rows, one.complete, "bedrock-mantle is not asked" in one.problems[0]) == (5, True, True)
    assert sorted(found.tables) == ["settings"]


@pytest.mark.parametrize("whose", [caller("444455556666"), Reply(b"", status=403), Reply(b"<html></html>")])
def test_credentials_of_another_account_say_nothing_of_this_one(
    whose: Reply, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    put(bucket, "a.json.gz", call(1))
    found = gather(tmp_path, s3, monkeypatch, ("settings", "invocations"), {"/": whose})
    assert (rows(found, "settings"), rows(found, "processing_activity")) == ([], [])
    assert {(one.complete, family) for one in found.cards for family in one.families} == {
        (False, family) for family in ("settings", "feature_usage", "processing_activity")
    }


def test_logging_that_is_off_is_off(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    off: dict[str, Any] = {"/logging/modelinvocations": {}}
    found = gather(tmp_path, s3, monkeypatch, ("settings", "invocations"), off)
    told = {row["setting"]: row["value"] for row in rows(found, "settings")}
    assert told["model_invocation_logging"] == "off"
    one = card(found, f"invocation logs of {REGION}")
    assert (one.complete, set(one.families)) == (False, {"feature_usage", "processing_activity"})


@pytest.mark.parametrize("status", [403, 500])
def test_a_call_that_fails_gives_no_setting_and_is_on_the_card(
    status: int, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.aws.ATTEMPTS", 1)
    refused = {"/data-retention": Reply({"message": "no"}, status=status)}
    found = gather(tmp_path, s3, monkeypatch, ("settings",), refused)
    assert [row["setting"] for row in rows(found, "settings")] == ["model_invocation_logging"]
    one = card(found, REGION)
    assert (one.complete, one.families) == (False, ("settings",))


def test_calls_become_rows_and_nothing_that_was_said_is_kept(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    body = put(
        bucket, "a.json.gz", call(1), call(2, errorCode="ThrottlingException"), call(2, errorCode="ThrottlingException")
    )
    found = gather(tmp_path, s3, monkeypatch)
    first, second = calls(found)
    assert (first["activity_id"], first["region_code"], first["source_region"]) == ("r1", "eu-west-3", REGION)
    assert (first["input_tokens"], first["output_tokens"], first["outcome"]) == (411, 92, "ok")
    assert (second["outcome"], first["actor"][:6]) == ("throttled", "token:")
    one = card(found, "a.json.gz")
    assert (one.rows, one.duplicates, one.source_digest_verified) == (2, 1, True)
    assert one.query.endswith(f"of {len(body)} bytes with SHA-256 {hashlib.sha256(body).hexdigest()}")
    everything = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"r1" in everything
    assert not any(text.encode() in everything for text in (PROMPT, SAID, TEAM))
    (used,) = rows(found, "feature_usage")
    assert (used["feature"], used["model"], used["requests"]) == ("amazon bedrock", first["model"], 1)


@pytest.mark.parametrize(
    ("changes", "region", "outcome"),
    [
        ({"inferenceRegion": None}, None, "ok"),
        ({"inferenceRegion": None, "modelId": "anthropic.claude-sonnet-4-6"}, REGION, "ok"),
        (
            {
                "inferenceRegion": None,
                "input": {},
                "output": {"outputBodyJson": {"amazon-bedrock-guardrailAction": "INTERVENED", "outputs": SAID}},
            },
            None,
            "blocked",
        ),
        ({"inferenceRegion": None, "errorCode": "AccessDeniedException"}, None, "denied"),
    ],
)
def test_a_call_is_placed_as_in_cloudtrail(
    changes: dict[str, Any],
    region: str | None,
    outcome: str,
    tmp_path: Path,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
    bucket: Any,
) -> None:
    put(bucket, "a.json.gz", {k: v for k, v in call(1, **changes).items() if v is not None})
    (one,) = calls(gather(tmp_path, s3, monkeypatch))
    assert (one["region_code"], one["outcome"]) == (region, outcome)


def test_what_is_no_record_is_counted_and_what_is_no_log_is_not_opened(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    put(bucket, "a.json.gz", call(1), '{"torn', '{"schemaType": "other"}', call(2, requestId=None), '{"a": 1, "a": 2}')
    bucket.put_object(Bucket=BUCKET, Key=f"{BELOW}/data/r1_input.json.gz", Body=PROMPT.encode())
    bucket.put_object(Bucket=BUCKET, Key=f"{BELOW}/amazon-bedrock-logs-permission-check", Body=b"x")
    found = gather(tmp_path, s3, monkeypatch)
    one, listing = card(found, "a.json.gz"), card(found, f"BedrockModelInvocationLogs/{REGION}")
    assert (one.rows, one.unreadable) == (1, 4)
    assert (listing.rows, listing.not_relevant) == (2, 1)
    stored = [row for row in rows(found, "processing_activity") if row["activity"] == "log"]
    assert [(row["region_code"], row["resource_id"]) for row in stored] == [(REGION, "log")] * 2
    assert not any(PROMPT.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_an_object_that_is_cut_off_or_swells_is_incomplete(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    whole = packed(*(call(number) for number in range(200)))
    bucket.put_object(Bucket=BUCKET, Key=f"{BELOW}/cut.json.gz", Body=whole[: len(whole) // 2])
    bucket.put_object(Bucket=BUCKET, Key=f"{BELOW}/bomb.json.gz", Body=gzip.compress(b" " * 2**20))
    found = gather(tmp_path, s3, monkeypatch, limits=Limits(inflated_free=2**16, inflation=10, line=2**19))
    for name in ("cut.json.gz", "bomb.json.gz"):
        one = card(found, name)
        assert (one.complete, one.unreadable) == (False, 1), one
    assert 0 < card(found, "cut.json.gz").rows < 200


def cut(listed: Listed, body: bytes) -> str:
    with pytest.raises(Transient, match="bytes came") as raised:
        reduced("s3://b", Limits(), listed, io.BytesIO(body))
    return str(raised.value)


def test_an_object_that_comes_with_fewer_bytes_than_were_listed_is_asked_for_again() -> None:
    body = packed(call(1))
    assert PROMPT not in cut(Listed("k", len(body) + 9, "e", DAY), body)
    assert PROMPT not in cut(Listed("k", len(body), "e", DAY), body[:-9])


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 400), st.booleans())
def test_whatever_an_object_holds_no_word_of_it_is_kept(junk: bytes, at: int, zipped: bool) -> None:
    plain = json.dumps(call(1)).encode()
    torn = plain[:at] + junk + plain[at:]
    body = gzip.compress(torn) if zipped else torn
    kept = reduced("s3://b", Limits(), Listed("k", len(body), "e", DAY), io.BytesIO(body)).read()
    about, *records = [json.loads(line) for line in kept.splitlines()]
    assert int(about["records"]) == len(records)
    assert about["sha256"] == hashlib.sha256(body).hexdigest()
    assert not any(text.encode() in kept for text in (PROMPT, SAID, TEAM))


def test_a_second_run_fetches_nothing_again_and_says_the_same(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    put(bucket, "a.json.gz", call(1))
    first = gather(tmp_path, s3, monkeypatch)
    (memory,) = (tmp_path / "journals").glob("s3-*.jsonl")
    kept = memory.read_bytes()
    second = gather(tmp_path, s3, monkeypatch)
    assert (memory.read_bytes(), calls(second)) == (kept, calls(first))
    sizes = [card(found, "a.json.gz").size for found in (first, second)]
    assert sizes[0] == sizes[1]


def test_requests_beyond_the_limit_are_lost_and_counted(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    monkeypatch.setattr("infra.invocation_rows.MAX_REQUESTS", 2)
    put(bucket, "a.json.gz", call(1), call(2), call(1), call(3))
    one = card(gather(tmp_path, s3, monkeypatch), "a.json.gz")
    assert (one.rows, one.duplicates, one.unreadable, one.complete) == (2, 1, 1, False)


def test_logs_outside_the_allowed_regions_are_not_read(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    put(bucket, "a.json.gz", call(1))
    found = gather(tmp_path, s3, monkeypatch, evidence_regions=frozenset({"eu-west-1"}))
    assert calls(found) == []
    assert "`evidence_regions`" in " ".join(card(found, f"invocation logs of {REGION}").problems)


def test_a_host_that_is_not_on_the_list_for_egress_is_not_asked(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Terminal, match="egress"):
        gather(tmp_path, s3, monkeypatch, egress=frozenset({"s3.eu-central-1.amazonaws.com"}))


def test_s3_is_not_asked_where_no_logs_are_read(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.aws.aws_client", partial(only, {"bedrock", "sts"}, aws_client))
    assert card(gather(tmp_path, s3, monkeypatch, ("settings", "profiles")), REGION).complete


def only(allowed: set[str], make: Callable[..., Any], service: str, *more: Any, **named: Any) -> Any:
    assert service in allowed
    return make(service, *more, **named)


def test_a_call_that_both_logs_have_has_one_name(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    put(bucket, "a.json.gz", call(1), call(2))
    ours = calls(gather(tmp_path, s3, monkeypatch))
    theirs = calls(trail_of(tmp_path, EVENT, EVENT | {"requestID": None, "eventID": "e9"}))
    assert [row["activity_id"] for row in ours] == ["r1", "r2"]
    assert [row["activity_id"] for row in theirs] == ["r1", "e9"]
    same = ("occurred_at", "region_code", "source_region", "model", "outcome", "input_tokens", "output_tokens")
    assert [ours[0][name] for name in same] == [theirs[0][name] for name in same]


@pytest.mark.parametrize(("requests", "status"), [(2, Status.MET), (3, Status.UNPROVEN)])
def test_a_call_that_both_logs_have_is_counted_once(
    requests: int, status: Status, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch, bucket: Any
) -> None:
    """Two calls, one of them in both logs: three requests that a meter counted are not explained by three rows."""
    put(bucket, "a.json.gz", call(1), call(2))
    found = [gather(tmp_path, s3, monkeypatch), trail_of(tmp_path, EVENT)]
    total = {"meter": "gateway", "period_start": PERIOD.start, "period_end": PERIOD.end, "metric": "requests"}
    told = [
        {name: instant_text(v) if isinstance(v, datetime) else v for name, v in total.items()} | {"value": requests}
    ]
    write_evidence(tmp_path / "evidence", {"usage_totals": told})
    found.append(gather_folder(tmp_path, PERIOD))
    tables: dict[str, list[Path]] = {}
    for one in found:
        for family, parts in one.tables.items():
            tables.setdefault(family, []).extend(parts)
    assert len([row for one in found[:2] for row in calls(one)]) == 3
    contract = contract_of("data-residency", {"allowed": "EU", "activities": ["process"]})
    evidence = Evidence(frozenset(tables), tuple(card for one in found for card in one.cards))
    (finding,) = judge(contract, PERIOD, NOW, evidence, DuckEngine(tables)).findings
    assert finding.status == status, finding
    assert finding.population.observed == 2


def test_a_prefix_called_data_hides_no_log(
    tmp_path: Path, s3: str, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"loggingConfig": {"s3Config": {"bucketName": BUCKET, "keyPrefix": "genai/data"}}}
    key = f"genai/data/{BELOW.partition('/')[2]}/1.json.gz"
    bucket.put_object(Bucket=BUCKET, Key=key, Body=packed(call()))
    found = gather(tmp_path, s3, monkeypatch, answers={"/logging/modelinvocations": place})
    assert [row["request_id"] for row in calls(found)] == ["r1"]
