"""Turns a result into the report: one HTML file without script or remote reference; same input, same bytes."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

from evidence.model import Assurance, AuditResult, ExtractionCard, Status
from flows.report import conclusion, words
from flows.report.harmless import harmless
from flows.report.sections import (
    artefacts,
    cards,
    coverage,
    exceptions,
    exhibits,
    histograms,
    rests_on_word,
    tallies,
    test_text,
)

#: The package whose folder holds the template and the style sheet.
PACKAGE = "flows.report"
MAX_NAME, MAX_TITLE = 120, 280

#: Names that are safe inside a command a reader will copy.
_BUNDLE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """Everything a report says. It is rendered before sealing, so it names the key but not the bundle's digest.

    `findings_sha256` is the hex digest of results/findings.json; a verifier looks for it in the report. `signer`
    describes the key that will sign, with its fingerprint. `limits` is what the bundle does not show, a sentence each.
    Addresses of cards are shown as they are: whoever makes a card keeps this machine's paths and secrets out of it.
    """

    result: AuditResult
    findings_sha256: str
    customer: str
    vendor: str
    contract_title: str
    services: Sequence[str]
    term: str
    cards: Sequence[ExtractionCard]
    run: str
    tool: str
    engine: str
    signer: str
    seal_level: str
    time_level: str
    limits: Sequence[str]
    bundle_name: str


def render(subject: ReportSubject) -> bytes:
    """Return the report as UTF-8 HTML; the same subject always gives the same bytes."""
    from jinja2 import Environment, StrictUndefined  # noqa: PLC0415 - the base install has no template engine
    from markupsafe import Markup  # noqa: PLC0415

    folder = files(PACKAGE)
    css = folder.joinpath("report.css").read_text("utf-8")
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Everything a template prints passes here, so that no text can be forgotten; escaping follows.
        finalize=_printed,
    )
    environment.filters |= {
        "svg": Markup,
        "grouped": words.grouped,
        "utc": words.utc,
        "short": _short,
        "unbroken": _unbroken,
        "sentence": conclusion.sentence,
    }
    template = environment.from_string(folder.joinpath("template.html.j2").read_text("utf-8"))
    page = template.render(css=Markup(css), css_hash=_style_hash(css), **_values(subject))  # noqa: S704 - our own file
    return page.encode("utf-8")


def _printed(value: object) -> object:
    return harmless(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _values(subject: ReportSubject) -> dict[str, Any]:
    result = subject.result
    numbered = exhibits(result)
    return {
        "s": subject,
        "bundle": subject.bundle_name if _BUNDLE_NAME.fullmatch(subject.bundle_name) else "BUNDLE",
        "result": result,
        "Status": Status,
        "words": words,
        "assurances": list(Assurance),
        "reason_text": conclusion.reason_text,
        "title": harmless(conclusion.title(result), MAX_TITLE),
        "lede": conclusion.lede(result),
        "period": words.period_text(result.period),
        "test_text": test_text,
        "tallies": tallies(result),
        "histograms": histograms(result),
        "coverage": coverage(result),
        "coverage_heading": conclusion.coverage_heading([row for f in result.findings for row in f.coverage]),
        "exhibits": numbered,
        "exceptions": exceptions(result, numbered),
        "cards": cards(subject.cards),
        "artefacts": artefacts(subject.cards),
        "rests_on_word": rests_on_word(result),
    }


def _short(text: str, most: int = MAX_NAME) -> str:
    return harmless(text, most)


def _unbroken(text: str) -> str:
    """Return text in which a number stays on the line of its unit or noun."""
    return re.sub(r"(?<=\d) (?=(records?|h|d|min|s)\b)", "\u00a0", text)


def _style_hash(css: str) -> str:
    return "sha256-" + b64encode(sha256(css.encode("utf-8")).digest()).decode("ascii")
