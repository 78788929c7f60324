"""`termination-for-convenience`: the customer may leave with a notice, for a fee that the contract fixes."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from checks.amounts import Amount, Money
from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.deadline import denial
from checks.kernels.right_clock import RightClock
from checks.terms import UNITS, Exact, decimal_units


class TerminationForConvenience(Commitment):
    """The contract ends no sooner than `notice` after the notice, and the fee is at most `fee_months` monthly fees."""

    kind: Literal["termination-for-convenience"]
    notice: Exact = Field(description="from the notice to the end, in whole days, such as 60d; inclusive")
    counted_from: Literal["sent", "received"] = Field(description="the date of the notice from which days are counted")
    fee_months: int = Field(ge=0, le=120, description="how many monthly fees the termination costs at most")
    monthly_fee: Amount = Field(description="the fee of one month as the contract fixes it, such as 850000.00 EUR")

    title: ClassVar[str] = "The customer may leave with notice, for a fixed fee"
    needs: ClassVar[tuple[Need, ...]] = (
        Need("terminations", required=False),
        Need("invoice_lines", required=False),
        Need("log_totals", required=False),
        Need("documents", required=False),
    )
    remedy: ClassVar[Remedy] = Remedy("PLAYBOOK", "the fee is the agreed number of monthly fees; refuse the rest")
    regulations: ClassVar[tuple[str, ...]] = (
        "DORA 28(7)-(8), 30(2)(h)",
        "ISO/IEC 27001:2022 A.5.23",
        "SOC 2 CC9.2",
    )
    explanation: ClassVar[str] = (
        "Days are counted between dates, from the one that the contract names (a notice may be sent and received on "
        "different days); the day of the notice is not one of them, and the last day of the notice is enough. The fee "
        "is the sum of all invoice lines charged or credited for the termination: two invoices are one fee. An "
        "independent count (`log_totals` of `invoice_lines`, such as that of accounts payable) must know all lines of "
        "the period. No invoice yet leaves the fee unproven. What is charged under another name, without naming the "
        "termination, is not seen. That nobody left is not exercised only if the vendor signed so (a negative "
        "statement with `no_termination`)."
    )

    @field_validator("notice")
    @classmethod
    def _whole_days(cls, notice: Exact) -> Exact:
        if notice.microseconds % UNITS["d"]:
            raise ValueError("a notice is counted in whole days (d)")
        return notice

    @property
    def fee(self) -> Money:
        """Return the most that a termination may cost."""
        minor = self.fee_months * self.monthly_fee.minor
        text = f"{decimal_units(minor, self.monthly_fee.scale)} {self.monthly_fee.currency}"
        return replace(self.monthly_fee, text=text, minor=minor)

    def promise(self) -> str:
        """Return the promise in one line."""
        return f"termination for convenience with {self.notice.text} notice for at most {self.fee.text}"

    def test(self) -> str:
        """Return what is compared."""
        return (
            f"Counted the days from the date each notice was {self.counted_from} to the end of the contract, and added "
            "up every invoice line for the termination"
        )

    def kernel(self, scope: Scope) -> RightClock:
        """Return the right-clock kernel over terminations and invoices."""
        days = self.notice.microseconds // UNITS["d"]
        return RightClock(scope, days, self.counted_from, self.fee, denial(scope, "no_termination"))


COMMITMENT = TerminationForConvenience
