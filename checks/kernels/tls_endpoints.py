"""What endpoints accept and what connections used, against the lowest protocol that the contract allows."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.allow_list import Demand, nothing_further
from checks.kernels.present import incomplete
from evidence.model import Reason

#: Protocols from the worst to the best.
PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")
#: What connection logs call some of them.
ALSO = {"TLSv1": "TLSv1.0"}


@dataclass(frozen=True, slots=True)
class TlsEndpoints:
    """Scans of every endpoint that the contract or the inventory names, and every connection whose version was logged.

    An endpoint that neither names can leave the promise open but not break it; nor can one that the inventory has of
    another exposure, has both in and out of scope, or did not have when it was scanned. The inventory leaves out an
    endpoint at its own times only.
    """

    scope: Scope
    minimum: str
    endpoints: tuple[str, ...]
    exposure: tuple[str, ...]

    noun = "observations"
    silences = ()

    def rows(self) -> str:
        """Return one row per scan of an endpoint and one per connection with a version."""
        low, high = self._split()
        named = sql.texts(e.lower() for e in self.endpoints)
        at = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
SELECT subject, record, moment, artefact, (weak OR open_door) AND (mine OR (listed AND NOT left_out)) AS outside,
  (NOT weak AND NOT open_door) AS inside, 1 = 0 AS excused, broken,
  CASE WHEN open_door THEN subject || ' accepts plaintext' ELSE subject || ' accepts ' || lowest_protocol END AS why,
  CASE WHEN (weak OR open_door) AND NOT broken THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM (
  SELECT coalesce(lower(endpoint), '') AS subject, coalesce(lower(endpoint), '') || '/' || {at} AS record,
    observed_at AS moment, artefact, lowest_protocol, lowest_protocol IN {low} AS weak,
    NOT plaintext_refused AS open_door, {incomplete("tls_observations")} AS broken, endpoint IS NULL AS nameless,
    lower(endpoint) IN {named} AS mine, {self._at_the_time(f"i.in_scope AND i.exposure IN {sql.texts(self.exposure)}")}
      AS listed, {self._at_the_time("i.in_scope")} AS inventoried, {self._at_the_time("NOT i.in_scope")} AS left_out
  FROM tls_observations AS o
) AS scan WHERE nameless OR mine OR inventoried OR NOT left_out
UNION ALL
SELECT 'connection', {sql.identity("activity_id")}, occurred_at, artefact,
  tls_version IN {low}, tls_version IN {high}, 1 = 0, activity_id IS NULL,
  'a connection used ' || tls_version, CAST(NULL AS VARCHAR)
FROM processing_activity WHERE tls_version IS NOT NULL OR list_contains(defects, 'tls_version')"""

    def _at_the_time(self, what: str) -> str:
        """Return the condition that a readable row of the inventory says this of an endpoint when it was scanned."""
        return (
            "CASE WHEN EXISTS (SELECT 1 FROM endpoint_inventory AS i WHERE lower(i.endpoint) = lower(o.endpoint) "
            f"AND {what} AND coalesce(len(i.defects), 0) = 0 "
            "AND (i.valid_from IS NULL OR i.valid_from <= o.observed_at) "
            "AND (i.valid_to IS NULL OR i.valid_to > o.observed_at)) THEN true ELSE false END"
        )

    def _split(self) -> tuple[str, str]:
        """Return the protocols below the minimum and those at or above it, as SQL lists."""
        place = PROTOCOLS.index(self.minimum)
        weak = set(PROTOCOLS[:place])
        return sql.texts({*weak, *(a for a, p in ALSO.items() if p in weak)}), sql.texts(set(PROTOCOLS) - weak)

    def members(self) -> str:
        """Return the inventoried endpoints in scope and the contract's, which no inventory can take out of scope.

        One that was scanned at another time than the inventory states was there throughout, for all that is known.
        """
        ours = sorted({e.lower() for e in self.endpoints})
        named = sql.rows("named", ("endpoint",), [(sql.text(e),) for e in ours])
        low, high = str(self.scope.start), str(self.scope.end)
        denied = f"(lower(endpoint) IN {sql.texts(ours)} AND (NOT coalesce(in_scope, false) OR {sql.defective()}))"
        return f"""
WITH {named},
listed AS (
  SELECT DISTINCT lower(endpoint) AS subject,
    CASE WHEN {denied} THEN {low} ELSE greatest(coalesce(valid_from, {low}), {low}) END AS low,
    CASE WHEN {denied} THEN {high} ELSE least(coalesce(valid_to, {high}), {high}) END AS high
  FROM endpoint_inventory
  WHERE endpoint IS NOT NULL AND (coalesce(in_scope, true) OR lower(endpoint) IN {sql.texts(ours)})
    AND coalesce(valid_from, {low}) < {high} AND coalesce(valid_to, {high}) > {low}),
astray AS (
  SELECT DISTINCT lower(o.endpoint) AS subject FROM tls_observations AS o
  WHERE lower(o.endpoint) IN (SELECT subject FROM listed)
    AND (lower(o.endpoint) IN {sql.texts(ours)} OR NOT {self._at_the_time("NOT i.in_scope")})
    AND o.observed_at >= {low} AND o.observed_at < {high}
    AND NOT EXISTS (SELECT 1 FROM listed AS s WHERE s.subject = lower(o.endpoint) AND o.observed_at >= s.low
      AND o.observed_at <= s.high))
SELECT subject, low, high FROM listed WHERE subject NOT IN (SELECT subject FROM astray)
UNION
SELECT subject, {low}, {high} FROM astray
UNION
SELECT endpoint, {low}, {high} FROM named WHERE endpoint NOT IN (SELECT subject FROM listed)"""

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable and lists endpoints of the period of every promised exposure."""
        low, high = str(self.scope.start), str(self.scope.end)
        count = "SELECT count(*) FROM endpoint_inventory WHERE"
        existed = f"coalesce(valid_from, {low}) < {high} AND coalesce(valid_to, {high}) > {low}"
        readable = Demand(
            "endpoint_inventory",
            f"SELECT CASE WHEN count(*) = 0 THEN 1 ELSE 0 END FROM endpoint_inventory "
            f"WHERE {incomplete('endpoint_inventory')} OR valid_to <= valid_from",
            Reason.UNREADABLE_ROWS,
            "the inventory has rows that cannot be read",
        )
        listed = [
            Demand(
                f"{exposure} endpoints",
                f"{count} in_scope AND exposure = {sql.text(exposure)} AND {existed}",
                Reason.INCOMPLETE_COVERAGE,
                f"the inventory lists no {exposure} endpoint",
            )
            for exposure in sorted(set(self.exposure))
        ]
        return (readable, *listed)

    def reach(self, query: Query) -> Reach:  # noqa: ARG002 - scans need no other count than their schedule
        """Return nothing further; the schedule of scans is what completeness rests on."""
        return nothing_further()
