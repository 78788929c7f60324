"""Where bundles go. A store takes a bundle whole or not at all, and never replaces one."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from evidence.errors import OutputFailed


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

    def put(self, sealed: Path, name: str) -> Path:
        """Copy a sealed bundle in under its name and return where it is; an existing one is never replaced."""
        target = self._folder / name
        partial = self._folder / f".{name}.partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with sealed.open("rb") as source, partial.open("wb") as out:
                shutil.copyfileobj(source, out, 1024 * 1024)
                out.flush()
                os.fsync(out.fileno())
            os.link(partial, target)  # unlike a rename, a link fails where the name is taken
            self._flush()
        except FileExistsError as cause:
            raise OutputFailed(f"{name} exists already and is not replaced") from cause
        except OSError as cause:
            raise OutputFailed(f"cannot write {name} to {self.path}: {cause.strerror or cause}") from cause
        finally:
            partial.unlink(missing_ok=True)
        return target

    @property
    def _folder(self) -> Path:
        return Path(self.path)

    def _flush(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
