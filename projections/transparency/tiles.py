"""
Tiles of the log, as C2SP tlog-tiles lays them out: paths and bytes.

A tile of level L holds up to 256 hashes of tree level 8·L side by side; a bundle holds the entries of a tile of level 0. A partial tile is the
beginning of the full one, so one row serves every width that was ever published.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from projections.transparency.merkle import HASH_BYTES, CompactRange, Node, compact_range, node_hash

WIDTH = 256
"""Hashes in a full tile, entries in a full bundle."""
LEVELS = 8
"""Levels of the tree that one level of tiles stands for."""
MOST_ENTRY_BYTES = 65_535
"""An entry's length is written in two bytes."""
TOP_LEVEL = 63
LAST_NUMBER = 2**54 - 1
"""No log that fits into 64 bits has more tiles."""

_NUMBER = r"(?P<number>(?:x\d{3}/)*\d{3})(?:\.p/(?P<width>[1-9]\d{0,2}))?"
_TILE = re.compile(r"tile/(?P<level>0|[1-9]\d?|entries)/" + _NUMBER, re.ASCII)

TileReader = Callable[[int, int], bytes]
"""Reads the hashes of a tile, side by side, by level and number; as many as there are."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile or bundle as a path names it. Level -1 is a bundle of entries; a width of 256 is the full one."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Return the path below the log's prefix."""
        level = "entries" if self.level < 0 else str(self.level)
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{level}/{_digits(self.number)}{partial}"


ENTRIES = -1
"""The level of bundles."""


def _digits(number: int) -> str:
    """Write a tile's number in groups of three digits, all but the last with an x: 1234067 is x001/x234/067."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def parse_path(path: str) -> Tile | None:
    """Read a path below the prefix; None unless it is written exactly as a log writes it."""
    match = _TILE.fullmatch(path)
    if match is None:
        return None
    level = ENTRIES if match["level"] == "entries" else int(match["level"])
    number = int(re.sub("[x/]", "", match["number"]))
    tile = Tile(level, number, int(match["width"] or WIDTH))
    # Written back, it must be the same: no group x000 in front, no width of 256 and more.
    return tile if level <= TOP_LEVEL and number <= LAST_NUMBER and tile.path == path else None


def tiles_of(size: int) -> Iterator[Tile]:
    """Yield every tile of a log of this size, bundles left out."""
    yield from changed(0, size)


def changed(old: int, new: int) -> Iterator[Tile]:
    """Yield the tiles that hold more when a log grows, at the width they have then. No tile is empty."""
    level = 0
    while new:
        first, last = old // WIDTH, (new - 1) // WIDTH
        if new > old:
            for number in range(first, last + 1):
                yield Tile(level, number, min(WIDTH, new - number * WIDTH))
        old, new, level = old // WIDTH, new // WIDTH, level + 1


# -- Hashes ------------------------------------------------------------------------


def node_reader(tile: TileReader) -> Node:
    """Return a reader of the tree's nodes that finds them in tiles; what stands between two levels of tiles is computed."""

    def node(level: int, index: int) -> bytes:
        below = level % LEVELS
        first = index << below
        hashes = tile(level // LEVELS, first // WIDTH)
        start = first % WIDTH * HASH_BYTES
        row = hashes_in(hashes[start : start + (HASH_BYTES << below)])
        if len(row) != 1 << below:
            raise LookupError(f"the tiles do not hold node {index} of level {level}")
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]

    return node


def hashes_in(tile: bytes) -> list[bytes]:
    """Return the hashes of a tile."""
    return [tile[start : start + HASH_BYTES] for start in range(0, len(tile), HASH_BYTES)]


def grown(size: int, leaves: Iterable[bytes], tile: TileReader) -> dict[tuple[int, int], bytes]:
    """Return, by level and number, the tiles that change when leaf hashes are appended to a log of this size."""
    compact = compact_range(size, node_reader(tile))
    rows: dict[tuple[int, int], bytearray] = {}
    for leaf in leaves:
        _place(rows, compact, leaf, tile)
    return {key: bytes(row) for key, row in rows.items()}


def _place(rows: dict[tuple[int, int], bytearray], compact: CompactRange, leaf: bytes, tile: TileReader) -> None:
    completed = compact.append(leaf)
    for level in range(0, len(completed), LEVELS):
        index = (compact.size - 1) >> level
        key = (level // LEVELS, index // WIDTH)
        if key not in rows:
            # A new tile, or what stood in it before.
            rows[key] = bytearray(tile(*key)[: index % WIDTH * HASH_BYTES] if index % WIDTH else b"")
        rows[key] += completed[level]


# -- Entries -----------------------------------------------------------------------


def bundle(entries: Sequence[bytes]) -> bytes:
    """
    Write entries as a bundle: each after its length in two bytes.

    Raises: ValueError for an entry that is too long for it; the limit on events keeps every entry far below.
    """
    if any(len(entry) > MOST_ENTRY_BYTES for entry in entries):
        raise ValueError(f"an entry of the log has at most {MOST_ENTRY_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def unbundle(data: bytes) -> list[bytes]:
    """
    Read the entries of a bundle.

    Raises: ValueError when it ends within an entry.
    """
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise ValueError("the bundle ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    return entries
