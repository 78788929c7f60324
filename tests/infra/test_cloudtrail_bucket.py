"""CloudTrail out of a bucket over the real S3 protocol: what the trail logs, what its digests prove, what is missing.

S3 is moto's server. Of CloudTrail's API it has no `ListPublicKeys`, so that service is an imitation of ours.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from evidence.errors import Terminal
from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra.source import CacheAt, Gathered, Gathering
from infra.sources.cloudtrail import CloudTrail
from tests.infra.digest_chain import ACCOUNT, BUCKET, HOUR, REGION, START, Trail, event, fingerprint, public_der
from tests.infra.test_trail_config import MANAGEMENT, MANTLE
from tests.vendor_server import Params, Reply, serving

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("identity")]
PERIOD = Period.of(START, START + timedelta(hours=6))
NOW = START + timedelta(hours=9)
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"


def api(**changes: Any) -> Callable[[str, Params, Any], Reply]:
    answers = {
        "GetTrail": {
            "Trail": {
                "TrailARN": ARN,
                "S3BucketName": BUCKET,
                "HomeRegion": REGION,
                "IsMultiRegionTrail": True,
                "LogFileValidationEnabled": True,
            }
        },
        "GetTrailStatus": {
            "IsLogging": True,
            "StartLoggingTime": (START - timedelta(days=9)).timestamp(),
            "LatestDigestDeliveryTime": (START + timedelta(hours=6, minutes=20)).timestamp(),
        },
        "GetEventSelectors": {"TrailARN": ARN, "AdvancedEventSelectors": [MANAGEMENT, MANTLE]},
        "ListPublicKeys": {
            "PublicKeyList": [{"Fingerprint": fingerprint(), "Value": base64.b64encode(public_der()).decode()}]
        },
    } | changes
    headers = {"Content-Type": "application/x-amz-json-1.1"}

    def answer(_: str, __: Params, asked: Any) -> Reply:
        found = answers[asked["x-amz-target"].rsplit(".", maxsplit=1)[1]]
        return found if isinstance(found, Reply) else Reply(found, headers=headers)

    return answer


def upload(s3: str, trail: Trail) -> Any:
    client = boto3.client("s3", endpoint_url=s3, region_name=REGION)
    try:
        client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    except client.exceptions.BucketAlreadyOwnedByYou:
        for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
            client.delete_object(Bucket=BUCKET, Key=item["Key"])
    for key, body in trail.objects.items():
        signature = trail.signatures.get(key)
        named = {} if signature is None else {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        client.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata=named)
    return client


def gathered(
    folder: Path,
    s3: str,
    monkeypatch: pytest.MonkeyPatch,
    regions: frozenset[str] | None = None,
    cache: CacheAt | None = None,
    **changes: Any,
) -> Gathered:
    gathering = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / f"tables-{len(list(folder.glob('tables-*')))}",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
        journals=folder / "journals",
        evidence_regions=regions,
        cache=cache,
    )
    source = CloudTrail(bucket=BUCKET, accounts=(ACCOUNT,), regions=(REGION,), trail=ARN, endpoint=s3)
    with serving(api(**changes)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", server.address)
        source.gather(gathering)
    return gathering.gathered()


def logs(found: Gathered) -> list[ExtractionCard]:
    return [card for card in found.cards if "/CloudTrail/" in card.address]


def faults(found: Gathered) -> str:
    return " ".join(problem for card in found.cards for problem in card.problems)


def test_an_untouched_trail_is_whole_and_every_file_is_proven(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = Trail()
    upload(s3, trail)
    found = gathered(tmp_path, s3, monkeypatch)
    assert all(card.complete and not card.blind for card in found.cards), faults(found)
    assert [card.rows for card in logs(found)] == [2] * 6
    assert all(card.source_digest_verified for card in logs(found))
    assert [card.source_digest for card in logs(found)] == [trail.found()[key].sha256 for key in sorted(trail.logs)]


def changed(name: str, trail: str) -> dict[str, Any]:
    asked = {"name": trail}
    return event(99, START, eventSource="cloudtrail.amazonaws.com", eventName=name, requestParameters=asked)


@pytest.mark.parametrize(("trail", "blind"), [(ARN, 1), ("audit", 1), ("another", 0)])
def test_a_trail_that_was_changed_in_the_period_and_changed_back_is_blind(
    trail: str, blind: int, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The trail is set as it should be when it is asked; its log alone shows that it was not always."""
    upload(s3, Trail(more=(changed("PutEventSelectors", trail),)))
    found = gathered(tmp_path, s3, monkeypatch)
    assert [bool(card.blind) for card in found.cards].count(True) == blind, faults(found)
    assert all(card.complete for card in found.cards)


