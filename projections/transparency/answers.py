"""
What is asked of a log: status, media type, cache rule and bytes, for a server of any kind. The public asks the public read store alone.

Tiles and bundles are served at every width up to the published size: so they say nothing about when a checkpoint was published, or how often.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, Protocol

from sqlalchemy import select

from projections.store import ReadStore
from projections.transparency.log import Published
from projections.transparency.merkle import HASH_BYTES, Node, consistency_path, inclusion_path, root_at
from projections.transparency.notes import Checkpoint, parse_note
from projections.transparency.policy import Policy
from projections.transparency.proofs import Receipt
from projections.transparency.questions import Claim, Continuation, Looked, WitnessState
from projections.transparency.tables import log_tables
from projections.transparency.tiles import ENTRIES, WIDTH, Tile, bundle, node_reader, parse_path, tiles_of

FOR_EVER = "public, max-age=31536000, immutable"
BRIEFLY = "public, max-age=2"
NOT_KEPT = "no-store"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
JSON = "application/json"
_RECEIPT = re.compile(r"receipt/(0|[1-9]\d{0,17})\.(tlog-proof|spicy)", re.ASCII)
_ENTRY = re.compile(r"entry/(0|[1-9]\d{0,17})", re.ASCII)


class Answer(NamedTuple):
    """What is sent."""

    status: int
    media_type: str
    cache_control: str
    body: bytes


# What is not published yet must not be remembered as missing.
NOT_FOUND = Answer(404, TEXT, NOT_KEPT, b"The published log has nothing at this address.\n")


class Shelf(Protocol):
    """Where a published log stands."""

    def last(self) -> Published | None:
        """Return the last checkpoint."""
        ...

    def vkeys(self) -> Sequence[str]:
        """Return every verifier key that ever signed, the one in use first."""
        ...

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, as many as there are."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        ...

    def policy(self) -> str:
        """Return the log's policy without the lines of logs."""
        ...

    def witnesses(self) -> Sequence[Looked]:
        """Return the witnesses of the policy."""
        ...


class PublicShelf:
    """The public log in the public read store."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self.tables = log_tables(store.metadata)

    def last(self) -> Published | None:
        """Return the last checkpoint."""
        with self.store.reading() as rows:
            row = rows.execute(select(self.tables.checkpoint)).first()
        return Published(row.size, row.root, row.note) if row else None

    def vkeys(self) -> Sequence[str]:
        """Return every verifier key that ever signed, the one in use first."""
        with self.store.reading() as rows:
            return rows.execute(select(self.tables.keys.c.vkey).order_by(self.tables.keys.c.number.desc())).scalars().all()

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, as many as there are."""
        column = self.tables.tiles.c
        with self.store.reading() as rows:
            return rows.execute(select(column.hashes).where(column.level == level, column.number == number)).scalar() or b""

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        column = self.tables.bundles.c
        query = select(column.entry).where(column.number.between(first, end - 1)).order_by(column.number)
        with self.store.reading() as rows:
            return list(rows.execute(query).scalars())

    def policy(self) -> str:
        """Return the log's policy without the lines of logs."""
        with self.store.reading() as rows:
            return rows.execute(select(self.tables.policy.c.text)).scalar() or Policy().text

    def witnesses(self) -> Sequence[Looked]:
        """Return the witnesses of the policy."""
        column = self.tables.witnesses.c
        query = select(column.name, column.vkey, column.url, column.size, column.looked_at).order_by(column.number)
        with self.store.reading() as rows:
            return [Looked(*row) for row in rows.execute(query)]


