"""Incidents and notices as timed obligations: when the vendor knew, and what had reached the customer by when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernels.deadline import blank, unread
from checks.terms import Duration
from evidence.model import Reason

KINDS = ("breach", "incident-report")
REPORT = "incident-report"
#: When incidents were under way, whoever learnt of them later: what a statement that there was none denies. Of a notice
#: about one that nobody listed, it is the receipt.
DENIED = f"""
SELECT coalesce(occurred_at, vendor_aware_at, customer_aware_at) AS moment FROM incidents
UNION ALL SELECT vendor_aware_at FROM incidents WHERE vendor_aware_at IS NOT NULL
UNION ALL SELECT customer_aware_at FROM incidents WHERE customer_aware_at IS NOT NULL
UNION ALL SELECT n.received_at FROM notices AS n LEFT JOIN incidents AS i ON i.incident_id = n.incident_id
WHERE i.incident_id IS NULL
  AND ({blank("n.kind")} OR contains(lower(n.kind), 'breach') OR contains(lower(n.kind), 'incident'))"""
#: What GDPR Article 33(3) and the catalogue ask a report to state.
PARTICULARS = ("categories", "cause", "consequences", "contact", "counts", "measures", "nature")
#: What stands where something has still to be said.
PLACEHOLDERS = (
    "",
    "-",
    "?",
    "n/a",
    "na",
    "none",
    "null",
    "pending",
    "tba",
    "tbc",
    "tbd",
    "being determined",
    "being investigated",
    "not known",
    "not yet known",
    "open",
    "to be confirmed",
    "to be determined",
    "to follow",
    "under investigation",
    "unknown",
    "xxx",
)


@dataclass(frozen=True, slots=True)
class Leg:
    """One thing the vendor owes after an incident; a report is complete when every particular has been stated."""

    subject: str
    within: Duration
    particulars: tuple[str, ...] = ()
    measured: bool = False


@dataclass(frozen=True, slots=True)
class IncidentTimeline:
    """Say what is due after each incident.

    1. The clock starts when the vendor first knew: by its own statement or by earlier evidence, which are its own
       notice or word to the customer, and publication by a third party. A vendor that wrote of it before it says that
       it knew contradicts itself.
    2. Without a statement the clock starts at the earliest evidence, the customer's own knowledge included, which can
       prove lateness; only what came within the limit of the occurrence itself is proven to be in time.
    3. What counts is receipt. A notice names its incident; one that cannot be placed leaves the incident open.
    4. Silence is proven where the customer's register holds any notice at all, and always where the incident is known
       from somebody else than the vendor.
    """

    scope: Scope
    legs: tuple[Leg, ...]

    def obligations(self) -> str:
        """Return the common table expressions that end in `obligation`."""
        legs = " UNION ALL ".join(self._leg(leg) for leg in self.legs)
        return f"""{self._incidents()},
{self._notices()},
{self._particulars()},
{self._arrivals()},
{self._clocks()},
obligation AS ({legs} UNION ALL {self._strays()})"""

    def _incidents(self) -> str:
        """One row an incident, from all accounts of it; a blank reporter is nobody, so it proves nothing.

        Of what touched no content, as all who say anything of it say, nobody may have had to be told.
        """
        vendor = sql.texts(("vendor", self.scope.vendor.strip().casefold()))
        customer = sql.texts(("customer", *(c.strip().casefold() for c in self.scope.customer)))
        # A team of either side is no third party; where only its name says so, its word proves nothing to its harm.
        theirs = sql.bears_name_of("reported_by", self.scope.vendor)
        ours = " OR ".join(sql.bears_name_of("reported_by", name) for name in self.scope.customer[:1])
        return f"""
account AS (
  SELECT *, CASE WHEN {theirs} THEN 'vendor' WHEN {ours} THEN 'customer' ELSE reporter END AS side FROM (
    SELECT *, {sql.identity("incident_id")} AS record, coalesce(lower(trim(reported_by)), '') AS reporter
    FROM incidents) AS stated),
incident AS (
  SELECT record, min(vendor_aware_at) AS stated, min(occurred_at) AS occurred, min(customer_aware_at) AS customer_knew,
    min(CASE WHEN side NOT IN {customer} AND side <> '' THEN customer_aware_at END) AS disclosed,
    min(CASE WHEN reporter NOT IN {customer} AND reporter <> '' THEN customer_aware_at END) AS perhaps_disclosed,
    min(CASE WHEN side IN {vendor} THEN customer_aware_at END) AS told,
    max(CASE WHEN side NOT IN {vendor} AND side <> '' THEN 1 ELSE 0 END) = 1 AS independent,
    coalesce(max(len(data_classes)) = 0 AND coalesce(max(records), 0) = 0, false) AS untouched,
    max(CASE WHEN {sql.defective()} OR {blank("incident_id", "reported_by", "severity")} OR data_classes IS NULL
             OR vendor_aware_at < occurred_at OR customer_aware_at < occurred_at OR occurred_at > {self.scope.as_of}
             OR customer_aware_at > {self.scope.as_of} THEN 1 ELSE 0 END) = 1 AS flawed,
    max(CASE WHEN {unread("vendor_aware_at")} OR {blank("incident_id")} OR (side = '' AND vendor_aware_at IS NOT NULL)
             THEN 1 ELSE 0 END) = 1 OR coalesce(min(vendor_aware_at) < max(occurred_at), false) AS untimed,
    min(artefact) AS artefact
  FROM account GROUP BY record)"""

    def _notices(self) -> str:
        kinds = f"{blank('kind')} OR contains(lower(kind), 'breach') OR contains(lower(kind), 'incident')"
        return f"""
