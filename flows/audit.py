"""The audit as a Prefect flow: the same steps as on the command line, seen by a Prefect server."""

from __future__ import annotations

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.client.schemas.objects import State
from prefect.events import emit_event
from prefect.states import Completed

from evidence.errors import OutputFailed, ProbityError
from evidence.model import AuditResult, Finding, Status
from flows import alerts, pipeline, tasks, vendor_notices
from flows.cases import broken, incident_of
from flows.deployments import BREACHED, NOTICE, resource
from flows.engagement import Engagement
from flows.pipeline import Audited
from flows.wiring import Prepared, Request, alerting, in_turn, prepare

#: A green "Completed" would say nothing about compliance, so every end has the name of what was found.
ENDS = {
    Status.MET: "Kept",
    Status.NOT_EXERCISED: "Kept",
    Status.NOT_IN_FORCE: "Kept",
    Status.BREACHED: "Breached",
    Status.UNPROVEN: "Unproven",
}


@flow(name="audit", persist_result=False, validate_parameters=True)
def audit(
    engagement: str,
    period: str | None = None,
    start: str | None = None,
    end: str | None = None,
    as_of: str | None = None,
    out: str | None = None,
) -> State[Audited]:
    """Audit one engagement; ends as Kept, Breached or Unproven, and fails only when the audit itself failed."""
    with alerting(engagement, unattended=True):
        request = Request(engagement, period, start, end, as_of, out)
        with in_turn(request, prepare(request), get_run_logger().info) as prepared:
            return _audit(prepared)


def _audit(prepared: Prepared) -> State[Audited]:
    opened, run = prepared.engagement, prepared.run
    try:
        announced = tasks.step("announce", lambda: pipeline.announce(opened, run, prepared.sealer))
        collected = pipeline.gather(opened, run, tasks.gather)
        judgement = tasks.step("check", lambda: pipeline.check(opened, run, collected))
        result = pipeline.conclude(opened, run, judgement)
        sealed = tasks.step(
            "seal", lambda: pipeline.seal(opened, run, collected, judgement, result, prepared.sealer, announced)
        )
        bundle = tasks.step("publish", lambda: pipeline.publish(opened, run))
    finally:
        pipeline.clear(run)
    create_table_artifact(
        key="findings", table=[_row(f) for f in result.findings], description=f"{opened.contract.id}: {result.status}"
    )
    _ring(opened, run, result, noticed=vendor_notices.NOTICES in collected.gathered.tables)
    problems = pipeline.told(collected, judgement)
    done = Audited(result, bundle, problems, sealed.failure, collected.unreached)
    alerts.audited(opened, done, run.now())
    message = f"{bundle}; {sealed.failure}" if sealed.failure else bundle
    return Completed(name=ENDS[result.status], message=message, data=done)


def _ring(engagement: Engagement, run: pipeline.Run, result: AuditResult, *, noticed: bool) -> None:
    """Send an event for each broken promise that opens a case, and one where there are notices by the vendor.

    Who it wakes reads the sealed bundle, not the event.
    """
    contract = engagement.contract.id
    about = {"prefect.resource.id": resource(contract), "prefect.resource.name": contract}
    for finding in broken(engagement, result):
        payload = {"run": run.id, "key": incident_of(result, finding), "severity": finding.severity.value}
        emit_event(BREACHED, resource=about, payload=payload)
    if noticed and vendor_notices.asked_for(engagement):
        emit_event(NOTICE, resource=about, payload={"run": run.id, "key": f"notice/{contract}"})


def _row(finding: Finding) -> dict[str, str]:
    return {
        "commitment": finding.commitment,
        "status": finding.status.value,
        "reasons": ", ".join(finding.reasons),
        "clause": finding.clause,
        "because": finding.because,
    }


def run_flow(request: Request) -> Audited:
    """Run the flow in this process and return what it found; our own errors come out as they went in."""
    asked = (request.engagement, request.period, request.start, request.end, request.as_of, request.out)
    try:
        state = audit(*asked, return_state=True)
    except RuntimeError as error:
        # Prefect says no more than this when the server it was pointed at does not answer.
        raise OutputFailed(f"the Prefect server did not answer: {error}; check PREFECT_API_URL") from error
    found = state.result(raise_on_failure=False)
    if isinstance(found, Audited):
        return found
    if isinstance(found, BaseException):
        raise found
    raise ProbityError(f"the flow ended as {state.name}: {state.message or 'no reason given'}")
