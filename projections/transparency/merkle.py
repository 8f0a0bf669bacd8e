"""
The Merkle tree of RFC 6962, section 2.1: pure arithmetic over leaf hashes.

Nodes are named (level, index): level 0 are the leaf hashes, and node (l, i) stands over the leaves i·2^l … (i+1)·2^l - 1, all of which exist. Such a
node never changes as the log grows, so it may be stored; every root and proof is put together from stored nodes by a `Node` reader.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

HASH_BYTES = 32
EMPTY = sha256(b"").digest()
"""Root of the tree without leaves."""

Node = Callable[[int, int], bytes]
"""Reads the hash of a complete node by level and index."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry of the log."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children."""
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """Return the largest power of two below a size of two or more: so many leaves stand in the left subtree."""
    return 1 << ((size - 1).bit_length() - 1)


# -- Appending ---------------------------------------------------------------------


@dataclass
class CompactRange:
    """The roots of the complete subtrees that cover the leaves 0 … size - 1, largest first: all that appending needs."""

    size: int = 0
    roots: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> list[bytes]:
        """Append a leaf hash; return the nodes that it completes, from level 0 up. The one of level l has index (size - 1) >> l."""
        completed, size = [leaf], self.size
        while size & 1:
            completed.append(node_hash(self.roots.pop(), completed[-1]))
            size >>= 1
        self.roots.append(completed[-1])
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root over all leaves."""
        if not self.roots:
            return EMPTY
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


def compact_range(size: int, node: Node) -> CompactRange:
    """Return the compact range of a size from stored nodes."""
    roots, first = [], 0
    for level in reversed(range(size.bit_length())):
        if size >> level & 1:
            roots.append(node(level, first >> level))
            first += 1 << level
    return CompactRange(size, roots)


def root_of(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes in log order."""
    row = list(leaves)
    while len(row) > 1:
        # What has no sibling moves up as it is: that is the split at the largest power of two.
        alone = row[-1:] if len(row) % 2 else []
        row = [*map(node_hash, row[::2], row[1::2]), *alone]
    return row[0] if row else EMPTY


def root_at(size: int, node: Node) -> bytes:
    """Return the root of a size from stored nodes."""
    return compact_range(size, node).root()


# -- Proofs ------------------------------------------------------------------------


def inclusion_path(index: int, size: int, node: Node) -> list[bytes]:
    """
    Return the audit path of a leaf, from its sibling up (RFC 6962, section 2.1.1).

    Raises: ValueError for a leaf that the tree of this size does not have.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return [_stretch(first, end, node) for first, end in _siblings(index, size)][::-1]


def path_among(index: int, leaves: Iterable[bytes]) -> list[bytes]:
    """
    Return the audit path of a leaf in a tree whose leaf hashes are all at hand.

    Raises: ValueError for a leaf that the tree does not have.
    """
    rows = [list(leaves)]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append(list(map(node_hash, row[::2], row[1::2])))
    return inclusion_path(index, len(rows[0]), lambda level, number: rows[level][number])


def _siblings(index: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the stretch of leaves beside each subtree that holds a leaf, from the root down."""
    first, end = 0, size
    while end - first > 1:
        middle = first + split(end - first)
        if index < middle:
            yield middle, end
            end = middle
        else:
            yield first, middle
            first = middle


def consistency_path(old: int, new: int, node: Node) -> list[bytes]:
    """
    Return the proof that the tree of a new size continues the one of an old size (RFC 6962, section 2.1.2).

    Raises: ValueError for an empty old tree, from which nothing can be proved, and for one larger than the new.
    """
    if not 0 < old <= new:
        raise ValueError(f"there is no consistency proof from {old} to {new} leaves")
    found: list[tuple[int, int]] = []
    first, end = 0, new
    while end != old:
        middle = first + split(end - first)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((first, middle))
            first = middle
    own = [(first, end)] if first else []  # the old tree itself need not be told to whoever asks
    return [_stretch(first, end, node) for first, end in [*found, *own]][::-1]


def _stretch(first: int, end: int, node: Node) -> bytes:
    """Return the hash over the leaves first … end - 1, which a split of the tree has cut out."""
    count = end - first
    if count & (count - 1) == 0:
        level = count.bit_length() - 1
        return node(level, first >> level)
    middle = first + split(count)
    return node_hash(_stretch(first, middle, node), _stretch(middle, end, node))


# -- Verification --------------------------------------------------------------------


def root_from_path(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to from a leaf (RFC 9162, section 2.1.3.2); None where no path of this length leads to the root."""
    if not 0 <= index < size:
        return None
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            at, last = _left_edge(at, last)
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether a path proves that a leaf stands at an index of the tree with this size and root."""
    return root_from_path(leaf, index, size, path) == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether a proof shows that one tree continues another (RFC 9162, section 2.1.4.2)."""
    if not 0 < old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    whole = old & (old - 1) == 0  # then the old tree is a node of the new one, and its root begins the proof
    rest = [old_root, *path] if whole else list(path)
    return bool(rest) and _climb(old, new, rest) == (old_root, new_root)


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """Return both roots as a proof computes them; None for a proof of the wrong length."""
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old_found, new_found = node_hash(sibling, old_found), node_hash(sibling, new_found)
            at, last = _left_edge(at, last)
        else:
            new_found = node_hash(new_found, sibling)
        at, last = at >> 1, last >> 1
    return (old_found, new_found) if last == 0 else None


def _left_edge(at: int, last: int) -> tuple[int, int]:
    """Climb past the levels at which a node on the right edge has no sibling."""
    while at and not at & 1:
        at, last = at >> 1, last >> 1
    return at, last
