"""Notices by the vendor that a sealed audit holds: each opens or joins the case of its incident, once."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.cases.entry import Exhibited, Origin
from evidence.errors import LimitExceeded, VerificationError
from evidence.trust import Trust
from evidence.verification import VerifiedContent
from evidence.verify import verify
from flows.cases import AUTOMATIC, CaseId, open_or_join
from flows.engagement import Engagement

NOTICES, INCIDENTS = "notices", "incidents"
#: Kinds of notices that speak of an incident; others are about sub-processors, models, vulnerabilities.
OF_INCIDENTS = frozenset({"breach", "incident", "incident-report"})
MAX_TABLE_BYTES = 256 * 1024 * 1024
MAX_NOTICES = 1_000


def asked_for(engagement: Engagement) -> bool:
    """Return whether notices by the vendor open cases: the audit file has `breach`, and a clause needs notices."""
    needed = {need.family for c in engagement.contract.commitments.values() for need in c.needs}
    return engagement.file.breach is not None and NOTICES in needed


def of_stored(engagement: Engagement, name: str, trust: Trust, now: datetime) -> tuple[CaseId, ...]:
    """Open or join the cases of the notices in a stored bundle, which must verify."""
    if not asked_for(engagement):
        return ()
    with tempfile.TemporaryDirectory(prefix="probity-") as folder:
        stored = engagement.store.fetch(name, Path(folder))
        if stored is None:
            raise VerificationError("BUNDLE_MISSING", f"{name}: is not in the store")
        return of_content(engagement, name, verify(stored, trust, at=now).content(), now)


def of_content(engagement: Engagement, name: str, content: VerifiedContent, now: datetime) -> tuple[CaseId, ...]:
    """Open or join the cases of the notices of a verified bundle that were received in or after its period."""
    if not asked_for(engagement):
        return ()
    found = [open_or_join(engagement, origin, now, AUTOMATIC) for origin in _origins(engagement, name, content)]
    return tuple(dict.fromkeys(found))


def _origins(engagement: Engagement, name: str, content: VerifiedContent) -> Iterator[Origin]:
    aware = _aware(_rows(content, INCIDENTS, ("incident_id", "vendor_aware_at", "reported_by")))
    columns = ("notice_id", "kind", "incident_id", "received_at", "artefact")
    vendor, contract = engagement.contract.vendor.name, engagement.contract.id
    listed = {
        row["notice_id"]: row
        for row in _rows(content, NOTICES, columns)
        if row["kind"] in OF_INCIDENTS
        and row["notice_id"]
        and row["received_at"] is not None
        and row["received_at"] >= content.facts.period.start
    }
    if len(listed) > MAX_NOTICES:
        raise LimitExceeded(f"{name}: more than {MAX_NOTICES} notices of incidents in one period")
    for notice, row in sorted(listed.items()):
        incident = row["incident_id"] or notice
        yield Origin(
            id=f"notice/{notice}",
            key=f"notice/{contract}/{incident}",
            kind="notice",
            summary=f"{vendor} gave notice {notice} of incident {incident}",
            seen_at=row["received_at"],
            basis=f"the notice {notice} of {vendor} was received",
            vendor_aware_at=aware.get(incident),
            marks=(notice,),
            evidence=_evidence(name, row["artefact"]),
        )


def _evidence(name: str, artefact: str | None) -> tuple[Exhibited, ...]:
    held = [Exhibited(kind="bundle", name=name), Exhibited(kind="disclosures", name=name)]
    return (*held, Exhibited(kind="artefact", name=artefact)) if artefact else tuple(held)


def _aware(rows: list[Mapping[str, Any]]) -> dict[str, datetime]:
    """Return when the vendor knew of each incident: the earliest that any account of it states."""
    found: dict[str, datetime] = {}
    for row in rows:
        at, incident = row["vendor_aware_at"], row["incident_id"]
        if at is not None and incident:
            found[incident] = min(at, found.get(incident, at))
    return found


def _rows(content: VerifiedContent, family: str, columns: tuple[str, ...]) -> list[Mapping[str, Any]]:
    """Return rows of a sealed table; none where the bundle has no such table. Columns it lacks are None."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - only audits pay for Arrow

    member = f"data/evidence/{family}.parquet"
    if member not in content.names():
        return []
    if content.size(member) > MAX_TABLE_BYTES:
        raise LimitExceeded(f"{member}: larger than {MAX_TABLE_BYTES} bytes")
    file = pq.ParquetFile(io.BytesIO(content.read(member)))
    there = [name for name in columns if name in file.schema_arrow.names]
    rows = file.read(columns=there).to_pylist()
    return [{name: _utc(row.get(name)) for name in columns} for row in rows]


def _utc(value: Any) -> Any:
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
