"""Publishing the log: leaves, tiles, keys and checkpoint are copied into the public read store, together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from projections.store import ReadStore, exclusive, upsert
from projections.transparency.log import DurableLog, Published, SignedTree
from projections.transparency.merkle import HASH_BYTES
from projections.transparency.notes import Verifier
from projections.transparency.tables import log_tables
from projections.transparency.tiles import changed

ROWS = 1_000
"""Entries copied with one statement."""
LATEST = "latest"


class PublicCopy:
    """The log in the public read store."""

    def __init__(self, store: ReadStore, verifiers: Sequence[Verifier]) -> None:
        self.store = store
        self.verifiers = verifiers
        self.tables = log_tables(store.metadata)

    def published(self) -> Published | None:
        """Return what is published."""
        with self.store.reading() as rows:
            return self._published(rows)

    def publish(self, seen: int, tree: SignedTree, log: DurableLog) -> bool:
        """Copy what is new since a size; False when another worker has published meanwhile."""
        with self.store.engine.begin() as rows:
            # Held against other workers, and against a rebuild that carries these tables over.
            exclusive(rows, self.store)
            published = self._published(rows)
            if (published.size if published else 0) != seen:
                return False
            self._copy_entries(rows, seen, tree.size, log)
            self._copy_tiles(rows, seen, tree.size, log)
            # The key in use last: this is the one that a reader is given.
            keys = sorted(self.verifiers, key=lambda key: key.id == tree.key_id)
            upsert(rows, self.tables.keys, [{"number": number, "vkey": key.vkey} for number, key in enumerate(keys, start=1)])
            upsert(rows, self.tables.checkpoint, [{"name": LATEST, "size": tree.size, "root": tree.root, "note": tree.note}])
        return True

    def _published(self, rows: Connection) -> Published | None:
        row = rows.execute(select(self.tables.checkpoint)).first()
        return Published(row.size, row.root, row.note) if row else None

    def _copy_entries(self, rows: Connection, seen: int, size: int, log: DurableLog) -> None:
        for first in range(seen, size, ROWS):
            entries = enumerate(log.entries(first, min(first + ROWS, size)), start=first)
            upsert(rows, self.tables.bundles, [{"number": number, "entry": entry} for number, entry in entries])

    def _copy_tiles(self, rows: Connection, seen: int, size: int, log: DurableLog) -> None:
        copied: list[dict[str, Any]] = []
        for tile in changed(seen, size):
            # The log may have grown meanwhile: only what this checkpoint covers is published.
            hashes = log.tile(tile.level, tile.number)[: tile.width * HASH_BYTES]
            copied.append({"level": tile.level, "number": tile.number, "hashes": hashes})
        upsert(rows, self.tables.tiles, copied)
