"""What is registered for an engagement, and that the verb says so before it touches a server."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.deployments import Plan, plan
from tests.cli.engagements import edit, probity
from tests.flows import by_schedule
from tests.flows.by_schedule import opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return by_schedule.engagement(tmp_path / "e")


def alarms(planned: Plan) -> dict[str, str]:
    return {d.full_name: str(d.alarm or "") for d in planned.deployments}


def test_every_schedule_and_chore_is_a_deployment_with_its_alarm(folder: Path) -> None:
    edit(folder / "audit.yaml", "  since:", "  reverify: 15 3 * * *\n  since:")
    assert alarms(plan(opened(folder))) == {
        "scheduled/own-audits-daily": "30 4 * * * UTC",
        "reverify/own-audits": "15 3 * * * UTC",
        "witness/own-audits": "every 3600 s",
        "tick/own-audits": "every 300 s",
        "breach/own-audits": "",
    }


def test_runs_are_handed_the_engagement_where_their_machine_has_it(folder: Path) -> None:
    assert {d.parameters["engagement"] for d in plan(opened(folder)).deployments} == {str(folder)}
    edit(folder / "audit.yaml", "  since:", "  pool: {engagement: /engagements/acme}\n  since:")
    assert {d.parameters["engagement"] for d in plan(opened(folder)).deployments} == {"/engagements/acme"}


def test_an_event_of_this_contract_alone_starts_the_flow_that_opens_cases(folder: Path) -> None:
    automations = {a.event: a for a in plan(opened(folder)).automations}
    assert set(automations) == {"probity.finding.breached", "probity.notice.received"}
    assert {a.resource for a in automations.values()} == {"probity.contract.own-audits"}
    assert {a.starts for a in automations.values()} == {"breach/own-audits"}


def test_an_engagement_without_schedules_has_nothing_to_deploy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    text = (folder / "audit.yaml").read_text()
    (folder / "audit.yaml").write_text(text[: text.index("schedules:")])
    told = probity("deploy", folder)
    assert (told.code, "no section `schedules`" in told.err) == (2, True)


def test_without_a_server_the_verb_says_how_to_name_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    told = probity("deploy", folder)
    assert (told.code, "PREFECT_API_URL" in told.err) == (2, True)
