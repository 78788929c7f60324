"""A ledger in a folder: each name is written once, and appears only when every byte of it is on disk."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from evidence.errors import OutputFailed

MAX_BYTES = 64 * 1024


class LedgerFolder:
    """`leaves/` and `checkpoints/` below a root; processes may write to it at the same time."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def names(self) -> Sequence[str]:
        """Return the names below `leaves/` and `checkpoints/`; none when the folder does not exist yet."""
        try:
            return [f"{part}/{p}" for part in ("leaves", "checkpoints") for p in self._listed(self._root / part)]
        except OSError as cause:
            raise self._failed("read", cause) from cause

    def read(self, name: str) -> bytes | None:
        """Return a leaf or a checkpoint, or None when there is none of that name."""
        try:
            with (self._root / name).open("rb") as file:
                return file.read(MAX_BYTES)
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise self._failed("read", cause) from cause

    def create(self, name: str, data: bytes) -> bool:
        """Write under a name that is free; return whether it was."""
        target = self._root / name
        partial = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                with partial.open("xb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                os.link(partial, target)  # unlike a rename, a link fails where the name is taken
            finally:
                partial.unlink(missing_ok=True)
            self._flush(target.parent)
        except FileExistsError:
            return False
        except OSError as cause:
            raise self._failed("write", cause) from cause
        return True

    @staticmethod
    def _listed(folder: Path) -> list[str]:
        return os.listdir(folder) if folder.is_dir() else []  # noqa: PTH208 - names, of which there may be many

    @staticmethod
    def _flush(folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _failed(self, verb: str, cause: OSError) -> OutputFailed:
        return OutputFailed(f"cannot {verb} the ledger in {self._root}: {cause.strerror or cause}")
