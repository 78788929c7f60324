"""Accepted exceptions: who accepted what, why, until when, and how bad it was when they did.

A waiver is shown beside a finding and never changes its status. It stops covering the finding when it expires and when
the measured value worsens. What concerns the integrity of evidence cannot be waived.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

from checks.codes import Code
from checks.problems import located, refuse
from checks.yaml12 import read_yaml
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed, Finding, Status, Waiver, WaiverState

Text = Annotated[str, StringConstraints(pattern=r"\S", max_length=500)]
Count = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,18}$")]

#: Kinds whose breach means that evidence itself cannot be trusted.
INTEGRITY = frozenset({"evidence-bundle-signing", "audit-log-availability"})


class Frozen(Closed):
    """What was accepted: the status and how bad it was, in the units of the finding."""

    status: Literal["breached", "unproven"]
    violation: Count = "0"
    unknown: Count = "0"
    worst: Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,18}([.][0-9]{1,6})?$")] | None = None


class AcceptedException(Closed):
    """One entry of waivers.yaml. Author and approver are offices or persons the customer is willing to publish."""

    commitment: Text
    author: Text = Field(description="who asked for it")
    approver: Text = Field(description="who accepted it; never the author")
    reason: Text
    granted_on: date
    expires_on: date
    frozen: Frozen

    @model_validator(mode="after")
    def _two_people_and_an_end(self) -> AcceptedException:
        if self.author.strip().casefold() == self.approver.strip().casefold():
            raise ValueError("the approver must not be the author")
        if self.expires_on <= self.granted_on:
            raise ValueError("it must expire after it was granted")
        return self


class WaiverFile(Closed):
    """`waivers.yaml`: every accepted exception of an engagement."""

    probity: Literal["waivers/v1"]
    waivers: tuple[AcceptedException, ...] = ()

    @model_validator(mode="after")
    def _one_each(self) -> WaiverFile:
        names = [w.commitment for w in self.waivers]
        if len(set(names)) != len(names):
            raise ValueError("a commitment has at most one waiver; extend the existing one")
        return self


def load_waivers(path: Path) -> tuple[AcceptedException, ...]:
    """Return the accepted exceptions of a file, or none where there is no such file; raises `BadInput`."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as cause:
        raise BadInput(Problem(Code.UNREADABLE, cause.strerror or "cannot be read", Place(str(path)))) from None
    document = read_yaml(raw, str(path))
    problems = list(document.problems)
    try:
        loaded = WaiverFile.model_validate_json(json.dumps(document.data), strict=True)
    except ValidationError as error:
        refuse([*problems, *located(error, document, WaiverFile)])
        raise BadInput(*problems) from None
    refuse(problems)
    return loaded.waivers


def waive(
    findings: Iterable[Finding], waivers: Sequence[AcceptedException], as_of: datetime, file: str
) -> tuple[Finding, ...]:
    """Return the findings with their waivers beside them.

    Raises `BadInput` for a waiver of a commitment that does not exist or of one that cannot be waived.
    """
    found = list(findings)
    by_name = {f.commitment: f for f in found}
    problems = []
    for entry in waivers:
        if entry.commitment not in by_name:
            problems.append(_refusal(file, entry, "is not a commitment of this contract"))
        elif by_name[entry.commitment].kind in INTEGRITY:
            problems.append(_refusal(file, entry, "concerns the integrity of evidence and cannot be waived"))
    if problems:
        raise BadInput(*problems)
    by_commitment = {w.commitment: w for w in waivers}
    return tuple(_beside(f, by_commitment.get(f.commitment), as_of.date()) for f in found)


def _refusal(file: str, entry: AcceptedException, why: str) -> Problem:
    return Problem(Code.MALFORMED, f"{entry.commitment} {why}", Place(file))


def _beside(finding: Finding, entry: AcceptedException | None, today: date) -> Finding:
    if entry is None or finding.status not in {Status.BREACHED, Status.UNPROVEN} or today < entry.granted_on:
        return finding
    state = WaiverState.ACTIVE
    if today > entry.expires_on:
        state = WaiverState.EXPIRED
    elif worse(finding, entry.frozen):
        state = WaiverState.REOPENED
    waiver = Waiver(
        author=entry.author,
        approver=entry.approver,
        reason=entry.reason,
        granted_on=entry.granted_on,
        expires_on=entry.expires_on,
        state=state,
        frozen={k: v for k, v in entry.frozen.as_json().items() if v is not None},
    )
    return finding.model_copy(update={"waived": waiver})


def worse(finding: Finding, frozen: Frozen) -> bool:
    """Return whether anything got worse than what was accepted; a breach where a doubt was accepted is worse."""
    if finding.status is Status.BREACHED and frozen.status == "unproven":
        return True
    if finding.population.violation > int(frozen.violation) or finding.population.unknown > int(frozen.unknown):
        return True
    worst = finding.measure.worst if finding.measure else None
    return worst is not None and frozen.worst is not None and Decimal(worst) > Decimal(frozen.worst)


def freeze(finding: Finding) -> Frozen:
    """Return what accepting this finding today would freeze; raises `BadInput` for one that needs no waiver."""
    if finding.status not in {Status.BREACHED, Status.UNPROVEN}:
        what = f"{finding.commitment} is {finding.status.value} and needs no waiver"
        raise BadInput(Problem(Code.MALFORMED, what, Place("waive")))
    return Frozen(
        status=finding.status.value,
        violation=str(finding.population.violation),
        unknown=str(finding.population.unknown),
        worst=finding.measure.worst if finding.measure else None,
    )
