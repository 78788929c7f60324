"""What probes must remember from one audit to the next, in a file that its owner alone can read.

It is written before and after everything that is sent, so that nothing made at a vendor's is forgotten.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from evidence.errors import OutputFailed, Terminal
from evidence.model import Closed, Instant

MAX_BYTES = 1024 * 1024


class Moment(Closed):
    """When an answer was whole by our clock, and how far the vendor's clock was from ours, where it told its time."""

    at: Instant
    offset_ms: int | None


class Pending(Closed):
    """A deletion that waits for its limit: what was made, seen and deleted, and the twin that was not."""

    probe: str
    subject: str
    control: str | None
    created: Moment
    seen: Moment
    deleted: Moment
    reader_may_delete: bool
    looks: int = 0


class Batch(Closed):
    """Canaries planted together. The seed is all they are made of; whoever has it can tell what was planted."""

    seed: str = Field(pattern=r"^[0-9a-f]{64}$", repr=False)
    planted_at: Instant
    canaries: int
    sent: int = 0


class Sighting(Closed):
    """Something that was still there: what, made and deleted when at the latest, and seen when at the earliest."""

    test: str
    record: str
    system: str
    content_class: Literal["prompt", "output"]
    captured: Instant
    deleted: Instant | None = None
    seen: Instant


class Kept(Closed):
    """Everything remembered. `leftover` are files at the vendor that are still to be deleted."""

    probity: Literal["probe-state/v1"] = "probe-state/v1"
    pending: Pending | None = None
    batches: tuple[Batch, ...] = ()
    leftover: tuple[str, ...] = ()
    sightings: tuple[Sighting, ...] = ()


class ProbeState:
    """The file of one probe; `kept` is what it holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.kept = self._load()

    def _load(self) -> Kept:
        try:
            with self._path.open("rb") as file:
                return Kept.model_validate_json(file.read(MAX_BYTES))
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError) as cause:
            # The words of the cause could quote a seed.
            raise Terminal(
                f"what the probe remembered cannot be read ({type(cause).__name__}); restore {self._path.name}, or "
                "remove it and delete what it left at the vendor's"
            ) from None

    def keep(self, **changes: object) -> None:
        """Change what is remembered, durably, before anything else happens."""
        self.kept = self.kept.model_copy(update=changes)
        partial = self._path.with_suffix(".partial")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.kept.model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as cause:
            raise OutputFailed(f"cannot keep what a probe must remember: {cause.strerror or cause}") from cause


def uncertainty_ms(first: Moment, second: Moment) -> int | None:
    """Return how wrong the time between two moments may be: what the clocks moved against each other, and reading.

    A vendor tells its time to the second, so each reading may be off by one. None where it did not tell its time.
    """
    if first.offset_ms is None or second.offset_ms is None:
        return None
    return abs(second.offset_ms - first.offset_ms) + 2000
