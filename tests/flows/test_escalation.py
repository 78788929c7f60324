"""Who is told of a clock, and when: once a step, more people the longer nobody acts, and that it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.cases.clocks import Clock
from evidence.model import Severity
from flows.escalation import Watched, escalate, settle, steps
from flows.notify_file import Escalation
from infra.notify.message import Kind, Message
from infra.notify.outbox import OpenAlert

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ORDER = Escalation.model_validate({"audiences": [["oncall"], ["lead", "mail"], ["ciso"]]})


def running(started: datetime | None = START, due: datetime | None = START + 72 * HOUR) -> Clock:
    return Clock("gdpr-33", started, due, "the supervisory authority")


def watched(clock: Clock | None = None, acted: datetime | None = None, case: str = "case-0001") -> Watched:
    return Watched("msa-1", case, clock or running(), acted)


def told(at: float, acted: float | None = None, settings: Escalation = ORDER) -> list[Message]:
    when = None if acted is None else START + acted * HOUR
    return escalate([watched(acted=when)], settings, "", START + at * HOUR)


def channels(messages: list[Message]) -> list[str]:
    return [message.channel for message in messages]


@pytest.mark.parametrize(
    ("hour", "step", "asked"),
    [
        (0, "start", ["oncall"]),
        (35.9, "start", ["oncall"]),
        (36, "50%", ["oncall", "lead", "mail"]),
        (54, "75%", ["oncall", "lead", "mail", "ciso"]),
        (64.8, "90%", ["oncall", "lead", "mail", "ciso"]),
        (72, "due", ["oncall", "lead", "mail", "ciso"]),
        (500, "due", ["oncall", "lead", "mail", "ciso"]),
    ],
)
def test_while_nobody_acts_each_reminder_asks_one_more_audience(hour: float, step: str, asked: list[str]) -> None:
    found = told(hour)
    assert channels(found) == asked
    assert {message.key.split("/")[-1].split("@")[0] for message in found} == {step}


def test_nobody_is_told_before_a_clock_starts() -> None:
    assert told(-0.01) == []


def test_whoever_acts_keeps_the_next_audience_out_of_it_until_a_reminder_is_not_answered() -> None:
    assert channels(told(36, acted=1)) == ["oncall"]
    assert channels(told(54, acted=1)) == ["oncall", "lead", "mail"]
    assert channels(told(54, acted=37)) == ["oncall"]


def test_everybody_is_told_when_a_clock_is_due_whoever_acted() -> None:
    assert channels(told(72, acted=71.9)) == ["oncall", "lead", "mail", "ciso"]


def test_next_audience_is_told_when_nobody_acts_in_time() -> None:
    quick = Escalation.model_validate({**ORDER.model_dump(), "acknowledge_within": "30m"})
    assert [len(channels(told(at, settings=quick))) for at in (0.49, 0.5, 0.99, 1.0, 9)] == [1, 3, 3, 4, 4]
    assert channels(told(0.5, acted=0.4, settings=quick)) == ["oncall"]


def test_a_repeated_tick_says_nothing_new() -> None:
    assert {(m.channel, m.key) for m in told(40)} == {(m.channel, m.key) for m in told(53)}


def test_one_incident_a_clock_whatever_is_said_of_it() -> None:
    found = [message for hour in (0, 36, 54, 65, 72) for message in told(hour)]
    assert {message.incident for message in found} == {"clock/msa-1/case-0001/gdpr-33"}


def test_reminders_from_three_quarters_on_are_critical() -> None:
    severities = [told(hour)[0].severity for hour in (0, 36, 54, 65, 72)]
    grave, later = Severity.CRITICAL, Severity.MAJOR
    assert severities == [grave, later, grave, grave, grave]


def test_deadline_that_moves_is_told_of_anew() -> None:
    earlier = watched(running(due=START + 70 * HOUR))
    moved = escalate([earlier], ORDER, "", START + 40 * HOUR)
    assert {m.key for m in moved}.isdisjoint({m.key for m in told(40)})
    assert "due 2026-03-04 10:00 UTC" in moved[0].subject


def test_clock_without_a_fixed_time_is_told_of_once() -> None:
    open_ended = watched(running(due=None))
    found = [escalate([open_ended], ORDER, "", START + hour * HOUR) for hour in (0, 5000)]
    assert found[0][0].key == found[1][0].key
    assert "the law fixes no time" in found[0][0].subject


def test_clock_whose_anchor_is_not_known_is_told_of_to_nobody() -> None:
    assert escalate([watched(running(started=None, due=None))], ORDER, "", START + 9 * HOUR) == []


def test_messages_are_thin_and_lead_to_the_case() -> None:
    message = escalate([watched()], ORDER, "https://wiki.acme.example/runbook", START + 36 * HOUR)[0]
    assert (message.kind, message.subject) == (
        Kind.REMINDER,
        "case-0001: gdpr-33 due 2026-03-04 12:00 UTC, 50% of the time is gone",
    )
    assert message.text == (
        "Contract msa-1, case-0001: clock gdpr-33, to the supervisory authority.\n"
        "What to do: `probity breach show ENGAGEMENT case-0001`"
    )
    assert message.link == "https://wiki.acme.example/runbook"


def alert(incident: str = "clock/msa-1/case-0001/gdpr-33", channel: str = "pager") -> OpenAlert:
    return OpenAlert(channel, incident, Severity.CRITICAL, 7)


def test_alert_is_resolved_when_its_clock_no_longer_runs() -> None:
    found = settle([], [alert()], (), START)
    again = settle([], [alert()], (), START + HOUR)
    assert [(m.kind, m.channel, m.incident) for m in found] == [(Kind.RESOLVE, "pager", alert().incident)]
    assert found[0].key == again[0].key


def test_alert_stays_while_its_clock_runs() -> None:
    assert settle([watched()], [alert()], (), START + HOUR) == []


def test_only_a_channel_that_stops_asking_hears_that_somebody_acted() -> None:
    acted = watched(acted=START + HOUR)
    found = settle([acted], [alert(channel="pager"), alert(channel="mail")], {"pager"}, START + 2 * HOUR)
    assert [(m.kind, m.channel) for m in found] == [(Kind.ACKNOWLEDGE, "pager")]


def test_what_was_done_before_a_clock_was_due_does_not_acknowledge_that_it_is() -> None:
    acted = watched(acted=START + HOUR)
    assert settle([acted], [alert()], {"pager"}, START + 72 * HOUR) == []


@given(
    length=st.integers(1, 10**6),
    shares=st.lists(st.integers(1, 99), max_size=6),
)
def test_steps_are_in_order_between_start_and_due(length: int, shares: list[int]) -> None:
    clock = running(due=START + timedelta(seconds=length))
    found = [step.at for step in steps(clock, shares)]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (clock.started, clock.due)


@given(acted=st.none() | st.integers(0, 80), hours=st.lists(st.integers(0, 80), min_size=2, max_size=2).map(sorted))
def test_audiences_never_shrink_while_nobody_acts(acted: int | None, hours: list[int]) -> None:
    if acted is None or acted <= hours[0]:
        first, second = (set(channels(told(hour, acted))) for hour in hours)
        assert first <= second
