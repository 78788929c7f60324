"""Where bundles go. A store takes a bundle whole or not at all, and never replaces one."""

from __future__ import annotations

import filecmp
import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from evidence.bundle import flush_folder
from evidence.errors import OutputFailed


class Store(Protocol):
    """Where an audit file says that bundles go."""

    def prepare(self) -> None:
        """Prove that bundles can be put here, before any work is done for one."""

    def put(self, sealed: Path, name: str, at: datetime) -> str:
        """Take a sealed bundle in whole at an instant and return its address.

        What is there already with the same bytes is done: a run that ended after it was stored can be finished.
        OutputFailed when the name has other bytes; a bundle is never replaced.
        """

    def fetch(self, name: str, into: Path) -> Path | None:
        """Return where a stored bundle can be read, if need be a copy in the folder `into`; None when there is none."""


class FolderStore(BaseModel):
    """A folder; a bundle appears under its name only once every byte of it is on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder"]
    path: str = Field(min_length=1, description="folder, relative to the engagement")

    def prepare(self) -> None:
        """Make the folder and prove that it can be written to, before any work is done for it."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder):
                pass
        except OSError as cause:
            raise OutputFailed(
                f"cannot write bundles to {self.path}: {cause.strerror or cause}; choose another folder with --out"
            ) from cause

    def put(self, sealed: Path, name: str, at: datetime) -> str:  # noqa: ARG002 - a folder locks nothing
        """Copy a sealed bundle in under its name and return its path; another one of that name is never replaced."""
        target = self._folder / name
        partial = self._folder / f".{name}.partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                with sealed.open("rb") as source, partial.open("wb") as out:
                    shutil.copyfileobj(source, out, 1024 * 1024)
                    out.flush()
                    os.fsync(out.fileno())
                os.link(partial, target)  # unlike a rename, a link fails where the name is taken
            except FileExistsError as cause:
                if not filecmp.cmp(sealed, target, shallow=False):
                    raise OutputFailed(f"{name} exists already with other bytes and is not replaced") from cause
            finally:
                partial.unlink(missing_ok=True)
            flush_folder(self._folder)
        except OSError as cause:
            raise OutputFailed(f"cannot write {name} to {self.path}: {cause.strerror or cause}") from cause
        return str(target)

    def fetch(self, name: str, into: Path) -> Path | None:  # noqa: ARG002 - it can be read where it is
        """Return the path of a stored bundle; None when there is none of that name."""
        found = self._folder / name
        return found if found.is_file() else None

    @property
    def _folder(self) -> Path:
        return Path(self.path)
