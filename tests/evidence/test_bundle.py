from __future__ import annotations

from pathlib import Path

import pytest

from evidence.bundle import seal_bundle
from evidence.canonical import sha256_hex
from evidence.errors import BadInput, OutputFailed
from evidence.model import ContractRef, Status
from evidence.verify import verify
from tests.attacks.parts import unpack
from tests.evidence import sealed


class InterruptedOnce(type(Path())):
    """A file whose second reading, the one that writes the container, is interrupted from the keyboard."""

    readings = 0

    def open(self, *arguments: object, **named: object):
        type(self).readings += 1
        if type(self).readings == 2:
            raise KeyboardInterrupt
        return super().open(*arguments, **named)


def test_sealed_bundle_verifies_and_hands_out_its_content(tmp_path: Path) -> None:
    bundle = sealed.seal(tmp_path / "a.zip")
    content = verify(bundle, sealed.trust()).content()
    assert content.read("data/results/findings.json") == sealed.findings_bytes()
    assert content.facts == sealed.facts()


def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    assert sealed.seal(tmp_path / "a.zip").read_bytes() == sealed.seal(tmp_path / "b.zip").read_bytes()


def test_payload_may_lie_on_disk(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_bytes(sealed.payload()["report.html"])
    bundle = seal_bundle(
        tmp_path / "a.zip", sealed.payload() | {"report.html": report}, sealed.facts(), sealed.sealing()
    )
    assert bundle.read_bytes() == sealed.seal(tmp_path / "b.zip").read_bytes()


def test_bundle_has_the_members_of_the_layout_and_no_others(tmp_path: Path) -> None:
    assert sorted(unpack(sealed.seal(tmp_path / "a.zip").read_bytes())) == [
        "VERIFY.md",
        "bag-info.txt",
        "bagit.txt",
        "data/evidence/cards.json",
        "data/report.html",
        "data/results/findings.json",
        "manifest-sha256.txt",
        "seal/statement.dsse.json",
        "tagmanifest-sha256.txt",
    ]


def test_instructions_are_covered_by_the_seal(tmp_path: Path) -> None:
    files = unpack(sealed.seal(tmp_path / "a.zip").read_bytes())
    line = f"{sha256_hex(files['VERIFY.md'])}  VERIFY.md\n"
    assert line.encode() in files["tagmanifest-sha256.txt"]


@pytest.mark.parametrize("existing", ["file", "dangling link"])
def test_existing_bundle_is_never_overwritten(tmp_path: Path, existing: str) -> None:
    out = tmp_path / "a.zip"
    out.write_bytes(b"older") if existing == "file" else out.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputFailed, match="never overwritten"):
        sealed.seal(out)
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_bytes(sealed.payload()["report.html"])
    report = InterruptedOnce(tmp_path / "report.html")
    with pytest.raises(KeyboardInterrupt):
        seal_bundle(tmp_path / "a.zip", sealed.payload() | {"report.html": report}, sealed.facts(), sealed.sealing())
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_rest_of_a_killed_process_does_not_stand_in_the_way(tmp_path: Path) -> None:
    (tmp_path / ".a.zip.0.partial").write_bytes(b"half")
    assert verify(sealed.seal(tmp_path / "a.zip"), sealed.trust()).verified


def test_folder_that_is_not_there_is_our_failure(tmp_path: Path) -> None:
    with pytest.raises(OutputFailed, match="cannot be written"):
        sealed.seal(tmp_path / "absent" / "a.zip")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"report.html": b"another report"}, "REPORT_DISAGREES"),
        ({"report.pdf": b"%PDF-1.7 another report"}, "REPORT_DISAGREES"),
        ({"results/ocsf.jsonl": b"{}"}, "REPORT_DISAGREES"),
        ({"results/findings.json": b"{}"}, "FINDINGS_FORM"),
        ({"evidence/cards.json": b"{}"}, "CARDS_FORM"),
        ({"evidence/cards.json": b"[]"}, "ARTEFACT_UNKNOWN"),
    ],
)
def test_what_would_not_verify_is_not_sealed(tmp_path: Path, change: dict[str, bytes], reason: str) -> None:
    with pytest.raises(OutputFailed, match=reason):
        seal_bundle(tmp_path / "a.zip", sealed.payload() | change, sealed.facts(), sealed.sealing())
    assert list(tmp_path.iterdir()) == []


def test_facts_that_differ_from_the_findings_are_not_sealed(tmp_path: Path) -> None:
    facts = sealed.facts(findings_sha256=sha256_hex(sealed.findings_bytes()), status=Status.MET)
    with pytest.raises(OutputFailed, match="status differs"):
        seal_bundle(tmp_path / "a.zip", sealed.payload(), facts, sealed.sealing())


@pytest.mark.parametrize("name", ["../evil", "a b", ""])
def test_payload_name_outside_the_grammar_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputFailed, match="rename"):
        seal_bundle(tmp_path / "a.zip", sealed.payload() | {name: b""}, sealed.facts(), sealed.sealing())


def test_contract_id_beyond_ascii_is_sealed(tmp_path: Path) -> None:
    contract = ContractRef(id="Müller & Söhne 2025", version=1, sha256="0" * 64)
    findings = sealed.result().model_copy(update={"contract": contract})
    data = findings.model_dump_json(by_alias=True).encode()
    payload = sealed.payload() | {"results/findings.json": data, "report.html": sha256_hex(data).encode()}
    facts = sealed.facts(contract=contract, findings_sha256=sha256_hex(data))
    assert verify(seal_bundle(tmp_path / "a.zip", payload, facts, sealed.sealing()), sealed.trust()).verified


def test_absent_bundle_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such bundle"):
        verify(tmp_path / "absent.zip", sealed.trust())
