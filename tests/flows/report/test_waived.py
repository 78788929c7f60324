"""A waiver in the report: who, why and until when, beside a status that stays."""

from __future__ import annotations

from datetime import date

import pytest

from evidence.model import Waiver, WaiverState
from flows.report.html import render
from tests.flows.report.subjects import broken


@pytest.mark.parametrize(
    ("state", "shown"), [("active", "Waived"), ("expired", "Waiver expired"), ("reopened", "Waiver reopened")]
)
def test_a_waiver_is_shown_beside_the_breach_it_does_not_hide(state: str, shown: str) -> None:
    subject = broken()
    waiver = Waiver(
        author="Analyst <b>",
        approver="CISO office",
        reason="fixed in July",
        granted_on=date(2025, 7, 1),
        expires_on=date(2025, 12, 31),
        state=WaiverState(state),
    )
    first, *rest = subject.result.findings
    result = subject.result.model_copy(update={"findings": (first.model_copy(update={"waived": waiver}), *rest)})
    page = render(type(subject)(**{f: getattr(subject, f) for f in subject.__slots__} | {"result": result})).decode()
    assert shown in page
    assert "accepted by CISO office for Analyst &lt;b&gt; from 2025-07-01 to 2025-12-31: fixed in July" in page
    assert "Breached" in page
