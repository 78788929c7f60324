"""Whether a document is signed, by whom, and whether somebody on our list vouches for that: asked of the file itself.

A PDF carries its signatures (PAdES, ETSI EN 319 142-1); any other file has one beside it (`<file>.p7s`, detached CMS).
A signature counts as valid only if it covers the whole file, nothing was added after it, and its certificate leads to a
root of the trust list at the instant of the audit. Nothing is fetched: revocation is what the file brings along.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from evidence import cms
from evidence.certificates import ChainFault, build_chain, named
from evidence.purpose import for_seals

PDF = b"%PDF-"
MAX_SIGNATURES = 20
DATA = "data"
#: What the library raises on files that are damaged, or made to damage.
DAMAGED = (
    PdfError,
    SigningError,
    SignatureValidationError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    RecursionError,
    OverflowError,
    NotImplementedError,
)


class Signature(NamedTuple):
    """`valid`, `invalid`, `none` or `unknown-signer`, and whom the certificate names."""

    state: str
    signer: str | None = None


NONE = Signature("none")


def signature_of(data: bytes, detached: bytes | None, roots: Sequence[x509.Certificate], at: datetime) -> Signature:
    """Return what the signature of a file is worth; of several, the least."""
    if data.startswith(PDF):
        return _of_pdf(data, roots, at)
    return NONE if detached is None else _of_cms(data, detached, roots, at)


def _of_pdf(data: bytes, roots: Sequence[x509.Certificate], at: datetime) -> Signature:
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # its remarks on a file's faults would go to stderr
    try:
        signatures = list(PdfFileReader(io.BytesIO(data), strict=False).embedded_regular_signatures)[:MAX_SIGNATURES]
        context = ValidationContext(
            trust_roots=[asn1.Certificate.load(root.public_bytes(Encoding.DER)) for root in roots],
            moment=at,
            allow_fetching=False,
        )
        found = [_judged(validate_pdf_signature(one, context)) for one in signatures]
    except DAMAGED:
        return Signature("invalid")
    if not found:
        return NONE
    return min(found, key=lambda one: ("invalid", "unknown-signer", "valid").index(one.state))


def _judged(status: Any) -> Signature:
    signer = status.signing_cert.subject.native.get("common_name")
    name = signer if isinstance(signer, str) else None
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE and status.modification_level in {
        None,
        ModificationLevel.NONE,
    }
    if not (status.intact and status.valid and whole):
        return Signature("invalid", name)
    return Signature("valid" if status.trusted else "unknown-signer", name)


def _of_cms(data: bytes, detached: bytes, roots: Sequence[x509.Certificate], at: datetime) -> Signature:
    try:
        signed = cms.read(detached, DATA, data)
    except cms.CmsFault:
        return Signature("invalid")
    name = named(signed.signer)
    try:
        build_chain(signed.signer, signed.certificates, tuple(roots), at, for_seals())
    except ChainFault:
        return Signature("unknown-signer", name)
    return Signature("valid", name)
