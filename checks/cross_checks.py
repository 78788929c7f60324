"""What a contract says in two places must agree; judged on the plain data, so that it works on half-right files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from checks.codes import Code
from checks.commitment import Commitment
from checks.problems import missing
from checks.unchecked import catalogue
from checks.yaml12 import Document
from checks.yaml_reader import Path
from evidence.errors import Problem

LEI_LENGTH = 20


def cross_check(document: Document, kinds: Mapping[str, type[Commitment]]) -> Iterator[Problem]:
    """Yield what is wrong between the parts of a contract file, and what is right but deserves a look."""
    yield from _party_identifiers(document)
    for name, clause in _mapping(document.data.get("commitments")).items():
        if isinstance(clause, dict):
            path = ("commitments", name)
            yield from _severity_stated(document, path, clause)
            yield from _somebody_checks(document, path, clause, kinds)
            yield from _document_listed(document, path, clause)
            yield from _within_term(document, path, clause)


def _severity_stated(document: Document, path: Path, clause: Mapping[str, Any]) -> Iterator[Problem]:
    if "severity" not in clause:
        yield missing(document, path, "severity", "write critical, major or minor")


def _somebody_checks(
    document: Document, path: Path, clause: Mapping[str, Any], kinds: Mapping[str, type[Commitment]]
) -> Iterator[Problem]:
    kind = clause.get("kind")
    if isinstance(kind, str) and kind not in kinds and kind in catalogue():
        message = f"nothing checks '{kind}' yet: {path[-1]} will be unproven (no_check) in every result"
        yield _warning(document, (*path, "kind"), Code.NO_CHECK, message)


def _document_listed(document: Document, path: Path, clause: Mapping[str, Any]) -> Iterator[Problem]:
    words = str(clause.get("clause") or "").split()
    if words and words[0] not in (listed := _mapping(document.data.get("documents"))):
        message = f"the clause is quoted from '{words[0]}', which is not among the documents"
        hint = f"documents: {', '.join(listed)}" if listed else "list it under documents"
        yield _warning(document, (*path, "clause"), Code.UNLISTED_DOCUMENT, message, hint)


def _within_term(document: Document, path: Path, clause: Mapping[str, Any]) -> Iterator[Problem]:
    term, in_force = _days(document.data.get("term")), _days(clause.get("in_force"))
    if term and in_force and (in_force[0] < term[0] or in_force[1] > term[1]):
        message = f"in_force reaches outside the contract's term, {term[0]} to {term[1]}"
        yield _warning(document, (*path, "in_force"), Code.OUTSIDE_TERM, message)


def _party_identifiers(document: Document) -> Iterator[Problem]:
    for party in ("customer", "vendor"):
        lei = _mapping(document.data.get(party)).get("lei")
        if isinstance(lei, str) and len(lei) == LEI_LENGTH and lei.isascii() and lei.isalnum() and not _lei_holds(lei):
            message = f"the check digits of LEI {lei} do not fit: a digit or letter is wrong"
            yield _warning(document, (party, "lei"), Code.LEI_CHECK_DIGITS, message)


def _lei_holds(lei: str) -> bool:
    """Return whether the number passes ISO 7064 MOD 97-10, as ISO 17442 demands."""
    return int("".join(str(int(character, 36)) for character in lei)) % 97 == 1


def _days(written: object) -> tuple[date, date] | None:
    try:
        first, last = (date.fromisoformat(str(_mapping(written).get(key))) for key in ("from", "to"))
    except ValueError:
        return None
    return first, last


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _warning(document: Document, path: Path, code: Code, message: str, hint: str = "") -> Problem:
    return Problem(code, message, document.place(path), hint, warning=True)
