"""Step 5: the CAdES seal."""

from __future__ import annotations

from datetime import datetime

from evidence import cades, cms, ltv, manifest, policy, timestamp
from evidence.certificates import Chain, key_id, named
from evidence.cms import Signed
from evidence.errors import BadSignature
from evidence.examination import Examination, NotRun
from evidence.layout import CADES
from evidence.model import instant_text
from evidence.p256 import ALGORITHM
from evidence.timestamp import Authorities
from evidence.verification import SignedBy


def seal(examination: Examination) -> str:
    """Verify the CAdES seal over the tag manifest, as of the trusted time or, where there is none, as of now.

    1. there is a seal, a root to check it against, and a time; 2. its signature is right, with signed attributes; 3.
    its chain leads to a pinned root, was valid then, and no archived list revokes it; 4. stamps inside it hold; 5. its
    key signs no statement; 6. every archived certificate and list was needed for that.
    """
    trust, proved = examination.trusted(), examination.proved
    if not examination.has(CADES):  # 1
        proved.open += [
            "who holds the key: it is a self-made key without a certificate and carries no legal presumption",
            "that the key was not stolen or withdrawn: there is no revocation data",
        ]
        if policy.CADES in trust.policy.require:
            raise BadSignature("CADES_MISSING", "the policy demands a CAdES seal and there is none")
        raise NotRun("NOT_DEMANDED", "the policy does not demand a CAdES seal")
    if not trust.seal_roots:
        raise BadSignature("NO_SEAL_ROOT", "the bundle has a CAdES seal, and the trust folder has no seal-root.pem")
    at = examination.sealed_by or examination.at
    if at is None:
        raise BadSignature("NO_VERIFICATION_TIME", "without a time stamp the seal is checked as of now: pass --at")
    archived = ltv.read(examination)
    content = examination.tags[manifest.TAG_MANIFEST]
    found = cades.read(examination.read(CADES, cms.MAX_CMS_BYTES), content)  # 2
    chain, listed = cades.check(found, trust.seal_roots, archived, at, examination.archived_by or at)  # 3
    _check_inner_stamps(examination, found, archived, at)  # 4
    if key_id(chain[0]) in trust.statement_keys:  # 5
        raise BadSignature("KEYS_NOT_SEPARATE", f"{CADES}: one key made both seals")
    ltv.check_used(archived, (chain, *examination.stamp_chains.values()))  # 6
    return _conclude(examination, chain, listed)


def _check_inner_stamps(examination: Examination, found: Signed, archived: Authorities, at: datetime) -> None:
    for token in found.tokens:
        if examination.sealed_by is None:
            raise BadSignature("CADES_FORM", f"{CADES}: is stamped inside and not beside")
        stamp = timestamp.read_token(token, found.signature, CADES)
        examination.stamp_chains[CADES] = timestamp.check(stamp, archived, at, CADES)


def _conclude(examination: Examination, chain: Chain, listed: datetime) -> str:
    trust, proved = examination.trusted(), examination.proved
    keyid = key_id(chain[0])
    name = trust.sealer_name(keyid)
    if trust.policy.sealed_by is not None and name is None:
        raise BadSignature("SEALER_NOT_ACCEPTED", f"{CADES}: {named(chain[0])}, key {keyid}")
    proved.seal_level = trust.policy.seal_level
    proved.signers.append(SignedBy(keyid=keyid, algorithm=f"cades {ALGORITHM}", name=name or named(chain[0])))
    if proved.seal_level == "simple":
        proved.open.append("who holds the key: your policy calls its certificate self-made, without legal presumption")
    proved.open.append(f"that the seal's certificate was not withdrawn after {instant_text(listed)}")
    return f"{CADES}: {named(chain[0])}, key {keyid}"
