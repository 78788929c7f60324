"""Anthropic's Compliance and Admin APIs as documented, with a transparency log signed by a key of our own."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from evidence import merkle
from evidence.checkpoint import Checkpoint
from evidence.note import Note, Signature
from infra.transparency_log import leaf_of, origin_of
from tests.vendor_server import Params, Reply

ORG = "25f6429a-3293-49bf-afed-cb312911554b"


@cache
def log_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public_key() -> str:
    encoded = log_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(encoded).decode()


def activity(number: int, kind: str = "platform_file_deleted", **more: Any) -> dict[str, Any]:
    return {
        "id": f"activity_{number:03d}",
        "created_at": f"2026-10-01T08:{number:02d}:00Z",
        "organization_uuid": ORG,
        "type": kind,
        "actor": {"type": "user_actor", "email_address": "admin@example.com", "user_id": "user_01"},
    } | more


def access(number: int, index: int) -> dict[str, Any]:
    return activity(
        number,
        "anthropic_access",
        accessed_at="2026-10-01T07:00:00Z",
        actor={"type": "anthropic_actor", "email_address": None},
        accessor_department="Safeguards",
        reason_code="safety_review",
        resource_details={"type": "message", "id": f"msg_{number}"},
        workspace_id="wrkspc_01",
        transparency_log_leaf_index=index,
    )


@dataclass
class Vendor:
    """What the vendor has; `break_` replaces the answer to one path by a reply."""

    activities: list[dict[str, Any]] = field(default_factory=list)
    settings: list[dict[str, Any]] = field(default_factory=list)
    workspaces: list[dict[str, Any]] = field(default_factory=list)
    usage: list[dict[str, Any]] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    size: int = 2
    organization: Any = ORG
    broken: dict[str, Reply] = field(default_factory=dict)

    def log(self, *events: Mapping[str, Any]) -> None:
        self.leaves += [leaf_of(event) for event in events]

    def answer(self, path: str, params: Params, headers: Mapping[str, str]) -> Reply:
        if path in self.broken:
            return self.broken[path]
        if not headers.get("x-api-key") or headers.get("anthropic-version") != "2023-06-01":
            return Reply({"type": "error"}, status=401)
        asked = dict(params)
        match path.rsplit("/", maxsplit=1)[1]:
            case "me":
                return Reply({"type": "organization", "id": self.organization, "name": "Acme"})
            case "activities":
                return self._page(self.activities, asked)
            case "settings":
                return Reply({"type": "effective_organization_settings", "settings": self.settings})
            case "workspaces":
                return self._page(self.workspaces, asked)
            case "messages":
                return Reply({"data": self.usage, "has_more": False, "next_page": None})
            case "inclusion":
                path_hashes = merkle.inclusion_proof(self._hashes(), int(asked["leaf_index"]))
                return self._proof("inclusion", path_hashes)
            case "consistency":
                return self._proof("consistency", merkle.consistency_proof(self._hashes(), int(asked["from"])))
        return Reply(status=404)

    def _hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(leaf) for leaf in self.leaves]

    def _proof(self, kind: str, path: tuple[bytes, ...]) -> Reply:
        listed = [base64.b64encode(one).decode() for one in path]
        return Reply({"type": f"transparency_log_{kind}_proof", "hashes": listed, "checkpoint": self.checkpoint()})

    def checkpoint(self) -> str:
        text = Checkpoint(origin_of(ORG), len(self.leaves), merkle.root(self._hashes())).text
        signature = log_key().sign(text.encode(), ec.ECDSA(hashes.SHA256()))
        key_id = hashlib.sha256(base64.b64decode(public_key())).digest()[:4]
        return Note(text, (Signature(origin_of(ORG), key_id, signature),)).encode().decode()

    def _page(self, things: list[dict[str, Any]], asked: dict[str, str]) -> Reply:
        ids = [thing.get("id") if isinstance(thing, dict) else None for thing in things]
        start = ids.index(asked["after_id"]) + 1 if "after_id" in asked else 0
        shown = things[start : start + self.size]
        more = start + self.size < len(things)
        return Reply(
            {
                "data": shown,
                "has_more": more,
                "first_id": None,
                "last_id": ids[start + len(shown) - 1] if shown else None,
            }
        )
