"""What people are told of audits: that one could not run, that evidence could not be had, that a promise is broken.

Every alert is put into the outbox under a key that does not change when the same is found again, and is resolved when
it is over. Alerts are thin: a commitment's name and status, and where to look; no evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.canonical import sha256_hex
from evidence.errors import BadInput, ProbityError, VerificationError
from evidence.model import Finding, Severity, Status, instant_text
from flows.engagement import Engagement, open_engagement

if TYPE_CHECKING:
    from flows.pipeline import Audited
    from infra.notify.outbox import Outbox

MAX_WHY = 1_000
LOOK = "`probity doctor ENGAGEMENT` looks for the cause."


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, before it is put for each channel; the same `key` is put once."""

    incident: str
    key: str
    severity: Severity
    subject: str
    text: str


@contextmanager
def alerting(
    folder: Path,
    variable: Callable[[str], str | None],
    now: Callable[[], datetime],
    masked: Callable[[str], str],
    unattended: bool = False,
) -> Iterator[None]:
    """Put an alert when what is inside ends without a verdict; the failure goes on as it is.

    Invalid input is no alert while a person sees it at once, but is when the audit runs `unattended`. Nothing is put
    where the audit file or the contract cannot be read, or no channels are named. `masked` takes secrets out of a text.
    """
    try:
        yield
    except Exception as error:
        if unattended or not isinstance(error, BadInput | click.ClickException):
            with suppress(ProbityError):  # what went wrong first is what must be seen
                could_not_run(open_engagement(folder, variable), masked(_first_line(error)), now())
        raise


def could_not_run(engagement: Engagement, why: str, now: datetime) -> int:
    """Put the alert that an audit ended without a verdict, once a day for the same reason; return how many are new."""
    name = engagement.contract.id
    text = f"{why[:MAX_WHY]}\nNothing was proved and nothing disproved. {LOOK}"
    return put_alert(
        engagement, daily(f"run/{name}", why, Severity.CRITICAL, f"{name}: the audit failed", text, now), now
    )


def audited(engagement: Engagement, done: Audited, now: datetime) -> None:
    """Put what an audit means for people: sources that failed, promises broken, and what of earlier alerts is over."""
    if engagement.file.notify is None:
        return
    contract = engagement.contract.id
    if done.failure:
        could_not_run(engagement, done.failure, now)
    else:
        resolve_alerts(engagement, f"run/{contract}", lambda _: True, "An audit ran to its end.", now)
    failing = {told.partition(":")[0]: told for told in done.unreached}
    for kind, told in failing.items():
        subject = f"{contract}: evidence from {kind} could not be had"
        text = f"{told[:MAX_WHY]}\nWhat depends on it is unproven. {LOOK}"
        put_alert(engagement, daily(f"source/{contract}/{kind}", told, Severity.MAJOR, subject, text, now), now)
    resolve_alerts(
        engagement,
        f"source/{contract}/",
        lambda incident: incident.rpartition("/")[2] not in failing,
        "The source answers again.",
        now,
    )
    for finding in done.result.findings:
        if finding.status is Status.MET:
            _kept(engagement, done, finding, now)
    promises_broken(engagement, done, now)


def promises_broken(engagement: Engagement, done: Audited, now: datetime) -> None:
    """Put the alerts of broken promises that no clock pages for; what was put for this bundle is not put again."""
    if engagement.file.notify is None:
        return
    by_clock = _by_clock(engagement, done)
    for finding in done.result.findings:
        if finding.status is Status.BREACHED and finding.commitment not in by_clock:
            _broken(engagement, done, finding, now)


def cases_broken(engagement: Engagement, error: VerificationError, now: datetime) -> int:
    """Put the alert that a case log was changed, so that neither clocks nor approvals can be trusted."""
    name, why = engagement.contract.id, f"{error.reason}: {error.detail}"[:MAX_WHY]
    subject = f"{name}: the log of a breach case does not verify"
    text = f"{why}\nClocks and approvals cannot be trusted, and no notice leaves. See docs/breach-runbook.md."
    return put_alert(engagement, daily(f"cases/{name}", why, Severity.CRITICAL, subject, text, now), now)


