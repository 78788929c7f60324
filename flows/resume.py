"""Finishes runs that were interrupted while they were sealed; nothing is gathered or judged again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from evidence.errors import ProbityError
from evidence.ledger_entry import Started
from flows.engagement import Engagement
from flows.finishing import check_begun, publish_kept, seal_kept
from flows.pipeline import Audited, Tell
from flows.reporting import REPORT_PDF
from flows.sealer import Sealer
from infra.unfinished import Unfinished, unfinished


def resume(engagement: Engagement, sealer: Sealer, now: Callable[[], datetime], tell: Tell) -> Iterator[Audited]:
    """Yield every run that could be finished, oldest first; those of living processes are left to them.

    One that cannot be finished does not keep the others from it: the first error is raised at the end.
    """
    failed: list[ProbityError] = []
    for held in unfinished(engagement.state):
        if not held.claim():
            continue
        try:
            if held.is_kept:  # it was when it was listed; meanwhile somebody else may have finished it
                yield _finish(held, engagement, sealer, now, tell)
        except ProbityError as error:
            failed.append(error)
        finally:
            held.release()
    if failed:
        raise failed[0]


def interrupted(engagement: Engagement) -> tuple[str, ...]:
    """Return the runs that nobody is at work on and that can be finished."""
    found: list[str] = []
    for held in unfinished(engagement.state):
        if held.claim():
            found.append(held.work.name)
            held.release()
    return tuple(found)


def open_starts(engagement: Engagement, sealer: Sealer) -> tuple[Started, ...]:
    """Return the contract's runs that the ledger has the start of and not the completion, and that have no record here.

    They ended before their payload was written, or are under way, here or elsewhere: nothing of them can be finished.
    """
    if sealer.ledger is None:
        return ()
    kept = {held.work.name for held in unfinished(engagement.state)}
    known = sealer.ledger.history().contract(engagement.contract.id).open.values()
    return tuple(start for start in known if start.entry.run not in kept)


def _finish(
    held: Unfinished, engagement: Engagement, sealer: Sealer, now: Callable[[], datetime], tell: Tell
) -> Audited:
    record = held.record
    check_begun(record, sealer, engagement.tool, held.work)
    tell(f"finish {record.run}")
    seal_kept(held, sealer, now)
    result = held.result()
    failure = "" if REPORT_PDF in record.payload else f"run {record.run} was sealed without {REPORT_PDF}"
    return Audited(result, publish_kept(held, engagement.store, now), (), failure)
