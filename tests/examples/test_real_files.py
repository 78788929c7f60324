"""Real and sample files, where they are at hand: the right reader accounts for each record, and no reader for none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from evidence.locker import Locker
from evidence.model import ExtractionCard, Period
from infra.source import Gathered, Gathering
from infra.sources import discover
from tests.vendor_server import Params, Reply, serving

DATA = Path(__file__).parents[3] / "shared" / "data"
SAMPLES, EXAMPLES = DATA / "vendor-apis" / "panther-analysis", DATA / "vendor-apis" / "format-examples"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not part of the repository")

ORG = "25f6429a-3293-49bf-afed-cb312911554b"
PERIOD = Period.of(datetime(2019, 1, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
#: What each reader of a folder needs beside the folder.
FOLDERS: dict[str, dict[str, Any]] = {
    "cloudtrail": {},
    "documents": {},
    "files": {},
    "mailbox": {"senders": ["example.com"], "server": "mx.example.com"},
}
#: What each reader of an API needs beside its endpoint.
APIS: dict[str, dict[str, Any]] = {
    "anthropic": {
        "organization": ORG,
        "credential": "KEY",
        "admin_credential": "KEY",
        "reads": ["activities", "settings", "workspaces", "usage"],
    },
    "openai": {"organization": "org-acme", "credential": "KEY"},
}


def gathered(folder: Path, kind: str, **settings: Any) -> Gathered:
    gathering = Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=PERIOD,
        now=lambda: PERIOD.end,
        token=lambda value: f"token:{len(value)}",
        variable=lambda _: "a-key-that-opens-nothing",
    )
    discover()[kind].model_validate({"kind": kind, **settings}).gather(gathering)
    return gathering.gathered()


def asked(folder: Path, kind: str, answer: Callable[[str, dict[str, str]], Any]) -> Gathered:
    def reply(path: str, params: Params, _: Mapping[str, str]) -> Reply:
        return Reply(answer(path, dict(params)))

    with serving(reply) as server:
        return gathered(folder, kind, endpoint=server.address, **APIS[kind])


def received(found: Gathered, ends: str = "") -> int:
    return sum(card.received for card in found.cards if card.address.endswith(ends))


def incomplete(found: Gathered) -> list[ExtractionCard]:
    return [card for card in found.cards if not card.complete]


@cache
def sample(name: str) -> list[Any]:
    return [json.loads(line)["event"] for line in (SAMPLES / f"{name}.ndjson").read_text().splitlines()]


def example(name: str) -> Any:
    return json.loads((EXAMPLES / f"{name}.json").read_text())


def every_file() -> Iterator[Path]:
    return (path for path in sorted(DATA.rglob("*")) if path.is_file())


@pytest.mark.parametrize("kind", FOLDERS)
def test_a_folder_of_everything_is_read_to_its_end_and_names_what_it_is_not(kind: str, tmp_path: Path) -> None:
    found = gathered(tmp_path, kind, path=str(DATA), **FOLDERS[kind])
    (listing,) = [card for card in found.cards if card.address == DATA.name]
    with Locker(tmp_path / "locker").open(listing.artefact) as stream:
        files = json.load(stream)["files"]
    assert len(files) == sum(1 for _ in every_file())
    carded = {card.address for card in found.cards}
    assert all(one["skipped"] or one["lost"] or f"{DATA.name}/{one['name']}" in carded for one in files)


@pytest.mark.parametrize("kind", APIS)
def test_a_vendor_that_answers_with_something_else_is_survived(kind: str, tmp_path: Path) -> None:
    strange = [path for path in every_file() if path.suffix in {".json", ".ndjson"} and path.stat().st_size < 65536]
    for number, path in enumerate(strange[::20]):
        body = path.read_bytes()
        found = asked(tmp_path / str(number), kind, lambda *_, body=body: body)
        assert incomplete(found) or received(found), f"{path.name} passed for an answer without a record"


def test_sample_records_of_a_trail_are_all_accounted_for(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/log.json").write_text(json.dumps({"Records": sample("AWS.CloudTrail")}))
    shutil.copy(EXAMPLES / "aws/cloudtrail_log_file.json", tmp_path / "logs")
    found = gathered(tmp_path, "cloudtrail", path="logs")
    assert received(found, "/log.json") == 461
    assert received(found, "cloudtrail_log_file.json") == len(example("aws/cloudtrail_log_file")["Records"])


def test_sample_activities_of_anthropic_are_all_accounted_for(tmp_path: Path) -> None:
    pages = {
        "/v1/compliance/activities": {"data": sample("Anthropic.Activity"), "has_more": False},
        f"/v1/compliance/organizations/{ORG}/settings": example("anthropic/effective_organization_settings"),
        "/v1/organizations/workspaces": {"data": [example("anthropic/workspace")], "has_more": False},
        "/v1/organizations/usage_report/messages": example("anthropic/usage_report_messages"),
    }
    whose = {"/v1/organizations/me": {"type": "organization", "id": ORG, "name": "Acme"}}
    found = asked(tmp_path, "anthropic", lambda path, _: (pages | whose)[path])
    assert {path: received(found, path) for path in pages} == {
        path: len(page["settings" if path.endswith("settings") else "data"]) for path, page in pages.items()
    }
    assert not incomplete(found)


def test_sample_events_of_openai_are_all_accounted_for(tmp_path: Path) -> None:
    stated = example("openai/data_retention_and_residency")
    project = stated["GET /v1/organization/projects/{id}"]

    def answer(path: str, _: dict[str, str]) -> Any:
        if path.endswith("audit_logs"):
            return {"data": sample("OpenAI.Audit"), "has_more": False}
        if path.endswith("projects"):
            return {"data": [project], "has_more": False}
        return stated[
            "GET /v1/organization/data_retention"
            if "projects" not in path
            else "GET /v1/organization/projects/{id}/data_retention"
        ]

    found = asked(tmp_path, "openai", answer)
    assert received(found, "audit_logs") == 33
    assert received(found, "data_retention") == 2
    assert not incomplete(found)


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_published_attestations_are_read(version: str, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    source = DATA / f"schemas/cyclonedx/valid-attestation-{version}.json"
    shutil.copy(source, tmp_path / "docs/attestation.cdx.json")
    found = gathered(tmp_path, "documents", path="docs")
    assert received(found, ".cdx.json") == len(json.loads(source.read_text())["declarations"]["attestations"])
