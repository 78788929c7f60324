"""The house itself: packages come from this root, files and functions stay small, texts name no machine."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("flows", "checks", "evidence", "infra")
SOURCES = sorted(p for package in PACKAGES for p in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_is_loaded_from_this_root(package: str) -> None:
    found = importlib.import_module(package).__file__
    assert found is not None
    assert Path(found).parent == ROOT / package


def test_no_flow_file_is_named_after_a_package() -> None:
    names = {p.stem for p in (ROOT / "flows").rglob("*.py")}
    assert not names & {*PACKAGES, "prefect"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 45, node.name


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_is_named_for_nothing(path: Path) -> None:
    assert path.stem not in {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}


def test_only_the_composition_root_and_the_verifying_verbs_read_the_clock() -> None:
    clock = re.compile(r"datetime\.(now|utcnow)\(|date\.today\(|\btime\.(time|monotonic)\(")
    reading = {str(p.relative_to(ROOT)) for p in SOURCES if clock.search(p.read_text())}
    verbs = {
        f"flows/cli/{verb}.py" for verb in ("verify", "verified", "waive", "keys", "renew", "ledger", "breach/desk")
    }
    assert reading <= {"flows/wiring.py", "evidence/__main__.py", "infra/daemons.py"} | verbs


def test_tracked_texts_name_no_machine_path_and_no_registry() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    names = ["py" + "pi.org", "python" + "hosted", "npm" + "js.", "deb" + ".debian"]
    place = re.compile(r"(?<![\w.])/(?:wo" + r"rk|ro" + r"ot)/")
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".yaml", ".json", ".sh"} and path.is_file():
            text = path.read_text()
            assert not any(n in text for n in names), name
            assert not place.search(text), name
