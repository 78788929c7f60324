"""The one way by which a verb comes to the content of a bundle: verification, as of now, against a trust folder."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from evidence.errors import VerificationError
from evidence.trust import load_trust
from evidence.verification import VerifiedContent
from evidence.verify import verify


def verified_content(bundle: Path, trust: Path | None) -> VerifiedContent:
    """Return the content of a bundle that verifies; VerificationError, exit code 4, when it does not.

    Without a trust folder nothing can be verified, so there is no content to be had.
    """
    if trust is None:
        raise VerificationError("NO_TRUST", "not verified: name the trust folder, which never comes out of a bundle")
    return verify(bundle, load_trust(trust), at=datetime.now(UTC)).content()
