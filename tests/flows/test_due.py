"""Slots held against a real ledger: what is due, what was missed, and that the next audit finds what was skipped."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.errors import BadInput, VerificationError
from evidence.model import Status
from flows.answers import answer, unanswered
from flows.cases import cases
from flows.due import ledger_of, standing
from flows.notifying import open_desk, tick
from flows.sealed_runs import failing
from flows.watching import cosign, look, reverified
from infra.notify.outbox import Outbox
from tests.cli.engagements import copied, edit
from tests.flows import by_schedule
from tests.flows.by_schedule import opened, slot
from tests.infra.notify.services import serving

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an engagement whose slots 0, 1 and 2 were audited in time, and slot 3 was not."""
    folder = by_schedule.engagement(tmp_path_factory.mktemp("due") / "e")
    for number in range(3):
        by_schedule.audit(folder, number)
    return folder


@pytest.fixture
def folder(audited: Path, tmp_path: Path) -> Path:
    return copied(audited, tmp_path / "e")


def due(folder: Path, now: object, most: int = 31) -> list[int]:
    found = standing(opened(folder), "daily", now).due(most)  # type: ignore[arg-type]
    return [(filled.slot.at - slot(0)).days for filled in found]


def test_a_slot_is_due_from_its_instant_on(folder: Path) -> None:
    assert due(folder, slot(3) - timedelta(microseconds=1)) == []
    assert due(folder, slot(3)) == [3]


def test_slots_nobody_audited_are_due_oldest_first_and_no_more_than_asked_for(folder: Path) -> None:
    assert due(folder, slot(6)) == [3, 4, 5, 6]
    assert due(folder, slot(6), most=2) == [4, 5, 6]
    assert due(folder, slot(6), most=0) == [6]


def test_a_slot_is_missed_when_its_grace_is_over(folder: Path) -> None:
    assert standing(opened(folder), "daily", slot(3) + HOUR).missed(slot(3) + HOUR) == ()
    later = slot(3) + HOUR + timedelta(microseconds=1)
    assert [f.slot.at for f in standing(opened(folder), "daily", later).missed(later)] == [slot(3)]


def test_audits_that_all_ran_keep_the_promise(folder: Path) -> None:
    found = by_schedule.finding(by_schedule.audit(folder, 3))
    assert (found.status, found.reasons) == (Status.MET, ())


def test_a_skipped_slot_is_a_finding_in_the_next_audit(folder: Path) -> None:
    skipped = by_schedule.audit(folder, 4, late=timedelta(minutes=2))
    assert skipped.status is Status.BREACHED
    assert "slot" in by_schedule.finding(skipped).because


def test_a_slot_that_was_caught_up_in_order_keeps_the_promise_and_says_so(folder: Path) -> None:
    by_schedule.audit(folder, 3, late=DAY + timedelta(minutes=1))
    found = by_schedule.finding(by_schedule.audit(folder, 4, late=timedelta(minutes=5)))
    assert (found.status, found.reasons) == (Status.MET, ())


def test_a_run_whose_bundle_is_gone_proves_nothing(folder: Path) -> None:
    next((folder / "bundles").glob("*-20260302-20260303-*")).unlink()
    found = by_schedule.finding(by_schedule.audit(folder, 3))
    assert found.status is Status.UNPROVEN


def test_every_stored_bundle_verifies_again(folder: Path) -> None:
    assert list(failing(opened(folder), ledger_of(opened(folder)), slot(3))) == []


def test_a_stored_bundle_that_was_changed_taken_away_or_exchanged_is_named(folder: Path) -> None:
    first, second, third = sorted((folder / "bundles").iterdir())
    first.write_bytes(first.read_bytes().replace(b"own-audits", b"own-audit5", 1))
    second.unlink()
    shutil.copy(third, second.with_name(second.name))
    third.unlink()
    wrong = dict(failing(opened(folder), ledger_of(opened(folder)), slot(3)))
    assert sorted(wrong) == sorted(path.name for path in (first, second, third))
    assert "BUNDLE_MISSING" in wrong[third.name]
    assert "LEDGER_OTHER_STATEMENT" in wrong[second.name]


def test_a_breach_is_answered_with_its_case_once_however_often_it_is_looked_for(folder: Path) -> None:
    by_schedule.audit(folder, 4, late=timedelta(minutes=2))
    engagement = opened(folder)
    (run,) = unanswered(engagement, ledger_of(engagement))
    assert answer(engagement, run, slot(5)) == ("case-0001",)
    assert answer(engagement, run, slot(5)) == ("case-0001",)
    assert unanswered(engagement, ledger_of(engagement)) == ()
    assert [case.id for case in cases(engagement)] == ["case-0001"]


