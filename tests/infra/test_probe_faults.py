"""Probes through every fault of a network: one that strikes anywhere makes no sighting of what is gone."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.source import Gathered
from tests.faults.scenario import Fault
from tests.faults.wire import HTTP, spoiled
from tests.infra.probe_server import Vendor, audit, table, vendor
from tests.vendor_server import Params, Reply, VendorServer, serving

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
SETTINGS: dict[str, Any] = {"vendor": "anthropic", "does": ["deletion"], "reader": "READER_KEY"}
#: A late answer is the client's matter, and costs time here.
FAULTS = sorted(set(HTTP) - {"slow"})
#: Requests of one audit: two files made, both read, one refused and one done deletion, and a leftover.
REQUESTS = 7


def faulty(folder: Path, at: Vendor, server: VendorServer, name: str, draw: random.Random) -> Gathered:
    """Gather once, with one fault at a request drawn by chance."""
    server.handler = spoiled(at.answer, Fault(name, draw, REQUESTS))
    try:
        return audit(folder, at, server, **SETTINGS)
    finally:
        server.handler = at.answer


def outcomes(*found: Gathered) -> list[str]:
    return [row["outcome"] for one in found for row in table(one, "deletion_probes")]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_makes_no_sighting_of_what_is_gone(name: str, tmp_path: Path) -> None:
    draw, at = random.Random(name), vendor(START)
    with serving(at.answer) as server:
        found = []
        for _ in range(2):
            found.append(faulty(tmp_path, at, server, name, draw))
            at.clock.at += timedelta(hours=25)
        calm = [audit(tmp_path, at, server, **SETTINGS)]
        at.clock.at += timedelta(hours=25)
        calm.append(audit(tmp_path, at, server, **SETTINGS))
    assert not any({"data_lifecycle", "deletion_requests"} & set(one.tables) for one in [*found, *calm])
    assert "found" not in outcomes(*found, *calm)
    # A vendor whose clock was off by months leaves it open for months.
    assert outcomes(calm[-1]) == ([] if name == "skew" else ["gone"])


def test_an_answer_out_of_some_cache_is_no_sighting(tmp_path: Path) -> None:
    at, kept = vendor(START), dict[str, Reply]()

    def caching(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        assert at.server is not None
        reply = at.answer(path, params, headers)
        return kept.setdefault(path, reply) if at.server.sent[-1][0] == "GET" else reply

    with serving(caching) as server:
        audit(tmp_path, at, server, **SETTINGS)
        at.clock.at += timedelta(hours=25)
        found = audit(tmp_path, at, server, **SETTINGS)
    assert found.tables == {}


@pytest.mark.parametrize("name", ["500", "cut", "drift", "expired", "forbidden"])
def test_what_is_kept_is_seen_once_the_faults_are_over(name: str, tmp_path: Path) -> None:
    draw, at = random.Random(name), vendor(START, keeps=True)
    with serving(at.answer) as server:
        for _ in range(2):
            faulty(tmp_path, at, server, name, draw)
            at.clock.at += timedelta(hours=25)
        for _ in range(2):
            last = audit(tmp_path, at, server, **SETTINGS)
            at.clock.at += timedelta(hours=25)
    assert "data_lifecycle" in last.tables
