"""What a status page says, as rows: per component from one change of its state to the next, else per incident.

Source: Statuspage API v2 (`incidents.json`, `scheduled-maintenances.json`, `components.json`) and, for what the owner
of a page can export, the uptime of a component. What updates say in words is never taken over. How much a partial
outage weighs is the contract's matter and is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from evidence.model import Period, instant_text
from infra.web.listed import Beside, Repeated, Row, instant_of, object_of, text_of

OUTAGES, UPTIME = "service_outages", "uptime_statements"
FAMILIES = (OUTAGES, UPTIME)
WELL = "operational"
BY = "vendor"


@dataclass(slots=True)
class PageRecords:
    """The records of one status page, each counted once in every state it was seen in.

    `observed` is when the page was read, as RFC 3339; `oldest` is when the oldest incident was entered.
    """

    page: str
    period: Period
    observed: str = ""
    oldest: datetime | None = None
    _seen: set[tuple[str, str, str]] = field(default_factory=set)

    def incident(self, record: Any) -> Iterator[Row]:
        """Yield the outages of one incident; raises `Beside` for one that touches no moment of the period."""
        stated = self._new("incident", record)
        began = text_of(stated, "started_at" if stated.get("started_at") else "created_at")
        # Lists are in the order in which incidents were entered, which may be long after they began.
        self._reach(_text(stated, "created_at") or began)
        ended = _text(stated, "resolved_at")
        self._within(began, ended)
        found = [
            self._row(stated, f"{code}/{start or began}", component=name, state=state, started_at=start, ended_at=end)
            for code, name, state, start, end in _states(stated, ended)
        ]
        yield from found or [self._row(stated, began, started_at=began, ended_at=ended)]

    def maintenance(self, record: Any) -> Iterator[Row]:
        """Yield the window of planned work, and when it was announced."""
        stated = self._new("maintenance", record)
        start, end = text_of(stated, "scheduled_for"), _text(stated, "scheduled_until")
        self._within(start, end)
        window = {"started_at": start, "ended_at": end, "announced_at": text_of(stated, "created_at")}
        listed = stated.get("components")
        named = [_text(one, "name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        for name in named or [None]:
            key = start if name is None else f"{name}/{start}"
            yield self._row(stated, key, component=name, state="under_maintenance", **window)

    def component(self, record: Any) -> Iterator[Row]:
        """Yield a component that is not well at the moment of reading; whether an incident says so or not."""
        stated = self._new("component", record)
        state = text_of(stated, "status")
        if state == WELL:
            raise Beside
        self._within(self.observed, self.observed)
        key = f"component/{text_of(stated, 'id')}/{self.observed}"
        row: dict[str, Any] = {"outage_id": key, "page": self.page, "component": _text(stated, "name"), "state": state}
        yield OUTAGES, row | {"observed_at": self.observed, "reported_by": BY}

    def uptime(self, record: Any) -> Iterator[Row]:
        """Yield what the owner of the page states of a component's uptime."""
        stated = object_of(record)
        percent = stated.get("uptime_percentage")
        yield (
            UPTIME,
            {
                "component": text_of(stated, "name" if stated.get("name") else "id"),
                "range_start": text_of(stated, "range_start"),
                "range_end": text_of(stated, "range_end"),
                "major_outage_s": stated.get("major_outage"),
                "partial_outage_s": stated.get("partial_outage"),
                "percent": None if percent is None else str(percent),
                "reported_by": BY,
            },
        )

    def _row(self, stated: Mapping[str, Any], key: str, **more: Any) -> Row:
        incident = text_of(stated, "id")
        row: dict[str, Any] = {"outage_id": f"{incident}/{key}", "incident_id": incident, "page": self.page}
        row |= {"impact": stated.get("impact"), "observed_at": self.observed, "reported_by": BY}
        return OUTAGES, row | more

    def _new(self, what: str, record: Any) -> Mapping[str, Any]:
        stated = object_of(record)
        key = (what, text_of(stated, "id"), _text(stated, "updated_at") or "")
        if key in self._seen:
            raise Repeated
        self._seen.add(key)
        return stated

    def _reach(self, began: str) -> None:
        moment = instant_of(began)
        if moment is not None and (self.oldest is None or moment < self.oldest):
            self.oldest = moment

    def _within(self, began: str, ended: str | None) -> None:
        start, end = instant_of(began), instant_of(ended)
        if (start is not None and start >= self.period.end) or (end is not None and end < self.period.start):
            raise Beside


def _states(stated: Mapping[str, Any], ended: str | None) -> list[tuple[str, str | None, str, str | None, str | None]]:
    """Return (id, name, state, since, until) for every stretch in which an incident had a component unwell."""
    found: list[tuple[str, str | None, str, str | None, str | None]] = []
    unwell: dict[str, tuple[str | None, str, str | None]] = {}
    for moment, change in sorted(
        _changes(stated), key=lambda one: instant_of(one[0]) or datetime.max.replace(tzinfo=UTC)
    ):
        code, state, was = text_of(change, "code"), text_of(change, "new_status"), change.get("old_status")
        name = _text(change, "name")
        if code not in unwell and isinstance(was, str) and was not in {WELL, state}:
            unwell[code] = (name, was, None)  # it was unwell already, nobody says since when
        if code in unwell and unwell[code][1] == state:
            continue
        if code in unwell:
            known, before, since = unwell.pop(code)
            found.append((code, known, before, since, moment))
        if state != WELL:
            unwell[code] = (name, state, moment)
    found += [(code, name, state, since, ended) for code, (name, state, since) in unwell.items()]
    return found


def _changes(stated: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    updates = stated.get("incident_updates")
    if not isinstance(updates, list):
        raise ValueError("an incident without its list of updates")
    for update in map(object_of, updates):
        affected = update.get("affected_components")
        if isinstance(affected, list):
            moment = text_of(update, "display_at" if update.get("display_at") else "created_at")
            yield from ((moment, object_of(change)) for change in affected)


def short_of(records: PageRecords) -> str:
    """Return why a list of incidents may not be whole, or nothing: pages list the newest, fifty at most."""
    if records.oldest is not None and records.oldest < records.period.start:
        return ""
    oldest = "none" if records.oldest is None else instant_text(records.oldest)
    return f"the list of incidents does not reach back to the start of the period (oldest: {oldest})"


def _text(stated: Any, name: str) -> str | None:
    value = stated.get(name)
    return value if isinstance(value, str) and value else None
