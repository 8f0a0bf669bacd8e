"""Tiles: paths, bytes, every partial width, and the example of the specification."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projections.transparency.merkle import consistency_path, inclusion_path, leaf_hash, root_at, root_of
from projections.transparency.tiles import ENTRIES, Tile, bundle, changed, grown, hashes_in, node_reader, parse_path, tiles_of, unbundle


def tiles_from(leaves: list[bytes], *steps: int) -> dict[tuple[int, int], bytes]:
    """Grow tiles in steps."""
    found: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        return found.get((level, number), b"")

    size = 0
    for end in [*steps, len(leaves)]:
        found.update(grown(size, leaves[size:end], tile))
        size = end
    return found


# -- Paths ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(63, 999), "tile/63/999"),
        (Tile(1, 1000, 255), "tile/1/x001/000.p/255"),
        (Tile(ENTRIES, 1_000_000), "tile/entries/x001/x000/000"),
        (Tile(ENTRIES, 7, 1), "tile/entries/007.p/1"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000", "tile/64/000", "tile/-1/000", "tile/0/0", "tile/0/1000", "tile/0/x000/000", "tile/0/001/000", "tile/0/x001/x000",
        "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/", "tile/0/000.p/1000", "tile/0/000/", "/tile/0/000", "tile/0/٠٠٠",
        "tile/entries/", "tile/Entries/000", "tile/0/000\n", "tile/0/" + "x999/" * 12 + "999",
    ],
)  # fmt: skip
def test_any_other_spelling_is_no_tile(path: str) -> None:
    assert parse_path(path) is None


@given(st.integers(0, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_paths_are_read_as_they_are_written(level: int, number: int, width: int) -> None:
    assert parse_path(Tile(level, number, width).path) == Tile(level, number, width)


# -- Which tiles a size has --------------------------------------------------------------


def test_the_example_of_the_specification() -> None:
    tiles = list(tiles_of(70_000))
    partial = [tile for tile in tiles if tile.width < 256]
    assert len(tiles) == 277
    assert partial == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [sum(tile.level == level for tile in tiles) for level in range(4)] == [274, 2, 1, 0]


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_no_tile_is_empty_and_what_changed_is_what_differs(one: int, two: int) -> None:
    old, new = min(one, two), max(one, two)
    tiles = list(changed(old, new))
    assert all(1 <= tile.width <= 256 for tile in tiles)
    assert set(tiles) == set(tiles_of(new)) - set(tiles_of(old))
    for level in range(3):
        assert sum(tile.width for tile in tiles_of(new) if tile.level == level) == new >> 8 * level


# -- What stands in them -----------------------------------------------------------------


def test_tiles_hold_the_hashes_that_the_specification_says_however_the_log_grew() -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(70_000)]
    tiles = tiles_from(leaves, 1, 2, 255, 256, 257, 511, 65_535, 65_536, 65_537)
    assert tiles == tiles_from(leaves)
    assert {(tile.level, tile.number): tile.width * 32 for tile in tiles_of(70_000)} == {key: len(row) for key, row in tiles.items()}
    assert hashes_in(tiles[1, 0])[7] == root_of(leaves[7 * 256 : 8 * 256])
    assert hashes_in(tiles[2, 0]) == [root_of(leaves[:65_536])]
    assert tiles[0, 273] == b"".join(leaves[273 * 256 :])


def test_roots_and_proofs_come_from_tiles_alone() -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(700)]
    tiles = tiles_from(leaves)
    node = node_reader(lambda level, number: tiles[level, number])
    for size in (1, 2, 255, 256, 257, 511, 512, 513, 700):
        assert root_at(size, node) == root_of(leaves[:size])
        direct = [root_of(leaves[size // 2 : size])] if size == 2 else None
        assert direct is None or inclusion_path(0, size, node) == direct
    assert consistency_path(256, 512, node) == [root_of(leaves[256:512])]


def test_a_node_that_no_tile_holds_is_missed_and_not_made_up() -> None:
    with pytest.raises(LookupError):
        node_reader(lambda level, number: b"\0" * 32)(1, 0)


# -- Entries ---------------------------------------------------------------------------


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundles_are_read_as_they_are_written(entries: list[bytes]) -> None:
    assert unbundle(bundle(entries)) == entries


def test_the_longest_entry_fits_and_no_longer_one() -> None:
    longest = b"x" * 65_535
    assert bundle([longest])[:2] == b"\xff\xff"
    assert unbundle(bundle([longest, b""])) == [longest, b""]
    with pytest.raises(ValueError, match="at most 65535"):
        bundle([longest + b"x"])


@pytest.mark.parametrize("data", [b"\x00", b"\x00\x02a", b"\x00\x01ab"])
def test_a_bundle_that_ends_within_an_entry_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="ends within"):
        unbundle(data)
