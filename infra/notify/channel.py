"""What a channel is, and what it is given to send: one attempt at one message, and secrets only when it needs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from evidence.errors import Rejected
from infra.notify.message import NAME, Kind, Message

#: Seconds that one attempt may take on the network, in all; a claim on a message lasts longer than that.
ATTEMPT_SECONDS = 60.0
MAX_RECEIPT = 500

_SPAN = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
#: What stands for a secret in a file.
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)


def _span(written: Any) -> Any:
    match = _SPAN.fullmatch(written) if isinstance(written, str) else None
    if match is None:
        return written if isinstance(written, timedelta) else str(written)  # pydantic says what is wrong with it
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def _written(value: timedelta) -> str:
    return f"{round(value.total_seconds())}s"


Span = Annotated[
    timedelta,
    BeforeValidator(_span, json_schema_input_type=Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smhd]$")]),
    PlainSerializer(_written, return_type=str),
]
#: A secret stands in no file: the file names the variable that holds it, which is read when a message is sent.
Secret: TypeAlias = Annotated[
    str, Field(pattern=r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$", json_schema_extra={"writeOnly": True})
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the service answered: its own name for what it took, and what it had to say; neither holds a secret.

    `problem` says what of it did not arrive, such as one addressee of several; others are told of it.
    """

    reference: str = ""
    detail: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt at one message, from 1; `variable` looks a secret up by the name of its variable.

    `earlier` is the reference of the last message of the same incident that this channel took, such as a ticket's key;
    `root` is the engagement's folder, to which configured paths are relative.
    """

    message: Message
    attempt: int
    now: datetime
    variable: Callable[[str], str | None] = field(repr=False)
    earlier: str = ""
    root: Path = Path()

    def secret(self, reference: str) -> str:
        """Return what a `${VAR}` stands for; `Rejected` names the variable when there is nothing."""
        return secret_of(reference, self.variable)

    def filled(self, written: str) -> str:
        """Return an address as it is written, or what the `${VAR}` that it is stands for."""
        return self.secret(written) if REFERENCE.fullmatch(written) else written


def secret_of(reference: str, variable: Callable[[str], str | None]) -> str:
    """Return what a `${VAR}` stands for; `Rejected` names the variable when there is nothing."""
    match = REFERENCE.fullmatch(reference)
    found = variable(match[1]) if match else None
    if match is None or not found or not found.isascii() or not found.isprintable():
        name = match[1] if match else "of a secret"
        raise Rejected(f"the variable {name} is not set, or holds no secret; set it where messages are delivered")
    return found


class Channel(BaseModel):
    """Where messages go; the object is its own configuration, one entry of `notify.channels` in audit.yaml.

    A subclass declares `kind` as a Literal and its settings. One that `carries` notices can be given the whole text of
    an approved notice, one that carries `attachments` files as well; every other gets thin messages only. One that
    `acknowledges` stops asking people when it is told that somebody is at work; no other is told.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    carries: ClassVar[bool] = False
    acknowledges: ClassVar[bool] = False
    attachments: ClassVar[bool] = False

    kind: str
    name: Annotated[str, Field(pattern=NAME, description="what escalation and messages call it")]
    digest: Span | None = Field(
        default=None, description="collects what is not critical for so long into one message, such as 4h"
    )

    def send(self, sending: Sending) -> Receipt:
        """Hand one message over, within `ATTEMPT_SECONDS`.

        Raises `Deferred` when another attempt may succeed and `Rejected` when it cannot.
        """
        raise NotImplementedError

    def refuse_what_it_cannot_carry(self, message: Message) -> None:
        """Raise `Rejected` for a notice that has no place in this channel, such as a chat."""
        if message.kind is Kind.NOTICE and not self.carries:
            raise Rejected(
                f"{self.name} is a {self.kind} channel, which takes no notices; send them by mail or webhook"
            )
        if message.attachments and not self.attachments:
            raise Rejected(f"{self.name} is a {self.kind} channel, which takes no attachments; send them by mail")
