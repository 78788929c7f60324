"""`reconcile-counts`: a log is complete: every field, every number of its sequence, every request a meter counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Plan, Query, Reach, Repeated, Silence
from checks.kernels import event_chain
from checks.kernels.reconcile import Expectation, reconcile
from checks.terms import Duration
from evidence.model import Assurance, Coverage, Reason

#: Columns without which an event cannot be judged, whether the contract names them or not.
NEEDED = ("event_id", "occurred_at", "actor", "actor_type", "action", "outcome")

#: Types of actor behind which any number of people may stand, so that the log does not say who; however spelt.
_SHARED = (
    *("address", "admin api key", "admin api key actor", "api actor", "api key", "application", "aws service", "bot"),
    *("group", "machine", "managed identity", "robot", "service", "service account", "service principal", "shared"),
    *("system", "team", "workload", "workload identity"),
)
SHARED = tuple(name.replace(" ", between) for name in _SHARED for between in ("", " ", "-", "_"))

#: Events of which several rows speak, numbers that several rows have, and requests of which several do.
SEVERAL = Repeated(sql.identity("event_id"), "audit_log")
SHARING = Repeated("seq_no", "audit_log")
ASKED = Repeated("request_id", "audit_log")

#: What the meter counts, and what stands in the log besides.
METERED, UNMETERED = "event", "other event"

#: What makes two rows say the same of an event.
_EVENT = ("record", *event_chain.CHAINED, "actor", "defects")
_NUMBERS = ("seq_no", "occurred_at")


@dataclass(frozen=True, slots=True)
class LogComplete:
    """Judge every event of the period, every hole in the sequence and every request for the log.

    A field that the contract requires and an event leaves out breaks the promise; one that cannot be read is unknown.
    The count must equal that of `meter`, within `tolerance` events over the whole period, both ways.
    """

    scope: Scope
    required: tuple[str, ...]
    meter: str
    tolerance: int
    actions: tuple[str, ...] = ()
    actor_types: tuple[str, ...] = ()
    deliver_within: Duration | None = None

    name = "reconcile-counts"
    noun = "events"
    measure = None

    plan = Plan(repeated=(SEVERAL, SHARING, ASKED), lean=True)
    silences = (
        Silence(("audit_log",), "subject = 'sequence' OR why = 'the hash chain is broken'"),
        Silence(("log_requests",), "subject = 'request for the log'"),
    )

    def classify(self) -> str:
        """Return one row per event of the period, per hole in its sequence, and per request for the log."""
        return f"""
WITH {self._events()},
{event_chain.ctes(self._event)},
{event_chain.holes(self._event, self.scope)},
disputed AS (SELECT record FROM versions GROUP BY record HAVING count(*) > 1),
{self._doubled()},
spared AS (SELECT record FROM versions GROUP BY record HAVING bool_or({self._faulty()} IS NULL)),
judged AS (
  {self._judged()}
  UNION ALL {event_chain.gaps()}
  {self._requests()})
{sql.worst_per_record("judged")}
"""

    def _events(self) -> str:
        """What is stated in several rows, once in every version, also outside the period: a chain outlasts midnight."""
        told = ", ".join(_EVENT)
        return f"""
several AS ({SEVERAL.select}),
sharing AS ({SHARING.select}),
asked AS ({ASKED.select}),
versions AS (
  SELECT {told}, min(artefact) AS artefact FROM ({_stated((*_EVENT, "artefact"))}) AS s
  WHERE EXISTS (SELECT 1 FROM several AS v WHERE v.record = s.record) GROUP BY {told}),
wavering AS (SELECT record FROM versions GROUP BY record HAVING count(DISTINCT coalesce(seq_no, -1)) > 1)"""

    def _event(self, columns: str) -> str:
        """Return columns of every event: rows that alone speak of one as they are, and its versions."""
        wanted = (*_EVENT, "artefact") if columns == "*" else tuple(columns.split(", "))
        told = ", ".join(wanted)
        return (
            f"SELECT {told} FROM ({_stated(wanted)}) AS s "
            "WHERE NOT EXISTS (SELECT 1 FROM several AS v WHERE v.record = s.record) "
            f"UNION ALL SELECT {told} FROM versions"
        )

    def _doubled(self) -> str:
        """Requests that several events stand for, while the meter counts each once, nobody knows in which hour."""
        counted = f" AND {sql.one_of('action', self.actions)}" if self.actions else ""
        return f"""
