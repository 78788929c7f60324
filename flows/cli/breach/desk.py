"""What every verb on cases begins with: the engagement, the instant, and who acts; and the options they share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from pydantic import BaseModel, ValidationError

from evidence.errors import BadInput, Place, Problem

if TYPE_CHECKING:
    from flows.engagement import Engagement

F = TypeVar("F", bound=Callable[..., Any])
M = TypeVar("M", bound=BaseModel)
MAX_NAME, DIGITS = 120, 64


@dataclass(frozen=True, slots=True)
class Desk:
    """An engagement opened at an instant; `who` is the name that was given, and nobody checks it."""

    engagement: Engagement
    now: datetime
    who: str


def desk(folder: Path, who: str | None = None) -> Desk:
    """Return the desk of whoever only reads."""
    from flows.engagement import open_engagement  # noqa: PLC0415 - `--help` opens nothing
    from infra import settings  # noqa: PLC0415

    return Desk(open_engagement(folder, settings.variable), datetime.now(UTC).replace(microsecond=0), who or "")


def acting(folder: Path, who: str | None) -> Desk:
    """Return the desk of a person who acts; `BadInput` where nobody is named."""
    from checks.cases.case import person  # noqa: PLC0415 - `--help` opens nothing
    from checks.notices.plain import is_plain  # noqa: PLC0415

    name = " ".join((who or "").split())
    if not person(name) or len(name) > MAX_NAME or not is_plain(name):
        hint = f"--as NAME, one line of at most {MAX_NAME} characters; the log keeps it"
        raise BadInput(Problem("B027", "say who acts", Place("--as"), hint))
    return desk(folder, name)


def on_case(command: F) -> F:
    """Add the arguments ENGAGEMENT and CASE."""
    return click.argument("engagement", type=click.Path(path_type=Path))(click.argument("case")(command))


def by_person(command: F) -> F:
    """Add `--as`, the person who acts."""
    named = click.option("--as", "who", metavar="NAME", help="who acts; it is recorded, and nobody checks it")
    return named(command)


def formatted(command: F) -> F:
    """Add `--format`."""
    kinds = click.Choice(["text", "json"])
    return click.option("--format", "form", type=kinds, default="text", show_default=True)(command)


def digest_option(command: F) -> F:
    """Add `--sha256`, the digest of the text that a person read."""
    text = "SHA-256 of the text you read, all 64 digits; `probity breach show --text NOTICE` prints both"
    return click.option("--sha256", "digest", required=True, metavar="HEX", help=text)(command)


def instant(text: str | None, option: str, now: datetime) -> datetime:
    """Return the instant of an option, or `now` without one; `BadInput` for one that is still to come."""
    from flows.audit_file import parse_instant  # noqa: PLC0415

    found = now if text is None else parse_instant(text, option)
    if found > now:
        raise BadInput(Problem("B036", f"{text} lies in the future", Place(option), "state what happened"))
    return found


def digest_given(text: str) -> str:
    """Return a SHA-256 that was given in full; BadInput for a part of one."""
    digest = text.strip().lower()
    if len(digest) != DIGITS or set(digest) - set("0123456789abcdef"):
        hint = "`probity breach show ENGAGEMENT CASE --text NOTICE` prints the text and its digest"
        raise BadInput(Problem("B033", "is not 64 hexadecimal digits", Place("--sha256"), hint))
    return digest


def stated(model: type[M], **values: Any) -> M:
    """Return what a person stated as an entry of a log; `BadInput` where a value is none that the log takes."""
    try:
        return model(**values)
    except ValidationError as cause:
        found = [(".".join(str(part) for part in e["loc"]) or "entry", str(e["msg"])) for e in cause.errors()]
        raise BadInput(*(Problem("B035", message, Place(where)) for where, message in found)) from None
