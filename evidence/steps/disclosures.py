"""Step 9: that disclosed personal values are those whose digests were sealed."""

from __future__ import annotations

from evidence.examination import Examination, NotRun


def digests(examination: Examination) -> str:  # noqa: ARG001 - a step like the others
    """Compare disclosures with their digests; this form of bundle has none, and step 2 lets none in."""
    raise NotRun("NO_DISCLOSURES", "the bundle discloses no personal values")