def test_a_change_is_seen_again_when_the_files_come_from_the_cache(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(s3, Trail(more=(changed("StopLogging", ARN),)))
    for _ in range(2):
        found = gathered(tmp_path, s3, monkeypatch, cache=CacheAt(tmp_path / "cache", b"key"))
        assert [bool(card.blind) for card in logs(found)] == [False, False, True, False, False, False]


def test_a_log_file_that_came_late_is_proven_by_its_backfill_digest(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = Trail()
    late, _ = trail.add_backfill(START + HOUR, None, START + HOUR + timedelta(minutes=30))
    upload(s3, trail)
    found = gathered(tmp_path, s3, monkeypatch)
    assert all(card.complete for card in found.cards), faults(found)
    (card,) = [card for card in logs(found) if card.address.endswith(late)]
    assert (card.rows, card.source_digest_verified) == (1, True)


def change_log(trail: Trail) -> None:
    trail.objects[trail.logs[2]] = gzip.compress(
        trail.inflated(trail.logs[2]).replace(b"eu-central-1", b"eu-central-9")
    )


def drop_log(trail: Trail) -> None:
    del trail.objects[trail.logs[2]]


def drop_newest(trail: Trail) -> None:
    for key in trail.digests[-3:]:
        del trail.objects[key]


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        (drop_log, "LOG_MISSING"),
        (drop_newest, "NEWEST_MISSING"),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_a_trail_that_was_tampered_with_is_incomplete_and_says_why(
    attack: Callable[[Trail], None], code: str, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail = Trail()
    attack(trail)
    upload(s3, trail)
    found = gathered(tmp_path, s3, monkeypatch)
    bad = [card for card in found.cards if not card.complete]
    assert code in faults(found)
    assert {"audit_log", "processing_activity"} <= {name for card in bad for name in card.families}


def test_a_log_file_that_was_changed_is_never_read(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trail = Trail()
    change_log(trail)
    upload(s3, trail)
    found = gathered(tmp_path, s3, monkeypatch)
    assert sum(card.rows for card in logs(found)) == 5 * 2
    assert "LOG_CHANGED" in faults(found)


def test_what_was_fetched_is_not_fetched_again_and_a_late_file_is(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = upload(s3, Trail())
    first = gathered(tmp_path, s3, monkeypatch)
    late = Trail()
    previous = late.digests[-1]
    late.add_digest(late.end, previous, {})
    client.put_object(
        Bucket=BUCKET,
        Key=late.digests[-1],
        Body=late.objects[late.digests[-1]],
        Metadata={"signature": late.signatures[late.digests[-1]], "signature-algorithm": "SHA256withRSA"},
    )
    (memory,) = (tmp_path / "journals").glob("s3-*.jsonl")
    before = len(memory.read_bytes().splitlines())
    second = gathered(tmp_path, s3, monkeypatch)
    assert len(memory.read_bytes().splitlines()) == before + 1
    assert [card.artefact for card in logs(first)] == [card.artefact for card in logs(second)]


def test_a_bucket_outside_the_allowed_regions_is_not_read(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(s3, Trail())
    with pytest.raises(Terminal, match="evidence_regions"):
        gathered(tmp_path, s3, monkeypatch, frozenset({"eu-west-1"}))


def test_a_bucket_that_is_not_there_is_terminal(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = CloudTrail(bucket="nowhere-to-be-seen", accounts=(ACCOUNT,), regions=(REGION,), trail=ARN, endpoint=s3)
    gathering = Gathering(tmp_path, Locker(tmp_path / "l"), tmp_path / "t", PERIOD, lambda: NOW, lambda v: v)
    with serving(api()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", server.address)
        with pytest.raises(Terminal, match="NoSuchBucket"):
            source.gather(gathering)
