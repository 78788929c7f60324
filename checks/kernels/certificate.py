"""`document-valid` for deletion: a signed certificate that covers everything, in time, and that nothing contradicts."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels import deletion_claims, deletion_sightings
from checks.kernels.document_valid import DocumentValid
from checks.terms import Duration
from evidence.model import Assurance, Coverage, Exhibit, Outcome, Reason


@dataclass(frozen=True, slots=True)
class Certified:
    """Judge every trigger of one sort by the best certificate that came in time; exactly on the due instant is in time.

    Where two certificates share the systems between them, none is complete alone: unknown, not an omission. `negative`
    is the vendor's own statement that nothing triggered the promise.
    """

    scope: Scope
    due: Duration
    after: str
    unless: str | None
    negative: DocumentValid

    name = "document-valid"
    noun = "deletions"
    measure = None

    @property
    def silences(self) -> tuple[Silence, ...]:
        """Return that another certificate, or a deletion before the trigger, would have mattered to what was due."""
        return (Silence(("deletion_certificates", "data_lifecycle"), f"subject = {sql.text(self.after)}"),)

    def classify(self) -> str:
        """Return one row per trigger, per certificate that no trigger explains, and per sighting after a deletion."""
        scope, due = self.scope, self.due.microseconds
        return f"""
WITH {deletion_claims.triggers(scope, self.after, due)},
{deletion_claims.certificates(scope, self.after)},
{deletion_claims.systems(scope)},
{deletion_claims.totals(scope)},
{deletion_sightings.ctes(scope)},
{self._consents()},
{self._pairs()},
{self._compared()},
{self._weighed()},
judged AS (
  {self._triggers()}
  UNION ALL SELECT * FROM ({self._orphans()}) AS orphan
  UNION ALL SELECT * FROM ({deletion_sightings.rows(scope, self.after)}) AS sighting),
measured AS (SELECT *, CAST(NULL AS BIGINT) AS measure FROM judged)
{sql.worst_per_record("measured")}
"""

    def _consents(self) -> str:
        """Exceptions are allowed by a consent that names the certificate or the exception and still holds."""
        if self.unless is None:
            return "consent AS (SELECT scope, granted_at, expires_at FROM consents WHERE 1 = 0)"
        valid = sql.valid_consents(self.unless, self.scope.vendor, self.scope.consent_offices)
        return f"consent AS ({valid})"

    def _pairs(self) -> str:
        """Pair each trigger with the certificates that came in time for it, and list what each pair had to cover."""
        due = self.due.microseconds
        return f"""
pair AS (
  SELECT t.record AS trigger_record, t.occurred_at, t.scope, t.data_from AS due_from, t.data_to AS due_to, c.*
  FROM trigger_event AS t JOIN certificate AS c
    ON c.issued_at IS NULL OR (c.issued_at >= t.occurred_at AND c.issued_at <= t.occurred_at + {due})
  WHERE t.alive AND NOT t.broken AND c.signature IS DISTINCT FROM 'invalid'),
duty AS (
  SELECT p.trigger_record, p.record, s.system, max(CASE WHEN s.sure THEN 1 ELSE 0 END) AS sure
  FROM pair AS p JOIN system AS s ON coalesce(s.valid_from, p.occurred_at) <= p.issued_at
    AND coalesce(s.valid_to, p.issued_at + 1) > p.occurred_at
  WHERE p.scope IS NULL GROUP BY p.trigger_record, p.record, s.system
  UNION SELECT p.trigger_record, p.record, r.system, 1 FROM pair AS p JOIN lived AS r
    ON r.broken = 0 AND r.captured_at <= p.occurred_at AND (r.gone_at IS NULL OR r.gone_at > p.occurred_at)
  WHERE p.scope IS NULL
  UNION SELECT trigger_record, record, unnest(scope), 1 FROM pair WHERE scope IS NOT NULL)"""

    def _compared(self) -> str:
        """Compare each pair: omitted systems, scopes in words nobody knows, the first data, the records counted."""
        return f"""
omitted AS (
  SELECT d.trigger_record, d.record, min(d.system) AS system,
    max(CASE WHEN d.sure = 1 AND NOT EXISTS (SELECT 1 FROM pair AS o WHERE o.trigger_record = d.trigger_record
               AND list_contains(o.systems, d.system)) THEN 1 ELSE 0 END) AS proven
  FROM duty AS d JOIN pair AS p ON p.trigger_record = d.trigger_record AND p.record = d.record
  WHERE NOT coalesce(list_contains(p.systems, d.system), false) GROUP BY d.trigger_record, d.record),
vague AS (
  SELECT DISTINCT record FROM (SELECT record, unnest(systems) AS system FROM certificate) AS named
  WHERE system NOT IN (SELECT system FROM known_system) AND system NOT IN (
    SELECT system FROM lived WHERE system IS NOT NULL)),
