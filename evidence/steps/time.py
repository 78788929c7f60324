"""Step 4: when the seals are proven to have existed."""

from __future__ import annotations

from evidence.errors import BadTimestamp
from evidence.examination import Examination, NotRun


def trusted_time(examination: Examination) -> str:
    """Verify the time stamps; this form of bundle has none."""
    demanded = examination.trusted().policy.time
    examination.proved.open.append(
        "when it was sealed: no trusted time stamp, the time given is the signer's own clock"
    )
    if demanded == "local-clock":
        raise NotRun("NOT_DEMANDED", "no trusted time: the policy accepts the signer's own clock")
    raise BadTimestamp("TIMESTAMP_MISSING", f"the policy demands {demanded} and there is no stamp")
