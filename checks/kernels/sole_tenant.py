"""Whether an environment is the customer's alone: its resources, who enters it, and the hosts beneath it."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import Query, Reach
from checks.kernels.access_sessions import LOG, count_log
from checks.kernels.allow_list import Demand
from checks.kernels.document_texts import contains_all, empty
from checks.kernels.document_valid import DocumentValid, Issuer, Requirement
from checks.kernels.present import incomplete
from checks.kernels.stored_systems import readable_inventory, surely_in_scope, system_members, systems_in_scope
from evidence.model import Assurance, Coverage, Reason

ATTESTATION = "tenancy-attestation"
#: What the attestation must assert, word for word.
ASSERTION = "dedicated_hosts"
#: Those of whom one alone must vouch for the whole period.
ISSUERS: tuple[Issuer, ...] = ("holder", "another")


@dataclass(frozen=True, slots=True)
class SoleTenant:
    """Snapshots of every resource, every entry, and a statement about the hosts that the customer cannot see.

    Another tenant on a resource of the environment breaks the promise, and so does anybody who enters and is neither
    the customer, nor approved, nor the vendor, whose own staff is judged by another promise. On a resource that only
    our own snapshots place in the environment, another tenant must have been seen at the same instant.
    """

    scope: Scope
    tenants: tuple[str, ...]
    approved: tuple[str, ...]
    systems: tuple[str, ...]

    noun = "observations"
    silences = ()

    def rows(self) -> str:
        """Return one row per resource, tenant and snapshot, one per entry, and one per statement about the hosts."""
        return f"WITH {self._seen()}\n{self._resources()}\nUNION ALL\n{self._entries()}\n{self._statements()}"

    def _seen(self) -> str:
        return f"""
system AS ({systems_in_scope(self.scope, self.systems)}),
seen AS (SELECT *, {sql.one_of("tenant_id", self.tenants)} AS ours FROM tenancy)"""

    def _resources(self) -> str:
        stamp = f"coalesce(CAST(observed_at AS VARCHAR), {sql.identity('NULL')})"
        return f"""
SELECT coalesce(resource_id, '') AS subject,
  coalesce(resource_id, '') || '/' || coalesce(tenant_id, '') || '/' || {stamp} AS record,
  observed_at AS moment, artefact, (NOT ours AND (beside OR placed)) AS outside,
  (ours AND isolation = 'dedicated') AS inside, 1 = 0 AS excused, broken,
  resource_id || ' is used by ' || tenant_id AS why,
  CASE WHEN broken THEN '{Reason.UNREADABLE_ROWS}' WHEN ours THEN '{Reason.INCOMPLETE_COVERAGE}'
       ELSE '{Reason.CONTRADICTED}' END AS doubt
FROM (
  SELECT *, {incomplete("tenancy")} AS broken,
    max(CASE WHEN ours THEN 1 ELSE 0 END) OVER (PARTITION BY resource_id, observed_at) = 1 AS beside,
    resource_id IN (SELECT resource_id FROM seen WHERE ours) AS used,
    {surely_in_scope("s.resource_id", "s.observed_at")} AS placed
  FROM seen AS s) AS found
WHERE resource_id IS NULL OR tenant_id IS NULL OR observed_at IS NULL OR used OR placed"""

    def _entries(self) -> str:
        """Sessions of the period; those that began before it are not among those that a meter counted in it.

        One from before may have been over when the period began, if its end is not stated or cannot be: an end before
        the start, or after what is known.
        """
        vendor = sql.same("principal_org", self.scope.vendor)
        welcome = sql.one_of("principal_org", (*self.scope.customer, *self.tenants, *self.approved))
        names = (self.scope.vendor, *self.scope.customer[:1])
        akin = f"({' OR '.join(sql.spelt_like('principal_org', name) for name in names)})"
        start = self.scope.start
        known = f"coalesce(ended_at >= started_at AND ended_at <= {self.scope.as_of}, false)"
        return f"""
SELECT CASE WHEN started_at < {start} THEN 'session from before' ELSE '{LOG}' END, {sql.identity("event_id")},
  greatest(started_at, {start}), artefact,
  (NOT welcome AND NOT vendor AND NOT akin AND (started_at >= {start} OR {known})), welcome, vendor,
  {incomplete("access_events")},
  CASE WHEN welcome THEN '' WHEN vendor THEN 'the vendor itself' ELSE principal_org || ' entered' END,
  '{Reason.UNREADABLE_ROWS}'
FROM (SELECT *, {welcome} AS welcome, {vendor} AS vendor, {akin} AS akin FROM access_events) AS entry
WHERE started_at IS NULL OR started_at >= {start} OR ended_at > {start} OR NOT {known}"""

    def _statements(self) -> str:
        """Return the statements, whoever made them."""
        return f"""
UNION ALL
SELECT 'hosts', record, {self.scope.start}, artefact, outcome = 'violation', outcome = 'ok', outcome = 'excused', 1 = 0,
  why, CASE WHEN outcome = 'unknown' THEN why END
FROM (WITH {self._hosts("either").ctes()} SELECT record, artefact, outcome, why FROM judged) AS statement"""

    def _hosts(self, issued_by: Issuer) -> DocumentValid:
        """Return what makes a statement about the hosts count: of the vendor, or of somebody who examined them."""
        return DocumentValid(
            self.scope,
            kind=ATTESTATION,
            covers=("period_start", "period_end"),
            requirements=(
                Requirement(contains_all("assertions", (ASSERTION,)), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(contains_all("services", self.scope.services), "unusable", Reason.INCOMPLETE_COVERAGE),
                Requirement(f"{empty('exceptions')} AND {empty('carve_outs')}", "unknown", Reason.INCOMPLETE_COVERAGE),
                Requirement("issued_on >= last_day", "unusable", Reason.UNREADABLE_ROWS),
            ),
            assurance=Assurance.ATTESTED,
            issued_by=issued_by,
        )

    def members(self) -> str:
        """Return every system in scope, and what else was seen with the customer, or at another time than stated."""
        return f"WITH {self._seen()},{system_members(self.scope, 'seen', 'n.ours')}"

    def demands(self) -> tuple[Demand, ...]:
        """Return that the inventory is readable."""
        return (readable_inventory(),)

    def reach(self, query: Query) -> Reach:
        """Return whether all entries were counted, and whether one sort of statement covers the hosts throughout."""
        counted = count_log(query, self.scope)
        stated = [self._hosts(issuer).reach(query) for issuer in ISSUERS]
        whole = [r for r in stated if not r.gaps and all(c.covered for c in r.coverage)]
        gaps = set(counted.gaps)
        if not whole:
            gaps |= frozenset[Reason]().union(*(r.gaps for r in stated)) - {Reason.UNTRUSTED_EVIDENCE}
            gaps |= {Reason.UNTRUSTED_EVIDENCE} if all(Reason.UNTRUSTED_EVIDENCE in r.gaps for r in stated) else set()
        note = "" if whole else "nothing says throughout the period that the hosts are dedicated"
        hosts = Coverage(subject="hosts", covered=bool(whole), note=note)
        return Reach(coverage=(*counted.coverage, hosts), gaps=frozenset(gaps), assurance=Assurance.ATTESTED)
