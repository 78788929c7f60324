"""Buckets as evidence over the S3 protocol: settings of the moment, ages from inventories, and what cannot be had.

S3 is moto's server; it delivers no inventories, so the lists are ours. KMS and what moto answers wrongly are scripted.
"""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.judge import Evidence, judge
from evidence.errors import Terminal
from evidence.locker import Locker
from evidence.model import ExtractionCard, Period, Status, instant_text
from infra.aws import aws_client
from infra.aws_answers import Answers
from infra.bucket_objects import Bucket
from infra.bucket_settings import Wanted, read_bucket
from infra.family_rows import FamilyRows
from infra.inventory_files import columns_of, read_objects
from infra.inventory_rows import InventoryReading
from infra.limits import Limits
from infra.s3_inventory import chosen
from infra.source import Gathered, Gathering
from infra.sources.s3 import S3
from infra.tally import Tally
from tests.infra.bucket_inventory import (
    ACCOUNT,
    LISTS,
    PARQUET_SCHEMA,
    REGION,
    SCHEMA,
    SOURCE,
    World,
    as_csv,
    as_parquet,
    listed,
)
from tests.metamorphic.quick import QuickEngine
from tests.world import contract_of, gather_folder, write_evidence

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("identity")]
NOW = datetime(2125, 7, 1, tzinfo=UTC)  # the server dates what it takes by its own clock, which is before this
PERIOD = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 5, tzinfo=UTC))
DAYS = [datetime(2025, 6, day, 1, tzinfo=UTC) for day in (2, 3, 4)]
A = listed("in/a", "2025-06-01T10:00:00.000Z")
B = listed("in/b c+d", "2025-06-02T10:00:00.000Z", VersionId="v1")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch, s3: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", s3)


def gathering(folder: Path, **more: Any) -> Gathering:
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / f"tables-{len(list(folder.glob('tables-*')))}",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
        journals=folder / "journals",
        **more,
    )


def gather(folder: Path, s3: str, bucket: dict[str, Any] | None = None, **more: Any) -> Gathered:
    at = gathering(folder, **more)
    named = {"name": SOURCE, "system": "inference-log", "content": ["prompt"]} | (bucket or {})
    S3.model_validate({"account": ACCOUNT, "region": REGION, "endpoint": s3, "buckets": [named]}).gather(at)
    return at.gathered()


def rows(found: Gathered, family: str) -> list[dict[str, Any]]:
    return [row for path in found.tables[family] for row in pq.read_table(path).to_pylist()]


def card(found: Gathered, ending: str) -> ExtractionCard:
    (one,) = [card for card in found.cards if card.address.endswith(ending)]
    assert one.received == one.rows + one.not_relevant + one.duplicates + one.unreadable
    return one


def settings_of(found: Gathered) -> dict[str, str]:
    return {row["setting"]: row["value"] for row in rows(found, "settings")}


def lifecycle(found: Gathered) -> list[tuple[str, str, str | None]]:
    """Return record, last sighting and when it was gone."""
    told = [
        (r["record_id"], instant_text(r["snapshot_at"]), r["gone_by"] and instant_text(r["gone_by"]))
        for r in rows(found, "data_lifecycle")
    ]
    return sorted(told, key=lambda row: (row[0], row[1], row[2] or ""))


@pytest.mark.parametrize("form", ["CSV", "Parquet"])
def test_each_list_is_a_sighting_and_the_next_one_shows_what_went(tmp_path: Path, s3: str, form: str) -> None:
    world = World(s3, form=form)
    for day, objects in zip(DAYS, ([A], [A, B], [B]), strict=True):
        last = world.deliver(day, objects)
    found = gather(tmp_path, s3)
    a, b = "in/a@2025-06-01T10:00:00.000Z" if form == "CSV" else "in/a@2025-06-01T10:00:00Z", "in/b c+d@v1"
    assert lifecycle(found) == [
        (a, "2025-06-02T01:00:00Z", None),
        (a, "2025-06-03T01:00:00Z", None),
        (a, "2025-06-03T01:00:00Z", instant_text(world.delivered(last))),
        (b, "2025-06-03T01:00:00Z", None),
        (b, "2025-06-04T01:00:00Z", None),
    ]
    assert {row["captured_at"] for row in rows(found, "data_lifecycle")} == {
        datetime(2025, 6, 1, 10, tzinfo=UTC),
        datetime(2025, 6, 2, 10, tzinfo=UTC),
    }
    assert {row["system_id"] for row in rows(found, "data_lifecycle")} == {"inference-log"}
    assert all(one.complete for one in found.cards), [one.problems for one in found.cards]
    assert card(found, f"{last}/manifest.json").source_digest_verified


