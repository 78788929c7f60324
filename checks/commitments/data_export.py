"""`data-export`: the customer gets its data out, all of it, before the vendor deletes it."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.deadline import denial
from checks.kernels.export_counts import ExportCounts
from checks.terms import Exact


class DataExport(Commitment):
    """Within `due` of every request all records are delivered, intact and readable, and none is deleted before."""

    kind: Literal["data-export"]
    due: Exact = Field(description="how long after the request the export may come, such as 30d; inclusive")
    systems: tuple[str, ...] = Field(min_length=1, description="systems whose data is exported; each needs a count")
    formats: tuple[str, ...] = Field(min_length=1, description="formats that the customer can read, such as jsonl")

    title: ClassVar[str] = "The customer gets its data out"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("export_jobs", required=False),
        Need("usage_totals", required=False),
        Need("deletion_certificates", required=False),
        Need("data_lifecycle", required=False),
        Need("system_inventory", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "withhold the fee until the export is whole")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 20",
        "GDPR 28(3)(g)",
        "DORA 28(8), 30(2)(d)",
        "ISO/IEC 27001:2022 A.5.23",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "Every request needs a delivery by its due instant whose records, counted by the customer in the file itself, "
        "are as many as each independent meter counted for the systems (`records`, by name) over the exported days, "
        "less those deleted before the request; in an agreed format; and with the digest that the vendor stated. Late, "
        "short, altered, unreadable or never delivered breaks the promise, and at once if the vendor has certified the "
        "deletion at exit. A whole export that follows the certified deletion is contradicted. Without a count of "
        "every system and day nothing is proved. That nobody asked is not exercised only if the vendor signed so (a "
        "negative statement with `no_export_request`)."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"a whole export of {', '.join(self.systems)} within {self.due.text} of a request, before any deletion"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared the records, the digest, the format and the time of every delivered export with independent "
            "totals and with the deletion at exit"
        )

    def kernel(self, scope: Scope) -> ExportCounts:
        """Return the reconcile-counts kernel over requests and deliveries."""
        return ExportCounts(scope, self.due, self.systems, self.formats, denial(scope, "no_export_request"))


COMMITMENT = DataExport
