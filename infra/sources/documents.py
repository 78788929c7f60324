"""`documents`: reports, certificates and attestations as files, with what two people keyed from each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from infra.examination import Examination, Observation, Outcome
from infra.source import Gathering, Source


class Documents(Source):
    """A folder of documents, each with a side-car; `trust` are the roots of those whose signatures count."""

    kind: Literal["documents"] = "documents"
    path: str = Field(min_length=1, description="folder of documents and side-cars, relative to the engagement")
    trust: str | None = Field(default=None, min_length=1, description="PEM file of roots, relative to the engagement")

    provides: ClassVar[frozenset[str]] = frozenset({"deletion_certificates", "documents"})

    def examine(self, at: Examination) -> Iterator[Observation]:
        """Look whether the folder can be read, and the roots of signers."""
        yield from super().examine(at)
        if self.trust is not None:
            from infra.keyed_documents import roots_in  # noqa: PLC0415 - naming must not need Arrow

            found = len(roots_in(at.root / self.trust, self.trust))
            yield Observation(f"read {self.trust}", Outcome.FINE, f"{found} roots of signers")

    def gather(self, gathering: Gathering) -> None:
        """Store every file and read every side-car; raises `BadInput` for a trust file that is none."""
        from infra.keyed_documents import gather_documents, roots_in  # noqa: PLC0415 - naming must not need Arrow

        roots = () if self.trust is None else roots_in(gathering.root / self.trust, self.trust)
        gather_documents(self, self.path, roots, gathering)


SOURCE = Documents
