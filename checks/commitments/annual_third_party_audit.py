"""`annual-third-party-audit`: an independent auditor affirms, every so many months, what became of the data."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.report_interval import ReportInterval
from checks.terms import Months

Stated = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class AnnualThirdPartyAudit(Commitment):
    """A report follows the one before within `max_interval`, counted by the calendar; the anniversary is in time."""

    kind: Literal["annual-third-party-audit"]
    max_interval: Months = Field(description="the longest time from one report's issue to the next, such as 12mo")
    assertions: tuple[Stated, ...] = Field(
        min_length=1,
        description="what each report states, word for word; `independence` and `method` are about the report",
    )
    affiliates: tuple[Stated, ...] = Field(default=(), description="companies of the vendor's group: no auditors")

    title: ClassVar[str] = "Independent audit in time"
    needs: ClassVar[tuple[Need, ...]] = (Need("documents"),)
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "invoke the audit right at the vendor's cost")
    regulations: ClassVar[tuple[str, ...]] = (
        "GDPR 28(3)(h)",
        "DORA 28(6)",
        "DORA 30(3)(e)",
        "Regulation (EU) 2024/1773 8(2)-(3)",
        "ISO/IEC 27001:2022 A.5.35",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "From the issue of one report to the issue of the next, and from the clause's first day to the first, pass at "
        "most so many calendar months: two reports in successive calendar years can lie 23 months apart. A report "
        "counts when its file and signature are genuine, its opinion is unqualified, it names the contracted services, "
        "makes every assertion without exceptions and is not by the vendor, a named affiliate or somebody who bears "
        "the vendor's name. A general SOC 2 report is another kind of document: it asserts nothing of this customer. "
        "What a report examined must join what the one before examined. An overdue report breaks the promise, and so "
        "does one that denies an assertion by leaving it out; where it only does not state its `independence` or "
        "`method`, or a doubtful one might have come in time, or none was ever supplied, it is unproven."
    )

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"an independent report at least every {self.max_interval.text}: {', '.join(self.assertions)}"

    def test(self) -> str:
        """Return what is compared."""
        return (
            "Compared each report's date of issue with the one before and the clause's start, and its opinion, scope, "
            "assertions, auditor and examined period with the contract"
        )

    def kernel(self, scope: Scope) -> ReportInterval:
        """Return the interval kernel over the vendor's audit reports."""
        return ReportInterval(scope, self.max_interval.months, self.assertions, self.affiliates)


COMMITMENT = AnnualThirdPartyAudit
