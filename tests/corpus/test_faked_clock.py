"""The bundle of the first release through the years, each program under a faked clock and told no time."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.test_corpus import HERE
from tests.evidence import by_hand
from tests.tsa_server import Unit, serving

FAKETIME = shutil.which("faketime") or ""
needs_faketime = pytest.mark.skipif(not FAKETIME, reason="needs Debian's faketime, which .ci/run installs")
pytestmark = [pytest.mark.server, needs_faketime]
BUNDLE = HERE / "0.1.0" / "bundle.zip"


def clock(year: int) -> list[str]:
    return [FAKETIME, "-f", f"@{year}-01-01 00:00:00"]


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    """Another authority, which begins in 2035 and lasts fifteen years."""
    return Unit(tmp_path_factory.mktemp("tsa") / "later", "Later Time", days=15 * 365, before=clock(2035))


@pytest.fixture(scope="module")
def trust(later: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the reader was handed in 2026, and the later authority's root beside it."""
    folder = Path(shutil.copytree(BUNDLE.parent / "trust", tmp_path_factory.mktemp("reader") / "trust"))
    with (folder / "tsa-roots.pem").open("ab") as roots:
        roots.write(later.root.read_bytes())
    return folder


def codes(bundle: Path, trust: Path, year: int) -> list[int]:
    """Return how the command, the base install's command and the tools by hand end in that year."""
    words = ["verify", str(bundle), "--trust", str(trust)]
    page = ["bash", "-c", by_hand.script(), "page", str(bundle), str(trust)]
    programs = [[sys.executable, "-m", "flows.cli", *words], [sys.executable, "-m", "evidence", *words], page]
    return [subprocess.run([*clock(year), *p], capture_output=True, check=False).returncode for p in programs]


@pytest.mark.parametrize(("year", "code"), [(2036, 0), (2039, 4)])
def test_bundle_outlives_its_signer_and_not_its_authorities(trust: Path, year: int, code: int) -> None:
    """The signer's certificate ends in 2028, those of both authorities in 2038."""
    assert codes(BUNDLE, trust, year) == [code] * 3


def test_bundle_renewed_in_time_by_another_authority_verifies_again(later: Unit, trust: Path, tmp_path: Path) -> None:
    later.before, renewed = tuple(clock(2037)), tmp_path / "renewed.zip"
    with serving(later.answer) as url:
        words = ["renew", str(BUNDLE), "--tsa", url, "--trust", str(trust), "--out", str(renewed)]
        command = [*clock(2037), sys.executable, "-m", "flows.cli", *words]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    assert codes(renewed, trust, 2039) == [0] * 3
