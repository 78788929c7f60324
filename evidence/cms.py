"""CMS SignedData with one signer (RFC 5652), read strictly: the form of a CAdES seal and of a time stamp's token.

The ASN.1 is read by asn1crypto, which adds nothing else to the base install; signatures and certificates are checked by
`cryptography`. Accepted: SHA-256, SHA-384, SHA-512; ECDSA, and RSA with PKCS #1 v1.5. Not accepted: RSA-PSS, EdDSA.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from evidence import der
from evidence.certificates import HASHES, MALFORMED, MAX_CERTIFICATES, Chain

MAX_CMS_BYTES = 64 * 1024
MIN_RSA_BITS = 2048
_NO_PARAMETERS = (b"", b"\x05\x00")  # absent, or NULL (RFC 5754 sections 2 and 3)


class CmsFault(Exception):
    """Why a CMS object is not accepted: FORM, ATTRIBUTES, CONTENT or SIGNATURE, and the detail."""

    def __init__(self, word: str, detail: str) -> None:
        """Keep the word beside the text."""
        super().__init__(f"{word}: {detail}")
        self.word = word
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Signed:
    """A SignedData whose signature is right; whether its signer is trusted is for the caller to find out."""

    content: bytes  # of the object itself; empty when detached
    signer: x509.Certificate
    certificates: Chain  # all that the object carries
    signature: bytes
    tokens: tuple[bytes, ...]  # time stamp tokens over the signature, unsigned attributes of CAdES
    baseline: bool  # SHA-256, and the certificate named by signing-certificate-v2, as CAdES demands


def read(data: bytes, content_type: str, detached: bytes | None = None) -> Signed:
    """Return what was signed and by whom; CmsFault unless every part of the object is right.

    1. strict DER, one signer, one digest algorithm, no CRLs, nothing left over; 2. the signer's certificate is the one
    the signer information names; 3. signed attributes are there, each once: content type, message digest, and the
    digest of the signer's certificate (RFC 5035); 4. the message digest is that of the content; 5. the certificate's
    key signed the attributes; 6. no unsigned attribute but a time stamp over the signature.
    """
    try:
        return _read(data, content_type, detached)
    except MALFORMED as cause:
        raise CmsFault("FORM", f"not a CMS object that can be read ({cause})") from cause


def _read(data: bytes, content_type: str, detached: bytes | None) -> Signed:
    _demand(len(data) <= MAX_CMS_BYTES, "FORM", f"larger than {MAX_CMS_BYTES} bytes")
    der.check(data)
    outer = cms.ContentInfo.load(data, strict=True)
    _demand(outer["content_type"].native == "signed_data", "FORM", "is not SignedData")
    signed_data = outer["content"]
    content = _content(signed_data, content_type, detached)
    certificates = _certificates(signed_data)
    (info,) = _one(signed_data["signer_infos"], "signer")
    algorithm = _digest_algorithm(signed_data, info)
    signer = _signer(info, certificates)
    digest = hashlib.new(algorithm, content if detached is None else detached).digest()
    _check_attributes(info, content_type, digest, signer)
    _check_signature(info, signer, HASHES[algorithm])
    names = {attribute["type"].native for attribute in info["signed_attrs"]}
    baseline = algorithm == "sha256" and "signing_certificate_v2" in names
    return Signed(content, signer, certificates, info["signature"].native, _tokens(info), baseline)


def _content(signed_data: Any, content_type: str, detached: bytes | None) -> bytes:
    encapsulated = signed_data["encap_content_info"]
    _demand(
        encapsulated["content_type"].native == content_type, "CONTENT", f"content is not of the type {content_type}"
    )
    held = encapsulated["content"]
    if detached is not None:
        _demand(isinstance(held, core.Void), "FORM", "carries content of its own beside the detached one")
        _demand(signed_data["version"].native == "v1", "FORM", "version")
        return b""
    _demand(signed_data["version"].native == "v3", "FORM", "version")
    return bytes(held.contents if content_type != "data" else held.native)


def _certificates(signed_data: Any) -> Chain:
    _demand(isinstance(signed_data["crls"], core.Void), "FORM", "carries revocation lists of its own")
    held = signed_data["certificates"]
    _demand(not isinstance(held, core.Void) and len(held) <= MAX_CERTIFICATES, "FORM", "number of certificates")
    _demand(all(choice.name == "certificate" for choice in held), "FORM", "carries a certificate of another kind")
    return tuple(x509.load_der_x509_certificate(choice.chosen.dump()) for choice in held)


def _digest_algorithm(signed_data: Any, info: Any) -> str:
    (listed,) = _one(signed_data["digest_algorithms"], "digest algorithm")
    name = info["digest_algorithm"]["algorithm"].native
    _demand(listed.dump() == info["digest_algorithm"].dump() and name in HASHES, "FORM", f"digest algorithm {name}")
    _demand(listed["parameters"].dump() in _NO_PARAMETERS, "FORM", "parameters of the digest algorithm")
    return str(name)


def _signer(info: Any, certificates: Chain) -> x509.Certificate:
    sid = info["sid"]
    _demand(sid.name == "issuer_and_serial_number" and info["version"].native == "v1", "FORM", "signer identifier")
    serial, issuer = sid.chosen["serial_number"].native, sid.chosen["issuer"].dump()
    found = [c for c in certificates if c.serial_number == serial and c.issuer.public_bytes() == issuer]
    _demand(len(found) == 1, "FORM", "the signer's certificate is not there, or there twice")
    return found[0]


def _check_attributes(info: Any, content_type: str, digest: bytes, signer: x509.Certificate) -> None:
    attributes = info["signed_attrs"]
    _demand(
        not isinstance(attributes, core.Void) and len(attributes) > 0, "ATTRIBUTES", "there are no signed attributes"
    )
    held = {attribute["type"].native: attribute["values"] for attribute in attributes}
    _demand(len(held) == len(attributes), "ATTRIBUTES", "a signed attribute is there twice")
    _demand(all(len(values) == 1 for values in held.values()), "ATTRIBUTES", "a signed attribute has not one value")
    _demand(
        {"content_type", "message_digest"} <= held.keys(), "ATTRIBUTES", "content type or message digest is missing"
    )
    _demand(held["content_type"][0].native == content_type, "ATTRIBUTES", "content type")
    _demand(held["message_digest"][0].native == digest, "CONTENT", "was made over other content")
    _demand(_names_certificate(held, signer), "ATTRIBUTES", "does not name the signer's certificate by its digest")


def _names_certificate(held: dict[str, Any], signer: x509.Certificate) -> bool:
    if "signing_certificate_v2" in held:
        identified = held["signing_certificate_v2"][0]["certs"][0]
        algorithm = identified["hash_algorithm"]["algorithm"].native
        if algorithm not in HASHES:
            return False
        return bool(identified["cert_hash"].native == signer.fingerprint(HASHES[algorithm]))
    if "signing_certificate" in held:  # RFC 2634, which authorities still use; the signature itself binds the key
        digest = signer.fingerprint(hashes.SHA1())  # noqa: S303 - an identifier here
        return bool(held["signing_certificate"][0]["certs"][0]["cert_hash"].native == digest)
    return False


def _check_signature(info: Any, signer: x509.Certificate, digest: hashes.HashAlgorithm) -> None:
    attributes = info["signed_attrs"]
    message = b"\x31" + attributes.dump()[1:]  # signed as SET OF, RFC 5652 section 5.4
    _demand(cms.CMSAttributes.load(message).dump(force=True) == message, "FORM", "signed attributes are not in DER")
    name, key = info["signature_algorithm"]["algorithm"].native, signer.public_key()
    parameters = info["signature_algorithm"]["parameters"].dump()
    _demand(parameters in _NO_PARAMETERS, "FORM", "parameters of the signature algorithm")
    signature = info["signature"].native
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            _demand(name == f"{digest.name}_ecdsa", "FORM", f"signature algorithm {name}")
            key.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(key, rsa.RSAPublicKey):
            _demand(name in {"rsassa_pkcs1v15", f"{digest.name}_rsa"}, "FORM", f"signature algorithm {name}")
            _demand(key.key_size >= MIN_RSA_BITS, "FORM", f"an RSA key of {key.key_size} bits")
            key.verify(signature, message, padding.PKCS1v15(), digest)
        else:
            raise CmsFault("FORM", "the signer's key is of an unsupported kind")
    except InvalidSignature as cause:
        raise CmsFault("SIGNATURE", "the signature was not made by the certificate's key") from cause


def _tokens(info: Any) -> tuple[bytes, ...]:
    attributes = info["unsigned_attrs"]
    if isinstance(attributes, core.Void):
        return ()
    (only,) = _one(attributes, "unsigned attribute")
    _demand(only["type"].native == "signature_time_stamp_token", "FORM", "an unsigned attribute that is no time stamp")
    return tuple(value.dump() for value in only["values"])


def _one(values: Any, what: str) -> tuple[Any]:
    found = tuple(values)
    _demand(len(found) == 1, "FORM", f"there must be exactly one {what}")
    return found


def _demand(holds: bool, word: str, detail: str) -> None:
    if not holds:
        raise CmsFault(word, detail)
