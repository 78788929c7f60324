"""What a mutant that no case noticed did all the same: what there is to state, or whether nothing ever changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.model import Finding

#: What a case may state of a finding.
STATED = ("status", "reasons", "assurance", "provisional", "population", "coverage", "measure", "exhibits")


@dataclass(frozen=True)
class Effect:
    """What a mutant did in one case: `said` are the parts of the finding that became otherwise."""

    case: str
    said: tuple[str, ...]


def differences(plain: Finding, other: Finding) -> Iterator[str]:
    """Give every part of a finding that a case could state and that became otherwise."""
    for name in STATED:
        before, after = getattr(plain, name), getattr(other, name)
        if name == "population":
            for part in type(before).model_fields:
                if getattr(before, part) != getattr(after, part):
                    yield f"{part}: {getattr(before, part)} -> {getattr(after, part)}"
        elif before != after:
            yield f"{name}: {_short(before)} -> {_short(after)}"


def _short(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_short(v) for v in value) + "]"
    if hasattr(value, "covered"):
        return f"{value.subject}{'+' if value.covered else '-'}{value.expected}/{value.observed} {value.note}"
    return str(getattr(value, "record", value))


def summary(found: list[Effect]) -> str:
    """Return one line: the shortest effect that a case could state, or how far the change went unseen."""
    if not found:
        return "gave the same rows in every case"
    telling = sorted((e for e in found if e.said), key=lambda e: (len(e.said), e.case))
    if not telling:
        return f"gave other rows and the same finding in {len(found)} cases: {found[0].case}"
    return f"{len(telling)} cases could state it: {telling[0].case}: {'; '.join(telling[0].said)}"
