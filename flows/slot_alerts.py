"""Alerts of what runs by itself: a slot that was missed, a bundle or a ledger that does not verify any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from evidence.errors import VerificationError
from evidence.model import Severity, instant_text
from flows.alerts import Alert, daily, put_alert, resolve_alerts
from flows.engagement import Engagement
from infra.schedules import Filled


def slots_missed(engagement: Engagement, missed: Iterable[Filled], now: datetime) -> int:
    """Put an alert for each slot that was missed, once, and resolve those of slots that are missed no more."""
    contract, listed = engagement.contract.id, {}
    for filled in missed:
        slot = filled.slot
        incident = f"slot/{contract}/{slot.schedule}/{instant_text(slot.at)}"
        begun = f"run {filled.started.run} was begun and not completed" if filled.started else "no run was begun"
        period = f"{instant_text(slot.period.start)} to {instant_text(slot.period.end)}"
        subject = f"{contract}: the audit {slot.schedule} of {slot.at:%Y-%m-%d %H:%M}Z was missed"
        text = f"Due at {instant_text(slot.at)} for {period}; {begun}.\nIt is tried again; see docs/operate.md."
        listed[incident] = Alert(incident, incident, Severity.MAJOR, subject, text)
    put = sum(put_alert(engagement, alert, now) for alert in listed.values())
    words = "The slot was filled, or the schedules do not ask for it any more."
    return put + _settled(engagement, f"slot/{contract}/", listed, words, now)


def bundles_broken(engagement: Engagement, wrong: Mapping[str, str], now: datetime) -> int:
    """Put an alert a day for each stored bundle that does not verify, and resolve those of bundles that do."""
    contract, listed = engagement.contract.id, {}
    for name, why in wrong.items():
        incident = f"bundle/{contract}/{name}"[:200]
        subject = f"{contract}: a stored bundle does not verify"
        text = f"{name}\n{why[:1000]}\nKeep what is there as it is, and find out who changed it; see docs/operate.md."
        listed[incident] = daily(incident, why, Severity.CRITICAL, subject, text, now)
    put = sum(put_alert(engagement, alert, now) for alert in listed.values())
    return put + _settled(engagement, f"bundle/{contract}/", listed, "The bundle verifies again.", now)


def ledger_broken(engagement: Engagement, error: VerificationError, now: datetime) -> int:
    """Put the alert that the ledger is no single history, so that nobody can tell which audits were made."""
    contract, why = engagement.contract.id, f"{error.reason}: {error.detail}"[:1000]
    text = f"{why}\nNo audit is started before it is put right; see docs/operate.md."
    subject = f"{contract}: the ledger of audits does not verify"
    return put_alert(engagement, daily(f"ledger/{contract}", why, Severity.CRITICAL, subject, text, now), now)


def ledger_verifies(engagement: Engagement, now: datetime) -> int:
    """Resolve that alert."""
    return _settled(engagement, f"ledger/{engagement.contract.id}", (), "The ledger verifies again.", now)


def _settled(engagement: Engagement, prefix: str, still: Iterable[str], words: str, now: datetime) -> int:
    if engagement.file.notify is None:
        return 0
    open_still = set(still)
    return resolve_alerts(engagement, prefix, lambda incident: incident not in open_still, words, now)
