"""Reading lines from a stream nobody promised has any: bounded memory, and the long ones are counted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

SKIP_BYTES = 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Line(NamedTuple):
    """A line with its end; `data` is None where it was longer than the limit and was skipped."""

    number: int
    data: bytes | None


def read_lines(stream: BinaryIO, limit: int) -> Iterator[Line]:
    """Yield the lines of a stream, numbered from 1; a leading byte order mark is not part of the first.

    A line above `limit` bytes is read past without being kept. What the stream raises passes through, after all
    complete lines before it were yielded.
    """
    number = 0
    while chunk := stream.readline(limit + 1):
        number += 1
        if len(chunk) > limit and not chunk.endswith(b"\n"):
            _skip_line(stream)
            yield Line(number, None)
            continue
        if number == 1:
            chunk = chunk.removeprefix(BYTE_ORDER_MARK)
        yield Line(number, chunk)


def _skip_line(stream: BinaryIO) -> None:
    while (chunk := stream.readline(SKIP_BYTES)) and not chunk.endswith(b"\n"):
        pass
