"""Renders the report as PDF/A-3a and PDF/UA-1 from the same parts as the HTML; same input, same bytes.

typst sets it, with the fonts inside it and without a network, in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

from evidence.errors import ReportFailed
from evidence.manifest import FINDINGS_IN_PDF
from flows.report import closing, words
from flows.report.document import Document, document
from flows.report.harmless import harmless
from flows.report.html import PACKAGE
from flows.report.printable import Printable
from flows.report.subject import ReportSubject

#: Seconds that setting a report may take; one of 130 clauses takes one of a processor, one of 1,000 five.
TIME_LIMIT = 120
#: Rows of coverage that fit beside a chart.
MAX_BESIDE = 24
MAX_FOOTER = 120
MAX_REASON = 300
#: Labels in a chart are drawn for a screen; on paper a chart is smaller.
_LABELS = '.lab, .num { font-size: 13.5px; } text { font-family: "Libertinus Serif"; }'


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file inside the PDF; `relationship` is as in ISO 19005-3, 6.8: source, data, supplement."""

    name: str
    text: str
    media: str
    relationship: str
    description: str


def render(subject: ReportSubject, attachments: Sequence[Attachment], seconds: float = TIME_LIMIT) -> bytes:
    """Return the report as PDF with files attached; ReportFailed when it cannot be made.

    Its date is the instant up to which was judged. Whoever seals it adds to the bytes and changes none of them.
    """
    asked = json.dumps(_parts(subject, attachments), ensure_ascii=False)
    done = _typeset(f"{int(subject.result.as_of.timestamp())}\n{asked}".encode(), seconds)
    if done.returncode == 0 and done.stdout.startswith(b"%PDF-"):
        return done.stdout
    raise ReportFailed(f"the PDF report could not be set: {_reason(done)}")


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return the line that says why, typst's own or the last of a traceback."""
    said = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
    last = said[-1] if said else f"its process ended with {done.returncode}"
    return harmless(next((line for line in said if line.startswith("error: ")), last), MAX_REASON)


def _typeset(asked: bytes, seconds: float) -> subprocess.CompletedProcess[bytes]:
    # -P: what lies in the folder we are started in is not to be imported.
    command = [sys.executable, "-P", "-m", "flows.report.typesetter"]
    try:
        return subprocess.run(
            command, input=asked, capture_output=True, check=False, timeout=seconds, start_new_session=True
        )
    except subprocess.TimeoutExpired:
        raise ReportFailed(f"the PDF report was not set within {seconds:g} s") from None
    except OSError as cause:
        raise ReportFailed(f"the PDF report could not be set: {cause.strerror or cause}") from cause


def _parts(subject: ReportSubject, attachments: Sequence[Attachment]) -> dict[str, Any]:
    printable = Printable()
    made = document(subject)
    period = words.period_text(subject.result.period)
    checks = (*made.seal, *closing.file_checks(subject), closing.judge_again(subject))
    shown = printable.every(
        {
            **asdict(made),
            "headline": words.unbroken(made.title),
            "author": harmless(subject.tool, MAX_FOOTER),
            "footer": harmless(f"{subject.result.contract.id} · {period} · {subject.run}", MAX_FOOTER),
            "proves": closing.proves_nothing("file", sealed=bool(subject.pdf_seal)),
            "seal": [asdict(check) for check in checks],
            "pair": _beside(made),
        }
    )
    if printable.missing:
        shown["seal"].append(asdict(closing.missing_glyphs(len(printable.missing))))
    _make_stand_alone(shown)
    keywords = [f"{FINDINGS_IN_PDF}{subject.findings_sha256}"]
    return shown | {"keywords": keywords, "attached": [asdict(each) for each in attachments]}


def _beside(made: Document) -> bool:
    """Return whether chart and coverage are shown side by side."""
    rows = sum(len(some) for _, some in made.reach.groups) if made.reach else 0
    return len(made.charts) == 1 and 0 < rows <= MAX_BESIDE


def _make_stand_alone(shown: dict[str, Any]) -> None:
    """Give drawings the name space and the style sheet that they have from their page in HTML."""
    style = files(PACKAGE).joinpath("charts.css").read_text("utf-8") + _LABELS
    groups = shown["reach"]["groups"] if shown["reach"] else []
    for drawing in (*shown["charts"], *(row for _, rows in groups for row in rows)):
        opening, rest = drawing["svg"].split(">", 1)
        opening = opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        drawing["svg"] = f"{opening}><style>{style}</style>{rest}"
