"""The report is one harmless file that says everything the result says."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from evidence.model import Status
from flows.report import words
from flows.report.html import render
from flows.report.sections import MAX_CARDS, MAX_EXHIBITS
from tests.flows.report import subjects

ALL = {"kept": subjects.kept, "broken": subjects.broken, "mixed": subjects.mixed, "hostile": subjects.hostile}
VOID = {"meta"}


class Page(HTMLParser):
    """The tags, attributes and texts of a page; unbalanced tags are kept as faults."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict]] = []
        self.texts: list[tuple[str, str]] = []
        self.faults: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))
        self.texts.append((tag, ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)

    def handle_data(self, data) -> None:
        for tag in self.open:
            self.texts.append((tag, data))

    def text(self, tag: str = "body") -> str:
        return "".join(data for name, data in self.texts if name == tag)

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]


def page_of(subject) -> Page:
    return Page(render(subject).decode())


@pytest.mark.parametrize("name", ALL)
def test_the_same_subject_gives_the_same_bytes(name) -> None:
    assert render(ALL[name]()) == render(ALL[name]())


@pytest.mark.parametrize("name", ["kept", "broken", "mixed"])
def test_the_report_refers_to_nothing_outside_itself(name) -> None:
    page = render(ALL[name]()).decode().replace('<meta http-equiv="Content-Security-Policy"', "")
    for forbidden in ("http", "src=", "href", "script", "url(", "@import", "style="):
        assert forbidden not in page


@pytest.mark.parametrize("name", ALL)
def test_the_report_is_well_formed_and_has_one_main(name) -> None:
    page = page_of(ALL[name]())
    assert page.faults == []
    assert page.open == []
    assert len(page.all("main")) == len(page.all("h1")) == 1
    assert page.all("html") == [{"lang": "en"}]
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["aria-labelledby"] for attrs in page.all("section")} <= set(ids)


@pytest.mark.parametrize("name", ALL)
def test_every_header_cell_has_a_scope_and_words(name) -> None:
    page = render(ALL[name]()).decode()
    cells = re.findall(r"<th\b([^>]*)>(.*?)</th>", page, re.DOTALL)
    assert cells
    for attributes, content in cells:
        assert 'scope="' in attributes
        assert re.sub(r"<[^>]*>", "", content).strip()


@pytest.mark.parametrize("name", ALL)
def test_headings_are_in_order(name) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(ALL[name]()).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}


def test_the_policy_allows_exactly_our_style_sheet() -> None:
    page = render(subjects.kept()).decode()
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in page


def test_every_commitment_and_every_status_appears() -> None:
    subject = subjects.mixed()
    text = page_of(subject).text()
    assert {f.status for f in subject.result.findings} == set(Status)
    for finding in subject.result.findings:
        assert text.count(finding.commitment) >= 2
        assert all(word in text for word in words.STATUS[finding.status])
    assert "Provisional" in text


def test_the_title_is_the_finding() -> None:
    page = page_of(subjects.broken())
    assert page.text("title").startswith("One of two commitments is breached: 1 record was kept past 24 h")
    assert page.text("h1").replace("\u00a0", " ").startswith("One of two commitments is breached: 1 record was kept")


def test_the_five_counts_add_up_to_the_commitments() -> None:
    page = render(subjects.mixed()).decode()
    counts = [int(n) for n in re.findall(r'<span class="count">(\d+)</span>', page)]
    assert len(counts) == 5
    assert sum(counts) == len(subjects.mixed().result.findings)


def test_the_report_carries_the_hash_of_the_findings() -> None:
    assert subjects.DIGEST.encode() in render(subjects.kept())


def test_exceptions_show_clause_test_exhibits_and_what_follows() -> None:
    page = render(subjects.mixed()).decode()
    table = page[page.index('id="h-exceptions"') : page.index('id="h-exhibits"')]
    for wanted in (
        "twenty-four (24) hours",
        "DPA §4.2 p.7",
        "Recomputed the age",
        "E1",
        subjects.artefact(1)[7:23] + "…",
        "DEFAULT",
    ):
        assert wanted in table
    assert table.index("RET-24H") < table.index("ATT-SOC2") < table.index("TRN-NONE")
    assert "RES-EU" not in table
    assert "DEL-CERT" not in table


def test_a_remedy_is_never_claimed_for_what_is_only_unproven() -> None:
    unproven = subjects.finding("X", Status.UNPROVEN, remedy={"origin": "CONTRACT", "text": "credit of 10 %"})
    text = page_of(subjects.subject(unproven)).text()
    assert "To settle it: obtain evidence" in text
    assert "credit" not in text


def test_a_kept_contract_has_no_exceptions() -> None:
    text = page_of(subjects.kept()).text()
    assert "None. No commitment is breached, unproven or provisional." in text
    assert "Exhibits:" not in text


def test_exhibits_and_cards_are_bounded_and_say_so() -> None:
    late = subjects.retention((20,), worst="90000")
    many = [subjects.card(n % 20 + 1, address=f"a/{n:03d}") for n in range(MAX_CARDS + 5)]
    many.append(subjects.card(9, address="z/last", problems=("cut short",)))
    page = render(subjects.subject(late, cards=many)).decode()
    assert f">E{MAX_EXHIBITS}<" in page
    assert f">E{MAX_EXHIBITS + 1}<" not in page
    assert "and 18 more" in page
    assert "cut short" in page
    assert f"Shown: {MAX_CARDS}" in page


def test_an_audit_without_evidence_still_reports() -> None:
    nothing = subjects.subject(subjects.finding("RET-24H", Status.UNPROVEN), cards=[])
    text = page_of(replace(nothing, services=(), limits=())).text()
    assert "No evidence was gathered." in text
    assert "No limit was stated." in text


def test_hostile_text_stays_text() -> None:
    page = page_of(subjects.hostile())
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "a", "iframe", "object", "link", "base", "form"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_hostile_text_is_neither_hidden_nor_endless() -> None:
    page = render(subjects.hostile()).decode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", page)
    assert "A" * 1000 not in page


def test_a_hostile_bundle_name_never_becomes_part_of_a_command() -> None:
    page = render(replace(subjects.kept(), bundle_name="a.zip; rm -rf ~")).decode()
    assert "rm -rf" not in page
    assert "probity verify BUNDLE --trust TRUST" in page


def test_the_report_stays_small() -> None:
    assert all(len(render(make())) < 100_000 for make in ALL.values())
