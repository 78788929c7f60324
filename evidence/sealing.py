"""How a bundle is sealed: steps in the order of BUNDLE.md, each of which adds files beside the payload.

start leaf (before anything is gathered) → payload and manifests → CAdES and DSSE → stamps → completed leaf and proof →
revocation data → archive list and stamp → container.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from evidence import dsse, statement
from evidence.canonical import sha256_hex
from evidence.errors import OutputFailed
from evidence.layout import STATEMENT
from evidence.signer import Signer
from evidence.statement import StatementFacts
from evidence.trust import Trust


@dataclass(frozen=True, slots=True)
class Draft:
    """A bundle whose payload is fixed; `files` are the parts made so far, such as `seal/statement.dsse.json`."""

    facts: StatementFacts
    tag_manifest: bytes
    files: Mapping[str, bytes]


class SealingStep(Protocol):
    """Makes files below `seal/`, `archive/` or `disclosures/` from the draft and everything made before."""

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return the new files by name; one that is there already is never replaced."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """The steps in order, and what the finished bundle must verify against before it leaves the work folder.

    `now` is read when everything is made: stamps are later than the start of the run.
    """

    steps: tuple[SealingStep, ...]
    trust: Trust
    now: Callable[[], datetime]


def run_steps(steps: tuple[SealingStep, ...], draft: Draft) -> Draft:
    """Return the draft with the files of every step."""
    for step in steps:
        made = step.make(draft)
        if again := sorted(made.keys() & draft.files.keys()):
            raise OutputFailed(f"{again[0]}: made by two steps of the sealing")
        draft = replace(draft, files={**draft.files, **made})
    return draft


@dataclass(frozen=True, slots=True)
class DsseSeal:
    """Signs the statement over the tag manifest."""

    signer: Signer

    def make(self, draft: Draft) -> Mapping[str, bytes]:
        """Return `seal/statement.dsse.json`."""
        payload = statement.encode(draft.facts, sha256_hex(draft.tag_manifest))
        return {STATEMENT: dsse.sign(payload, self.signer)}
