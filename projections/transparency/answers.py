"""
What the public asks of the log, answered from the public read store alone: status, media type, cache rule and bytes, for a server of any kind.

Tiles and bundles are served at every width up to the published size: so they say nothing about when a checkpoint was published, or how often.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sqlalchemy import Connection, select

from projections.store import ReadStore
from projections.transparency.merkle import HASH_BYTES, inclusion_path
from projections.transparency.proofs import Receipt
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


class LogAnswers:
    """Answers every address under `/log/`."""

    def __init__(self, store: ReadStore) -> None:
        self.store = store
        self.tables = log_tables(store.metadata)

    def answer(self, path: str) -> Answer:
        """Answer the path after `/log/`."""
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
        """Return the bytes at a path after `/log/`, None while nothing is published there."""
        found = self.answer(path)
        return found.body if found.status == 200 else None

    def size(self) -> int:
        """Return how many entries are published; together with the key, all that an answer depends on."""
        with self.store.reading() as rows:
            return self._size(rows)

    def paths(self) -> Iterator[str]:
        """Yield every address under `/log/` that an export needs: with a file for each, the export is a log that any client can read."""
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
        with self.store.reading() as rows:
            note = rows.execute(select(self.tables.checkpoint.c.note)).scalar()
        return Answer(200, TEXT, BRIEFLY, note) if note else NOT_FOUND

    def key(self, *, retired: bool = False) -> Answer:
        """Answer the verifier key in use; with `retired`, every key that ever signed, a line each, the one in use first."""
        query = select(self.tables.keys.c.vkey).order_by(self.tables.keys.c.number.desc())
        with self.store.reading() as rows:
            vkeys = rows.execute(query if retired else query.limit(1)).scalars().all()
        return Answer(200, TEXT, BRIEFLY, "".join(f"{vkey}\n" for vkey in vkeys).encode()) if vkeys else NOT_FOUND

    def policy(self) -> Answer:
        """Answer the log's policy as C2SP tlog-policy writes it: one log, and no witnesses that a reader could insist on."""
        key = self.key()
        return key._replace(body=b"log " + key.body + b"quorum none\n") if key.status == 200 else key

    def tile(self, tile: Tile) -> Answer:
        """Answer a tile at the width asked for."""
        with self.store.reading() as rows:
            hashes = self._tile(rows)(tile.level, tile.number)
        length = tile.width * HASH_BYTES
        return Answer(200, BYTES, FOR_EVER, hashes[:length]) if len(hashes) >= length else NOT_FOUND

    def entries(self, tile: Tile) -> Answer:
        """Answer a bundle of entries at the width asked for."""
        first, column = tile.number * WIDTH, self.tables.bundles.c
        with self.store.reading() as rows:
            if first + tile.width > self._size(rows):
                return NOT_FOUND
            query = select(column.entry).where(column.number.between(first, first + tile.width - 1)).order_by(column.number)
            return Answer(200, BYTES, FOR_EVER, bundle(rows.execute(query).scalars().all()))

    def entry(self, index: int) -> Answer:
        """Answer the bytes of an entry, exactly as they were hashed."""
        with self.store.reading() as rows:
            entry = self._entry(rows, index) if index < self._size(rows) else None
        return NOT_FOUND if entry is None else Answer(200, JSON, FOR_EVER, entry)

    def receipt(self, index: int, *, spicy: bool = False) -> Answer:
        """Answer the receipt of an entry under the last checkpoint."""
        with self.store.reading() as rows:
            # Size and checkpoint are one row; tiles may be ahead of it, but what they hold of a size never changes.
            last = rows.execute(select(self.tables.checkpoint)).first()
            if last is None or index >= last.size:
                return NOT_FOUND
            path = tuple(inclusion_path(index, last.size, node_reader(self._tile(rows))))
            receipt = Receipt(index, path, last.note, self._entry(rows, index))
        return Answer(200, TEXT, BRIEFLY, receipt.write_spicy() if spicy else receipt.write())

    # -- Rows --------------------------------------------------------------------------

    def _size(self, rows: Connection) -> int:
        return int(rows.execute(select(self.tables.checkpoint.c.size)).scalar() or 0)

    def _entry(self, rows: Connection, index: int) -> bytes | None:
        return rows.execute(select(self.tables.bundles.c.entry).where(self.tables.bundles.c.number == index)).scalar()

    def _tile(self, rows: Connection) -> Callable[[int, int], bytes]:
        column = self.tables.tiles.c

        def read(level: int, number: int) -> bytes:
            return rows.execute(select(column.hashes).where(column.level == level, column.number == number)).scalar() or b""

        return read
