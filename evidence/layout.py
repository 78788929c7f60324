"""Which members a bundle may have beside its payload, and which of them need one another (BUNDLE.md, "Layout").

A member that is not in `PARTS` is unlisted. Nothing here is verified: that is for the numbered steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from evidence.errors import BadContainer

SEAL, KEYS, LTV, ARCHIVE = "seal/", "seal/keys/", "seal/ltv/", "archive/"
STATEMENT = "seal/statement.dsse.json"
LEDGER_START, LEDGER_START_PROOF = "seal/ledger-start.json", "seal/ledger-start.tlog-proof"
LEDGER_ENTRY, LEDGER_ENTRY_PROOF = "seal/ledger-entry.json", "seal/ledger-entry.tlog-proof"
CADES = "seal/tagmanifest-sha256.txt.p7s"
DISCLOSURES = "disclosures/personal.jsonl"  # beside the seals, which do not cover it: whoever deletes lines redacts
KEY_P256, KEY_ML_DSA_65 = "seal/keys/dsse-p256.pub", "seal/keys/dsse-ml-dsa-65.pub"
STAMP = ".tsr"
MAX_STAMPS = 9  # over one file, each by another authority

_STAMP = r"(?:\.[2-9])?\.tsr"
_SEALS = r"seal/tagmanifest-sha256\.txt\.p7s|seal/statement\.dsse\.json"
_FIRST_ARCHIVE = ("archive/0001-sha256.txt", "ARCHIVE_MISSING")


@dataclass(frozen=True, slots=True)
class Part:
    """A member that may be there, and what it cannot be without: templates of the pattern's groups, reason codes."""

    pattern: re.Pattern[str]
    needs: tuple[tuple[str, str], ...] = ()


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
    _part(r"seal/tagmanifest-sha256\.txt\.p7s", (KEY_P256, "KEY_HINT_MISSING")),
    _part(rf"({_SEALS}){_STAMP}", (r"\1", "STAMP_WITHOUT_SEAL"), _FIRST_ARCHIVE),
    _part(r"seal/ledger-(?:start|entry)\.(?:json|tlog-proof)", *_LEDGER),
    _part(r"seal/keys/dsse-(?:p256|ml-dsa-65)\.pub", (CADES, "KEY_HINT_WITHOUT_SEAL")),
    _part(r"seal/ltv/[a-z0-9][a-z0-9-]{0,39}\.(?:crt|crl)", (CADES, "LTV_WITHOUT_SEAL")),
    _part(
        r"(archive/[0-9]{4}-sha256\.txt)", (r"\1.tsr", "ARCHIVE_UNSTAMPED"), (f"{STATEMENT}{STAMP}", "STAMP_MISSING")
    ),
    _part(rf"(archive/[0-9]{{4}}-sha256\.txt){_STAMP}", (r"\1", "ARCHIVE_MISSING")),
    _part(r"disclosures/personal\.jsonl"),
)


def stamp_name(member: str, number: int) -> str:
    """Return the name of a stamp over a member: `<member>.tsr`, and `<member>.2.tsr` for a second authority's."""
    return f"{member}{STAMP}" if number == 1 else f"{member}.{number}{STAMP}"


def stamps_of(member: str, present: Iterable[str]) -> tuple[str, ...]:
    """Return the stamps over a member that are there, in the order of their numbers."""
    names = set(present)
    return tuple(n for n in (stamp_name(member, i) for i in range(1, MAX_STAMPS + 1)) if n in names)


def check_parts(members: Iterable[str]) -> None:
    """Compare the members that no manifest lists with `PARTS`; BadContainer names the first that does not belong.

    1. the statement is there; 2. every member is a known part with what it needs; 3. where one seal is stamped, every
    seal is; 4. stamps and archive lists are numbered without a gap.
    """
    present = set(members)
    if STATEMENT not in present:  # 1
        raise BadContainer("SEAL_MISSING", STATEMENT)
    for name in sorted(present):  # 2
        for needed, reason in _needs(name):
            if needed not in present:
                raise BadContainer(reason, f"{name}: needs {needed}")
    if stamps_of(STATEMENT, present) and CADES in present and not stamps_of(CADES, present):  # 3
        raise BadContainer("STAMP_MISSING", stamp_name(CADES, 1))
    _check_numbers(present)  # 4


def _needs(name: str) -> Iterator[tuple[str, str]]:
    for part in PARTS:
        if match := part.pattern.fullmatch(name):
            return iter([(match.expand(template), reason) for template, reason in part.needs])
    raise BadContainer("UNLISTED_MEMBER", name)


def _check_numbers(present: set[str]) -> None:
    lists = sorted(name for name in present if name.startswith(ARCHIVE) and name.endswith(".txt"))
    for number, name in enumerate(lists, start=1):
        if name != f"{ARCHIVE}{number:04d}-sha256.txt":
            raise BadContainer("ARCHIVE_GAP", f"{name}: there is no list {number:04d} before it")
    for name in (STATEMENT, CADES, *lists):
        stamps = stamps_of(name, present)
        if any(stamp != stamp_name(name, i) for i, stamp in enumerate(stamps, start=1)):
            raise BadContainer("STAMP_MISSING", f"{name}: a stamp is missing between others")
