"""Least privilege: who may do what with bundles, ledger, disclosures and keys, as the policies themselves decide."""

from __future__ import annotations

import pytest

from tests.infra.iam import (
    ADMINISTRATOR,
    BUNDLES,
    DISCLOSURES,
    DISCLOSURES_KEY,
    LEDGER,
    POLICIES,
    ROLE,
    S3,
    SEALED_KEY,
    Request,
    allowed,
    listed,
    policy,
)

DOCUMENTS = sorted(path.stem for path in POLICIES.glob("*.json"))
ROLES = {
    "auditor-writer": ("bundle-writer", "ledger-writer"),
    "reader": ("reader",),
    "ledger-writer": ("ledger-writer",),
    "witness": ("witness",),
}
LEAF, BUNDLE, PERSONAL = f"{LEDGER}/acme/leaves/000000001.json", f"{BUNDLES}/acme/a.zip", f"{DISCLOSURES}/a.jsonl"
CREATION = {"s3:ObjectCreationOperation": "true", "s3:if-none-match": "*"}
LOCKED = {**CREATION, "s3:object-lock-mode": "COMPLIANCE", "s3:object-lock-remaining-retention-days": "3651"}


def decides(role: str, action: str, resource: str, **context: str) -> bool:
    """Return whether a role, or `operations` with every right of its own, may do something."""
    own = [policy(name) for name in ROLES[role]] if role in ROLES else [ANYTHING]
    request = Request(action, resource, ADMINISTRATOR if role == "operations" else f"{ROLE}{role}", context)
    if action.startswith("kms:"):
        return allowed(request, own, KEYS[resource], by_both=True)
    return allowed(request, own, BUCKETS[resource.partition("/")[0]])


ANYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
BUCKETS = {
    BUNDLES: policy("bucket-sealed", bucket=BUNDLES),
    LEDGER: policy("bucket-sealed", bucket=LEDGER),
    DISCLOSURES: policy("bucket-disclosures"),
}
KEYS = {SEALED_KEY: policy("key-sealed"), DISCLOSURES_KEY: policy("key-disclosures")}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_statement_says_which_actions_on_which_resources(name: str) -> None:
    document = policy(name, bucket=BUNDLES)
    assert document["Version"] == "2012-10-17"
    for statement in document["Statement"]:
        assert statement["Sid"].isalnum()
        assert statement["Effect"] in {"Allow", "Deny"}
        assert name == "trust" or listed(statement["Resource"])
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        if statement["Effect"] == "Allow":
            assert not [a for a in listed(statement["Action"]) if "*" in a]
            assert statement.get("Principal") != "*"
            # In a key's policy `*` is that key; anywhere else a resource is named.
            assert name.startswith("key-") or all(r != "*" for r in listed(statement.get("Resource", [])))


@pytest.mark.parametrize("name", [name for names in ROLES.values() for name in names])
def test_every_role_is_denied_something_expressly(name: str) -> None:
    assert "Deny" in {statement["Effect"] for statement in policy(name)["Statement"]}


def test_auditor_stores_a_bundle_and_reads_it_back() -> None:
    assert decides("auditor-writer", "s3:PutObject", BUNDLE, **LOCKED)
    assert decides("auditor-writer", "s3:PutObjectRetention", BUNDLE, **LOCKED)
    assert decides("auditor-writer", "s3:GetObjectVersion", BUNDLE)
    assert decides("auditor-writer", "s3:GetObjectRetention", BUNDLE)
    assert decides("auditor-writer", "s3:GetBucketVersioning", BUNDLES)
    assert decides("auditor-writer", "s3:GetBucketObjectLockConfiguration", DISCLOSURES)
    assert decides("auditor-writer", "s3:PutObject", PERSONAL, **CREATION)
    assert decides("auditor-writer", "s3:PutObject", LEAF, **CREATION)


def test_parts_of_an_upload_are_written_without_a_condition_of_their_own() -> None:
    """AWS demands `If-None-Match` of the request that completes an upload; parts do not create an object."""
    assert decides("auditor-writer", "s3:PutObject", BUNDLE, **{"s3:ObjectCreationOperation": "false"})


