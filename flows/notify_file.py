"""`notify` in audit.yaml: the channels, who is told of what, and the address that hears that all is well."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, reduce
from operator import or_
from typing import Annotated, Any, Literal, Self

from pydantic import Field, create_model, model_validator

from evidence.model import Closed
from infra.notify.channel import REFERENCE, Channel, Secret, Span
from infra.notify.channels import discover
from infra.notify.message import NAME

MOST = 50
Name = Annotated[str, Field(pattern=NAME)]
Audience = Annotated[tuple[Name, ...], Field(min_length=1, description="channels that are told together")]


class Heartbeat(Closed):
    """An outside monitor that raises its own alarm when it has not been told for a while that all is well."""

    url: Secret = Field(description="`${VAR}` with the address")
    method: Literal["get", "post"] = "post"


class Escalation(Closed):
    """Who is told of a clock that runs, in the order in which they are asked while nobody acts.

    The first audience is told when a clock starts and reminded at each share of it (percent). The next is told as well
    whenever a reminder comes and nobody has acted since the one before, or nobody acts for `acknowledge_within`.
    Everybody is told when a clock is due.
    """

    audiences: tuple[Audience, ...] = Field(min_length=1, max_length=10)
    acknowledge_within: Span | None = Field(default=None, description="then the next audience is told; such as 30m")
    remind_at: tuple[Annotated[int, Field(ge=1, le=99)], ...] = Field(default=(50, 75, 90))


class Notify(Closed):
    """Channels by name and what goes to which: `alerts` and `failures` default to every channel."""

    channels: tuple[Channel, ...] = Field(max_length=MOST)
    alerts: Audience | None = Field(default=None, description="told of breaches and of runs that could not run")
    failures: Audience | None = Field(default=None, description="told when a message could not be delivered")
    escalation: Escalation | None = Field(
        default=None, description="who is reminded of clocks; without it everybody who is told of alerts, at once"
    )
    give_up_after: Span | None = Field(default=None, description="how long a message is tried; 3d without it")
    link: Annotated[str, Field(pattern=r"^https://[^\s]{1,1000}$")] | None = Field(
        default=None, description="address that messages point to, such as your runbook"
    )
    heartbeat: Heartbeat | None = Field(default=None, description="told after every pass in which nothing failed")

    @model_validator(mode="after")
    def _named_once_and_known(self) -> Self:
        names = self.names
        if not names:
            raise ValueError("there is no channel; list at least one")
        if len(set(names)) < len(names):
            raise ValueError("two channels have the same name; messages could not tell them apart")
        audiences = self.escalation.audiences if self.escalation else ()
        for name in sum((*filter(None, (self.alerts, self.failures)), *audiences), ()):
            if name not in names:
                raise ValueError(f"there is no channel {name!r}; channels are {', '.join(names)}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the channels in order."""
        return tuple(channel.name for channel in self.channels)

    def told_of_alerts(self) -> tuple[str, ...]:
        """Return the channels that are told of alerts."""
        return self.alerts or self.names

    def reminding(self) -> Escalation:
        """Return who is reminded of clocks: nobody is never an answer."""
        return self.escalation or Escalation(audiences=(self.told_of_alerts(),))

    def told_of_failures(self) -> tuple[str, ...]:
        """Return the channels that are told when another could not deliver."""
        return self.failures or self.names


@cache
def notify_model() -> type[Notify]:
    """Return `Notify` over the channels that are installed."""
    union: Any = reduce(or_, discover().values())
    field: Any = (tuple[Annotated[union, Field(discriminator="kind")], ...], Field(max_length=MOST))
    return create_model("Notify", __base__=Notify, channels=field)


@cache
def settings_of(kind: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return a channel's settings that may be `${VAR}` and are read late, and those that can be nothing else."""
    declared = discover().get(kind)
    settings = {} if declared is None else declared.model_json_schema(by_alias=True).get("properties", {})
    texts = {
        name: [bool(each.get("writeOnly")) for each in (said, *said.get("anyOf", ())) if each.get("type") == "string"]
        for name, said in settings.items()
    }
    late = frozenset(name for name, marks in texts.items() if any(marks))
    return late, frozenset(name for name in late if all(texts[name]))


def stays(path: Sequence[str | int], written: Any) -> bool:
    """Return whether a text of the audit file stays as written, because only who delivers messages reads secrets."""
    if path == ("notify", "heartbeat", "url"):
        return True
    return _channel(path, written) is not None and path[-1] in settings_of(_kind(path, written))[0]


def stands_open(path: Sequence[str | int], written: Any, text: str) -> bool:
    """Return whether a text of the audit file is a secret that was written down; no error may repeat it."""
    secret = path == ("notify", "heartbeat", "url") or path[-1] in settings_of(_kind(path, written))[1]
    return stays(path, written) and secret and REFERENCE.fullmatch(text) is None


def _channel(path: Sequence[str | int], written: Any) -> Any:
    """Return the channel of an audit file that a path leads into, if it does."""
    if len(path) == 4 and tuple(path[:2]) == ("notify", "channels") and isinstance(path[2], int):
        return written["notify"]["channels"][path[2]]
    return None


def _kind(path: Sequence[str | int], written: Any) -> str:
    channel = _channel(path, written)
    return str(channel.get("kind")) if isinstance(channel, dict) else ""
