"""Buckets whose name somebody else has taken: moto knows no owners, so requests are refused here."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from evidence.locker import Locker
from evidence.model import Period
from infra import aws
from infra.examination import Examination, Outcome
from infra.source import Gathered, Gathering
from infra.sources.s3 import S3
from tests.infra.bucket_inventory import ACCOUNT, LISTS, REGION, SOURCE, World, listed

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("identity")]
NOW = datetime(2125, 7, 1, tzinfo=UTC)
PERIOD = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 5, tzinfo=UTC))
DAY = datetime(2025, 6, 2, 1, tzinfo=UTC)
STRANGER = "999988887777"
ELSEWHERE = "replicas"


class _Refusal(io.BytesIO):
    def stream(self, **_: Any) -> list[bytes]:
        return [self.read()]


class Owners:
    """Who owns which bucket. A request that expects another owner is refused, as S3 does it."""

    def __init__(self, **owners: str) -> None:
        self.owners = {SOURCE: ACCOUNT, LISTS: ACCOUNT} | owners
        self.unasked: list[str] = []

    def __call__(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        bucket = request.url.split("?")[0].split("/")[3]
        expected = request.headers.get("x-amz-expected-bucket-owner")
        if expected is None:
            self.unasked.append(bucket)
        elif (expected.decode() if isinstance(expected, bytes) else expected) != self.owners[bucket]:
            said = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
            return AWSResponse(request.url, 403, {}, _Refusal(said))
        return None


@pytest.fixture
def world(s3: str, identity: None) -> World:
    found = World(s3)
    found.deliver(DAY, [listed("in/a", "2025-06-01T10:00:00.000Z")])
    return found


def asking(monkeypatch: pytest.MonkeyPatch, owners: Owners) -> None:
    made = aws.aws_client

    def client(service: str, *args: Any, **more: Any) -> Any:
        found = made(service, *args, **more)
        if service == "s3":
            found.meta.events.register("before-send", owners)
        return found

    monkeypatch.setattr(aws, "aws_client", client)


def source(s3: str) -> S3:
    named = {"name": SOURCE, "content": ["prompt"]}
    return S3.model_validate({"account": ACCOUNT, "region": REGION, "endpoint": s3, "buckets": [named]})


def gather(folder: Path, s3: str) -> Gathered:
    at = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
    )
    source(s3).gather(at)
    return at.gathered()


def rows(found: Gathered) -> dict[str, int]:
    return {family: sum(pq.read_metadata(path).num_rows for path in paths) for family, paths in found.tables.items()}


@pytest.mark.usefixtures("world")
def test_every_question_says_whose_the_bucket_must_be(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asking(monkeypatch, owners := Owners())
    found = gather(tmp_path, s3)
    assert owners.unasked == []
    assert all(card.complete for card in found.cards)
    assert rows(found)["data_lifecycle"] == 1


@pytest.mark.usefixtures("world")
def test_a_bucket_that_a_stranger_made_under_the_name_gives_no_row(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, Owners(**{SOURCE: STRANGER}))
    found = gather(tmp_path, s3)
    (card,) = found.cards
    assert set(rows(found).values()) == {0}
    assert not card.complete
    assert "AccessDenied" in " ".join(card.problems)


@pytest.mark.usefixtures("world")
def test_lists_in_a_bucket_of_a_stranger_show_no_age(tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asking(monkeypatch, Owners(**{LISTS: STRANGER}))
    found = gather(tmp_path, s3)
    assert rows(found)["data_lifecycle"] == 0
    assert ["data_lifecycle" in card.families for card in found.cards if not card.complete] == [True]


def test_lists_are_read_of_the_account_that_the_inventory_states(
    world: World, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """moto states no account of a destination, so what S3 would answer is put into its answer."""
    stated = world.s3.list_bucket_inventory_configurations(Bucket=SOURCE)["InventoryConfigurationList"]
    stated[0]["Destination"]["S3BucketDestination"]["AccountId"] = STRANGER
    monkeypatch.setattr("infra.bucket_settings._inventories", lambda *_: iter(stated))
    asking(monkeypatch, Owners(**{LISTS: STRANGER}))
    assert rows(gather(tmp_path, s3))["data_lifecycle"] == 1


@pytest.mark.parametrize(("stated", "region"), [({}, REGION), ({"Account": ACCOUNT}, None)])
def test_a_copy_goes_to_whoever_has_the_name_unless_the_rule_states_whose_it_is(
    stated: dict[str, str], region: str | None, world: World, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.s3.create_bucket(Bucket=ELSEWHERE, CreateBucketConfiguration={"LocationConstraint": REGION})
    for name in (SOURCE, ELSEWHERE):
        world.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    target = {"Bucket": f"arn:aws:s3:::{ELSEWHERE}"} | stated
    rules = [{"ID": "copy", "Status": "Enabled", "Prefix": "", "Destination": target}]
    world.s3.put_bucket_replication(
        Bucket=SOURCE, ReplicationConfiguration={"Role": f"arn:aws:iam::{ACCOUNT}:role/x", "Rules": rules}
    )
    asking(monkeypatch, Owners(**{ELSEWHERE: STRANGER}))
    (table,) = gather(tmp_path, s3).tables["replication_configs"]
    assert pq.read_table(table).column("region_code").to_pylist() == [region]


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("owner", "outcome"), [(ACCOUNT, Outcome.FINE), (STRANGER, Outcome.UNREADABLE)])
def test_doctor_asks_as_gathering_does(
    owner: str, outcome: Outcome, tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, owners := Owners(**{SOURCE: owner}))
    seen = list(source(s3).examine(Examination(root=tmp_path, now=lambda: NOW)))
    assert {one.outcome for one in seen} == {outcome}
    assert owners.unasked == []
