"""How a verb writes the file that it was asked for: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from evidence.errors import OutputFailed


def write_result(out: Path, data: bytes) -> None:
    """Write a file under another name, flush it, and give it its own; OutputFailed leaves nothing behind."""
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
