"""Opening raw bytes, gzip or plain, told apart by their first bytes; a bomb ends in a clear error."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from evidence.errors import LimitExceeded, Terminal
from infra.limits import Limits

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

GZIP_MAGIC = b"\x1f\x8b"


def is_gzip(path: Path) -> bool:
    """Return whether a file starts as gzip does, whatever its name says."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def open_inflated(path: Path, limits: Limits) -> BinaryIO:
    """Open a file, inflating it if it is gzip.

    Reading raises `Terminal` where the compressed data are damaged or cut off, after everything before that point was
    delivered, and `LimitExceeded` where they inflate beyond the limits.
    """
    if not is_gzip(path):
        return path.open("rb")
    size = path.stat().st_size
    allowance = min(limits.inflated, max(limits.inflated_free, size * limits.inflation))
    return cast("BinaryIO", io.BufferedReader(_Inflating(path, allowance), 256 * 1024))


class _Inflating(io.RawIOBase):
    def __init__(self, path: Path, allowance: int) -> None:
        self._file = gzip.open(path, "rb")  # noqa: SIM115 - closed by `close`
        self._allowance, self._delivered = allowance, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer)
        # read1 and not read: read would drop what it already inflated when it meets the damage.
        try:
            data = self._file.read1(len(view))
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
            self._file.close()
        super().close()
