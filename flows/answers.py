"""From a sealed audit to its cases: every run that may open one is answered once, whoever was told of it or not.

The event that a run sends is only the quick way here. What it would start is found in the ledger as well, so that an
event that was lost, or an answer that was cut off, is made up for by the next look.
"""

from __future__ import annotations

from datetime import datetime

from evidence.ledger import Ledger
from evidence.model import AuditResult, Status
from flows import vendor_notices
from flows.alerts import promises_broken
from flows.cases import CaseId, of_audit
from flows.due import schedules_of
from flows.engagement import Engagement
from flows.pipeline import Audited
from flows.sealed import open_sealed
from flows.sealed_runs import SealedRun, content_of, name_of, sealed_runs
from infra.answered import Answered


def unanswered(engagement: Engagement, ledger: Ledger) -> tuple[SealedRun, ...]:
    """Return the runs since the schedules began that may open a case and that nobody answered yet, oldest first.

    Breached ones may, and all of them where notices by the vendor open cases.
    """
    answered, since = Answered(engagement.state), schedules_of(engagement).since
    return tuple(
        run
        for run in sealed_runs(engagement, ledger)
        if (run.completed.status is Status.BREACHED or vendor_notices.asked_for(engagement))
        and run.started.started_at.date() >= since
        and run.completed.run not in answered
    )


def answer(engagement: Engagement, run: SealedRun, now: datetime) -> tuple[CaseId, ...]:
    """Open or join the cases of a run from its sealed results and notices, and mark it; the cases, in order.

    VerificationError when its bundle does not verify: what cannot be trusted opens no case, and is an alert of its own.
    """
    with content_of(engagement, run, now) as content:
        result: AuditResult = open_sealed(content).result
        sealed_at = content.facts.sealed_at
        notified = vendor_notices.of_content(engagement, name_of(engagement, run), content, now)
    # A run that died between its bundle and its alerts told nobody.
    promises_broken(engagement, Audited(result, name_of(engagement, run), ()), now)
    opened = of_audit(engagement, result, name_of(engagement, run), now, sealed_at)
    found = tuple(dict.fromkeys((*opened, *notified)))
    Answered(engagement.state).mark(run.completed.run)
    return found
