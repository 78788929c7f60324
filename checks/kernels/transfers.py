"""Activities outside the agreed countries, and the consents that may allow them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.consent_precedes import consents
from checks.kernels.set_membership import NOT_PROCESSED, SYSTEM, Located
from evidence.model import Reason


@dataclass(frozen=True, slots=True)
class Transfers:
    """What the located kernel finds outside; its catalogue, its counting and its doubts are its own.

    An activity inside the agreed countries keeps the promise by itself. One outside needs a consent that names its
    country, its region, its request or itself; a system there needs one for as long as it is there.
    """

    scope: Scope
    places: Located
    purpose: str

    noun = "activities"
    silences = ()

    def events(self) -> str:
        """Return one row per activity and per inventoried place.

        What is said of one activity in two ways may be another transfer than the one that a consent names. A system
        needs a consent for each of its stays.
        """
        return f"""
WITH stay AS ({self.places.stays()}),
placed AS (SELECT * FROM ({self.places.judgement("stay")},
    act AS (SELECT * FROM coded WHERE subject <> '{SYSTEM}')
  {sql.worst_per_record("act")}
  UNION ALL
  SELECT subject, record, moment, outcome, why, measure, artefact FROM coded WHERE subject = '{SYSTEM}') AS every_one),
detail AS (
  SELECT coalesce(activity, '') AS subject, {sql.identity("activity_id")} AS record,
    coalesce(min(region_code), '') AS region_code, coalesce(min(request_id), '') AS request_id,
    bool_or({sql.defective()}) AS torn,
    count(DISTINCT coalesce(lower(provider), '') || ' ' || coalesce(lower(region_code), '') || ' '
          || coalesce(CAST(occurred_at AS VARCHAR), '')) > 1 OR count(DISTINCT request_id) > 1
      OR max(CASE WHEN outcome IN {sql.texts(NOT_PROCESSED)} THEN 1 ELSE 0 END)
         <> min(CASE WHEN outcome IN {sql.texts(NOT_PROCESSED)} THEN 1 ELSE 0 END) AS disputed,
    CASE WHEN bool_or(activity_id IS NULL OR provider IS NULL) THEN '{Reason.UNREADABLE_ROWS}' END AS flaw
  FROM processing_activity GROUP BY 1, 2),
outside AS (
  SELECT p.*, CASE WHEN p.outcome = 'excused' THEN NULL
                   WHEN p.outcome = 'violation' AND d.disputed THEN '{Reason.CONTRADICTED}'
                   ELSE d.flaw END AS flaw, d.torn, d.region_code, d.request_id
  FROM placed AS p LEFT JOIN detail AS d ON d.subject = p.subject AND d.record = p.record)
SELECT p.subject, p.record, p.moment, coalesce(s.until, p.moment) AS until, CAST(NULL AS VARCHAR) AS link, p.artefact,
  CASE WHEN p.flaw IS NOT NULL THEN 'unknown' WHEN p.outcome = 'violation' THEN 'judged' ELSE p.outcome END AS state,
  CASE WHEN p.outcome = 'unknown' THEN p.why ELSE p.flaw END AS doubt,
  coalesce(p.torn, false) AS broken, 1 = 1 AS provable, p.why AS place,
  lower(coalesce(s.region_code, p.region_code, '')) AS region_code, coalesce(p.request_id, '') AS request_id
FROM outside AS p
LEFT JOIN stay AS s ON p.subject = '{SYSTEM}' AND s.record = p.record AND s.since = p.moment
  AND contains(p.why, '(' || s.region_code || ')')"""

    def permissions(self) -> str:
        """Return the consents for the purpose."""
        return consents(self.purpose, self.scope.vendor, self.scope.consent_offices)

    def scope_fits(self) -> str:
        """Return the condition that the consent names the country, the region, the request or the activity."""
        named = "p.scope IN (e.record, e.request_id) OR lower(p.scope) = e.region_code"
        return f"({named} OR starts_with(e.place, upper(p.scope) || ' ('))"

    def needs_register(self) -> str:
        """Return that no transfer waits for the register: it is the customer's own, and silence is not consent."""
        return "1 = 0"

    def reach(self, query: Query) -> Reach:
        """Return the reach of the located activities; a subprocessor in a consented country contradicts nothing."""
        given = sql.valid_consents(self.purpose, self.scope.vendor, self.scope.consent_offices)
        consented = query(
            f"SELECT scope FROM ({given}) AS given WHERE granted_at <= {self.scope.start} "
            f"AND (expires_at IS NULL OR expires_at >= {self.scope.end}) ORDER BY scope"
        )
        wider = replace(self.places, allowed=(*self.places.allowed, *(r[0] for r in consented)))
        return wider.reach(query)
