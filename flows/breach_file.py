"""The part of `audit.yaml` that says when breach cases open, how long triage may take, and what notices state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from pydantic import Field

from evidence import p256
from evidence.errors import BadInput, Place, Problem
from evidence.model import Closed, Severity
from evidence.spki import digest_of_key

HOURS = r"^[1-9][0-9]{0,2}h$"


class BreachSettings(Closed):
    """What happens when a promise is found broken. Nothing of this is published in a bundle."""

    triage: Annotated[str, Field(pattern=HOURS)] = Field(
        default="24h", description="how long a person has to decide whether anybody is notified"
    )
    severities: frozenset[Severity] = Field(
        default=frozenset({Severity.CRITICAL}), description="breached findings of which severities open a case"
    )
    earlier_keys: tuple[str, ...] = Field(
        default=(), description="PEM files of earlier public P-256 keys, oldest first: what they signed still verifies"
    )
    templates: str | None = Field(default=None, description="folder with templates of notices that replace ours")
    remedies: str | None = Field(default=None, description="file with cure periods, rights and credits, by commitment")
    tz: str | None = Field(default=None, description="zone in which days end, such as Europe/Brussels")
    countries: tuple[str, ...] = Field(default=(), description="ISO 3166, for public holidays: BE, DE-BY")
    entities: tuple[str, ...] = Field(default=(), description="kinds of entity, such as credit-institution")
    facts: dict[str, str] = Field(default={}, description="what every notice states of us, such as contact_point")

    @property
    def triage_hours(self) -> int:
        """Return the hours of triage."""
        return int(re.sub("h$", "", self.triage))


def earlier_keys(folder: Path, names: tuple[str, ...]) -> dict[str, EllipticCurvePublicKey]:
    """Return earlier public keys by their id; BadInput when a file is not one."""
    found: dict[str, EllipticCurvePublicKey] = {}
    for name in names:
        try:
            data = (folder / name).read_bytes()
        except OSError as cause:
            raise BadInput(Problem("K001", f"cannot be read ({cause.strerror})", Place(str(folder / name)))) from None
        key = p256.public_from_pem(data, name)
        found[digest_of_key(key)] = key
    return found
