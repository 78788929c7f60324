"""What a trail is set to log: whatever hides Bedrock's events makes the evidence blind, and says so."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra.source import Gathering
from infra.sources.cloudtrail import CloudTrail
from infra.trail_config import TrailConfig, read_trail
from tests.infra.digest_chain import ACCOUNT, BUCKET, KEYS, REGION, START, fingerprint, public_der

PERIOD = Period.of(START, START + timedelta(hours=6))
NOW = START + timedelta(hours=9)
ARN = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
FAMILIES = ("audit_log", "processing_activity")
MANAGEMENT = {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
MANTLE = {
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::BedrockMantle::Project"]},
    ]
}
ANSWERS: dict[str, Any] = {
    "get_trail": {
        "Trail": {
            "TrailARN": ARN,
            "S3BucketName": BUCKET,
            "HomeRegion": REGION,
            "IsMultiRegionTrail": True,
            "LogFileValidationEnabled": True,
        }
    },
    "get_trail_status": {
        "IsLogging": True,
        "StartLoggingTime": START - timedelta(days=9),
        "LatestDigestDeliveryTime": NOW,
    },
    "get_event_selectors": {"TrailARN": ARN, "AdvancedEventSelectors": [MANAGEMENT, MANTLE]},
    "list_public_keys": {"PublicKeyList": [{"Fingerprint": fingerprint(), "Value": public_der()}]},
}


def read(folder: Path, **changes: Any) -> tuple[TrailConfig, ExtractionCard]:
    client = boto3.client("cloudtrail", region_name=REGION, aws_access_key_id="t", aws_secret_access_key="t")
    gathering = Gathering(folder, Locker(folder / "l"), folder / "t", PERIOD, lambda: NOW, lambda v: v)
    source = CloudTrail(bucket="genai-audit", accounts=(ACCOUNT,), regions=(REGION,), trail=ARN)
    with Stubber(client) as stub:
        for call, answer in (ANSWERS | changes).items():
            if isinstance(answer, str):
                stub.add_client_error(call, answer)
            else:
                stub.add_response(call, answer)
        config = read_trail(client, ARN, ((ACCOUNT, REGION),), source, gathering, FAMILIES, (BUCKET, ""))
    (card,) = gathering.gathered().cards
    return config, card


def test_a_trail_that_logs_what_matters_is_not_blind(tmp_path: Path) -> None:
    config, card = read(tmp_path)
    assert (card.blind, card.complete, card.address, config.keys) == ((), True, ARN, KEYS)


STOPPED = {"IsLogging": True, "StopLoggingTime": START + timedelta(hours=2)}
ONE_REGION = {"TrailARN": ARN, "HomeRegion": "us-east-1", "LogFileValidationEnabled": True}
ELSEWHERE = ANSWERS["get_trail"]["Trail"] | {"HomeRegion": "eu-west-1"}
OTHER_BUCKET = ANSWERS["get_trail"]["Trail"] | {"S3BucketName": "another-trails"}
OTHER_PREFIX = ANSWERS["get_trail"]["Trail"] | {"S3KeyPrefix": "mantle"}
FOREIGN = ANSWERS["get_trail"]["Trail"] | {"TrailARN": ARN.replace(ACCOUNT, "999988887777")}
NARROW = {"FieldSelectors": [*MANAGEMENT["FieldSelectors"], {"Field": "readOnly", "Equals": ["false"]}]}
HIDING = {
    "FieldSelectors": [*MANAGEMENT["FieldSelectors"], {"Field": "eventSource", "NotEquals": ["bedrock.amazonaws.com"]}]
}
CLASSIC = {"IncludeManagementEvents": True, "ReadWriteType": "WriteOnly"}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"get_trail": {"Trail": OTHER_BUCKET}}, "delivers to s3://another-trails, and not where"),
        ({"get_trail": {"Trail": OTHER_PREFIX}}, "delivers to s3://genai-audit/mantle, and not where"),
        ({"get_trail_status": {"IsLogging": False}}, "switched off"),
        ({"get_trail_status": STOPPED}, "logging was stopped"),
        ({"get_trail_status": {"IsLogging": True, "StartLoggingTime": NOW}}, "after the period did"),
        ({"get_trail": {"Trail": ONE_REGION}}, "logs us-east-1 alone"),
        ({"get_trail": {"Trail": ELSEWHERE}}, "whose logs are not read"),
        ({"get_trail": {"Trail": FOREIGN}}, "whose logs are not read"),
        ({"get_event_selectors": {"AdvancedEventSelectors": [MANAGEMENT]}}, "leaves no trace"),
        ({"get_event_selectors": {"AdvancedEventSelectors": [MANTLE]}}, "not all management events"),
        ({"get_event_selectors": {"AdvancedEventSelectors": [NARROW, MANTLE]}}, "not all management events"),
        ({"get_event_selectors": {"AdvancedEventSelectors": [HIDING, MANTLE]}}, "not all management events"),
        ({"get_event_selectors": {"EventSelectors": [CLASSIC]}}, "not all management events"),
    ],
)
def test_a_trail_that_does_not_log_what_matters_is_blind(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    _, card = read(tmp_path, **changes)
    assert card.blind == FAMILIES
    assert why in " ".join(card.problems)


@pytest.mark.parametrize("call", sorted(ANSWERS))
def test_a_call_that_is_refused_makes_the_settings_incomplete(call: str, tmp_path: Path) -> None:
    _, card = read(tmp_path, **{call: "AccessDeniedException"})
    assert (card.complete, card.families) == (False, FAMILIES)
    assert "AccessDeniedException" in " ".join(card.problems)


def test_a_key_whose_fingerprint_is_another_keys_is_not_taken(tmp_path: Path) -> None:
    keys = {"PublicKeyList": [{"Fingerprint": "0" * 32, "Value": public_der()}]}
    assert read(tmp_path, list_public_keys=keys)[0].keys == {}
