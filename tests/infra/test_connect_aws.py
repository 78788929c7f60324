"""The policies of docs/connect-aws.md suffice for their sources, and each right in them is needed.

Two judges: moto's IAM, where it knows the action, and our own reading of the documentation for all of them. What AWS
decides beyond identity policies neither can say, and the page says so.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID, set_initial_no_auth_action_count

from evidence.errors import OutputFailed, Terminal
from evidence.locker import Locker
from evidence.model import Period
from infra.aws import aws_client
from infra.kms import KmsSigner
from infra.source import Gathering
from infra.sources import discover
from tests.infra.bucket_inventory import World, listed
from tests.infra.digest_chain import Trail, fingerprint, public_der
from tests.infra.iam import Request, allowed
from tests.infra.iam import listed as as_list
from tests.infra.test_trail_config import MANAGEMENT, MANTLE

PAGE = (Path(__file__).parents[2] / "docs" / "connect-aws.md").read_text(encoding="utf-8")
SOURCES = ("bedrock", "cloudtrail", "s3")
ACCOUNT, REGION = "111122223333", "eu-central-1"
PERIOD = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 1, 6, tzinfo=UTC))
NOW = datetime(2126, 1, 1, tzinfo=UTC)
TRAIL = f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/audit"
Json = dict[str, Any]

#: The right that each call needs, where it is not called like the call.
RIGHTS = {
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "ListBucketInventoryConfigurations": "GetInventoryConfiguration",
    "ListObjectsV2": "ListBucket",
}
#: Rights that moto takes for `s3:ListBucket`.
AS_LISTING = frozenset(
    {
        *("s3:GetEncryptionConfiguration", "s3:GetReplicationConfiguration"),
        *("s3:GetBucketObjectLockConfiguration", "s3:GetInventoryConfiguration"),
    }
)
REFUSALS = frozenset({"AccessDenied", "AccessDeniedException", "403"})
CONFIG = {"s3Config": {"bucketName": "genai-logs", "keyPrefix": "bedrock"}}
#: What services answer that moto has not, or not whole.
ANSWERS: dict[str, Any] = {
    "GetTrail": {
        "Trail": {
            "TrailARN": TRAIL,
            "S3BucketName": "genai-audit",
            "HomeRegion": REGION,
            "IsMultiRegionTrail": True,
            "LogFileValidationEnabled": True,
        }
    },
    "GetTrailStatus": {"IsLogging": True, "LatestDigestDeliveryTime": datetime(2026, 10, 1, 6, 20, tzinfo=UTC)},
    "GetEventSelectors": {"AdvancedEventSelectors": [MANAGEMENT, MANTLE]},
    "ListPublicKeys": {"PublicKeyList": [{"Fingerprint": fingerprint(), "Value": public_der()}]},
    "GetAccountDataRetention": {"mode": "none"},
    "GetCallerIdentity": {"Account": ACCOUNT},
    "GetModelInvocationLoggingConfiguration": {"loggingConfig": CONFIG},
    "ListInferenceProfiles": {"inferenceProfileSummaries": []},
    "ListFoundationModels": {"modelSummaries": []},
}


def policy_of(section: str) -> Json:
    """Return the policy of a section of the page."""
    text = PAGE.split(f"\n## {section}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    (found,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    policy: Json = json.loads(found)
    return policy


def configured(section: str) -> list[Json]:
    """Return the entries of `sources` that the page shows for a source."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - as the audit file is read

    text = PAGE.split(f"\n## {section}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
    (found,) = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    entries: list[Json] = YAML(typ="safe").load(found)
    return entries


def grants(section: str) -> list[tuple[int, str]]:
    """Return each right that a policy grants, with the number of its statement."""
    statements = policy_of(section)["Statement"]
    return [(n, a) for n, s in enumerate(statements) if s["Effect"] == "Allow" for a in as_list(s["Action"])]


def without(policy: Json, number: int, action: str) -> Json:
    """Return a policy in which one statement does not grant an action."""
    changed: Json = json.loads(json.dumps(policy))
    kept = [other for other in as_list(changed["Statement"][number]["Action"]) if other != action]
    changed["Statement"][number]["Action"] = kept or ["none:None"]
    return changed


class Asked(NamedTuple):
    """One call: of which service, which one, with which arguments, and what it is about for IAM."""

    service: str
    call: str
    arguments: Json
    request: Request


@dataclass(frozen=True)
class Reading:
    """Clients on whose calls our reading of IAM decides; `asked` is told of each."""

    policy: Json
    asked: list[Asked] = field(default_factory=list)

    def client(self, service: str, region: str, endpoint: str | None = None, egress: Any = None) -> Any:
        made = aws_client(service, region, endpoint, egress)
        made.meta.events.register("provide-client-params", remember)
        made.meta.events.register_first("before-call", self.decide)
        return made

    def decide(self, model: Any, context: Json, **_: Any) -> tuple[Any, Json] | None:
        service, call = model.service_model.service_name, model.name
        request = Request(f"{service}:{RIGHTS.get(call, call)}", resource_of(service, call, context["asked"]))
        self.asked.append(Asked(service, call, context["asked"], request))
        if not may(request, self.policy):
            told = {"Error": {"Code": "AccessDenied", "Message": "by our reading"}, "ResponseMetadata": {}}
            return SimpleNamespace(status_code=403, raw=None), told
        return (SimpleNamespace(status_code=200, raw=None), dict(ANSWERS[call])) if call in ANSWERS else None


def may(request: Request, policy: Json) -> bool:
    # Whose credentials are, AWS tells whoever has them.
    return request.action == "sts:GetCallerIdentity" or allowed(request, [policy], {"Statement": []})


def remember(params: Json, context: Json, **_: Any) -> None:
    context["asked"] = dict(params)


def resource_of(service: str, call: str, asked: Json) -> str:
    if service == "s3":
        return f"arn:aws:s3:::{asked['Bucket']}" + (f"/{asked['Key']}" if "Key" in asked else "")
    if service == "kms":
        return str(asked["KeyId"]).replace(DEFAULT_ACCOUNT_ID, ACCOUNT)
    return TRAIL if service == "cloudtrail" and call != "ListPublicKeys" else "*"


@pytest.fixture(scope="module", autouse=True)
def account() -> Iterator[None]:
    """Make an account with everything that the page's sources read."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing-1234")
        furnish()
        yield


def furnish() -> None:
    s3 = boto3.client("s3", region_name=REGION)
    place = {"LocationConstraint": REGION}
    trail = Trail()
    s3.create_bucket(Bucket="genai-audit", CreateBucketConfiguration=place)
    for key, body in trail.objects.items():
        signature = trail.signatures.get(key)
        named = {} if signature is None else {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        s3.put_object(Bucket="genai-audit", Key=key, Body=body, Metadata=named)
    world = World(None)
    world.deliver(datetime(2026, 10, 1, 1, tzinfo=UTC), [listed("bedrock/a", "2026-10-01T00:10:00.000Z")])
    key = boto3.client("kms", region_name=REGION).create_key()["KeyMetadata"]["Arn"]
    default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    s3.put_bucket_encryption(Bucket="genai-logs", ServerSideEncryptionConfiguration={"Rules": [default]})
    below = f"bedrock/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/{REGION}/2026/10/01/01"
    s3.put_object(Bucket="genai-logs", Key=f"{below}/a.json.gz", Body=gzip.compress(b""))
    s3.put_object(Bucket="genai-logs", Key=f"{below}/data/a.json.gz", Body=b"a body")


def gathered(section: str, folder: Path) -> str:
    """Gather as the page configures a source; return what was refused, nothing where all of it could be had."""
    gathering = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: NOW,
        token=lambda value: value,
        evidence_regions=frozenset({REGION}),
    )
    try:
        for entry in configured(section):
            discover()[section].model_validate(entry).gather(gathering)
    except Terminal as cause:
        return str(cause)
    found = gathering.gathered()
    assert found.cards
    return " ".join(problem for card in found.cards if not card.complete for problem in card.problems)


@pytest.fixture(scope="module")
def runs(account: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, list[Asked]]]:
    """Gather from each source with exactly its policy, by moto's IAM and by our reading at once."""
    found = {}
    for section in SOURCES:
        with pytest.MonkeyPatch.context() as patch:
            somebody(policy_of(section), patch)
            reading = Reading(policy_of(section))
            patch.setattr("infra.aws.aws_client", reading.client)
            folder = tmp_path_factory.mktemp(section)
            found[section] = (enforced(partial(gathered, section, folder)), reading.asked)
    return found


@pytest.mark.parametrize("section", SOURCES)
def test_the_policy_of_a_source_suffices(section: str, runs: dict[str, tuple[str, list[Asked]]]) -> None:
    assert runs[section][0] == ""


@pytest.mark.parametrize("section", SOURCES)
def test_each_right_of_a_source_is_needed(section: str, runs: dict[str, tuple[str, list[Asked]]]) -> None:
    for number, action in grants(section):
        less = without(policy_of(section), number, action)
        assert not all(may(asked.request, less) for asked in runs[section][1]), (number, action)


@pytest.mark.parametrize(
    ("section", "number", "action"),
    [("bedrock", 2, "s3:GetObject"), ("cloudtrail", 0, "cloudtrail:GetTrail"), ("s3", 2, "s3:ListBucket")],
)
def test_without_one_of_its_rights_a_source_is_refused_and_says_so(
    section: str, number: int, action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.aws.aws_client", Reading(without(policy_of(section), number, action)).client)
    assert "AccessDenied" in gathered(section, tmp_path)


def test_no_policy_lets_a_body_or_content_be_read() -> None:
    logs = "bedrock/AWSLogs/111122223333/BedrockModelInvocationLogs/eu-central-1/2026/10/01/01"
    bodies = Request("s3:GetObject", f"arn:aws:s3:::genai-logs/{logs}/data/a.json.gz")
    content = Request("s3:GetObject", "arn:aws:s3:::genai-logs/bedrock/a")
    for section in SOURCES:
        assert not any(may(request, policy_of(section)) for request in (bodies, content))


def as_moto_says(policy: Json) -> str:
    """Return a policy with the rights under the names moto has for them, and the resources that it compares."""
    changed: Json = json.loads(json.dumps(policy))
    for statement in changed["Statement"]:
        statement["Action"] = ["s3:ListBucket" if a in AS_LISTING else a for a in as_list(statement["Action"])]
        if not str(statement["Resource"]).startswith("arn:aws:s3:"):
            statement["Resource"] = "*"
    return json.dumps(changed)


def known_to_moto(action: str) -> bool:
    """Return whether moto decides on a right: it has no `ListPublicKeys`, and cannot check signatures for Bedrock."""
    return action not in {*AS_LISTING, "cloudtrail:ListPublicKeys"} and not action.startswith("bedrock:")


def somebody(policy: Json, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make a user with a policy, be that user, and return its name."""
    iam = boto3.client("iam", region_name=REGION)
    name = f"user-{len(iam.list_users()['Users'])}"
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=as_moto_says(policy))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    return name


def enforced(do: Callable[[], Any]) -> Any:
    """Do something while moto asks for rights."""
    return set_initial_no_auth_action_count(0)(do)()


@pytest.mark.parametrize("section", SOURCES)
def test_by_motos_iam_each_right_that_it_knows_is_needed(
    section: str, runs: dict[str, tuple[str, list[Asked]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    iam, name = boto3.client("iam", region_name=REGION), somebody(policy_of(section), monkeypatch)
    calls = {(asked.request.action, asked.request.resource): asked for asked in runs[section][1]}
    clients = {service: aws_client(service, REGION) for service in {asked.service for asked in calls.values()}}
    for number, action in [grant for grant in grants(section) if known_to_moto(grant[1])]:
        less = without(policy_of(section), number, action)
        (asked, *_) = [one for one in calls.values() if one.request.action == action and not may(one.request, less)]
        codes = []
        for policy in (policy_of(section), less):
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=as_moto_says(policy))
            codes.append(enforced(partial(code_of_call, clients[asked.service], asked.call, asked.arguments)))
        assert [code in REFUSALS for code in codes] == [False, True], (action, codes)


def code_of_call(client: Any, call: str, asked: Json) -> str:
    try:
        getattr(client, xform_name(call))(**asked)
    except ClientError as cause:
        return str(cause.response["Error"]["Code"])
    return ""


def test_the_policy_of_the_signer_suffices_and_each_right_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = boto3.client("kms", region_name=REGION).create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")
    key = made["KeyMetadata"]["Arn"]

    def signs() -> bool:
        try:
            return len(KmsSigner(aws_client("kms", REGION), key).sign(b"message")) > 60
        except OutputFailed:
            return False

    section = "Signing with KMS"
    somebody(policy_of(section), monkeypatch)
    assert enforced(signs)
    for number, action in grants(section):
        somebody(without(policy_of(section), number, action), monkeypatch)
        assert not enforced(signs), action


def test_the_page_explains_each_setting_of_each_source() -> None:
    for section in SOURCES:
        text = PAGE.split(f"\n## {section}\n", maxsplit=1)[1].split("\n## ", maxsplit=1)[0]
        told = {name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
        assert set(discover()[section].model_fields) - {"kind", "assurance"} <= told
