"""
The log: follows the stored events, and never refuses one.

Steps, each a commit point: an event was stored, its leaf is sequenced, tiles are written, a checkpoint is signed, witnesses have cosigned it or the
time for it is over, log and checkpoint are published. A crash between any two is repaired by the next `step`, which looks at what is there and does
what is missing. Any number of processes may do so at once: each step is taken only from the state in which it was seen, and a size has one root for
ever. A cosignature that comes later is published then.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from projections.transparency.merkle import Node, leaf_hash, root_at
from projections.transparency.notes import Checkpoint, Signer, signed
from projections.transparency.tiles import grown, node_reader
from projections.transparency.witnesses import Unwitnessed, Witnessing

BATCH = 5_000
"""Events read, and leaves added to the tiles, in one transaction."""

LeafOf = Callable[[str, bytes], bytes | None]
"""Makes the log entry of a topic and its stored bytes; None for an event that is not logged."""
Raw = Sequence[tuple[int, str, bytes]]
"""Stored events: position, topic, bytes."""


class LogForked(Exception):
    """What is published, signed and stored are not one log: a store was exchanged or restored from an old copy. Nothing more is signed."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A log entry with the store position of its event and its hash."""

    position: int
    entry: bytes
    hash: bytes
    file: str | None = None
    """The case file that the leaf continues, in the log of the cases."""


@dataclass(frozen=True, slots=True)
class Head:
    """How many leaves a case file has, and the index of the last."""

    n: int
    last: int


LeavesOf = Callable[[Raw], list[Leaf]]
"""Makes the leaves of a batch of events."""


def one_by_one(leaf_of: LeafOf) -> LeavesOf:
    """Make leaves that depend on nothing but their event."""

    def leaves(raw: Raw) -> list[Leaf]:
        made = ((position, leaf_of(topic, state)) for position, topic, state in raw)
        return [Leaf(position, entry, leaf_hash(entry)) for position, entry in made if entry is not None]

    return leaves


@dataclass(frozen=True, slots=True)
class SignedTree:
    """A checkpoint that was signed: the tree, the key's identifier and the note."""

    size: int
    root: bytes
    key_id: bytes
    note: bytes


class Events(Protocol):
    """The event store, as far as the log needs it."""

    def raw_events(self, after: int, limit: int) -> Raw:
        """Return (position, topic, bytes) of the events after a position, in order."""
        ...


class DurableLog(Protocol):
    """The primary store of a log. Every writing method is one transaction that is on the disk when it returns."""

    def position(self) -> int:
        """Return the store position up to which events are sequenced."""
        ...

    def size(self) -> int:
        """Return how many leaves are sequenced."""
        ...

    def sequence(self, seen: int, position: int, leaves: Sequence[Leaf]) -> bool:
        """Give leaves the next indexes and move the position. False, and nothing written, when the position is not the one seen."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        ...

    def hashes(self, first: int, end: int) -> list[bytes]:
        """Return the leaf hashes first … end - 1."""
        ...

    def position_of(self, index: int) -> int:
        """Return the store position of a leaf's event."""
        ...

    def tiled(self) -> int:
        """Return how many leaves the tiles cover."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, as many as there are."""
        ...

    def write_tiles(self, seen: int, size: int, tiles: dict[tuple[int, int], bytes]) -> bool:
        """Write tiles that cover a size. False, and nothing written, when they did not cover the size seen."""
        ...

    def latest(self) -> SignedTree | None:
        """Return the checkpoint of the largest size, as last signed."""
        ...

    def sign(self, size: int, root: bytes, key_id: bytes, note: Callable[[], bytes], at: datetime) -> bool:
        """
        Promise a root for a size, then sign and keep the note. False when a larger tree is signed already, or this one with this key.

        Raises: LogForked when another root was promised for this size.
        """
        ...

    def keep_cosignature(self, size: int, witness: str, line: str, at: datetime) -> None:
        """Keep a witness's signature line on the checkpoint of a size; a second one of the same witness, named by its key, changes nothing."""
        ...

    def cosignatures(self, size: int) -> list[str]:
        """Return the signature lines of witnesses on the checkpoint of a size, always in the same order."""
        ...

    def last_cosignature(self, witness: str) -> tuple[int, str] | None:
        """Return the largest size that a witness has cosigned, and its line."""
        ...

    def close(self) -> None:
        """Close every connection."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """What the public read store shows: a size, its root, and the checkpoint note."""

    size: int
    root: bytes
    note: bytes


class Publication(Protocol):
    """The public read store, as far as the log writes to it."""

    def published(self) -> Published | None:
        """Return what is published."""
        ...

    def publish(self, seen: int, tree: SignedTree, log: DurableLog) -> bool:
        """
        Copy leaves, tiles and checkpoint, with all cosignatures kept on it, in one transaction.

        False, and nothing written, when another size than the one seen is published.
        """
        ...

    def show_witnesses(self, log: DurableLog) -> None:
        """Publish who witnesses the log, and what each has seen last, unless that is published already."""
        ...


def origin_of(address: str, *, demonstration: bool, prefix: str = "log") -> str:
    """
    Return the origin of a log of the register with this public address: the log's own address without scheme; a demonstration says that it is one.

    Raises: ValueError for an address that no origin can be made of.
    """
    host = address.rpartition("://")[2]
    origin = f"{host.rstrip('/')}/{prefix}" + ("/demonstration" if demonstration else "")
    if not origin.isascii() or any(character in origin for character in " +?#\t\n") or origin.startswith("/"):
        raise ValueError(f"no log can have the origin {origin!r}: write the public address in plain ASCII, without spaces, +, ? and #")
    return origin


def server_time() -> datetime:
    """Return the server's time."""
    return datetime.now(UTC)


