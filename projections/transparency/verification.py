"""
Verifying a log from the events: every leaf, tile, root, checkpoint ever signed, and what is published of them.

Nothing stored is believed: leaves are made again from the events, and everything else from those. A verification that continues an earlier one
believes the tiles as far as that one went; they still have to give the root of every checkpoint ever signed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from projections.transparency.answers import LogAnswers
from projections.transparency.log import BATCH, DurableLog, Events, LeafOf, Raw, SignedTree, cosigned
from projections.transparency.merkle import HASH_BYTES, leaf_hash, root_at
from projections.transparency.notes import Checkpoint, NoteRefused, Verifier, open_checkpoint
from projections.transparency.tiles import ENTRIES, LEVELS, WIDTH, Tile, TileReader, changed, grown, node_reader, unbundle


class VerifiableLog(DurableLog, Protocol):
    """A durable store that also lists everything it promised."""

    def positions(self, first: int, end: int) -> list[int]:
        """Return the store positions of the events of the leaves first … end - 1."""
        ...

    def first_after(self, position: int) -> int:
        """Return the index of the first leaf whose event stands after a store position, or of the next leaf."""
        ...

    def promised(self) -> dict[int, bytes]:
        """Return the root that was promised for each size."""
        ...

    def signed(self) -> list[SignedTree]:
        """Return every checkpoint ever signed for a promised root."""
        ...

    def notes(self) -> int:
        """Return how many notes are kept, whatever they are of."""
        ...

    def all_cosignatures(self) -> list[tuple[int, str, str]]:
        """Return size, witness and line of every cosignature kept."""
        ...


@dataclass
class Remade:
    """A log made from the events: the hashes of its tiles, and how many entries it has."""

    kept: TileReader
    """The stored tiles, believed for the entries before the first one made again."""
    first: int
    tiles: dict[tuple[int, int], bytes] = field(default_factory=dict)
    size: int = 0

    def __post_init__(self) -> None:
        self.size = self.first

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile."""
        made = self.tiles.get((level, number))
        if made is not None:
            return made
        believed = (self.first >> LEVELS * level) - number * WIDTH
        return self.kept(level, number)[: believed * HASH_BYTES] if believed > 0 else b""

    def append(self, entries: Sequence[bytes]) -> None:
        """Append entries."""
        self.tiles.update(grown(self.size, map(leaf_hash, entries), self.tile))
        self.size += len(entries)


LeafAgain = Callable[[str, bytes, bytes | None], bytes | None]
"""Makes a log entry again from topic and stored bytes of its event, and from the stored entry, of which only the nonce is believed."""


def again(leaf_of: LeafOf) -> LeafAgain:
    """Make again what has no nonce."""
    return lambda topic, state, stored: leaf_of(topic, state)


def verify_log(
    log: VerifiableLog, events: Events, leaf_again: LeafAgain, verifiers: Sequence[Verifier], public: LogAnswers | None, *, after: int = 0
) -> Iterator[str]:
    """
    Yield a sentence for each difference between the log and the events, and between the log and what is published.

    `after` is the store position up to which an earlier verification went, 0 for none.
    """
    remade = Remade(log.tile, log.first_after(after))
    yield from _leaves(remade, log, events, leaf_again, after)
    yield from _tiles(remade, log)
    yield from _checkpoints(remade, log, verifiers)
    if public is not None:
        yield from _published(remade, log, public, verifiers)


def _leaves(remade: Remade, log: VerifiableLog, events: Events, leaf_again: LeafAgain, after: int) -> Iterator[str]:
    reached, head = after, log.position()
    while reached < head and (raw := [row for row in events.raw_events(reached, BATCH) if row[0] <= head]):
        made = _made_again(raw, log.entries(remade.size, remade.size + len(raw)), leaf_again)
        yield from _stretch(remade.size, made, log)
        remade.append([entry for _, entry in made])
        reached = raw[-1][0]
    if reached < head:
        yield f"The log says that events are sequenced up to position {head}; the last one stands at position {reached}."
    if remade.size != log.size():
        yield f"The events up to position {head} give {remade.size} leaves; the log has {log.size()}."


def _made_again(raw: Raw, stored: Sequence[bytes], leaf_again: LeafAgain) -> list[tuple[int, bytes]]:
    made: list[tuple[int, bytes]] = []
    for position, topic, state in raw:
        try:
            entry = leaf_again(topic, state, stored[len(made)] if len(made) < len(stored) else None)
        except (ValueError, KeyError, TypeError):
            entry = b""  # an event that nobody can read gives no leaf, and so differs from the one that was logged
        if entry is not None:
            made.append((position, entry))
    return made


