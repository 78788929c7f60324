"""Makes a full set of keys for a newcomer, and the trust folder that goes with it."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey
from pydantic import ValidationError

from evidence import authority, certificates
from evidence.errors import BadInput, OutputFailed, Place, Problem
from evidence.ledger_key import LEDGER_KEY, ledger_signer
from evidence.policy import CADES, DSSE_P256, ML_DSA_65, Person, Policy
from evidence.signer import (
    DSSE_P256_KEY,
    ML_DSA_65_KEY,
    SEAL_CERTIFICATE,
    SEAL_KEY,
    SEAL_LIST,
    private_pem,
)
from evidence.spki import digest_of_key, public_pem
from evidence.trust_files import LEDGER_VKEY, ML_DSA_65_PUBLIC, POLICY, PUBLIC_KEY, SEAL_ROOT, TSA_ROOTS

ROOT_KEY = "seal-root.key"
PRIVATE, ROOT, TRUST = "private", "root", "trust"


def make_keys(
    directory: Path,
    name: str,
    now: datetime,
    *,
    life: timedelta = authority.SEAL_LIFE,
    passphrase: str | None = None,
    tsa_roots: bytes | None = None,
) -> None:
    """Write three folders: `private` signs, `root` certifies the seal, `trust` is what a reader is handed.

    `name` says who holds the keys. `private` has the statement's P-256 and ML-DSA-65 keys and, apart from them, the key
    of the CAdES seal with its certificate and a revocation list; `root` has the key of the certificate's issuer, which
    no audit needs. The seal's certificate ends after `life`. A passphrase encrypts keys.
    With `tsa_roots` the policy demands time stamps. The ledger's key is never encrypted: it signs no statement.
    BadInput when a file is already there: an overwritten key cannot be had back.
    """
    if tsa_roots is not None:
        certificates.read_pem(tsa_roots, TSA_ROOTS)
    made = _contents(name, (now, life), passphrase, tsa_roots)
    for name_in_folder in made:
        if os.path.lexists(taken := directory / name_in_folder):
            raise BadInput(Problem("K004", "already exists", Place(str(taken)), "choose an empty folder for new keys"))
    try:
        for folder, mode in ((TRUST, 0o755), (PRIVATE, 0o700), (ROOT, 0o700)):
            (directory / folder).mkdir(mode=mode, parents=True, exist_ok=True)
            (directory / folder).chmod(mode)  # also when it was there before
        for path, data in made.items():
            _write(directory / path, data, 0o644 if path.startswith(TRUST) else 0o600)
    except OSError as cause:
        raise OutputFailed(f"{directory}: keys cannot be written ({cause.strerror})") from cause


def _contents(
    name: str, times: tuple[datetime, timedelta], passphrase: str | None, tsa_roots: bytes | None
) -> dict[str, bytes]:
    statement, seal, root_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
    ml_dsa, log, (now, life) = MLDSA65PrivateKey.generate(), ledger_signer(), times
    policy = _policy(name, digest_of_key(statement.public_key()), digest_of_key(seal.public_key()), tsa_roots)
    root = authority.make_root(root_key, name, now)
    certificate = authority.make_seal_certificate(seal.public_key(), name, root, root_key, now, life)
    nothing = authority.make_revocation_list([], root, root_key, now, certificate.not_valid_after_utc)
    return {
        f"{PRIVATE}/{DSSE_P256_KEY}": private_pem(statement, passphrase),
        f"{PRIVATE}/{ML_DSA_65_KEY}": private_pem(ml_dsa, passphrase),
        f"{PRIVATE}/{SEAL_KEY}": private_pem(seal, passphrase),
        f"{PRIVATE}/{SEAL_CERTIFICATE}": certificates.pem(certificate) + certificates.pem(root),
        f"{PRIVATE}/{SEAL_LIST}": certificates.pem(nothing),
        f"{ROOT}/{ROOT_KEY}": private_pem(root_key, passphrase),
        f"{TRUST}/{PUBLIC_KEY}": public_pem(statement.public_key()),
        f"{TRUST}/{ML_DSA_65_PUBLIC}": public_pem(ml_dsa.public_key()),
        f"{TRUST}/{SEAL_ROOT}": certificates.pem(root),
        f"{PRIVATE}/{LEDGER_KEY}": f"{log.encode()}\n".encode(),
        f"{TRUST}/{LEDGER_VKEY}": f"{log.key.vkey}\n".encode(),
        f"{TRUST}/{POLICY}": policy,
        **({f"{TRUST}/{TSA_ROOTS}": tsa_roots} if tsa_roots is not None else {}),
    }


def _policy(name: str, statement: str, seal: str, tsa_roots: bytes | None) -> bytes:
    try:
        signer, sealer = Person(name=name, keyid=statement), Person(name=name, keyid=seal)
    except ValidationError as cause:
        message = "the signer's name must be one line of 1 to 120 printable characters"
        raise BadInput(Problem("K005", message, Place("--name"))) from cause
    policy = Policy(
        schema_="probity.policy/v1",
        require=(DSSE_P256, ML_DSA_65, CADES),
        time="local-clock" if tsa_roots is None else "rfc3161",
        ledger=True,
        signed_by=(signer,),
        sealed_by=(sealer,),
    )
    fields = {key: value for key, value in policy.as_json().items() if value is not None}
    return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _write(path: Path, data: bytes, mode: int) -> None:
    # O_EXCL: neither an existing file nor a planted link is ever written through.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
