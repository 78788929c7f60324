"""A process that reads log files: paths come in, a JSON text a line, and segments go out, until the paths end."""

from __future__ import annotations

import json
import marshal
import sys
from pathlib import Path
from typing import Any, BinaryIO

from evidence.errors import ProbityError
from infra.limits import Limits
from infra.log_readers import LENGTH
from infra.log_reading import Segment, read_whole


def serve(limits: Limits, paths: BinaryIO, answers: BinaryIO) -> None:
    """Answer each path with a length and the parts of its segment; nothing for a file that must be read elsewhere."""
    for line in paths:
        segment = _read(Path(json.loads(line)), limits)
        parts: Any = None if segment is None else tuple(segment)
        answer = marshal.dumps(parts)
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


def _read(path: Path, limits: Limits) -> Segment | None:
    try:
        return read_whole(path, limits)
    except ProbityError:
        return None  # whoever asked meets the same error, and can say where


if __name__ == "__main__":
    try:
        serve(Limits(**json.loads(sys.argv[1])), sys.stdin.buffer, sys.stdout.buffer)
    except (BrokenPipeError, KeyboardInterrupt):
        raise SystemExit(1) from None
