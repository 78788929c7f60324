"""A new kind of promise is one new file: found by itself, read from a contract and judged, no other file touched."""

from __future__ import annotations

import importlib
import sys
from datetime import UTC, datetime

import pytest

from checks.commitments import discover
from evidence.errors import BadInput
from evidence.model import Period
from tests.world import audit_rows, contract_of

PACKAGE = "package_of_a_new_kind"
MODULE = '''
from typing import ClassVar, Literal

from pydantic import Field

from checks.commitment import Commitment, Need, Remedy, Scope
from checks.kernels.max_age import MaxAge
from checks.terms import Exact


class ScratchSpaceLimit(Commitment):
    """The vendor empties its scratch space within `max_age`."""

    kind: Literal["scratch-space-limit"]
    max_age: Exact = Field(description="the longest anything may lie there")

    title: ClassVar[str] = "Scratch space is emptied within the limit"
    needs: ClassVar[tuple[Need, ...]] = (Need("data_lifecycle"), Need("system_inventory"), Need("usage_totals"))
    remedy: ClassVar[Remedy] = Remedy("DEFAULT", "notice")
    explanation: ClassVar[str] = "The age of a record is its deletion minus its capture."

    def promise(self) -> str:
        return f"scratch space emptied within {self.max_age.text}"

    def test(self) -> str:
        return "Recomputed the age of every record"

    def kernel(self, scope: Scope) -> MaxAge:
        return MaxAge(scope, self.max_age, ("derived",), ("scratch",), None)


COMMITMENT = ScratchSpaceLimit
'''
TERMS = {"max_age": "1h"}
JUNE_1 = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 6, 2, tzinfo=UTC))
LATER = datetime(2025, 6, 10, tzinfo=UTC)


@pytest.fixture
def kinds(tmp_path, monkeypatch):
    """Return the kinds of the product and of a package with one new module."""
    package = tmp_path / "new" / PACKAGE
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "scratch_space_limit.py").write_text(MODULE)
    monkeypatch.syspath_prepend(package.parent)
    yield discover(("checks.commitments", PACKAGE))
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]
    importlib.invalidate_caches()


def world(deleted_at):
    record = {"system_id": "scratch", "record_id": "r1", "content_class": "derived", "delete_kind": "hard"}
    whole = {"period_start": "2025-06-01T00:00:00Z", "period_end": "2025-06-02T00:00:00Z"}
    return {
        "system_inventory": [{"system_id": "scratch", "kind": "store", "holds_content": True, "in_scope": True}],
        "usage_totals": [{"meter": "gateway", "metric": "requests", "value": 1} | whole],
        "data_lifecycle": [record | {"captured_at": "2025-06-01T10:00:00Z", "deleted_at": deleted_at}],
    }


@pytest.mark.parametrize(
    ("deleted_at", "status"), [("2025-06-01T11:00:00Z", "met"), ("2025-06-01T11:00:01Z", "breached")]
)
def test_one_new_file_makes_a_kind_that_is_judged(kinds, tmp_path, deleted_at, status):
    contract = contract_of("scratch-space-limit", TERMS, kinds)
    finding = audit_rows(tmp_path, contract, world(deleted_at), JUNE_1, LATER)
    assert finding.status == status, finding.because
    assert finding.kind == "scratch-space-limit"


def test_a_new_kind_does_not_displace_another(kinds):
    assert kinds.keys() - discover().keys() == {"scratch-space-limit"}


def test_the_terms_of_a_new_kind_are_checked_like_any_others(kinds):
    with pytest.raises(BadInput, match="unit"):
        contract_of("scratch-space-limit", {"max_age": 1}, kinds)


def test_without_its_file_the_kind_is_unknown():
    with pytest.raises(BadInput):
        contract_of("scratch-space-limit", TERMS)
