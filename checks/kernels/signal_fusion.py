"""`signal-fusion`: weak, independent legs; one positive leg breaks the promise, all together only support it."""

from __future__ import annotations

from dataclasses import dataclass

from checks import sql
from checks.commitment import Scope
from checks.kernel import CLASSIFIED, Query, Reach, Silence
from checks.kernels.document_valid import DocumentValid
from checks.kernels.silence import attestations
from evidence.model import Assurance, Coverage, Reason

#: Settings that say content may be used for training, and whether "on" means that it may.
SETTINGS = {"training_opt_out": False, "training_opt_in": True, "training": True, "data_sharing": True}
ON = ("true", "on", "yes", "enabled")
OFF = ("false", "off", "no", "disabled")
OPTED_IN = ("opted_in", "opted-in")
OPTED_OUT = ("opted_out", "opted-out")
#: The name of a setting, spelt as above.
_NAME = "replace(replace(lower(setting), '-', '_'), ' ', '_')"
#: Purposes of an access, spelt without spaces and dashes; whatever is in neither list is unknown.
TRAINING_PURPOSES = (
    "training",
    "train",
    "modeltraining",
    "finetuning",
    "finetune",
    "modelimprovement",
    "productimprovement",
    "rlhf",
    "evaluation",
)
BENIGN_PURPOSES = (
    "abusereview",
    "backup",
    "billing",
    "customerrequest",
    "debugging",
    "deletion",
    "incident",
    "incidentresponse",
    "legal",
    "maintenance",
    "migration",
    "monitoring",
    "operations",
    "security",
    "service",
    "support",
    "troubleshooting",
)
#: Scopes whose settings speak for the whole customer.
WHOLE = ("account", "org", "organisation", "organization", "tenant")
#: The chance of one false alarm over all canaries together (Bonferroni), as one in this many.
CANARY_ALPHA = 1000


