"""A status page: lists of what was unwell; no promise is judged by it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from infra.source import Gathering
from infra.sources.statuspage import StatusPage
from tests.faults.scenario import Fault, Scenario, over_http
from tests.faults.wire import HTTP, spoiled
from tests.infra.test_statuspage import BEFORE, NOW, OCTOBER, at, change, incident, update
from tests.vendor_server import Params, Reply


class Page(Scenario):
    kind, faults = "statuspage", HTTP
    identity = {"service_outages": ("outage_id", "component", "state")}
    period = OCTOBER
    altering = frozenset({"drift"})

    @property
    def instant(self):  # type: ignore[no-untyped-def]
        return NOW + timedelta(0)

    def gather(self, into: Gathering, fault: Fault | None, *, bad: bool) -> int:
        first = incident(
            "i1",
            update(at(8), change("operational", "major_outage")),
            update(at(9), change("major_outage", "operational")),
        )
        lists = {"incidents": [first, incident("i2"), BEFORE], "scheduled_maintenances": [], "components": []}

        def answer(path: str, _: Params, __: Mapping[str, str]) -> Reply:
            name = path.removeprefix("/api/v2/").removesuffix(".json").replace("-", "_")
            return Reply({"page": {"id": "p"}, name: lists[name]})

        return over_http(into, answer, fault, lambda address: StatusPage(url=address), spoiled)


SCENARIOS: dict[str, Scenario] = {"statuspage": Page()}
