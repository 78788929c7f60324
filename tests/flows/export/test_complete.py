"""What all formats promise: nothing is dropped, nothing looks kept that is not, the same bytes every time."""

from __future__ import annotations

from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.errors import OutputFailed
from evidence.model import Finding, Status
from flows.export import FORMATS, export
from flows.export.complete import KEPT, Carried, ExportIncomplete, account
from flows.export.text import escaped, prose, unescaped
from flows.facts import facts_of
from tests.flows.export import subjects

every_format = pytest.mark.parametrize("form", FORMATS)


def carried(findings: tuple[Finding, ...]) -> list[Carried]:
    return [Carried(facts_of(f), f.status in KEPT) for f in findings]


@every_format
def test_every_fact_of_every_finding_is_read_back(form: str) -> None:
    subject = subjects.subject()
    found = import_module(FORMATS[form]).read(export(form, subject))
    assert [c.facts for c in found] == [facts_of(f) for f in subject.result.findings]


@every_format
def test_a_finding_with_nothing_to_show_is_carried(form: str) -> None:
    subject = subjects.subject(*(subjects.bare(s, n) for n, s in enumerate(Status)), cards=(), cards_sha256=None)
    assert len(import_module(FORMATS[form]).read(export(form, subject))) == len(Status)


@every_format
def test_an_audit_whose_contract_is_not_in_the_bundle_is_exported(form: str) -> None:
    assert export(form, subjects.subject(contract=None))


@every_format
def test_the_same_audit_gives_the_same_bytes(form: str) -> None:
    assert export(form, subjects.subject()) == export(form, subjects.subject())


@every_format
def test_the_digest_of_the_findings_is_named(form: str) -> None:
    subject = subjects.subject()
    assert subject.findings_sha256.encode() in export(form, subject)


@every_format
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was(form: str, text: str) -> None:
    assert export(form, subjects.subject(subjects.hostile(text)))


@every_format
def test_no_byte_of_a_text_format_is_a_control_or_reorders(form: str) -> None:
    text = export(form, subjects.subject()).decode()
    if form in {"csv", "junit"}:
        assert not {c for c in text if c in "\x00\x07\x1b\u202e\u200b\ufffe\u2028"}


def test_text_that_looks_escaped_already_is_not_taken_for_it() -> None:
    assert [unescaped(escaped(text)) for text in subjects.HOSTILE] == list(subjects.HOSTILE)


def test_prose_is_never_empty() -> None:
    assert prose("\u200b") != ""


def test_a_fact_that_is_lost_is_named() -> None:
    made = subjects.result()
    there = carried(made.findings)
    there[1] = Carried({k: v for k, v in there[1].facts.items() if k != "exhibits.0.why"}, there[1].kept)
    with pytest.raises(ExportIncomplete, match=r"xml: cannot carry exhibits\.0\.why of C-1-breached"):
        account("xml", made, there)


def test_a_fact_that_was_added_is_named() -> None:
    made = subjects.result(subjects.bare(Status.MET))
    with pytest.raises(ExportIncomplete, match="cannot carry quote"):
        account("xml", made, [Carried(facts_of(made.findings[0]) | {"quote": "invented"}, kept=True)])


def test_a_finding_that_is_lost_or_repeated_is_refused() -> None:
    made = subjects.result()
    whole = carried(made.findings)
    for wrong in (whole[1:], [*whole, whole[0]], []):
        with pytest.raises(ExportIncomplete, match="each once"):
            account("xml", made, wrong)


@pytest.mark.parametrize("status", Status)
def test_a_status_that_a_tool_would_misread_is_refused(status: Status) -> None:
    made = subjects.result(subjects.bare(status))
    with pytest.raises(ExportIncomplete, match="would be shown otherwise"):
        account("xml", made, [Carried(facts_of(made.findings[0]), status not in KEPT)])


def test_what_a_format_has_no_place_for_fails_and_is_not_left_out() -> None:
    made = subjects.finding(Status.BREACHED, remedy={"origin": "CONTRACT", "text": "pay", "due": "30d"})
    with pytest.raises(ExportIncomplete, match=r"csv: cannot carry remedy\.due"):
        export("csv", subjects.subject(made))


def test_an_incomplete_export_is_our_own_failure() -> None:
    assert issubclass(ExportIncomplete, OutputFailed)
    assert ExportIncomplete.exit_code == 5
