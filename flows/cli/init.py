"""`probity init`: the skeleton of an engagement."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import click

from checks.codes import Code
from evidence.errors import BadInput, OutputFailed, Place, Problem


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
def command(folder: Path) -> None:
    """Write contract.yaml, audit.yaml and evidence/ into DIR; nothing that exists is overwritten."""
    from checks.skeleton import skeleton  # noqa: PLC0415 - not needed for `--help`

    files = skeleton(folder.resolve().name)
    write_new(folder, files)
    for name in files:
        click.echo(folder / name)
    click.echo(f"next: edit contract.yaml, then `probity lint {folder}`", err=True)


def write_new(folder: Path, files: Mapping[str, str]) -> None:
    """Write all files into a folder, or none: `BadInput` when one exists, `OutputFailed` when writing fails."""
    present = [name for name in files if (folder / name).exists()]
    if present:
        raise BadInput(*(_exists(folder / name) for name in present))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, files)
    except OSError as error:
        raise OutputFailed(f"{folder}: {error.strerror or error}; choose a folder that can be written") from None


def _write(folder: Path, files: Mapping[str, str]) -> None:
    staged = Path(tempfile.mkdtemp(prefix=".probity-init-", dir=folder))
    placed: list[Path] = []
    try:
        for name, text in files.items():
            (staged / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).write_text(text, encoding="utf-8")
        for name in files:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (staged / name).rename(folder / name)
            placed.append(folder / name)
    except OSError:
        for path in placed:
            path.unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _exists(path: Path) -> Problem:
    return Problem(Code.EXISTS, "this file exists and is not overwritten", Place(str(path)), "choose another folder")
