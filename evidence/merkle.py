"""Merkle trees of RFC 6962 section 2.1 (the same in RFC 9162): roots, inclusion and consistency proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from evidence.errors import NotLogged

HASH_BYTES = 32
MAX_PROOF = 63  # hashes; a tree deeper than that has more leaves than any log

_LEAF, _NODE = b"\x00", b"\x01"


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf: SHA-256(0x00 || leaf)."""
    return hashlib.sha256(_LEAF + leaf).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over leaf hashes; that of an empty tree is SHA-256 of nothing."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:  # an odd last node moves up unchanged, which is the split at the largest power of two
        paired = [_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = paired + level[len(level) & ~1 :]
    return level[0]


def roots(hashes: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the root after each leaf, in one pass: the root of a log at every size from 1."""
    peaks: list[tuple[int, bytes]] = []  # complete subtrees from the left, with their heights
    for leaf in hashes:
        peaks.append((0, leaf))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (_, right), (height, left) = peaks.pop(), peaks.pop()
            peaks.append((height + 1, _node(left, right)))
        whole = peaks[-1][1]
        for _, left in reversed(peaks[:-1]):
            whole = _node(left, whole)
        yield whole


def inclusion_proof(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the path of the leaf at `index`, from its sibling to the root's child (RFC 6962 section 2.1.1)."""
    if not 0 <= index < len(hashes):
        raise NotLogged("LEDGER_INCLUSION", f"a log of {len(hashes)} leaves has none with index {index}")
    if len(hashes) == 1:
        return ()
    split = _split(len(hashes))
    left, right = hashes[:split], hashes[split:]
    if index < split:
        return (*inclusion_proof(left, index), root(right))
    return (*inclusion_proof(right, index - split), root(left))


def consistency_proof(hashes: Sequence[bytes], old: int) -> tuple[bytes, ...]:
    """Return the proof that the first `old` leaves are a prefix of all (RFC 6962 section 2.1.2)."""
    if not 0 <= old <= len(hashes):
        raise NotLogged("LEDGER_CONSISTENCY", f"a log of {len(hashes)} leaves never had {old}")
    return _subproof(hashes, old, whole=True) if 0 < old < len(hashes) else ()


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> None:
    """Compare the root that leaf and path lead to with `expected`; NotLogged when they differ (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise NotLogged("LEDGER_INCLUSION", f"index {index} is outside a log of {size} leaves")
    position, last, found = index, size - 1, leaf_hash(leaf)
    for sibling in proof:
        if last == 0:
            raise NotLogged("LEDGER_INCLUSION", "the path is longer than the tree is deep")
        if position & 1 or position == last:
            found = _node(sibling, found)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            found = _node(found, sibling)
        position, last = position >> 1, last >> 1
    if last or found != expected:
        raise NotLogged("LEDGER_INCLUSION", f"leaf {index} is not in the log of {size} leaves that was signed")


def check_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Compare two roots through a proof; NotLogged unless the older log is a prefix (RFC 9162 section 2.1.4.2)."""
    if old > new:
        raise NotLogged("LEDGER_CONSISTENCY", f"a log of {new} leaves had {old} before")
    if old in {0, new}:
        expected = root(()) if old == 0 else new_root
        if proof or old_root != expected:
            raise NotLogged("LEDGER_CONSISTENCY", f"two logs of {old} leaves have different roots")
        return
    roots = _both_roots(old, new, proof if old & (old - 1) else (old_root, *proof))
    if roots != (old_root, new_root):
        raise NotLogged("LEDGER_CONSISTENCY", f"the log of {new} leaves does not begin with the {old} leaves of before")


def _both_roots(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    if not path:
        return None
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if position & 1 or position == last:
            before, after = _node(sibling, before), _node(sibling, after)
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            after = _node(after, sibling)
        position, last = position >> 1, last >> 1
    return None if last else (before, after)


def _subproof(hashes: Sequence[bytes], old: int, *, whole: bool) -> tuple[bytes, ...]:
    if old == len(hashes):
        return () if whole else (root(hashes),)
    split = _split(len(hashes))
    if old <= split:
        return (*_subproof(hashes[:split], old, whole=whole), root(hashes[split:]))
    return (*_subproof(hashes[split:], old - split, whole=False), root(hashes[:split]))


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()


def _split(size: int) -> int:
    """Return the largest power of two smaller than `size`, which is at least 2."""
    split: int = 1 << ((size - 1).bit_length() - 1)
    return split