letter AS (
  SELECT notice, incident_id, kind, sent_at, received_at, fields, artefact, unlisted,
    (flawed OR versions > 1) AS flawed, (unplaced OR versions > 1) AS unplaced
  FROM (SELECT *, count(*) OVER (PARTITION BY notice) AS versions FROM (
    SELECT {sql.identity("notice_id")} AS notice, incident_id, lower(trim(kind)) AS kind, sent_at, received_at,
      fields, min(artefact) AS artefact, ({unread("fields")}) AS unlisted,
      ({sql.defective()} OR {blank("notice_id", "kind", "channel", "sender", "incident_id")} OR received_at IS NULL
       OR coalesce(sent_at > received_at, false)) AS flawed,
      (received_at IS NULL OR coalesce(sent_at > received_at, false) OR {blank("kind", "incident_id")}) AS unplaced
    FROM notices
    WHERE {kinds} OR incident_id IN (SELECT incident_id FROM incidents WHERE incident_id IS NOT NULL)
    GROUP BY 1, 2, 3, 4, 5, 6, 8, 9, 10) AS stated) AS told)"""

    def _particulars(self) -> str:
        """When each particular was first stated; what is left for later is not stated."""
        names = sorted({p for leg in self.legs for p in leg.particulars})
        later = [f"{gap}{word}{end}" for word in PLACEHOLDERS for gap in ("", " ") for end in ("", ".", "...")]
        unsaid = [f"{name}:{words}" for name in names for words in later]
        wanted = sql.rows("particular", ("called",), [(sql.text(n),) for n in names])
        return f"""{wanted},
written AS (
  SELECT incident_id, received_at, lower(trim(item)) AS item
  FROM (SELECT incident_id, received_at, unnest(fields) AS item FROM letter WHERE NOT unplaced) AS listed),
told_of AS (
  SELECT w.incident_id, p.called, min(w.received_at) AS stated_at
  FROM written AS w JOIN particular AS p ON w.item = p.called
    OR (starts_with(w.item, p.called || ':') AND w.item NOT IN {sql.texts(unsaid)})
  GROUP BY w.incident_id, p.called),
complete AS (SELECT incident_id, count(*) AS stated, max(stated_at) AS stated_at FROM told_of GROUP BY incident_id)"""

    def _arrivals(self) -> str:
        """What reached the customer about each incident, and whether something else may have.

        A notice that does not say when it was sent was sent by the time it arrived. One of another kind may be the
        notice of the incident, by another name, if nothing else came before it.
        """
        kinds = sql.texts(KINDS)
        return f"""
arrival AS (
  SELECT incident_id, min(CASE WHEN NOT unplaced AND kind IN {kinds} THEN received_at END) AS notice_at,
    min(CASE WHEN kind NOT IN {kinds} THEN received_at END) AS other_at,
    min(CASE WHEN NOT unplaced AND kind = '{REPORT}' THEN received_at END) AS report_at,
    min(CASE WHEN coalesce(sent_at, received_at) <= received_at THEN coalesce(sent_at, received_at) END) AS sent_at,
    max(CASE WHEN kind = '{REPORT}' AND (fields IS NULL OR unlisted) THEN 1 ELSE 0 END) = 1 AS unlisted
  FROM letter WHERE incident_id IS NOT NULL GROUP BY incident_id),
placed AS (SELECT l.*, i.record AS about FROM letter AS l LEFT JOIN incident AS i ON i.record = l.incident_id),
doubtful AS (
  SELECT i.record, max(CASE WHEN l.unplaced THEN 1 ELSE 0 END) = 1 AS unplaced
  FROM incident AS i JOIN placed AS l
    ON (l.about = i.record AND l.unplaced)
       OR (l.about IS NULL
           AND (l.received_at IS NULL OR l.received_at >= coalesce(i.occurred, i.stated, l.received_at)))
  GROUP BY i.record)"""

    def _clocks(self) -> str:
        return """