@pytest.mark.parametrize(("versioned", "goes"), [(True, False), (False, True)])
def test_a_list_of_current_versions_shows_no_end_of_a_version(
    versioned: bool, goes: bool, tmp_path: Path, s3: str
) -> None:
    """moto calls every list one of all versions, so the configuration is given here as S3 would state it."""
    world = World(s3)
    for day, objects in zip(DAYS, ([A], [], []), strict=True):
        world.deliver(day, objects)
    stated = world.s3.list_bucket_inventory_configurations(Bucket=SOURCE)["InventoryConfigurationList"]
    current = chosen([one | {"IncludedObjectVersions": "Current"} for one in stated], SOURCE, "")
    assert current is not None
    at = gathering(tmp_path)
    named = Wanted(SOURCE, "inference-log", ACCOUNT, content=("prompt",))
    source = S3.model_validate({"account": ACCOUNT, "region": REGION, "buckets": [{"name": SOURCE}]})
    with FamilyRows(at, "s3", sorted(S3.provides)) as into:
        reading = InventoryReading(source, at, into, named, REGION, current, versioned)
        assert reading.read(Bucket(world.s3, LISTS, at.locker)) == 3
        into.keep()
    assert any(gone for _, _, gone in lifecycle(at.gathered())) == goes


def test_a_list_without_versions_shows_no_end_of_one_whatever_the_inventory_lists_today(
    tmp_path: Path, s3: str
) -> None:
    world = World(s3)
    world.s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": "Enabled"})
    world.deliver(DAYS[0], [A])
    world.deliver(DAYS[1], [], fileSchema="Bucket, Key, LastModifiedDate")
    assert [gone for _, _, gone in lifecycle(gather(tmp_path, s3))] == [None]


def test_an_older_list_delivered_again_shows_nothing_to_be_gone(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    world.deliver(DAYS[0], [A, B])
    old = world.deliver(DAYS[1], [A], creationTimestamp=str(int(DAYS[0].timestamp() * 1000)))
    found = gather(tmp_path, s3)
    assert [gone for _, _, gone in lifecycle(found)] == [None, None]
    assert not card(found, f"{old}/manifest.json").complete


class _Silent:
    """S3 that answers where a bucket is, and refuses everything else."""

    def get_bucket_location(self, **_: Any) -> dict[str, Any]:
        return {"LocationConstraint": REGION}

    def __getattr__(self, name: str) -> Any:
        def refused(**_: Any) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, name)

        return refused


def test_what_s3_refused_to_say_is_no_setting(tmp_path: Path) -> None:
    source = S3.model_validate({"account": ACCOUNT, "region": REGION, "buckets": [{"name": SOURCE}]})
    answers = Answers(SOURCE, source, gathering(tmp_path))
    found = read_bucket(_Silent(), lambda _: None, Wanted(SOURCE, "log", ACCOUNT), answers, lambda: NOW)
    assert [row["setting"] for family, row in found.rows if family == "settings"] == ["s3_region"]
    assert len(answers.faults) == 6


def test_a_list_of_every_version_comes_before_one_of_current_ones() -> None:
    where = {"S3BucketDestination": {"Bucket": f"arn:aws:s3:::{LISTS}", "Format": "CSV"}}
    stated = [
        {"Id": name, "IsEnabled": enabled, "IncludedObjectVersions": versions, "Destination": where, "Filter": kept}
        for name, enabled, versions, kept in (
            ("a", True, "Current", {}),
            ("b", True, "All", {"Prefix": "in/"}),
            ("c", False, "All", {}),
            ("d", True, "All", {"Prefix": "out/"}),
        )
    ]
    assert [getattr(chosen(stated, SOURCE, prefix), "id", None) for prefix in ("in/x", "", "out/")] == ["b", "a", "d"]


