"""What is refused, with which code, where, and what is suggested."""

from __future__ import annotations

import pytest

from tests.checks.contract_example import EXAMPLE, load, only, problems, spot, varied

RULES = [
    ("kind: data-residency", "kind: data-residancy", "C010", (22, 11), "did you mean 'data-residency'?"),
    ("severity: critical ", "severity: crtical ", "C010", (16, 15), "did you mean 'critical'?"),
    ("[prompt, output]", "[prompt, outptu]", "C010", (18, 23), "did you mean 'output'?"),
    ("allowed: EU ", "allowed: NO ", "C010", (25, 14), "for a list of one write [NO]"),
    ("contract/v1", "contract/v2", "C009", (2, 10), "did you mean 'contract/v1'?"),
    ("unless:", "unles:", "C011", (20, 5), "did you mean 'unless'?"),
    ("services:", "servces:", "C011", (7, 1), "did you mean 'services'?"),
    ("{name: Acme", "{nmae: Acme", "C011", (5, 12), "did you mean 'name'?"),
    ("from: 2025-11-01", "form: 2025-11-01", "C011", (8, 8), "did you mean 'from'?"),
    ("title: Data", "titel: Data", "C011", (10, 9), "did you mean 'title'?"),
    ("    clause: DPA §7.1 p.10\n", "", "C012", (21, 3), "document, section and page"),
    ("    kind: data-residency\n", "", "C012", (21, 3), "kinds that are checked"),
    ("    severity: critical\n", "", "C012", (21, 3), "critical, major or minor"),
    ("    max_age: 24h\n", "", "C012", (12, 3), "24h"),
    ("version: 3\n", "", "C012", (2, 1), "edition"),
    ("services: [api]", "services: api", "C013", (7, 11), "[api]"),
    ("{name: Example AI, PBC}", "Example AI", "C013", (6, 9), ""),
    ("version: 3", "version: '3'", "C013", (4, 10), ""),
    ("id: msa-2025-114", "id: MSA 2025/114", "C014", (3, 5), "lower-case"),
    ("version: 3", "version: 0", "C014", (4, 10), ""),
    ("1b52" * 16, "1b52…", "C014", (10, 73), "not shortened"),
    ("docs/dpa.pdf", "../dpa.pdf", "C014", (10, 51), "inside the engagement"),
    ("docs/dpa.pdf", "/etc/passwd", "C014", (10, 51), "inside the engagement"),
    ("2028-10-31", "31.10.2028", "C014", (8, 30), "YYYY-MM-DD"),
    ("2028-10-31", "2027-02-29", "C014", (8, 30), "YYYY-MM-DD"),
    ("max_age: 24h", "max_age: 24 hours", "C014", (17, 14), "24h"),
    ("max_age: 24h", "max_age: 24", "C015", (17, 14), "24h"),
    ("max_age: 24h", "max_age: 1.5", "C015", (17, 14), "unit"),
    ("unless: debug-hold", "unless: 7", "C015", (20, 13), ""),
    ("services: [api]", "services: []", "C016", (7, 11), ""),
    ("quote: shall delete Inputs and Outputs within twenty-four (24) hours", "quote:", "C016", (15, 5), "own words"),
    ("  RES-EU:\n", "  9 EU:\n", "C017", (21, 3), "begins with a letter"),
    ("2028-10-31", "2025-10-31", "C018", (8, 7), ""),
]


@pytest.mark.parametrize(("old", "new", "code", "where", "hint"), RULES, ids=[f"{r[2]} {r[1].strip()}" for r in RULES])
def test_a_mistake_is_found_at_its_place_with_a_hint(old, new, code, where, hint):
    problem = only(varied(old, new), code)
    assert spot(problem) == where
    assert hint in problem.hint
    assert not problem.warning


@pytest.mark.parametrize(("old", "new", "code", "where", "hint"), RULES, ids=[f"{r[2]} {r[1].strip()}" for r in RULES])
def test_the_caret_points_into_the_line_that_is_shown(old, new, code, where, hint):
    text = varied(old, new)
    problem = only(text, code)
    assert problem.place.text == text.splitlines()[where[0] - 1]
    headline, line, caret = problem.render().split("\n")
    assert headline.startswith(f"error[{code}] contract.yaml:{where[0]}:{where[1]}: ")
    assert line[caret.index("^") :] == problem.place.text[where[1] - 1 :]


def test_an_edition_without_quotes_is_asked_to_be_quoted():
    clause = "  ISO: {kind: iso27001-certification, clause: DPA 1, severity: minor, edition: 2022, accredited: true}\n"
    assert only(EXAMPLE + clause, "C015").hint == 'put it in quotes: "2022"'
    assert {p.code for p in problems(EXAMPLE + clause.replace("2022", '"2022"'))} == {"C033"}


def test_yes_is_not_true():
    clause = '  ISO: {kind: iso27001-certification, clause: DPA 1, severity: minor, edition: "2022", accredited: yes}\n'
    assert "true or false" in only(EXAMPLE + clause, "C013").message


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file():
    text = EXAMPLE.replace("version: 3", "version: x").replace("24h", "24").replace("data-residency", "data-residancy")
    text = text.replace("allowed: EU ", "allowed: [DE, Norway] ").replace("2028", "2024").replace("systems", "sytems")
    errors = [p for p in problems(text) if not p.warning]
    assert [p.code for p in errors] == ["C013", "C018", "C012", "C015", "C011", "C010", "C014"]
    assert [p.place.line for p in errors] == sorted(p.place.line or 0 for p in errors)


def test_warnings_are_reported_beside_errors():
    found = problems(varied("clause: DPA §7.1", "clause: MSA §7.1").replace("24h", "24"))
    assert {p.code for p in found} == {"C015", "C031", "C033"}


def test_a_clause_of_an_unknown_kind_is_still_judged_by_its_other_keys():
    found = problems(EXAMPLE + "  X: {kind: something-else, severity: hgih}\n")
    assert {"C010", "C012"} <= {p.code for p in found}
    assert any("'hgih'" in p.message for p in found)


def test_one_wrong_item_of_a_list_is_one_problem():
    found = [p for p in problems(varied("allowed: EU ", "allowed: [NO, Xx] ")) if not p.warning]
    assert [(p.code, spot(p)) for p in found] == [("C014", (25, 19))]


def test_a_term_named_like_its_own_kind_is_an_unknown_key():
    problem = only(varied("    allowed: EU", "    data-residency: x\n    allowed: EU"), "C011")
    assert spot(problem) == (25, 5)


def test_the_fields_own_python_names_are_not_keys():
    assert {p.code for p in problems(varied("{from: 2025-11-01, to:", "{start: 2025-11-01, end:"))} >= {"C011", "C012"}


def test_more_problems_than_a_person_reads_are_counted():
    found = problems(EXAMPLE + "".join(f"  {i}: 1\n" for i in range(400)))
    assert found[-1].code == "C019"
    assert len(found) == 201


def test_many_warnings_do_not_make_a_contract_invalid():
    many = "".join(f"  A{i}: {{kind: advisory-board-seat, clause: DPA 1, severity: minor}}\n" for i in range(300))
    loaded = load(EXAMPLE + many)
    assert loaded.problems[-1].code == "C019"
    assert loaded.problems[-1].warning
