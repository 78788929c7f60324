"""How a verb writes the file that it was asked for: whole or not at all."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

from evidence.errors import OutputFailed

STATE, SEALED = ".probity", "tagmanifest-sha256.txt"


def write_result(out: Path, data: bytes) -> None:
    """Write a file under another name, flush it, and give it its own; OutputFailed leaves nothing behind.

    A file there is replaced, unless it is a sealed bundle or lies among an engagement's records: neither is a result.
    """
    _refuse_evidence(out)
    partial = out.with_name(f".{out.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(out)
    except OSError as cause:
        raise OutputFailed(f"cannot write {out}: {cause.strerror or cause}") from cause
    finally:
        partial.unlink(missing_ok=True)


def _refuse_evidence(out: Path) -> None:
    if STATE in out.resolve().parts:
        raise OutputFailed(f"{out}: is among the records of an engagement; choose another folder")
    try:
        with zipfile.ZipFile(out) as there:
            sealed = any(name.rpartition("/")[2] == SEALED for name in there.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return
    if sealed:
        raise OutputFailed(f"{out}: is a sealed bundle, which is never overwritten; choose another name")
