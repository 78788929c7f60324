"""When a request is worth another attempt, and how long to wait before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

#: RFC 9110 section 15 and, for 529, what vendors of language models answer when they are overloaded.
WORTH_ANOTHER = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
        529,
    }
)


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and how patiently: waits double from `first` to `longest` seconds, shortened at random by up to half.

    A server that asks for more than `patience` seconds is not waited for.
    """

    attempts: int = 5
    first: float = 1.0
    longest: float = 30.0
    patience: float = 120.0

    def wait(self, attempt: int, chance: float, asked: float | None) -> float | None:
        """Return the seconds before the attempt after `attempt` (from 1), or None when there is to be none.

        `chance` is drawn evenly from [0, 1); `asked` is what the server's `retry-after` says.
        """
        if attempt >= self.attempts or (asked is not None and asked > self.patience):
            return None
        own = min(self.longest, self.first * float(2 ** (attempt - 1))) * (1 - chance / 2)
        return own if asked is None else max(own, asked)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that `retry-after` asks for (RFC 9110 section 10.2.3), or None without a readable one."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):  # the latter for a date without a zone
        return None
