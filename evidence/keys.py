"""Makes a signer's key pair and the trust folder that goes with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from evidence import p256
from evidence.errors import BadInput, OutputFailed, Place, Problem
from evidence.policy import DSSE_P256, Person, Policy
from evidence.signer import PRIVATE_KEY
from evidence.trust import POLICY, PUBLIC_KEY


def make_keys(directory: Path, name: str) -> None:
    """Write `directory`/private (the signing key, 0600) and `directory`/trust (what a reader is handed).

    `name` says who holds the key. BadInput when keys are already there: an overwritten key cannot be had back.
    """
    private, trust = directory / "private", directory / "trust"
    for path in (private / PRIVATE_KEY, trust / PUBLIC_KEY, trust / POLICY):
        if os.path.lexists(path):
            raise BadInput(Problem("K004", "already exists", Place(str(path)), "choose an empty folder for new keys"))
    key = ec.generate_private_key(ec.SECP256R1())
    policy = _policy(name, p256.key_id(key.public_key()))
    try:
        trust.mkdir(parents=True, exist_ok=True)
        private.mkdir(mode=0o700, exist_ok=True)
        private.chmod(0o700)  # also when it was there before
        _write(private / PRIVATE_KEY, p256.private_pem(key), 0o600)
        _write(trust / PUBLIC_KEY, p256.public_pem(key.public_key()), 0o644)
        _write(trust / POLICY, policy, 0o644)
    except OSError as cause:
        raise OutputFailed(f"{directory}: keys cannot be written ({cause.strerror})") from cause


def _policy(name: str, keyid: str) -> bytes:
    try:
        person = Person(name=name, keyid=keyid)
    except ValidationError as cause:
        message = "the signer's name must be one line of 1 to 120 printable characters"
        raise BadInput(Problem("K005", message, Place("--name"))) from cause
    policy = Policy(
        schema_="probity.policy/v1", require=(DSSE_P256,), time="local-clock", ledger=False, signed_by=(person,)
    )
    fields = {key: value for key, value in policy.as_json().items() if value is not None}
    return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode("utf-8")


def _write(path: Path, data: bytes, mode: int) -> None:
    # O_EXCL: neither an existing file nor a planted link is ever written through.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
