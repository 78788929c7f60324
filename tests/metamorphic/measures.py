"""What a kind measures, if it measures anything."""

from __future__ import annotations

from datetime import datetime

from checks.commitment import Scope, micros
from checks.kernel import MeasureSpec
from evidence.model import Period
from tests.metamorphic.desk import cases, contract
from tests.world import VENDOR


def measure_of(kind: str) -> MeasureSpec | None:
    """Return the measure of the kernel that judges a kind's base."""
    whole = cases(kind)
    period = Period.model_validate(whole["period"])
    as_of = micros(datetime.fromisoformat(whole["as_of"]))
    scope = Scope(period=period, as_of=as_of, vendor=VENDOR, customer=("Acme Bank SE",), services=("api",))
    return contract(kind).commitments["P"].kernel(scope).measure
