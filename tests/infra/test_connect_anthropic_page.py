"""The page for connecting Anthropic: its settings are the code's, its examples are accepted as they stand."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from evidence.model import Period
from infra.anthropic_receipts import Happened, Receipts
from infra.sources import discover
from infra.sources.anthropic import Anthropic

PAGE = (Path(__file__).parents[2] / "docs" / "connect-anthropic.md").read_text(encoding="utf-8")
OCTOBER = Period.of(datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC))


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def sources() -> list[dict[str, Any]]:
    written = [block if block.startswith("sources:") else f"sources:\n{block}" for block in blocks("yaml")]
    return [one for block in written for one in YAML(typ="safe", pure=True).load(block)["sources"]]


def test_the_page_explains_exactly_the_settings_of_the_source() -> None:
    table = PAGE.split("|---|---|---|\n", maxsplit=1)[1].split("\n\n", maxsplit=1)[0]
    explained = {re.match(r"\| `(\w+)`", line)[1] for line in table.splitlines()}  # type: ignore[index]
    assert explained == set(Anthropic.model_fields) - {"kind"}


@pytest.mark.parametrize("written", sources(), ids=lambda one: one["kind"])
def test_every_source_on_the_page_is_valid(written: dict[str, Any]) -> None:
    discover()[written["kind"]].model_validate(written)


def test_a_probe_on_the_page_is_off() -> None:
    assert [one["enabled"] for one in sources() if one["kind"] == "probe"] == [False]


def test_the_receipt_on_the_page_is_one() -> None:
    (receipt,) = blocks("json")
    ((family, row),) = list(Receipts("any", OCTOBER, Happened())(json.loads(receipt)))
    assert (family, row["record_id"], row["content_class"]) == ("data_lifecycle", "file_011CNha8", "prompt")
