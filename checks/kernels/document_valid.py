"""`document-valid`: a trusted document of the right kind, holder, scope and content covers every day of the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.terms import add_months
from evidence.errors import LimitExceeded
from evidence.model import Assurance, Coverage, Reason

#: Documents of one kind and holder that one audit looks at.
MAX_DOCUMENTS = 10_000
EPOCH = date(1970, 1, 1)

#: What makes a document count at all, whatever it says: its file is the one described, and its signature verified.
TRUSTED = "file_state = 'match' AND signature = 'valid'"


def day_number(day: date) -> int:
    """Return a date as days since 1970."""
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a document must say. When `holds` (SQL) is not true the document is `otherwise`.

    `unusable` documents prove nothing; `unknown` ones leave the promise open even beside a good one; `violation` ones
    break it, if `unless_other` allows: only when no usable document covers any of the period.
    """

    holds: str
    otherwise: str
    why: str
    unless_other: bool = False


@dataclass(frozen=True, slots=True)
class DocumentValid:
    """Judge the holder's documents of one kind; `covers` names the columns of the first and last day covered.

    A bridge is the vendor's own letter that carries a report forward: at most `max_bridge` days, adjoining a report,
    and never beyond the day it was issued. What rests on one is provisional and only attested. A report may also be
    carried `carry_months` past its issue where the contract counts it as current for that long; provisional too.
    """

    scope: Scope
    kind: str
    covers: tuple[str, str]
    requirements: tuple[Requirement, ...]
    assurance: Assurance
    bridge_kind: str | None = None
    max_bridge: int = 0
    extra_violation: str = "1 = 0"
    carry_months: int = 0

    name = "document-valid"
    noun = "documents"
    measure = None

    @property
    def first_day(self) -> int:
        """Return the first day of the period, in days since 1970."""
        return day_number(self.scope.period.start.date())

    @property
    def last_day(self) -> int:
        """Return the last day of the period, in days since 1970."""
        return day_number((self.scope.period.end - timedelta(microseconds=1)).date())

    def stated(self) -> str:
        """Return the CTE `stated`: the holder's documents of these kinds known at `as_of`, once each."""
        kinds = sql.texts(k for k in (self.kind, self.bridge_kind) if k)
        first, last = self.covers
        return f"""
stated AS (
  SELECT *, count(*) OVER (PARTITION BY record) AS versions FROM (
    SELECT {sql.identity("document_id")} AS record, kind, issuer, holder_entity, services, report_type,
      edition, criteria, lower(opinion) AS opinion, issued_on, lower(status) AS status, status_checked_at,
      accreditation_body, surveillance_audit_on, assertions, exceptions, carve_outs, file_state, signature,
      CASE WHEN kind = {sql.text(self.kind)} THEN {first} ELSE period_start END AS first_day,
      CASE WHEN kind = {sql.text(self.kind)} THEN {last} ELSE period_end END AS last_day,
      period_start, period_end, {_unstated()} AS broken, min(artefact) AS artefact
    FROM documents
    WHERE kind IN {kinds} AND (received_at IS NULL OR received_at <= {self.scope.as_of})
      AND lower(trim(holder_entity)) = {sql.text(self.scope.vendor.strip().casefold())}
    GROUP BY ALL) AS once)"""

    def classify(self) -> str:
        """Return one row per document: ok, violation, unknown, or excused where it carries no weight here."""
        return f"WITH {self.ctes()}\n{sql.worst_per_record('judged')}"

    def ctes(self) -> str:
        """Return the CTEs that end in `judged`, so that a kernel of several legs can join them with others."""
        unusable = self._cases("unusable")
        lone = " ".join(
            f"WHEN NOT coalesce({r.holds}, false) THEN {sql.text(r.why)}"
            for r in self.requirements
            if r.otherwise == "violation" and r.unless_other
        )
        hard = self._cases("violation", hard=True)
        return f"""{self.stated()},
weighed AS (
  SELECT *, (first_day <= {self.last_day} AND {self._lasting()} >= {self.first_day}) AS current,
    CASE WHEN versions > 1 THEN '{Reason.CONTRADICTED}'
         WHEN NOT coalesce({TRUSTED}, false) THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN broken OR first_day IS NULL OR last_day IS NULL OR issued_on IS NULL OR last_day < first_day
           THEN '{Reason.UNREADABLE_ROWS}'
         WHEN kind = {sql.text(self.kind)} THEN CASE {unusable} ELSE NULL END
         ELSE CASE WHEN issued_on < first_day OR last_day - first_day + 1 > {self.max_bridge}
                   THEN '{Reason.INCOMPLETE_COVERAGE}' END END AS useless,
    CASE WHEN kind = {sql.text(self.kind)} THEN CASE {hard} ELSE NULL END END AS broken_promise,
    CASE WHEN kind = {sql.text(self.kind)} THEN CASE {lone or "WHEN 1 = 0 THEN ''"} ELSE NULL END END AS wrong_kind,
    CASE WHEN kind = {sql.text(self.kind)} THEN CASE {self._cases("unknown")} ELSE NULL END END AS doubt
  FROM stated),
trusted AS (
  SELECT *, (useless IS NULL AND broken_promise IS NULL AND wrong_kind IS NULL) AS usable,
    ({TRUSTED} AND versions = 1 AND NOT broken) AS believable FROM weighed),
judged AS (
  SELECT kind AS subject, record, first_day * {sql.DAY} AS moment, CAST(NULL AS BIGINT) AS measure, artefact,
    CASE WHEN believable AND ({self.extra_violation}) THEN 'violation'
         WHEN believable AND broken_promise IS NOT NULL AND current THEN 'violation'
         WHEN believable AND wrong_kind IS NOT NULL AND {self._recent()} AND NOT EXISTS (
              SELECT 1 FROM trusted AS o WHERE o.usable AND o.current) THEN 'violation'
         WHEN usable AND current AND doubt IS NOT NULL THEN 'unknown'
         WHEN usable THEN 'ok' ELSE 'excused' END AS outcome,
    coalesce(broken_promise, wrong_kind, useless, CASE WHEN current THEN doubt END,
             CASE WHEN {self.extra_violation} THEN status END, '') AS why
  FROM trusted)"""

    def _lasting(self) -> str:
        return f"greatest(last_day, issued_on + {31 * self.carry_months})" if self.carry_months else "last_day"

    def _recent(self) -> str:
        """A document of the wrong sort breaks the promise only if it is what the vendor shows for this period."""
        shown = "coalesce(last_day, issued_on)"
        return f"{shown} >= {self.first_day - 366} AND coalesce(first_day, issued_on) <= {self.last_day}"

    def _cases(self, otherwise: str, *, hard: bool = False) -> str:
        cases = [
            f"WHEN NOT coalesce({r.holds}, false) THEN {sql.text(r.why)}"
            for r in self.requirements
            if r.otherwise == otherwise and not (hard and r.unless_other)
        ]
        return " ".join(cases) or "WHEN 1 = 0 THEN ''"

    def reach(self, query: Query) -> Reach:
        """Return which days of the period usable documents cover, and what the cover is worth."""
        found = query(
            f"WITH {self.ctes()} SELECT kind, first_day, last_day, issued_on, usable, useless FROM trusted "
            f"ORDER BY first_day, last_day, record LIMIT {MAX_DOCUMENTS + 1}"
        )
        if len(found) > MAX_DOCUMENTS:
            raise LimitExceeded(f"documents: more than {MAX_DOCUMENTS} of kind {self.kind} for one holder")
        usable = [r for r in found if r[4]]
        reports = [(r[1], r[2]) for r in usable if r[0] == self.kind]
        letters = [(r[1], min(r[2], r[3])) for r in usable if r[0] == self.bridge_kind]
        direct, bridged = self._cover(reports, letters)
        bridged |= self._carried([(r[2], r[3]) for r in usable if r[0] == self.kind]) - direct
        missing = self.last_day - self.first_day + 1 - len(direct | bridged)
        gaps = self._gaps(found, reports) if missing else set[Reason]()
        note = f"{missing} of {self.last_day - self.first_day + 1} days have no valid document" if missing else ""
        provisional = bool(bridged) and not missing
        if provisional:
            note = f"{len(bridged)} days lie after the examined period"
        return Reach(
            coverage=(Coverage(subject=self.kind, covered=not missing, note=note),),
            gaps=frozenset(gaps),
            provisional=provisional,
            assurance=Assurance.ATTESTED if provisional else self.assurance,
        )

    def _cover(
        self, reports: Sequence[tuple[int, int]], letters: Sequence[tuple[int, int]]
    ) -> tuple[set[int], set[int]]:
        period = range(self.first_day, self.last_day + 1)
        direct = {d for low, high in reports for d in range(max(low, period.start), min(high + 1, period.stop))}
        bridged: set[int] = set()
        for low, high in letters:
            base = max((end for start, end in reports if start <= low and end >= low - 1), default=None)
            if base is not None:
                last = min(high, base + self.max_bridge)
                bridged.update(range(max(low, period.start), min(last + 1, period.stop)))
        return direct, bridged - direct

    def _carried(self, reports: Sequence[tuple[int, int]]) -> set[int]:
        days: set[int] = set()
        for end, issued in reports if self.carry_months else ():
            last = day_number(add_months(EPOCH + timedelta(days=issued), self.carry_months))
            days.update(range(max(end + 1, self.first_day), min(last, self.last_day) + 1))
        return days

    def _gaps(self, found: Sequence[tuple[object, ...]], reports: Sequence[tuple[int, int]]) -> set[Reason]:
        if not found:
            return {Reason.NO_EVIDENCE}
        reasons = {Reason(str(r[5])) for r in found if r[5] in set(Reason)}
        if reports and max(end for _, end in reports) < self.first_day:
            reasons.add(Reason.STALE)
        return reasons or {Reason.INCOMPLETE_COVERAGE}


def _unstated() -> str:
    """Return the condition that something every document must state is missing or could not be read."""
    needed = ("document_id", "issuer", "services", "issued_on", "file", "file_sha256", "received_at", "signature")
    return "(" + " OR ".join([sql.defective(), *(f"{name} IS NULL" for name in needed)]) + ")"


def contains_all(column: str, wanted: Sequence[str]) -> str:
    """Return the condition that a list column holds every wanted text, without regard to case."""
    conditions = [
        f"list_contains(list_transform({column}, lambda x: lower(x)), {sql.text(w.casefold())})" for w in wanted
    ]
    return " AND ".join(conditions) or "1 = 1"


def empty(column: str) -> str:
    """Return the condition that a list column names nothing."""
    return f"coalesce(len({column}), 0) = 0"


def offers(services: Sequence[str]) -> str:
    """Return the condition that a document names every contracted service; one that names none says nothing."""
    return f"({empty('services')} OR ({contains_all('services', services)}))"


def not_bad_opinion(*also: str) -> str:
    """Return the condition that a document's opinion is not known to be bad; a missing one is not known."""
    return f"coalesce(opinion NOT IN {sql.texts(('qualified', 'adverse', *also))}, true)"
