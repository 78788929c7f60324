"""What probes find, judged: it breaks a promise or leaves it as it was, and never carries one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from checks.engine.duck import DuckEngine
from checks.judge import Evidence, judge
from evidence.model import Finding, Period, Status
from tests.infra.probe_server import Vendor, audit, planted, vendor
from tests.vendor_server import Reply, serving
from tests.world import contract_of, gather_folder, load_cases, write_evidence

CASES = Path(__file__).parents[1] / "commitments"
DELETION = {"vendor": "anthropic", "does": ["deletion"], "reader": "READER_KEY"}
STORAGE = {"vendor": "openai", "does": ["storage"], "model": "m-1"}
CANARIES = {"vendor": "anthropic", "does": ["canaries"], "model": "m-1", "canaries": 1, "wait_days": 3}
JUNE_2 = datetime(2025, 6, 2, 8, tzinfo=UTC)
#: By kind: when the first audit is made, how long before the second, and which probe.
PROBED: dict[str, tuple[datetime, timedelta, dict[str, Any]]] = {
    "data-retention-limit": (JUNE_2, timedelta(hours=25), DELETION),
    "deletion-on-demand": (datetime(2025, 5, 1, tzinfo=UTC), timedelta(days=31), DELETION | {"limit_hours": 720}),
    "zero-data-retention": (JUNE_2, timedelta(hours=1), STORAGE),
    "no-training-use": (JUNE_2, timedelta(days=30), CANARIES),
}


def found_by(folder: Path, kind: str, at: Vendor, *, learns: bool = False) -> Finding:
    """Return the finding over the complete evidence of a kind and what two audits' probes found beside it."""
    base = load_cases(CASES / kind / "cases.yaml")
    period, as_of = Period.model_validate(base["period"]), datetime.fromisoformat(base["as_of"])
    _, gap, settings = PROBED[kind]
    with serving(at.answer) as server:
        audit(folder, at, server, as_of, period, **settings)
        at.knows = planted(server.sent) if learns else {}
        at.clock.at += gap
        probed = audit(folder, at, server, as_of, period, **settings)
    write_evidence(folder / "evidence", base["given"])
    rest = gather_folder(folder, period)
    names = sorted({*rest.tables, *probed.tables})
    tables = {name: (*rest.tables.get(name, ()), *probed.tables.get(name, ())) for name in names}
    evidence = Evidence(frozenset(tables), (*rest.cards, *probed.cards))
    return judge(contract_of(kind, base["terms"]), period, as_of, evidence, DuckEngine(tables)).findings[0]


def at_start(kind: str, **more: Any) -> Vendor:
    return vendor(PROBED[kind][0], **more)


@pytest.mark.parametrize("kind", sorted(PROBED))
def test_what_a_probe_sees_breaks_the_promise(kind: str, tmp_path: Path) -> None:
    found = found_by(tmp_path, kind, at_start(kind, keeps=True, stores=True), learns=True)
    assert found.status is Status.BREACHED


@pytest.mark.parametrize("kind", sorted(PROBED))
def test_what_a_probe_does_not_see_changes_nothing(kind: str, tmp_path: Path) -> None:
    found = found_by(tmp_path, kind, at_start(kind))
    base = load_cases(CASES / kind / "cases.yaml")["cases"][0]
    assert (found.status, base["expect"]) == (Status.MET, "met")


@pytest.mark.parametrize("kind", ["data-retention-limit", "deletion-on-demand", "zero-data-retention"])
def test_a_probe_that_fails_changes_nothing(kind: str, tmp_path: Path) -> None:
    broken = {("POST", "/v1"): Reply(status=500)}
    assert found_by(tmp_path, kind, at_start(kind, broken=broken)).status is Status.MET


def test_a_404_carries_no_deletion_of_its_own(tmp_path: Path) -> None:
    kind = "deletion-on-demand"
    at = at_start(kind)
    base = load_cases(CASES / kind / "cases.yaml")
    period, as_of = Period.model_validate(base["period"]), datetime.fromisoformat(base["as_of"])
    with serving(at.answer) as server:
        audit(tmp_path, at, server, as_of, period, **PROBED[kind][2])
        at.clock.at += PROBED[kind][1]
        probed = audit(tmp_path, at, server, as_of, period, **PROBED[kind][2])
    evidence = Evidence(frozenset(probed.tables), probed.cards)
    contract = contract_of(kind, base["terms"])
    found = judge(contract, period, as_of, evidence, DuckEngine(dict(probed.tables))).findings[0]
    assert found.status is Status.UNPROVEN