clock AS (
  SELECT i.*, a.notice_at, a.report_at, c.stated_at AS complete_at, coalesce(c.stated, 0) AS particulars,
    coalesce(a.unlisted, false) AS blind,
    CASE WHEN i.stated IS NOT NULL THEN least(i.stated, i.disclosed, a.sent_at)
         ELSE coalesce(least(i.customer_knew, i.disclosed, a.sent_at, a.notice_at),
                       CASE WHEN i.independent THEN i.occurred END) END AS trigger_at,
    CASE WHEN i.stated IS NULL THEN i.occurred
         WHEN i.told < i.stated OR a.sent_at < i.stated THEN NULL
         ELSE least(i.stated, i.perhaps_disclosed) END AS safe_from,
    (coalesce(d.unplaced, false) OR i.untimed
     OR coalesce(least(a.sent_at, a.notice_at) < i.occurred, false)) AS open_question,
    ((i.independent OR r.notices > 0) AND d.record IS NULL) AS silence_speaks, d.record IS NOT NULL AS unlisted_notice,
    (a.other_at IS NOT NULL AND coalesce(a.other_at < a.notice_at, true)) AS other_first,
    CASE WHEN i.stated IS NULL THEN ', counted from the earliest evidence that the vendor knew'
         WHEN i.disclosed < i.stated OR a.sent_at < i.stated THEN ', counted from evidence before the stated awareness'
         ELSE '' END AS label
  FROM incident AS i CROSS JOIN (SELECT count(*) AS notices FROM notices) AS r
  LEFT JOIN arrival AS a ON a.incident_id = i.record
  LEFT JOIN complete AS c ON c.incident_id = i.record LEFT JOIN doubtful AS d ON d.record = i.record)"""

    def _leg(self, leg: Leg) -> str:
        within, name = leg.within.microseconds, leg.subject
        came, legible = "notice_at", " AND NOT other_first"
        besides = f"\n       WHEN other_first THEN '{Reason.INCOMPLETE_COVERAGE}'"
        if leg.particulars:  # what a notice states does not matter; a report of unknown contents may be complete
            came, legible = "report_at", " AND (came_at > due_at OR NOT blind)"
            besides = f"""
       WHEN blind AND coalesce(done_at > safe_until, true) THEN '{Reason.UNREADABLE_ROWS}'"""
        return f"""
SELECT {sql.text(name)} AS subject, record, trigger_at, due_at, safe_until, done_at,
  (NOT open_question AND NOT unlisted_notice AND NOT untouched{legible}
   AND (silence_speaks OR came_at IS NOT NULL)) AS certain,
  CAST(NULL AS VARCHAR) AS fault,
  CASE WHEN flawed OR open_question THEN '{Reason.UNREADABLE_ROWS}'{besides}
       WHEN safe_from IS NULL AND stated IS NOT NULL THEN '{Reason.CONTRADICTED}'
       WHEN trigger_at IS NULL OR NOT (silence_speaks OR came_at IS NOT NULL) THEN '{Reason.NO_EVIDENCE}'
       WHEN stated IS NULL AND coalesce(done_at > safe_until, true) THEN '{Reason.NO_EVIDENCE}' END AS doubt,
  CASE WHEN done_at IS NOT NULL THEN {sql.text(name + " late")}
       WHEN came_at IS NOT NULL THEN {sql.text(name + " incomplete")}
       ELSE {sql.text(name + " missing")} END || label AS cause,
  CASE WHEN stated IS NULL THEN 'counted from the occurrence' ELSE '' END AS note,
  {"trigger_at" if leg.measured else "CAST(NULL AS BIGINT)"} AS measure_from, artefact,
  CASE WHEN stated IS NOT NULL THEN trigger_at ELSE occurred END AS first_at,
  CASE WHEN NOT open_question THEN done_at END AS last_at
FROM (SELECT *, {came} AS came_at, trigger_at + {within} AS due_at, safe_from + {within} AS safe_until,
        {self._done(leg)} AS done_at FROM clock) AS owed"""

    def _done(self, leg: Leg) -> str:
        """A particular may come in an earlier notice (GDPR 33(4): in phases), but a report has to come as well.

        A first report after the limit is late whatever it states.
        """
        if not leg.particulars:
            return "notice_at"
        whole = f"CASE WHEN particulars = {len(leg.particulars)} THEN greatest(report_at, complete_at) END"
        late = f"CASE WHEN report_at > trigger_at + {leg.within.microseconds} THEN report_at END"
        return f"CASE WHEN report_at IS NOT NULL THEN coalesce({whole}, {late}) END"

    def _strays(self) -> str:
        """Notices that cannot count, and those of an incident that nobody listed, are shown and never skipped."""
        nothing, longest = "CAST(NULL AS VARCHAR)", max(leg.within.microseconds for leg in self.legs)
        return f"""
SELECT 'unplaced notice', l.notice, l.received_at, l.received_at + {longest}, l.received_at, l.received_at, false,
  {nothing},
  CASE WHEN l.flawed THEN '{Reason.UNREADABLE_ROWS}' ELSE '{Reason.INCOMPLETE_COVERAGE}' END,
  {nothing}, {nothing}, CAST(NULL AS BIGINT), l.artefact, l.received_at, l.received_at
FROM placed AS l WHERE l.flawed OR l.about IS NULL"""


def particulars(stated: Sequence[str] | None) -> tuple[str, ...]:
    """Return the particulars a report must state: the contract's, or those of GDPR Article 33(3)."""
    return tuple(sorted({p.strip().casefold() for p in stated})) if stated else PARTICULARS
