"""`audits`: the customer's own audits, as the ledger and the sealed bundles tell them, held against the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from evidence.model import Assurance
from infra.examination import Examination, Fetch, Observation, Outcome
from infra.source import Gathering, Source
from infra.trust_folders import TrustFolders


class Audits(Source):
    """The slots of the schedules in this audit file, each with what the ledger knows of it; one row per slot."""

    kind: Literal["audits"] = "audits"
    assurance: Assurance = Assurance.OBSERVED
    ledger: str = Field(default="ledger", min_length=1, description="folder of the ledger, relative to the engagement")
    bundles: str = Field(default="bundles", min_length=1, description="folder of bundles, relative to the engagement")
    trust: TrustFolders = Field(
        default=("keys/trust",), description="trust folders, the newest first; never out of a bundle"
    )

    provides: ClassVar[frozenset[str]] = frozenset({"audit_runs"})

    def fetches(self, root: Path) -> Iterator[Fetch]:  # noqa: ARG002 - what lies there is not looked at
        """Say which of our own folders are read."""
        for folder in (self.ledger, self.bundles):
            yield Fetch(f"folder {folder}", "local files", tuple(sorted(self.gives)))

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Look at the trust folders, and for our own; before the first audit those are not there, which is no fault."""
        from evidence.trust import load_trust  # noqa: PLC0415 - naming a source must not pay for cryptography

        for folder in self.trust:
            load_trust(at.root / folder)
            yield Observation(f"read {folder}", Outcome.FINE, "a trust folder")
        for folder in (self.ledger, self.bundles):
            there = (at.root / folder).is_dir()
            yield Observation(f"read {folder}", Outcome.FINE, "a folder" if there else "nothing was audited yet")

    def gather(self, gathering: Gathering) -> None:
        """Examine the ledger, verify the bundles of its runs, and state each slot; BadInput without a usable trust."""
        from infra.audit_slots import gather_slots  # noqa: PLC0415 - naming a source must not pay for cryptography

        gather_slots(self, gathering.root / self.ledger, gathering.root / self.bundles, gathering)


SOURCE = Audits
