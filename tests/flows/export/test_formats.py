"""What each of the smaller formats says to the tools that read it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from evidence.model import Severity, Status
from flows.export import export
from flows.export.links import reference
from tests.flows.export import subjects

OCSF = Path(__file__).parents[4] / "shared" / "data" / "schemas" / "ocsf"


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return [json.loads(line) for line in export("ocsf", subjects.subject()).splitlines()]


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(export("sarif", subjects.subject()))["runs"][0]["results"]
    return found


def case(status: Status) -> ElementTree.Element:
    (found,) = ElementTree.fromstring(export("junit", subjects.subject(subjects.finding(status)))).iter("testcase")
    return found


def test_another_reader_of_ocsf_reads_every_event(events: list[dict[str, Any]]) -> None:
    read = [ComplianceFinding.model_validate(event) for event in events]
    assert [e.compliance.requirements for e in read[:5]] == [["DPA §4.2 p.7"]] * 5


@pytest.mark.skipif(not OCSF.exists(), reason="the schema of OCSF is not beside this repository")
def test_ocsf_knows_every_attribute(events: list[dict[str, Any]]) -> None:
    known = json.loads((OCSF / "dictionary.json").read_text())["attributes"].keys()
    listed = {
        "compliance": json.loads((OCSF / "objects" / "compliance.json").read_text())["attributes"].keys(),
        "checks": json.loads((OCSF / "objects" / "check.json").read_text())["attributes"].keys() | {"uid", "name"},
        "evidences": json.loads((OCSF / "objects" / "evidences.json").read_text())["attributes"].keys(),
    }
    for event in events:
        assert event.keys() <= known
        assert event["compliance"].keys() <= listed["compliance"]
        assert all(check.keys() <= listed["checks"] for check in event["compliance"]["checks"])
        assert all(evidence.keys() <= listed["evidences"] for evidence in event.get("evidences", ()))


def test_ocsf_says_fail_warning_and_pass(events: list[dict[str, Any]]) -> None:
    said = {e["compliance"]["status_code"]: e["compliance"]["status"] for e in events[:5]}
    assert said == {
        "met": "Pass",
        "breached": "Fail",
        "unproven": "Warning",
        "not_exercised": "not_exercised",
        "not_in_force": "not_in_force",
    }


def test_ocsf_times_are_those_of_the_bundle(events: list[dict[str, Any]]) -> None:
    assert (events[0]["time"], events[0]["start_time"]) == (1751457600250, 1748736000000)


@pytest.mark.parametrize(
    ("status", "inner"),
    [(Status.BREACHED, "failure"), (Status.UNPROVEN, "error"), (Status.NOT_EXERCISED, "skipped"), (Status.MET, None)],
)
def test_junit_has_one_outcome_for_a_status(status: Status, inner: str | None) -> None:
    assert {child.tag for child in case(status)} == {"properties", *([inner] if inner else [])}


def test_junit_counts_what_it_holds() -> None:
    suite = ElementTree.fromstring(export("junit", subjects.subject())).find("testsuite")
    assert suite is not None
    counts = {key: int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}
    held = {"failures": "failure", "errors": "error", "skipped": "skipped", "tests": "testcase"}
    assert counts == {key: len(list(suite.iter(tag))) for key, tag in held.items()}


def test_a_waiver_does_not_let_a_test_case_pass() -> None:
    failure = case(Status.BREACHED).find("failure")
    assert failure is not None
    assert "waiver (active): accepted by B" in (failure.text or "")


def test_only_a_breach_has_a_level_in_sarif(results: list[dict[str, Any]]) -> None:
    assert {(r["kind"], r["level"]) for r in results} == {
        ("pass", "none"),
        ("fail", "error"),
        ("open", "none"),
        ("notApplicable", "none"),
    }


def test_a_minor_breach_is_a_warning_in_sarif() -> None:
    minor = subjects.finding(Status.BREACHED, severity=Severity.MINOR)
    assert json.loads(export("sarif", subjects.subject(minor)))["runs"][0]["results"][0]["level"] == "warning"


def test_a_waived_breach_is_not_suppressed_in_sarif(results: list[dict[str, Any]]) -> None:
    assert "suppressions" not in results[1]
    assert "accepted by B until 2026-07-01" in results[1]["message"]["text"]


def test_placeholders_and_links_of_others_are_plain_text_in_sarif(results: list[dict[str, Any]]) -> None:
    assert r"\[links\](x) {{0}} {{{{ insert }}}}" in results[-1]["message"]["text"]


def test_exhibits_in_sarif_point_to_artefacts_by_index(results: list[dict[str, Any]]) -> None:
    run = json.loads(export("sarif", subjects.subject()))["runs"][0]
    index = results[1]["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["index"]
    assert run["artifacts"][index]["hashes"] == {"sha-256": "a" * 64}


def test_no_cell_of_the_csv_can_run_as_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(export("csv", subjects.subject()).decode("utf-8-sig"), newline="")))
    assert {cell[0] for row in rows for cell in row if cell} & set("=+-@|%\t\r＝＋－＠") == set()


def test_every_row_of_the_csv_has_every_column() -> None:
    rows = list(csv.reader(io.StringIO(export("csv", subjects.subject()).decode("utf-8-sig"), newline="")))
    assert {len(row) for row in rows} == {len(rows[0])}


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("evidence/a.json", "evidence/a.json"),
        ("s3://bucket/key one", "s3://bucket/key%20one"),
        ("a:b/c", "./a:b/c"),
        ("é b?#%", "%C3%A9%20b%3F%23%25"),
    ],
)
def test_an_address_becomes_a_reference(address: str, expected: str) -> None:
    assert reference(address) == expected
