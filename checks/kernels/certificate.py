"""`document-valid` for deletion: a signed certificate that covers everything, in time, and that nothing contradicts."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach, Silence
from checks.kernels import deletion_claims, deletion_sightings
from checks.kernels.document_valid import DocumentValid
from checks.kernels.silence import denials, nothing_happened
from checks.terms import Duration
from evidence.model import Assurance, Coverage, Reason

#: Classes of content that whoever uses the service has, records of them or not.
_CONTENT = ("prompt", "output")
#: Backups are kept for nobody knows how long.
_KEPT = "(NOT p.backups_included AND p.backup_expiry IS NULL)"
#: An exception is allowed by a consent that names the certificate or the exception.
_CONSENTED = (
    "EXISTS (SELECT 1 FROM consent AS c WHERE c.granted_at <= p.issued_at "
    "AND (c.scope = p.record OR (len(p.exceptions) = 1 AND list_contains(p.exceptions, c.scope))))"
)


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
        scope = self.scope
        steps = (
            deletion_claims.triggers(scope, self.after, self.due.microseconds),
            deletion_claims.certificates(scope, self.after),
            deletion_claims.known_systems(),
            deletion_claims.lived(scope),
            deletion_claims.systems(),
            deletion_claims.totals(scope, "certificate", whole=True),
            deletion_sightings.ctes(scope, self.after),
            *self._consents(),
            self._pairs(),
            self._compared(),
            self._weighed(),
        )
        return f"""
WITH {",".join(steps)},
judged AS (
  {self._triggers()}
  UNION ALL SELECT * FROM ({self._orphans()}) AS orphan
  UNION ALL SELECT * FROM ({deletion_sightings.rows()}) AS sighting),
measured AS (SELECT *, CAST(NULL AS BIGINT) AS measure FROM judged)
{sql.worst_per_record("measured")}
"""

    def _consents(self) -> tuple[str, ...]:
        """Exceptions are allowed by a consent that names the certificate or the exception and still holds."""
        if self.unless is None:
            return ()
        valid = sql.valid_consents(self.unless, self.scope.vendor, self.scope.consent_offices)
        return (
            f"""
consent AS (
  SELECT scope, granted_at FROM ({valid}) AS c WHERE coalesce(expires_at >= {self.scope.as_of}, true))""",
        )

    def _pairs(self) -> str:
        """Pair each trigger with the certificates that came in time for it, and list what each pair had to cover.

        That a system held data is not sure if it came after the trigger, or if the inventory excludes it as well.
        """
        return """
pair AS (
  SELECT t.record AS trigger_record, t.occurred_at, t.scope, t.data_from AS due_from, t.data_to AS due_to, c.*
  FROM awaited AS t JOIN certificate AS c
    ON c.issued_at IS NULL OR (c.issued_at >= t.occurred_at AND c.issued_at <= t.due_at)
  WHERE t.doubt IS NULL AND c.signature IS DISTINCT FROM 'invalid'),
asked AS (SELECT trigger_record, record, systems, unnest(scope) AS system FROM pair),
duty AS (
  SELECT p.trigger_record, p.record, p.systems, s.system, s.sure AND coalesce(s.valid_from <= p.occurred_at, true)
    AND NOT EXISTS (SELECT 1 FROM barred AS b WHERE b.system = s.system
      AND coalesce(b.valid_from <= p.issued_at, true) AND coalesce(b.valid_to > p.occurred_at, true)) AS sure
  FROM pair AS p JOIN system AS s
    ON coalesce(s.valid_from <= p.issued_at, true) AND coalesce(s.valid_to > p.occurred_at, true)
  WHERE p.scope IS NULL
  UNION SELECT p.trigger_record, p.record, p.systems, r.system, coalesce(r.struck_at > p.occurred_at, true)
  FROM pair AS p JOIN lived AS r
    ON r.broken = 0 AND r.captured_at <= p.occurred_at AND coalesce(r.gone_at > p.occurred_at, true)
  WHERE p.scope IS NULL
  UNION SELECT trigger_record, record, systems, system, system IN (SELECT system FROM spoken) FROM asked)"""

    def _compared(self) -> str:
        """Compare each pair: omitted systems, scopes in words nobody knows, the first data, the records counted."""
        return f"""
