"""What the reader trusts, read from a folder that came by another channel than the bundle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from evidence import certificates, mldsa, note, p256
from evidence import policy as policies
from evidence.certificates import Chain
from evidence.errors import BadInput, Place, Problem
from evidence.note import KeyType, NoteKey
from evidence.policy import CADES, ML_DSA_65, Policy
from evidence.spki import digest_of_key

PUBLIC_KEY, POLICY = "dsse-p256.pub", "policy.json"
ML_DSA_65_PUBLIC, SEAL_ROOT, TSA_ROOTS = "dsse-ml-dsa-65.pub", "seal-root.pem", "tsa-roots.pem"
LEDGER_VKEY, WITNESS_VKEY = "ledger.vkey", "witness.vkey"
MAX_TRUST_BYTES = 256 * 1024
MAX_VKEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Trust:
    """The pinned keys and roots, and the reader's policy.

    With a witness's key, every checkpoint must bear its cosignature.
    """

    policy: Policy
    dsse_p256: ec.EllipticCurvePublicKey
    dsse_ml_dsa_65: MLDSA65PublicKey | None = None
    seal_roots: Chain = ()
    tsa_roots: Chain = ()
    ledger: NoteKey | None = None
    witness: NoteKey | None = None

    @property
    def key_id(self) -> str:
        """Return the id of the pinned P-256 key."""
        return digest_of_key(self.dsse_p256)

    @property
    def statement_keys(self) -> frozenset[str]:
        """Return the ids of the keys that sign the statement, which must not make the CAdES seal as well."""
        return frozenset({self.key_id})  # an ML-DSA key cannot make one

    @property
    def signer_name(self) -> str | None:
        """Return the name the reader knows the pinned key by, if the policy gives one."""
        return next((person.name for person in self.policy.signed_by or () if person.keyid == self.key_id), None)

    def sealer_name(self, keyid: str) -> str | None:
        """Return the name the reader knows a seal's key by, if the policy gives one."""
        return next((person.name for person in self.policy.sealed_by or () if person.keyid == keyid), None)


def load_trust(folder: Path) -> Trust:
    """Read a trust folder; BadInput when a file is absent, malformed, or the policy contradicts the pinned key."""
    if not folder.is_dir():
        raise BadInput(Problem("T001", "no such trust folder", Place(str(folder)), _HINT))
    policy = policies.parse(_read(folder / POLICY, policies.MAX_POLICY_BYTES), str(folder / POLICY))
    ml_dsa, seal, tsa = (folder / name for name in (ML_DSA_65_PUBLIC, SEAL_ROOT, TSA_ROOTS))
    demanded = {ml_dsa: ML_DSA_65 in policy.require, seal: CADES in policy.require, tsa: policy.time == "rfc3161"}
    found = {path: _read(path, MAX_TRUST_BYTES) for path, needed in demanded.items() if needed or path.exists()}
    place = folder / PUBLIC_KEY
    trust = Trust(
        policy,
        p256.public_from_pem(_read(place, MAX_TRUST_BYTES), str(place)),
        mldsa.public_from_pem(found[ml_dsa], str(ml_dsa)) if ml_dsa in found else None,
        certificates.read_pem(found[seal], str(seal)) if seal in found else (),
        certificates.read_pem(found[tsa], str(tsa)) if tsa in found else (),
        _vkey(folder / LEDGER_VKEY, KeyType.LOG, needed=policy.ledger),
        _vkey(folder / WITNESS_VKEY, KeyType.WITNESS, needed=False),
    )
    if policy.signed_by is not None and trust.signer_name is None:
        message = f"the policy's signed_by does not name this key ({trust.key_id})"
        raise BadInput(Problem("T004", message, Place(str(place)), "use a key and a policy that belong together"))
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
