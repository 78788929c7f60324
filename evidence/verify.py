"""Verify a bundle: run the numbered steps, count them against the reader's policy, say what was not proved."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from evidence.container import open_file
from evidence.errors import BadInput, Place, ProbityError, Problem, VerificationError
from evidence.examination import Examination, NotRun
from evidence.model import instant_text
from evidence.steps import STEPS, Check
from evidence.trust import Trust, load_trust
from evidence.verification import (
    NOTHING_PROVED,
    STEP_NAMES,
    Levels,
    Members,
    ProvenTime,
    Step,
    StepOutcome,
    Verification,
    VerifiedContent,
    printable,
)
from evidence.verification_text import write_text

VERIFIED, USAGE, NOT_VERIFIED = 0, BadInput.exit_code, VerificationError.exit_code


def verify(bundle: Path, trust: Trust | None, *, at: datetime | None = None) -> Verification:
    """Return what the bundle proves to a reader who trusts `trust`; BadInput when there is no such file.

    The steps are those of BUNDLE.md and of `evidence.steps`. After a failure no later step runs. The bundle is verified
    when (1) no step failed and (2) every step the policy needs has passed: a step that did not run is a failure.
    Without `trust` integrity is examined all the same and the answer is "not verified", reason NO_TRUST.
    `at` is the time of verification with its UTC offset, needed only by a policy that limits the age.
    """
    if at is not None and at.tzinfo is None:
        raise BadInput(Problem("V003", "the time of verification has no UTC offset", Place("--at"), "append Z"))
    with open_file(bundle) as file:
        examination = Examination(file, trust, at)
        steps = _run(examination)
    passed = {step.step for step in steps if step.outcome is StepOutcome.PASSED}
    failed = [step for step in steps if step.outcome is StepOutcome.FAILED]
    verified = not failed and trust is not None and trust.policy.required_steps() <= passed
    return _conclude(bundle, examination, steps, verified)


def _run(examination: Examination) -> tuple[Step, ...]:
    steps: list[Step] = []
    failed_at: int | None = None
    for number, check in STEPS.items():
        if failed_at is not None:
            steps.append(_step(number, StepOutcome.NOT_RUN, "EARLIER_STEP_FAILED", f"step {failed_at} failed"))
            continue
        step = _attempt(number, check, examination)
        failed_at = number if step.outcome is StepOutcome.FAILED else None
        steps.append(step)
    return tuple(steps)


def _attempt(number: int, check: Check, examination: Examination) -> Step:
    try:
        return _step(number, StepOutcome.PASSED, None, check(examination))
    except NotRun as cause:
        return _step(number, StepOutcome.NOT_RUN, cause.reason, cause.detail)
    except VerificationError as cause:
        return _step(number, StepOutcome.FAILED, cause.reason, cause.detail)


def _step(number: int, outcome: StepOutcome, reason: str | None, detail: str) -> Step:
    return Step(step=number, name=STEP_NAMES[number], outcome=outcome, reason=reason, detail=printable(detail))


def _conclude(bundle: Path, examination: Examination, steps: tuple[Step, ...], verified: bool) -> Verification:
    facts = examination.statement.predicate if verified and examination.statement else None
    entries = examination.container.entries if examination.container else {}
    proved = examination.proved
    verification = Verification(
        verified=verified,
        reason=None if verified else _reason(steps),
        steps=steps,
        audit=facts,
        signers=tuple(proved.signers) if facts else (),
        time=proved.time.model_copy(update={"claimed": instant_text(facts.sealed_at)}) if facts else ProvenTime(),
        levels=Levels(seal=proved.seal_level, time=proved.time_level) if facts else Levels(),
        members=Members(expected=examination.expected_members, present=len(entries) if entries else None),
        not_proved=tuple(proved.open) if facts else NOTHING_PROVED,
    )
    if facts:
        return verification.with_content(VerifiedContent(bundle, facts, entries, examination.digests))
    return verification


def _reason(steps: tuple[Step, ...]) -> str:
    failed = next((step for step in steps if step.outcome is StepOutcome.FAILED), None)
    return (failed.reason if failed else None) or "STEP_NOT_RUN"


def run_verify(
    bundle: Path, trust_folder: Path | None, fmt: str, out: TextIO, err: TextIO, *, at: datetime | None = None
) -> int:
    """Verify and print as `text` or `json`; return the exit code: 0 verified, 4 not verified, 2 bad usage."""
    try:
        trust = load_trust(trust_folder) if trust_folder is not None else None
        verification = verify(bundle, trust, at=at)
    except ProbityError as error:
        err.write(f"{printable_lines(error)}\n")
        return error.exit_code
    if fmt == "json":
        out.write(json.dumps(verification.as_json(), indent=2) + "\n")
    else:
        write_text(verification, bundle, out)
    return VERIFIED if verification.verified else NOT_VERIFIED


def parse_at(text: str) -> datetime:
    """Return the instant of `--at`; BadInput unless it is one with a UTC offset."""
    hint = "write it with an offset, such as 2036-07-01T00:00:00Z"
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as cause:
        raise BadInput(Problem("V003", f"{text!r} is not an instant", Place("--at"), hint)) from cause
    if instant.tzinfo is None:
        raise BadInput(Problem("V003", f"{text!r} has no UTC offset", Place("--at"), hint))
    return instant.astimezone(UTC)


def printable_lines(error: ProbityError) -> str:
    """Return an error's text line by line with control characters escaped."""
    return "\n".join(printable(line) for line in str(error).splitlines())
