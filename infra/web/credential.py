"""Credentials by the variable that holds them: read late, shown by their last characters, written nowhere."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field

from evidence.errors import BadInput, Place, Problem
from infra.examination import Examination
from infra.source import Gathering
from infra.web.loopback import LOOPBACK

Variable = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{2,63}$")]
SHOWN = 4
SHORTEST = 12


def key_of(variable: str | None, purpose: str, at: Gathering | Examination) -> str:
    """Return the key a variable holds; `BadInput` where there is none, or something that is no key."""
    found = None if variable is None else at.variable(variable)
    if not found or len(found) < SHORTEST or not found.isascii() or not found.isprintable():
        what = f"{purpose} needs {variable or '`admin_credential`'}, and the environment has no key there"
        raise BadInput(Problem("G010", what, Place("audit.yaml"), "set the variable; keys are never written down"))
    return found


def shown(variable: str, secret: str) -> str:
    """Return how cards name a credential."""
    return f"{variable} …{secret[-SHOWN:]}"


def hosts(documented: str, endpoint: str, egress: frozenset[str] | None) -> frozenset[str]:
    """Return the hosts that may be asked: those of `egress`, else the vendor's own, and loopback where it is named."""
    if egress is not None:
        return egress
    named = urlsplit(endpoint).hostname or ""
    return frozenset({documented} | ({named} & LOOPBACK))
