"""Activities outside the agreed countries, and the consents that may allow them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.consent_precedes import consents
from checks.kernels.set_membership import SYSTEM, Located
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
        """Return one row per activity and per inventoried place."""
        return f"""
WITH placed AS (SELECT * FROM ({self.places.classify()}) AS every_place),
detail AS (
  SELECT coalesce(activity, '') AS subject, {sql.identity("activity_id")} AS record,
    coalesce(min(region_code), '') AS region_code, coalesce(min(request_id), '') AS request_id,
    max(CASE WHEN activity_id IS NULL OR provider IS NULL THEN 1 ELSE 0 END) AS flaws,
    max(CASE WHEN {sql.defective()} THEN 1 ELSE 0 END) AS torn
  FROM processing_activity GROUP BY 1, 2),
stay AS (SELECT record, region_code, until FROM ({self.places.stays()}) AS every_stay)
SELECT p.subject, p.record, p.moment, coalesce(s.until, p.moment) AS until, CAST(NULL AS VARCHAR) AS link, p.artefact,
  CASE WHEN p.outcome IN ('ok', 'violation') AND d.flaws = 1 THEN 'unknown'
       WHEN p.outcome = 'violation' THEN 'judged' ELSE p.outcome END AS state,
  CASE WHEN p.outcome IN ('ok', 'violation') AND d.flaws = 1 THEN '{Reason.UNREADABLE_ROWS}'
       WHEN p.outcome <> 'violation' THEN p.why END AS doubt,
  coalesce(d.flaws = 1 OR d.torn = 1, false) AS broken, 1 = 1 AS provable, p.why AS place,
  lower(coalesce(s.region_code, d.region_code, '')) AS region_code, coalesce(d.request_id, '') AS request_id
FROM placed AS p LEFT JOIN detail AS d ON d.subject = p.subject AND d.record = p.record
LEFT JOIN stay AS s ON p.subject = '{SYSTEM}' AND s.record = p.record
  AND contains(p.why, '(' || s.region_code || ')')"""

    def permissions(self) -> str:
        """Return the consents for the purpose."""
        return consents(self.purpose, self.scope.vendor, self.scope.consent_offices)

    def scope_fits(self) -> str:
        """Return the condition that the consent names the country, the region, the request or the activity."""
        named = "p.scope IN (e.record, e.request_id) OR lower(p.scope) = e.region_code"
        return f"({named} OR starts_with(e.place, p.scope || ' ('))"

    def needs_register(self) -> str:
        """Return that no transfer waits for the register: it is the customer's own, and silence is not consent."""
        return "1 = 0"

    def reach(self, query: Query) -> Reach:
        """Return the reach of the located activities; a subprocessor in a consented country contradicts nothing."""
        given = sql.valid_consents(self.purpose, self.scope.vendor, self.scope.consent_offices)
        consented = query(
            f"SELECT DISTINCT scope FROM ({given}) AS given WHERE granted_at <= {self.scope.start} "
            f"AND (expires_at IS NULL OR expires_at >= {self.scope.end}) ORDER BY scope"
        )
        wider = replace(self.places, allowed=(*self.places.allowed, *(r[0] for r in consented)))
        return wider.reach(query)
