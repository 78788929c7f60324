"""Steps 6 and 7: the signatures over the statement, and what the seals are about."""

from __future__ import annotations

from evidence import dsse, layout, manifest, mldsa, p256, policy, statement
from evidence.errors import BadSignature
from evidence.examination import Examination
from evidence.layout import STATEMENT
from evidence.signer import PublicKey
from evidence.spki import public_pem
from evidence.timestamp import MAX_CLOCK_SKEW
from evidence.trust import Trust
from evidence.verification import SignedBy

MAX_HINT_BYTES = 16 * 1024


def signatures(examination: Examination) -> str:
    """Verify the envelope with the pinned keys; algorithm and key come from the trust folder alone.

    1. the P-256 signature, the first; 2. the ML-DSA-65 one beside it, when it is there or demanded; 3. there is no
    signature that nobody can check; 4. copies of keys in the bundle are those of the trust folder, one for each
    signature where there is a CAdES seal (step 2 saw to the first), so that none can be taken away or put in.
    """
    envelope = dsse.parse(examination.read(STATEMENT, dsse.MAX_ENVELOPE_BYTES))
    trust, proved = examination.trusted(), examination.proved
    first, *others = envelope.signatures
    dsse.check(envelope.payload, first, trust.dsse_p256)  # 1
    statement_signer = SignedBy(keyid=trust.key_id, algorithm=p256.ALGORITHM, name=trust.signer_name)
    proved.signers.insert(0, statement_signer)  # before the seal's, which step 5 found
    for second in others:
        if trust.dsse_ml_dsa_65 is None:  # 3
            detail = "a second signature, and the trust folder has no dsse-ml-dsa-65.pub"
            raise BadSignature("UNPINNED_SIGNATURE", detail)
        dsse.check(envelope.payload, second, trust.dsse_ml_dsa_65)  # 2
        signer = SignedBy(keyid=second.key_id, algorithm=mldsa.ALGORITHM, name=trust.signer_name)
        proved.signers.append(signer)
    if policy.ML_DSA_65 in trust.policy.require and not others:
        raise BadSignature("SIGNATURE_MISSING", "the policy demands an ML-DSA-65 signature and there is none")
    _check_hints(examination, trust, len(envelope.signatures))  # 4
    return f"{STATEMENT}: key {trust.key_id}" + (" and ML-DSA-65" if others else "")


def _check_hints(examination: Examination, trust: Trust, signatures: int) -> None:
    copied = examination.has(layout.KEY_ML_DSA_65)
    if copied is not (signatures > 1) and examination.has(layout.CADES):
        raise BadSignature("KEY_HINT_MISSING" if not copied else "KEY_HINT_UNUSED", layout.KEY_ML_DSA_65)
    pinned: dict[str, PublicKey | None] = {layout.KEY_P256: trust.dsse_p256, layout.KEY_ML_DSA_65: trust.dsse_ml_dsa_65}
    for name, key in pinned.items():
        if examination.has(name) and (key is None or examination.read(name, MAX_HINT_BYTES) != public_pem(key)):
            raise BadSignature("KEY_HINT_DIFFERS", f"{name}: is not the key of the trust folder")


def subject(examination: Examination) -> str:
    """Compare the digest the seals name with that of the tag manifest; step 5 did so for the CAdES seal."""
    envelope = dsse.parse(examination.read(STATEMENT, dsse.MAX_ENVELOPE_BYTES))
    examination.statement = stated = statement.parse(envelope.payload)
    if stated.tag_manifest_sha256 != examination.digests[manifest.TAG_MANIFEST]:
        detail = f"{STATEMENT}: seals another {manifest.TAG_MANIFEST} than this bundle's"
        raise BadSignature("SUBJECT_MISMATCH", detail)
    _check_times(examination, stated)
    return f"{STATEMENT}: seals this {manifest.TAG_MANIFEST}"


def _check_times(examination: Examination, stated: statement.Statement) -> None:
    """The signer's own clock may lag behind the stamps, and never run ahead of them."""
    proven = examination.sealed_by
    if proven is not None and stated.predicate.sealed_at - proven > MAX_CLOCK_SKEW:
        detail = f"{STATEMENT}: claims a time of sealing later than its stamps"
        raise BadSignature("SEALED_AFTER_STAMP", detail)
