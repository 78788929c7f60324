"""What the reader trusts, read from a folder that came by another channel than the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from evidence import note, p256
from evidence import policy as policies
from evidence.errors import BadInput, Place, Problem
from evidence.note import KeyType, NoteKey
from evidence.policy import Policy
from evidence.signer import MAX_KEY_BYTES

PUBLIC_KEY, POLICY = "dsse-p256.pub", "policy.json"
LEDGER_VKEY, WITNESS_VKEY = "ledger.vkey", "witness.vkey"
MAX_VKEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned keys and the reader's policy. With a witness's key, every checkpoint must bear its cosignature."""

    policy: Policy
    dsse_p256: ec.EllipticCurvePublicKey
    ledger: NoteKey | None = None
    witness: NoteKey | None = None

    @property
    def key_id(self) -> str:
        """Return the id of the pinned P-256 key."""
        return p256.key_id(self.dsse_p256)

    @property
    def signer_name(self) -> str | None:
        """Return the name the reader knows the pinned key by, if the policy gives one."""
        return next((person.name for person in self.policy.signed_by or () if person.keyid == self.key_id), None)


def load_trust(folder: Path) -> Trust:
    """Read a trust folder; BadInput when a file is absent, malformed, or the policy contradicts the pinned key."""
    if not folder.is_dir():
        raise BadInput(Problem("T001", "no such trust folder", Place(str(folder)), _HINT))
    policy = policies.parse(_read(folder / POLICY, policies.MAX_POLICY_BYTES), str(folder / POLICY))
    place = str(folder / PUBLIC_KEY)
    trust = Trust(
        policy,
        p256.public_from_pem(_read(folder / PUBLIC_KEY, MAX_KEY_BYTES), place),
        ledger=_vkey(folder / LEDGER_VKEY, KeyType.LOG, needed=policy.ledger),
        witness=_vkey(folder / WITNESS_VKEY, KeyType.WITNESS, needed=False),
    )
    if policy.signed_by is not None and trust.signer_name is None:
        message = f"the policy's signed_by does not name this key ({trust.key_id})"
        raise BadInput(Problem("T004", message, Place(place), "use a key and a policy that belong together"))
    return trust


_HINT = "give the folder the signer handed you (DIR/trust of: probity keys new DIR), never one out of a bundle"


def _vkey(path: Path, kind: KeyType, *, needed: bool) -> NoteKey | None:
    if not needed and not path.exists():
        return None
    text = _read(path, MAX_VKEY_BYTES).decode(errors="replace")
    return note.parse_vkey(text, kind, str(path))


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as cause:
        raise BadInput(Problem("T002", f"cannot be read ({cause.strerror})", Place(str(path)), _HINT)) from cause
    if len(data) > limit:
        raise BadInput(Problem("T002", f"is larger than {limit} bytes", Place(str(path)), _HINT))
    return data