owed AS (
  SELECT d.trigger_record, d.record, bool_or(NOT list_contains(d.systems, d.system)) AS omits,
    min(CASE WHEN d.sure AND NOT EXISTS (SELECT 1 FROM pair AS o WHERE o.trigger_record = d.trigger_record
               AND list_contains(o.systems, d.system)) THEN d.system END) AS omitted,
    bool_or(d.system IN (SELECT system FROM system WHERE kind = 'backup' AND sure)) AS backups
  FROM duty AS d GROUP BY d.trigger_record, d.record),
vague AS (
  SELECT record FROM (SELECT record, unnest(systems) AS system FROM certificate) AS named
  WHERE system NOT IN (SELECT system FROM spoken)),
earliest AS (
  SELECT min(first_at) AS first_at FROM (
    SELECT min(period_start) AS first_at FROM usage_totals WHERE value > 0 AND metric IN ('records', 'requests')
    UNION ALL SELECT min(captured_at) FROM lived WHERE broken = 0) AS known),
reckoned AS (
  SELECT p.trigger_record, p.record, min(CASE WHEN m.complete THEN m.counted END) AS least_counted,
    max(m.counted) AS most_counted, {deletion_claims.gone_before("p.occurred_at", "p")} AS gone_before
  FROM pair AS p JOIN metered AS m ON m.certificate = p.record AND (m.by_system OR p.scope IS NULL)
  GROUP BY p.trigger_record, p.record, p.occurred_at, p.systems, p.data_from, p.data_to HAVING bool_or(m.complete))"""

    def _weighed(self) -> str:
        """Weigh each pair: `fault` is what certainly is wrong with it, `lack` why it proves nothing.

        How bad an outcome is, its first letter says: the least of a trigger's is the best.
        """
        lacks = " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in self._lacks())
        return f"""
weighed AS (
  SELECT p.trigger_record, p.artefact, coalesce(p.doubt, CASE {lacks} END) AS lack,
    CASE WHEN p.doubt IS NULL THEN coalesce(
      CASE WHEN p.record NOT IN (SELECT record FROM vague) THEN 'the certificate omits ' || o.omitted END,
      CASE WHEN {_KEPT} AND o.backups THEN 'backups are not deleted' END) END AS fault
  FROM pair AS p LEFT JOIN owed AS o ON o.trigger_record = p.trigger_record AND o.record = p.record
  LEFT JOIN reckoned AS n ON n.trigger_record = p.trigger_record AND n.record = p.record),
