"""Bundles of the full form: two seals by separate keys, stamps, archived revocation data and an archive list."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from evidence.archive import ArchiveList, Stamps
from evidence.bundle import seal_bundle
from evidence.canonical import canonical_bytes
from evidence.certificates import pem
from evidence.sealing import CadesSeal, DsseSeal, KeyCopies, RevocationData, Sealing, SealingStep
from evidence.signer import LocalSigner
from evidence.spki import digest_of_key, public_pem
from evidence.trust import Trust
from tests.evidence import pki, sealed

ML_DSA = LocalSigner(MLDSA65PrivateKey.from_seed_bytes(bytes(32)))
NOW = datetime.fromisoformat("2025-07-03T00:00:00Z")


def trust(roots: Sequence[pki.TimeKeys] | None = None, **changes: object) -> Trust:
    """Return the trust of a reader who was handed all keys; `require` and `time` may be changed."""
    demands = {"require": ("dsse-p256", "ml-dsa-65", "cades"), "time": "rfc3161"} | changes
    held = [pki.first(), pki.second()] if roots is None else roots
    tsa = tuple(keys.root for keys in held)
    public = sealed.SIGNER.public_key
    return Trust(sealed.policy(**demands), public, ML_DSA.public_key, (pki.seal_keys().root,), tsa)


def steps(
    stamped: datetime | None = pki.STAMPED,
    lists: Sequence[x509.CertificateRevocationList] | None = None,
    stampers: Sequence[pki.At] | None = None,
    keys: pki.SealKeys | None = None,
) -> tuple[SealingStep, ...]:
    """Return the steps of a sealing in order; without `stamped` nothing is stamped."""
    own = keys or pki.seal_keys()
    authorities = tuple(stampers or ([pki.At(pki.first, stamped)] if stamped else ()))
    revocation = [own.crl()] if lists is None else lists
    return (
        CadesSeal(own.maker(stamped)),
        DsseSeal((sealed.SIGNER, ML_DSA)),
        KeyCopies(sealed.SIGNER, ML_DSA),
        Stamps(authorities),
        RevocationData(lambda: revocation),
        ArchiveList(authorities),
    )


def sealing(stamped: datetime | None = pki.STAMPED, **parts: object) -> Sealing:
    demands = {} if stamped else {"time": "local-clock"}
    return Sealing(steps=steps(stamped, **parts), trust=trust(**demands), now=lambda: NOW)


def seal(out: Path, stamped: datetime | None = pki.STAMPED, **parts: object) -> Path:
    return seal_bundle(out, sealed.payload(), sealed.facts(), sealing(stamped, **parts))


def write_trust(folder: Path, given: Trust | None = None) -> Path:
    """Write the files of a trust folder."""
    held = given or trust()
    fields = {key: value for key, value in held.policy.as_json().items() if value is not None}
    files = {"policy.json": canonical_bytes(fields), "dsse-p256.pub": public_pem(held.dsse_p256)}
    if held.dsse_ml_dsa_65:
        files["dsse-ml-dsa-65.pub"] = public_pem(held.dsse_ml_dsa_65)
    for name, roots in (("seal-root.pem", held.seal_roots), ("tsa-roots.pem", held.tsa_roots)):
        if roots:
            files[name] = b"".join(pem(root) for root in roots)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def without(held: Trust, **parts: object) -> Trust:
    return replace(held, **parts)


KEY_ID = digest_of_key(ML_DSA.public_key)


def seal_bytes(**facts: object) -> bytes:
    """Return a bundle of the full form over the same payload."""
    with tempfile.TemporaryDirectory() as folder:
        return seal_bundle(Path(folder) / "a.zip", sealed.payload(), sealed.facts(**facts), sealing()).read_bytes()
