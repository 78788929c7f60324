"""Opening raw bytes, gzip or plain, told apart by their first bytes; a bomb ends in a clear error."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from evidence.errors import LimitExceeded, Terminal
from infra.limits import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"
BUFFER_BYTES = 256 * 1024
PACKED_BYTES = 32 * 1024
#: Small blocks stay in the processor's cache until they are read: four times this costs half as much again.
BLOCK_BYTES = 64 * 1024


def is_gzip(path: Path) -> bool:
    """Return whether a file starts as gzip does, whatever its name says."""
    with _opened(path) as stream:
        return stream.read(2) == GZIP_MAGIC


def open_inflated(path: Path, limits: Limits) -> BinaryIO:
    """Open a file, inflating it if it is gzip.

    Reading raises `Terminal` where the data are damaged or cut off, after everything before that point was delivered,
    and `LimitExceeded` where they inflate beyond the limits.
    """
    packed = is_gzip(path)
    file = _opened(path)
    allowance = _allowance(file, limits) if packed else os.fstat(file.fileno()).st_size
    return cast("BinaryIO", io.BufferedReader(_Bounded(file, allowance, packed=packed), BUFFER_BYTES))


def inflated(stream: io.BufferedReader[Any], size: int, limits: Limits) -> BinaryIO:
    """Return what a stream of `size` bytes holds, as `open_inflated` does of a file; closing it closes the stream."""
    packed = stream.peek(2)[:2] == GZIP_MAGIC
    allowance = _growth(size, limits) if packed else size
    return cast("BinaryIO", io.BufferedReader(_Bounded(stream, allowance, packed=packed), BUFFER_BYTES))


def whole_blocks(path: Path, limits: Limits) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks, inflated if it is gzip of a single member.

    Faster than `open_inflated`, which gives the same bytes, and good only for reading to the end: raises `Terminal` or
    `LimitExceeded` where that one does, if not as early, and `Terminal` for more members.
    """
    with _opened(path) as file:
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        yield from _inflated(file, limits) if packed else iter(lambda: file.read(BLOCK_BYTES), b"")


def _inflated(file: io.BufferedReader, limits: Limits) -> Iterator[bytes]:
    from isal import igzip_lib  # noqa: PLC0415 - only logs come in such numbers

    inflating, left = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP), _allowance(file, limits)
    try:
        while not inflating.eof:
            packed = file.read(PACKED_BYTES) if inflating.needs_input else b""
            block = inflating.decompress(packed, BLOCK_BYTES)
            if not block and not packed:
                break
            left -= len(block)
            if left < 0:
                raise LimitExceeded("inflates to more than the limit")
            yield block
    except igzip_lib.error as cause:  # checksum and length of the member are verified, too
        raise Terminal(f"the gzip data are damaged ({cause})") from cause
    if not inflating.eof or inflating.unused_data or file.read(1):
        raise Terminal("the gzip data are not one whole member")


def _allowance(file: io.BufferedReader, limits: Limits) -> int:
    return _growth(os.fstat(file.fileno()).st_size, limits)


def _growth(size: int, limits: Limits) -> int:
    return min(limits.inflated, max(limits.inflated_free, size * limits.inflation))


def _opened(path: Path) -> io.BufferedReader:
    try:
        return path.open("rb")
    except OSError as cause:
        raise Terminal(f"{path.name} cannot be opened: {cause.strerror or cause}") from cause


class _Bounded(io.RawIOBase):
    def __init__(self, file: io.BufferedReader[Any], allowance: int, *, packed: bool) -> None:
        self._file = file
        self._data: gzip.GzipFile | io.BufferedReader = gzip.GzipFile(fileobj=file) if packed else file
        self._allowance, self._delivered = allowance, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        # read1 and not read: read would drop what it already inflated when it meets the damage.
        try:
            data = self._data.read1(len(view))
        except (EOFError, gzip.BadGzipFile, zlib.error) as cause:
            raise Terminal(f"the gzip data are damaged or cut off after {self._delivered} bytes ({cause})") from cause
        except OSError as cause:
            raise Terminal(f"unreadable after {self._delivered} bytes: {cause.strerror or cause}") from cause
        self._delivered += len(data)
        if self._delivered > self._allowance:
            raise LimitExceeded(f"inflates to more than the limit of {self._allowance} bytes")
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._data.close()
            self._file.close()
        super().close()