again AS (
  SELECT request_id FROM ({self._event("request_id, action")}) AS e
  WHERE request_id IN (SELECT record FROM asked){counted}
  GROUP BY request_id HAVING count(*) > 1)"""

    def _judged(self) -> str:
        """What breaks the promise outranks what cannot be told, unless it is said to have happened after the audit.

        What one version of an event lacks and another has is told in two ways, and no proof.
        """
        subject, shared = f"'{METERED}'", f"OR lower(actor_type) IN {sql.texts(SHARED)}"
        if self.actions:
            counted = f"action IS NULL OR {sql.one_of('action', self.actions)}"
            subject = f"CASE WHEN {counted} THEN '{METERED}' ELSE '{UNMETERED}' END"
        if self.actor_types:
            shared = ""
        needed = ", ".join(f"coalesce(trim({c}), '')" for c in NEEDED if c not in _NUMBERS)
        return f"""
  SELECT {subject} AS subject, record, occurred_at AS moment, CAST(NULL AS BIGINT) AS measure, artefact,
         CASE WHEN fault IS NOT NULL THEN 'violation' WHEN doubt IS NOT NULL THEN 'unknown' ELSE 'ok' END AS outcome,
         coalesce(fault, doubt, '') AS why
  FROM (
    SELECT *,
      CASE WHEN later THEN NULL ELSE coalesce(
        CASE WHEN record NOT IN (SELECT record FROM spared) THEN {self._faulty()} END,
        CASE WHEN link = 'broken' THEN 'the hash chain is broken' END) END AS fault,
      CASE WHEN later OR occurred_at IS NULL OR seq_no < 0 OR '' IN ({needed}) OR {sql.defective()}
             THEN '{Reason.UNREADABLE_ROWS}'
           WHEN record IN (SELECT record FROM disputed) THEN '{Reason.CONTRADICTED}'
           WHEN request_id IN (SELECT request_id FROM again) THEN '{Reason.INCOMPLETE_COVERAGE}'
           ELSE coalesce(place, CASE WHEN link = 'unsure' {shared} THEN '{Reason.INCOMPLETE_COVERAGE}' END) END AS doubt
    FROM (SELECT *, occurred_at > {self.scope.as_of} AS later FROM linked) AS timed
    WHERE occurred_at IS NULL OR (occurred_at >= {self.scope.start} AND occurred_at < {self.scope.end})) AS ruled"""

    def _faulty(self) -> str:
        """Return what an event lacks by itself, or null."""
        lacking = " ".join(f"WHEN {_said(c)} THEN '{c} is missing'" for c in self.required)
        foreign = ""
        if self.actor_types:
            accepted = sql.one_of("actor_type", self.actor_types)
            foreign = f", CASE WHEN NOT {accepted} THEN 'the actor is a ' || actor_type END"
        return f"coalesce(CASE '' {lacking} END{foreign or ', NULL'})"

    def _requests(self) -> str:
        """Requests for the log that were made in the period or fell due in it; delivered exactly on time is in time.

        One that is told as answered in time and as late is neither.
        """
        if self.deliver_within is None:
            return ""
        scope, limit = self.scope, self.deliver_within.microseconds
        return f"""
  UNION ALL SELECT 'request for the log', record, requested_at, CAST(NULL AS BIGINT), artefact,
    CASE WHEN always = 1 THEN 'violation' WHEN late OR unreadable THEN 'unknown' WHEN delivered_at IS NULL THEN 'open'
         ELSE 'ok' END,
    CASE WHEN always = 1 THEN 'the log was not delivered in time'
         WHEN late THEN '{Reason.CONTRADICTED}' WHEN unreadable THEN '{Reason.UNREADABLE_ROWS}' ELSE '' END
  FROM (SELECT *, min(CASE WHEN late THEN 1 ELSE 0 END) OVER (PARTITION BY record) AS always FROM (
    SELECT {sql.identity("request_id")} AS record, requested_at, delivered_at, artefact,
      (requested_at + {limit} < least(delivered_at, {scope.as_of})
       AND NOT list_contains(coalesce(defects, []), 'delivered_at')) AS late,
      ({sql.defective()} OR request_id IS NULL OR requested_at IS NULL OR requested_at > {scope.as_of}
       OR delivered_at < requested_at OR delivered_at > {scope.as_of}) AS unreadable
    FROM log_requests) AS told) AS asked
  WHERE requested_at IS NULL OR (requested_at < {scope.end} AND requested_at + {limit} >= {scope.start}
    AND requested_at >= {scope.since})"""

    def reach(self, query: Query) -> Reach:
        """Return whether the log holds what the meter counted, and what other records know of that it does not."""
        found = reconcile(query, self.scope, Expectation((METERED,), whole=None, each="requests", by_system=False))
        coverage, gaps = list(found.coverage), set(found.gaps)
        fits, difference = self._by_the_meter(query)
        if not fits:
            gaps.add(Reason.INCOMPLETE_COVERAGE)
            note = f"{self.meter} does not count the whole period, or differs by more than {self.tolerance}"
            coverage = [c.model_copy(update={"covered": False, "note": c.note or note}) for c in coverage]
        elif self.tolerance:
            gaps -= {Reason.INCOMPLETE_COVERAGE, Reason.CONTRADICTED}
            note = f"{difference} apart from {self.meter}, within the tolerance of {self.tolerance}"
            coverage = [c.model_copy(update={"covered": True, "note": note}) for c in coverage]
        counted = not gaps
        gaps |= self._unlogged(query, coverage) | self._not_asked(query, coverage) | self._contents(coverage)
        rows, waiting = query("SELECT count(*), count(CASE WHEN outcome = 'open' THEN 1 END) FROM classified")[0]
        others = rows - found.observed
        return Reach(
            coverage=tuple(coverage),
            gaps=frozenset(gaps),
            expected=None if found.expected is None or self.tolerance else found.expected + others,
            observed=rows,
            provisional=waiting > 0,
            assurance=Assurance.CORROBORATED if counted else None,
        )

    def _by_the_meter(self, query: Query) -> tuple[bool, int]:
        """Return whether the named meter counts the whole period and no meter differs by more than the tolerance.

        One difference is the sum over a meter's intervals, so that too many in one hour never make up for too few in
        another.
        """
        series = query(f"""