@dataclass
class Log:
    """One log: its durable store, what its leaves are, who signs, where it is published, and who witnesses it."""

    store: DurableLog
    leaves_of: LeavesOf
    signer: Signer
    publication: Publication
    clock: Callable[[], datetime] = server_time
    witnesses: Witnessing = field(default_factory=Unwitnessed)
    _settled: tuple[int, int] | None = None
    """Size and cosignatures with which this worker found nothing missing: most events are confidential, and leave the public log as it is."""

    def step(self, source: Events, limit: int = BATCH) -> int:
        """
        Sequence one batch and do whatever is missing up to publication; return how many events were read.

        Raises: LogForked.
        """
        seen = self.store.position()
        raw = source.raw_events(seen, limit)
        if raw:
            # Commit point: leaves and position together, and only if no other worker was faster.
            self.store.sequence(seen, raw[-1][0], self.leaves_of(raw))
        state = (self.store.size(), self.witnesses.kept())
        if state != self._settled and self.settle(caught_up=not raw):
            self._settled = state
        return len(raw)

    def settle(self, *, caught_up: bool) -> bool:
        """
        Write tiles, sign, have witnessed and publish what is sequenced; False while a lost log store has not come as far again as what is published.

        Raises: LogForked.
        """
        self._write_tiles()
        # In this order: what is published was signed before, and what is signed has its tiles, whatever other workers do meanwhile.
        published, latest, size = self.publication.published(), self.store.latest(), self.store.tiled()
        if published and published.size > size:
            if caught_up:
                raise LogForked(f"A log of {published.size} entries is published, but the events give {size}.")
            return False  # until then nothing may be signed
        node = node_reader(lru_cache(maxsize=64)(self.store.tile))
        for promised in (published, latest):
            if promised and root_at(promised.size, node) != promised.root:
                raise LogForked(f"The log of {promised.size} entries has another root than the one that was promised: it is not the same log.")
        self._sign(size, latest, node)
        if signed_last := self.store.latest():
            # Each cosignature is a commit point of its own. Without any of them the log is published all the same.
            self.witnesses.look(signed_last.size)
        self._publish()
        return True

    def position(self) -> int:
        """Return the store position up to which the log is published: whoever waits for it finds leaf, receipt and checkpoint."""
        reached, published = self.store.position(), self.publication.published()
        size = published.size if published else 0
        return reached if size >= self.store.size() else min(reached, self.store.position_of(size) - 1)

    def forget(self) -> None:
        """Forget what is kept between batches: the next step looks at everything again."""
        self._settled = None

    def close(self) -> None:
        """Stop asking witnesses and close the durable store."""
        self.witnesses.close()
        self.store.close()

    def _write_tiles(self) -> None:
        while (seen := self.store.tiled()) < (size := min(self.store.size(), seen + BATCH)):
            tiles = grown(seen, self.store.hashes(seen, size), self.store.tile)
            # Commit point: tiles and the size they cover. They follow from the leaves, so whoever is faster wrote the same.
            self.store.write_tiles(seen, size, tiles)

    def _sign(self, size: int, latest: SignedTree | None, node: Node) -> None:
        key_id = self.signer.verifier.id
        if size == 0 or (latest and latest.size == size and latest.key_id == key_id):
            return  # the first size that is signed is one or more
        tree = Checkpoint(self.signer.name, size, root_at(size, node))
        # Commit point: the root is promised for this size before the signature exists.
        self.store.sign(size, tree.root, key_id, lambda: signed(tree.text, self.signer), self.clock())

    def _publish(self) -> None:
        while (latest := self.store.latest()) and is_news(cosigned(latest, self.store), published := self.publication.published()):
            # Commit point: leaves, tiles and checkpoint become visible together. Refused only when another worker has published meanwhile.
            self.publication.publish(published.size if published else 0, latest, self.store)
        self.publication.show_witnesses(self.store)


def cosigned(tree: SignedTree, log: DurableLog) -> SignedTree:
    """Return a signed tree with the lines of its witnesses after the log's own."""
    return replace(tree, note=tree.note + "".join(log.cosignatures(tree.size)).encode())


def is_news(latest: SignedTree, published: Published | None) -> bool:
    """Tell whether a signed tree, with its cosignatures, is to take the place of the published one."""
    return published is None or latest.size > published.size or (latest.size == published.size and latest.note != published.note)
