"""A small audit to seal, and its parts, for the tests of the bundle."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.bundle import seal_bundle
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.model import (
    Assurance,
    AuditResult,
    ContractRef,
    Exhibit,
    ExtractionCard,
    Finding,
    Outcome,
    Period,
    Status,
)
from evidence.policy import Policy
from evidence.sealing import DsseSeal, Sealing
from evidence.signer import LocalSigner
from evidence.spki import public_pem
from evidence.statement import StatementFacts
from evidence.trust import Trust

PERIOD = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
AS_OF = datetime(2025, 7, 2, tzinfo=UTC)
CONTRACT = ContractRef(id="msa-2025-114", version=3, sha256="c" * 64)
ARTEFACT = "sha256:" + "a" * 64

# Fixed scalars: the same keys in every run, so that a failing test can be repeated byte for byte.
SIGNER = LocalSigner(ec.derive_private_key(0x51A7, ec.SECP256R1()))
STRANGER = LocalSigner(ec.derive_private_key(0xBAD, ec.SECP256R1()))


def policy(**changes: object) -> Policy:
    fields = {"schema": "probity.policy/v1", "require": ("dsse-p256",), "time": "local-clock", "ledger": False}
    return Policy.model_validate(fields | changes)


def trust(signer: LocalSigner = SIGNER, **changes: object) -> Trust:
    return Trust(policy(**changes), signer.public_key)


def sealing(signer: LocalSigner = SIGNER) -> Sealing:
    """Return the sealing of the first form: DSSE with one key."""
    return Sealing(steps=(DsseSeal((signer,)),), trust=trust(signer), now=lambda: AS_OF)


def result(status: Status = Status.BREACHED) -> AuditResult:
    exhibit = Exhibit(record="app-trace/1", outcome=Outcome.VIOLATION, measure="86401", artefact=ARTEFACT)
    finding = Finding(
        commitment="RET-24H",
        kind="data-retention-limit",
        clause="DPA 4.2",
        status=status,
        because="one record was kept for 86401 s",
        exhibits=(exhibit,),
    )
    return AuditResult(contract=CONTRACT, period=PERIOD, as_of=AS_OF, status=status, findings=(finding,))


def card() -> ExtractionCard:
    return ExtractionCard(
        artefact=ARTEFACT,
        size=10,
        media_type="application/json",
        source="files",
        address="evidence/app-trace.json",
        families=("data_lifecycle",),
        received=1,
        rows=1,
        started=AS_OF,
        finished=AS_OF,
        collector="files/1",
        identity="tester",
        assurance=Assurance.CORROBORATED,
    )


def findings_bytes(status: Status = Status.BREACHED) -> bytes:
    return canonical_bytes(result(status).as_json())


def payload(status: Status = Status.BREACHED) -> dict[str, bytes | Path]:
    findings = findings_bytes(status)
    return {
        "results/findings.json": findings,
        "evidence/cards.json": canonical_bytes([card().as_json()]),
        "report.html": f"<p>{sha256_hex(findings)}</p>".encode(),
    }


def facts(status: Status = Status.BREACHED, **changes: object) -> StatementFacts:
    fields: dict[str, object] = {
        "run": "run-1",
        "contract": CONTRACT,
        "period": PERIOD,
        "as_of": AS_OF,
        "status": status,
        "findings_sha256": sha256_hex(findings_bytes(status)),
        "sealed_at": AS_OF,
        "tool": "0.1.0",
    }
    return StatementFacts.model_validate(fields | changes)


def seal(out: Path, status: Status = Status.BREACHED) -> Path:
    return seal_bundle(out, payload(status), facts(status), sealing())


def write_trust(folder: Path, signer: LocalSigner = SIGNER, **changes: object) -> Path:
    """Write the trust folder that pins `signer`."""
    fields = {key: value for key, value in policy(**changes).as_json().items() if value is not None}
    (folder / "policy.json").write_bytes(canonical_bytes(fields))
    (folder / "dsse-p256.pub").write_bytes(public_pem(signer.public_key))
    return folder
