"""`document-valid`: a trusted document of the right kind, holder, scope and content covers every day of the period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels.calendar_months import days_of
from checks.kernels.document_days import covered_days, day_number
from checks.kernels.document_texts import (
    BAD_OPINIONS,
    BAD_STATUS,
    GOOD_OPINION,
    GOOD_STATUS,
    KNOWN_STATUS,
    SUSPENDED,
    contains_all,
    empty,
)
from checks.kernels.document_versions import stated
from evidence.errors import LimitExceeded
from evidence.model import Assurance, Coverage, Reason

#: Documents of one kind and holder that one audit looks at.
MAX_DOCUMENTS = 10_000
#: Who must have issued a document; somebody who only bears the holder's name is neither the holder nor another.
Issuer: TypeAlias = Literal["holder", "another", "either"]
#: Why a document may be worth more than can be shown.
DOUBTFUL = sql.texts((Reason.CONTRADICTED, Reason.UNREADABLE_ROWS, Reason.UNTRUSTED_EVIDENCE))
#: The condition that a document of `trusted` is whole, authentic and stated in one version.
BELIEVABLE = "(sound AND versions = 1 AND NOT broken)"


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
    never beyond the day it was issued, and only if `bridge_holds` (SQL). What rests on one is provisional and attested.
    A report may be carried `carry_months` past its period where the contract counts it as current so long; provisional
    too. `issued_by` says whether the vendor itself must have issued it, somebody else, or either; `weighs_status` that
    the requirements themselves say what a status means. `extra_violation` and `extra_doubt` are conditions on a
    believable document that break the promise, or leave it open, whatever else it is worth. `endless` says that a
    document without a last day lasts; else it cannot be read.
    """

    scope: Scope
    kind: str
    covers: tuple[str, str]
    requirements: tuple[Requirement, ...]
    assurance: Assurance
    bridge_kind: str | None = None
    max_bridge: int = 0
    bridge_holds: str = "1 = 1"
    extra_violation: str | None = None
    extra_doubt: str | None = None
    carry_months: int = 0
    issued_by: Issuer = "another"
    weighs_status: bool = False
    endless: bool = False

    name = "document-valid"
    noun = "documents"
    measure = None

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that a better or a later document would have mattered, save to what a document says of itself."""
        said = [r.why for r in self.requirements if r.otherwise == "violation" and not r.unless_other]
        return (Silence(("documents",), f"why NOT IN {sql.texts((*said, *SUSPENDED))}"),)

    @property
    def first_day(self) -> int:
        """Return the first day of the period, in days since 1970."""
        return day_number(self.scope.period.start.date())

    @property
    def last_day(self) -> int:
        """Return the last day of the period, in days since 1970."""
        return day_number((self.scope.period.end - timedelta(microseconds=1)).date())

    def classify(self) -> str:
        """Return one row per document: ok, violation, unknown, or excused where it carries no weight here."""
        return f"WITH {self.ctes()}\n{sql.worst_per_record('judged')}"

    def trusted(self) -> str:
        """Return the CTEs that end in `trusted`: what each document is worth, without a judgement of it."""
        vendor = sql.same("issuer", self.scope.vendor)
        alike = f"({vendor} OR {sql.bears_name_of('issuer', self.scope.vendor)})"
        issuers = {"holder": vendor, "another": f"NOT {alike}", "either": f"({vendor} OR NOT {alike})"}
        issued = issuers[self.issued_by]
        documents = stated(self.scope, self.kind, self.bridge_kind, self.covers, endless=self.endless)
        return f"""{documents},
weighed AS (
  SELECT *,
    CASE WHEN versions > 1 THEN '{Reason.CONTRADICTED}'
         WHEN NOT sound OR NOT coalesce({issued} OR NOT main, false) THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN broken OR first_day IS NULL OR last_day IS NULL THEN '{Reason.UNREADABLE_ROWS}'
         WHEN main THEN {self._cases("unusable")} {self._bridging(vendor)} END AS useless,
    CASE WHEN main THEN {self._cases("violation")} END AS broken_promise,
    CASE WHEN main THEN {self._cases("violation", lone=True)} END AS wrong_sort,
    CASE WHEN main THEN {self._cases("unknown")} END AS doubt
  FROM stated),
