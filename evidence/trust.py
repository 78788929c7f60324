"""What the reader trusts, read from files that came by another channel than the bundle."""

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
from evidence.trust_files import (
    LEDGER_VKEY,
    ML_DSA_65_PUBLIC,
    POLICY,
    PUBLIC_KEY,
    SEAL_ROOT,
    TSA_ROOTS,
    WITNESS_VKEY,
    TrustFiles,
    open_trust,
)

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


def load_trust(where: Path) -> Trust:
    """Read a trust folder or trust file; BadInput when a file is absent, malformed, or contradicts the policy."""
    files = open_trust(where)
    policy = policies.parse(files.read(POLICY, policies.MAX_POLICY_BYTES), files.place(POLICY))
    demanded = {
        ML_DSA_65_PUBLIC: ML_DSA_65 in policy.require,
        SEAL_ROOT: CADES in policy.require,
        TSA_ROOTS: policy.time == "rfc3161",
    }
    found = {name: files.read(name) for name, needed in demanded.items() if needed or files.has(name)}
    ml_dsa, place = found.get(ML_DSA_65_PUBLIC), files.place(PUBLIC_KEY)
    trust = Trust(
        policy,
        p256.public_from_pem(files.read(PUBLIC_KEY), place),
        mldsa.public_from_pem(ml_dsa, files.place(ML_DSA_65_PUBLIC)) if ml_dsa is not None else None,
        certificates.read_pem(found[SEAL_ROOT], files.place(SEAL_ROOT)) if SEAL_ROOT in found else (),
        certificates.read_pem(found[TSA_ROOTS], files.place(TSA_ROOTS)) if TSA_ROOTS in found else (),
        _vkey(files, LEDGER_VKEY, KeyType.LOG, needed=policy.ledger),
        _vkey(files, WITNESS_VKEY, KeyType.WITNESS, needed=False),
    )
    if policy.signed_by is not None and trust.signer_name is None:
        message = f"the policy's signed_by does not name this key ({trust.key_id})"
        raise BadInput(Problem("T004", message, Place(place), "use a key and a policy that belong together"))
    return trust


def _vkey(files: TrustFiles, name: str, kind: KeyType, *, needed: bool) -> NoteKey | None:
    if not needed and not files.has(name):
        return None
    text = files.read(name, MAX_VKEY_BYTES).decode(errors="replace")
    return note.parse_vkey(text, kind, files.place(name))
