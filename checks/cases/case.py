"""A breach case: what its log folds to. Every line is checked as it was when it was written, so no log skips a step."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from checks.cases.entry import Classified, Due, Exhibited, NotNotified, Origin
from checks.notices.plain import is_seen
from evidence.case_log import Head


class State(StrEnum):
    """How far a case is, in order; with several notices, how far the one is that is furthest behind."""

    OPENED = "opened"
    TRIAGE = "triage"
    NOT_NOTIFIED = "not_notified"
    CLASSIFIED = "classified"
    CLOCKS = "clocks"
    DRAFTED = "drafted"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    SUPPLEMENTED = "supplemented"
    CLOSED = "closed"


#: The rule whose notice the vendor owes us: receiving one meets it, and no case waits for us to send it.
OWED_TO_US = "contract-notice"
#: Small Cyrillic and Greek letters, and others, by the Latin letter that they or their capitals look like.
_LOOKS_LIKE = str.maketrans(
    "\u0430\u0432\u0441\u0501\u0435\u04bb\u043d\u0456\u043a\u0458\u04cf"
    "\u043c\u043e\u0440\u051b\u0455\u0442\u0443\u0475\u051d\u0445"
    "\u03b1\u03b2\u03b5\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03b3\u03c9\u0131",
    "abcdehhikjlmopqstyvwxabehikmvoptuxywi",
)
_OF_NOTICES = (State.DRAFTED, State.REVIEWED, State.APPROVED, State.SENT, State.ACKNOWLEDGED)


@dataclass(frozen=True, slots=True)
class Act:
    """Who did something, when, and what they said of it."""

    who: str
    at: datetime
    said: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate for an anchor; `seq` is the line that states it."""

    seq: int
    name: str
    stated: str
    basis: str
    by: str
    set_aside: Act | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice: addressee and text as they are now, everybody who drafted it, and what was done with exactly these.

    Without `channel` the program sends it to nobody, and `to` is empty.
    """

    id: str
    template: str
    text: str
    sha256: str
    unknown: tuple[str, ...]
    drafters: frozenset[str]
    drafted: Act
    supplements: str | None = None
    channel: str = ""
    to: tuple[str, ...] = ()
    reviewed: Act | None = None
    approved: Act | None = None
    sent: Act | None = None
    how: str = ""
    sent_at: datetime | None = None
    acknowledged: Act | None = None

    @property
    def as_read(self) -> str:
        """Return what people review and approve: the addressee, and the text."""
        return as_read(self.text, self.channel, self.to)

    @property
    def state(self) -> State:
        """Return how far the notice is."""
        steps = (self.reviewed, self.approved, self.sent, self.acknowledged)
        done = [state for state, act in zip(_OF_NOTICES[1:], steps, strict=True) if act is not None]
        return done[-1] if done else State.DRAFTED


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided: that duties arise, or that nobody is notified."""

    what: Classified | NotNotified
    by: Act


@dataclass(frozen=True, slots=True)
class Case:
    """A case as of its last line; `asked_again` is when something was seen that the last decision did not know of."""

    id: str
    opened: Act
    triage_hours: int
    origins: tuple[Origin, ...]
    head: Head
    follows: str = ""
    asked_again: datetime | None = None
    taken_up: Act | None = None
    decision: Decision | None = None
    candidates: tuple[Candidate, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    clocks: tuple[tuple[datetime, tuple[Due, ...]], ...] = ()
    notices: Mapping[str, Notice] = field(default_factory=dict)
    linked: tuple[Exhibited, ...] = ()
    cured: Act | None = None
    cured_at: datetime | None = None
    closed: Act | None = None

    @property
    def key(self) -> str:
        """Return the incident that the case is about."""
        return self.origins[0].key

    @property
    def marks(self) -> frozenset[str]:
        """Return every violation that was seen."""
        return frozenset(mark for origin in self.origins for mark in origin.marks)

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the rules that a person decided to apply; none before that, and none where nobody is notified."""
        what = self.decision.what if self.decision else None
        return what.rules if isinstance(what, Classified) else ()

    @property
    def evidence(self) -> frozenset[Exhibited]:
        """Return the evidence that the case rests on."""
        return frozenset(self.linked) | {each for origin in self.origins for each in origin.evidence}

    @property
    def state(self) -> State:
        """Return how far the case is."""
        if self.closed is not None:
            return State.CLOSED
        if self.decision is None:
            return State.OPENED if self.taken_up is None else State.TRIAGE
        if isinstance(self.decision.what, NotNotified):
            return State.NOT_NOTIFIED
        if not self.notices:
            return State.CLOCKS if self.clocks else State.CLASSIFIED
        state = min((notice.state for notice in self.notices.values()), key=_OF_NOTICES.index)
        told = state in {State.SENT, State.ACKNOWLEDGED}
        return State.SUPPLEMENTED if told and any(n.supplements for n in self.notices.values()) else state

    @property
    def told(self) -> frozenset[str]:
        """Return the rules under which a notice was sent; the vendor's is met by having come."""
        sent = {notice.template for notice in self.notices.values() if notice.sent is not None}
        return frozenset(sent | {OWED_TO_US for origin in self.origins if origin.kind == "notice"})

    def with_notice(self, notice: Notice) -> Case:
        """Return the case with one notice as it is now."""
        return replace(self, notices={**self.notices, notice.id: notice})


def person(name: str) -> str:
    """Return a name as it is compared: spellings that people take for one name are one person.

    Letters and digits count alone, without case and accents, and Greek and Cyrillic ones as the Latin ones they look
    like (Unicode TR39): of two names that differ by less, nobody could tell who approved. It is empty for no name.
    """
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    return "".join(c for c in bare if _tells(c)).translate(_LOOKS_LIKE)


def _tells(character: str) -> bool:
    """Return whether a character tells names apart; vowel signs of other scripts do, as letters do."""
    letter = character.isalnum() or unicodedata.category(character).startswith("M")
    return letter and is_seen(character) and not "\u0300" <= character <= "\u036f"


def as_read(text: str, channel: str = "", to: Sequence[str] = ()) -> str:
    """Return what people read of a notice: a line for its channel and for each address, an empty one, and the text.

    A notice that the program sends to nobody is its text alone.
    """
    head = (f"Channel: {channel}", *(f"To: {address}" for address in to), "", "") if channel else ()
    return "\n".join(head) + text


def digest_of(text: str, channel: str = "", to: Sequence[str] = ()) -> str:
    """Return the SHA-256 of a notice as people read it, in UTF-8: what an approval names."""
    return hashlib.sha256(as_read(text, channel, to).encode()).hexdigest()


def first_free(notices: Sequence[str]) -> str:
    """Return the next name of a notice."""
    return f"N-{len(notices) + 1}"