earliest AS (
  SELECT min(first_at) AS first_at FROM (
    SELECT min(period_start) AS first_at FROM usage_totals WHERE value > 0 AND metric IN ('records', 'requests')
    UNION ALL SELECT min(captured_at) FROM lived WHERE broken = 0) AS known),
reckoned AS (
  SELECT p.trigger_record, p.record, min(m.counted) AS least_counted, max(m.counted) AS most_counted,
    (SELECT count(*) FROM lived AS r WHERE r.broken = 0 AND r.gone_at < p.occurred_at
       AND list_contains(p.systems, r.system) AND r.captured_at >= p.data_from * {sql.DAY}
       AND r.captured_at < (p.data_to + 1) * {sql.DAY}) AS gone_before
  FROM pair AS p JOIN metered AS m ON m.certificate = p.record AND (m.by_system OR p.scope IS NULL)
  GROUP BY p.trigger_record, p.record, p.occurred_at, p.systems, p.data_from, p.data_to)"""

    def _weighed(self) -> str:
        outcome = " ".join(f"WHEN {condition} THEN '{said}'" for condition, said, _ in self._cases())
        why = " ".join(f"WHEN {condition} THEN {said}" for condition, _, said in self._cases())
        return f"""
weighed AS (
  SELECT p.trigger_record, p.artefact, CASE {outcome} ELSE 'ok' END AS outcome, CASE {why} ELSE '' END AS why
  FROM pair AS p LEFT JOIN omitted AS o ON o.trigger_record = p.trigger_record AND o.record = p.record
  LEFT JOIN reckoned AS n ON n.trigger_record = p.trigger_record AND n.record = p.record),
