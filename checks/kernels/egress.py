"""Flows out of a private deployment, against the telemetry that was agreed: whereto, which fields, how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.access_sessions import count_log
from checks.kernels.allow_list import Demand
from checks.kernels.present import incomplete
from evidence.model import Assurance, Reason

#: How an independent count of the flows names them, in `log_totals.log`.
LOG = "egress_flows"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What may go to one destination: these fields, and at most so many bytes in one flow (None: any number)."""

    fields: tuple[str, ...]
    max_bytes: int | None


@dataclass(frozen=True, slots=True)
class Egress:
    """Every flow of the log; an agreed destination says nothing of what was sent there, so the fields are compared too.

    A flow whose payload nobody read is unknown. So is one whose destination is an address with a port or a path on an
    agreed host: it may be another machine, and what it held is compared with what may go there. What goes to the
    customer's `own` hosts does not leave the customer.
    """

    scope: Scope
    allow: Mapping[str, Agreed]
    own: tuple[str, ...]

    noun = "flows"
    silences = ()

    def rows(self) -> str:
        """Return one row per flow."""
        unseen = "fields IS NULL OR list_contains(fields, '') OR (len(fields) = 0 AND bytes > 0)"
        stated = "lower(trim(destination))"
        known = [s for h in (*self.allow, *self.own) for s in _spellings(h)]
        own = f"coalesce(f.host IN {sql.texts(s for h in self.own for s in _spellings(h))}, false)"
        return f"""
WITH {self._agreed()},
flow AS (
  SELECT *, CASE WHEN loose THEN named ELSE stated END AS host FROM (
    SELECT *, coalesce(named <> stated AND named IN {sql.texts(known)}, false) AS loose FROM (
      SELECT {sql.identity("flow_id")} AS record, {stated} AS stated, {_machine(stated)} AS named, sent_at, bytes,
        fields, artefact, artefact || '#' || CAST(row AS VARCHAR) AS place, ({unseen}) AS unseen,
        ({incomplete("egress_flows")} OR bytes < 0) AS broken
      FROM egress_flows) AS read) AS told),
held AS (
  SELECT place, host, lower(trim(field)) AS field FROM (SELECT place, host, unnest(fields) AS field FROM flow) AS each),
stray AS (
  SELECT h.place, min(h.field) AS field FROM held AS h LEFT JOIN agreed AS a ON a.host = h.host AND a.field = h.field
  WHERE h.field <> '' AND a.host IS NULL GROUP BY h.place),
known AS (SELECT host, min(CAST(max_bytes AS BIGINT)) AS max_bytes FROM agreed GROUP BY host)
SELECT '{LOG}' AS subject, f.record, f.sent_at AS moment, f.artefact,
  (f.host IS NOT NULL AND NOT {own}
   AND (k.host IS NULL OR s.place IS NOT NULL OR coalesce(f.bytes > k.max_bytes, false))) AS outside,
  NOT f.unseen AND NOT f.loose AS inside, {own} AND NOT f.loose AS excused, f.broken,
  CASE WHEN {own} THEN 'to the customer itself' WHEN k.host IS NULL THEN 'sent to ' || f.host
       WHEN s.place IS NOT NULL THEN s.field || ' sent to ' || f.host
       WHEN f.bytes > k.max_bytes THEN CAST(f.bytes AS VARCHAR) || ' bytes sent to ' || f.host ELSE '' END AS why,
  CASE WHEN f.unseen AND NOT f.broken THEN '{Reason.INCOMPLETE_COVERAGE}' END AS doubt
FROM flow AS f LEFT JOIN known AS k ON k.host = f.host LEFT JOIN stray AS s ON s.place = f.place"""

    def _agreed(self) -> str:
        """Return what was agreed as literal rows: a destination, a field, and the most bytes of one flow."""
        listed = [
            (
                sql.text(spelt),
                sql.text(sql.tidy(field).lower()),
                "NULL" if agreed.max_bytes is None else str(agreed.max_bytes),
            )
            for host, agreed in sorted(self.allow.items())
            for spelt in _spellings(host)
            for field in sorted(set(agreed.fields))
        ]
        return sql.rows("agreed", ("host", "field", "max_bytes"), listed)

    def members(self) -> str:
        """Return nothing: no object is followed in time, the flows are counted."""
        return f"SELECT '{LOG}' AS subject, {self.scope.start} AS low, {self.scope.end} AS high WHERE 1 = 0"

    def demands(self) -> tuple[Demand, ...]:
        """Return nothing further."""
        return ()

    def reach(self, query: Query) -> Reach:
        """Return whether an independent meter at the boundary counted exactly these flows.

        A counted silence, or flows to the customer alone, show that no telemetry was sent: nothing was exercised.
        """
        found = count_log(query, self.scope, LOG)
        judged, rows = query("SELECT count(CASE WHEN outcome <> 'excused' THEN 1 END), count(*) FROM classified")[0]
        gaps = set(found.gaps)
        if not rows and found.expected is None:
            gaps.add(Reason.NO_EVIDENCE)
        return Reach(
            coverage=found.coverage,
            gaps=frozenset(gaps),
            expected=found.expected,
            observed=found.observed,
            not_exercised=not gaps and not judged,
            assurance=None if gaps else Assurance.CORROBORATED,
        )


def _machine(stated: str) -> str:
    """Return the host of an address such as `https://host:443/path`; who is named before an @ is not taken for it."""
    bare = f"CASE WHEN contains({stated}, '://') THEN split_part({stated}, '://', 2) ELSE {stated} END"
    return f"CASE WHEN NOT contains({stated}, '@') THEN split_part(split_part({bare}, '/', 1), ':', 1) END"


def _spellings(host: str) -> tuple[str, str]:
    """Return a host as it is compared: in lower case, without and with the dot that ends a full name."""
    bare = sql.tidy(host).lower().rstrip(".")
    return bare, f"{bare}."
