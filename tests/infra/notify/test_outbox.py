"""What was put is kept, goes out once, and is never given up in silence."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from evidence.errors import BadInput, Deferred, NotDelivered, OutputFailed, Rejected
from evidence.model import Severity
from infra.notify.channel import Receipt
from infra.notify.message import Attachment, Kind, Message
from infra.notify.outbox import Outbox, State
from tests.infra.notify.post_office import NOW, Desk, Office, message, notice

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_what_is_put_again_under_its_key_is_dropped(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    assert office.put(message("a"), message("a", subject="said again"), message("b")) == [True, False, True]
    office.tick()
    office.put(message("a"))
    office.tick()
    assert [s.message.subject for s in desk.taken] == ["subject of a", "subject of b"]


def test_one_key_on_two_channels_is_two_messages(tmp_path: Path) -> None:
    office = Office(tmp_path, one := Desk(name="one"), two := Desk(name="two"))
    office.put(message("a", "one"), message("a", "two"))
    office.tick()
    assert (one.keys, two.keys) == (["a"], ["a"])
    assert one.taken[0].message.id != two.taken[0].message.id


def test_key_of_a_notice_with_another_text_is_refused(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.put(notice("n", text="first"))
    assert office.put(notice("n", text="first")) == [False]
    with pytest.raises(BadInput, match="another text"):
        office.put(notice("n", text="second"))


@pytest.mark.parametrize("approved", [None, "0" * 64])
def test_notice_without_the_approval_of_its_text_cannot_be_made(approved: str | None) -> None:
    with pytest.raises(ValidationError, match="approved"):
        message(kind=Kind.NOTICE, text="edited", approved=approved)


def test_only_a_notice_carries_attachments_or_addressees() -> None:
    with pytest.raises(ValidationError, match="only a notice"):
        message(to=("a@b.example",))


@pytest.mark.parametrize("end", ["\r\n", "\n", "\x0b", "\x1c", "\x85", "\u2028"])
def test_subject_cannot_bring_a_header_of_its_own(end: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        message(subject=f"x{end}Bcc: all@example.com")


def test_attachments_come_out_as_they_went_in(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    content = bytes(range(256))
    office.put(notice(attachments=(Attachment(name="n.pdf", media_type="application/pdf", content=content),)))
    office.tick()
    assert desk.taken[0].message.attachments[0].content == content


def test_failure_that_passes_is_tried_again_later_and_later(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(*[Deferred("busy")] * 3))
    office.put(message("a"))
    waits = []
    for _ in range(3):
        office.tick()
        due = office.outbox.entries()[0].next_attempt
        waits.append((due - office.now).total_seconds())
        assert office.tick().waiting == {}  # not due yet
        office.now = due
    office.tick()
    assert waits == [30, 60, 120]
    assert (desk.keys, desk.taken[0].attempt) == (["a"], 4)


def test_chance_shortens_the_wait_by_up_to_half(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk().failing(Deferred("busy")), chance=lambda: 0.5)
    office.put(message("a"))
    office.tick()
    assert office.outbox.entries()[0].next_attempt == NOW + timedelta(seconds=22.5)


def test_wait_that_the_service_asks_for_is_kept(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk().failing(Deferred("busy", wait=900.0)))
    office.put(message("a"))
    office.tick()
    assert office.outbox.entries()[0].next_attempt == NOW + timedelta(seconds=900)


def test_channel_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    office = Office(tmp_path, bad := Desk(name="bad").failing(Deferred("away")), good := Desk(name="good"))
    office.put(message("a", "bad"), message("b", "bad", incident="case-2"), message("c", "good"))
    office.tick()
    assert (bad.keys, good.keys) == ([], ["c"])
    office.tick()  # b was not tried, so it is still due
    assert bad.keys == ["b"]


def test_mistake_of_ours_in_one_channel_does_not_silence_the_others(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk(name="bad").failing(ZeroDivisionError("secret")), good := Desk(name="good"))
    office.put(message("a", "bad"), message("c", "good"))
    office.tick()
    assert good.keys == ["c"]
    assert office.outbox.entries()[0].problem == "internal error: ZeroDivisionError"


def test_resolve_never_overtakes_its_alert(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(Deferred("away")))
    office.put(message("a"), message("r", kind=Kind.RESOLVE), message("o", incident="case-2"))
    office.tick()
    office.tick()
    assert desk.keys == ["o"]
    office.tick(MINUTE)
    assert desk.keys == ["o", "a", "r"]


def test_notice_does_not_wait_for_alerts_of_its_case(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(Deferred("away")))
    office.put(message("a"))
    office.tick()
    office.put(notice("n"))
    office.tick()
    assert desk.keys == ["n"]


def test_notices_and_critical_alerts_go_first(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    office.put(message("a", incident="1"), message("b", incident="2", severity=Severity.CRITICAL), notice("n"))
    office.tick()
    assert desk.keys == ["n", "b", "a"]


def test_message_that_is_refused_is_a_dead_letter_that_others_are_told_of(tmp_path: Path) -> None:
    bad, good = Desk(name="bad").failing(Rejected("bad.example: answered 400")), Desk(name="good")
    office = Office(tmp_path, bad, good, fallback=("bad", "good"))
    office.put(notice("n", "bad"))
    done = office.tick()
    told = good.taken[0].message
    assert list(done.dead.values()) == ["bad.example: answered 400"]
    assert (told.kind, told.severity, told.incident) == (Kind.ALERT, Severity.CRITICAL, "undelivered:bad")
    assert "answered 400" in told.text
    assert "We tell you" not in told.text


def test_dead_letter_about_a_dead_letter_ends_there(tmp_path: Path) -> None:
    one, two = (Desk(name=name).failing(*[Rejected("no")] * 5) for name in ("one", "two"))
    office = Office(tmp_path, one, two, fallback=("one", "two"))
    office.put(message("a", "one"))
    assert len(office.tick().dead) == 2
    assert set(office.states().values()) == {"dead"}


def test_patience_ends_in_a_dead_letter(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk().failing(*[Deferred("away")] * 9), other := Desk(name="other"), fallback=("other",))
    office.put(message("a"))
    office.tick()
    done = office.tick(72 * HOUR)
    assert next(iter(done.dead.values())) == "away; given up after 2 attempts"
    assert len(other.keys) == 1


def test_notice_that_fails_is_told_to_others_long_before_it_is_given_up(tmp_path: Path) -> None:
    bad, other = Desk(name="bad").failing(*[Deferred("away")] * 6), Desk(name="other")
    office = Office(tmp_path, bad, other, fallback=("bad", "other"))
    office.put(notice("n", "bad"), message("a", "bad"))
    for _ in range(5):
        office.tick(HOUR)
    assert [s.message.subject for s in other.taken] == ["Not delivered yet on bad: subject of n"]
    for _ in range(4):
        office.tick(HOUR)
    assert [(s.message.kind, s.message.severity) for s in other.taken] == [
        (Kind.ALERT, Severity.CRITICAL),
        (Kind.RESOLVE, Severity.CRITICAL),
    ]
    assert set(bad.keys) == {"n", "a"}


def test_message_whose_time_ended_while_the_machine_was_down_is_tried_once_more(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(Deferred("away")))
    office.put(message("a"))
    office.tick()
    office.tick(200 * HOUR)
    assert desk.keys == ["a"]


def test_message_that_nobody_could_try_in_time_is_still_tried_once(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    office.put(message("a"))
    office.tick(200 * HOUR)
    assert desk.keys == ["a"]


def test_message_to_a_channel_that_is_gone_is_a_dead_letter(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.put(message("a", "renamed"))
    assert "no channel 'renamed'" in next(iter(office.tick().dead.values()))


def test_dead_letter_that_is_revived_has_its_time_again(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(Rejected("no"), Deferred("away")))
    office.put(dead := message("a"))
    office.tick()
    office.now += 100 * HOUR
    assert office.outbox.revive(dead.id, office.now)
    assert not office.outbox.revive(dead.id, office.now)
    office.tick()
    office.tick(HOUR)
    assert desk.keys == ["a"]


def test_what_may_not_leave_is_held_back(tmp_path: Path) -> None:
    def revoked(message: Message) -> None:
        if message.kind is Kind.NOTICE:
            raise NotDelivered("the approval no longer stands")

    office = Office(tmp_path, desk := Desk(), permit=revoked)
    office.put(notice("n"), message("a"))
    office.tick()
    assert desk.keys == ["a"]
    assert office.states() == {"n": "dead", "a": "sent"}


def test_claim_of_somebody_who_died_ends_and_the_next_attempt_has_the_same_id(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    office.put(message("a"))
    died = office.outbox.claim(NOW, timedelta(seconds=300))
    assert died is not None
    office.tick(timedelta(seconds=299))
    assert desk.keys == []
    office.tick(timedelta(seconds=1))
    assert (desk.taken[0].message.id, desk.taken[0].attempt) == (died.message.id, 2)
    assert [a.outcome for a in office.outbox.attempts(died.message.id)] == ["unknown", "sent"]


def test_receipt_that_comes_after_the_claim_ended_still_counts(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.put(message("a"))
    slow = office.outbox.claim(NOW, MINUTE)
    quick = office.outbox.claim(NOW + MINUTE, MINUTE)
    assert slow is not None
    assert quick is not None
    office.outbox.sent(slow, Receipt("r"), NOW + MINUTE)
    office.outbox.again(quick, "busy", NOW + MINUTE, NOW + HOUR)
    assert office.states() == {"a": "sent"}


def test_receipts_and_failures_are_kept(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk().failing(Deferred("busy")))
    office.put(one := message("a"))
    office.tick()
    office.tick(MINUTE)
    entry = office.outbox.entries(channel="desk", key="a")[0]
    assert (entry.state, entry.receipt, entry.attempts) == (State.SENT, "r-a", 2)
    told = [(a.number, a.outcome, a.detail) for a in office.outbox.attempts(one.id)]
    assert told == [(1, "deferred", "busy"), (2, "sent", "r-a")]


def test_what_nobody_has_tried_yet_can_be_withdrawn(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk().failing(Deferred("busy")))
    office.put(message("tried"))
    office.tick()
    office.put(message("later", kind=Kind.REMINDER), notice("n"), message("else", incident="case-2"))
    assert office.outbox.withdraw("case-1", (Kind.ALERT, Kind.REMINDER)) == 1
    office.tick(MINUTE)
    assert desk.keys == ["n", "tried", "else"]


def test_many_who_deliver_at_once_send_each_message_once(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk())
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: office.put(message(f"k{n % 20}", incident=f"i{n}")), range(40)))
        list(pool.map(lambda _: office.tick(), range(8)))
    assert sorted(desk.keys) == sorted(f"k{n}" for n in range(20))


def test_who_finds_a_new_file_taken_waits(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.outbox.file.path.parent.mkdir(exist_ok=True)
    first = sqlite3.connect(office.outbox.file.path, isolation_level=None)
    first.execute("BEGIN IMMEDIATE")  # as whoever gives it its log: SQLite refuses another at once, without waiting
    with ThreadPoolExecutor(1) as pool:
        put = pool.submit(office.put, message())
        with pytest.raises(TimeoutError):
            put.result(timeout=0.2)
        first.execute("COMMIT")
        first.close()
        assert put.result() == [True]


def test_outbox_is_for_its_owner_alone(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.put(message())
    held = sqlite3.connect(office.outbox.file.path)
    try:
        held.execute("SELECT 1 FROM messages").fetchone()  # while it is open, its log exists
        modes = {stat.S_IMODE(path.stat().st_mode) for path in office.outbox.file.path.parent.iterdir()}
    finally:
        held.close()
    assert modes == {0o600}


def test_what_put_returned_from_survives_the_death_of_the_process(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from infra.notify.outbox import Outbox;"
        "from tests.infra.notify.post_office import message;"
        "Outbox(Path(sys.argv[1])).put(message('a')); os.kill(os.getpid(), 9)"
    )
    path = tmp_path / "outbox.sqlite"
    subprocess.run([sys.executable, "-c", program, str(path)], check=False, cwd=Path(__file__).parents[3])
    assert [entry.key for entry in Outbox(path).entries()] == ["a"]


def test_damaged_outbox_is_our_failure_and_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(os.urandom(8192))
    with pytest.raises(OutputFailed, match="cannot be used"):
        Outbox(tmp_path / "outbox.sqlite").entries()


def test_outbox_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk())
    office.put(message())
    db = sqlite3.connect(office.outbox.file.path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(OutputFailed, match="newer version"):
        office.outbox.entries()


def test_digest_collects_what_is_not_critical_for_its_window(tmp_path: Path) -> None:
    office = Office(tmp_path, desk := Desk(digest=4 * HOUR))
    office.put(message("a"), message("b", created=NOW + HOUR), message("c", severity=Severity.CRITICAL), notice("n"))
    office.tick()
    assert desk.keys == ["n", "c"]
    office.tick(4 * HOUR - MINUTE)
    assert desk.keys == ["n", "c"]
    office.tick(MINUTE)
    office.tick()
    digest = desk.taken[2].message
    assert (digest.kind, digest.subject, len(desk.taken)) == (Kind.DIGEST, "2 messages", 3)
    assert "subject of a [case-1]\n* alert: subject of b" in digest.text
    assert office.states()["a"] == "digested"


def test_messages_that_waited_for_a_digest_go_when_it_is_switched_off(tmp_path: Path) -> None:
    office = Office(tmp_path, Desk(digest=4 * HOUR))
    office.put(message("a"))
    office.tick()
    office.channels = {"desk": (desk := Desk())}
    office.tick()
    assert desk.keys == ["a"]
