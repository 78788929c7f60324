"""`lint --documents` on real PDFs: found, on another page, not there, another document, a picture, no PDF at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typst

from tests.cli.commands import Outcome, runner

CONTRACT = """
probity: contract/v1
id: test
version: 1
customer: {{name: Acme Bank SE}}
vendor: {{name: Vendor Ltd}}
services: [api]
term: {{from: 2024-01-01, to: 2027-12-31}}
documents:
  DPA: {{title: Data Processing Addendum, file: docs/dpa.pdf, sha256: {sha256}}}
commitments:
  RET:
    kind: data-retention-limit
    clause: DPA §4.2 p.{page}
    quote: {quote}
    severity: critical
    max_age: 24h
    content: [prompt, output]
    systems: [log]
"""
WORDS = "shall delete Inputs and Outputs within twenty-four (24) hours"
Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


def pdf(text: str) -> bytes:
    made = typst.compile(f"Definitions.\n#pagebreak()\n{text}".encode(), ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def engagement(folder: Path, document: bytes, quote: str = WORDS, page: int = 2, sha256: str = "") -> Path:
    (folder / "docs").mkdir(parents=True)
    (folder / "docs" / "dpa.pdf").write_bytes(document)
    digest = sha256 or hashlib.sha256(document).hexdigest()
    (folder / "contract.yaml").write_text(CONTRACT.format(quote=quote, page=page, sha256=digest))
    return folder


def codes(outcome: Outcome) -> list[str]:
    return [problem["code"] for problem in json.loads(outcome.out)["problems"]]


SOUND = f"4.2 The Vendor {WORDS} of receipt."


@pytest.mark.parametrize(
    ("document", "more", "found", "exit_code"),
    [
        (SOUND, {}, [], 0),
        (SOUND, {"page": 1}, ["C035"], 0),
        (SOUND.replace("(24)", "(48)"), {}, ["C021"], 2),
        (SOUND, {"sha256": "ab" * 32}, ["C022"], 2),
        ("", {}, ["C036"], 0),
    ],
)
def test_quotations_are_looked_up(
    document: str, more: dict[str, Any], found: list[str], exit_code: int, run: Run, tmp_path: Path
) -> None:
    outcome = run("lint", engagement(tmp_path / "e", pdf(document), **more), "--documents", "--format", "json")
    assert (codes(outcome), outcome.code) == (found, exit_code)


def test_the_closest_passage_is_shown_where_the_contract_quotes(run: Run, tmp_path: Path) -> None:
    folder = engagement(tmp_path / "e", pdf(SOUND.replace("(24)", "(48)")))
    out = run("lint", folder, "--documents").out
    assert "contract.yaml:15:12" in out
    assert "within twenty-four (48) hours" in out


@pytest.mark.parametrize("document", [b"", b"not a PDF", b"%PDF-1.7\n%%EOF", b"%PDF-1.7\n" + b"\0" * 1000])
def test_what_is_no_pdf_is_said(document: bytes, run: Run, tmp_path: Path) -> None:
    outcome = run("lint", engagement(tmp_path / "e", document), "--documents", "--format", "json")
    assert (codes(outcome), outcome.code) == (["C001"], 2)


def test_a_document_outside_the_engagement_is_not_read(run: Run, tmp_path: Path) -> None:
    folder = engagement(tmp_path / "e", pdf(SOUND))
    (folder / "docs" / "dpa.pdf").rename(tmp_path / "elsewhere.pdf")
    (folder / "docs" / "dpa.pdf").symlink_to(tmp_path / "elsewhere.pdf")
    assert codes(run("lint", folder, "--documents", "--format", "json")) == ["C001"]


def test_documents_are_not_looked_at_unasked(run: Run, tmp_path: Path) -> None:
    assert run("lint", engagement(tmp_path / "e", b"not a PDF")).code == 0
