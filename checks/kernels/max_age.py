"""`max-age`: no record is kept longer than a limit, in any system in scope."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import MeasureSpec, Plan, Query, Reach, Silence, Split
from checks.kernels.reconcile import Expectation, reconcile
from checks.terms import SECOND, Duration
from evidence.model import Assurance, Reason


@dataclass(frozen=True, slots=True)
class MaxAge:
    """Age is deletion (or last sighting) minus first capture, in exact microseconds; the limit itself is allowed.

    A soft deletion and a snapshot are sightings: they can prove that a record was kept too long, never that it is gone.
    One from before the capture it is stated with is contradicted; one stated with a hard deletion says nothing of what
    came after it: exports give all their rows the time at which they were made.
    A record that was missing at `gone_by` went some time after its last sighting: kept within the limit only if it was
    so at `gone_by`, kept too long only if a sighting says so, and otherwise unknown.
    The first capture of the same content in any system starts its age, so copying a record does not renew it. Captured
    again after a hard deletion, it may be new under an old name or the old one come back: unless one of its lives alone
    was too long, that is contradicted, and it is not gone before its last capture is.
    A consent excuses what was kept with it until it was gone, or is kept with it still: it must reach so far. A record
    that claims two consents is not excused, and not blamed where either may have allowed it.
    """

    scope: Scope
    limit: Duration
    content: tuple[str, ...]
    systems: tuple[str, ...]
    unless: str | None

    name = "max-age"
    noun = "records"

    @property
    def measure(self) -> MeasureSpec:
        """Return the age in microseconds, shown in seconds."""
        return MeasureSpec("age", "s", self.limit.microseconds, SECOND)

    @property
    def plan(self) -> Plan:
        """Return that every step is about one record alone, wherever its copies are."""
        return Plan(Split(self._stated(), "record"), lean=True)

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that a consent, or the inventory's word that a system is out of scope, would have excused."""
        listed = Silence(("system_inventory",), f"subject NOT IN {sql.texts(self.systems)}" if self.systems else "")
        return (listed, Silence(("consents",))) if self.unless else (listed,)

    def classify(self) -> str:
        """Return one row per system and record: captured in the period, or captured before and still there in it.

        What was captured before this version of the clause came into force belongs to the version before it.
        """
        return f"WITH {self.lives()},\n{self.judgement()}\n{sql.worst_per_record('coded')}\n"

    def judgement(self) -> str:
        """Return the CTEs after `lives` that end in `coded`: the outcome of each class of content of each record."""
        return f"""
aged AS (
  SELECT *, min(captured_at) OVER (PARTITION BY record, content_class) AS origin,
         max(returned) OVER (PARTITION BY record, content_class) AS renamed,
         greatest(coalesce(gone_at, seen_at), coalesce(seen_at, gone_at)) AS last_known FROM lived),
{self._consents()}
{self._judged()},
coded AS (
  SELECT subject, record, moment, measure, artefact, ended, content_class, broken,
         CASE WHEN verdict IN ('contradicted', 'undeleted') THEN 'unknown' ELSE verdict END AS outcome,
         CASE verdict WHEN 'unknown' THEN '{Reason.UNREADABLE_ROWS}' WHEN 'contradicted' THEN '{Reason.CONTRADICTED}'
              WHEN 'undeleted' THEN '{Reason.INCOMPLETE_COVERAGE}' WHEN 'violation' THEN 'kept too long'
              WHEN 'excused' THEN 'consent' ELSE '' END AS why
  FROM judged)"""

    def ended(self) -> str:
        """Return the last instant at which a record of `lived` may have been there: still, if nobody knows it gone."""
        gone = "gone_at >= captured_last AND coalesce(seen_at <= gone_at, true)"
        return f"CASE WHEN {gone} THEN gone_at ELSE {self.scope.as_of} END"

    def lives(self) -> str:
        """Return the CTEs that end in `lived`: what is known of each record by system and class of content."""
        return f"""stated AS ({self._stated()}),
item AS (
  SELECT subject, record, content_class, min(captured_at) AS captured_at, max(captured_at) AS captured_last,
         max(known_at - captured_at) AS one_life,
         CASE WHEN max(captured_at) > min(struck) THEN 1 ELSE 0 END AS returned, max(struck) AS struck_at,
         max(CASE WHEN deleted_at IS NULL THEN gone_by END) AS missing_at,
         max(CASE WHEN struck IS NULL THEN known_at END) AS seen_at,
         max(CASE WHEN known_at <= {self.scope.as_of} THEN known_at END) AS sure_at,
         min(consent_id) AS claim, max(consent_id) AS other_claim,
         max(struct_pack(at := coalesce(deleted_at, snapshot_at, 0), artefact := artefact)) AS latest,
         max(CASE WHEN broken THEN 1 ELSE 0 END) AS broken, max(CASE WHEN doubtful THEN 1 ELSE 0 END) AS doubtful,
         max(CASE WHEN least(snapshot_at, deleted_at) < captured_at THEN 1 ELSE 0 END) AS torn
  FROM stated GROUP BY subject, record, content_class),
lived AS (
  SELECT *, struct_extract(latest, 'artefact') AS artefact,
         greatest(coalesce(struck_at, missing_at), coalesce(missing_at, struck_at)) AS gone_at FROM item)"""

    def _judged(self) -> str:
        return f"""judged AS (
  SELECT subject, record, origin AS moment, artefact, {self.ended()} AS ended, content_class,
  greatest(broken, torn) AS broken,
  CASE WHEN last_known - origin > {self.limit.microseconds} THEN sure_at ELSE last_known END - origin AS measure,
  CASE
    WHEN content_class IS NOT NULL AND subject <> '' AND sure_at - origin > {self.limit.microseconds}
      THEN CASE WHEN renamed = 1 AND coalesce(one_life, 0) <= {self.limit.microseconds} THEN 'contradicted'
                ELSE {self._kept_too_long()} END
    WHEN torn = 1 THEN 'contradicted'
    WHEN broken = 1 OR content_class IS NULL OR subject = '' OR origin IS NULL
         OR origin > {self.scope.as_of} OR last_known > {self.scope.as_of} OR last_known < captured_at THEN 'unknown'
    WHEN gone_at IS NOT NULL AND seen_at > gone_at THEN 'contradicted'
    WHEN last_known - origin > {self.limit.microseconds} THEN 'undeleted'
    WHEN gone_at >= captured_last THEN 'ok'
    WHEN {self.scope.as_of} - CASE WHEN returned = 1 THEN captured_last ELSE origin END
         <= {self.limit.microseconds} THEN 'open'
    ELSE 'undeleted' END AS verdict
  FROM aged
  WHERE origin IS NULL OR (origin < {self.scope.end}
        AND (origin >= {self.scope.since} OR captured_last >= {self.scope.since})
        AND (origin >= {self.scope.start} OR last_known IS NULL OR last_known >= {self.scope.start})))"""

    def _kept_too_long(self) -> str:
        if self.unless is None:
            return "CASE WHEN doubtful = 1 THEN 'unknown' ELSE 'violation' END"
        named = "c.scope IN (subject, record, subject || '/' || record)"
        claimed = "c.consent_id IN (aged.claim, aged.other_claim)"
        held = f"""(SELECT max(coalesce(c.expires_at, {self.scope.as_of})) FROM consent AS c
                 WHERE c.sure AND c.granted_at <= origin AND (aged.claim IS NULL OR {claimed}) AND {named})"""
        # What a consent allowed at first, another of its scope that cannot be relied on may have gone on to allow.
        renewed = f"""EXISTS (SELECT 1 FROM consent AS c JOIN consent AS u ON NOT u.sure
                       AND coalesce(lower(u.scope) = lower(c.scope), true)
                       AND coalesce(u.granted_at <= c.expires_at, true)
                     WHERE c.sure AND c.granted_at <= origin AND (aged.claim IS NULL OR {claimed}) AND {named}
                       AND coalesce(u.expires_at >= sure_at, true))"""
        return f"""CASE WHEN broken = 0 AND torn = 0 AND doubtful = 0 AND coalesce(claim = other_claim, true)
                       AND {held} >= {self.ended()} THEN 'excused'
                WHEN doubtful = 1 OR EXISTS (SELECT 1 FROM consent AS c WHERE NOT c.sure AND ({claimed}
                     OR ((aged.claim IS NULL OR c.consent_id IS NULL) AND (c.scope IS NULL OR {named}))))
                     OR {renewed} THEN 'unknown'
                WHEN {held} >= sure_at THEN CASE WHEN claim <> other_claim THEN 'contradicted'
                                                 WHEN torn = 1 THEN 'contradicted'
                                                 WHEN broken = 1 THEN 'unknown' ELSE 'undeleted' END
                ELSE 'violation' END"""

    def _stated(self) -> str:
        # Where a consent may name a record, one without an id may be the one it names.
        nameless = " OR record_id IS NULL" if self.unless else ""
        defect = f"({sql.defect_in('consent_id')}{nameless} OR (o.outside IS NOT NULL AND NOT coalesce(i.sure, false)))"
        known = """CASE WHEN delete_kind = 'soft' THEN greatest(coalesce(snapshot_at, deleted_at), deleted_at)
              ELSE coalesce(deleted_at, snapshot_at) END"""
        struck = "CASE WHEN delete_kind IN ('hard', 'crypto') THEN deleted_at END"
        # Until when it may have been there: who does not know that it went must take it to be there still.
        until = f"least(coalesce({struck}, gone_by, {self.scope.end}), {self.scope.end})"
        first = f"coalesce(captured_at, {-sql.NEVER})"
        left_out = f"NOT o.unread AND o.low <= {first} AND o.high >= {until} AND inside IS NULL"
        return f"""
  SELECT coalesce(system_id, '') AS subject, {sql.identity("record_id")} AS record, content_class, captured_at,
         deleted_at, delete_kind, snapshot_at, consent_id, gone_by, artefact,
         {struck} AS struck,
         {known} AS known_at,
         ({sql.defective()} OR record_id IS NULL OR captured_at IS NULL OR gone_by > {self.scope.as_of}
          OR (deleted_at IS NOT NULL AND delete_kind IS NULL)) AS broken,
         {defect} AS doubtful
  FROM data_lifecycle
  LEFT JOIN ({self._outside()}) AS o ON o.outside = system_id
    AND o.low < {until} AND o.high > {first}
  LEFT JOIN ({self._inside()}) AS i ON i.inside = o.outside
    AND i.low < {until} AND i.high > {first}
  WHERE (content_class IS NULL OR content_class IN {sql.texts(self.content)}) AND NOT coalesce({left_out}, false)"""

    def _outside(self) -> str:
        """Return the SELECT of what the inventory puts out of scope, from when to when, and whether it is `unread`.

        A record is left out that was there at such times only, as far as that is known; one that was there at one of
        them, and at none that has its system in scope for sure, breaks nothing. That a system is said to hold no
        content excludes nothing: a record in it says otherwise. Nor does a row that is valid for no time, and a system
        that the contract names is in scope.
        """
        named = f" AND system_id NOT IN {sql.texts(self.systems)}" if self.systems else ""
        order = "PARTITION BY outside, unread ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND"
        return f"""
    SELECT outside, unread, min(low) AS low, max(high) AS high FROM (
      SELECT *, sum(CASE WHEN low <= reached THEN 0 ELSE 1 END) OVER ({order} CURRENT ROW) AS stretch FROM (
        SELECT *, max(high) OVER ({order} 1 PRECEDING) AS reached FROM (
          SELECT system_id AS outside, {sql.LASTS}, ({sql.defective()} OR in_scope IS NULL) AS unread
          FROM system_inventory
          WHERE NOT coalesce(in_scope, false) AND NOT {sql.VOID}{named}) AS told) AS led) AS joined
    GROUP BY outside, unread, stretch"""

    def _inside(self) -> str:
        """Return the SELECT of what the inventory has in scope, if only perhaps, from when to when.

        A row that is valid for no time takes no exclusion back.
        """
        return f"""
    SELECT system_id AS inside, {sql.LASTS}, coalesce(in_scope, false) AND NOT ({sql.defective()}) AS sure
    FROM system_inventory WHERE coalesce(in_scope, true) AND NOT {sql.VOID}"""

    def _valid(self) -> str:
        return sql.in_force(self.scope.start, self.scope.end)

    def _consents(self) -> str:
        """Return the consents, where the clause knows of any: engines look each row up even in an empty list."""
        if self.unless is None:
            return ""
        return f"consent AS ({sql.consents(self.unless, self.scope.vendor, self.scope.consent_offices)}),"

    def reach(self, query: Query) -> Reach:
        """Return per system whether every record that an independent meter counted is in the evidence."""
        gaps = self._inventory_gaps(query) | self._nameless(query)
        systems = self._systems(query)
        found = reconcile(query, self.scope, Expectation(systems, whole="records", each="requests"))
        gaps |= found.gaps
        visible = {r[0] for r in query("SELECT DISTINCT subject FROM classified WHERE outcome IN ('ok', 'violation')")}
        still_open = query("SELECT count(*) FROM classified WHERE outcome = 'open'")[0][0]
        if any(c.observed and c.subject not in visible for c in found.coverage):
            gaps.add(Reason.NOT_YET_DUE if still_open else Reason.INCOMPLETE_COVERAGE)
        return Reach(
            coverage=found.coverage,
            gaps=frozenset(gaps),
            expected=found.expected,
            observed=found.observed,
            provisional=still_open > 0,
            assurance=Assurance.CORROBORATED if not found.gaps else None,
        )

    def _systems(self, query: Query) -> tuple[str, ...]:
        """Return every system in scope: the contract's, the inventory's, the meters' and those that hold records."""
        found = query(
            "SELECT system_id FROM system_inventory WHERE system_id IS NOT NULL AND coalesce(in_scope, true) "
            f"AND coalesce(holds_content, true) AND {self._valid()} UNION "
            "SELECT subject FROM classified WHERE subject <> '' UNION "
            "SELECT system_id FROM usage_totals WHERE system_id IS NOT NULL AND metric IN ('records', 'requests') "
            f"AND coalesce(period_start, {self.scope.start}) < {self.scope.end} "
            f"AND coalesce(period_end, {self.scope.end}) > {self.scope.start} "
            f"AND system_id NOT IN (SELECT outside FROM ({self._outside()}) AS o LEFT JOIN ({self._inside()}) AS i "
            f"ON inside = outside AND i.low < {self.scope.end} AND i.high > {self.scope.start} WHERE NOT unread AND "
            f"outside IS NOT NULL AND inside IS NULL AND o.low <= {self.scope.start} AND o.high >= {self.scope.end})"
        )
        return tuple(sorted({*self.systems, *(r[0] for r in found)}))

    def _nameless(self, query: Query) -> set[Reason]:
        """A row that does not say of which record it is, or of which class, may be an earlier sight of any of them."""
        found = query(
            "SELECT 1 FROM data_lifecycle WHERE (record_id IS NULL OR system_id IS NULL OR content_class IS NULL) "
            f"AND coalesce(captured_at, 0) < {self.scope.end} LIMIT 1"
        )
        return {Reason.UNREADABLE_ROWS} if found else set()

    def _inventory_gaps(self, query: Query) -> set[Reason]:
        rows, broken = query(
            f"SELECT count(*), count(CASE WHEN system_id IS NULL OR kind IS NULL OR holds_content IS NULL "
            f"OR in_scope IS NULL OR {sql.VOID} OR {sql.defective()} THEN 1 END) "
            f"FROM system_inventory WHERE {self._valid()}"
        )[0]
        start, end = self.scope.start, self.scope.end
        stated = (
            f"(SELECT system_id, in_scope, holds_content, greatest(coalesce(valid_from, {start}), {start}) AS low, "
            f"least(coalesce(valid_to, {end}), {end}) AS high FROM system_inventory)"
        )
        split = query(
            f"SELECT 1 FROM {stated} AS a JOIN {stated} AS b ON b.system_id = a.system_id AND a.low < b.high "
            "AND b.low < a.high AND (a.in_scope <> b.in_scope OR a.holds_content <> b.holds_content) LIMIT 1"
        )
        gaps = set[Reason]() if rows else {Reason.INCOMPLETE_COVERAGE}
        gaps |= {Reason.UNREADABLE_ROWS} if broken else set()
        return gaps | ({Reason.CONTRADICTED} if split else set())
