"""`probity doctor`: what is reached, refused, misconfigured or away, what time it is, and nothing given away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from tests.cli.commands import Outcome, runner
from tests.cli.network_engagement import SECRETS, write
from tests.infra.anthropic_server import ORG
from tests.infra.digest_chain import BUCKET, REGION
from tests.infra.test_cloudtrail_bucket import api
from tests.tsa_server import Unit
from tests.tsa_server import serving as stamping
from tests.vendor_server import Params, Reply, serving

pytestmark = pytest.mark.server
RIGHTS = {
    SECRETS["COMPLIANCE_KEY"]: ("/v1/compliance/",),
    SECRETS["ADMIN_KEY"]: ("/v1/organizations/",),
}


@dataclass
class World:
    """Two vendors in one server, AWS, and how they are spoilt."""

    rights: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(RIGHTS))
    broken: dict[str, int] = field(default_factory=dict)
    ahead: float = 0.0
    organization: str = ORG
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str, _: Params, headers: Mapping[str, str]) -> Reply:
        self.asked.append(path)
        told = {"Date": formatdate(time.time() + self.ahead, usegmt=True)}
        key = headers.get("x-api-key", "")
        openai = headers.get("authorization") == f"Bearer {SECRETS['OPENAI_ADMIN_KEY']}"
        allowed = openai if path.startswith("/v1/organization/") else path.startswith(self.rights.get(key, ("none",)))
        told_of = {"id": self.organization} if path.endswith("/me") else {"data": [], "has_more": False}
        return Reply(told_of, self.broken.get(path, 200 if allowed else 403), told)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    httpx.post(f"{address}/moto-api/reset")  # what it holds is the process's, and other tests have been here
    client = boto3.client(
        "s3", endpoint_url=address, region_name=REGION, aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    below = f"AWSLogs/111122223333/{{}}/{REGION}/2026/10/01/x.json.gz"
    for kind in ("CloudTrail", "CloudTrail-Digest"):
        client.put_object(Bucket=BUCKET, Key=below.format(kind), Body=b"x")
    yield address
    server.stop()


@pytest.fixture
def look(
    tmp_path: Path, s3: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[Outcome, dict[str, Any]]]:
    """Return a function that examines an engagement in a world and gives the parts by name."""

    def examine(
        world: World, spoil: Callable[[Path], object] = lambda _: None, **trail: Any
    ) -> tuple[Outcome, dict[str, Any]]:
        for name, value in {**SECRETS, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3)
        with serving(world.answer) as vendors, serving(api(**trail)) as cloudtrail:
            monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", cloudtrail.address)
            folder = write(tmp_path / "e", vendors.address, vendors.address)
            spoil(folder)
            done = runner(capsys)("doctor", folder, "--format", "json")
        assert not any(secret in done.out + done.err for secret in SECRETS.values())
        return done, {part["part"]: part for part in json.loads(done.out)["parts"]} if done.out else {}

    return examine


def seen(parts: dict[str, Any], part: str, outcome: str) -> str:
    return " ".join(f"{o['what']}: {o['detail']}" for o in parts[part]["observations"] if o["outcome"] == outcome)


def test_a_healthy_engagement_is_fine_in_every_part(look: Callable[..., Any], tmp_path: Path) -> None:
    world, unit = World(), Unit(tmp_path / "tsa", "Time", days=9)

    def stamped(folder: Path) -> None:
        more = {"timestamp": {"url": address, "roots": str(unit.root)}}
        file = json.loads((folder / "audit.yaml").read_text())
        (folder / "audit.yaml").write_text(json.dumps(file | more))

    with stamping(unit.answer) as address:
        done, parts = look(world, stamped)
    assert done.code == 0, done.out
    sources = ("source 1 anthropic", "source 2 openai", "source 3 cloudtrail", "source 4 files", "source 5 s3")
    for part in (*sources, "signer", "time stamps", "ledger", "store", "disk", "clock"):
        assert parts[part]["outcome"] == "fine", parts[part]
    assert all(path.count("/") >= 2 for path in world.asked)
    assert not (tmp_path / "e/bundles").exists()


def test_a_key_without_a_right_and_a_service_that_is_away_leave_sources_unreadable(look: Callable[..., Any]) -> None:
    world = World(broken={"/v1/organization/audit_logs": 401})
    world.rights[SECRETS["ADMIN_KEY"]] = ("/v1/organizations/me", "/v1/organizations/workspaces")
    done, parts = look(world)
    assert done.code == 3
    assert "no right" in seen(parts, "source 1 anthropic", "unreadable")
    assert "expired" in seen(parts, "source 2 openai", "unreadable")
    assert parts["source 3 cloudtrail"]["outcome"] == "fine"


def test_an_admin_key_of_another_organisation_leaves_the_source_unreadable(look: Callable[..., Any]) -> None:
    done, parts = look(World(organization=ORG.replace("25f", "35f")))
    assert done.code == 3
    assert f"not of {ORG}" in seen(parts, "source 1 anthropic", "unreadable")


def test_a_credential_that_can_do_more_than_it_needs_is_told_of(look: Callable[..., Any]) -> None:
    world = World()
    world.rights[SECRETS["COMPLIANCE_KEY"]] = ("/v1/",)
    done, parts = look(world)
    assert done.code == 0
    assert "can do more than it needs" in seen(parts, "source 1 anthropic", "warning")


def test_a_variable_that_is_not_set_is_to_be_corrected(
    look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    done, parts = look(World(), lambda _: monkeypatch.delenv("ADMIN_KEY"))
    assert done.code == 2
    assert "ADMIN_KEY" in seen(parts, "source 1 anthropic", "misconfigured")


def test_a_trail_that_may_not_be_asked_and_one_that_is_off_are_told_apart(look: Callable[..., Any]) -> None:
    denied = Reply({"__type": "AccessDeniedException"}, 400, {"Content-Type": "application/x-amz-json-1.1"})
    done, parts = look(World(), GetEventSelectors=denied, GetTrailStatus={"IsLogging": False})
    assert done.code == 3
    assert "GetEventSelectors" in seen(parts, "source 3 cloudtrail", "unreadable")
    assert "switched off" in seen(parts, "source 3 cloudtrail", "warning")


def test_a_clock_that_is_minutes_off_is_a_failure(look: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_trail(folder: Path) -> None:
        file = json.loads((folder / "audit.yaml").read_text())
        (folder / "audit.yaml").write_text(json.dumps(file | {"sources": file["sources"][:2]}))

    done, parts = look(World(ahead=900), no_trail)
    assert done.code == 5
    assert "s behind" in seen(parts, "clock", "failed")


def test_an_authority_that_does_not_answer_fails(look: Callable[..., Any]) -> None:
    def spoil(folder: Path) -> None:
        file = json.loads((folder / "audit.yaml").read_text())
        roots = next(str(path) for path in (folder / "keys/trust").glob("*.pem"))
        stamps = {"timestamp": {"url": "http://127.0.0.1:1/", "roots": roots}}
        (folder / "audit.yaml").write_text(json.dumps(file | stamps))

    done, parts = look(World(), spoil)
    assert done.code == 5
    assert "does not answer" in seen(parts, "time stamps", "failed")


def test_no_key_is_to_be_corrected_and_the_rest_is_looked_at(look: Callable[..., Any]) -> None:
    done, parts = look(World(), lambda folder: (folder / "keys/private/dsse-p256.key").unlink())
    assert done.code == 2
    assert parts["signer"]["outcome"] == "misconfigured"
    assert parts["store"]["outcome"] == "fine"
