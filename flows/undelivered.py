"""What `probity doctor` sees of messages: whether channels have their secrets here, and what was not delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from flows.engagement import Engagement
from flows.notify_file import Notify
from infra.examination import Examination, Observation, Outcome
from infra.notify.channel import REFERENCE


def observe(engagement: Engagement, notify: Notify, at: Examination) -> Iterator[Observation]:
    """Yield what is seen, without sending anything and without making an outbox; no audit fails for it."""
    named = _variables(notify)
    missing = [name for name in named if not at.variable(name)]
    told = f"{', '.join(missing)} not set here; messages need them where `probity notify` runs"
    outcome = Outcome.WARNING if missing else Outcome.FINE
    yield Observation("secrets of channels", outcome, told if missing else f"{len(named)} variables are set")
    if engagement.outbox.exists():
        yield _outbox(engagement)


def _variables(notify: Notify) -> list[str]:
    """Return the variables that hold secrets of the channels and of the heartbeat."""
    written = [value for channel in notify.channels for value in channel.model_dump().values()]
    written += [notify.heartbeat.url] if notify.heartbeat else []
    found = (REFERENCE.fullmatch(value) for value in written if isinstance(value, str))
    return sorted({match[1] for match in found if match})


def _outbox(engagement: Engagement) -> Observation:
    from infra.notify.outbox import Outbox, State  # noqa: PLC0415 - most engagements have none

    entries = Outbox(engagement.outbox).entries()
    counts = Counter(entry.state for entry in entries)
    failing = sum(entry.state is State.WAITING and entry.attempts > 0 for entry in entries)
    wrong = counts[State.DEAD] + failing
    told = f"{counts[State.DEAD]} given up, {failing} failing, {counts[State.WAITING] - failing} not tried yet"
    hint = "; `probity notify ENGAGEMENT --list`" if wrong else ""
    return Observation("messages", Outcome.WARNING if wrong else Outcome.FINE, told + hint)