best AS (
  SELECT trigger_record, min(outcome) AS outcome, min_by(why, sorting) AS why, min_by(artefact, sorting) AS artefact
  FROM (SELECT *, struct_pack(outcome := outcome, why := why, artefact := artefact) AS sorting FROM (
    SELECT trigger_record, artefact, coalesce(fault, lack, '') AS why,
      CASE WHEN fault IS NOT NULL THEN 'violation' WHEN lack IS NOT NULL THEN 'unknown' ELSE 'ok' END AS outcome
    FROM weighed) AS told) AS ranked
  GROUP BY trigger_record)"""

    def _lacks(self) -> tuple[tuple[str, Reason], ...]:
        """Return why a trusted certificate may prove nothing, worst first, each with its condition."""
        incomplete = Reason.INCOMPLETE_COVERAGE
        whole = " AND ".join(f"list_contains(p.classes, {sql.text(c)})" for c in _CONTENT)
        exceptions = "len(p.exceptions) > 0" + (f" AND NOT {_CONSENTED}" if self.unless else "")
        return (
            ("o.omits", incomplete),
            (_KEPT, incomplete),
            ("p.record IN (SELECT record FROM vague)", incomplete),
            # What had yet to come was in no backup that expired before.
            (f"p.backups_until < least(p.data_to * {sql.DAY}, p.occurred_at)", Reason.UNREADABLE_ROWS),
            (f"p.backups_until >= {self.scope.as_of}", Reason.NOT_YET_DUE),
            ("NOT p.subprocessors_included", incomplete),
            # Without a known first day nothing is covered.
            (
                f"NOT coalesce(p.data_from * {sql.DAY} <= "
                f"coalesce(p.due_from * {sql.DAY}, (SELECT first_at FROM earliest)), false)",
                incomplete,
            ),
            (f"(p.data_to + 1) * {sql.DAY} <= coalesce(p.due_to * {sql.DAY}, p.occurred_at)", incomplete),
            # Everything must go: no certificate of metadata alone does, even where no record is known.
            (f"p.scope IS NULL AND NOT ({whole})", incomplete),
            (
                "EXISTS (SELECT 1 FROM data_lifecycle AS r WHERE lower(trim(r.system_id)) IN (SELECT system FROM "
                f"lived) AND {deletion_claims.within_days('r.captured_at', 'p')} "
                "AND NOT list_contains(p.classes, r.content_class))",
                incomplete,
            ),
            (exceptions, incomplete),
            ("NOT coalesce(p.record_count >= n.most_counted - n.gone_before, false)", incomplete),
            ("p.record_count > n.least_counted - n.gone_before", Reason.CONTRADICTED),
        )

    def _triggers(self) -> str:
        """No certificate by the due instant breaks the promise; one that came later does not mend it."""
        return f"""
  SELECT {sql.text(self.after)} AS subject, t.record, t.occurred_at AS moment,
    coalesce(b.artefact, t.artefact) AS artefact,
    coalesce(CASE WHEN t.doubt IS NOT NULL THEN 'unknown' END, b.outcome,
      CASE WHEN t.due_at < {self.scope.as_of} THEN 'violation' ELSE 'open' END) AS outcome,
    coalesce(t.doubt, b.why, CASE WHEN EXISTS (SELECT 1 FROM claim AS c WHERE c.issued_at > t.due_at)
      THEN 'the certificate came late' ELSE 'no certificate' END) AS why
  FROM awaited AS t LEFT JOIN best AS b ON b.trigger_record = t.record"""

    def _orphans(self) -> str:
        """A certificate of the period shows that something triggered the promise, though nobody recorded what."""
        return f"""
  SELECT 'certificate' AS subject, c.record, c.issued_at AS moment, c.artefact, 'unknown' AS outcome,
    '{Reason.INCOMPLETE_COVERAGE}' AS why
  FROM certificate AS c
  WHERE coalesce(c.issued_at >= {self.scope.start} AND c.issued_at < {self.scope.end}, true) AND NOT EXISTS (
    SELECT 1 FROM trigger_event AS t WHERE coalesce(t.occurred_at <= c.issued_at, true))"""

    def _torn(self) -> str:
        """Count the systems that the inventory has in scope and excludes at one time."""
        return f"""
WITH {deletion_claims.known_systems()},
{deletion_claims.lived(self.scope)},
{deletion_claims.systems()}
SELECT count(*) FROM system AS s JOIN barred AS b ON b.system = s.system
  AND coalesce(b.valid_from < s.valid_to, true) AND coalesce(b.valid_to > s.valid_from, true)"""

    def reach(self, query: Query) -> Reach:
        """Return whether the inventory is there to compare with, or the vendor says that nothing was triggered."""
        counts = query(
            "SELECT subject, count(*), count(CASE WHEN outcome = 'open' THEN 1 END) FROM classified GROUP BY 1"
        )
        triggered = sum(r[1] for r in counts if r[0] == self.after)
        if not sum(r[1] for r in counts):
            ours = f"coalesce(trigger = {sql.text(self.after)}, true)"
            occurred = f"SELECT occurred_at AS moment FROM deletion_triggers WHERE {ours}"
            return nothing_happened(query, self.negative, self.after, occurred)
        held, broken = query(
            f"SELECT count(DISTINCT CASE WHEN in_scope AND holds_content THEN system_id END), count(CASE WHEN "
            f"{sql.defective()} OR in_scope IS NULL OR holds_content IS NULL OR {deletion_claims.blank('system_id')} "
            f"OR {deletion_claims.blank('kind')} THEN 1 END) FROM system_inventory"
        )[0]
        denied = denials(query, self.negative)
        torn = query(self._torn())[0][0]
        gaps = {Reason.UNREADABLE_ROWS} if broken else set[Reason]()
        gaps |= {Reason.CONTRADICTED} if denied or torn else set()
        if not held:
            gaps.add(Reason.NO_EVIDENCE)
        note = "" if held else "no inventory of the systems that hold the data"
        return Reach(
            coverage=(Coverage(subject="system_inventory", covered=bool(held), observed=held, note=note),),
            gaps=frozenset(gaps),
            observed=triggered,
            provisional=any(r[2] for r in counts),
            assurance=Assurance.ATTESTED,
            contradicting=denied,
        )
