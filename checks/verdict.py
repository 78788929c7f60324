"""The one function that turns a tally and its coverage into a status; pure, and the same for every kind."""

from __future__ import annotations

from dataclasses import dataclass

from checks.kernel import Reach
from checks.tally import Tally
from evidence.model import Assurance, Reason, Status


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a status may depend on.

    `gaps` are reasons from outside the kernel: missing families, incomplete cards. `judged` is false when the
    expectation engine failed or disagreed with the tally. `assurance` is the weakest link of the evidence.
    """

    tally: Tally
    reach: Reach
    gaps: frozenset[Reason]
    judged: bool
    assurance: Assurance
    minimum: Assurance | None


@dataclass(frozen=True, slots=True)
class Decision:
    """A status with its reasons, sorted; `assurance` is None when nothing was established."""

    status: Status
    reasons: tuple[Reason, ...] = ()
    assurance: Assurance | None = None
    provisional: bool = False


def decide(facts: Facts) -> Decision:  # noqa: PLR0911 - one return a numbered step
    """Return the status of one promise.

    1. An engine that failed or contradicts the tally proves nothing in either direction.
    2. One proven violation is a breach, whatever else is missing (G1).
    3. A gap, an unknown row or nothing at all is unproven, never met (G2, G3, G4).
    4. Rows that are all still open are not yet due.
    5. Evidence weaker than the contract demands does not count.
    6. A promise whose trigger did not occur, with evidence that says so, was not exercised; any other is met.
    """
    tally, reach = facts.tally, facts.reach
    if not facts.judged:
        return Decision(Status.UNPROVEN, (Reason.ENGINE_ERROR,))
    if tally.violation:
        return Decision(Status.BREACHED, (), facts.assurance)
    reasons = set(facts.gaps | reach.gaps)
    if tally.unknown:
        reasons |= {Reason(r) for r in tally.reasons} or {Reason.UNREADABLE_ROWS}
    if reasons:
        return _unproven(reasons)
    unexercised = reach.not_exercised and not tally.ok
    if not tally.ok and not unexercised:
        return _unproven({Reason.NOT_YET_DUE if tally.open else Reason.EMPTY_POPULATION})
    if facts.minimum is not None and facts.assurance.rank < facts.minimum.rank:
        return _unproven({Reason.UNTRUSTED_EVIDENCE})
    if unexercised:
        return Decision(Status.NOT_EXERCISED, (), facts.assurance)
    return Decision(Status.MET, (), facts.assurance, provisional=reach.provisional)


def _unproven(reasons: set[Reason]) -> Decision:
    order = list(Reason)
    return Decision(Status.UNPROVEN, tuple(sorted(reasons, key=order.index)))
