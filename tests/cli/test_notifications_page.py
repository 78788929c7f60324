"""The page on notifications: its configuration loads, its commands parse, and no channel or setting is missing."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from flows.cli.notify import command
from flows.engagement import open_engagement
from infra.notify.channel import Channel
from infra.notify.channels import discover
from infra.notify.message import Kind
from tests.cli.engagements import ROOT, edit, trail

PAGE = (ROOT / "docs" / "notifications.md").read_text()
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [shlex.split(line, comments=True) for kind, block in BLOCKS if kind == "sh" for line in block.splitlines()]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_on_the_page_parses(words: list[str]) -> None:
    assert words[:2] == ["probity", "notify"]
    command.make_context("notify", words[2:])


def test_every_option_is_on_the_page() -> None:
    shown = {name for parameter in command.params if isinstance(parameter, click.Option) for name in parameter.opts}
    assert {name for name in shown if name not in PAGE} == set()


def test_its_configuration_loads(tmp_path: Path) -> None:
    (configuration,) = (block for kind, block in BLOCKS if kind == "yaml")
    folder = trail(tmp_path / "e")
    edit(folder / "audit.yaml", "period:", f"{configuration}period:")
    notify = open_engagement(folder, lambda _: None).file.notify
    assert notify is not None
    assert notify.names == ("mail", "pager", "chat", "siem")


@pytest.mark.parametrize("kind", discover())
def test_every_setting_of_every_channel_is_in_its_row(kind: str) -> None:
    (row,) = re.findall(rf"^\| `{kind}` \|.*$", PAGE, re.MULTILINE)
    fields = discover()[kind].model_fields
    settings = {field.alias or name for name, field in fields.items() if name not in Channel.model_fields}
    assert {name for name in settings if f"`{name}`" not in row} == set()


def test_every_kind_of_message_is_on_the_page() -> None:
    assert [kind for kind in Kind if f"`{kind}`" not in PAGE] == []
