"""Looking ahead of an audit: what it would fetch, and whether what it needs can be had.

Saying what would be fetched sends nothing. Looking sends harmless requests only: they read, nothing of it is kept, and
no message holds a secret.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from evidence.errors import BadInput, LimitExceeded, ProbityError, SourceError, VerificationError


class Fetch(NamedTuple):
    """One thing that gathering asks for: where, as whom (a variable or a role, never a secret), and for which families.

    `note` says what it cannot give, where that is known beforehand. `sends` is the body of what is not merely asked.
    """

    address: str
    identity: str
    families: tuple[str, ...]
    note: str = ""
    sends: str = ""


class Outcome(StrEnum):
    """What was seen of one thing, mildest first; each but the first two is what an audit would end with."""

    FINE = "fine"
    WARNING = "warning"  # an audit runs, and somebody should look
    UNREADABLE = "unreadable"  # a source cannot be read: clauses would be unproven
    MISCONFIGURED = "misconfigured"  # a file, a variable or a right here must be corrected first
    UNVERIFIED = "unverified"  # what is kept contradicts itself
    FAILED = "failed"  # an audit could not seal or store: what it needs is away

    @property
    def rank(self) -> int:
        """Return the place in that order, from 0."""
        return list(Outcome).index(self)


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that was looked at; `clock_offset_ms` is the other's clock minus ours, where it told its time."""

    what: str
    outcome: Outcome
    detail: str
    clock_offset_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Examination:
    """What looking needs: the engagement's folder, the clock, the environment, and where nobody may go."""

    root: Path
    now: Callable[[], datetime]
    variable: Callable[[str], str | None] = lambda _: None
    egress: frozenset[str] | None = None
    evidence_regions: frozenset[str] | None = None


def failed(what: str, error: ProbityError) -> Observation:
    """Return what an error means: the outcome follows its class, as the exit code does."""
    classes = {
        BadInput: Outcome.MISCONFIGURED,
        SourceError: Outcome.UNREADABLE,
        LimitExceeded: Outcome.UNREADABLE,
        VerificationError: Outcome.UNVERIFIED,
    }
    outcome = next((known for kind, known in classes.items() if isinstance(error, kind)), Outcome.FAILED)
    return Observation(what, outcome, str(error))


def readable_folder(root: Path, configured: str) -> Observation:
    """Look whether a folder of evidence is there and may be read."""
    path, what = root / configured, f"read {configured}"
    if not path.is_dir():
        return Observation(
            what, Outcome.MISCONFIGURED, "there is no such folder; put the evidence there, or correct it"
        )
    if not os.access(path, os.R_OK | os.X_OK):
        return Observation(what, Outcome.UNREADABLE, "may not be read; check its permissions")
    with os.scandir(path) as found:
        empty = next(found, None) is None
    if empty:
        return Observation(what, Outcome.WARNING, "the folder is empty")
    return Observation(what, Outcome.FINE, "the folder can be read")
