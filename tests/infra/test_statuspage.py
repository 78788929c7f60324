"""A status page as a source: when components were unwell, that it is the vendor's own word, and what a list lacks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from pydantic import ValidationError

from evidence.locker import Locker
from evidence.model import Assurance, Period
from infra.source import Gathered, Gathering
from infra.sources.statuspage import StatusPage
from tests.vendor_server import Params, Reply, serving

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
OCTOBER = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC))
SHARED = Path(__file__).parents[3] / "shared" / "data" / "vendor-apis" / "format-examples" / "status"


def at(hour: int, day: int = 5, month: int = 10) -> str:
    return f"2026-{month:02d}-{day:02d}T{hour:02d}:00:00.000Z"


def change(old: str, new: str, code: str = "api") -> dict[str, str]:
    return {"code": code, "name": f"Component {code}", "old_status": old, "new_status": new}


def update(when: str, *changes: dict[str, str], **more: Any) -> dict[str, Any]:
    said = {"id": f"u{when}", "body": "a sentence nobody needs", "created_at": when, "display_at": when}
    return said | {"affected_components": list(changes) or None} | more


def incident(name: str = "i1", *updates: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": "Elevated errors",
        "impact": "major",
        "created_at": at(8),
        "started_at": at(8),
        "resolved_at": at(12),
        "incident_updates": list(updates),
    } | more


BEFORE = incident("i0", created_at=at(1, 20, 9), started_at=at(1, 20, 9), resolved_at=at(2, 20, 9))
QUIET: dict[str, Any] = {"scheduled_maintenances": [], "components": []}


def gathering(folder: Path) -> Gathering:
    return Gathering(
        root=folder,
        locker=Locker(folder / "locker"),
        tables=folder / "tables",
        period=OCTOBER,
        now=lambda: NOW,
        token=lambda value: value,
    )


def asked(folder: Path, *incidents: Any, reads: tuple[str, ...] = (), **lists: Any) -> Gathered:
    """Gather a page that has these incidents, one before the period, and the given other lists or replies."""
    answers = QUIET | {"incidents": [*incidents, BEFORE]} | lists

    def answer(path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        name = path.removeprefix("/api/v2/").removesuffix(".json").replace("-", "_")
        found = answers[name]
        return found if isinstance(found, Reply) else Reply({"page": {"id": "p"}, name: found})

    with serving(answer) as server:
        source = StatusPage.model_validate({"url": server.address} | ({"reads": reads} if reads else {}))
        source.gather(found := gathering(folder))
    return found.gathered()


def saved(folder: Path, **files: Any) -> Gathered:
    (folder / "pages").mkdir()
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / "pages" / f"{name}.json").write_text(text)
    StatusPage(path="pages").gather(found := gathering(folder))
    return found.gathered()


def outages(found: Gathered, name: str = "service_outages") -> list[dict[str, Any]]:
    return [row for path in found.tables[name] for row in pq.read_table(path).to_pylist()]


def stretches(found: Gathered) -> list[tuple[Any, ...]]:
    rows = outages(found)
    return [(r["component"], r["state"], _hour(r["started_at"]), _hour(r["ended_at"])) for r in rows]


def _hour(moment: datetime | None) -> int | None:
    return None if moment is None else moment.hour


def said(found: Gathered) -> str:
    return " ".join(problem for card in found.cards for problem in card.problems)


def incomplete(found: Gathered) -> list[tuple[str, ...]]:
    return [card.families for card in found.cards if not card.complete]


def test_every_stretch_of_a_state_is_a_row(tmp_path: Path) -> None:
    told = incident(
        "i1",
        update(at(11), change("major_outage", "operational")),
        update(at(9), change("partial_outage", "major_outage")),
        update(at(8), change("operational", "partial_outage"), change("operational", "degraded_performance", "web")),
    )
    assert sorted(stretches(asked(tmp_path, told))) == [
        ("Component api", "major_outage", 9, 11),
        ("Component api", "partial_outage", 8, 9),
        ("Component web", "degraded_performance", 8, 12),
    ]


def test_an_incident_that_names_no_component_lasts_from_start_to_resolution(tmp_path: Path) -> None:
    assert stretches(asked(tmp_path, incident("i1", update(at(8))))) == [(None, None, 8, 12)]


def test_an_incident_that_is_not_over_has_no_end(tmp_path: Path) -> None:
    told = incident("i1", update(at(8), change("operational", "major_outage")), resolved_at=None)
    assert stretches(asked(tmp_path, told)) == [("Component api", "major_outage", 8, None)]


def test_a_component_that_was_unwell_before_the_incident_has_no_start(tmp_path: Path) -> None:
    told = incident("i1", update(at(9), change("major_outage", "operational")))
    assert stretches(asked(tmp_path, told)) == [("Component api", "major_outage", None, 9)]


def test_a_state_that_no_page_knows_is_a_defect_and_not_wellness(tmp_path: Path) -> None:
    told = incident("i1", update(at(8), change("operational", "full_outage")))
    (row,) = outages(asked(tmp_path, told))
    assert (row["state"], row["defects"]) == (None, ["state"])


def test_what_updates_say_in_words_is_in_no_table(tmp_path: Path) -> None:
    found = asked(tmp_path, incident("i1", update(at(8), change("operational", "major_outage"))))
    assert "sentence" not in json.dumps(outages(found), default=str)


def test_an_incident_of_another_time_is_counted_beside(tmp_path: Path) -> None:
    later = incident("i2", started_at=at(1, 2, 11), resolved_at=None)
    found = asked(tmp_path, later)
    assert outages(found) == []
    assert sum(card.not_relevant for card in found.cards) == 2


def test_an_incident_listed_twice_counts_once(tmp_path: Path) -> None:
    found = asked(tmp_path, incident("i1", update(at(8))), incident("i1", update(at(8))))
    assert (len(outages(found)), sum(card.duplicates for card in found.cards)) == (1, 1)


def test_a_list_that_does_not_reach_back_to_the_start_is_incomplete(tmp_path: Path) -> None:
    found = asked(tmp_path, incidents=[incident("i1", update(at(8)))])
    assert incomplete(found) == [("service_outages",)]
    assert "does not reach back" in said(found)


def test_an_incident_dated_back_does_not_make_a_list_reach_back(tmp_path: Path) -> None:
    late = incident("i1", update(at(8)), started_at=at(1, 1, 9))
    assert incomplete(asked(tmp_path, incidents=[late])) == [("service_outages",)]


def test_a_summary_reaches_back_to_nothing(tmp_path: Path) -> None:
    page = {"url": "https://status.example", "updated_at": at(12)}
    old = BEFORE | {"resolved_at": None}
    found = saved(tmp_path, summary={"page": page, "status": {"indicator": "none"}, "incidents": [old]})
    assert incomplete(found) == [("service_outages",)]
    assert len(outages(found)) == 1


def test_a_component_that_is_unwell_now_is_a_row_without_an_incident(tmp_path: Path) -> None:
    components = [
        {"id": "api", "name": "API", "status": "partial_outage"},
        {"id": "web", "name": "Web", "status": "operational"},
    ]
    (row,) = outages(asked(tmp_path, components=components))
    assert (row["component"], row["state"], row["started_at"]) == ("API", "partial_outage", None)


def test_planned_work_says_when_it_was_announced(tmp_path: Path) -> None:
    work = {"id": "m1", "impact": "maintenance", "created_at": at(7, 1), "components": [{"name": "API"}]}
    work |= {"scheduled_for": at(2), "scheduled_until": at(4)}
    (row,) = outages(asked(tmp_path, scheduled_maintenances=[work]))
    assert (row["state"], row["started_at"].hour, row["ended_at"].hour) == ("under_maintenance", 2, 4)
    assert row["announced_at"].day == 1


def test_all_of_it_is_the_vendors_own_word(tmp_path: Path) -> None:
    found = asked(tmp_path, incident("i1", update(at(8))))
    assert {row["reported_by"] for row in outages(found)} == {"vendor"}
    assert {card.assurance for card in found.cards} == {Assurance.CLAIMED}


def test_an_outage_is_no_incident_of_data(tmp_path: Path) -> None:
    assert "incidents" not in StatusPage.provides
    assert "incidents" not in asked(tmp_path, incident("i1", update(at(8)))).tables


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(status=403), "answered 403"),
        (Reply(b"<html>"), "no list 'incidents'"),
        (Reply({"incidents": {}}), "no list 'incidents'"),
        (Reply(status=301, headers={"location": "https://elsewhere.example"}), "redirection"),
    ],
)
def test_a_fault_is_on_a_card_and_leaves_the_other_lists(reply: Reply, why: str, tmp_path: Path) -> None:
    found = asked(tmp_path, incidents=reply, components=[{"id": "a", "name": "A", "status": "major_outage"}])
    assert why in said(found)
    assert [row["component"] for row in outages(found)] == ["A"]
    assert ("service_outages",) in incomplete(found)


@pytest.mark.parametrize(
    "record", [7, {}, incident(incident_updates=None), incident("x", {"affected_components": [3]})]
)
def test_an_incident_that_is_not_as_documented_is_lost_and_counted(record: Any, tmp_path: Path) -> None:
    found = asked(tmp_path, record, reads=("incidents",))
    assert sum(card.unreadable for card in found.cards) == 1


def test_saved_answers_are_read_like_live_ones(tmp_path: Path) -> None:
    page = {"url": "https://status.example", "updated_at": at(12)}
    told = incident("i1", update(at(8), change("operational", "major_outage")))
    found = saved(tmp_path, incidents={"page": page, "incidents": [told, BEFORE]})
    assert stretches(found) == [("Component api", "major_outage", 8, 12)]
    assert incomplete(found) == []


def test_an_earlier_copy_of_a_page_keeps_what_it_saw(tmp_path: Path) -> None:
    seen = [incident("i1", update(at(8)), resolved_at=r, updated_at=u) for r, u in ((None, at(9)), (at(12), at(12)))]
    pages = [{"url": "https://status.example", "updated_at": at(hour)} for hour in (9, 12)]
    found = saved(
        tmp_path,
        **{f"p{n}": {"page": p, "incidents": [i, BEFORE]} for n, (p, i) in enumerate(zip(pages, seen, strict=True))},
    )
    assert [(_hour(r["observed_at"]), _hour(r["ended_at"])) for r in outages(found)] == [(9, None), (12, 12)]


def test_an_uptime_statement_keeps_its_seconds_and_its_own_percentage(tmp_path: Path) -> None:
    stated = {"id": "c1", "name": "API", "uptime_percentage": 99.98, "major_outage": 61, "partial_outage": 0}
    found = saved(tmp_path, uptime=stated | {"range_start": at(0, 1), "range_end": at(0, 31)})
    (row,) = outages(found, "uptime_statements")
    assert (row["component"], row["major_outage_s"], row["partial_outage_s"], row["percent"]) == ("API", 61, 0, "99.98")


@pytest.mark.parametrize("text", ["{", "[]", "7", '{"page": {}}', '{"incidents": []}', "[" * 100_000])
def test_a_saved_file_that_is_no_answer_is_lost_and_said(text: str, tmp_path: Path) -> None:
    found = saved(tmp_path, broken=text)
    assert [(card.unreadable, card.complete) for card in found.cards if "broken" in card.address] == [(1, False)]


@pytest.mark.parametrize("settings", [{}, {"url": "https://a.example", "path": "x"}, {"url": "https://a.example/path"}])
def test_a_page_has_one_address(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        StatusPage.model_validate(settings)


@pytest.mark.skipif(not SHARED.exists(), reason="the documented example is not here")
def test_the_documented_example_is_read(tmp_path: Path) -> None:
    example = json.loads((SHARED / "incidents.json").read_text())
    (row,) = outages(saved(tmp_path, example=example))
    assert (row["state"], row["impact"], row["ended_at"].hour) == ("partial_outage", "major", 15)
