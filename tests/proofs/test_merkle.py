"""The Merkle tree: against the recursive definition, against published vectors, and proofs that do not hold."""

from __future__ import annotations

from functools import cache
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.transparency.merkle import (
    EMPTY,
    CompactRange,
    compact_range,
    consistency_path,
    inclusion_path,
    leaf_hash,
    root_at,
    root_from_path,
    root_of,
    verify_consistency,
    verify_inclusion,
)

MOST = 300
LEAVES = [leaf_hash(b"%d" % n) for n in range(MOST)]


# -- The definition of RFC 6962, section 2.1, word by word -----------------------------


@cache
def mth(first: int, end: int) -> bytes:
    n = end - first
    if n == 0:
        return sha256(b"").digest()
    if n == 1:
        return LEAVES[first]
    k = max(1 << e for e in range(n.bit_length()) if 1 << e < n)
    return sha256(b"\x01" + mth(first, first + k) + mth(first + k, end)).digest()


def path(m: int, first: int, end: int) -> list[bytes]:
    n = end - first
    if n == 1:
        return []
    k = max(1 << e for e in range(n.bit_length()) if 1 << e < n)
    if m < k:
        return [*path(m, first, first + k), mth(first + k, end)]
    return [*path(m - k, first + k, end), mth(first, first + k)]


def subproof(m: int, first: int, end: int, whole: bool) -> list[bytes]:
    n = end - first
    if m == n:
        return [] if whole else [mth(first, end)]
    k = max(1 << e for e in range(n.bit_length()) if 1 << e < n)
    if m <= k:
        return [*subproof(m, first, first + k, whole), mth(first + k, end)]
    return [*subproof(m - k, first + k, end, False), mth(first, first + k)]


def node(level: int, index: int) -> bytes:
    return mth(index << level, index + 1 << level)


def test_the_root_of_every_size_is_that_of_the_definition() -> None:
    compact = CompactRange()
    for size in range(MOST + 1):
        assert compact.root() == mth(0, size) == root_at(size, node)
        assert compact_range(size, node) == compact
        if size < MOST:
            completed = compact.append(LEAVES[size])
            assert completed == [node(level, size >> level) for level in range(len(completed))]
    assert root_of(LEAVES) == mth(0, MOST)
    assert root_of([]) == EMPTY


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 127, 128, 129, 255, 256, 257, 299, 300])
def test_every_leaf_is_proved_as_the_definition_says(size: int) -> None:
    for index in range(size):
        proof = inclusion_path(index, size, node)
        assert proof == path(index, 0, size)
        assert verify_inclusion(LEAVES[index], index, size, proof, mth(0, size))


def test_every_size_is_proved_to_continue_every_smaller_one() -> None:
    for new in [*range(1, 70), 128, 129, 255, 256, 257, 300]:
        for old in range(1, new + 1):
            proof = consistency_path(old, new, node)
            assert proof == subproof(old, 0, new, True)
            assert verify_consistency(old, new, mth(0, old), mth(0, new), proof)


@given(st.integers(1, MOST), st.data())
def test_a_proof_of_inclusion_holds_for_nothing_else(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(-1, MOST))
    proof, root = inclusion_path(index, size, node), mth(0, size)
    leaf = LEAVES[index]
    assert not verify_inclusion(leaf_hash(b"?"), index, size, proof, root)
    assert not verify_inclusion(leaf, index, size, [*proof, EMPTY], root)
    assert other == index or not verify_inclusion(leaf, other, size, proof, root)
    assert not verify_inclusion(leaf, index, size, proof, EMPTY)
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_inclusion(leaf, index, size, proof[:at] + proof[at + 1 :], root)
        assert not verify_inclusion(leaf, index, size, [*proof[:at], EMPTY, *proof[at + 1 :]], root)


@given(st.integers(1, MOST), st.data())
def test_a_path_leads_to_the_root_and_one_of_another_length_to_none(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof = inclusion_path(index, size, node)
    assert root_from_path(LEAVES[index], index, size, proof) == mth(0, size)
    assert root_from_path(LEAVES[index], index, size, [EMPTY] * len(proof)) is not None
    assert root_from_path(LEAVES[index], index, size, [*proof, EMPTY]) is None
    assert not proof or root_from_path(LEAVES[index], index, size, proof[1:]) is None


@given(st.integers(1, MOST), st.integers(1, MOST), st.data())
def test_a_proof_of_consistency_holds_for_nothing_else(one: int, two: int, data: st.DataObject) -> None:
    old, new = min(one, two), max(one, two)
    proof, old_root, new_root = consistency_path(old, new, node), mth(0, old), mth(0, new)
    assert not verify_consistency(old, new, EMPTY, new_root, proof)
    assert not verify_consistency(old, new, old_root, EMPTY, proof)
    assert not verify_consistency(old, new, old_root, new_root, [*proof, EMPTY])
    assert not verify_consistency(new + 1, new, old_root, new_root, proof)
    assert not verify_consistency(0, new, EMPTY, new_root, [])
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        assert not verify_consistency(old, new, old_root, new_root, proof[:at] + proof[at + 1 :])
        assert not verify_consistency(old, new, old_root, new_root, [*proof[:at], EMPTY, *proof[at + 1 :]])


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_there_is_no_path_from_a_leaf_that_does_not_exist(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="has no leaf"):
        inclusion_path(index, size, node)
    assert not verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(0, 4), (5, 4)])
def test_nothing_is_proved_from_an_empty_or_a_larger_tree(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_path(old, new, node)


# -- Vectors of Certificate Transparency -------------------------------------------------

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
PATHS = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONTINUED = {
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def published_node(level: int, index: int) -> bytes:
    return root_of([leaf_hash(bytes.fromhex(text)) for text in INPUTS[index << level : index + 1 << level]])


def test_published_roots_and_proofs_come_out_the_same() -> None:
    leaves = [leaf_hash(bytes.fromhex(text)) for text in INPUTS]
    assert [root_of(leaves[:size]).hex() for size in range(1, 9)] == ROOTS
    for (index, size), expected in PATHS.items():
        assert [hash_.hex() for hash_ in inclusion_path(index, size, published_node)] == expected
    for (old, new), expected in CONTINUED.items():
        assert [hash_.hex() for hash_ in consistency_path(old, new, published_node)] == expected
    assert EMPTY.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
