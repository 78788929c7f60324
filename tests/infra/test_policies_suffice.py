"""The rights of the writing roles suffice for what store and ledger ask of the service, and no request needs another.

moto compares action and resource of each request with the policies, and not the conditions: statements with conditions
are left out, and what they decide is `test_policies`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import set_initial_no_auth_action_count

from evidence.container import measure, write_container
from evidence.errors import OutputFailed
from infra.ledger_s3 import LedgerBucket
from infra.locked_bucket import LockedBucket
from infra.s3_object import upload
from infra.store_s3 import S3Store
from tests.infra.iam import policy

REGION = "eu-central-1"
AT = datetime(2025, 7, 2, 10, tzinfo=UTC)
PREPARING = 6  # requests before rights count
#: The right to ask for the lock of a bucket, as AWS names it and what moto takes it for.
NAMED_OTHERWISE = ("s3:GetBucketObjectLockConfiguration", "s3:ListBucket")
STORE = S3Store.model_validate(
    {
        "kind": "s3",
        "bucket": "acme-bundles",
        "kms_key": "alias/acme",
        "retain": "10y",
        "disclosures": {"bucket": "acme-disclosures"},
    }
)


@pytest.fixture(autouse=True)
def anybody(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")


def prepared(name: str) -> Any:
    """Make buckets and somebody with the rights of one policy, and return their client; `PREPARING` requests."""
    admin, iam = boto3.client("s3", region_name=REGION), boto3.client("iam", region_name=REGION)
    place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    admin.create_bucket(Bucket="acme-bundles", ObjectLockEnabledForBucket=True, **place)
    for bucket in ("acme-disclosures", "acme-ledger"):
        admin.create_bucket(Bucket=bucket, **place)
    iam.create_user(UserName="u")
    plain = [statement for statement in policy(name)["Statement"] if "Condition" not in statement]
    document = json.dumps({"Version": "2012-10-17", "Statement": plain}).replace(*NAMED_OTHERWISE)
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return boto3.client(
        "s3",
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


@set_initial_no_auth_action_count(PREPARING)
@mock_aws
def test_auditor_may_do_what_the_store_asks_for(tmp_path: Path) -> None:
    client = prepared("bundle-writer")
    with (tmp_path / "sealed.zip").open("wb") as file:
        write_container(file, [measure("bagit.txt", b"x")])
    where = LockedBucket(client, STORE)
    where.prepare()
    assert "a.zip?versionId=" in where.put(tmp_path / "sealed.zip", "a.zip", AT)
    (tmp_path / "large").write_bytes(b"x" * (6 << 20))
    sent = upload("acme-bundles", "large", tmp_path / "large", "alias/acme", None)
    assert sent.send(client, part_bytes=5 << 20) is not None


@set_initial_no_auth_action_count(PREPARING)
@mock_aws
def test_ledger_writer_may_do_what_the_ledger_asks_for() -> None:
    ledger = LedgerBucket(prepared("ledger-writer"), "acme-ledger", "acme")
    assert ledger.create("leaves/000000000.json", b"first")
    assert not ledger.create("leaves/000000000.json", b"second")
    assert list(ledger.names()) == ["leaves/000000000.json"]
    assert ledger.read("leaves/000000001.json") is None


@set_initial_no_auth_action_count(PREPARING)
@mock_aws
def test_reader_may_not_write_and_is_told_which_right_is_missing() -> None:
    ledger = LedgerBucket(prepared("reader"), "acme-ledger", "acme")
    assert list(ledger.names()) == []
    with pytest.raises(OutputFailed, match="the role lacks a right"):
        ledger.create("leaves/000000000.json", b"first")
