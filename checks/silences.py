"""Silence proves nothing while something was not heard: no notice, no certificate, no purge, no consent.

Kernels read tables and know nothing of extraction cards. Here, in one place for all of them, a violation that rests on
something not having been found becomes unknown when a source failed, a file was cut off, or a row could not be read in
a family in which it would have stood. What something seen proves stands all the same (rule G1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks import sql
from checks.kernel import CLASSIFIED, WHOLE, Kernel, Listening, Plan, Silence, plan_of
from evidence.model import ExtractionCard, Outcome, Reason


def unheard(cards: Iterable[ExtractionCard], failed: Iterable[str]) -> Mapping[str, Reason]:
    """Return the families that were not read whole, each with the reason."""
    listed = list(cards)
    unreadable = {name: Reason.UNREADABLE_ROWS for c in listed if c.unreadable for name in c.families}
    partial = {name: Reason.SOURCE_ERROR for c in listed if not c.complete for name in c.families}
    return unreadable | partial | dict.fromkeys(failed, Reason.SOURCE_ERROR)


def silences_of(kernel: Kernel) -> tuple[Silence, ...]:
    """Return a kernel's silences; a kernel without any judges only by what was seen."""
    return kernel.silences if isinstance(kernel, Listening) else ()


def statement_of(kernel: Kernel, missing: Mapping[str, Reason]) -> tuple[str, Plan]:
    """Return the statement that classifies, and its plan, where these families were not read whole."""
    cases = [
        f"WHEN {_resting(silence)} THEN {sql.text(missing[name])}"
        for silence in silences_of(kernel)
        for name in silence.families
        if name in missing
    ]
    if not cases:
        return kernel.classify(), plan_of(kernel)
    shown = {"outcome": f"CASE WHEN lost IS NULL THEN outcome ELSE '{Outcome.UNKNOWN}' END AS outcome"}
    shown["why"] = "coalesce(lost, why) AS why"
    return (
        f"SELECT {', '.join(shown.get(c, c) for c in CLASSIFIED)} FROM (SELECT *, CASE {' '.join(cases)} END AS lost "
        f"FROM ({kernel.classify()}) AS heard) AS told",
        WHOLE,
    )


def _resting(silence: Silence) -> str:
    violation = f"outcome = '{Outcome.VIOLATION}'"
    return f"{violation} AND ({silence.where})" if silence.where else violation
