"""The store under Object Lock: what is asked of the service, and that nothing counts before it came back unchanged."""
# ruff: noqa: N803 - the arguments of boto3

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from pydantic import ValidationError

from evidence.container import measure, open_file, read_container, write_container
from evidence.errors import BadInput, DigestMismatch, OutputFailed
from infra.locked_bucket import LockedBucket
from infra.store_s3 import S3Store, retain_until
from tests.infra.vault import NOW, Bucket, Vault, checksum, refused

CONFIG: dict[str, Any] = {
    "kind": "s3",
    "bucket": "audits",
    "prefix": "acme",
    "kms_key": "alias/audits",
    "retain": "10y",
    "disclosures": {"bucket": "personal", "kms_key": "alias/personal"},
}
KEY = "acme/audit-1.zip"
UNTIL = datetime(2035, 7, 2, 10, tzinfo=UTC)
LINES = b'{"salt":"00"}\n'


def config(**changes: Any) -> S3Store:
    return S3Store.model_validate(CONFIG | changes)


@pytest.fixture
def vault() -> Vault:
    return Vault(audits=Bucket(), personal=Bucket(versioning=None, lock=False))


def bundle(folder: Path, lines: bytes = b"") -> Path:
    folder.mkdir(exist_ok=True)
    members = {"bagit.txt": b"BagIt\n", "data/a.txt": b"x" * 5000}
    members |= {"disclosures/personal.jsonl": lines} if lines else {}
    with (folder / "sealed.zip").open("wb") as file:
        write_container(file, [measure(name, data) for name, data in members.items()])
    return folder / "sealed.zip"


def names(path: Path) -> set[str]:
    with open_file(path) as file:
        return set(read_container(file).entries)


def put(vault: Any, sealed: Path, at: datetime = NOW, part_bytes: int = 1 << 24) -> str:
    return LockedBucket(vault, config(), part_bytes).put(sealed, "audit-1.zip", at)


def test_bundle_is_stored_under_lock_and_its_address_has_the_version(vault: Vault, tmp_path: Path) -> None:
    sealed = bundle(tmp_path)
    assert put(vault, sealed) == f"s3://audits/{KEY}?versionId=v1"
    (stored,) = vault.buckets["audits"].keys[KEY]
    assert stored.data == sealed.read_bytes()
    wanted = {
        "ServerSideEncryption": "aws:kms",
        "SSEKMSKeyId": "alias/audits",
        "ObjectLockMode": "COMPLIANCE",
        "ObjectLockRetainUntilDate": UNTIL,
        "ChecksumAlgorithm": "SHA256",
        "IfNoneMatch": "*",
    }
    assert {name: stored.stated.get(name) for name in wanted} == wanted


def test_the_version_that_was_written_is_the_one_read_back(vault: Vault, tmp_path: Path) -> None:
    put(vault, bundle(tmp_path))
    assert ("get_object", {"Key": KEY, "VersionId": "v1"}) in vault.asked


def test_disclosures_go_apart_without_a_lock_and_before_the_bundle(vault: Vault, tmp_path: Path) -> None:
    put(vault, bundle(tmp_path, LINES))
    (apart,) = vault.buckets["personal"].keys["disclosures/audit-1.disclosures.jsonl"]
    (locked,) = vault.buckets["audits"].keys[KEY]
    assert apart.data == LINES
    assert "ObjectLockMode" not in apart.stated
    assert apart.stated["SSEKMSKeyId"] == "alias/personal"
    assert b"disclosures/" not in locked.data
    assert [asked["Bucket"] for what, asked in vault.asked if what == "put"] == ["personal", "audits"]


def test_what_is_locked_is_the_bundle_as_it_would_be_after_redaction(vault: Vault, tmp_path: Path) -> None:
    put(vault, bundle(tmp_path / "with", LINES))
    without = bundle(tmp_path / "without")
    assert vault.buckets["audits"].keys[KEY][0].data == without.read_bytes()
    assert names(without) == {"bagit.txt", "data/a.txt"}


def test_large_bundle_goes_up_in_parts_and_no_more_than_one_is_held(vault: Vault, tmp_path: Path) -> None:
    sealed = bundle(tmp_path)
    assert put(vault, sealed, part_bytes=1000).endswith("?versionId=v1")
    (stored,) = vault.buckets["audits"].keys[KEY]
    assert stored.data == sealed.read_bytes()
    assert (vault.largest, stored.stated["ObjectLockRetainUntilDate"], vault.unfinished) == (1000, UNTIL, {})
    (begun,) = [asked for what, asked in vault.asked if what == "create_multipart_upload"]
    assert begun["ChecksumAlgorithm"] == "SHA256"