trusted AS (
  SELECT *, (useless IS NULL AND broken_promise IS NULL AND wrong_sort IS NULL
             AND NOT ({self._bad_status()})) AS usable FROM weighed)"""

    def current(self, of: str = "") -> str:
        """Return the condition that a document, of the alias `of.`, lasts or may last on a day of the period."""
        first, last = self.first_day, self.last_day
        carried = f" + {31 * self.carry_months}" if self.carry_months else ""
        return f"(coalesce({of}first_day, {first}) <= {last} AND coalesce({of}last_day{carried}, {last}) >= {first})"

    def surely_current(self) -> str:
        """Return the condition that what is known of a document's days alone shows that it lasts on one of ours."""
        carried = f" + {days_of(self.carry_months, min)}" if self.carry_months else ""
        return (
            f"coalesce(coalesce(first_day, last_day) <= {self.last_day} "
            f"AND coalesce(last_day{carried}, first_day) >= {self.first_day}, false)"
        )

    def ctes(self) -> str:
        """Return the CTEs that end in `judged`, so that a kernel of several legs can join them with others."""
        ended = f",\n    (believable AND ({self.extra_violation})) AS ended" if self.extra_violation else ""
        told = "WHEN ended THEN coalesce(status, 'it had ended')" if ended else ""
        if self.extra_doubt:
            ended += f",\n    coalesce(believable AND ({self.extra_doubt}), false) AS doubted"
        doubt = " OR doubted" if self.extra_doubt else ""
        return f"""{self.trusted()},
followed AS (
  SELECT *, {self.current()} AS current, {self.surely_current()} AS surely,
    (coalesce(status IN {sql.texts(BAD_STATUS)}, false) OR coalesce(opinion IN {sql.texts(BAD_OPINIONS)}, false)
     OR coalesce(status NOT IN {sql.texts(KNOWN_STATUS)}, false)
     OR coalesce(opinion NOT IN {sql.texts((GOOD_OPINION, *BAD_OPINIONS))}, false)) AS adverse{ended}
  FROM (SELECT *, {BELIEVABLE} AS believable FROM trusted) AS trusted),
judged AS (
  SELECT {sql.text(self.kind)} AS subject, record, first_day * {sql.DAY} AS moment, CAST(NULL AS BIGINT) AS measure,
    artefact, outcome,
    CASE {told}
         WHEN outcome = 'unknown' THEN coalesce(useless, doubt, '{Reason.CONTRADICTED}')
         ELSE coalesce(broken_promise, wrong_sort, useless, '') END AS why
  FROM (SELECT *,
    CASE {self._breaking()}
         WHEN current AND (versions > 1 OR broken OR (adverse AND NOT believable)
              OR (believable AND (broken_promise IS NOT NULL OR {self._bad_status()}))
              OR (usable AND doubt IS NOT NULL){doubt}) THEN 'unknown'
         WHEN usable THEN 'ok' ELSE 'excused' END AS outcome FROM followed) AS told)"""

    def doubted(self, query: Query) -> bool:
        """Return whether a believable document leaves the promise open whatever the others say."""
        doubt = f"{BELIEVABLE} AND {self.current()} AND ({self.extra_doubt or '1 = 0'})"
        return bool(query(f"WITH {self.trusted()} SELECT count(*) FROM trusted WHERE {doubt}")[0][0])

    def _breaking(self) -> str:
        """Return what breaks the promise, of what this promise asks at all."""
        lone = {r.unless_other for r in self.requirements if r.otherwise == "violation"}
        # A better one that only cannot be believed or read, or covers too little, may be what the vendor shows.
        better = (
            f"o.usable OR (o.broken_promise IS NULL AND o.wrong_sort IS NULL AND (o.useless IN {DOUBTFUL} "
            f"OR (o.useless IS NULL AND coalesce(o.status NOT IN {sql.texts(KNOWN_STATUS)}, false)) "
            f"OR (o.useless = '{Reason.INCOMPLETE_COVERAGE}' AND {self.current('o.')})))"
        )
        recent = f"coalesce(o.last_day >= {self.first_day - 366}, true)"
        other = f"SELECT 1 FROM trusted AS o WHERE o.main AND ({better}) AND {recent}"
        breaking = [
            ("ended", self.extra_violation is not None),
            (
                f"believable AND broken_promise IS NOT NULL AND surely AND NOT {empty('services')} "
                f"AND NOT ({self._bad_status()})",
                False in lone,
            ),
            (f"believable AND wrong_sort IS NOT NULL AND {self._recent()} AND NOT EXISTS ({other})", True in lone),
        ]
        return "\n         ".join(f"WHEN {condition} THEN 'violation'" for condition, asked in breaking if asked)

    def _bridging(self, vendor: str) -> str:
        """Return what makes a bridge letter useless; without bridges a document of no known kind is broken anyway."""
        if self.bridge_kind is None:
            return ""
        return f"""
         WHEN NOT coalesce({vendor}, false) THEN '{Reason.UNTRUSTED_EVIDENCE}'
         WHEN issued_on < first_day OR last_day - first_day + 1 > {self.max_bridge} OR NOT {empty("exceptions")}
              OR NOT ({self.bridge_holds}) OR NOT coalesce({contains_all("services", self.scope.services)}, false)
           THEN '{Reason.INCOMPLETE_COVERAGE}'"""

    def _bad_status(self) -> str:
        """Where a status has no meaning of its own for the kind, a bad or unknown one makes a document doubtful."""
        return f"coalesce(status NOT IN {sql.texts(KNOWN_STATUS if self.weighs_status else GOOD_STATUS)}, false)"

    def _recent(self) -> str:
        """A document of the wrong sort breaks the promise only if it is what the vendor shows for this period."""
        shown = "coalesce(last_day, issued_on)"
        return f"{shown} >= {self.first_day - 366} AND coalesce(first_day, issued_on) <= {self.last_day}"

    def _cases(self, otherwise: str, *, lone: bool = False) -> str:
        cases = [
            f"WHEN NOT coalesce({r.holds}, false) THEN {sql.text(r.why)}"
            for r in self.requirements
            if r.otherwise == otherwise and r.unless_other is lone
        ]
        return f"CASE {' '.join(cases)} END" if cases else "CAST(NULL AS VARCHAR)"

    def reach(self, query: Query) -> Reach:
        """Return which days of the period usable documents cover, and what the cover is worth."""
        found = query(
            f"WITH {self.trusted()} SELECT main, first_day, last_day, issued_on, usable, useless, services "
            f"FROM trusted ORDER BY first_day, last_day, record LIMIT {MAX_DOCUMENTS + 1}"
        )
        if len(found) > MAX_DOCUMENTS:
            raise LimitExceeded(f"documents: more than {MAX_DOCUMENTS} of kind {self.kind} for one holder")
        usable = [r for r in found if r[4]]
        period = range(self.first_day, self.last_day + 1)
        days = len(period)
        covered, later = days, 0
        for service in self.scope.services:
            direct, bridged = covered_days(usable, service, period, self.max_bridge, self.carry_months)
            covered, later = min(covered, len(direct | bridged)), max(later, len(bridged))
        missing = days - covered
        gaps = self._gaps(found) if missing else set[Reason]()
        note = f"{missing} of {days} days have no valid document" if missing else ""
        provisional = bool(later) and not missing
        if provisional:
            note = f"{later} days lie after the examined period"
        return Reach(
            coverage=(Coverage(subject=self.kind, covered=not missing, note=note),),
            gaps=frozenset(gaps),
            provisional=provisional,
            assurance=Assurance.ATTESTED if provisional else self.assurance,
        )

    def _gaps(self, found: Sequence[tuple[Any, ...]]) -> set[Reason]:
        if not found:
            return {Reason.NO_EVIDENCE}
        reasons = {Reason(str(r[5])) for r in found if r[5] in set(Reason)}
        ends = [r[2] for r in found if r[0] and r[4]]
        if ends and max(ends) < self.first_day:
            reasons.add(Reason.STALE)
        return reasons or {Reason.INCOMPLETE_COVERAGE}