best AS (
  SELECT trigger_record, min_by(outcome, sorting) AS outcome, min_by(why, sorting) AS why,
    min_by(artefact, sorting) AS artefact
  FROM (SELECT *, struct_pack(rank := CASE outcome WHEN 'ok' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END, why := why,
                              artefact := artefact) AS sorting FROM weighed) AS ranked
  GROUP BY trigger_record)"""

    def _cases(self) -> tuple[tuple[str, str, str], ...]:
        """Return what a certificate may lack, worst first: the condition, the outcome and why, as SQL."""
        incomplete = f"'{Reason.INCOMPLETE_COVERAGE}'"
        backup = (
            "EXISTS (SELECT 1 FROM duty AS d JOIN system AS s ON s.system = d.system AND s.kind = 'backup' "
            "WHERE s.sure AND d.trigger_record = p.trigger_record AND d.record = p.record)"
        )
        kept = "(NOT p.backups_included AND p.backup_expiry IS NULL)"
        return (
            ("p.doubt IS NOT NULL", "unknown", "p.doubt"),
            (
                "o.proven = 1 AND p.record NOT IN (SELECT record FROM vague)",
                "violation",
                "'the certificate omits ' || o.system",
            ),
            (f"{kept} AND {backup}", "violation", "'backups are not deleted'"),
            (f"o.record IS NOT NULL OR {kept} OR p.record IN (SELECT record FROM vague)", "unknown", incomplete),
            (f"(p.backup_expiry + 1) * {sql.DAY} > {self.scope.as_of}", "unknown", f"'{Reason.NOT_YET_DUE}'"),
            (f"NOT p.subprocessors_included OR {self._uncovered()}", "unknown", incomplete),
            (f"len(p.exceptions) > 0 AND NOT {self._consented()}", "unknown", incomplete),
            ("p.record_count IS NULL OR n.record IS NULL", "unknown", incomplete),
            ("p.record_count < n.most_counted - n.gone_before", "unknown", incomplete),
            ("p.record_count > n.least_counted - n.gone_before", "unknown", f"'{Reason.CONTRADICTED}'"),
        )

    def _uncovered(self) -> str:
        """Days or classes of data that the certificate leaves out; without a known first day, nothing is covered."""
        return f"""(NOT coalesce(
    p.data_from * {sql.DAY} <= coalesce(p.due_from * {sql.DAY}, (SELECT first_at FROM earliest))
    AND (p.data_to + 1) * {sql.DAY} > coalesce(p.due_to * {sql.DAY}, p.occurred_at), false)
  OR EXISTS (SELECT 1 FROM data_lifecycle AS r WHERE r.content_class IS NOT NULL
    AND lower(trim(r.system_id)) IN (SELECT system FROM lived)
    AND r.captured_at >= p.data_from * {sql.DAY} AND r.captured_at < (p.data_to + 1) * {sql.DAY}
    AND NOT coalesce(list_contains(p.classes, r.content_class), false)))"""

    def _consented(self) -> str:
        """An exception is allowed while a consent that names the certificate or the exception holds."""
        return (
            "EXISTS (SELECT 1 FROM consent AS c WHERE c.granted_at <= p.issued_at "
            f"AND (c.expires_at IS NULL OR c.expires_at >= {self.scope.as_of}) "
            "AND (c.scope = p.record OR (len(p.exceptions) = 1 AND list_contains(p.exceptions, c.scope))))"
        )

    def _triggers(self) -> str:
        """No certificate by the due instant breaks the promise; one that came later does not mend it."""
        overdue = f"t.occurred_at + {self.due.microseconds} < {self.scope.as_of}"
        late = "EXISTS (SELECT 1 FROM certificate AS c WHERE c.doubt IS NULL AND c.issued_at >= t.occurred_at)"
        return f"""
  SELECT {sql.text(self.after)} AS subject, t.record, t.occurred_at AS moment,
    coalesce(b.artefact, t.artefact) AS artefact,
    CASE WHEN t.broken OR t.disputed THEN 'unknown' WHEN b.outcome IS NOT NULL THEN b.outcome
         WHEN {overdue} THEN 'violation' ELSE 'open' END AS outcome,
    CASE WHEN t.broken THEN '{Reason.UNREADABLE_ROWS}' WHEN t.disputed THEN '{Reason.CONTRADICTED}'
         WHEN b.outcome IS NOT NULL THEN b.why
         WHEN {overdue} AND {late} THEN 'the certificate came late'
         WHEN {overdue} THEN 'no certificate by the due date' ELSE '' END AS why
  FROM trigger_event AS t LEFT JOIN best AS b ON b.trigger_record = t.record WHERE t.alive"""

    def _orphans(self) -> str:
        """A certificate of the period shows that something triggered the promise, though nobody recorded what."""
        return f"""
  SELECT 'certificate' AS subject, c.record, c.issued_at AS moment, c.artefact, 'unknown' AS outcome,
    '{Reason.INCOMPLETE_COVERAGE}' AS why
  FROM certificate AS c
  WHERE coalesce(c.issued_at >= {self.scope.start} AND c.issued_at < {self.scope.end}, true) AND NOT EXISTS (
    SELECT 1 FROM trigger_event AS t WHERE t.occurred_at IS NULL OR t.occurred_at <= c.issued_at
      OR c.issued_at IS NULL)"""

    def reach(self, query: Query) -> Reach:
        """Return whether the inventory is there to compare with, or the vendor says that nothing was triggered."""
        counts = query(
            "SELECT subject, count(*), count(CASE WHEN outcome = 'open' THEN 1 END) FROM classified GROUP BY 1"
        )
        triggered = sum(r[1] for r in counts if r[0] == self.after)
        if not sum(r[1] for r in counts):
            return self._nothing_triggered(query)
        held, broken = query(
            f"SELECT count(DISTINCT CASE WHEN in_scope AND holds_content THEN system_id END), count(CASE WHEN "
            f"{sql.defective()} OR in_scope IS NULL OR holds_content IS NULL OR {deletion_claims.blank('system_id')} "
            f"OR {deletion_claims.blank('kind')} THEN 1 END) FROM system_inventory"
        )[0]
        gaps = {Reason.UNREADABLE_ROWS} if broken else set[Reason]()
        if not held:
            gaps.add(Reason.NO_EVIDENCE)
        note = "" if held else "no inventory of the systems that hold the data"
        return Reach(
            coverage=(Coverage(subject="system_inventory", covered=bool(held), observed=held, note=note),),
            gaps=frozenset(gaps),
            observed=triggered,
            provisional=any(r[2] for r in counts),
            assurance=Assurance.ATTESTED,
            contradicting=self._denials(query),
        )

    def _nothing_triggered(self, query: Query) -> Reach:
        found = self.negative.reach(query)
        note = "" if not found.gaps else "no record of a trigger, and no statement that there was none"
        return Reach(
            coverage=(Coverage(subject=self.after, covered=not found.gaps, note=note),),
            gaps=frozenset({Reason.NO_EVIDENCE} | found.gaps) if found.gaps else frozenset(),
            not_exercised=not found.gaps,
            assurance=Assurance.ATTESTED,
        )

    def _denials(self, query: Query) -> tuple[Exhibit, ...]:
        """The vendor's statement that nothing was triggered, where something was."""
        stated = query(
            f"WITH {self.negative.trusted()} SELECT record, artefact FROM trusted WHERE usable "
            f"AND {self.negative.current()} ORDER BY record LIMIT 5"
        )
        return tuple(
            Exhibit(
                record=f"{self.negative.kind}/{r[0]}",
                outcome=Outcome.OK,
                measure=None,
                artefact=r[1],
                why="states that nothing was triggered",
            )
            for r in stated
        )
