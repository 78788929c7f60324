"""`probity audit`: gather, check, seal and report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evidence.errors import ReportFailed
from evidence.model import AuditResult, Status, exit_code, roll_up
from flows import alerts
from flows.cli.progress import Progress
from flows.cli.table import findings_text
from flows.engagement import STATE
from flows.wiring import Prepared, Request, alerting, in_turn, prepare, reopen, waits
from infra import settings
from infra.turn import turn

if TYPE_CHECKING:
    from datetime import datetime

    from flows.engagement import Engagement
    from flows.pipeline import Audited
    from flows.sealer import Sealer

INTERRUPTED = "was interrupted while it was sealed; `probity audit ENGAGEMENT --resume` finishes it"
OPEN = "is open in the ledger: under way, or ended before it could be finished; only a new audit can answer for it"

FAIL_ON = {
    "unproven": {Status.BREACHED, Status.UNPROVEN},
    "breached": {Status.BREACHED},
    "never": set[Status](),
}


@click.command()
@click.argument("engagement", type=click.Path())
@click.option("--period", help="a month 2025-06, a quarter 2025-Q2 or a year 2025")
@click.option("--from", "start", metavar="INSTANT", help="first instant of the period, with an offset")
@click.option("--to", "end", metavar="INSTANT", help="the instant after the period, with an offset")
@click.option("--as-of", metavar="INSTANT", help="judge with what was known at this instant")
@click.option("--out", type=click.Path(), help="folder for the bundle, instead of the audit file's store")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--fail-on", type=click.Choice([*FAIL_ON]), default="unproven", show_default=True)
@click.option("--flow", is_flag=True, help="run as a Prefect flow; always so where PREFECT_API_URL is set")
@click.option("--resume", is_flag=True, help="finish runs that were interrupted while they were sealed, and no more")
def command(
    engagement: str,
    period: str | None,
    start: str | None,
    end: str | None,
    as_of: str | None,
    out: str | None,
    form: str,
    fail_on: str,
    flow: bool,
    resume: bool,
) -> None:
    """Audit the engagement in a folder and seal the answer.

    Exit codes: 0 kept, 1 breached, 2 invalid input, 3 unproven, 4 integrity, 5 our own failure.
    """
    request = Request(engagement, period, start, end, as_of, out)
    if resume:
        if flow or any(asked is not None for asked in (period, start, end, as_of)):
            raise click.UsageError("--resume finishes runs as they were begun: it takes no period, --as-of or --flow")
        with alerting(engagement):
            raise SystemExit(_resume(request, form, FAIL_ON[fail_on]))
    with alerting(engagement), Progress(sys.stderr) as progress:
        prepared = prepare(request, progress.tell)  # before a flow as well: a mistake must not cost a server's start
        progress.note(*prepared.engagement.warnings)
        try:
            with in_turn(request, prepared, progress.note, progress.tell) as prepared:
                audited = _run(request, prepared, flow=flow)
        finally:
            progress.note(*(f"run {run} {INTERRUPTED}" for run in _interrupted(prepared)))
    progress.note(*audited.problems)
    click.echo(_render(audited.result, audited.bundle, form))
    progress.note(*_afterwards(prepared.engagement, prepared.sealer, audited, prepared.run.now()))
    if audited.failure:
        raise ReportFailed(audited.failure)
    raise SystemExit(exit_code(audited.status) if audited.status in FAIL_ON[fail_on] else 0)


def _run(request: Request, prepared: Prepared, *, flow: bool) -> Audited:
    if flow or settings.prefect_api_url():
        settings.keep_prefect_in(str(Path(request.engagement).absolute() / STATE / "prefect"))
        from flows.audit import run_flow  # noqa: PLC0415 - Prefect takes seconds to import

        return run_flow(request)
    from flows.pipeline import run_audit  # noqa: PLC0415 - the pipeline is not in the base install

    return run_audit(prepared.engagement, prepared.run, prepared.sealer)


def _afterwards(engagement: Engagement, sealer: Sealer, audited: Audited, now: datetime) -> list[str]:
    """Open cases and put alerts, each even when the other fails; after the result is printed, for either may."""
    try:
        return _cases(engagement, sealer, audited, now)
    finally:
        alerts.audited(engagement, audited, now)


def _cases(engagement: Engagement, sealer: Sealer, audited: Audited, now: datetime) -> list[str]:
    """Open or join the cases that the audit file asks for; their logs may not verify."""
    if engagement.file.breach is None:
        return []
    from flows.cases import bundle_name, of_audit  # noqa: PLC0415 - most audits have no breach section
    from flows.vendor_notices import of_stored  # noqa: PLC0415

    found = of_audit(engagement, audited.result, audited.bundle, now)
    found += of_stored(engagement, bundle_name(audited.bundle), sealer.trust(), now)
    return [
        f"{name} waits for a decision: `probity breach show {engagement.folder} {name}`"
        for name in dict.fromkeys(found)
    ]


def _interrupted(prepared: Prepared) -> tuple[str, ...]:
    from flows.resume import interrupted  # noqa: PLC0415 - the pipeline is not in the base install

    return interrupted(prepared.engagement)


def _resume(request: Request, form: str, fail_on: set[Status]) -> int:
    """Finish what was interrupted, print each result, and return the exit code; open starts count as unproven."""
    from flows import resume  # noqa: PLC0415 - the pipeline is not in the base install

    statuses: list[Status] = []
    failures: list[str] = []
    with Progress(sys.stderr) as progress:
        opened = reopen(request)
        state = opened.engagement.state
        with turn(state, lambda: progress.note(waits(state))):
            for audited in resume.resume(opened.engagement, opened.sealer, opened.now, progress.tell):
                click.echo(_render(audited.result, audited.bundle, form))
                progress.note(*_afterwards(opened.engagement, opened.sealer, audited, opened.now()))
                statuses.append(audited.status)
                failures += [audited.failure] if audited.failure else []
        if not statuses:
            progress.note("there is no run to finish")
        for start in resume.open_starts(opened.engagement, opened.sealer):
            progress.note(f"run {start.entry.run}, number {start.entry.sequence}, {OPEN}")
            statuses.append(Status.UNPROVEN)
    if failures:
        raise ReportFailed("\n".join(failures))
    failing = [status for status in statuses if status in fail_on]
    return exit_code(roll_up(failing)) if failing else 0


def _render(result: AuditResult, bundle: str, form: str) -> str:
    if form == "json":
        stated = result.as_json()
        head = {key: stated[key] for key in ("schema", "contract", "period", "as_of", "status")}
        return json.dumps(head | {"bundle": bundle, "findings": stated["findings"]}, ensure_ascii=False)
    return findings_text(result, bundle)
