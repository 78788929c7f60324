"""The PDF report says what the HTML says, as an archivable, accessible file in which nothing runs."""

from __future__ import annotations

import io
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pikepdf
import pytest

from evidence.canonical import sha256_hex
from evidence.errors import ReportFailed
from flows.report import words
from flows.report.document import Section, document
from flows.report.passage import Line, Table
from flows.report.pdf import Attachment, render
from flows.report.printable import COVERED, OWN, Printable
from tests.flows.report import subjects

ALL = ("broken", "mixed", "hostile")
FINDINGS = '{"findings":["ä"]}'
ATTACHED = (
    Attachment("findings.json", FINDINGS, "application/json", "data", "The findings"),
    Attachment("payload-sha256.txt", f"{'0' * 64}  data/limits.md\n", "text/plain", "supplement", "Hashes"),
)
ACTIONS = {
    "/JS",
    "/JavaScript",
    "/Launch",
    "/URI",
    "/OpenAction",
    "/AA",
    "/SubmitForm",
    "/GoToR",
    "/GoToE",
    "/XFA",
    "/Named",
}


@cache
def made(name: str) -> bytes:
    return render(getattr(subjects, name)(), ATTACHED)


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data))


def text_of(data: bytes) -> str:
    done = subprocess.run(["pdftotext", "-raw", "-", "-"], input=data, capture_output=True, check=True)
    return done.stdout.decode()


def packed(text: str) -> str:
    """Return text without blanks, which is how lines that were broken in different places compare."""
    return "".join(text.split())


def keys(pdf: pikepdf.Pdf) -> set[str]:
    """Return all keys in the file, and the kinds of its actions, which are values of `/S`."""
    found: set[str] = set()
    for each in pdf.objects:
        waiting = [each]
        while waiting:
            value = waiting.pop()
            if isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
                found |= {*value.keys(), str(value.get("/S"))}
                waiting += [v for v in dict(value.items()).values() if not getattr(v, "is_indirect", False)]
            elif isinstance(value, pikepdf.Array):
                waiting += [v for v in value if not getattr(v, "is_indirect", False)]
    return found


def elements(pdf: pikepdf.Pdf, kind: str) -> list[pikepdf.Object]:
    """Return the elements of the structure tree of one kind."""
    return [e for e in pdf.objects if isinstance(e, pikepdf.Dictionary) and e.get("/S") == kind and "/P" in e]


@pytest.mark.parametrize("name", ALL)
def test_the_file_claims_to_be_archivable_and_accessible_and_is_tagged(name: str) -> None:
    with opened(made(name)) as pdf:
        claims = pdf.open_metadata()
        assert (claims.pdfa_status, claims["pdfuaid:part"]) == ("3A", "1")
        assert pdf.pdf_version == "1.7"
        assert str(pdf.Root.Lang) == "en"
        assert bool(pdf.Root.MarkInfo.Marked) is True
        assert "/K" in pdf.Root.StructTreeRoot
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle) is True


def test_the_file_says_which_colours_it_means() -> None:
    with opened(made("mixed")) as pdf:
        (intent,) = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        assert len(intent.DestOutputProfile.read_bytes()) > 100


@pytest.mark.parametrize("name", ALL)
def test_every_font_is_inside_the_file(name: str) -> None:
    with opened(made(name)) as pdf:
        described = [
            o for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
        ]
        assert described
        assert all({"/FontFile", "/FontFile2", "/FontFile3"} & set(d.keys()) for d in described)


@pytest.mark.parametrize("name", ALL)
def test_nothing_in_the_file_runs_or_leads_elsewhere(name: str) -> None:
    with opened(made(name)) as pdf:
        assert keys(pdf) & ACTIONS == set()
        assert not pdf.is_encrypted


@pytest.mark.parametrize("name", ALL)
def test_every_picture_has_words_and_every_table_header_cells(name: str) -> None:
    with opened(made(name)) as pdf:
        figures, tables = elements(pdf, "/Figure"), elements(pdf, "/Table")
        assert figures
        assert tables
        assert all(str(figure.Alt).strip() for figure in figures)
        assert len(elements(pdf, "/TH")) >= 2 * len(tables)
        assert len(elements(pdf, "/H1")) == 1


def test_the_attachments_are_associated_with_the_file_and_whole() -> None:
    with opened(made("mixed")) as pdf:
        assert {name: held.get_file().read_bytes() for name, held in pdf.attachments.items()} == {
            each.name: each.text.encode() for each in ATTACHED
        }
        related = {str(file.UF): str(file.AFRelationship) for file in pdf.Root.AF}
        assert related == {"findings.json": "/Data", "payload-sha256.txt": "/Supplement"}


def test_the_hash_of_the_findings_is_plain_text_in_the_file() -> None:
    assert f"findings-sha256:{subjects.DIGEST}".encode() in made("mixed")
    with opened(made("mixed")) as pdf:
        assert pdf.open_metadata()["pdf:Keywords"] == f"findings-sha256:{subjects.DIGEST}"


def test_the_same_subject_gives_the_same_bytes() -> None:
    assert render(subjects.broken(), ATTACHED) == made("broken")