@pytest.mark.parametrize("role", [*ROLES, "operations"])
@pytest.mark.parametrize(
    ("action", "context"),
    [
        ("s3:BypassGovernanceRetention", {}),
        ("s3:DeleteObjectVersion", {}),
        ("s3:DeleteObject", {}),
        ("s3:PutObjectRetention", LOCKED | {"s3:object-lock-remaining-retention-days": "3649"}),
        ("s3:PutObjectRetention", LOCKED | {"s3:object-lock-mode": "GOVERNANCE"}),
        ("s3:PutObject", LOCKED | {"s3:object-lock-remaining-retention-days": "1"}),
        ("s3:PutObject", {k: v for k, v in LOCKED.items() if k != "s3:if-none-match"}),
        ("s3:PutObject", LOCKED | {"aws:SecureTransport": "false"}),
        ("s3:PutObject", LOCKED | {"s3:TlsVersion": "1.1"}),
        ("s3:GetObject", {"aws:SecureTransport": "false"}),
    ],
)
@pytest.mark.parametrize("resource", [BUNDLE, LEAF])
def test_nobody_shortens_deletes_replaces_or_goes_without_tls(
    role: str, action: str, context: dict[str, str], resource: str
) -> None:
    assert not decides(role, action, resource, **context)


@pytest.mark.parametrize(
    "action", ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning", "s3:PutBucketPolicy"]
)
def test_only_administrators_change_the_bucket(action: str) -> None:
    assert decides("operations", action, BUNDLES)
    assert not any(decides(role, action, bucket) for role in ROLES for bucket in (BUNDLES, LEDGER))


def test_reader_reads_bundles_and_ledger_and_nothing_else() -> None:
    assert decides("reader", "s3:GetObjectVersion", BUNDLE)
    assert decides("reader", "s3:ListBucketVersions", BUNDLES)
    assert decides("reader", "s3:GetObject", LEAF)
    assert not decides("reader", "s3:GetObject", PERSONAL)
    assert not decides("reader", "s3:PutObject", BUNDLE, **LOCKED)
    assert not decides("reader", "s3:PutObject", LEAF, **CREATION)


def test_ledger_writer_adds_leaves_and_sees_no_bundle() -> None:
    assert decides("ledger-writer", "s3:PutObject", LEAF, **CREATION)
    assert decides("ledger-writer", "s3:GetObject", f"{LEDGER}/acme/checkpoints/000000001")
    assert decides("ledger-writer", "s3:ListBucket", LEDGER)
    assert not decides("ledger-writer", "s3:PutObject", LEAF, **{"s3:ObjectCreationOperation": "true"})
    assert not decides("ledger-writer", "s3:PutObject", f"{LEDGER}/acme/other", **CREATION)
    assert not any(decides("ledger-writer", "s3:GetObject", what) for what in (BUNDLE, PERSONAL))
    assert not decides("ledger-writer", "s3:PutObject", BUNDLE, **LOCKED)


def test_witness_only_reads_the_ledger() -> None:
    assert decides("witness", "s3:GetObject", LEAF)
    assert decides("witness", "s3:ListBucketVersions", LEDGER)
    assert not decides("witness", "s3:PutObject", LEAF, **CREATION)
    assert not any(decides("witness", "s3:GetObject", what) for what in (BUNDLE, PERSONAL))


def test_disclosures_can_be_deleted_and_never_locked() -> None:
    assert decides("operations", "s3:DeleteObject", PERSONAL)
    assert not any(decides(role, "s3:PutObjectRetention", PERSONAL) for role in [*ROLES, "operations"])
    assert not decides("operations", "s3:PutBucketObjectLockConfiguration", DISCLOSURES)


@pytest.mark.parametrize(
    ("role", "key", "actions"),
    [
        ("auditor-writer", SEALED_KEY, {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("auditor-writer", DISCLOSURES_KEY, {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("ledger-writer", SEALED_KEY, {"kms:GenerateDataKey", "kms:Decrypt"}),
        ("ledger-writer", DISCLOSURES_KEY, set()),
        ("reader", SEALED_KEY, {"kms:Decrypt"}),
        ("reader", DISCLOSURES_KEY, set()),
        ("witness", SEALED_KEY, {"kms:Decrypt"}),
        ("witness", DISCLOSURES_KEY, set()),
        ("operations", SEALED_KEY, {"kms:PutKeyPolicy"}),
        ("operations", DISCLOSURES_KEY, {"kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:Decrypt"}),
    ],
)
def test_keys_serve_whom_they_are_for_and_through_s3_alone(role: str, key: str, actions: set[str]) -> None:
    asked = ("kms:GenerateDataKey", "kms:Decrypt", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey")
    wanted = actions | ({"kms:DisableKey"} if "kms:ScheduleKeyDeletion" in actions else set())
    assert {a for a in asked if decides(role, a, key, **{"kms:ViaService": S3})} == wanted
    if role in ROLES:
        assert not any(decides(role, a, key) for a in asked)


def test_role_can_be_assumed_by_those_who_are_named() -> None:
    (statement,) = policy("trust")["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::444455556666:role/scheduler"]}
