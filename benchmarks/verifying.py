"""Verify a large bundle with the base install's command, beside `sha256sum` over the same bytes.

Run as `verifying.py sha256sum|probity MIB` it prints the exit code of the process, its wall and processor time and its
peak memory as one line of JSON. Both sides are whole processes: the time includes what Python takes to start.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.bundle import seal_bundle
from evidence.canonical import canonical_bytes, sha256_hex
from evidence.model import AuditResult, ContractRef, Finding, Period, Status
from evidence.policy import Policy
from evidence.sealing import DsseSeal, Sealing
from evidence.signer import LocalSigner
from evidence.spki import public_pem
from evidence.statement import StatementFacts
from evidence.trust import Trust

MIB = 1024 * 1024
NOW = datetime(2025, 7, 2, tzinfo=UTC)
POLICY = {"schema": "probity.policy/v1", "require": ["dsse-p256"], "time": "local-clock", "ledger": False}


def written(mebibytes: int) -> Path:
    """Return a folder with `bundle.zip`, whose evidence has that size and compresses to nothing, and `trust/`."""
    cache = Path(os.environ.get("PROBITY_BENCH_CACHE", Path(tempfile.gettempdir()) / "probity-bench"))
    folder = cache / f"bundle-{mebibytes}"
    if not (folder / "bundle.zip").exists():
        (folder / "trust").mkdir(parents=True, exist_ok=True)
        table = folder / "data_lifecycle.parquet"
        with table.open("wb") as file:
            for number in range(mebibytes):
                file.write(hashlib.shake_256(str(number).encode()).digest(MIB))
        _seal(folder, table)
        table.unlink()
    return folder


def _seal(folder: Path, table: Path) -> None:
    signer = LocalSigner(ec.derive_private_key(0x51A7, ec.SECP256R1()))
    (folder / "trust/policy.json").write_bytes(canonical_bytes(POLICY))
    (folder / "trust/dsse-p256.pub").write_bytes(public_pem(signer.public_key))
    contract = ContractRef(id="msa-2025-114", version=3, sha256="c" * 64)
    period = Period.of(datetime(2025, 6, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
    finding = Finding(commitment="RET-24H", kind="data-retention-limit", clause="", status=Status.MET, because="ok")
    result = AuditResult(contract=contract, period=period, as_of=NOW, status=Status.MET, findings=(finding,))
    findings = canonical_bytes(result.as_json())
    digest = sha256_hex(findings)
    facts = StatementFacts(
        run="run-1",
        contract=contract,
        period=period,
        as_of=NOW,
        status=Status.MET,
        findings_sha256=digest,
        sealed_at=NOW,
        tool="bench",
    )
    payload: dict[str, bytes | Path] = {
        "results/findings.json": findings,
        "report.html": digest.encode(),
        "evidence/data_lifecycle.parquet": table,
    }
    trust = Trust(Policy.model_validate(POLICY), signer.public_key)
    seal_bundle(folder / "bundle.zip", payload, facts, Sealing((DsseSeal((signer,)),), trust, lambda: NOW))


def main(side: str, mebibytes: int) -> None:
    folder = written(mebibytes)
    bundle, trust = str(folder / "bundle.zip"), str(folder / "trust")
    python = [sys.executable, "-m", "evidence", "verify", bundle, "--trust", trust]
    command = ["sha256sum", bundle] if side == "sha256sum" else python
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    figures = {"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "peak_mib": used.ru_maxrss / 1024}
    print(json.dumps({"answer": {"code": process.returncode}, **figures}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