@dataclass(frozen=True, slots=True)
class SignalFusion:
    """Judge training use from an attestation, an independent report and technical signals.

    Absence of a signal is never proof, so the assurance is that of the attestation however many legs are clean.
    """

    scope: Scope
    require: tuple[str, ...]
    attestation: DocumentValid
    report: DocumentValid

    name = "signal-fusion"
    noun = "signals"
    #: How rare a planted phrase's rank is depends on how many were probed.
    silences = (Silence(("canary_probes",), "subject = 'canary'"),)
    measure = None

    def classify(self) -> str:
        """Return the rows of every leg: documents, setting snapshots, manifest entries, canaries and accesses."""
        columns = ", ".join(CLASSIFIED)
        documents = [
            f"SELECT * FROM (WITH {leg.ctes()} SELECT {columns} FROM judged)" for leg in (self.attestation, self.report)
        ]
        signals = (self._settings(), self._manifest(), self._canaries(), self._accesses())
        return f"""
WITH signal AS ({" UNION ALL ".join(signals)}),
leg AS (
  {" UNION ALL ".join(documents)}
  UNION ALL SELECT subject, record, moment,
    CASE WHEN fault IS NOT NULL THEN 'violation' WHEN doubt IS NOT NULL THEN 'unknown' ELSE 'ok' END,
    coalesce(fault, doubt, ''), CAST(NULL AS BIGINT), artefact FROM signal)
{sql.worst_per_record("leg")}"""

    def _settings(self) -> str:
        """Return the snapshots of settings of training; one of an unknown name, or told both ways, shows nothing."""
        values = {s: (*OPTED_IN, *(ON if on_is_bad else OFF)) for s, on_is_bad in SETTINGS.items()}
        allowing = sql.texts(f"{setting} = {value}" for setting, listed in values.items() for value in listed)
        unread = (
            f"{sql.defective()} OR setting IS NULL OR captured_at IS NULL OR scope IS NULL "
            f"OR captured_at > {self.scope.as_of} OR {_NAME} NOT IN {sql.texts(SETTINGS)} "
            f"OR NOT coalesce(lower(value) IN {sql.texts((*ON, *OFF, *OPTED_IN, *OPTED_OUT))}, false)"
        )
        at_once = "OVER (PARTITION BY setting, scope, captured_at)"
        return f"""
SELECT 'settings' AS subject, coalesce(setting, '') || '/' || coalesce(scope, '') || '/' ||
       coalesce(CAST(captured_at AS VARCHAR), artefact || '#' || CAST(row AS VARCHAR)) AS record, captured_at AS moment,
  CASE WHEN allows = 1 AND always = 1 THEN setting || ' = ' || value END AS fault,
  CASE WHEN unread THEN '{Reason.UNREADABLE_ROWS}' WHEN allows <> always THEN '{Reason.CONTRADICTED}' END AS doubt,
  artefact
FROM (SELECT *, min(allows) {at_once} AS always FROM (
  SELECT *, CASE WHEN unread THEN NULL WHEN {_NAME} || ' = ' || lower(value) IN {allowing} THEN 1 ELSE 0 END AS allows
  FROM (SELECT *, {unread} AS unread FROM settings) AS snapshot) AS told) AS judged
WHERE (setting IS NULL OR {_NAME} IN {sql.texts(SETTINGS)} OR contains('_' || {_NAME}, '_train'))
  AND (captured_at IS NULL OR (captured_at >= {self.scope.start} AND captured_at < {self.scope.end}))"""

    def _manifest(self) -> str:
        """Return the entries of the manifest; what was in it before our own capture or the clause is none of ours.

        A tenant whose name holds the customer's may be another one of it. Of a set without a cutoff only what was
        captured under the clause was put there under it.
        """
        unread = (
            f"{sql.defective()} OR dataset_id IS NULL OR cutoff IS NULL OR cutoff > {self.scope.as_of} "
            f"OR ({_digest('m.content_hash')} IS NULL AND (m.content_hash IS NOT NULL OR tenant_id IS NULL))"
        )
        spaced = "replace(replace(tenant_id, '-', ' '), '_', ' ')"
        akin = f"coalesce({sql.bears_name_of(spaced, self.scope.customer[0])}, false)"
        return f"""
SELECT 'manifest', coalesce(dataset_id, '') || '/' || coalesce(m.content_hash, tenant_id,
       artefact || '#' || CAST(row AS VARCHAR)), cutoff,
  CASE WHEN coalesce(cutoff, o.first_at) >= {self.scope.since} AND o.first_at <= coalesce(cutoff, o.first_at)
         THEN 'customer content in a training set'
       WHEN cutoff BETWEEN {self.scope.since} AND {self.scope.as_of} AND {sql.one_of("tenant_id", self.scope.customer)}
         THEN 'customer in a training set' END,
  CASE WHEN {unread} THEN '{Reason.UNREADABLE_ROWS}' WHEN o.digest IS NOT NULL
         OR {sql.one_of("tenant_id", self.scope.customer)} THEN '{Reason.CONTRADICTED}'
       WHEN {akin} THEN '{Reason.INCOMPLETE_COVERAGE}' END, artefact
FROM training_manifest AS m LEFT JOIN (
  SELECT {_digest("content_hash")} AS digest,
    CASE WHEN count(captured_at) = count(*) THEN min(captured_at) END AS first_at
  FROM content_hashes GROUP BY 1) AS o
  ON o.digest = {_digest("m.content_hash")}"""

    def _canaries(self) -> str:
        return f"""
SELECT 'canary', record, probed_at,
  CASE WHEN broken THEN NULL
       WHEN rank * probes * {CANARY_ALPHA} <= controls + 1 THEN 'the model knows a planted phrase' END,
  CASE WHEN broken THEN '{Reason.UNREADABLE_ROWS}' WHEN rank = 1 THEN '{Reason.CONTRADICTED}'
       WHEN probes * {CANARY_ALPHA} > controls + 1 THEN '{Reason.INCOMPLETE_COVERAGE}' END, artefact
FROM (SELECT *, count(*) OVER () AS probes FROM (
  SELECT coalesce(canary_id, artefact || '#' || CAST(row AS VARCHAR)) || '/' || coalesce(model, '') || '/' ||
         coalesce(CAST(probed_at AS VARCHAR), '') AS record, probed_at, min(rank) AS rank, min(controls) AS controls,
         min(artefact) AS artefact,
         bool_or({sql.defective()} OR canary_id IS NULL OR committed_hash IS NULL OR model IS NULL
                 OR planted_at IS NULL OR probed_at IS NULL OR planted_at > probed_at OR rank IS NULL OR rank < 1
                 OR controls IS NULL OR controls < 1 OR rank > controls + 1) AS broken
  FROM canary_probes WHERE coalesce(planted_at, 0) < {self.scope.end}
    AND (probed_at IS NULL OR (probed_at >= {self.scope.start} AND probed_at <= {self.scope.as_of}))
  GROUP BY 1, 2) AS once) AS probe"""

    def _accesses(self) -> str:
        """Return the accesses of others than the customer for training or for what nobody knows.

        One that is told with another purpose or somebody else besides may have been for that, and somebody who bears
        the customer's name, and not the vendor's, may be the customer. One from before the period whose end cannot be
        may have reached into it.
        """
        vendor = sql.same("principal_org", self.scope.vendor)
        group = f"({vendor} OR {sql.bears_name_of('principal_org', self.scope.vendor)})"
        customer = sql.one_of("principal_org", self.scope.customer)
        akin = f"coalesce({sql.bears_name_of('principal_org', self.scope.customer[0])} AND NOT {group}, false)"
        purpose = "replace(replace(replace(lower(purpose), '-', ''), '_', ''), ' ', '')"
        reaches = f"greatest(ended_at, started_at) >= {self.scope.start}"
        within = f"started_at < {self.scope.end} AND ({reaches} OR ended_at < started_at)"
        certain = f"started_at <= {self.scope.as_of} AND {reaches} AND principal_org IS NOT NULL AND retold IS NULL"
        return f"""
SELECT 'access', {sql.identity("event_id")}, started_at,
  CASE WHEN {purpose} IN {sql.texts(TRAINING_PURPOSES)} AND {certain} AND NOT {akin} THEN 'access for ' || purpose END,
  CASE WHEN retold IS NOT NULL THEN '{Reason.CONTRADICTED}' WHEN {akin} THEN '{Reason.INCOMPLETE_COVERAGE}'
       ELSE '{Reason.UNREADABLE_ROWS}' END, artefact
FROM access_events LEFT JOIN (
  SELECT event_id AS retold FROM access_events GROUP BY event_id
  HAVING min({purpose}) <> max({purpose}) OR min(lower(principal_org)) <> max(lower(principal_org))) AS twice
  ON twice.retold = event_id
WHERE (purpose IS NULL OR {purpose} NOT IN {sql.texts(BENIGN_PURPOSES)}) AND (started_at IS NULL OR ({within}))
  AND NOT coalesce({customer} AND NOT {vendor}, false)"""

    def reach(self, query: Query) -> Reach:
        """Return per required leg whether its evidence covers the period."""
        documents = {"attestation": self.attestation.reach(query), "independent_report": self.report.reach(query)}
        signals = {"settings": self._settings_gap, "manifest": self._manifest_gap, "canary": self._canary_gap}
        coverage, gaps = list[Coverage](), set[Reason]()
        for leg in sorted({*self.require, *documents}):
            if leg in documents:
                found = documents[leg]
                coverage.append(found.coverage[0].model_copy(update={"subject": leg}))
                gaps |= found.gaps
            else:
                reason, note = signals[leg](query)
                coverage.append(Coverage(subject=leg, covered=reason is None, note=note))
                gaps |= {reason} if reason else set()
        return Reach(
            coverage=tuple(coverage),
            gaps=frozenset(gaps),
            provisional=any(d.provisional for d in documents.values()),
            assurance=Assurance.ATTESTED,
            contradicting=attestations(query, self.attestation.kind),
        )

    def _settings_gap(self, query: Query) -> tuple[Reason | None, str]:
        days = query(
            f"SELECT {_NAME} || '/' || scope, count(DISTINCT floor(captured_at / {sql.DAY})) FROM settings "
            f"WHERE {_NAME} IN {sql.texts(SETTINGS)} AND captured_at >= {self.scope.start} "
            f"AND captured_at < {self.scope.end} AND scope IS NOT NULL GROUP BY 1 ORDER BY 1"
        )
        whole = {sql.tidy(s).lower() for s in (*WHOLE, *self.scope.services)}
        wanted = self.attestation.last_day - self.attestation.first_day + 1
        if not any(name.partition("/")[2].lower() in whole for name, _ in days):
            return Reason.NO_EVIDENCE, "no snapshot of a training setting of the whole organisation in the period"
        short = [f"{name}: {n} of {wanted} days" for name, n in days if n < wanted]
        return (Reason.INCOMPLETE_COVERAGE, "; ".join(short[:5])) if short else (None, "")

    def _manifest_gap(self, query: Query) -> tuple[Reason | None, str]:
        entries, cutoff = query("SELECT count(*), max(cutoff) FROM training_manifest")[0]
        hashes, unread = query(
            f"SELECT count(CASE WHEN captured_at >= {self.scope.start} AND captured_at < {self.scope.end} THEN 1 END), "
            f"count(CASE WHEN {_digest('content_hash')} IS NULL OR captured_at IS NULL OR {sql.defective()} "
            "THEN 1 END) "
            "FROM content_hashes"
        )[0]
        if not entries or not hashes:
            return Reason.NO_EVIDENCE, "no training manifest" if not entries else "no digests of the period's content"
        if unread:
            return Reason.UNREADABLE_ROWS, f"{unread} digests of own content cannot be read"
        if self._unlike(query):
            return Reason.INCOMPLETE_COVERAGE, "the manifest holds digests of another kind than those of own content"
        if cutoff is None or cutoff < self.attestation.last_day * sql.DAY:
            return Reason.STALE, "the training manifest ends before the period does"
        return None, ""

    def _unlike(self, query: Query) -> bool:
        """Digests of two lengths never match, whatever was hashed: such a manifest was compared with nothing."""
        size = f"length({_digest('content_hash')})"
        own = f"SELECT {size} FROM content_hashes WHERE {size} IS NOT NULL"
        return bool(query(f"SELECT count(*) FROM training_manifest WHERE {size} NOT IN ({own})")[0][0])

    def _canary_gap(self, query: Query) -> tuple[Reason | None, str]:
        probes = query("SELECT count(*) FROM classified WHERE subject = 'canary'")[0][0]
        return (None, "") if probes else (Reason.NO_EVIDENCE, "no canary was probed since the period began")


def _digest(column: str) -> str:
    """Return a digest in one form, lower-case hexadecimal without a prefix, or null when it is none."""
    bare = f"replace(lower({column}), 'sha256:', '')"
    return f"(CASE WHEN regexp_matches({bare}, '^[0-9a-f]{{4,128}}$') THEN {bare} END)"