@pytest.mark.parametrize("name", ALL)
def test_a_stranger_finds_no_fault_in_the_file(name: str, tmp_path) -> None:
    (tmp_path / "report.pdf").write_bytes(made(name))
    done = subprocess.run(["qpdf", "--check", tmp_path / "report.pdf"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def lines_of(subject) -> Iterator[Line]:
    """Yield every line the report consists of, whatever it is rendered to."""
    told = document(subject)
    yield from (told.parties, told.occasion, *told.legend)
    for section in (each for each in (told.verdicts, told.exceptions, told.exhibits, told.tests, told.cards)):
        assert isinstance(section, Section)
        yield from in_table(section.table)
    yield from (each.line for each in (*told.scope, *told.seal))


def in_table(table: Table) -> Iterator[Line]:
    yield from (line for row in table.rows for cell in row for line in cell.lines)


@pytest.mark.parametrize("name", ["broken", "mixed"])
def test_every_line_of_the_report_can_be_read_in_the_file(name: str) -> None:
    subject = getattr(subjects, name)()
    text = packed(text_of(made(name)))
    wanted = ["".join(part.text for part in line.spans) for line in lines_of(subject)]
    assert [line for line in wanted if packed(line) not in text] == []
    told = document(subject)
    for said in (told.title, told.lede, *(c.heading for c in told.charts), *(c.caption for c in told.charts)):
        assert packed(said) in text
    for row in (row for _, rows in told.reach.groups for row in rows):
        assert packed(row.subject) in text
        assert packed(row.counts) in text


def test_every_clause_and_status_can_be_read_in_the_file() -> None:
    text = packed(text_of(made("mixed")))
    for finding in subjects.mixed().result.findings:
        assert text.count(packed(f"{finding.commitment}{finding.clause}")) >= 1
        assert packed(words.STATUS[finding.status][1]) in text


TYPST = '#read("/etc/passwd") #import "@preview/x:1.0.0" $x$ *b* _e_ `c` <l> @r // c \\ #sys.inputs "q" -- ~'


def test_text_that_is_code_to_the_typesetter_stays_text() -> None:
    subject = replace(subjects.broken(), vendor=TYPST, contract_title=TYPST)
    text = packed(text_of(render(subject, ATTACHED)))
    assert text.count(packed(TYPST)) >= 3
    assert "root:" not in text


def test_a_character_without_a_glyph_is_named_and_never_an_empty_box() -> None:
    subject = replace(subjects.broken(), vendor="株式会社 😀 Ünïcode Ωμέγα Кирилл עברית")
    text = text_of(render(subject, ATTACHED))
    assert "[U+682A][U+5F0F][U+4F1A][U+793E][U+1F600]" in packed(text)
    assert "5 characters that have no glyph in this file's fonts stand as [U+XXXX]" in " ".join(text.split())
    for readable in ("Ünïcode", "Ωμέγα", "Кирилл"):
        assert readable in text
    assert not [c for c in text if unicodedata.category(c) in {"Co", "Cs"}]


def test_a_file_that_shows_every_character_says_nothing_of_missing_ones() -> None:
    assert "no glyph" not in text_of(made("mixed"))


def test_every_character_taken_for_shown_has_a_glyph() -> None:
    every = [chr(code) for first, last in COVERED for code in range(first, last + 1)]
    printable = Printable()
    shown = " ".join(filter(None, (printable.text(c) for c in (*every, *OWN) if len(printable.text(c)) == 1)))
    assert len(shown) > 4_000
    limits = [shown[at : at + 800] for at in range(0, len(shown), 800)]
    assert render(replace(subjects.broken(), limits=limits), ATTACHED).startswith(b"%PDF-")


@pytest.mark.parametrize("name", ALL)
def test_no_word_runs_over_the_edge_of_its_page(name: str) -> None:
    done = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=made(name), capture_output=True, check=True)
    page = done.stdout.decode()
    places = re.findall(r'<word xMin="([0-9.-]+)" yMin="([0-9.-]+)" xMax="([0-9.-]+)" yMax="([0-9.-]+)"', page)
    assert len(places) > 100
    assert [p for p in places if float(p[0]) < 40 or float(p[2]) > 560 or float(p[1]) < 20 or float(p[3]) > 830] == []


def test_an_audit_without_evidence_still_reports() -> None:
    nothing = subjects.subject(subjects.finding("RET-24H", subjects.Status.UNPROVEN), cards=[])
    text = text_of(render(replace(nothing, services=(), limits=()), ATTACHED))
    assert "No evidence was gathered." in text
    assert "No limit was stated." in text


def test_an_unsealed_file_says_so_and_a_sealed_one_names_the_certificate() -> None:
    assert "no seal certificate is configured" in text_of(made("mixed"))
    text = " ".join(text_of(render(replace(subjects.broken(), pdf_seal="Acme Seal"), ATTACHED)).split())
    assert "certified: no change is allowed; by the certificate of Acme Seal" in text


def test_setting_that_takes_too_long_is_our_failure() -> None:
    with pytest.raises(ReportFailed, match="within"):
        render(subjects.broken(), ATTACHED, seconds=0.001)


def test_a_typesetter_that_breaks_is_our_failure_and_says_why(tmp_path, monkeypatch) -> None:
    (tmp_path / "typst.py").write_text('raise RuntimeError("broken for the test")')
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ReportFailed, match="RuntimeError: broken for the test"):
        render(subjects.broken(), ATTACHED)


def test_findings_attached_have_the_hash_that_is_named() -> None:
    subject = replace(subjects.broken(), findings_sha256=sha256_hex(FINDINGS.encode()))
    data = render(subject, ATTACHED)
    with opened(data) as pdf:
        held = pdf.attachments["findings.json"].get_file().read_bytes()
    assert f"findings-sha256:{sha256_hex(held)}".encode() in data
