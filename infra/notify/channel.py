"""What a channel is, and what it is given to send: one attempt at one message, and secrets only when it needs them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from evidence.errors import Rejected
from infra.notify.message import NAME, Message

#: Seconds that one attempt may take on the network, in all; a claim on a message lasts longer than that.
ATTEMPT_SECONDS = 60.0
MAX_RECEIPT = 500

_SPAN = re.compile(r"([1-9][0-9]{0,5})(s|m|h|d)", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}", re.ASCII)


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
Secret: TypeAlias = Annotated[str, Field(pattern=r"^\$\{[A-Za-z_][A-Za-z0-9_]*\}$", json_schema_extra={"secret": True})]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the service answered: its own name for what it took, and what it had to say; neither holds a secret."""

    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """One attempt at one message, from 1; `variable` looks a secret up by the name of its variable."""

    message: Message
    attempt: int
    now: datetime
    variable: Callable[[str], str | None] = field(repr=False)

    def secret(self, reference: str) -> str:
        """Return what a `${VAR}` stands for; `Rejected` names the variable when there is nothing."""
        match = _REFERENCE.fullmatch(reference)
        found = self.variable(match[1]) if match else None
        if match is None or not found or not found.isascii() or not found.isprintable():
            name = match[1] if match else "of a secret"
            raise Rejected(f"the variable {name} is not set, or holds no secret; set it where messages are delivered")
        return found


class Channel(BaseModel):
    """Where messages go; the object is its own configuration, one entry of `notify.channels` in audit.yaml."""

    model_config = ConfigDict(frozen=True, extra="forbid")

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