def test_the_same_bundle_again_is_done_and_keeps_the_lock_it_has(vault: Vault, tmp_path: Path) -> None:
    sealed = bundle(tmp_path, LINES)
    first = put(vault, sealed)
    assert put(vault, sealed, at=NOW + timedelta(days=40)) == first
    (stored,) = vault.buckets["audits"].keys[KEY]
    assert stored.stated["ObjectLockRetainUntilDate"] == UNTIL


@pytest.mark.parametrize("part_bytes", [1000, 1 << 24])
def test_another_bundle_of_the_name_is_never_replaced(vault: Vault, tmp_path: Path, part_bytes: int) -> None:
    put(vault, bundle(tmp_path / "one"))
    other = tmp_path / "other.zip"
    other.write_bytes(bundle(tmp_path / "two").read_bytes().replace(b"BagIt", b"BagIT"))
    with (tmp_path / "other.zip").open("wb") as file:
        write_container(file, [measure("bagit.txt", b"other" * 500)])
    with pytest.raises(OutputFailed, match="other bytes"):
        put(vault, other, part_bytes=part_bytes)
    assert len(vault.buckets["audits"].keys[KEY]) == 1
    assert vault.unfinished == {}


def test_lock_that_an_attacker_set_shorter_before_is_noticed(vault: Vault, tmp_path: Path) -> None:
    sealed = bundle(tmp_path)
    data = sealed.read_bytes()
    stated = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": NOW, "ServerSideEncryption": "aws:kms"}
    vault.put_object(Bucket="audits", Key=KEY, Body=data, ChecksumSHA256=checksum(data), **stated)
    with pytest.raises(DigestMismatch, match="is locked COMPLIANCE until 2025-07-02"):
        put(vault, sealed)


class Careless(Vault):
    """A service that keeps something else than it was sent; `loses` names what it forgets or falsifies."""

    loses: str = ""

    def get_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        answer = super().get_object(Bucket, Key, VersionId)
        if self.loses == "Body":
            answer["Body"] = type(answer["Body"])(answer["Body"].read()[:-1] + b"!")
        elif self.loses == "until":
            answer["ObjectLockRetainUntilDate"] -= timedelta(days=1)
        elif self.loses == "mode":
            answer["ObjectLockMode"] = "GOVERNANCE"
        else:
            del answer[self.loses]
        return answer


@pytest.mark.parametrize(
    ("loses", "said"),
    [
        ("Body", "came back with SHA-256"),
        ("until", "is locked COMPLIANCE until 2035-07-01"),
        ("mode", "is locked GOVERNANCE"),
        ("ObjectLockMode", "is locked not at all"),
        ("ServerSideEncryption", "not with aws:kms"),
    ],
)
def test_what_comes_back_otherwise_is_an_integrity_error_that_says_what_to_do(
    tmp_path: Path, loses: str, said: str
) -> None:
    careless = Careless(audits=Bucket(), personal=Bucket(lock=False))
    careless.loses = loses
    with pytest.raises(DigestMismatch, match="STORED_OTHERWISE") as error:
        put(careless, bundle(tmp_path))
    assert error.value.exit_code == 4
    assert said in str(error.value)
    assert "audit --resume" in str(error.value)


def test_disclosures_that_end_under_a_lock_are_an_integrity_error(tmp_path: Path) -> None:
    vault = Vault(audits=Bucket(), personal=Bucket(default="GOVERNANCE"))
    with pytest.raises(DigestMismatch, match="must stay deletable"):
        put(vault, bundle(tmp_path, LINES))


def test_nobody_shortens_or_deletes_what_was_stored(vault: Vault, tmp_path: Path) -> None:
    put(vault, bundle(tmp_path))
    for shorter in ({"Mode": "COMPLIANCE", "RetainUntilDate": NOW}, {"Mode": "GOVERNANCE", "RetainUntilDate": UNTIL}):
        with pytest.raises(ClientError, match="AccessDenied"):
            vault.put_object_retention(Bucket="audits", Key=KEY, Retention=shorter)
    with pytest.raises(ClientError, match="AccessDenied"):
        vault.delete_object("audits", KEY, "v1", BypassGovernanceRetention=True)
    vault.put_object_retention("audits", KEY, {"Mode": "COMPLIANCE", "RetainUntilDate": UNTIL + timedelta(days=1)})


