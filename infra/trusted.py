"""Bundles held against several trust folders: those sealed before keys were exchanged, and those sealed after."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from evidence.errors import VerificationError
from evidence.trust import Trust, load_trust
from evidence.verification import VerifiedContent
from evidence.verify import verify


def load_all(root: Path, folders: Sequence[str]) -> tuple[Trust, ...]:
    """Return what each trust folder says; BadInput when one is not usable."""
    return tuple(load_trust(root / folder) for folder in folders)


def verified(bundle: Path, trusts: Sequence[Trust], at: datetime) -> VerifiedContent:
    """Return the content of a bundle that verifies against one of them; else VerificationError, as the first says."""
    first: VerificationError | None = None
    for trust in trusts:
        try:
            return verify(bundle, trust, at=at).content()
        except VerificationError as error:
            first = first or error
    raise first or VerificationError("NO_TRUST", "not verified: no trust folder is named")
