"""Step 5: the CAdES seal."""

from __future__ import annotations

from evidence import policy
from evidence.errors import BadSignature
from evidence.examination import Examination, NotRun


def seal(examination: Examination) -> str:
    """Verify the CAdES seal; this form of bundle has none."""
    trust = examination.trusted()
    examination.proved.open += [
        "who holds the key: it is a self-made key without a certificate and carries no legal presumption",
        "that the key was not stolen or withdrawn: there is no revocation data",
    ]
    if policy.CADES not in trust.policy.require:
        raise NotRun("NOT_DEMANDED", "the policy does not demand a CAdES seal")
    raise BadSignature("CADES_MISSING", "the policy demands a CAdES seal and there is none")
