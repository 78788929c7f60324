"""Steps 6 and 7: the signatures over the statement, and what the seals are about."""

from __future__ import annotations

from evidence import dsse, manifest, p256, policy, statement
from evidence.errors import BadSignature
from evidence.examination import Examination
from evidence.layout import STATEMENT
from evidence.verification import SignedBy


def signatures(examination: Examination) -> str:
    """Verify the envelope with the pinned key; algorithm and key come from the trust folder alone."""
    envelope = dsse.parse(examination.read(STATEMENT, dsse.MAX_ENVELOPE_BYTES))
    trust = examination.trusted()
    if policy.ML_DSA_65 in trust.policy.require:
        raise BadSignature("SIGNATURE_MISSING", "the policy demands an ML-DSA-65 signature and there is none")
    dsse.check(envelope, trust.dsse_p256)
    signer = SignedBy(keyid=trust.key_id, algorithm=p256.ALGORITHM, name=trust.signer_name)
    examination.proved.signers.append(signer)
    return f"{STATEMENT}: key {trust.key_id}"


def subject(examination: Examination) -> str:
    """Compare the digest the seals name with that of the tag manifest."""
    envelope = dsse.parse(examination.read(STATEMENT, dsse.MAX_ENVELOPE_BYTES))
    examination.statement = stated = statement.parse(envelope.payload)
    if stated.tag_manifest_sha256 != examination.digests[manifest.TAG_MANIFEST]:
        detail = f"{STATEMENT}: seals another {manifest.TAG_MANIFEST} than this bundle's"
        raise BadSignature("SUBJECT_MISMATCH", detail)
    return f"{STATEMENT}: seals this {manifest.TAG_MANIFEST}"
