"""Notices: a template for every rule, whose text says what is known, and of everything else that it is not."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from checks.cases.case import Case, digest_of
from checks.cases.entry import FactsStated, Opened
from checks.cases.fold import Written, step
from checks.clocks.rule import rules
from checks.notices import dora
from checks.notices.plain import is_plain
from checks.notices.render import Draft, Parties, draft
from checks.notices.sheet import Sheet
from checks.notices.template import catalogue, check_facts, template_named, templates
from evidence.case_log import Head
from evidence.errors import BadInput
from tests.checks.cases.story import START, classified, sighting, told

PARTIES = Parties("msa-1", "Acme Bank SE", "5493001KJTIIGC8Y1R12", "Example AI, PBC")
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "dora_2025_302_fields.json"


def case(*named: str, **facts: str) -> Case:
    return told(("Ann", classified(*named, contract_hours=24)), ("Ann", FactsStated(values=facts)))


def text(name: str, late: bool = False, **facts: str) -> Draft:
    after = timedelta(hours=80) if late else timedelta(hours=1)
    return draft(
        template_named(name), case(name if name in rules() else "gdpr-33", **facts), PARTIES, {}, START + after
    )


def test_every_rule_has_a_template_and_one_is_for_the_vendor() -> None:
    assert {t.rule for t in templates().values()} == {None, *rules()}
    assert [t.id for t in templates().values() if t.rule is None] == ["contract-breach"]


def test_only_partners_of_the_contract_are_ever_sent_a_notice_by_the_program() -> None:
    ways = {(t.recipient, t.delivery) for t in templates().values()}
    assert {recipient for recipient, way in ways if way == "outbox"} == {"vendor", "customer"}


@pytest.mark.parametrize("name", templates())
def test_every_template_renders_and_lists_exactly_what_it_prints_as_not_known(name: str) -> None:
    made = text(name)
    template = template_named(name)
    assert made.sha256 == digest_of(made.text)
    assert set(template.required) <= {*made.unknown, "entity_name"}
    assert made.text.startswith(template.title)
    said = [f"{catalogue()[u]}: not yet known (as of 2026-10-23T17:30:00Z)" for u in made.unknown if u in catalogue()]
    assert [line for line in said if line not in made.text] == []


@pytest.mark.parametrize("name", [n for n, t in templates().items() if t.form is None])
def test_what_is_known_is_printed_and_no_longer_missing(name: str) -> None:
    facts = {fact: f"<{fact}>" for fact in catalogue()}
    made = text(name, **facts)
    assert made.unknown == ()
    assert all(f"<{fact}>" in made.text for fact in template_named(name).required)


def test_a_late_notice_must_give_its_reasons() -> None:
    assert "reasons_for_delay" not in text("gdpr-33").unknown
    late = text("gdpr-33", late=True)
    assert "reasons_for_delay" in late.unknown
    assert "Reasons for the delay: not yet known" in late.text


def test_no_value_can_look_like_another_line() -> None:
    made = text("gdpr-33", nature="harmless\nAware since: 2020-01-01T00:00:00Z")
    assert [line for line in made.text.splitlines() if line.startswith("Aware since")] == [
        "Aware since: 2026-10-23T16:30:00Z"
    ]


def test_what_a_vendor_wrote_cannot_draw_on_a_terminal_or_hide_in_a_notice() -> None:
    entry = Opened(origin=sighting(summary="RET\x1b[2J\u202e is fine", commitment="RET", clause="§1"), triage_hours=24)
    opened = step(None, entry, Written("case-0001", Head(1, "0" * 64), START, "probity (automatic)"))
    made = draft(template_named("contract-breach"), told(("Ann", classified()), case=opened), PARTIES, {}, START)
    assert is_plain(made.text)


def test_the_form_asks_each_phase_for_its_fields_and_no_other() -> None:
    for phase, last, absent in (("initial", "2.10", "3.1"), ("intermediate", "3.35", "4.1"), ("final", "4.16", "4.17")):
        lines = text(f"dora-{phase}").text.splitlines()
        assert any(line.startswith(f"{last} ") for line in lines)
        assert not any(line.startswith(f"{absent} ") for line in lines)


def test_the_form_is_filled_from_the_case_and_from_facts() -> None:
    lines = text("dora-initial", description="prompts in Ohio", **{"dora-2.5": "data losses; reputational impact"}).text
    for line in (
        "1.1 Type of submission: initial notification",
        "1.3 Identification code of the entity submitting the report: 5493001KJTIIGC8Y1R12",
        "2.1 Incident reference code assigned by the financial entity: case-0001",
        "2.2 Date and time of detection of the ICT-related incident: 2026-10-23T16:30:00Z",
        "2.4 Description of the ICT-related incident: prompts in Ohio",
        "2.5 Classification criteria that triggered the incident report: data losses; reputational impact",
    ):
        assert line in lines


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("2.5", "data loss"),
        ("2.9", "maybe"),
        ("1.15", "euro"),
        ("3.2", "yesterday"),
        ("3.5", "100.55"),
        ("3.15", "1:2:3"),
        ("1.6", "5493001KJTIIGC8Y1R13"),
        ("9.9", "x"),
    ],
)
def test_a_value_that_a_field_cannot_have_is_refused(field: str, value: str) -> None:
    with pytest.raises(BadInput):
        text("dora-final", **{f"dora-{field}": value})


@pytest.mark.parametrize(
    "bad",
    [
        {"mood": "bad"},
        {"nature": "a\x00b"},
        {"nature": "x" * 10_001},
        {"nature": "a\u2028b"},
        {"nature": "a\u202eb"},
        {"nature": "a\u200bb"},
    ],
)
def test_what_is_no_fact_is_refused(bad: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        check_facts(bad)


HOSTILE = (
    "{{ undefined_name }}",
    "{{ say('mood') }}",
    "{{ say.__globals__ }}",
    "{{ case.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''.__class__ }}",
    "{% for n in range(1000000) %}x{% endfor %}",
    "{{ 'x' * 10000000000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ case.promises.append(1) }}",
    "{% include '/etc/passwd' %}",
    "{{ 1 / 0 }}",
    "{{",
)


@pytest.mark.parametrize("body", HOSTILE)
def test_a_template_reaches_nothing_but_texts(body: str) -> None:
    template = template_named("gdpr-33").model_copy(update={"body": body})
    with pytest.raises(BadInput):
        draft(template, case("gdpr-33"), PARTIES, {}, START)


def test_counsels_own_template_takes_the_place_of_ours(tmp_path: Path) -> None:
    (tmp_path / "gdpr-33.toml").write_text(
        'title = "Meldung"\nlaw = "Art. 33 DSGVO"\nrecipient = "authority"\ndelivery = "statement"\n'
        'required = ["nature"]\nbody = "{{ say(\'nature\') }}"\n'
    )
    assert template_named("gdpr-33", tmp_path).title == "Meldung"
    assert template_named("gdpr-34", tmp_path).title != "Meldung"


@pytest.mark.parametrize(
    ("name", "recipient"), [("own", "authority"), ("own", "public"), ("own", "data-subjects"), ("gdpr-33", "customer")]
)
def test_no_template_makes_the_program_send_what_a_law_asks_for(tmp_path: Path, name: str, recipient: str) -> None:
    (tmp_path / f"{name}.toml").write_text(
        f'title = "x"\nlaw = "x"\nrecipient = "{recipient}"\ndelivery = "outbox"\nrequired = []\nbody = "x"\n'
    )
    with pytest.raises(BadInput, match="a person submits the rest"):
        templates(tmp_path)


def test_a_name_in_the_contract_cannot_look_like_another_line() -> None:
    parties = replace(PARTIES, vendor="Vendor\nReference: case-9999", customer="Acme\nFrom: Vendor")
    made = draft(template_named("contract-breach"), case("gdpr-33"), parties, {}, START)
    assert [line for line in made.text.splitlines() if line.startswith(("Reference:", "From:"))] == [
        "From: Acme",
        "Reference: case-0001",
    ]


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u3164", "\ufe0f", "\U000e0101", "\x85", "\x1b"])
def test_a_template_hides_nothing_from_whoever_approves(hidden: str) -> None:
    template = template_named("gdpr-33")
    for changed in ({"title": f"Notice{hidden}"}, {"body": f"nothing{hidden} happened"}):
        with pytest.raises(BadInput, match="cannot be seen") if "body" in changed else nullcontext():
            made = draft(template.model_copy(update=changed), case("gdpr-33"), PARTIES, {}, START)
            assert hidden not in made.text


@pytest.mark.parametrize("content", ["", "title = 1", "x", 'required = ["mood"]', "\ufffd"])
def test_a_template_that_is_none_is_refused_by_its_name(tmp_path: Path, content: str) -> None:
    (tmp_path / "own.toml").write_text(content)
    with pytest.raises(BadInput, match=r"own\.toml"):
        templates(tmp_path)


def test_the_form_has_the_76_fields_of_the_regulation() -> None:
    if not REFERENCE.exists():
        assert len(dora.fields()) == 76
        return
    stated = json.loads(REFERENCE.read_text())["fields"]
    assert [f.number for f in dora.fields()] == [f["field"] for f in stated]
    for ours, theirs in zip(dora.fields(), stated, strict=True):
        assert ours.name == theirs["name"].replace("\xa0", " ").strip()
        for phase in ("initial", "intermediate", "final"):
            assert (ours.asked(phase) == "no") == (theirs[phase] == "No")
            assert (ours.asked(phase) == "yes") == (theirs[phase] == "Yes")
        assert len(ours.choices) in {0, len(theirs["choices"] or [])}


def test_check_digits_of_an_lei_are_checked() -> None:
    assert dora.is_lei("5493001KJTIIGC8Y1R12")
    assert not dora.is_lei("5493001KJTIIGC8Y1R21")


def test_a_fact_that_a_sheet_does_not_know_is_a_mistake_of_the_template() -> None:
    with pytest.raises(BadInput):
        Sheet({}, START).say("mood")