def replaced_throughout(services: Sequence[str], start: str, end: str) -> str:
    """Return the condition that usable documents issued after one of `trusted` cover the services from day to day.

    Both days belong to the time. A document that ends before it is over must be followed by another the day after.
    """
    later = f"o.usable AND o.issued_on > trusted.issued_on AND coalesce({contains_all('o.services', services)}, false)"
    next_one = (
        "SELECT 1 FROM trusted AS n WHERE n.usable AND n.issued_on >= o.issued_on AND n.first_day <= o.last_day + 1 "
        f"AND n.last_day > o.last_day AND coalesce({contains_all('n.services', services)}, false)"
    )
    return (
        f"(EXISTS (SELECT 1 FROM trusted AS o WHERE {later} AND {start} BETWEEN o.first_day AND o.last_day) "
        f"AND NOT EXISTS (SELECT 1 FROM trusted AS o WHERE {later} AND o.last_day BETWEEN {start} AND {end} - 1 "
        f"AND NOT EXISTS ({next_one})))"
    )


def refused(scope: Scope) -> str:
    """Return the condition that an attestation was refused for the period, or on a day of it if it states no days."""
    period = DocumentValid(scope, "", ("", ""), (), Assurance.ATTESTED)
    return (
        f"status = 'refused' AND coalesce(first_day, issued_on) <= {period.last_day} "
        f"AND coalesce(last_day, issued_on) >= {period.first_day}"
    )
