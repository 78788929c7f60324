"""`documents`: reports, certificates and attestations as files, with what two people keyed from each."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from infra.source import Gathering, Source


class Documents(Source):
    """A folder of documents, each with a side-car; `trust` are the roots of those whose signatures count."""

    kind: Literal["documents"] = "documents"
    path: str = Field(min_length=1, description="folder of documents and side-cars, relative to the engagement")
    trust: str | None = Field(default=None, min_length=1, description="PEM file of roots, relative to the engagement")

    provides: ClassVar[frozenset[str]] = frozenset({"deletion_certificates", "documents"})

    def gather(self, gathering: Gathering) -> None:
        """Store every file and read every side-car; raises `BadInput` for a trust file that is none."""
        from infra.keyed_documents import gather_documents, roots_in  # noqa: PLC0415 - naming must not need Arrow

        roots = () if self.trust is None else roots_in(gathering.root / self.trust, self.trust)
        gather_documents(self, self.path, roots, gathering)


SOURCE = Documents
