"""The published page is what its sources make, its schemas are those of the classes, its colours can be read."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evidence.page.schemas import schemas
from tests.page.browser import PAGE

ROOM = PAGE.parent
SOURCES = sorted(path for path in (ROOM / "src").rglob("*.ts"))
BUILT = (ROOM / "node_modules" / "esbuild").is_dir() and shutil.which("node") is not None


def test_page_compares_with_the_schemas_of_today() -> None:
    assert (ROOM / "src" / "schemas.json").read_text() == schemas(), "run: make page"


def test_published_hash_is_that_of_the_page() -> None:
    digest = hashlib.sha256(PAGE.read_bytes()).hexdigest()
    assert (ROOM / "verify.html.sha256").read_text() == f"{digest}  verify.html\n"


@pytest.mark.skipif(
    not BUILT, reason="verify.html is not rebuilt: `make page-tools` installs esbuild and tsc, with npm"
)
def test_sources_make_the_same_page_again(tmp_path: Path) -> None:
    again = tmp_path / "verify.html"
    subprocess.run(["node", "node_modules/typescript/bin/tsc"], cwd=ROOM, check=True)
    subprocess.run(["node", "build.mjs", again], cwd=ROOM, check=True)
    assert again.read_bytes() == PAGE.read_bytes(), "run: make page"


def test_lock_pins_every_tool_by_digest_and_names_no_registry() -> None:
    lock = (ROOM / "package-lock.json").read_text()
    assert lock.count('"version":') == lock.count('"integrity": "sha512-')
    assert '"resolved"' not in lock


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOM)))
def test_sources_stay_small(path: Path) -> None:
    assert path.read_text().count("\n") <= 300


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_texts_have_the_contrast_that_wcag_demands(scheme: int) -> None:
    blocks = re.findall(r":root \{(.*?)\}", (ROOM / "src" / "page.css").read_text(), re.DOTALL)
    colour = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[scheme]))
    papers = ("paper", "field")
    pairs = [(ink, paper) for ink in ("ink", "quiet", "accent", "good", "bad", "part") for paper in papers]
    pairs += [(word, f"{word}-tint") for word in ("good", "bad", "part")]
    for ink, paper in pairs:
        light, dark = sorted((_luminance(colour[ink]), _luminance(colour[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)