def test_a_breach_whose_bundle_does_not_verify_opens_no_case_and_stays_unanswered(folder: Path) -> None:
    by_schedule.audit(folder, 4, late=timedelta(minutes=2))
    engagement = opened(folder)
    (run,) = unanswered(engagement, ledger_of(engagement))
    bundle = next((folder / "bundles").glob("*-20260304-20260305-*"))
    bundle.write_bytes(bundle.read_bytes().replace(b'"breached"', b'"unproven"', 1))
    with pytest.raises(VerificationError):
        answer(engagement, run, slot(5))
    assert unanswered(engagement, ledger_of(engagement)) == (run,)
    assert cases(engagement) == ()


def test_the_witness_has_a_leaf_signed_that_a_dying_run_left_unsigned(folder: Path) -> None:
    newest = max((folder / "ledger" / "checkpoints").iterdir())
    newest.unlink()
    assert cosign(opened(folder), slot(3)) == 6
    assert newest.exists()


NOTIFY = """\
notify:
  channels:
    - {kind: smtp, name: mail, host: mail.invalid, from: probity@acme.example, to: [soc@acme.example]}
schedules:"""


def told(folder: Path) -> list[tuple[str, str]]:
    return [(entry.kind.value, entry.subject) for entry in Outbox(opened(folder).outbox).entries()]


def test_a_missed_slot_is_an_alert_once_and_before_the_next_audit_and_is_resolved_when_it_is_filled(
    folder: Path,
) -> None:
    edit(folder / "audit.yaml", "schedules:", NOTIFY)
    assert look(opened(folder), slot(3) + HOUR).wrong == ()
    for _ in range(2):
        assert look(opened(folder), slot(3) + 2 * HOUR).behind == ("daily",)
    missed = ("alert", "own-audits: the audit daily of 2026-03-04 04:30Z was missed")
    assert told(folder) == [missed]
    by_schedule.audit(folder, 3, late=3 * HOUR)
    assert look(opened(folder), slot(3) + 4 * HOUR).wrong == ()
    assert [kind for kind, _ in told(folder)] == ["alert", "resolve"]


def test_the_outside_monitor_hears_nothing_while_something_is_wrong(folder: Path) -> None:
    with serving() as service:
        heartbeat = '  heartbeat: {url: "${BEAT}"}\nschedules:'
        edit(folder / "audit.yaml", "schedules:", NOTIFY.replace("schedules:", heartbeat))
        desk = open_desk(opened(folder), lambda: slot(3), {"BEAT": f"{service.address}/beat"}.get, lambda: 0.5)
        tick(desk, well=False)
        assert service.asked == []
        tick(desk)
        assert [asked.path for asked in service.asked] == ["/beat"]


def test_a_ledger_that_is_no_single_history_is_an_alert_and_starts_nothing(folder: Path) -> None:
    edit(folder / "audit.yaml", "schedules:", NOTIFY)
    (folder / "ledger" / "leaves" / "000000002.json").unlink()
    looked = look(opened(folder), slot(4) + 2 * HOUR)
    assert (looked.behind, "LEDGER_GAP" in looked.wrong[0]) == ((), True)
    assert told(folder) == [("alert", "own-audits: the ledger of audits does not verify")]


def test_a_stored_bundle_that_does_not_verify_is_an_alert_until_it_does(folder: Path) -> None:
    edit(folder / "audit.yaml", "schedules:", NOTIFY)
    bundle = next((folder / "bundles").iterdir())
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-1])
    assert list(reverified(opened(folder), slot(3))) == [bundle.name]
    bundle.write_bytes(whole)
    assert reverified(opened(folder), slot(3)) == {}
    assert [kind for kind, _ in told(folder)] == ["alert", "resolve"]


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("30 4 * * *", "30 4 * * 1", "needs one slot"),
        ("zone: UTC", "zone: Mars", "no time zone"),
        ("audits: day", "audits: hour", "day"),
        ("store:", "as_of: 2026-03-05T00:00:00Z\nstore:", "take as_of away"),
        ("  since: 2026-03-01\n", "  since: 2026-03-01\n  pool: {type: docker}\n", "start from an image"),
    ],
)
def test_schedules_that_cannot_work_are_refused_when_the_file_is_read(
    folder: Path, old: str, new: str, why: str
) -> None:
    edit(folder / "audit.yaml", old, new)
    with pytest.raises(BadInput, match=why):
        opened(folder)


def test_schedules_without_a_ledger_are_refused(folder: Path) -> None:
    (folder / "keys" / "private" / "ledger.key").unlink()
    with pytest.raises(BadInput, match="schedules need a ledger"):
        ledger_of(opened(folder))
