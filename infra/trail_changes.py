"""Events in which a trail is stopped, deleted or told to log something else: what it shows around them is no whole.

Source: CloudTrail API `StopLogging`, `StartLogging`, `DeleteTrail`, `UpdateTrail`, `PutEventSelectors`,
`PutInsightSelectors`, as CloudTrail logs them itself. What was logged before such an event is not known from what the
trail is set to today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

from evidence.model import Period

SERVICE = "cloudtrail.amazonaws.com"
EVENTS = frozenset(
    {"StopLogging", "StartLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors", "PutInsightSelectors"}
)
#: So many changes of one file are told apart; beyond them one of an unnamed trail stands for the rest.
MOST = 100
LONGEST = 300

#: What was done, to which trail (a name or an ARN, empty where it is not said), and when, as the event states it.
Change: TypeAlias = tuple[str, str, str]
Concerns: TypeAlias = Callable[[str], bool]


def change_of(record: Mapping[str, Any]) -> Change | None:
    """Return the change that an event of CloudTrail's own made; none where the call was refused or does not matter."""
    name = record.get("eventName")
    if name not in EVENTS or record.get("errorCode") is not None:
        return None
    asked = record.get("requestParameters")
    stated = [asked.get(key) for key in ("trailName", "name", "trailARN")] if isinstance(asked, dict) else []
    trail = next((value for value in stated if isinstance(value, str) and value), "")
    return str(name), _shown(trail), _shown(record.get("eventTime"))


def noted(changes: list[Change], change: Change) -> None:
    """Add a change to those of a file, whose number stays bounded."""
    if len(changes) < MOST:
        changes.append(change)
    elif len(changes) == MOST:
        changes.append(("and further changes", "", ""))


def any_trail(_: str) -> bool:
    """Take every trail for ours: files in a folder do not say which one delivered them."""
    return True


def of_trail(configured: str) -> Concerns:
    """Return what says whether a name or an ARN, as an event states it, may be that of the configured trail."""
    ours = configured.rpartition("/")[2]

    def concerns(stated: str) -> bool:
        if configured.startswith("arn:") and stated.startswith("arn:"):
            return stated == configured
        return stated.rpartition("/")[2] in {ours, ""}

    return concerns


def blinding(changes: Iterable[Change], period: Period, concerns: Concerns) -> Iterator[str]:
    """Yield what is told of each change of our trail before the period's end; one without a readable time counts."""
    for event, trail, moment in changes:
        if concerns(trail) and not _after(moment, period.end):
            yield f"blind: {event} of {trail or 'a trail'} at {moment or 'an unknown time'} changed what is logged"


def _after(moment: str, end: datetime) -> bool:
    try:
        return datetime.fromisoformat(moment) >= end
    except (ValueError, TypeError):
        return False


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return "".join(c for c in text[:LONGEST] if c.isprintable())
