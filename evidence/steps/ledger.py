"""Step 8: that the audit was announced before its result was known, and that its result was logged."""

from __future__ import annotations

from evidence.errors import NotLogged
from evidence.examination import Examination, NotRun


def proofs(examination: Examination) -> str:
    """Verify the ledger proofs; this form of bundle has none."""
    trust = examination.trusted()
    examination.proved.open += [
        "that no other audit was made and withheld: no ledger, so an unpublished audit would not be seen",
        "that this is the newest audit of its contract",
    ]
    if not trust.policy.ledger:
        raise NotRun("NOT_DEMANDED", "the policy does not demand a ledger entry")
    raise NotLogged("LEDGER_MISSING", "the policy demands a ledger entry and there is none")
