"""Anthropic's transparency log of accesses to customer content: each event on the feed is a leaf of a signed tree.

Sources: "Verify Access Transparency events with the transparency log" and the published leaf vector; C2SP signed-note,
tlog-checkpoint; RFC 6962. A leaf is the byte 0x01 and the RFC 8785 form of eleven fields, of which an address and a
parent are always null. Every organisation's log is signed by one key, so that the origin tells them apart. The log
proves that events which were served are the ones committed, not that every access was recorded or served.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from evidence import checkpoint, merkle, note
from evidence.canonical import canonical_bytes
from evidence.checkpoint import Checkpoint
from evidence.errors import NotLogged

#: The key that signs since 2026-08-17, as published with the vendor's own verifier (SubjectPublicKeyInfo, base64).
SIGNING_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv+om+waG3qNuK1X6+lE2646npTSO5xKfJOAvmlnf"
    "KPjuQEhvVDT387p5U71LWZYzrrBM+gioeaLI56reiD8xjA=="
)
SCHEMA = b"\x01"
TYPES = ("anthropic_access", "cmek_preserve")
INDEX = "transparency_log_leaf_index"
MAX_HASHES = 64
_FIELDS = (
    "accessed_at",
    "accessor_department",
    "created_at",
    "id",
    "organization_id",
    "organization_uuid",
    "reason_code",
    "type",
    "workspace_id",
)


def origin_of(organization: str) -> str:
    """Return the name of an organisation's log."""
    return f"axt.anthropic.com/{organization}"


def leaf_of(event: Mapping[str, Any]) -> bytes:
    """Return the leaf of a served event; NotLogged for one that can have none, or that is not as documented."""
    if event.get("type") not in TYPES:
        raise NotLogged("AXT_TYPE", "an event of a type that this form of the log does not hold")
    fields: dict[str, Any] = {name: _text(event, name) for name in _FIELDS}
    actor, thing = _part(event, "actor"), _part(event, "resource_details")
    fields["actor"] = None if actor is None else {"email_address": None, "type": _text(actor, "type")}
    fields["resource_details"] = (
        None if thing is None else {"id": _text(thing, "id"), "parent": None, "type": _text(thing, "type")}
    )
    return SCHEMA + canonical_bytes(fields)


def signed_checkpoint(data: bytes, organization: str, key: str = SIGNING_KEY) -> Checkpoint:
    """Return a checkpoint that the pinned key signed for this organisation's log; NotLogged otherwise."""
    encoded = base64.b64decode(key)
    public = load_der_public_key(encoded)
    signed, origin = note.parse(data), origin_of(organization)
    ours = [s for s in signed.signatures if (s.name, s.key_id) == (origin, hashlib.sha256(encoded).digest()[:4])]
    if not isinstance(public, ec.EllipticCurvePublicKey) or len(ours) != 1:
        raise NotLogged("AXT_WRONG_KEY", "the checkpoint is not signed once by the pinned key for this organisation")
    try:
        public.verify(ours[0].signature, signed.text.encode(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as cause:
        raise NotLogged("AXT_SIGNATURE", "the checkpoint's signature does not verify") from cause
    found = checkpoint.parse_text(signed.text)
    if found.origin != origin:
        raise NotLogged("AXT_ORIGIN", "the checkpoint is of another organisation's log")
    return found


def check_event(
    event: Mapping[str, Any], proof: Mapping[str, Any], organization: str, key: str = SIGNING_KEY
) -> Checkpoint:
    """Return the checkpoint that holds an event at its index, by the answer of `inclusion`; NotLogged otherwise."""
    index, told = event.get(INDEX), proof.get("checkpoint")
    if type(index) is not int or not isinstance(told, str):
        raise NotLogged("AXT_FORM", "an event without its index, or a proof without its checkpoint")
    found = signed_checkpoint(told.encode(), organization, key)
    merkle.check_inclusion(leaf_of(event), index, found.size, _hashes(proof), found.root)
    return found


def check_growth(old: Checkpoint, proof: Mapping[str, Any], organization: str, key: str = SIGNING_KEY) -> Checkpoint:
    """Return the newer checkpoint whose log begins with the older one's, by the answer of `consistency`."""
    told = proof.get("checkpoint")
    if not isinstance(told, str):
        raise NotLogged("AXT_FORM", "a proof without its checkpoint")
    found = signed_checkpoint(told.encode(), organization, key)
    merkle.check_consistency(old.size, old.root, found.size, found.root, _hashes(proof))
    return found


def _hashes(proof: Mapping[str, Any]) -> list[bytes]:
    listed = proof.get("hashes")
    if not isinstance(listed, list) or len(listed) > MAX_HASHES:
        raise NotLogged("AXT_FORM", "a proof without a list of hashes")
    try:
        found = [base64.b64decode(str(text), validate=True) for text in listed]
    except binascii.Error as cause:
        raise NotLogged("AXT_FORM", "a proof whose hashes are not base64") from cause
    if any(len(value) != hashlib.sha256().digest_size for value in found):
        raise NotLogged("AXT_FORM", "a proof whose hashes have another length")
    return found


def _part(event: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    part = event.get(name)
    if part is not None and not isinstance(part, dict):
        raise NotLogged("AXT_FORM", f"{name} is not an object")
    return part


def _text(stated: Mapping[str, Any], name: str) -> str | None:
    value = stated.get(name)
    if value is not None and not isinstance(value, str):
        raise NotLogged("AXT_FORM", f"{name} is not text")
    return value
