"""The CAdES baseline seal over the tag manifest (ETSI EN 319 122-1), checked with its chain as of a given instant."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from evidence import cms, p256
from evidence.certificates import MALFORMED, Chain, ChainFault, build_chain, named
from evidence.cms import Signed
from evidence.errors import BadSignature
from evidence.layout import CADES
from evidence.purpose import for_seals
from evidence.revocation import check_chain
from evidence.timestamp import Authorities


class SealMaker(Protocol):
    """Makes CAdES seals with a key and its certificate; the one with pyHanko is `infra.cades`."""

    def seal(self, content: bytes) -> bytes:
        """Return the detached seal over content, with a time stamp inside where an authority is configured."""


def read(data: bytes, content: bytes) -> Signed:
    """Return the seal over `content`; BadSignature unless it is a detached CAdES seal by a P-256 key, with SHA-256.

    Signed attributes are demanded: without them the attributes of another seal could be passed off as content.
    """
    try:
        signed = cms.read(data, "data", content)
    except cms.CmsFault as fault:
        raise BadSignature(f"CADES_{fault.word}", f"{CADES}: {fault.detail}") from fault
    if not signed.baseline:
        raise BadSignature("CADES_ATTRIBUTES", f"{CADES}: no signing-certificate-v2 attribute, or not SHA-256")
    key = signed.signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadSignature("CADES_FORM", f"{CADES}: the seal's key is not a P-256 key")
    if p256.low_s(signed.signature) != signed.signature:
        raise BadSignature("CADES_FORM", f"{CADES}: the signature is not in its one form (DER, low s)")
    held = [c.public_bytes(Encoding.DER) for c in signed.certificates]
    if held != sorted(set(held)):
        raise BadSignature("CADES_FORM", f"{CADES}: its certificates are not in the order of DER")
    return signed


def check(seal: Signed, roots: Chain, archived: Authorities, at: datetime, known: datetime) -> tuple[Chain, datetime]:
    """Return the seal's chain, valid and not revoked at `at`, and when the list was issued that says so.

    1. the chain leads to a pinned root and is valid at `at`; 2. archived lists that existed by `known` name none of its
    certificates; 3. the chain is still valid when the newest of those lists was issued; 4. nothing else is in the seal.
    """
    others = (*seal.certificates, *archived.certificates)
    try:
        chain = build_chain(seal.signer, others, roots, at, for_seals())  # 1
        moment, listed = check_chain(chain, archived.lists, at, known)  # 2
        chain = build_chain(seal.signer, others, roots, moment, for_seals())  # 3
    except MALFORMED as cause:
        raise BadSignature("CADES_FORM", f"{CADES}: a certificate cannot be read ({cause})") from cause
    except ChainFault as fault:
        raise BadSignature(_REASONS[fault.word], f"{CADES}: {fault.detail}") from fault
    if beside := [c for c in seal.certificates if c not in chain[:-1]]:  # 4
        raise BadSignature("CADES_FORM", f"{CADES}: carries a certificate beside its chain ({named(beside[0])})")
    return chain, listed


_REASONS = {
    "UNTRUSTED": "SIGNER_UNTRUSTED",
    "EXPIRED": "SIGNER_EXPIRED",
    "NOT_YET_VALID": "SIGNER_NOT_YET_VALID",
    "REVOKED": "SIGNER_REVOKED",
    "REVOCATION_MISSING": "REVOCATION_MISSING",
    "REVOCATION_STALE": "REVOCATION_STALE",
}
