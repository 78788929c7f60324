"""The page on breach cases: every command on it parses, every verb is on it, and its files are ones that load."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from checks.cases.case import State
from checks.cases.remedy_file import load_remedies
from flows.cli.breach import STEPS, command
from flows.engagement import open_engagement
from tests.cli.engagements import edit, trail, unjudged

PAGE = (Path(__file__).parents[2] / "docs" / "breach-cases.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    shlex.split(line, comments=True)
    for kind, block in BLOCKS
    if kind == "sh"
    for line in block.replace("\\\n", " ").splitlines()
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_on_the_page_parses(words: list[str]) -> None:
    assert words[:2] == ["probity", "breach"]
    verb = command.get_command(click.Context(command), words[2])
    assert verb is not None
    verb.make_context(words[2], words[3:])


def test_every_verb_state_and_refusal_is_on_the_page() -> None:
    assert [
        verb for verb in STEPS if f"`{verb}" not in PAGE and f"breach {verb}" not in PAGE and verb != "deadlines"
    ] == []
    assert [state for state in State if state not in PAGE] == []
    source = (Path(__file__).parents[2] / "checks" / "cases" / "step.py").read_text()
    assert [code for code in re.findall(r'StepRefused\("([A-Z_]+)"', source) if code not in PAGE] == []


def test_its_files_load(tmp_path: Path) -> None:
    breach, remedies = (block for kind, block in BLOCKS if kind == "yaml")
    folder = unjudged(trail(tmp_path / "e"))
    edit(folder / "audit.yaml", "period:", f"{breach}period:")
    settings = open_engagement(folder, lambda _: None).file.breach
    assert settings is not None
    assert settings.entities == ("credit-institution",)
    (folder / "remedies.yaml").write_text(remedies)
    assert load_remedies(folder / "remedies.yaml")["RET-24H"].clause == "MSA §12.2"
