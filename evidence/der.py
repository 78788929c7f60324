"""The one encoding of an ASN.1 value (DER, ITU-T X.690 sections 8 and 10), looked at before any reader interprets it.

Readers of ASN.1 take other encodings of the same value without a word, each its own; here there is one. Not checked:
the order of a set, which some authorities get wrong, and the inner form of strings and times.
"""

from __future__ import annotations

MAX_DEPTH = 40

_BOOLEAN, _INTEGER, _NULL, _SEQUENCE, _SET = 0x01, 0x02, 0x05, 0x30, 0x31
_CONSTRUCTED, _UNIVERSAL, _LONG_TAG = 0x20, 0xC0, 0x1F


def check(data: bytes) -> None:
    """ValueError unless the bytes are one value in DER, with nothing left over."""
    if _value(data, 0, len(data), MAX_DEPTH) != len(data):
        raise ValueError("bytes follow the value")


def _value(data: bytes, at: int, end: int, depth: int) -> int:
    """Check the value at an offset and return where it ends."""
    if depth == 0:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    tag, start, stop = _header(data, at, end)
    if tag & _CONSTRUCTED:
        if not tag & _UNIVERSAL and tag not in {_SEQUENCE, _SET}:
            raise ValueError(f"a value in pieces at byte {at}")
        inner = start
        while inner < stop:
            inner = _value(data, inner, stop, depth - 1)
    else:
        _primitive(tag, data[start:stop], at)
    return stop


def _header(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of a value and where its content begins and ends."""
    if end - at < 2:
        raise ValueError(f"cut short at byte {at}")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & _LONG_TAG == _LONG_TAG:
        raise ValueError(f"a tag of several bytes at byte {at}")
    if length >= 0x80:
        size = length & 0x7F
        digits = data[start : start + size]
        length, start = int.from_bytes(digits), start + size
        if not 0 < size <= 4 or digits[:1] == b"\0" or length < 0x80:
            raise ValueError(f"a length in another than its shortest form at byte {at}")
    if length > end - start:
        raise ValueError(f"cut short at byte {at}")
    return tag, start, start + length


def _primitive(tag: int, content: bytes, at: int) -> None:
    if tag == _BOOLEAN and content not in {b"\0", b"\xff"}:
        raise ValueError(f"a truth value in another than its one form at byte {at}")
    if tag == _NULL and content:
        raise ValueError(f"a null with content at byte {at}")
    if tag == _INTEGER:
        padded = len(content) > 1 and (content[0], content[1] >> 7) in {(0x00, 0), (0xFF, 1)}
        if not content or padded:
            raise ValueError(f"an integer in another than its shortest form at byte {at}")
