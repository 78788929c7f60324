"""`files`: a folder whose files are named after record families; how anyone brings evidence no connector knows."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from evidence.families import all_families
from infra.source import Gathering, Source


class Files(Source):
    """A folder of `<family>.parquet`, `.csv` and `.jsonl` (the texts also `.gz`), or of folders `<family>/` of such."""

    kind: Literal["files"] = "files"
    path: str = Field(min_length=1, description="folder, relative to the engagement")

    provides: ClassVar[frozenset[str]] = frozenset(all_families())

    def gather(self, gathering: Gathering) -> None:
        """Store and read every file that is named after a family; name every other one on the folder's card."""
        from infra.family_files import gather_family_files  # noqa: PLC0415 - naming a source must not pay for Arrow

        gather_family_files(self, self.path, gathering)


SOURCE = Files