def test_markers_other_prefixes_and_repeated_lines_are_counted_and_give_nothing(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    world.deliver(DAYS[0], [A, A, listed("other/x", "2025-06-01T10:00:00.000Z"), A | {"IsDeleteMarker": "true"}])
    found = gather(tmp_path, s3, {"prefix": "in/"})
    one = card(found, ".csv.gz")
    assert (one.rows, one.duplicates, one.not_relevant, one.unreadable) == (1, 1, 2, 0)
    assert len(lifecycle(found)) == 1


def test_a_line_that_cannot_be_read_is_lost_and_nothing_is_taken_for_gone(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    world.deliver(DAYS[0], [A])
    world.deliver(DAYS[1], [B | {"LastModifiedDate": "yesterday"}, B | {"Bucket": "another"}])
    found = gather(tmp_path, s3)
    one = card(found, f"{DAYS[1]:%Y%m%d%H%M}.csv.gz")
    assert (one.rows, one.unreadable) == (0, 2)
    assert [gone for _, _, gone in lifecycle(found)] == [None]


@pytest.mark.parametrize("form", ["CSV", "Parquet"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 4000), cut=st.integers(0, 60), junk=st.binary(max_size=20), packed=st.booleans())
def test_a_damaged_list_is_read_as_far_as_it_goes(
    form: str, at: int, cut: int, junk: bytes, packed: bool, tmp_path: Path
) -> None:
    good = (as_csv if form == "CSV" else as_parquet)([listed(f"k{n}", "2025-06-01T10:00:00.000Z") for n in range(9)])
    whole = good if packed or form == "Parquet" else gzip.decompress(good)
    path, tally = tmp_path / "list", Tally("list")
    path.write_bytes(whole[: at % len(whole)] + junk + whole[at % len(whole) + cut :])
    columns = columns_of(form, SCHEMA if form == "CSV" else PARQUET_SCHEMA)
    found = list(read_objects(path, form, columns, SOURCE, Limits(), tally))
    assert len(found) >= 9 or tally.unreadable


def data_of(moment: datetime) -> str:
    return f"lists/{SOURCE}/daily/data/{moment:%Y%m%d%H%M}.csv.gz"


def test_a_list_that_is_not_what_its_checksums_say_is_not_read(tmp_path: Path, s3: str) -> None:
    """The first one is whole; of the others a file or a checksum is changed or missing."""
    world = World(s3)
    world.deliver(DAYS[0], [A])
    moments = [DAYS[1] + timedelta(hours=number) for number in range(4)]
    folders = [world.deliver(moment, [B]) for moment in moments]
    world.put(data_of(moments[0]), b"another file")
    world.s3.delete_object(Bucket=LISTS, Key=f"{folders[1]}/manifest.checksum")
    world.put(f"{folders[2]}/manifest.json", b'{"files": []}')
    world.s3.delete_object(Bucket=LISTS, Key=data_of(moments[3]))
    found = gather(tmp_path, s3)
    assert [(record, gone) for record, _, gone in lifecycle(found)] == [("in/a@2025-06-01T10:00:00.000Z", None)]
    for folder in folders:
        one = card(found, f"{folder}/manifest.json")
        assert (one.complete, "data_lifecycle" in one.families) == (False, True)


def test_a_manifest_that_says_something_else_is_refused(tmp_path: Path, s3: str) -> None:
    world, wrong = (
        World(s3),
        (
            ({"fileFormat": "ORC"}, "ORC is not read"),
            ({"sourceBucket": "another"}, "of another bucket"),
            ({"fileSchema": "Bucket, Key, Size"}, "does not list LastModifiedDate"),
            ({"creationTimestamp": str(2**43)}, "begun after it was delivered"),
            ({"creationTimestamp": "1e999"}, "invalid literal"),
            ({"files": 5}, "not iterable"),
        ),
    )
    folders = [world.deliver(DAYS[0] + timedelta(hours=n), [A], **change) for n, (change, _) in enumerate(wrong)]
    found = gather(tmp_path, s3)
    for folder, (_, why) in zip(folders, wrong, strict=True):
        one = card(found, f"{folder}/manifest.json")
        assert not one.complete
        assert why in " ".join(one.problems)
    assert lifecycle(found) == []


def test_a_list_beyond_the_limit_is_incomplete_and_nothing_is_taken_for_gone(
    tmp_path: Path, s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.inventory_rows.MAX_OBJECTS", 1)
    world = World(s3)
    world.deliver(DAYS[0], [A])
    world.deliver(DAYS[1], [B, A])
    found = gather(tmp_path, s3)
    one = card(found, f"{DAYS[1]:%Y%m%d%H%M}.csv.gz")
    assert (one.rows, one.unreadable, one.complete) == (1, 1, False)
    assert [gone for _, _, gone in lifecycle(found)] == [None, None]


def test_without_an_inventory_that_covers_the_prefix_no_age_is_known(tmp_path: Path, s3: str) -> None:
    World(s3, filtered="elsewhere/")
    one = card(gather(tmp_path, s3), f"s3://{SOURCE}")
    assert (one.complete, "data_lifecycle" in one.families) == (False, True)
    assert "ages cannot be known" in " ".join(one.problems)


def test_lists_outside_the_allowed_regions_are_not_fetched(tmp_path: Path, s3: str) -> None:
    World(s3).deliver(DAYS[0], [A])
    found = gather(tmp_path, s3, evidence_regions=frozenset({"eu-west-1"}))
    assert "`evidence_regions`" in " ".join(card(found, f"s3://{SOURCE}").problems)
    assert rows(found, "data_lifecycle") == []


def test_a_host_that_is_not_on_the_list_for_egress_is_not_asked(tmp_path: Path, s3: str) -> None:
    with pytest.raises(Terminal, match="egress"):
        gather(tmp_path, s3, egress=frozenset({"s3.eu-central-1.amazonaws.com"}))


def test_a_lifecycle_rule_is_a_setting_and_says_nothing_of_any_age(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": "in/"}, "Expiration": {"Days": 1}}
    world.s3.put_bucket_lifecycle_configuration(Bucket=SOURCE, LifecycleConfiguration={"Rules": [rule]})
    found = gather(tmp_path, s3, {"content": []})
    assert settings_of(found)["s3_lifecycle_rule"] == "Enabled: current versions after 1 days, noncurrent after no days"
    assert "data_lifecycle" not in found.tables  # an empty table would say that nothing was stored


@pytest.mark.parametrize(
    ("days", "limit", "content", "status"),
    [
        (([A], []), "36500d", ["prompt"], Status.MET),
        (([A], []), "24h", ["prompt"], Status.UNPROVEN),
        (([A], [A], []), "24h", ["prompt"], Status.BREACHED),
        (([A], []), "36500d", [], Status.UNPROVEN),
    ],
    ids=["gone within the limit", "gone some time after a day", "seen after two days", "a lifecycle rule alone"],
)
def test_a_limit_is_kept_when_lists_show_it_and_never_by_a_rule(
    days: tuple[list[dict[str, Any]], ...], limit: str, content: list[str], status: Status, tmp_path: Path, s3: str
) -> None:
    """The last list is delivered when the server takes it, years after: so long the object may have been there."""
    world = World(s3)
    rule = {"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    world.s3.put_bucket_lifecycle_configuration(Bucket=SOURCE, LifecycleConfiguration={"Rules": [rule]})
    for day, objects in zip(DAYS, days, strict=False):
        world.deliver(day, objects)
    stated = {"period_start": instant_text(PERIOD.start), "period_end": instant_text(PERIOD.end), "metric": "records"}
    inventory = {"system_id": "inference-log", "kind": "log", "holds_content": True, "in_scope": True}
    write_evidence(
        tmp_path / "evidence",
        {"usage_totals": [stated | {"meter": "gateway", "value": 1}], "system_inventory": [inventory]},
    )
    found = [gather(tmp_path, s3, {"content": content}), gather_folder(tmp_path, PERIOD)]
    tables: dict[str, list[Path]] = {}
    for one in found:
        for family, parts in one.tables.items():
            tables.setdefault(family, []).extend(parts)
    terms = {"max_age": limit, "content": ["prompt"], "systems": ["inference-log"]}
    evidence = Evidence(frozenset(tables), tuple(card for one in found for card in one.cards))
    contract = contract_of("data-retention-limit", terms)
    (finding,) = judge(contract, PERIOD, NOW, evidence, QuickEngine(tables)).findings
    assert finding.status == status, finding


def test_a_bucket_is_stored_where_it_is_and_its_key_lies_where_it_lies(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    world.deliver(DAYS[0], [A])
    key = aws_client("kms", "eu-west-1").create_key()["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    world.s3.put_bucket_encryption(
        Bucket=SOURCE,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    found = gather(tmp_path, s3, {"tenants": ["acme"]})
    placed = {(r["activity"], r["region_code"], r["resource_id"]) for r in rows(found, "processing_activity")}
    assert placed == {("store", REGION, "inference-log"), ("key", "eu-west-1", key)}
    dated = {r["occurred_at"] for r in rows(found, "processing_activity") if r["activity"] == "store"}
    assert dated == {NOW, DAYS[0]}
    (owned,) = rows(found, "encryption_keys")
    assert (owned["key_id"], owned["state"], owned["tenant_ids"]) == (key, "enabled", ["acme"])
    stores = {(r["applies_to"], r["encrypted"], r["algorithm"]) for r in rows(found, "storage_configs")}
    assert stores == {("new-writes", True, "AES-256"), ("all", True, "AES-256")}


@pytest.mark.parametrize(("back", "dated"), [(timedelta(minutes=5), True), (timedelta(days=30), False)])
def test_an_answer_is_dated_to_the_audit_that_asks_and_not_to_one_long_past(
    back: timedelta, dated: bool, tmp_path: Path, s3: str
) -> None:
    World(s3)
    found = gather(tmp_path, s3, {"content": []}, as_of=NOW - back)
    assert {row["captured_at"] for row in rows(found, "settings")} == {NOW - back if dated else NOW}


def test_one_object_that_is_not_encrypted_is_shown(tmp_path: Path, s3: str) -> None:
    World(s3).deliver(DAYS[0], [A, B | {"EncryptionStatus": "NOT-SSE"}])
    (one,) = rows(gather(tmp_path, s3), "storage_configs")
    assert (one["encrypted"], one["algorithm"], one["applies_to"]) == (False, "none", "all")


def test_a_list_of_a_part_of_the_bucket_does_not_show_that_all_is_encrypted(tmp_path: Path, s3: str) -> None:
    World(s3, filtered="in/").deliver(DAYS[0], [A])
    assert rows(gather(tmp_path, s3, {"prefix": "in/"}), "storage_configs") == []


def test_a_replication_rule_points_to_where_its_bucket_is_or_to_nowhere_known(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    for name in (SOURCE, LISTS):
        world.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    rules = [
        {"ID": name, "Status": status, "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{target}"}}
        for name, status, target in (("near", "Enabled", LISTS), ("gone", "Disabled", "nobodys-bucket"))
    ]
    world.s3.put_bucket_replication(
        Bucket=SOURCE, ReplicationConfiguration={"Role": "arn:aws:iam::111122223333:role/x", "Rules": rules}
    )
    found = gather(tmp_path, s3, {"content": []})
    told = {
        (r["rule_id"].rpartition("/")[2], r["region_code"], r["enabled"]) for r in rows(found, "replication_configs")
    }
    assert told == {("near", REGION, True), ("gone", None, False)}
    assert not card(found, f"s3://{SOURCE}").complete


def test_a_bucket_without_replication_rules_says_that_somebody_looked(tmp_path: Path, s3: str) -> None:
    World(s3)
    (row,) = rows(gather(tmp_path, s3, {"content": []}), "replication_configs")
    assert row["rule_id"].endswith(f"{SOURCE}/none")
    assert (row["region_code"], row["enabled"]) == (REGION, False)


def test_a_bucket_that_is_not_there_is_on_its_card_and_gives_no_row(tmp_path: Path, s3: str) -> None:
    found = gather(tmp_path, s3, {"name": "nobodys-bucket"})
    one = card(found, "s3://nobodys-bucket")
    assert (one.complete, one.rows) == (False, 0)
    assert "NoSuchBucket" in " ".join(one.problems)
    assert all(rows(found, family) == [] for family in set(found.tables) - {"settings"})


def test_nothing_is_fetched_twice_and_the_second_run_says_the_same(tmp_path: Path, s3: str) -> None:
    world = World(s3)
    for day in DAYS[:2]:
        world.deliver(day, [A])
    first, second = gather(tmp_path, s3), gather(tmp_path, s3)
    assert lifecycle(first) == lifecycle(second)
    kept = (next(iter((tmp_path / "journals").glob("s3-*.jsonl")))).read_bytes()
    assert len(kept.splitlines()) == 6
    assert {one.identity for one in second.cards} == {"AWS env …1234"}
