"""What records of different clouds' logs have in common on their way into `audit_log` and `processing_activity`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evidence.model import instant_text
from infra.web.listed import Repeated, Row, instant_of

AUDIT, ACTIVITY = "audit_log", "processing_activity"
FAMILIES = (AUDIT, ACTIVITY)
#: How an attempt ended at which no model ran, so that it has no place.
NOT_PROCESSED = frozenset({"denied", "throttled"})


class Once:
    """Remembers records by what identifies them: clouds deliver at least once."""

    def __init__(self) -> None:
        self._seen: dict[str, bytes] = {}

    def __call__(self, key: str, record: Any) -> None:
        """Raise `Repeated` for a record that was there, and `ValueError` for another one with the same identity."""
        content = hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=16).digest()
        if key not in self._seen:
            self._seen[key] = content
        elif self._seen[key] == content:
            raise Repeated
        else:
            raise ValueError("differs from a record with the same identity")


def moment_of(value: Any) -> Any:
    """Return an instant cut to microseconds, which is all that tables hold; anything else as it is."""
    moment = instant_of(value)
    return value if moment is None else instant_text(moment)


def rows_of(event: Mapping[str, Any], processing: Mapping[str, Any] | None) -> list[Row]:
    """Return the row of an event, and that of the processing it was, where it was any.

    `processing` adds what only processing has: its id, provider, place and resource.
    """
    rows: list[Row] = [(AUDIT, dict(event))]
    if processing is not None:
        shared = {name: event[name] for name in ("occurred_at", "actor", "request_id", "model", "outcome")}
        rows.append((ACTIVITY, {"activity": "process"} | shared | dict(processing)))
    return rows


def part_of(record: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return an object inside a record, an empty one where there is none."""
    found: Any = record
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def text_in(record: Mapping[str, Any], *names: str) -> str | None:
    """Return the first of some members that is a text."""
    return next((record[name] for name in names if isinstance(record.get(name), str) and record[name]), None)
