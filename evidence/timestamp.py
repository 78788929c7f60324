"""RFC 3161 time stamps: what is kept of an authority's answer, and what it proves.

The policy and the accuracy an authority states are not judged: whom to believe is the reader's choice of roots.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

from asn1crypto import core, tsp
from cryptography import x509

from evidence import cms, der
from evidence.certificates import HASHES, MALFORMED, Chain, ChainFault, build_chain, named, stray
from evidence.errors import BadTimestamp
from evidence.purpose import for_stamps
from evidence.revocation import named_in

MAX_STAMP_BYTES = 64 * 1024
MAX_CLOCK_SKEW = timedelta(minutes=5)  # between two authorities, or an authority and the reader
_TSTINFO = "tst_info"


class Stamper(Protocol):
    """A time-stamping authority; the one over HTTP is `infra.tsa`."""

    def stamp(self, data: bytes) -> bytes:
        """Return the stamp over data as `kept` leaves it; OutputFailed when there is none to be had."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A token whose own signature is right and whose imprint is that of the data; its authority is not yet trusted."""

    time: datetime
    nonce: int | None
    signer: x509.Certificate
    certificates: Chain


@dataclass(frozen=True, slots=True)
class Authorities:
    """What stamps are checked against: the reader's roots, and certificates and CRLs that the bundle archived."""

    roots: Chain
    certificates: Chain = ()
    lists: tuple[x509.CertificateRevocationList, ...] = ()


def kept(response: bytes) -> bytes:
    """Return a time stamp response with its token byte for byte, and of the status only that it was granted.

    Nobody signs the status (RFC 3161 section 2.4.2), so here it has one form. BadTimestamp unless granted.
    """
    try:
        answer = tsp.TimeStampResp.load(response, strict=True)
        status = answer["status"]["status"].native
        token = answer["time_stamp_token"]
        if status not in {"granted", "granted_with_mods"} or isinstance(token, core.Void):
            raise BadTimestamp("STAMP_REFUSED", f"the authority answered {status}")
        return _response(token.dump())
    except MALFORMED as cause:
        raise BadTimestamp("STAMP_FORM", f"not a time stamp response ({cause})") from cause


def read(data: bytes, covered: bytes, name: str) -> Stamp:
    """Return the stamp in a `.tsr` file over `covered`; BadTimestamp unless it is exactly what `kept` leaves."""
    try:
        token = tsp.TimeStampResp.load(data, strict=True)["time_stamp_token"].dump()
    except MALFORMED as cause:
        raise BadTimestamp("STAMP_FORM", f"{name}: not a time stamp response ({cause})") from cause
    if _response(token) != data:
        raise BadTimestamp("STAMP_FORM", f"{name}: not in the form in which stamps are kept")
    return read_token(token, covered, name)


def read_token(token: bytes, covered: bytes, name: str) -> Stamp:
    """Return the stamp of a token over `covered`.

    1. the CMS object is right, and carries no unsigned attribute; 2. its imprint is that of the data; 3. its time is in
    UTC, as RFC 3161 section 2.4.2 has it. The authority is not checked: that is `check`.
    """
    try:
        signed = cms.read(token, _TSTINFO)  # 1
        if signed.tokens:
            raise BadTimestamp("STAMP_FORM", f"{name}: carries an unsigned attribute")
        der.check(signed.content)
        info = tsp.TSTInfo.load(signed.content, strict=True)
        return _stamp(info, covered, signed, name)  # 2, 3
    except cms.CmsFault as fault:
        reason = {"SIGNATURE": "STAMP_SIGNATURE"}.get(fault.word, "STAMP_FORM")
        raise BadTimestamp(reason, f"{name}: {fault.detail}") from fault
    except MALFORMED as cause:
        raise BadTimestamp("STAMP_FORM", f"{name}: not a time stamp token ({cause})") from cause


def check(stamp: Stamp, authorities: Authorities, at: datetime, name: str) -> Chain:
    """Return the authority's chain; BadTimestamp unless it is trusted and current at `at`, when the stamp was there.

    1. the stamp is not of a later time than `at`; 2. the chain leads to a pinned root, is for time stamping, and is
    valid at `at` and when it stamped; 3. no archived list names a certificate of it; 4. nothing else is in the token.
    """
    if stamp.time - at > MAX_CLOCK_SKEW:  # 1
        raise BadTimestamp(
            "STAMP_IN_FUTURE", f"{name}: is of {stamp.time:%Y-%m-%dT%H:%M:%SZ}, later than what it precedes"
        )
    others = (*stamp.certificates, *authorities.certificates)
    try:
        build_chain(stamp.signer, others, authorities.roots, stamp.time, for_stamps())  # 2
        chain = build_chain(stamp.signer, others, authorities.roots, max(at, stamp.time), for_stamps())
    except MALFORMED as cause:
        raise BadTimestamp("STAMP_FORM", f"{name}: a certificate cannot be read ({cause})") from cause
    except ChainFault as fault:
        raise BadTimestamp(f"STAMP_{fault.word}", f"{name}: {fault.detail}") from fault
    for certificate, issuer in pairwise(chain):  # 3
        if named_in(certificate, issuer, authorities.lists):
            raise BadTimestamp("STAMP_REVOKED", f"{name}: {named(certificate)} was revoked")
    if beside := stray(stamp.certificates, chain):  # 4
        raise BadTimestamp("STAMP_FORM", f"{name}: carries a certificate of another chain ({named(beside)})")
    return chain


def has_revocation(chain: Chain, authorities: Authorities) -> bool:
    """Return whether a list is archived for every certificate of an authority's chain."""
    return all(named_in(c, issuer, authorities.lists) is not None for c, issuer in pairwise(chain))


def _stamp(info: Any, covered: bytes, signed: cms.Signed, name: str) -> Stamp:
    imprint = info["message_imprint"]
    algorithm = imprint["hash_algorithm"]["algorithm"].native
    if info["version"].native != "v1" or algorithm not in HASHES:
        raise BadTimestamp("STAMP_FORM", f"{name}: version or digest algorithm {algorithm}")
    if not isinstance(info["extensions"], core.Void) and any(e["critical"].native for e in info["extensions"]):
        raise BadTimestamp("STAMP_FORM", f"{name}: carries a critical extension")
    if imprint["hashed_message"].native != hashlib.new(algorithm, covered).digest():
        raise BadTimestamp("STAMP_MISMATCH", f"{name}: is a stamp over other bytes")
    time = info["gen_time"].native
    if not isinstance(time, datetime) or time.utcoffset() != timedelta(0):
        raise BadTimestamp("STAMP_FORM", f"{name}: its time is not in UTC")
    return Stamp(time.astimezone(UTC), info["nonce"].native, signed.signer, signed.certificates)


def _response(token: bytes) -> bytes:
    """Return the DER of a granted response around a token."""
    body = b"\x30\x03\x02\x01\x00" + token
    length = len(body).to_bytes(4, "big").lstrip(b"\0")
    head = bytes([len(body)]) if len(body) < 0x80 else bytes([0x80 | len(length)]) + length
    return b"\x30" + head + body
