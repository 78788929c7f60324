"""Step 11: what the reader's policy demands beyond the other steps."""

from __future__ import annotations

from datetime import timedelta

from evidence.errors import PolicyNotMet
from evidence.examination import Examination


def demands(examination: Examination) -> str:
    """Compare what was proved with what the reader demands: signer and age."""
    trust, at = examination.trust, examination.at
    if trust is None:
        raise PolicyNotMet("NO_TRUST", "no trust folder: pass --trust with the one the signer handed you")
    policy = trust.policy
    if policy.signed_by is not None and trust.signer_name is None:
        raise PolicyNotMet("SIGNER_NOT_ACCEPTED", trust.key_id)
    if policy.oldest is not None:
        sealed = examination.sealed_by or examination.stated().predicate.sealed_at
        if at is None:
            raise PolicyNotMet("NO_VERIFICATION_TIME", "the policy limits the age: pass --at with the time now")
        if not timedelta() <= at - sealed <= policy.oldest:
            raise PolicyNotMet("TOO_OLD", f"sealed outside the {policy.not_older_than} before the time given")
    return "every demand of the policy is met"
