"""What the vendor signs: that nothing happened or was done, and where other evidence says the opposite."""

from __future__ import annotations

from checks import sql
from checks.kernel import Query, Reach
from checks.kernels.document_valid import DocumentValid
from evidence.model import Assurance, Coverage, Exhibit, Outcome, Reason

MAX_STATEMENTS = 5


def nothing_happened(query: Query, denial: DocumentValid, subject: str, denied: str) -> Reach:
    """Return the reach of no event at all: not exercised where the statement covers the period, else no evidence.

    `denied` is a query of `moment` for all that the statement denies. One that is untrue of a day before the period is
    no proof of the days in it.
    """
    found = denial.reach(query)
    covered = not found.gaps and all(c.covered for c in found.coverage)
    untrue = denials(query, denial, denied) if covered else ()
    sound = covered and not untrue and not denial.doubted(query)
    missing = Reason.CONTRADICTED if covered else Reason.NO_EVIDENCE
    note = "" if sound else "no record of one, and no statement that there was none"
    return Reach(
        coverage=(Coverage(subject=subject, covered=sound, note=note),),
        gaps=frozenset() if sound else frozenset({missing}) | found.gaps,
        not_exercised=sound,
        assurance=Assurance.ATTESTED,
        contradicting=untrue,
    )


def denials(query: Query, denial: DocumentValid, happened: str = "") -> tuple[Exhibit, ...]:
    """Return the statements that nothing happened in the period, for where something did (rule G5).

    Where `happened`, a query of `moment`, says when, they are those about one of its days; what happened nobody knows
    when may have been on one.
    """
    days = f"(c.moment IS NULL OR (c.moment >= t.first_day * {sql.DAY} AND c.moment < (t.last_day + 1) * {sql.DAY}))"
    untrue = f"JOIN ({happened}) AS c ON {days} " if happened else ""
    stated = query(
        f"WITH {denial.trusted()} SELECT t.record, min(t.artefact) FROM trusted AS t {untrue}"
        f"WHERE t.usable AND {denial.current('t.')} GROUP BY t.record ORDER BY t.record LIMIT {MAX_STATEMENTS}"
    )
    return tuple(
        Exhibit(
            record=f"{denial.kind}/{record}",
            outcome=Outcome.OK,
            measure=None,
            artefact=artefact,
            why="states that nothing happened",
        )
        for record, artefact in stated
    )


def moments(family: str, columns: tuple[str, ...], where: str = "1 = 1") -> str:
    """Return the query of `moment`: each instant that the rows of a family state, and null for one that states none."""
    each = [f"SELECT {c} AS moment FROM {family} WHERE {c} IS NOT NULL AND {where}" for c in columns]
    return " UNION ALL ".join(
        [*each, f"SELECT NULL FROM {family} WHERE coalesce({', '.join(columns)}) IS NULL AND {where}"]
    )


def attestations(query: Query, kind: str) -> tuple[Exhibit, ...]:
    """Return the sound attestations of a kind among what was judged, which beside a breach say the opposite (G5)."""
    stated = query(
        f"SELECT record, artefact FROM classified WHERE subject = {sql.text(kind)} AND outcome = 'ok' "
        f"ORDER BY record LIMIT {MAX_STATEMENTS}"
    )
    return tuple(
        Exhibit(
            record=f"{kind}/{record}", outcome=Outcome.OK, measure=None, artefact=artefact, why="attests the opposite"
        )
        for record, artefact in stated
    )
