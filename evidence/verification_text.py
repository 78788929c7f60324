"""A verification for people: one line a step, then the conclusion and what was not proved."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from evidence.model import instant_text
from evidence.statement import StatementFacts
from evidence.verification import StepOutcome, Verification, printable

_WORDS = {StepOutcome.PASSED: "passed", StepOutcome.FAILED: "FAILED", StepOutcome.NOT_RUN: "not run"}
_GLYPHS = {StepOutcome.PASSED: "✓", StepOutcome.FAILED: "✗", StepOutcome.NOT_RUN: "-"}


def write_text(verification: Verification, bundle: Path, out: TextIO) -> None:
    """Write the verification to `out`; characters its encoding lacks are replaced, never an error."""
    text = "\n".join(_lines(verification, bundle)) + "\n"
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "replace").decode(encoding))


def _lines(verification: Verification, bundle: Path) -> list[str]:
    lines = [printable(str(bundle))]
    for step in verification.steps:
        reason = f"{step.reason}: " if step.reason else ""
        mark = f"{_GLYPHS[step.outcome]} {_WORDS[step.outcome]:<7}"
        lines.append(f"{step.step:>4} {step.name:<12} {mark} {reason}{step.detail}")
    lines.append("")
    lines.append("VERIFIED" if verification.verified else f"NOT VERIFIED ({verification.reason})")
    if verification.audit is not None:
        lines += _facts(verification.audit)
    for signer in verification.signers:
        lines.append(f"signer    {signer.name or 'unnamed'}, key sha256:{signer.keyid} ({signer.algorithm})")
    time = verification.time
    claimed = f" (claimed by the signer: {time.claimed})" if time.claimed else ""
    lines.append(f"time      proven: {time.proven or 'none'}, source: {time.source or 'none'}{claimed}")
    lines.append(f"levels    seal: {verification.levels.seal}, time: {verification.levels.time}")
    lines.append("not proved")
    lines += [f"  - {item}" for item in verification.not_proved]
    return lines


def _facts(facts: StatementFacts) -> list[str]:
    period = f"{instant_text(facts.period.start)} to {instant_text(facts.period.end)}"
    return [
        f"audit     {facts.status.value.upper()}: contract {facts.contract.id} version {facts.contract.version}",
        f"period    {period}, as of {instant_text(facts.as_of)}, run {facts.run}",
    ]
