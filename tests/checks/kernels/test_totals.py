"""How many totals of meters one audit looks at: those of many systems are one total a meter and interval."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kernels import retention_mode
from evidence.model import Reason, Status
from tests.metamorphic.desk import Desk, base, in_files

KIND = "zero-data-retention"


@pytest.mark.parametrize(
    ("limit", "status", "reasons"),
    [(4, Status.MET, set()), (3, Status.UNPROVEN, {Reason.ENGINE_ERROR})],
)
def test_the_meters_of_many_systems_do_not_use_up_the_limit(
    limit: int, status: Status, reasons: set[Reason], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = base(KIND)
    total = rows["usage_totals"][1]
    rows["usage_totals"] += [total | {"meter": "proxy", "system_id": f"s{n}", "value": n} for n in range(20)]
    monkeypatch.setattr(retention_mode, "MAX_TOTALS", limit)
    finding = Desk(tmp_path).audit(KIND, in_files(rows))
    assert (finding.status, set(finding.reasons)) == (status, reasons)
