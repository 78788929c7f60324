"""Records of a delivered log document, compiled: only where the text proves that nothing was lost on the way.

CloudTrail delivers `{"Records":[…]}` on one line without white space. A piece of it is taken only if encoding what was
decoded gives the very same bytes: no key can have stood there twice, no number was rounded, nothing was NaN, no text
was anything but UTF-8, and nothing nests deeper than the encoder goes (254). Any other piece is decoded the exact way,
and any other document is not read here at all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import orjson

from evidence.errors import LimitExceeded, SourceError, Terminal
from infra.json_stream import Found, JsonStream
from infra.limits import Limits

#: Small pieces stay in the processor's cache: ten times this decodes at half the speed.
PIECE_BYTES = 16 * 1024
#: Less than this is put together with what follows, which copies it.
BLOCK_BYTES = 32 * 1024
_HEAD, _TAIL = b'{"Records":[', b"]}"
_FIRST_KEY = re.compile(rb'\{"[A-Za-z]{1,64}":')
_SPACE = b" \t\r\n"


class Unusual(SourceError):
    """A document that must be read the exact way."""


def quick_records(blocks: Iterator[bytes], limits: Limits) -> Iterator[list[Found]]:
    """Yield the records of a whole document in order, some at a time; raises `Unusual`, perhaps after the first ones.

    Where no `Unusual` is raised, the records are those that `JsonStream` finds in the same bytes.
    """
    for piece in _pieces(blocks, limits):
        try:
            records = orjson.loads(piece)
        except orjson.JSONDecodeError as cause:
            raise Unusual("not JSON") from cause
        yield records if _same(records, piece) else _exactly(piece, limits)


def _same(records: list[Found], piece: bytes) -> bool:
    try:
        return orjson.dumps(records) == piece
    except orjson.JSONEncodeError:
        return False


def _exactly(piece: bytes, limits: Limits) -> list[Found]:
    stream = JsonStream(io.BytesIO(piece), limits)
    found = list(stream.records())
    if stream.damage is not None:
        raise Unusual(stream.damage)
    return found


def _pieces(blocks: Iterator[bytes], limits: Limits) -> Iterator[bytes]:
    """Yield the records as arrays, cut where one begins as the first one does.

    In JSON, what separates two values and then opens an object with a given key cannot stand inside of a text, where
    its quotes would be escaped. Inside of a record it can: then the piece does not parse, as it ends before it closes.
    """
    data = _block(blocks)
    first = _FIRST_KEY.match(data, len(_HEAD))
    if not data.startswith(_HEAD) or first is None:
        raise Unusual("not a document as it is delivered")
    start, mark = len(_HEAD), b"," + first[0]
    while True:
        end = data.find(mark, start + PIECE_BYTES)
        if end < 0:
            more = _block(blocks)
            if not more:
                break
            data, start = data[start:] + more, 0
        else:
            yield _piece(data, start, end, limits)
            start = end + 1
        if len(data) - start > limits.record + BLOCK_BYTES:
            raise Unusual("no record begins as the first one does")
    data = data.rstrip(_SPACE)
    if not data.endswith(_TAIL):
        raise Unusual("not the end of a document as it is delivered")
    yield _piece(data, start, len(data) - len(_TAIL), limits)


def _piece(data: bytes, start: int, end: int, limits: Limits) -> bytes:
    if end - start > limits.record:
        raise Unusual("perhaps a record above the limit")
    return b"[%b]" % data[start:end]


def _block(blocks: Iterator[bytes]) -> bytes:
    """Return the next bytes, at least `BLOCK_BYTES` unless there are no more."""
    parts, size = [], 0
    try:
        for part in blocks:
            parts.append(part)
            size += len(part)
            if size >= BLOCK_BYTES:
                break
    except (Terminal, LimitExceeded) as cause:
        raise Unusual(str(cause)) from cause
    return b"".join(parts)
