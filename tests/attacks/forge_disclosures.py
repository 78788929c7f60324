"""Forgeries of disclosures, which no seal covers: any line may be deleted, none may be changed, added or hidden in."""

from __future__ import annotations

from collections.abc import Callable

from evidence.disclosure import Tokens
from evidence.layout import DISCLOSURES
from evidence.manifest import PERSONAL
from tests.attacks.parts import Files, pack, reseal, unpack


def forge_disclosure(good: bytes) -> bytes:
    return _changed(good, lambda data: data.replace(b"jane.doe@", b"john.doe@"))


def forge_salt(good: bytes) -> bytes:
    return _lines(good, lambda lines: [lines[0].replace(lines[0][9:41], b"0" * 32), *lines[1:]])


def swap_disclosures(good: bytes) -> bytes:
    def swapped(lines: list[bytes]) -> list[bytes]:
        first, second = (line[:53] for line in lines[:2])
        return [first + lines[0][53:123] + lines[1][123:], second + lines[1][53:123] + lines[0][123:], *lines[2:]]

    return _lines(good, swapped)


def disclose_unknown(good: bytes) -> bytes:
    line = Tokens(b"of another engagement").open("john.doe@bank.example").line()
    return _lines(good, lambda lines: sorted([*lines, line], key=lambda found: found[52:122]))


def disclose_where_nothing_was(good: bytes) -> bytes:
    return pack(unpack(good) | {DISCLOSURES: Tokens(b"mine").open("john.doe@bank.example").line()})


def repeat_disclosure(good: bytes) -> bytes:
    return _lines(good, lambda lines: [lines[0], *lines])


def reorder_disclosures(good: bytes) -> bytes:
    return _lines(good, lambda lines: lines[::-1])


def respell_disclosure(good: bytes) -> bytes:
    return _changed(good, lambda data: data.replace(b"jane.doe@", b"\\u006aane.doe@"))


def space_disclosure(good: bytes) -> bytes:
    return _changed(good, lambda data: data.replace(b'"value":"jane', b'"value": "jane'))


def smuggle_in_disclosures(good: bytes) -> bytes:
    return _changed(good, lambda data: data.replace(b'"}\n', b'","note":"it was all met"}\n', 1))


def smuggle_after_disclosures(good: bytes) -> bytes:
    return _changed(good, lambda data: data + b"it was all met")


def smuggle_nul_in_disclosures(good: bytes) -> bytes:
    return _changed(good, lambda data: data.replace(b"jane.doe", b"jane\0doe"))


def empty_disclosures(good: bytes) -> bytes:
    return _changed(good, lambda data: b"")


def plant_beside_disclosures(good: bytes) -> bytes:
    return pack(unpack(good) | {"disclosures/note.txt": b"it was all met"})


def rename_disclosures(good: bytes) -> bytes:
    files = unpack(good)
    return pack({**{k: v for k, v in files.items() if k != DISCLOSURES}, "disclosures/all.jsonl": files[DISCLOSURES]})


def seal_malformed_token_list(good: bytes) -> bytes:
    files = unpack(good)
    return reseal(files | {PERSONAL: files[PERSONAL].replace(b"  ", b" *")})


def seal_unsorted_token_list(good: bytes) -> bytes:
    files = unpack(good)
    return reseal(files | {PERSONAL: b"".join(files[PERSONAL].splitlines(keepends=True)[::-1])})


def _changed(good: bytes, change: Callable[[bytes], bytes]) -> bytes:
    files: Files = unpack(good)
    return pack(files | {DISCLOSURES: change(files[DISCLOSURES])})


def _lines(good: bytes, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    return _changed(good, lambda data: b"".join(change(data.splitlines(keepends=True))))
