"""`deadline`: every trigger is answered by something done within its limit; silence after the limit breaks it."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Query, Reach, Silence
from checks.kernels.document_texts import BAD_STATUS, contains_all, empty, offers, speaks_of
from checks.kernels.document_valid import DocumentValid, Requirement
from checks.kernels.silence import denials
from evidence.model import Assurance, Coverage, Reason

STATEMENT = "negative-statement"
#: What `obligation` must have; instants are microseconds.
OBLIGATION = (
    "subject",  # which leg of the promise
    "record",  # the trigger's key
    "trigger_at",  # when the clock started, at the latest
    "due_at",  # done later than this is late
    "safe_until",  # done no later than this is in time; null or before `due_at` where the trigger is known only roughly
    "done_at",
    "certain",  # whether lateness or silence may be concluded
    "fault",  # text of a proven violation that does not depend on the clock, or null
    "doubt",  # reason code why the promise cannot count as kept, or null
    "cause",  # what to say of a late or missing answer
    "note",  # what to say otherwise
    "measure_from",  # start of what is measured, or null where this leg is not measured
    "artefact",
)


@dataclass(frozen=True, slots=True)
class Deadline:
    """Judge timed obligations; done exactly at the limit is in time, and so is waiting until exactly then.

    `obligations` are common table expressions that end in `obligation` with the columns of `OBLIGATION`. An obligation
    belongs to the period in which it was triggered, and to every later one that it reaches into: by its due time, or
    because it was not yet done; nothing is late that was triggered before the clause was in force. `bounds` are the
    columns that say since when it may have been triggered, and by when it was done at the latest; where one is
    null, nobody knows. `denial` is the signed statement that no trigger occurred: it makes an empty population
    `not_exercised`, and beside a trigger it contradicts. `denied` is a query of `moment` for everything else that such
    a statement denies, where it sets no clock of this period in motion, if only of a day before it. `expected` subjects
    must be among the `planned`.
    """

    scope: Scope
    obligations: str
    noun: str
    measure: MeasureSpec | None = None
    denial: DocumentValid | None = None
    denied: str = ""
    expected: tuple[str, ...] = ()
    planned: str = "SELECT DISTINCT subject FROM classified"
    silences: tuple[Silence, ...] = ()
    bounds: tuple[str, str] = ("trigger_at", "done_at")

    name = "deadline"

    def classify(self) -> str:
        """Return one row per leg and trigger: ok, violation, unknown, or open while there is still time."""
        start, end, as_of = self.scope.start, self.scope.end, self.scope.as_of
        first, last = self.bounds
        return f"""
WITH {self.obligations},
live AS (
  SELECT *, coalesce(certain AND trigger_at < {end} AND coalesce({first}, trigger_at) >= {self.scope.since}
                     AND due_at < {as_of} AND (done_at IS NULL OR done_at > due_at), false) AS late
  FROM obligation
  WHERE trigger_at IS NULL OR (coalesce({first} < {end}, true) AND (
    trigger_at >= {start} OR due_at IS NULL OR due_at >= {start} OR {last} IS NULL OR {last} >= {start}))),
weighed AS (
  SELECT *, CASE WHEN fault IS NOT NULL OR late THEN 'violation'
      WHEN doubt IS NOT NULL OR trigger_at IS NULL OR trigger_at > {as_of} OR done_at > {as_of} THEN 'unknown'
      WHEN done_at <= safe_until THEN 'ok'
      WHEN done_at IS NULL AND due_at >= {as_of} THEN 'open'
      ELSE 'unknown' END AS outcome
  FROM live),
judged AS (
  SELECT subject, record, trigger_at AS moment, outcome,
    CASE WHEN outcome = 'violation' THEN coalesce(fault, cause, '')
         WHEN outcome <> 'unknown' THEN coalesce(note, '')
         WHEN doubt IS NOT NULL THEN doubt
         WHEN due_at IS NULL OR trigger_at > {as_of} OR done_at > {as_of}
           THEN '{Reason.UNREADABLE_ROWS}'
         ELSE '{Reason.INCOMPLETE_COVERAGE}' END AS why,
    coalesce(done_at, {as_of}) - measure_from AS measure, artefact
  FROM weighed)
{sql.worst_per_record("judged")}
"""

    def reach(self, query: Query) -> Reach:
        """Return whether everything expected occurred, or that nothing did and the vendor signed for it."""
        counts: dict[str, int] = dict(query("SELECT subject, count(*) FROM classified GROUP BY subject"))
        planned = {r[0] for r in query(self.planned)} if self.expected else set()
        unseen = [s for s in self.expected if s not in planned]
        coverage = tuple(
            Coverage(subject=s, covered=s in planned, observed=counts.get(s, 0), note="" if s in planned else "no plan")
            for s in self.expected
        )
        if not counts:
            return self._nothing(query, coverage)
        gaps = {Reason.INCOMPLETE_COVERAGE} if unseen else set[Reason]()
        denying = denials(query, self.denial, "SELECT moment FROM classified") if self.denial else ()
        if denying:
            gaps.add(Reason.CONTRADICTED)
        still_open = query("SELECT count(*) FROM classified WHERE outcome = 'open'")[0][0]
        return Reach(coverage=coverage, gaps=frozenset(gaps), provisional=still_open > 0, contradicting=denying)

    def _nothing(self, query: Query, coverage: tuple[Coverage, ...]) -> Reach:
        if self.denial is None:
            return Reach(coverage=coverage, gaps=frozenset({Reason.NO_EVIDENCE}))
        denied = self.denial.reach(query)
        if not all(c.covered for c in denied.coverage):
            return Reach(coverage=denied.coverage, gaps=denied.gaps | {Reason.NO_EVIDENCE})
        # One that is untrue of a day before the period is no proof of the days in it.
        denying = denials(query, self.denial, self.denied) if self.denied else ()
        if denying or self.denial.doubted(query):
            return Reach(coverage=denied.coverage, gaps=frozenset({Reason.CONTRADICTED}), contradicting=denying)
        return Reach(coverage=denied.coverage, not_exercised=True, assurance=Assurance.ATTESTED)


def denial(scope: Scope, assertion: str) -> DocumentValid:
    """Return what makes a vendor's signed statement count that something did not happen, such as `no_incident`."""
    return DocumentValid(
        scope,
        kind=STATEMENT,
        covers=("period_start", "period_end"),
        assurance=Assurance.ATTESTED,
        issued_by="holder",
        # One that names an exception, or was taken back, says that something may have happened.
        extra_doubt=f"{contains_all('assertions', (assertion,))} AND {speaks_of(scope.services)} "
        f"AND (NOT {empty('exceptions')} OR coalesce(status IN {sql.texts(BAD_STATUS)}, false))",
        requirements=(
            Requirement(contains_all("assertions", (assertion,)), "unusable", Reason.INCOMPLETE_COVERAGE),
            Requirement(
                f"NOT {empty('services')} AND {offers(scope.services)}", "unusable", Reason.INCOMPLETE_COVERAGE
            ),
            Requirement(empty("exceptions"), "unusable", Reason.INCOMPLETE_COVERAGE),
            Requirement("issued_on >= last_day", "unusable", Reason.UNREADABLE_ROWS),
        ),
    )


def blank(*columns: str) -> str:
    """Return the condition that one of these texts is missing or says nothing."""
    return " OR ".join(f"trim(coalesce({c}, '')) = ''" for c in columns)


def unread(*columns: str) -> str:
    """Return the condition that one of these values was present but could not be read."""
    return " OR ".join(f"coalesce(list_contains(defects, {sql.text(c)}), false)" for c in columns)
