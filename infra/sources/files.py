"""`files`: a folder whose files are named after record families; how anyone brings evidence no connector knows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from evidence.families import all_families
from infra.examination import Fetch
from infra.source import Gathering, Source


class Files(Source):
    """A folder of `<family>.parquet`, `.csv` and `.jsonl` (the texts also `.gz`), or of folders `<family>/` of such."""

    kind: Literal["files"] = "files"
    path: str = Field(min_length=1, description="folder, relative to the engagement")

    provides: ClassVar[frozenset[str]] = frozenset(all_families())

    def fetches(self, root: Path) -> Iterator[Fetch]:
        """Say which families have a file in the folder now."""
        from infra.family_files import families_in  # noqa: PLC0415 - naming a source must not pay for Arrow

        if not (root / self.path).is_dir():
            yield Fetch(f"folder {self.path}", "local files", (), "there is no such folder yet")
            return
        found = families_in(root / self.path, self.path)
        yield Fetch(f"folder {self.path}", "local files", found, "" if found else "no file is named after a family yet")

    def gather(self, gathering: Gathering) -> None:
        """Store and read every file that is named after a family; name every other one on the folder's card."""
        from infra.family_files import gather_family_files  # noqa: PLC0415 - naming a source must not pay for Arrow

        gather_family_files(self, self.path, gathering)


SOURCE = Files
