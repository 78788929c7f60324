"""The documentation of contracts says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from checks.codes import Code
from checks.yaml12 import MAX_LINE
from checks.yaml_reader import MAX_DEPTH, MAX_NODES
from tests.checks.contract_example import load, problems

PAGE = Path(__file__).parents[2] / "docs" / "contract.md"


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| (C\d{3}) \| (\w+) \|", PAGE.read_text("utf-8"), re.MULTILINE))


def examples() -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)


def test_every_code_is_documented_and_no_other():
    assert set(rows()) == {code.value for code in Code}


def test_the_page_says_which_codes_are_warnings():
    said = {code for code, severity in rows().items() if severity == "warning"}
    assert said == {code.value for code in Code if code.is_warning}


def test_the_examples_of_the_page_are_valid_without_warnings():
    assert examples()
    for text in examples():
        assert problems(text) == []
        assert load(text).contract.commitments


def test_the_limits_of_the_page_are_the_limits_of_the_code():
    text = PAGE.read_text("utf-8")
    assert f"{MAX_NODES:,} keys and values" in text
    assert f"{MAX_DEPTH} levels" in text
    assert f"{MAX_LINE:,} characters" in text
