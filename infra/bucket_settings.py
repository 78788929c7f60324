"""How a bucket is set up, as S3 and KMS answer: where it is, what encrypts it, what is deleted when, what is copied.

Sources: S3 API `GetBucketLocation`, `GetBucketVersioning`, `GetBucketLifecycleConfiguration`, `GetBucketEncryption`,
`GetBucketReplication`, `GetObjectLockConfiguration`, `ListBucketInventoryConfigurations`; KMS API `DescribeKey`. Each
answer holds for the moment of asking. A lifecycle rule is a setting and no more: it runs once a day and shows nothing
of any object's age.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from evidence.model import instant_text
from infra.aws_answers import Answers
from infra.bucket_objects import owned, region_of
from infra.family_rows import Row

PROVIDER = "aws"
#: S3 answers these where nothing is set; of encryption only imitations of S3 do, which says nothing of a store.
NOTHING_SET = frozenset(
    {
        *("NoSuchLifecycleConfiguration", "ReplicationConfigurationNotFoundError"),
        *("ObjectLockConfigurationNotFoundError", "ServerSideEncryptionConfigurationNotFoundError"),
    }
)
KEY_STATES = {"Enabled": "enabled", "Disabled": "disabled", "PendingDeletion": "pending-deletion"}
MAX_INVENTORIES = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A bucket as the audit file names it: what system of which account it is, what its objects hold, and whose."""

    name: str
    system: str
    account: str
    prefix: str = ""
    content: tuple[str, ...] = ()
    tenants: tuple[str, ...] = ()

    @property
    def arn(self) -> str:
        """Return the bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"


@dataclass(slots=True)
class BucketSettings:
    """What was learned of one bucket; `rows` are of several families, `inventories` configurations as S3 gives them."""

    region: str | None = None
    versioned: bool = True
    inventories: tuple[Mapping[str, Any], ...] = ()
    rows: list[Row] = field(default_factory=list)


def read_bucket(
    s3: Any, kms_in: Callable[[str], Any], bucket: Wanted, answers: Answers, observed: Callable[[], datetime]
) -> BucketSettings:
    """Ask everything about one bucket; what cannot be had is a fault of `answers`, and gives no row.

    `observed` says to which instant what is answered is dated.
    """
    name = owned(bucket.name, bucket.account)
    located = answers.ask("GetBucketLocation", lambda: s3.get_bucket_location(**name))
    found = BucketSettings(region_of(located) if "GetBucketLocation" in answers.answers else None)
    versioning = answers.ask("GetBucketVersioning", lambda: s3.get_bucket_versioning(**name))
    found.versioned = "GetBucketVersioning" not in answers.answers or "Status" in versioning
    lifecycle = answers.ask(
        "GetBucketLifecycleConfiguration", lambda: s3.get_bucket_lifecycle_configuration(**name), NOTHING_SET
    )
    encryption = answers.ask("GetBucketEncryption", lambda: s3.get_bucket_encryption(**name), NOTHING_SET)
    replication = answers.ask("GetBucketReplication", lambda: s3.get_bucket_replication(**name), NOTHING_SET)
    lock = answers.ask("GetObjectLockConfiguration", lambda: s3.get_object_lock_configuration(**name), NOTHING_SET)
    found.inventories = tuple(_inventories(s3, bucket, answers))
    rules = _listed(replication.get("ReplicationConfiguration"), "Rules")
    destinations = {copied: _destination(s3, *copied, answers) for copied in sorted({_copied(rule) for rule in rules})}
    when = instant_text(observed())
    found.rows += _placed(bucket, found.region, when)
    # A call that failed says nothing: only one that was answered may say that nothing is set.
    if "GetBucketLifecycleConfiguration" in answers.answers:
        found.rows += _lifecycle(bucket, lifecycle, when)
    if "GetBucketVersioning" in answers.answers:
        found.rows.append(_setting(bucket, "s3_versioning", str(versioning.get("Status", "never enabled")), when))
    if "GetObjectLockConfiguration" in answers.answers:
        found.rows.append(_locked(bucket, lock, when))
    if "GetBucketReplication" in answers.answers:
        found.rows += _replicated(bucket, rules, destinations, when) if rules else [_alone(bucket, found.region, when)]
    found.rows += _encrypted(bucket, encryption, kms_in, found.region, answers, when)
    return found


def _copied(rule: Mapping[str, Any]) -> tuple[str, str]:
    """Return the ARN of the bucket that a rule copies to, and its account, which a rule need not state."""
    stated = rule.get("Destination") or {}
    return str(stated.get("Bucket", "")), str(stated.get("Account", ""))


def _destination(s3: Any, arn: str, account: str, answers: Answers) -> str | None:
    """Return the region of a bucket that content is copied to; None where nobody tells us.

    S3 copies to whoever has that name, of whatever account: where the rule states none, the place is asked of all.
    """
    other = arn.rpartition(":")[2]
    if not other:
        return None
    call = f"GetBucketLocation of {other}"
    answer = answers.ask(call, partial(s3.get_bucket_location, **owned(other, account)))
    return region_of(answer) if call in answers.answers else None


def _listed(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def _inventories(s3: Any, bucket: Wanted, answers: Answers) -> Iterator[Mapping[str, Any]]:
    """Yield the bucket's inventory configurations; S3 pages them without a paginator of botocore's."""
    token: str | None = None
    for number in range(MAX_INVENTORIES):
        more = owned(bucket.name, bucket.account) | ({} if token is None else {"ContinuationToken": token})
        call = f"ListBucketInventoryConfigurations {number + 1}"
        page = answers.ask(call, partial(s3.list_bucket_inventory_configurations, **more))
        yield from _listed(page, "InventoryConfigurationList")
        token = page.get("NextContinuationToken")
        if not page.get("IsTruncated") or token is None:
            return
    answers.faults.append(f"s3://{bucket.name}: more than {MAX_INVENTORIES} pages of inventory configurations")


def _setting(bucket: Wanted, setting: str, value: str, when: str, scope: str = "") -> Row:
    where = f"s3://{bucket.name}/{scope}" if scope else f"s3://{bucket.name}"
    return "settings", {"setting": setting, "scope": where, "value": value, "captured_at": when}


def _placed(bucket: Wanted, region: str | None, when: str) -> Iterator[Row]:
    """A bucket never moves: what is in it now is stored where it is."""
    if region is None:
        return
    yield _setting(bucket, "s3_region", region, when)
    yield (
        "processing_activity",
        {
            "activity_id": f"{bucket.arn}@{when}",
            "activity": "store",
            "occurred_at": when,
            "provider": PROVIDER,
            "region_code": region,
            "resource_id": bucket.system,
            "outcome": "ok",
        },
    )


def _lifecycle(bucket: Wanted, answer: Mapping[str, Any], when: str) -> Iterator[Row]:
    rules = _listed(answer, "Rules")
    for rule in rules:
        kept = rule.get("Filter") or {}
        scope = str(kept.get("Prefix") or (kept.get("And") or {}).get("Prefix") or rule.get("Prefix") or "")
        narrowed = bool(set(kept) - {"Prefix", "And"} or set(kept.get("And") or {}) - {"Prefix"})
        said = [
            f"current versions after {(rule.get('Expiration') or {}).get('Days', 'no')} days",
            f"noncurrent after {(rule.get('NoncurrentVersionExpiration') or {}).get('NoncurrentDays', 'no')} days",
        ]
        value = f"{rule.get('Status', 'no status')}: {', '.join(said)}{', of some objects' if narrowed else ''}"
        yield _setting(bucket, "s3_lifecycle_rule", value, when, scope)
    if not rules:
        yield _setting(bucket, "s3_lifecycle_rule", "none", when)


def _locked(bucket: Wanted, lock: Mapping[str, Any], when: str) -> Row:
    stated = lock.get("ObjectLockConfiguration") or {}
    kept = (stated.get("Rule") or {}).get("DefaultRetention") or {}
    span = f"{kept['Days']} days" if "Days" in kept else f"{kept['Years']} years" if "Years" in kept else ""
    default = f", {kept.get('Mode')} for {span}" if span else ""
    return _setting(bucket, "s3_object_lock", f"{stated.get('ObjectLockEnabled', 'none')}{default}", when)


def _replicated(
    bucket: Wanted, rules: list[Any], destinations: Mapping[tuple[str, str], str | None], when: str
) -> Iterator[Row]:
    """A rule whose destination cannot be located keeps its row, without a region: it may point anywhere."""
    for number, rule in enumerate(rules, start=1):
        yield (
            "replication_configs",
            {
                "rule_id": f"{bucket.arn}/{rule.get('ID') or number}",
                "resource_id": bucket.system,
                "provider": PROVIDER,
                "region_code": destinations.get(_copied(rule)),
                "enabled": rule.get("Status") == "Enabled",
                "observed_at": when,
            },
        )


def _alone(bucket: Wanted, region: str | None, when: str) -> Row:
    """A bucket without rules says so: a promise of no rule abroad is kept only where somebody looked."""
    return (
        "replication_configs",
        {
            "rule_id": f"{bucket.arn}/none",
            "resource_id": bucket.system,
            "provider": PROVIDER,
            "region_code": region,
            "enabled": False,
            "observed_at": when,
        },
    )


def _encrypted(
    bucket: Wanted,
    answer: Mapping[str, Any],
    kms_in: Callable[[str], Any],
    region: str | None,
    answers: Answers,
    when: str,
) -> Iterator[Row]:
    """Yield the default encryption, which says nothing of what was stored before it, and its key where it has one."""
    for rule in _listed(answer.get("ServerSideEncryptionConfiguration"), "Rules"):
        default = rule.get("ApplyServerSideEncryptionByDefault") or {}
        key = _key(default.get("KMSMasterKeyID"), kms_in, region, answers)
        yield (
            "storage_configs",
            {
                "resource_id": bucket.arn,
                "system_id": bucket.system,
                "encrypted": True,
                "algorithm": "AES-256",
                "applies_to": "new-writes",
                "key_id": key.get("Arn"),
                "observed_at": when,
            },
        )
        if key:
            yield from _key_rows(bucket, key, when)


def _key(named: Any, kms_in: Callable[[str], Any], region: str | None, answers: Answers) -> Mapping[str, Any]:
    """Return what KMS says of a key; its region is that of its ARN, or else the bucket's."""
    if not isinstance(named, str) or not named:
        return {}
    parts = named.split(":")
    place = parts[3] if named.startswith("arn:") and len(parts) > 3 else region
    if place is None:
        return {}
    answer = answers.ask(f"DescribeKey {named}", lambda: kms_in(place).describe_key(KeyId=named))
    told = answer.get("KeyMetadata")
    return told if isinstance(told, Mapping) else {}


def _key_rows(bucket: Wanted, key: Mapping[str, Any], when: str) -> Iterator[Row]:
    """Yield where the key is, and whose content it protects, which the audit file alone can say.

    A key of KMS is a root key: no other key of the customer's wraps it. Whom else it serves KMS does not say.
    """
    arn = str(key.get("Arn", ""))
    region = arn.split(":")[3] if arn.count(":") > 4 else None
    yield (
        "processing_activity",
        {
            "activity_id": f"{arn}@{when}",
            "activity": "key",
            "occurred_at": when,
            "provider": PROVIDER,
            "region_code": region,
            "resource_id": arn,
            "outcome": "ok",
        },
    )
    if bucket.tenants:
        yield (
            "encryption_keys",
            {
                "key_id": arn,
                "tenant_ids": list(bucket.tenants),
                "master_key_id": arn,
                "region_code": region,
                "algorithm": "AES-256" if key.get("KeySpec") == "SYMMETRIC_DEFAULT" else str(key.get("KeySpec")),
                "state": KEY_STATES.get(str(key.get("KeyState"))),
                "resource_ids": [bucket.arn],
                "observed_at": when,
            },
        )
