from __future__ import annotations

import hashlib
from itertools import pairwise

import pytest

from evidence import merkle
from evidence.errors import NotLogged

# The leaves and roots of the reference tree that implementations of RFC 6962 share.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
MOST = 33


def leaf(number: int) -> bytes:
    return f"leaf {number}".encode()


def hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(leaf(i)) for i in range(count)]


def test_roots_are_those_of_the_reference_tree() -> None:
    found = [merkle.root([merkle.leaf_hash(x) for x in LEAVES[:size]]).hex() for size in range(1, 9)]
    assert found == list(ROOTS)


def test_empty_tree_has_the_hash_of_nothing() -> None:
    assert merkle.root([]) == hashlib.sha256(b"").digest()


def test_paths_are_those_of_the_example_in_the_standard() -> None:
    # RFC 6962 section 2.1.3: seven leaves; a to g are their hashes, h to l the nodes above.
    a, b, c, d, e, f, g = hashes(7)
    h, i, j = (merkle.root(pair) for pair in ((a, b), (c, d), (e, f)))
    k, lower = merkle.root((a, b, c, d)), merkle.root((e, f, g))
    assert merkle.inclusion_proof(hashes(7), 0) == (b, i, lower)
    assert merkle.inclusion_proof(hashes(7), 3) == (c, h, lower)
    assert merkle.inclusion_proof(hashes(7), 4) == (f, g, k)
    assert merkle.inclusion_proof(hashes(7), 6) == (j, k)
    assert merkle.consistency_proof(hashes(7), 3) == (c, d, merkle.root((a, b)), lower)
    assert merkle.consistency_proof(hashes(7), 4) == (lower,)
    assert merkle.consistency_proof(hashes(7), 6) == (j, g, k)


@pytest.mark.parametrize("size", range(1, MOST))
def test_every_leaf_is_proved_and_at_its_own_index_only(size: int) -> None:
    tree = hashes(size)
    top = merkle.root(tree)
    for index in range(size):
        path = merkle.inclusion_proof(tree, index)
        merkle.check_inclusion(leaf(index), index, size, path, top)
        for other in {index - 1, index + 1, size} - {index}:
            refused(leaf(index), other, size, path, top)
        refused(leaf(index + 1), index, size, path, top)
        refused(leaf(index), index, size, (*path, path[-1] if path else top), top)
        refused(leaf(index), index, size, path[:-1] if path else (top,), top)


def refused(data: bytes, index: int, size: int, path: tuple[bytes, ...], top: bytes) -> None:
    with pytest.raises(NotLogged) as error:
        merkle.check_inclusion(data, index, size, path, top)
    assert error.value.reason == "LEDGER_INCLUSION"


@pytest.mark.parametrize("size", range(1, MOST))
def test_every_prefix_is_proved_and_no_other_history(size: int) -> None:
    tree = hashes(size)
    top = merkle.root(tree)
    for old in range(size + 1):
        path, before = merkle.consistency_proof(tree, old), merkle.root(tree[:old])
        merkle.check_consistency(old, before, size, top, path)
        for changed in ((merkle.leaf_hash(b"x"), top), (before, merkle.leaf_hash(b"x"))):
            with pytest.raises(NotLogged):
                merkle.check_consistency(old, changed[0], size, changed[1], path if old else (changed[0],))
        with pytest.raises(NotLogged):
            merkle.check_consistency(old, before, size, top, (*path, top))


def test_log_that_dropped_a_leaf_is_not_consistent_with_what_it_was() -> None:
    whole, dropped = hashes(8), [*hashes(8)[:3], *hashes(8)[4:]]
    with pytest.raises(NotLogged, match="LEDGER_CONSISTENCY"):
        merkle.check_consistency(
            5, merkle.root(whole[:5]), 7, merkle.root(dropped), merkle.consistency_proof(dropped, 5)
        )


def test_shrunken_log_is_never_consistent() -> None:
    for old, new in pairwise(range(MOST, 0, -1)):
        with pytest.raises(NotLogged, match="LEDGER_CONSISTENCY"):
            merkle.check_consistency(old, merkle.root(hashes(old)), new, merkle.root(hashes(new)), ())


@pytest.mark.parametrize("index", [-1, 5])
def test_no_proof_is_made_of_what_is_not_there(index: int) -> None:
    with pytest.raises(NotLogged):
        merkle.inclusion_proof(hashes(5), index)
    with pytest.raises(NotLogged):
        merkle.consistency_proof(hashes(4), index)
