"""What the public gets under `/log/`: status, media type, cache rule and bytes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.merkle import leaf_hash, root_of
from projections.transparency.notes import Checkpoint
from projections.transparency.tiles import unbundle
from tests.proofs.logs import SECRET, SIGNER, Opened, opened

SIZE = 260


@pytest.fixture(scope="module")
def published() -> Iterator[Opened]:
    with opened() as found:
        found.record(*range(1, SIZE + 1))
        found.record(*range(1, 9), confidential=True)
        yield found


@pytest.mark.parametrize(
    ("path", "media_type", "cached"),
    [
        ("checkpoint", "text/plain; charset=utf-8", "max-age=2"),
        ("key", "text/plain; charset=utf-8", "max-age=2"),
        ("tile/0/000", "application/octet-stream", "immutable"),
        ("tile/0/001.p/4", "application/octet-stream", "immutable"),
        ("tile/1/000.p/1", "application/octet-stream", "immutable"),
        ("tile/entries/000", "application/octet-stream", "immutable"),
        ("tile/entries/001.p/4", "application/octet-stream", "immutable"),
        ("entry/0", "application/json", "immutable"),
        ("receipt/259.tlog-proof", "text/plain; charset=utf-8", "max-age=2"),
        ("receipt/259.spicy", "text/plain; charset=utf-8", "max-age=2"),
    ],
)
def test_what_is_published_is_answered(published: Opened, path: str, media_type: str, cached: str) -> None:
    answer = published.answers.answer(path)
    assert (answer.status, answer.media_type) == (200, media_type)
    assert cached in answer.cache_control
    assert answer.body


@pytest.mark.parametrize(
    "path",
    [
        "", "Checkpoint", "checkpoint/", "tile/0/001", "tile/0/001.p/5", "tile/0/002", "tile/0/002.p/1", "tile/1/000", "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/0/000.p/256", "tile/0/000.p/0", "tile/entries/001", "tile/entries/001.p/5", "tile/entries/x999/x999/x999/x999/x999/999",
        "tile/63/000.p/1",
        "entry/260", "entry/-1", "entry/00", "entry/99999999999999999999", "receipt/260.tlog-proof", "receipt/0", "receipt/01.tlog-proof",
        "../checkpoint",
    ],
)  # fmt: skip
def test_what_is_not_published_is_not_there_and_not_remembered_as_missing(published: Opened, path: str) -> None:
    answer = published.answers.answer(path)
    assert (answer.status, answer.cache_control) == (404, "no-store")


def test_before_the_first_entry_everything_is_missing() -> None:
    with opened() as found:
        assert {found.answers.answer(path).status for path in ("checkpoint", "key", "keys", "tile/0/000.p/1", "tile/entries/000.p/1", "entry/0")} == {
            404
        }
        assert list(found.answers.paths()) == []


def test_every_width_up_to_the_published_size_is_the_beginning_of_the_tile(published: Opened) -> None:
    tile, entries = published.get("tile/0/000"), published.get("tile/entries/000")
    for width in range(1, 256):
        assert published.get(f"tile/0/000.p/{width}") == tile[: 32 * width]
        bundle = published.get(f"tile/entries/000.p/{width}")
        assert entries.startswith(bundle)
        assert len(unbundle(bundle)) == width


def test_an_entry_is_served_as_it_was_hashed(published: Opened) -> None:
    tile = published.get("tile/0/000")
    assert leaf_hash(published.get("entry/7")) == tile[7 * 32 : 8 * 32]


def test_an_export_has_every_address_and_nothing_confidential(published: Opened) -> None:
    paths = list(published.answers.paths())
    bodies = {path: published.get(path) for path in paths}
    assert len(paths) == len(bodies) == 4 + 2 * 2 + 1 + 3 * SIZE
    assert bodies["key"].decode() == SIGNER.verifier.vkey + "\n"
    assert bodies["policy"].decode() == f"log {SIGNER.verifier.vkey}\nquorum none\n"
    assert not any(SECRET.encode() in body or b"ThresholdMet" in body for body in bodies.values())


def test_answers_need_the_public_store_alone(published: Opened) -> None:
    alone = LogAnswers(PublicShelf(published.public))
    assert alone.size() == SIZE
    assert alone.checkpoint().body == published.get("checkpoint")


@pytest.mark.parametrize("width", [1, 7, 64, 255])
def test_every_published_size_has_its_partial_tile(width: int) -> None:
    with opened() as found:
        found.record(*range(1, width + 1))
        assert len(found.get(f"tile/0/000.p/{width}")) == 32 * width
        assert found.answers.answer(f"tile/0/000.p/{width + 1}").status == 404


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, SIZE])
def test_the_tree_of_any_part_of_the_log_is_told(published: Opened, size: int) -> None:
    leaves = [leaf_hash(published.get(f"entry/{index}")) for index in range(size)]
    assert published.answers.tree(size) == Checkpoint(SIGNER.name, size, root_of(leaves))


def test_the_tree_that_is_published_is_that_of_the_checkpoint_and_nothing_beyond_it_is_told(published: Opened) -> None:
    assert (
        published.answers.tree() == published.answers.tree(SIZE) == Checkpoint.parse(published.get("checkpoint").decode().partition("\n\n")[0] + "\n")
    )
    assert published.answers.tree(SIZE + 1) is None
    with opened() as empty:
        assert empty.answers.tree() is None
