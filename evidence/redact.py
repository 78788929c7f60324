"""Redaction: deletes disclosures from a copy of a bundle; no key is needed, and every seal stays valid.

A bundle can also be parted from its disclosures altogether, so that each can be kept where it belongs: the bundle under
a lock for years, personal values under none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from evidence import disclosure, manifest
from evidence.container import Container, open_file, read_container
from evidence.disclosure import MAX_DISCLOSURE_BYTES, Disclosure
from evidence.layout import DISCLOSURES
from evidence.rewriting import rewrite

Fields: TypeAlias = tuple[str, ...]
Keep: TypeAlias = Callable[[Disclosure, Fields], bool]


@dataclass(frozen=True, slots=True)
class Personal:
    """What a bundle discloses: the sealed list of tokens by field, and the disclosures that are still there."""

    listed: Mapping[str, Fields]
    disclosures: tuple[Disclosure, ...]

    def by_field(self) -> dict[str, tuple[int, int]]:
        """Return for every field, such as `audit_log.actor`, how many of how many values are still disclosed."""
        total = Counter(name for fields in self.listed.values() for name in fields)
        there = Counter(name for found in self.disclosures for name in self.listed[found.token])
        return {name: (there[name], total[name]) for name in sorted(total)}


def personal(bundle: Path) -> Personal:
    """Return what a bundle discloses; BrokenDisclosure when a line is forged. Nothing else is verified."""
    with open_file(bundle) as file:
        return _personal(read_container(file))


def redact(bundle: Path, out: Path, keep: Keep) -> Personal:
    """Write the bundle without the disclosures that `keep` refuses to `out`, and return what remains.

    The same bundle and choice give the same bytes. `out` appears whole or not at all; OutputFailed when it exists.
    BrokenDisclosure when a line of the bundle is forged. Seals are not verified here: the caller does that.
    """
    with open_file(bundle) as file:
        container = read_container(file)
        found = _personal(container)
        left = tuple(d for d in found.disclosures if keep(d, found.listed[d.token]))
        _write(container, bundle, out, disclosure.render(left))
    return Personal(found.listed, left)


def split(bundle: Path, out: Path) -> bytes:
    """Write the bundle without any disclosures to `out`, and return their lines; empty where there were none.

    Nothing is verified, so that what is written holds no line in any case.
    """
    with open_file(bundle) as file:
        container = read_container(file)
        there = DISCLOSURES in container.entries
        lines = container.read(DISCLOSURES, MAX_DISCLOSURE_BYTES) if there else b""
        _write(container, bundle, out, b"")
    return lines


def join(bundle: Path, lines: bytes, out: Path) -> Path:
    """Write the bundle with the disclosures of `lines`, in the place of its own, to `out`: undoes `split`.

    BrokenDisclosure when a line is not one that was sealed; empty `lines` leave a bundle without disclosures.
    """
    with open_file(bundle) as file:
        container = read_container(file)
        if lines:
            disclosure.check(disclosure.parse(lines), _listed(container))
        return _write(container, bundle, out, lines)


def _personal(container: Container) -> Personal:
    listed, there = _listed(container), DISCLOSURES in container.entries
    found = disclosure.parse(container.read(DISCLOSURES, MAX_DISCLOSURE_BYTES)) if there else ()
    disclosure.check(found, listed)
    return Personal(listed, found)


def _listed(container: Container) -> dict[str, Fields]:
    if manifest.PERSONAL not in container.entries:
        return {}
    return disclosure.parse_list(container.read(manifest.PERSONAL, MAX_DISCLOSURE_BYTES))


def _write(container: Container, bundle: Path, out: Path, lines: bytes) -> Path:
    return rewrite(container, bundle, out, {DISCLOSURES: lines or None})
