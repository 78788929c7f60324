"""Which members a bundle may have beside its payload, and which of them need one another (BUNDLE.md, "Layout").

A part of the bundle that is not in `PARTS` is an unlisted member. Nothing here is verified: that is the numbered steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.errors import BadContainer

STATEMENT = "seal/statement.dsse.json"
LEDGER_START, LEDGER_START_PROOF = "seal/ledger-start.json", "seal/ledger-start.tlog-proof"
LEDGER_ENTRY, LEDGER_ENTRY_PROOF = "seal/ledger-entry.json", "seal/ledger-entry.tlog-proof"


@dataclass(frozen=True, slots=True)
class Part:
    """A member that may be there; `needs` are what it cannot be without, as templates of the pattern's groups."""

    pattern: re.Pattern[str]
    needs: tuple[tuple[str, str], ...] = ()  # (member, reason code when it is absent)


def _part(pattern: str, *needs: tuple[str, str]) -> Part:
    return Part(re.compile(pattern, re.ASCII), needs)


_LEDGER = (
    (LEDGER_START, "LEDGER_START_MISSING"),
    (LEDGER_ENTRY, "LEDGER_ENTRY_MISSING"),
    (LEDGER_START_PROOF, "LEDGER_PROOF_MISSING"),
    (LEDGER_ENTRY_PROOF, "LEDGER_PROOF_MISSING"),
)

PARTS = (
    _part(r"seal/statement\.dsse\.json"),
    _part(r"seal/ledger-(?:start|entry)\.(?:json|tlog-proof)", *_LEDGER),
)


def check_parts(members: Iterable[str]) -> None:
    """Compare members that no manifest lists with `PARTS`; BadContainer names the first that is unknown or alone."""
    present = set(members)
    if STATEMENT not in present:
        raise BadContainer("SEAL_MISSING", STATEMENT)
    for name in sorted(present):
        match, part = _known(name)
        for template, reason in part.needs:
            if (needed := match.expand(template)) not in present:
                raise BadContainer(reason, f"{name}: needs {needed}")


def _known(name: str) -> tuple[re.Match[str], Part]:
    for part in PARTS:
        if match := part.pattern.fullmatch(name):
            return match, part
    raise BadContainer("UNLISTED_MEMBER", name)
