"""One encoding for one ASN.1 value; the vectors are written out by hand."""

from __future__ import annotations

import pytest

from evidence import der


@pytest.mark.parametrize(
    "text",
    ["0500", "020100", "02020080", "0201ff", "0101ff", "3000", "3003020105", "a0030201 05", "04820100" + "00" * 256],
)
def test_value_in_der_is_accepted(text: str) -> None:
    der.check(bytes.fromhex(text))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cut short"),
        ("30", "cut short"),
        ("3003020105ff", "bytes follow"),
        ("30030201", "cut short"),
        ("308102" + "0500", "shortest form"),
        ("3082000205 00", "shortest form"),
        ("30800500" + "0000", "shortest form"),
        ("3085000000000205 00", "shortest form"),
        ("02020005", "shortest form"),
        ("0202ff80", "shortest form"),
        ("0200", "shortest form"),
        ("010101", "one form"),
        ("0100", "one form"),
        ("050100", "null"),
        ("2403040105", "in pieces"),
        ("1f810500", "several bytes"),
        ("3004" + "04050000", "cut short"),
    ],
)
def test_second_encoding_of_a_value_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        der.check(bytes.fromhex(text))


def test_depth_is_bounded() -> None:
    data = b"\x05\x00"
    for _ in range(der.MAX_DEPTH - 1):
        data = b"\x30" + bytes([len(data)]) + data
    der.check(data)
    with pytest.raises(ValueError, match="deeper"):
        der.check(b"\x30" + bytes([len(data)]) + data)
