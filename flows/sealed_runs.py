"""Completed runs of the ledger and the bundles that were stored of them: read back, and verified again."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from evidence import ledger_entry
from evidence.errors import NotLogged, VerificationError
from evidence.ledger import Ledger
from evidence.ledger_entry import RunCompleted, RunStarted
from evidence.verification import VerifiedContent
from flows.due import schedules_of
from flows.engagement import Engagement
from infra.bundle_folder import statement_of
from infra.trusted import load_all, verified


@dataclass(frozen=True, slots=True)
class SealedRun:
    """A run that the ledger calls completed."""

    started: RunStarted
    completed: RunCompleted


def sealed_runs(engagement: Engagement, ledger: Ledger) -> tuple[SealedRun, ...]:
    """Return the contract's completed runs, in the order in which they were completed."""
    entries = [ledger_entry.parse(leaf) for leaf in ledger.leaves()]
    starts = {e.run: e for e in entries if isinstance(e, RunStarted)}
    return tuple(
        SealedRun(starts[e.run], e)
        for e in entries
        if isinstance(e, RunCompleted) and e.contract == engagement.contract.id
    )


def name_of(engagement: Engagement, run: SealedRun) -> str:
    """Return the name that the run's bundle was stored under."""
    return engagement.bundle_name(run.started.period, run.started.run)


@contextlib.contextmanager
def content_of(engagement: Engagement, run: SealedRun, at: datetime) -> Iterator[VerifiedContent]:
    """Give the content of a run's stored bundle for as long as it can be read.

    1. the store has it; 2. it verifies against a trust folder of `schedules`; 3. it is the one that the ledger
    committed to. VerificationError when not.
    """
    name, trusts = name_of(engagement, run), load_all(engagement.folder, schedules_of(engagement).trust)
    with tempfile.TemporaryDirectory(prefix="probity-") as folder:
        stored = engagement.store.fetch(name, Path(folder))
        if stored is None:  # 1
            raise VerificationError("BUNDLE_MISSING", f"{name}: the ledger has this run, and the store has no bundle")
        content = verified(stored, trusts, at)  # 2
        if statement_of(content) != run.completed.statement:  # 3
            raise NotLogged("LEDGER_OTHER_STATEMENT", f"{name}: is not what the ledger committed to")
        yield content


def failing(engagement: Engagement, ledger: Ledger, at: datetime) -> Iterator[tuple[str, str]]:
    """Verify the bundle of every completed run; yield the names of those that fail, with the reason."""
    for run in sealed_runs(engagement, ledger):
        try:
            with content_of(engagement, run, at):
                pass
        except VerificationError as error:
            yield name_of(engagement, run), str(error)
