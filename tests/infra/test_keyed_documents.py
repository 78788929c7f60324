"""Documents with side-cars: bound to their file, keyed by two people, and signed or not as the file itself shows."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typst
from cryptography.hazmat.primitives.serialization import Encoding

from evidence.errors import BadInput
from evidence.locker import Locker
from evidence.model import Period
from evidence.signer import LocalSigner
from infra.pades import PadesMaker
from infra.source import Gathered, Gathering
from infra.sources.documents import Documents
from tests.evidence import pki

NOW = datetime(2025, 9, 1, tzinfo=UTC)
PERIOD = Period.of(datetime(2025, 7, 1, tzinfo=UTC), datetime(2025, 8, 1, tzinfo=UTC))
RECORD = {
    "document_id": "soc2-2025",
    "kind": "soc2",
    "issuer": "Auditors LLP",
    "holder_entity": "Vendor Ltd",
    "services": ["api"],
    "report_type": "2",
    "issued_on": "2025-06-30",
    "received_at": "2025-07-02T10:00:00Z",
}


def pdf() -> bytes:
    made = typst.compile(b"SOC 2 Type II", ignore_system_fonts=True)
    assert isinstance(made, bytes)
    return made


def signed(data: bytes, who: str = "Auditors LLP", scalar: int = 0x5EA1) -> bytes:
    keys = pki.seal_keys(who, scalar)
    return PadesMaker(LocalSigner(keys.key), (keys.certificate, keys.root)).seal(data, pki.MADE)


def write(folder: Path, document: bytes, name: str = "soc2.pdf", **changes: Any) -> None:
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / name).write_bytes(document)
    stated = {
        "probity": "document/v1",
        "file": name,
        "sha256": hashlib.sha256(document).hexdigest(),
        "keyed_by": ["a.doe", "b.roe"],
        "record": RECORD,
    } | changes
    (folder / "docs" / f"{name}.yaml").write_text(json.dumps({k: v for k, v in stated.items() if v is not None}))


def gathered(folder: Path, trust: bool = True) -> Gathered:
    (folder / "roots.pem").write_bytes(pki.seal_keys("Auditors LLP").root.public_bytes(Encoding.PEM))
    at = Gathering(
        folder, Locker(folder / "locker"), folder / "tables", PERIOD, lambda: NOW, lambda value: f"token:{value}"
    )
    Documents(path="docs", trust="roots.pem" if trust else None).gather(at)
    return at.gathered()


def row(found: Gathered, name: str = "documents") -> dict[str, Any]:
    (path,) = found.tables[name]
    (only,) = pq.read_table(path).to_pylist()
    return dict(only)


def said(found: Gathered) -> str:
    return " ".join(problem for card in found.cards for problem in card.problems)


@pytest.mark.parametrize(
    ("document", "trust", "state"),
    [
        (pdf(), True, "none"),
        (signed(pdf()), True, "valid"),
        (signed(pdf()), False, "unknown-signer"),
        (signed(pdf(), "Auditors LLP", 0x7EA1), True, "unknown-signer"),
        (signed(pdf()).replace(b"SOC", b"SOX", 1) + b"\n%", True, "invalid"),
        (signed(pdf()) + b"\n%%EOF\nmore", True, "invalid"),
    ],
    ids=["unsigned", "by whom we trust", "no trust list", "same name, another root", "changed", "added to"],
)
def test_the_signature_is_what_the_file_shows(document: bytes, trust: bool, state: str, tmp_path: Path) -> None:
    write(tmp_path, document)
    found = gathered(tmp_path, trust)
    assert row(found)["signature"] == state
    assert row(found)["file_state"] == "match"


def test_the_signer_is_a_token(tmp_path: Path) -> None:
    write(tmp_path, signed(pdf()))
    assert row(gathered(tmp_path))["signer"] == "token:Auditors LLP"


def test_a_file_that_is_another_one_than_was_keyed_is_a_mismatch_and_unsigned(tmp_path: Path) -> None:
    write(tmp_path, signed(pdf()), sha256="ab" * 32)
    assert (row(gathered(tmp_path))["file_state"], row(gathered(tmp_path))["signature"]) == ("mismatch", "none")


def test_a_file_that_is_not_there_is_absent(tmp_path: Path) -> None:
    write(tmp_path, pdf(), file="other.pdf")
    assert row(gathered(tmp_path))["file_state"] == "absent"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"keyed_by": ["a.doe"]}, "two different people"),
        ({"keyed_by": ["a.doe", " A.DOE "]}, "two different people"),
        ({"keyed_by": None}, "two different people"),
        ({"sha256": None}, "needs"),
        ({"sha256": "short"}, "needs"),
        ({"record": None}, "needs"),
        ({"probity": "document/v2"}, "document/v1"),
        ({"approved": True}, "nothing knows"),
        ({"family": "consents"}, "is one of"),
        ({"record": RECORD | {"signature": "valid"}}, "signature"),
        ({"record": RECORD | {"file_state": "match"}}, "file_state"),
        ({"record": RECORD | {"opinon": "unqualified"}}, "opinon"),
    ],
)
def test_a_side_car_that_does_not_hold_is_lost_and_says_why(changes: dict[str, Any], why: str, tmp_path: Path) -> None:
    write(tmp_path, pdf(), **changes)
    found = gathered(tmp_path)
    assert why in said(found)
    assert sum(card.unreadable for card in found.cards) == 1
    assert "documents" not in found.tables


@pytest.mark.parametrize("text", [b"", b"{", b"\xff\xfe", b"- 1", b"&a [*a]", b"!!python/object:os.system x"])
def test_what_is_no_side_car_is_lost(text: bytes, tmp_path: Path) -> None:
    write(tmp_path, pdf())
    (tmp_path / "docs" / "soc2.pdf.yaml").write_bytes(text)
    assert sum(card.unreadable for card in gathered(tmp_path).cards) == 1


def test_a_deletion_certificate_needs_its_file(tmp_path: Path) -> None:
    record = {"certificate_id": "DEL-1", "issuer": "Vendor Ltd", "trigger": "exit"}
    write(tmp_path, signed(pdf()), family="deletion_certificates", record=record)
    assert row(gathered(tmp_path), "deletion_certificates")["signature"] == "valid"
    write(tmp_path, signed(pdf()), family="deletion_certificates", record=record, sha256="ab" * 32)
    found = gathered(tmp_path)
    assert "the file is mismatch" in said(found)
    assert "deletion_certificates" not in found.tables


def test_a_document_that_nobody_keyed_is_named(tmp_path: Path) -> None:
    write(tmp_path, pdf())
    (tmp_path / "docs" / "iso.pdf").write_bytes(pdf())
    assert "no side-car names it" in said(gathered(tmp_path))


CDX = {
    "bomFormat": "CycloneDX",
    "serialNumber": "urn:uuid:1",
    "metadata": {"timestamp": "2025-06-30T00:00:00Z"},
    "declarations": {
        "assessors": [{"bom-ref": "assessor-1", "organization": {"name": "Assessors Inc"}}],
        "targets": {"organizations": [{"bom-ref": "acme", "name": "Vendor Ltd"}]},
        "claims": [{"bom-ref": "claim-1", "target": "acme"}],
        "attestations": [
            {
                "assessor": "assessor-1",
                "map": [
                    {"requirement": "no_training", "claims": ["claim-1"], "conformance": {"score": 1}},
                    {"requirement": "retention", "claims": ["claim-1"], "conformance": {"score": 0.8}},
                    {"requirement": "eu", "claims": ["claim-1"], "counterClaims": ["c"], "conformance": {"score": 1}},
                ],
            }
        ],
    },
}


def test_a_cyclonedx_attestation_asserts_what_it_holds_without_reserve(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.cdx.json").write_text(json.dumps(CDX))
    found = row(gathered(tmp_path))
    assert (found["issuer"], found["holder_entity"], found["signature"]) == ("Assessors Inc", "Vendor Ltd", "none")
    assert (found["assertions"], found["exceptions"]) == (["no_training"], ["retention", "eu"])


def test_claims_that_are_no_list_name_nobody(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    told = json.dumps(CDX).replace('["claim-1"]', "5")
    (tmp_path / "docs" / "a.cdx.json").write_text(told)
    assert row(gathered(tmp_path))["holder_entity"] is None


@pytest.mark.parametrize("text", [b"", b"[]", b'{"bomFormat": "CycloneDX"}', b'{"bomFormat": "SPDX"}', b"[" * 99_999])
def test_what_is_no_attestation_is_lost(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.cdx.json").write_bytes(text)
    assert sum(card.unreadable for card in gathered(tmp_path).cards) == 1


def test_a_trust_list_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    at = Gathering(tmp_path, Locker(tmp_path / "l"), tmp_path / "t", PERIOD, lambda: NOW, lambda value: value)
    with pytest.raises(BadInput, match="roots"):
        Documents(path="docs", trust="missing.pem").gather(at)
