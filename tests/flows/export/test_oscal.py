"""Assessment results as NIST's schema, another reader and our own reference check see them."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from evidence.model import Status
from flows.export import export
from flows.export.complete import ExportIncomplete
from flows.export.oscal_references import check_references
from tests.flows.export import subjects

SCHEMA = (
    Path(__file__).parents[4] / "shared" / "data" / "schemas" / "oscal" / "oscal_assessment-results_schema-1.2.1.json"
)


@pytest.fixture(scope="module")
def written() -> bytes:
    return export("oscal", subjects.subject())


@pytest.fixture
def document(written: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written)["assessment-results"]
    return found


def targets(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {f["title"].partition(":")[0]: f["target"]["status"] for f in document["results"][0]["findings"]}


@pytest.mark.skipif(not SCHEMA.exists(), reason="NIST's schema is not beside this repository")
@pytest.mark.parametrize("contract", [None, "listed"])
def test_the_schema_of_nist_finds_nothing(contract: str | None) -> None:
    subject = subjects.subject(**({"contract": None} if contract is None else {}))
    check = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    assert [str(e) for e in check.iter_errors(json.loads(export("oscal", subject)))] == []


def test_another_reader_validates_it(tmp_path: Path, written: bytes) -> None:
    folder = tmp_path / "assessment-results" / "audit"
    folder.mkdir(parents=True)
    (folder / "assessment-results.json").write_bytes(written)
    (tmp_path / ".trestle").mkdir()  # marks a project of that reader
    command = [sys.executable, "-m", "trestle", "validate", "-f", str(folder / "assessment-results.json")]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert (ended.returncode, ended.stdout.startswith("VALID")) == (0, True), ended.stderr


def test_only_what_is_met_has_passed(document: dict[str, Any]) -> None:
    found = targets(document)
    assert {name for name, status in found.items() if status["reason"] == "pass"} == {"C-0-met"}


def test_what_is_unproven_is_not_satisfied_and_says_why(document: dict[str, Any]) -> None:
    status = targets(document)["C-2-unproven"]
    assert (status["state"], status["reason"]) == ("not-satisfied", "stale.no_evidence")


def test_evidence_is_linked_to_its_digest(document: dict[str, Any]) -> None:
    observation = document["results"][0]["observations"][1]
    links = [e.get("href") for e in observation["relevant-evidence"] if e["description"].startswith("app/1")]
    resource = next(r for r in document["back-matter"]["resources"] if f"#{r['uuid']}" == links[0])
    assert resource["rlinks"][0]["hashes"] == [{"algorithm": "SHA-256", "value": "a" * 64}]


def test_a_finding_is_linked_to_the_signed_paper_of_its_clause(document: dict[str, Any]) -> None:
    href = document["results"][0]["findings"][0]["links"][0]["href"]
    resource = next(r for r in document["back-matter"]["resources"] if f"#{r['uuid']}" == href)
    assert resource["rlinks"][0]["href"] == "docs/dpa%20v3.pdf"


def test_markup_of_others_is_shown_and_not_interpreted(document: dict[str, Any]) -> None:
    found = next(f for f in document["results"][0]["findings"] if f["title"].startswith("H-6"))
    assert r"\<script\>" in found["description"]


def test_a_clause_of_an_earlier_edition_has_a_control_of_its_own() -> None:
    both = [subjects.finding(Status.MET, commitment=name) for name in ("RET", "RET@2")]
    ids = json.loads(export("oscal", subjects.subject(*both)))["assessment-results"]["local-definitions"]
    assert [o["control-id"] for o in ids["objectives-and-methods"]] == ["RET", "RET.v2"]


def test_two_clauses_are_never_one_control() -> None:
    both = [subjects.finding(Status.MET, commitment=name) for name in ("RET.v2", "RET@2")]
    ids = json.loads(export("oscal", subjects.subject(*both)))["assessment-results"]["local-definitions"]
    assert [o["control-id"] for o in ids["objectives-and-methods"]] == ["RET.v2", "RET.v2_"]


def dangle(path: str) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        *above, last = path.split("/")
        inner: Any = document
        for key in above:
            inner = inner[int(key) if isinstance(inner, list) else key]
        inner[int(last) if isinstance(inner, list) else last] = "00000000-0000-4000-8000-000000000000"

    return change


def dangling_href(document: dict[str, Any]) -> None:
    document["import-ap"]["href"] = "#00000000-0000-4000-8000-000000000000"


def repeated(document: dict[str, Any]) -> None:
    document["results"][0]["findings"][1]["uuid"] = document["results"][0]["findings"][0]["uuid"]


R = "results/0"
FAULTS = {
    "an observation": dangle(f"{R}/findings/0/related-observations/0/observation-uuid"),
    "a target": dangle(f"{R}/findings/0/target/target-id"),
    "an actor": dangle(f"{R}/observations/0/origins/0/actors/0/actor-uuid"),
    "a subject": dangle(f"{R}/observations/0/subjects/0/subject-uuid"),
    "a control": dangle(f"{R}/reviewed-controls/control-selections/0/include-controls/0/control-id"),
    "an objective": dangle(f"{R}/reviewed-controls/control-objective-selections/0/include-objectives/0/objective-id"),
    "a component": dangle(
        f"{R}/local-definitions/assessment-assets/assessment-platforms/0/uses-components/0/component-uuid"
    ),
    "a party": dangle("metadata/responsible-parties/0/party-uuids/0"),
    "a role": dangle("metadata/responsible-parties/0/role-id"),
    "a resource": dangling_href,
    "a repeated uuid": repeated,
}


@pytest.mark.parametrize("what", FAULTS)
def test_a_reference_that_resolves_nowhere_is_refused(document: dict[str, Any], what: str) -> None:
    broken = copy.deepcopy(document)
    FAULTS[what](broken)
    with pytest.raises(ExportIncomplete):
        check_references(broken)