def cases_verify(engagement: Engagement, now: datetime) -> int:
    """Resolve that alert; return how many messages are new."""
    return resolve_alerts(
        engagement, f"cases/{engagement.contract.id}", lambda _: True, "The case logs verify again.", now
    )


def _kept(engagement: Engagement, done: Audited, finding: Finding, now: datetime) -> None:
    """Resolve the alerts of a promise that is kept again, for its period and those before."""
    of_commitment, end = _incident(engagement, done, finding)
    words = "The promise is kept again."
    resolve_alerts(engagement, of_commitment, lambda incident: incident.rpartition("/")[2] <= end, words, now)


def _broken(engagement: Engagement, done: Audited, finding: Finding, now: datetime) -> None:
    """Put the alert of a promise broken in a period, unless it is open."""
    incident = "".join(_incident(engagement, done, finding))
    told = {alert.channel for alert in _outbox(engagement).open_alerts(incident)}
    bundle = done.bundle.replace("\\", "/").rpartition("/")[2]
    period = f"{done.result.period.start:%Y-%m-%d} to {done.result.period.end:%Y-%m-%d}"
    subject = f"{engagement.contract.id}: {finding.commitment} is breached"
    text = f"Audit of {period}, {finding.clause}.\nLook: `probity show {bundle} {finding.commitment} --trust TRUST`"
    put_alert(engagement, Alert(incident, f"{incident}/{bundle}", finding.severity, subject, text), now, told)


def _incident(engagement: Engagement, done: Audited, finding: Finding) -> tuple[str, str]:
    """Return the beginning and the end of the name under which one period's breach is one incident."""
    return f"finding/{engagement.contract.id}/{finding.commitment}/", instant_text(done.result.period.end)


def _by_clock(engagement: Engagement, done: Audited) -> set[str]:
    """Return the commitments whose breach opens a case: where clocks page, the finding does not as well."""
    from flows.cases import broken  # noqa: PLC0415 - calendars take their time to import

    return {finding.commitment for finding in broken(engagement, done.result)}


def daily(incident: str, why: str, severity: Severity, subject: str, text: str, now: datetime) -> Alert:
    """Return an alert that is put once a day for the same reason."""
    key = f"{incident}/{now:%Y-%m-%d}/{sha256_hex(why.encode())[:16]}"
    return Alert(incident, key, severity, subject, text)


def put_alert(engagement: Engagement, alert: Alert, now: datetime, told: Collection[str] = ()) -> int:
    """Put an alert for every channel that hears of alerts and was not told before; return how many are new."""
    from infra.notify.message import MAX_SUBJECT, Kind, Message  # noqa: PLC0415 - most audits tell nobody

    notify = engagement.file.notify
    if notify is None:
        return 0
    outbox = _outbox(engagement)
    return sum(
        outbox.put(
            Message(
                key=alert.key,
                channel=channel,
                kind=Kind.ALERT,
                incident=alert.incident,
                severity=alert.severity,
                subject=alert.subject[:MAX_SUBJECT],
                text=alert.text,
                link=notify.link or "",
                created=now,
            )
        )
        for channel in notify.told_of_alerts()
        if channel not in told
    )


def resolve_alerts(engagement: Engagement, prefix: str, over: Callable[[str], bool], words: str, now: datetime) -> int:
    """Resolve the open alerts whose incidents begin so and are over; return how many messages are new."""
    from infra.notify.outbox import resolution  # noqa: PLC0415 - most audits tell nobody

    outbox = _outbox(engagement)
    open_alerts = outbox.open_alerts(prefix)
    return sum(outbox.put(resolution(alert, words, now)) for alert in open_alerts if over(alert.incident))


def _outbox(engagement: Engagement) -> Outbox:
    from infra.notify.outbox import Outbox  # noqa: PLC0415 - most audits tell nobody

    return Outbox(engagement.outbox)


def _first_line(error: Exception) -> str:
    said = str(error).splitlines()
    internal = "" if isinstance(error, ProbityError) else f"internal error: {type(error).__name__}: "
    return internal + (said[0] if said else type(error).__name__)