class LogAnswers:
    """Answers every address of a log."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def answer(self, path: str) -> Answer:
        """Answer the path after the log's own address."""
        if path == "checkpoint":
            return self.checkpoint()
        if path in ("key", "keys"):
            return self.key(retired=path == "keys")
        if path == "policy":
            return self.policy()
        if tile := parse_path(path):
            return self.entries(tile) if tile.level < 0 else self.tile(tile)
        if match := _RECEIPT.fullmatch(path):
            return self.receipt(int(match[1]), spicy=match[2] == "spicy")
        match = _ENTRY.fullmatch(path)
        return self.entry(int(match[1])) if match else NOT_FOUND

    def published(self, path: str) -> bytes | None:
        """Return the bytes at a path after the log's own address, None while nothing is published there."""
        found = self.answer(path)
        return found.body if found.status == 200 else None

    def size(self) -> int:
        """Return how many entries are published; with key and cosignatures, all that an answer depends on."""
        last = self.shelf.last()
        return last.size if last else 0

    def tree(self, size: int | None = None) -> Checkpoint | None:
        """Return origin, size and root of what is published, or of its first entries; None for more than is published."""
        last = self.shelf.last()
        if last is None or (size is not None and size > last.size):
            return None
        published = Checkpoint.parse(parse_note(last.note).text)
        return published if size is None else replace(published, size=size, root=root_at(size, self._node()))

    def paths(self) -> Iterator[str]:
        """Yield every path that an export needs: with a file for each, the export is a log that any client can read."""
        size = self.size()
        yield from ("checkpoint", "key", "keys", "policy") if size else ()
        for tile in tiles_of(size):
            yield tile.path
            if tile.level == 0:
                yield Tile(ENTRIES, tile.number, tile.width).path
        for index in range(size):
            yield from (f"entry/{index}", f"receipt/{index}.tlog-proof", f"receipt/{index}.spicy")

    def checkpoint(self) -> Answer:
        """Answer the last checkpoint."""
        last = self.shelf.last()
        return Answer(200, TEXT, BRIEFLY, last.note) if last else NOT_FOUND

    def key(self, *, retired: bool = False) -> Answer:
        """Answer the verifier key in use; with `retired`, every key that ever signed, a line each, the one in use first."""
        vkeys = self.shelf.vkeys()[: None if retired else 1]
        return Answer(200, TEXT, BRIEFLY, "".join(f"{vkey}\n" for vkey in vkeys).encode()) if vkeys else NOT_FOUND

    def policy(self) -> Answer:
        """Answer the log's policy as C2SP tlog-policy writes it: one log, its witnesses, and the quorum that a reader can insist on."""
        key = self.key()
        return key._replace(body=b"log " + key.body + self.shelf.policy().encode()) if key.status == 200 else key

    def tile(self, tile: Tile) -> Answer:
        """Answer a tile at the width asked for."""
        hashes = self.shelf.tile(tile.level, tile.number)
        length = tile.width * HASH_BYTES
        return Answer(200, BYTES, FOR_EVER, hashes[:length]) if len(hashes) >= length else NOT_FOUND

    def entries(self, tile: Tile) -> Answer:
        """Answer a bundle of entries at the width asked for."""
        first = tile.number * WIDTH
        if first + tile.width > self.size():
            return NOT_FOUND
        return Answer(200, BYTES, FOR_EVER, bundle(self.shelf.entries(first, first + tile.width)))

    def entry(self, index: int) -> Answer:
        """Answer the bytes of an entry, exactly as they were hashed."""
        found = self.shelf.entries(index, index + 1) if index < self.size() else []
        return Answer(200, JSON, FOR_EVER, found[0]) if found else NOT_FOUND

    def receipt(self, index: int, *, spicy: bool = False) -> Answer:
        """Answer the receipt of an entry under the last checkpoint."""
        # Size and checkpoint are read together; tiles may be ahead of them, but what they hold of a size never changes.
        last = self.shelf.last()
        if last is None or index >= last.size:
            return NOT_FOUND
        receipt = self._receipt(last.note, last.size, index)
        return Answer(200, TEXT, BRIEFLY, receipt.write_spicy() if spicy else receipt.write())

    def _receipt(self, note: bytes, size: int, index: int) -> Receipt:
        return Receipt(index, tuple(inclusion_path(index, size, self._node())), note, self.shelf.entries(index, index + 1)[0])

    def _node(self) -> Node:
        return node_reader(lru_cache(maxsize=64)(self.shelf.tile))

    # -- What pages ask ----------------------------------------------------------------

    def claim(self) -> Claim | None:
        """Return what the log claims now; None before its first checkpoint."""
        last = self.shelf.last()
        return Claim(last.note, tuple(self.shelf.vkeys()), self._witnessed(last.note)) if last else None

    def witnesses(self) -> WitnessState:
        """Tell what the witnesses have seen."""
        last = self.shelf.last()
        return self._witnessed(last.note if last else b"")

    def _witnessed(self, note: bytes) -> WitnessState:
        """Verify cosignatures each time, so that nothing else stands for them."""
        policy = Policy.parse(self.shelf.policy().encode())
        cosigned = frozenset(policy.cosigned(note) if note else ())
        return WitnessState(policy.quorum, policy.reached(cosigned), tuple(self.shelf.witnesses()), cosigned)

    def receipt_under(self, note: bytes, index: int) -> Receipt:
        """Return the receipt of an entry under a checkpoint that was published, whether or not it is the last."""
        return self._receipt(note, Checkpoint.parse(parse_note(note).text).size, index)

    def continuation(self, old: int, new: int) -> Continuation:
        """Return what shows that one published size continues another."""
        node = self._node()
        return Continuation(old, new, root_at(old, node), root_at(new, node), tuple(consistency_path(old, new, node)))