WITH total AS (
  SELECT DISTINCT meter, period_start, period_end, value FROM usage_totals
  WHERE metric = 'requests' AND system_id IS NULL AND value >= 0 AND NOT ({sql.defective()})
    AND period_end > period_start AND period_start >= {self.scope.start} AND period_end <= {self.scope.end}
    AND NOT {sql.same("meter", METERED)} AND NOT {sql.dependent_meter(self.scope.excluded_meters)}),
counted AS (
  SELECT t.meter, t.period_start, t.period_end, t.value, count(c.record) AS seen,
         max(t.period_end) OVER (PARTITION BY t.meter ORDER BY t.period_start, t.period_end, t.value
                                 ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reached
  FROM total AS t LEFT JOIN classified AS c
    ON c.subject = '{METERED}' AND c.moment >= t.period_start AND c.moment < t.period_end
  GROUP BY t.meter, t.period_start, t.period_end, t.value)
SELECT meter, min(period_start) = {self.scope.start} AND max(period_end) = {self.scope.end}
       AND bool_and(coalesce(period_start <= reached, true)), CAST(sum(abs(value - seen)) AS BIGINT)
FROM counted GROUP BY meter ORDER BY meter""")
        named = [r for r in series if r[0].lower() == sql.tidy(self.meter).lower()]
        fits = len(named) == 1 and bool(named[0][1]) and all(r[2] <= self.tolerance for r in series)
        return fits, max((r[2] for r in series), default=0)

    def _unlogged(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        """Accesses by anyone but the customer that other evidence knows of must stand in the log."""
        customer = sql.one_of("principal_org", self.scope.customer)
        times = "l.occurred_at >= a.started_at AND l.occurred_at <= coalesce(a.ended_at, a.started_at)"
        unlogged = query(
            f"SELECT count(*) FROM access_events AS a WHERE coalesce(started_at, {self.scope.start}) >= "
            f"{self.scope.start} AND coalesce(started_at, {self.scope.start}) < {self.scope.end} "
            f"AND NOT coalesce({customer}, false) "
            "AND NOT EXISTS (SELECT 1 FROM audit_log AS l WHERE l.event_id = a.event_id) "
            f"AND NOT EXISTS (SELECT 1 FROM audit_log AS l WHERE l.actor = a.principal AND {times})"
        )[0][0]
        if not unlogged:
            return set()
        note = f"{unlogged} accesses known from elsewhere are not in the log"
        coverage.append(Coverage(subject="vendor_staff", covered=False, note=note))
        return {Reason.INCOMPLETE_COVERAGE}

    def _not_asked(self, query: Query, coverage: list[Coverage]) -> set[Reason]:
        if self.deliver_within is None:
            return set()
        asked = query("SELECT count(*) FROM classified WHERE subject = 'request for the log'")[0][0]
        note = "" if asked else "nothing says that the log was ever asked for"
        coverage.append(Coverage(subject="delivery", covered=bool(asked), observed=asked, note=note))
        return set() if asked else {Reason.NO_EVIDENCE}

    def _contents(self, coverage: list[Coverage]) -> set[Reason]:
        """Responses never enter the evidence, so that the log holds them cannot be shown from it."""
        if "response" not in self.required:
            return set()
        coverage.append(Coverage(subject="responses", covered=False, note="contents are never taken into evidence"))
        return {Reason.INCOMPLETE_COVERAGE}


def _stated(columns: Iterable[str]) -> str:
    """Return a SELECT of the record and these columns of every row."""
    told = (column for column in columns if column != "record")
    return f"SELECT {', '.join((f'{SEVERAL.key} AS record', *told))} FROM audit_log"


def _said(column: str) -> str:
    """Return the text of a column, '' where an event leaves it out or it is empty; what cannot be read says something.

    Responses are never read, so that no event can be told to lack its own.
    """
    if column == "response":
        return "'never read'"
    unread = f"CASE WHEN list_contains(coalesce(defects, []), '{column}') THEN 'unreadable' ELSE '' END"
    if column in _NUMBERS:
        return f"CASE WHEN {column} IS NULL THEN {unread} ELSE 'a number' END"
    return f"coalesce(trim({column}), {unread})"