def _stretch(first: int, made: Sequence[tuple[int, bytes]], log: VerifiableLog) -> Iterator[str]:
    end = first + len(made)
    entries, hashes, positions = log.entries(first, end), log.hashes(first, end), log.positions(first, end)
    for offset, (position, entry) in enumerate(made):
        # Slices: a leaf that is missing is a difference too.
        if entries[offset : offset + 1] != [entry]:
            yield f"Leaf {first + offset} is not what the event gives that stands at position {position}."
        if hashes[offset : offset + 1] != [leaf_hash(entry)]:
            yield f"The hash of leaf {first + offset} is not that of the event at position {position}."
        if positions[offset : offset + 1] != [position]:
            yield f"Leaf {first + offset} does not name position {position}, where its event stands."


def _tiles(remade: Remade, log: DurableLog) -> Iterator[str]:
    if (tiled := log.tiled()) > remade.size:
        yield f"The tiles cover {tiled} leaves; the events give {remade.size}."
    for tile in changed(remade.first, max(remade.first, min(tiled, remade.size))):
        length = tile.width * HASH_BYTES
        if log.tile(tile.level, tile.number)[:length] != remade.tile(tile.level, tile.number)[:length]:
            yield f"The stored {tile.path} is not what the events give."


def _checkpoints(remade: Remade, log: VerifiableLog, verifiers: Sequence[Verifier]) -> Iterator[str]:
    signed = log.signed()
    for tree in signed:
        yield from _checkpoint(remade, tree, verifiers)
    for size in sorted(log.promised().keys() - {tree.size for tree in signed}):
        yield f"A root is promised for {size} entries, and no checkpoint of that size is kept."
    if (lost := log.notes() - len(signed)) > 0:
        yield f"{lost} notes are kept for sizes that no root was promised for."


def _checkpoint(remade: Remade, tree: SignedTree, verifiers: Sequence[Verifier]) -> Iterator[str]:
    try:
        checkpoint = open_checkpoint(tree.note, [verifier for verifier in verifiers if verifier.id == tree.key_id])
    except NoteRefused as refused:
        yield f"The checkpoint of {tree.size} entries does not hold: {refused}."
        return
    if (checkpoint.size, checkpoint.root) != (tree.size, tree.root):
        yield f"The checkpoint of {tree.size} entries says another size or root than was promised for it."
    yield from _root(remade, checkpoint, "checkpoint")


def _root(remade: Remade, checkpoint: Checkpoint, what: str) -> Iterator[str]:
    if checkpoint.size > remade.size or root_at(checkpoint.size, node_reader(remade.tile)) != checkpoint.root:
        yield f"The events do not give the root that the {what} of {checkpoint.size} entries says."


# -- What is published -----------------------------------------------------------------


def _published(remade: Remade, log: VerifiableLog, public: LogAnswers, verifiers: Sequence[Verifier]) -> Iterator[str]:
    answer = public.checkpoint()
    if answer.status != 200:
        if log.latest():
            yield "A checkpoint is signed, but none is published."
        return
    try:
        checkpoint = open_checkpoint(answer.body, verifiers)
    except NoteRefused as refused:
        yield f"The published checkpoint does not hold: {refused}."
        return
    yield from _root(remade, checkpoint, "published checkpoint")
    last = public.shelf.last()
    if last and (last.size, last.root) != (checkpoint.size, checkpoint.root):
        yield "The published checkpoint says another size or root than the one that is kept beside it."
    if answer.body not in {cosigned(tree, log).note for tree in log.signed() if tree.size == checkpoint.size}:
        yield f"The published checkpoint of {checkpoint.size} entries is not a signed one with all cosignatures kept on it: start the service."
    if sorted(public.shelf.vkeys()) != sorted(verifier.vkey for verifier in verifiers):
        yield "The published verifier keys are not those that the folder of the keys names."
    for tile in changed(remade.first, max(remade.first, min(checkpoint.size, remade.size))):
        yield from _published_tile(remade, tile, public)


def _published_tile(remade: Remade, tile: Tile, public: LogAnswers) -> Iterator[str]:
    expected = remade.tile(tile.level, tile.number)[: tile.width * HASH_BYTES]
    if public.tile(tile).body != expected:
        yield f"The published {tile.path} is not what the events give."
    if tile.level == 0:
        bundle = Tile(ENTRIES, tile.number, tile.width)
        if not _bundled(public.entries(bundle).body, expected):
            first = tile.number * WIDTH
            yield f"The published {bundle.path} does not hold the leaves {first} to {first + tile.width - 1} that the events give."


def _bundled(data: bytes, hashes: bytes) -> bool:
    try:
        return b"".join(map(leaf_hash, unbundle(data))) == hashes
    except ValueError:
        return False
