"""`bundles`: a folder of sealed bundles, each verified again with trust anchors from outside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from evidence.model import Assurance
from infra.examination import Examination, Observation, Outcome
from infra.source import Gathering, Source


class Bundles(Source):
    """Earlier bundles and the trust folder they are held against; one row per bundle, verified or not."""

    kind: Literal["bundles"] = "bundles"
    assurance: Assurance = Assurance.OBSERVED
    path: str = Field(min_length=1, description="folder of bundles, relative to the engagement")
    trust: str = Field(min_length=1, description="trust folder, relative to the engagement; never out of a bundle")

    provides: ClassVar[frozenset[str]] = frozenset({"bundle_verifications"})

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Look whether the folder can be read, and the trust folder that bundles are held against."""
        from evidence.trust import load_trust  # noqa: PLC0415 - naming a source must not pay for cryptography

        yield from super().examine(at)
        load_trust(at.root / self.trust)
        yield Observation(f"read {self.trust}", Outcome.FINE, "a trust folder")

    def gather(self, gathering: Gathering) -> None:
        """Store and verify every bundle; raises `BadInput` if the trust folder is not usable."""
        from infra.bundle_folder import gather_bundles  # noqa: PLC0415 - naming a source must not pay for cryptography

        gather_bundles(self, self.path, gathering.root / self.trust, gathering)


SOURCE = Bundles
