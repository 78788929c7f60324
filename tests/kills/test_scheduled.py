"""A scheduled audit on real servers: it breaches, the automation opens its case, and mail and webhook arrive once."""

from __future__ import annotations

import json
import shutil
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows.cases import cases, running_clocks
from infra.daemons import until
from tests.kills import settled
from tests.kills.receivers import BEAT, HOOK, MAIL, taken
from tests.kills.town import Town, running

pytestmark = pytest.mark.server

#: Far more than a quiet machine takes.
PATIENCE = 420.0


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    """Give a town in which run, server, worker and receivers were killed before anything was audited or delivered."""
    folder = Path(tempfile.mkdtemp(prefix="probity-town-"))
    folder.chmod(0o711)
    try:
        with running(folder, days=1, places=1, ticks="15s", retry="5s") as started:
            assert until(started.runs, PATIENCE, 0.3), "nothing was started by schedule"
            assert started.kill("run")
            for target in ("receivers", "server", "worker"):
                started.kill(target)
            assert until(lambda: settled.all_filled(started), PATIENCE, 1.0), "the slot was not audited"
            assert until(lambda: rung(started), PATIENCE, 1.0), "no automation started the flow that opens cases"
            settled.drain(started)
            yield started
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def asked(town: Town, path: str, **filters: Any) -> Any:
    """Return what the server's interface answers to a filter."""
    body = json.dumps(filters).encode()
    request = urllib.request.Request(f"{town.servers.url}/{path}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def rung(town: Town) -> list[Any]:
    """Return the completed runs of `breach` that an automation started."""
    runs = asked(town, "flow_runs/filter", flows={"name": {"any_": ["breach"]}})
    automatic = [run for run in runs if (run["created_by"] or {}).get("type") == "AUTOMATION"]
    return [run for run in automatic if run["state"]["type"] == "COMPLETED"]


def test_nothing_is_lost_and_nothing_is_doubled(town: Town) -> None:
    # A pass under way may hold what it has not handed over yet; what is lost or doubled stays so.
    until(lambda: settled.examine(town).wrong == (), PATIENCE, 1.0)
    found = settled.examine(town)
    assert found.wrong == ()
    assert (found.slots, found.cases) == (1, 1)


def test_the_event_handed_the_automation_the_run_and_its_incident(town: Town) -> None:
    handed = rung(town)[0]["parameters"]
    assert handed["key"] == "finding/trail/RES-0"
    assert any(handed["run"] in path.name for path in (town.engagement / "bundles").iterdir())


def test_the_case_has_its_clock_running(town: Town) -> None:
    (case,) = cases(settled.opened(town))
    assert [clock.name for clock in running_clocks(case, datetime.now(UTC))] == ["triage"]


def test_mail_and_webhook_were_told_of_the_clock_and_the_monitor_that_all_is_well(town: Town) -> None:
    subjects = [each["subject"] for each in taken(town.folder / "taken", MAIL)]
    assert any("triage" in subject for subject in subjects), subjects
    assert any("triage" in json.dumps(each["body"]) for each in taken(town.folder / "taken", HOOK))
    assert taken(town.folder / "taken", BEAT)


@contextmanager
def edited(town: Town, old: str, new: str) -> Iterator[None]:
    """Change the audit file, and put it back as it was."""
    file = town.engagement / "audit.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    try:
        yield
    finally:
        file.write_text(text)


def deployed(town: Town, *words: str) -> set[tuple[str, str]]:
    """Deploy, and return what was done to what."""
    done = town.probity("deploy", town.engagement, "--format", "json", *words)
    assert done.returncode == 0, done.stderr
    return {(each["change"], each["what"].partition(":")[0]) for each in json.loads(done.stdout)["changes"]}


def test_deploying_again_changes_nothing(town: Town) -> None:
    assert {change for change, _ in deployed(town)} == {"unchanged"}


def test_a_dry_run_says_what_would_be_made_and_retired_and_does_neither(town: Town) -> None:
    with edited(town, "    residency: {", "    region: {"):
        told = deployed(town, "--dry-run")
    assert {("created", "scheduled/trail-region"), ("retired", "scheduled/trail-residency")} <= told
    names = {"name": {"any_": ["trail-region", "trail-residency"]}}
    assert [found["name"] for found in asked(town, "deployments/filter", deployments=names)] == ["trail-residency"]


def test_a_pool_of_containers_is_made_its_runs_are_told_their_image_and_what_is_gone_is_retired(town: Town) -> None:
    image = "probity@sha256:" + "0" * 64
    pool = f"  pool: {{name: containers, type: docker, image: '{image}', engagement: /engagements/e}}\n  zone:"
    with edited(town, "  zone:", pool), edited(town, "    residency: {", "    region: {"):
        changes = deployed(town)
        names = {"name": {"any_": ["trail-region", "trail-residency"]}}
        (found,) = asked(town, "deployments/filter", deployments=names)
    again = deployed(town)
    assert {("created", "work pool containers"), ("changed", "tick/trail")} <= changes
    assert (found["name"], found["work_pool_name"]) == ("trail-region", "containers")
    assert (found["job_variables"], found["parameters"]["engagement"]) == ({"image": image}, "/engagements/e")
    assert {("changed", "tick/trail"), ("retired", "scheduled/trail-region")} <= again
