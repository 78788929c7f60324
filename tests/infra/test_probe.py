"""Probes: nothing is sent that is not switched on and described, and what they find can contradict and nothing else."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from evidence.errors import BadInput, Terminal
from evidence.locker import Locker
from evidence.model import Assurance, Period
from infra.canary_probe import NUMBERS, Canary
from infra.source import Gathered, Gathering
from infra.sources.probe import Probe
from infra.web.client import Answer, Client, Request
from tests.infra.probe_server import READER, WRITER, Vendor, audit, audits, configured, planted, table, vendor
from tests.vendor_server import Reply, serving

START = datetime(2026, 10, 1, 8, tzinfo=UTC)
OCTOBER = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))
DELETION = {"vendor": "anthropic", "does": ["deletion"], "reader": "READER_KEY"}
STORAGE = {"vendor": "openai", "does": ["storage"], "model": "m-1"}
CANARIES = {"vendor": "anthropic", "does": ["canaries"], "model": "m-1", "canaries": 2, "wait_days": 30}
LATER = timedelta(days=31)


def said(found: Gathered) -> str:
    return " ".join([*found.problems, *(problem for card in found.cards for problem in card.problems)])


def asked(at: Vendor) -> list[str]:
    assert at.server is not None
    methods = [method for method, _ in at.server.sent]
    return [f"{method} {path}" for method, path in zip(methods, at.server.asked, strict=True)]


# --- nothing unasked for


def test_a_probe_is_off_unless_it_is_switched_on(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        given = {"credential": "WRITER_KEY", "endpoint": server.address} | DELETION
        gathering = Gathering(
            root=tmp_path,
            locker=Locker(tmp_path / "locker"),
            tables=tmp_path / "tables",
            period=OCTOBER,
            now=at.clock,
            token=str,
            journals=tmp_path / "journals",
        )
        probe = Probe.model_validate(given)
        probe.gather(gathering)
        assert server.sent == []
    assert (probe.enabled, probe.gives) == (False, frozenset())
    assert "off" in said(gathering.gathered())
    assert all("not sent" in one.note and not one.families for one in probe.fetches(tmp_path))


@pytest.mark.parametrize("settings", [DELETION, STORAGE | {"reader": "READER_KEY"}, CANARIES | {"wait_days": 0}])
def test_everything_that_is_sent_was_described(settings: dict[str, Any], tmp_path: Path) -> None:
    at = vendor(START, stores=True)
    audits(tmp_path, at, LATER, **settings)
    described = {(one.address, one.identity, one.sends) for one in configured(at.server, **settings).fetches(tmp_path)}
    assert {as_described(at, number) for number in range(len(asked(at)))} == described


DRAWN = {
    r"probity-[0-9a-f]{16}": "probity-<drawn>",
    r"(file|resp)_[0-9]+": "<id>",
    r"depot [a-z2-7]{12}": "depot <label>",
    r" is [0-9]{6}\.": " is <number>.",
}


def as_described(at: Vendor, number: int) -> tuple[str, str, str]:
    """Return a request that was received as descriptions have it, with names for what was drawn."""
    assert at.server is not None
    (method, body), path, headers = at.server.sent[number], at.server.asked[number], at.server.headers_seen[number]
    variable = "WRITER_KEY" if WRITER in headers.values() or f"Bearer {WRITER}" in headers.values() else "READER_KEY"
    told = (f"{method} {at.server.address}{path}", body.decode())
    for drawn, name in DRAWN.items():
        told = (re.sub(drawn, name, told[0]), re.sub(drawn, name, told[1]))
    return told[0], variable, told[1]


def test_a_description_holds_no_key_and_no_phrase(tmp_path: Path) -> None:
    at = vendor(START)
    audits(tmp_path, at, **CANARIES)
    told = repr(list(configured(at.server, **CANARIES).fetches(tmp_path)))
    assert at.server is not None
    for secret in (WRITER, READER, *planted(at.server.sent).values()):
        assert secret not in told


@pytest.mark.parametrize(
    "settings",
    [
        DELETION | {"reader": None},
        DELETION | {"reader": "WRITER_KEY"},
        STORAGE | {"model": None},
        STORAGE | {"vendor": "anthropic"},
        CANARIES | {"model": None},
        CANARIES | {"does": []},
    ],
)
def test_a_probe_that_could_not_work_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        configured(**settings)


def test_a_credential_that_is_not_there_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        with pytest.raises(BadInput, match="NOT_THERE"):
            audit(tmp_path, at, server, **DELETION | {"reader": "NOT_THERE"})
        assert server.sent == []


# --- deletion


def outcomes(found: Gathered) -> list[tuple[str, int | None]]:
    """Return each outcome, with the doubt in whole seconds."""
    rows = table(found, "deletion_probes")
    doubts = [row["clock_uncertainty_ms"] for row in rows]
    return [(row["outcome"], None if ms is None else ms // 1000) for row, ms in zip(rows, doubts, strict=True)]


def test_what_was_deleted_is_looked_for_by_a_later_audit(tmp_path: Path) -> None:
    at = vendor(START)
    first, second = audits(tmp_path, at, timedelta(hours=25), **DELETION)
    assert (outcomes(first), outcomes(second)) == ([], [("gone", 2)])
    (row,) = table(second, "deletion_probes")
    assert (row["system_id"], row["reader_may_delete"], row["limit_s"]) == ("anthropic-files", False, 86400)
    assert row["created_at"] < row["seen_at"] < row["deleted_at"] < row["looked_at"]


def test_a_file_that_is_gone_supports_no_clause(tmp_path: Path) -> None:
    _, second = audits(tmp_path, vendor(START), timedelta(hours=25), **DELETION)
    assert set(second.tables) == {"deletion_probes"}


def test_a_file_that_is_still_there_is_a_sighting_for_the_clauses(tmp_path: Path) -> None:
    at = vendor(START, keeps=True)
    _, second = audits(tmp_path, at, timedelta(hours=25), **DELETION)
    assert outcomes(second) == [("found", 2)]
    (content,), (request,) = (table(second, name) for name in ("data_lifecycle", "deletion_requests"))
    assert (content["deleted_at"], content["snapshot_at"] - content["captured_at"] > timedelta(hours=24)) == (
        None,
        True,
    )
    assert (request["completed_at"], request["found_systems"]) == (request["submitted_at"], ["anthropic-files"])
    assert {card.assurance for card in second.cards} == {Assurance.OBSERVED}


def test_a_sighting_takes_the_doubt_of_the_clocks_off(tmp_path: Path) -> None:
    at = vendor(START, keeps=True)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        at.clock.at, at.skew = at.clock.at + timedelta(hours=30), timedelta(minutes=90)
        found = audit(tmp_path, at, server, as_of=at.clock.at + timedelta(hours=1), **DELETION)
    ((outcome, doubt),) = outcomes(found)
    (content,) = table(found, "data_lifecycle")
    assert outcome == "found"
    assert doubt in {90 * 60 + 1, 90 * 60 + 2, 90 * 60 + 3}
    assert content["snapshot_at"] - content["captured_at"] < timedelta(hours=28, minutes=30)


def test_a_clock_that_jumped_does_not_make_the_limit_pass(tmp_path: Path) -> None:
    at = vendor(START, keeps=True)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        at.clock.at, at.skew = at.clock.at + timedelta(hours=30), timedelta(hours=-29)
        found = audit(tmp_path, at, server, **DELETION)
    assert outcomes(found) == []
    assert "clocks may be wrong" in said(found)


def test_a_vendor_that_does_not_tell_its_time_leaves_it_unproven(tmp_path: Path) -> None:
    _, second = audits(tmp_path, vendor(START, skew=None, keeps=True), timedelta(hours=25), **DELETION)
    assert outcomes(second) == [("unproven", None)]
    assert "data_lifecycle" not in second.tables


def test_before_the_limit_nothing_is_sent(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        before = len(server.sent)
        at.clock.at += timedelta(hours=23)
        audit(tmp_path, at, server, **DELETION)
        assert len(server.sent) == before


def test_a_404_says_nothing_when_the_twin_is_gone_too(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        at.files.clear()
        at.clock.at += timedelta(hours=25)
        found = audit(tmp_path, at, server, **DELETION)
    assert [outcome for outcome, _ in outcomes(found)] == ["unproven"]


def test_a_404_says_nothing_when_the_reader_could_have_deleted(tmp_path: Path) -> None:
    _, second = audits(tmp_path, vendor(START, may_delete=True), timedelta(hours=25), **DELETION)
    (row,) = table(second, "deletion_probes")
    assert (row["outcome"], row["reader_may_delete"]) == ("unproven", True)
    assert "was made and deleted" in said(second), "it would be the same the next time, so another one is begun"


def test_a_reader_that_could_have_deleted_still_sees_what_was_kept(tmp_path: Path) -> None:
    at = vendor(START, may_delete=True, keeps=True)
    _, second = audits(tmp_path, at, timedelta(hours=25), **DELETION)
    assert [outcome for outcome, _ in outcomes(second)] == ["found"]


@pytest.mark.parametrize("reply", [Reply(b"<html>"), Reply({"id": "another"}), Reply(status=403)])
def test_an_answer_that_is_not_the_file_is_no_sighting(reply: Reply, tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        at.clock.at += timedelta(hours=25)
        at.broken = {("GET", "/v1/files/file_1"): reply}
        found = audit(tmp_path, at, server, **DELETION)
        at.broken = {}
        again = audit(tmp_path, at, server, **DELETION)
    assert ([o for o, _ in outcomes(found)], "data_lifecycle" in found.tables) == (["unproven"], False)
    assert [o for o, _ in outcomes(again)] == ["gone"]


def test_without_a_200_before_there_is_no_probe(tmp_path: Path) -> None:
    at = vendor(START, broken={("GET", "/v1/files"): Reply(status=403)})
    first, second = audits(tmp_path, at, timedelta(hours=25), **DELETION)
    assert "a 404 would say nothing" in said(first)
    assert outcomes(second) == []
    assert at.files == {}


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("POST", Reply(status=500)),
        ("POST", Reply(status=401)),
        ("POST", Reply(b"[" * 100_000)),
        ("POST", Reply({"id": "../../admin"})),
        ("POST", Reply({"id": "file_1"}, promised=9)),
        ("DELETE", Reply({"id": "another"})),
    ],
)
def test_a_fault_is_on_a_card_and_touches_no_other_family(method: str, reply: Reply, tmp_path: Path) -> None:
    (found,) = audits(tmp_path, vendor(START, broken={(method, "/v1/files"): reply}), **DELETION)
    assert [card.families for card in found.cards if not card.complete] == [("deletion_probes",)]
    assert WRITER not in said(found)


def test_what_a_failed_probe_left_is_deleted_by_the_next_audit(tmp_path: Path) -> None:
    at = vendor(START, broken={("GET", "/v1/files"): Reply({}, promised=9)})
    at.broken |= {("DELETE", "/v1/files"): Reply(status=403)}
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION | {"reader": "READER_KEY"})
        left = set(at.files)
        at.broken = {}
        audit(tmp_path, at, server, **DELETION)
    assert left
    assert not left & set(at.files)


def test_a_sighting_is_remembered_for_the_audit_of_another_period(tmp_path: Path) -> None:
    at = vendor(START, keeps=True)
    *_, third = audits(tmp_path, at, timedelta(hours=25), timedelta(hours=1), **DELETION)
    assert len(table(third, "data_lifecycle")) == 1


def test_nothing_is_seen_after_the_instant_of_the_audit(tmp_path: Path) -> None:
    at = vendor(START, keeps=True)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        at.clock.at += timedelta(hours=40)
        as_of = START + timedelta(hours=26)
        (content,) = table(audit(tmp_path, at, server, as_of=as_of, **DELETION), "data_lifecycle")
        assert content["snapshot_at"] == as_of
        assert table(audit(tmp_path, at, server, as_of=START, **DELETION), "data_lifecycle") == []


def test_what_is_remembered_is_for_its_owner_alone(tmp_path: Path) -> None:
    audits(tmp_path, vendor(START), **DELETION)
    (kept,) = (tmp_path / "journals").glob("probe-*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_memory_that_is_damaged_sends_nothing(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **DELETION)
        (kept,) = (tmp_path / "journals").glob("probe-*.json")
        kept.write_text(kept.read_text()[:-5])
        before = len(server.sent)
        found = audit(tmp_path, at, server, **DELETION)
        assert len(server.sent) == before
    assert "cannot be read" in said(found)


# --- storage


def test_a_request_that_was_not_stored_is_a_setting_that_nothing_rests_on(tmp_path: Path) -> None:
    (found,) = audits(tmp_path, vendor(START), **STORAGE)
    assert [(r["setting"], r["value"]) for r in table(found, "settings")] == [("store_request", "ignored")]
    assert (set(found.tables), configured(**STORAGE).gives) == ({"settings"}, frozenset())


def test_an_answer_that_was_stored_is_content_that_was_kept(tmp_path: Path) -> None:
    at = vendor(START, stores=True)
    first, second = audits(tmp_path, at, timedelta(hours=1), **STORAGE)
    assert [r["value"] for r in table(first, "settings")] == ["stored"]
    (row,) = table(second, "data_lifecycle")
    assert (row["system_id"], row["record_id"], row["deleted_at"]) == ("openai-responses", "resp_1", None)
    assert row["snapshot_at"] > row["captured_at"]
    assert at.responses == {}


@pytest.mark.parametrize("reply", [Reply(status=500), Reply(status=403), Reply(b"<html>"), Reply({"id": "another"})])
def test_a_look_that_failed_says_nothing_of_storage(reply: Reply, tmp_path: Path) -> None:
    (found,) = audits(tmp_path, vendor(START, stores=True, broken={("GET", "/v1/responses"): reply}), **STORAGE)
    assert found.tables == {}
    assert [card.families for card in found.cards if not card.complete] == [()]


# --- canaries


def ranks(found: Gathered) -> list[int | None]:
    return [row["rank"] for row in table(found, "canary_probes")]


def commitments(folder: Path, found: Gathered) -> dict[str, dict[str, str]]:
    card = next(one for one in found.cards if one.address.endswith("/commitments"))
    with Locker(folder / "locker").open(card.artefact) as stream:
        told: dict[str, dict[str, str]] = json.loads(stream.read())["commitments"]
    return told


def test_phrases_are_planted_once_a_period_and_their_commitments_put_down_first(tmp_path: Path) -> None:
    at = vendor(START)
    first, second = audits(tmp_path, at, timedelta(days=2), **CANARIES)
    assert asked(at) == ["POST /v1/messages"] * 2
    assert {name: len(one) for name, one in commitments(tmp_path, first).items()} == {"sent": 2, "unsent": 2}
    addresses = [card.address for card in first.cards]
    assert addresses.index("probe/canaries/commitments") < addresses.index(f"{at.server.address}/v1/messages")  # type: ignore[union-attr]
    assert second.tables == {}


def test_a_model_that_knows_nothing_ranks_every_phrase_last(tmp_path: Path) -> None:
    _, second = audits(tmp_path, vendor(START), LATER, **CANARIES)
    assert ranks(second) == [NUMBERS, NUMBERS]
    row = table(second, "canary_probes")[0]
    assert (row["controls"], row["model"]) == (NUMBERS - 1, "m-1")


def test_a_phrase_that_a_model_knows_is_opened_against_its_commitment(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        first = audit(tmp_path, at, server, **CANARIES)
        at.knows = dict([next(iter(planted(server.sent).items()))])
        at.clock.at += LATER
        found = audit(tmp_path, at, server, **CANARIES)
    assert sorted(rank for rank in ranks(found) if rank is not None) == [1, NUMBERS]
    card = next(one for one in found.cards if one.address == "probe/canaries")
    with Locker(tmp_path / "locker").open(card.artefact) as stream:
        ((name, opening),) = json.loads(stream.read())["found"]["openings"].items()
    assert Canary(id=name, **opening).commitment == commitments(tmp_path, first)["sent"][name]


def test_an_unsent_phrase_that_is_known_breaks_the_test(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **CANARIES)
        at.clock.at += LATER
        audit(tmp_path, at, server, **CANARIES)
        text = b"".join(body for _, body in server.sent).decode()
        unsent = set(re.findall(r"depot ([a-z2-7]+) has", text)) - set(planted(server.sent))
        at.knows = planted(server.sent) | dict.fromkeys(unsent, "")
        at.knows |= {label: number for label, number in _drawn(tmp_path).items() if label in unsent}
        found = audit(tmp_path, at, server, **CANARIES)
    assert ranks(found) == [None, None]
    assert "the test is broken" in said(found)


def _drawn(folder: Path) -> dict[str, str]:
    from infra.canary_probe import canaries  # noqa: PLC0415
    from infra.probe_state import Kept  # noqa: PLC0415

    (kept,) = (folder / "journals").glob("probe-*.json")
    batch = Kept.model_validate_json(kept.read_text()).batches[0]
    return {one.label: one.number for one in canaries(batch, "unsent")}


def test_an_answer_without_a_number_is_no_rank(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **CANARIES)
        at.clock.at += LATER
        at.broken = {("POST", "/v1/messages"): Reply({"content": [{"type": "text", "text": "I do not know."}]})}
        found = audit(tmp_path, at, server, **CANARIES)
    assert "canary_probes" not in found.tables
    assert "no rank" in said(found)


@pytest.mark.parametrize(
    "reply", [Reply(status=500), Reply(status=401), Reply({"content": []}), Reply(b"{}", promised=3)]
)
def test_a_question_that_failed_makes_the_probes_incomplete(reply: Reply, tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **CANARIES)
        at.clock.at += LATER
        at.broken = {("POST", "/v1/messages"): reply}
        found = audit(tmp_path, at, server, **CANARIES)
    assert [card.families for card in found.cards if not card.complete] == [("canary_probes",)]


def test_planting_that_broke_off_goes_on_and_sends_nothing_twice(tmp_path: Path) -> None:
    at = vendor(START)
    at.broken = {("POST", "/v1/messages"): Reply(status=500)}
    with serving(at.answer) as server:
        audit(tmp_path, at, server, **CANARIES)
        at.broken = {}
        audit(tmp_path, at, server, **CANARIES)
        assert len(planted(server.sent)) == 2
        assert len(server.sent) == 2


def test_no_phrase_is_in_any_table_or_card(tmp_path: Path) -> None:
    at = vendor(START)
    first, second = audits(tmp_path, at, LATER, **CANARIES)
    assert at.server is not None
    told = json.dumps(
        [table(second, "canary_probes"), [c.model_dump(mode="json") for c in first.cards + second.cards]], default=str
    )
    assert not any(number in told for number in planted(at.server.sent).values())


# --- killed


class Killed(BaseException):
    """The end of the process, between two requests."""


def killed_at(request: int, *, answered: bool) -> Callable[..., Client]:
    """Return what makes clients whose process ends at the given request, before it is sent or after its answer."""
    sent = iter(range(1, 1000))

    class Dying(Client):
        def send(self, request_: Request) -> Answer:
            last = next(sent) == request
            if last and not answered:
                raise Killed
            answer = super().send(request_)
            if last:
                raise Killed
            return answer

    def made(at: Gathering, *given: Any) -> Client:
        address, secret, egress, accepted = given
        return Dying(address, secret, egress, at.now, at.pause, accepted=accepted)

    return made


@pytest.mark.parametrize(
    ("request_number", "answered"), [*((number, True) for number in range(1, 9)), (2, False), (6, False), (8, False)]
)
def test_a_probe_that_was_killed_goes_on_and_neither_lies_nor_plants_twice(
    request_number: int, answered: bool, tmp_path: Path
) -> None:
    at = vendor(START)
    settings = DELETION | {"does": ["deletion", "canaries"], "model": "m-1", "canaries": 2}
    with serving(at.answer) as server:
        with pytest.raises(Killed):
            audit(tmp_path, at, server, client=killed_at(request_number, answered=answered), **settings)
        audit(tmp_path, at, server, **settings)
        at.clock.at += timedelta(hours=25)
        found = audit(tmp_path, at, server, **settings)
        text = b"\n".join(body for _, body in server.sent).decode()
    assert [outcome for outcome, _ in outcomes(found)] == ["gone"]
    assert len(re.findall(r"depot [a-z2-7]+ is", text)) == len(planted(server.sent)) <= 2
    assert len(at.files) <= 2, "the twin that waits, and at most a file whose answer was lost"


def test_a_host_that_is_not_allowed_is_sent_nothing(tmp_path: Path) -> None:
    at = vendor(START)
    with serving(at.answer) as server:
        with pytest.raises(Terminal, match="egress"):
            audit(tmp_path, at, server, egress=frozenset({"api.anthropic.com"}), **DELETION)
        assert server.sent == []
