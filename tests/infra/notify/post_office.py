"""Messages, a clock that stands still, and a channel in memory that fails as it is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import PrivateAttr

from infra.notify.channel import Channel, Receipt, Sending
from infra.notify.delivery import Delivered, Rules, deliver
from infra.notify.message import Kind, Message, text_digest
from infra.notify.outbox import Outbox

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def message(key: str = "k", channel: str = "desk", kind: Kind = Kind.ALERT, **said: Any) -> Message:
    given = {"incident": "case-1", "subject": f"subject of {key}", "created": NOW, **said}
    return Message(key=key, channel=channel, kind=kind, **given)


def notice(key: str = "n", channel: str = "desk", text: str = "We tell you …", **said: Any) -> Message:
    return message(key, channel, Kind.NOTICE, text=text, approved=text_digest(text), **said)


class Desk(Channel):
    """Takes messages into a list; `failing` is raised instead, once for each error in it."""

    carries: ClassVar[bool] = True
    attachments: ClassVar[bool] = True
    kind: Literal["desk"] = "desk"
    name: str = "desk"
    _taken: list[Sending] = PrivateAttr(default_factory=list)
    _failing: list[Exception] = PrivateAttr(default_factory=list)

    def failing(self, *errors: Exception) -> Desk:
        self._failing.extend(errors)
        return self

    @property
    def keys(self) -> list[str]:
        return [sending.message.key for sending in self._taken]

    @property
    def taken(self) -> list[Sending]:
        return self._taken

    def send(self, sending: Sending) -> Receipt:
        if self._failing:
            raise self._failing.pop(0)
        self._taken.append(sending)
        return Receipt(f"r-{sending.message.key}")


class Office:
    """An outbox, its channels, and a clock that moves when it is told to."""

    def __init__(self, folder: Path, *channels: Channel, **rules: Any) -> None:
        self.outbox = Outbox(folder / "state" / "outbox.sqlite")
        self.channels = {channel.name: channel for channel in channels}
        self.now = NOW
        self.rules = Rules(**{"variable": lambda _: None, "chance": lambda: 0.0, **rules})

    def put(self, *messages: Message) -> list[bool]:
        return [self.outbox.put(each) for each in messages]

    def tick(self, after: timedelta = timedelta(0)) -> Delivered:
        self.now += after
        return deliver(self.outbox, self.channels, lambda: self.now, self.rules)

    def states(self) -> dict[str, str]:
        return {entry.key: entry.state.value for entry in self.outbox.entries()}