@pytest.mark.parametrize(
    ("buckets", "code"),
    [
        ({"personal": Bucket(lock=False)}, "S001"),
        ({"audits": Bucket()}, "S001"),
        ({"audits": Bucket(versioning="Suspended"), "personal": Bucket(lock=False)}, "S002"),
        ({"audits": Bucket(lock=False), "personal": Bucket(lock=False)}, "S003"),
        ({"audits": Bucket(), "personal": Bucket(default="COMPLIANCE")}, "S004"),
    ],
)
def test_bucket_that_cannot_do_it_is_refused_before_any_work(buckets: dict[str, Bucket], code: str) -> None:
    with pytest.raises(BadInput, match=rf"error\[{code}\]") as error:
        LockedBucket(Vault(**buckets), config()).prepare()
    assert "infra/terraform" in str(error.value) or "store.disclosures" in str(error.value)


def test_suitable_buckets_are_only_asked(vault: Vault) -> None:
    LockedBucket(vault, config()).prepare()
    assert [what for what, _ in vault.asked if what == "put"] == []


class Refusing(Vault):
    code = "AccessDenied"

    def put_object(self, **_: Any) -> dict[str, Any]:
        raise refused(self.code, "PutObject")


@pytest.mark.parametrize(
    ("code", "advice"),
    [("AccessDenied", "lacks a right"), ("ExpiredToken", "standard chain"), ("SlowDown", "at most 5 times")],
)
def test_request_that_fails_for_good_says_why(tmp_path: Path, code: str, advice: str) -> None:
    vault = Refusing(audits=Bucket())
    vault.code = code
    with pytest.raises(OutputFailed, match=advice):
        put(vault, bundle(tmp_path))


class Breaking(Vault):
    """Its connection breaks the first times something is read."""

    breaks = 2

    def get_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        answer = super().get_object(Bucket, Key, VersionId)
        if self.breaks:
            self.breaks -= 1
            raise ReadTimeoutError(endpoint_url="s3")
        return answer


@pytest.mark.parametrize(("breaks", "stored"), [(2, True), (3, False)])
def test_reading_back_is_tried_again_within_bounds(tmp_path: Path, breaks: int, stored: bool) -> None:
    vault = Breaking(audits=Bucket())
    vault.breaks = breaks
    if stored:
        assert put(vault, bundle(tmp_path)).endswith("?versionId=v1")
    else:
        with pytest.raises(OutputFailed, match="cannot read back"):
            put(vault, bundle(tmp_path))


@pytest.mark.parametrize(
    ("at", "retain", "until"),
    [
        ("2025-07-02T10:00:00.5+00:00", "10y", "2035-07-02T10:00:00+00:00"),
        ("2025-07-02T10:00:00+00:00", "3650d", "2035-06-30T10:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", "1y", "2029-03-01T10:00:00+00:00"),
        ("2028-02-29T10:00:00+00:00", "4y", "2032-03-01T10:00:00+00:00"),
    ],
)
def test_retention_is_calendar_time_and_never_a_day_less(at: str, retain: str, until: str) -> None:
    assert retain_until(datetime.fromisoformat(at), retain) == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    "changes",
    [
        {"retain": "10"},
        {"retain": "0d"},
        {"retain": "101y"},
        {"retain": "36501d"},
        {"bucket": "No_Such_Name"},
        {"endpoint": "https://user:secret@s3.example"},
        {"disclosures": {"prefix": "acme"}},
        {"disclosures": None},
        {"kms_key": None},
        {"access_key": "AKIA"},
    ],
)
def test_configuration_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(**changes)


def test_a_stored_bundle_is_read_back_by_its_name(vault: Vault, tmp_path: Path) -> None:
    sealed = bundle(tmp_path / "in")
    put(vault, sealed)
    found = LockedBucket(vault, config()).fetch("audit-1.zip", tmp_path)
    assert found is not None
    assert found.read_bytes() == sealed.read_bytes()


def test_a_bundle_that_is_not_stored_is_none(vault: Vault, tmp_path: Path) -> None:
    assert LockedBucket(vault, config()).fetch("audit-2.zip", tmp_path) is None
    assert list(tmp_path.iterdir()) == []
