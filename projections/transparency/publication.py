"""Publishing the log: leaves, tiles, keys, witnesses and checkpoint are copied into the public read store, together."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, select

from projections.store import ReadStore, exclusive, upsert
from projections.transparency.log import DurableLog, Published, SignedTree, cosigned
from projections.transparency.merkle import HASH_BYTES
from projections.transparency.notes import Verifier
from projections.transparency.policy import Policy
from projections.transparency.tables import log_tables
from projections.transparency.tiles import changed
from projections.transparency.witnesses import cosigned_at

ROWS = 1_000
"""Entries copied with one statement."""
LATEST = "latest"
UNWITNESSED = Policy()


class PublicCopy:
    """The log in the public read store."""

    def __init__(self, store: ReadStore, verifiers: Sequence[Verifier], policy: Policy = UNWITNESSED) -> None:
        self.store = store
        self.verifiers = verifiers
        self.policy = policy
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
            # Cosignatures are only ever added, and read here, under the lock: what is published never has fewer than before.
            note = cosigned(tree, log).note
            upsert(rows, self.tables.checkpoint, [{"name": LATEST, "size": tree.size, "root": tree.root, "note": note}])
            self._write_witnesses(rows, log)
        return True

    def show_witnesses(self, log: DurableLog) -> None:
        """Publish policy and witnesses unless they are: a policy changes, and a witness may cosign what is not the last checkpoint any more."""
        if self.shown_witnesses() == (self.policy.text, looks(self.policy, log)):
            return
        with self.store.engine.begin() as rows:
            exclusive(rows, self.store)
            self._write_witnesses(rows, log)

    def shown_witnesses(self) -> tuple[str | None, list[dict[str, Any]]]:
        """Return the policy that is published, and the rows of its witnesses."""
        table = self.tables.witnesses
        with self.store.reading() as rows:
            text = rows.execute(select(self.tables.policy.c.text)).scalar()
            return text, [dict(row) for row in rows.execute(select(table).order_by(table.c.number)).mappings()]

    def _write_witnesses(self, rows: Connection, log: DurableLog) -> None:
        found = looks(self.policy, log)
        upsert(rows, self.tables.policy, [{"name": LATEST, "text": self.policy.text}])
        rows.execute(delete(self.tables.witnesses).where(self.tables.witnesses.c.number > len(found)))
        upsert(rows, self.tables.witnesses, found)

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


def looks(policy: Policy, log: DurableLog) -> list[dict[str, Any]]:
    """Return the rows of a policy's witnesses: what each has cosigned last, and when it looked."""
    found = []
    for number, witness in enumerate(policy.witnesses, start=1):
        vkey = witness.key.vkey
        size, line = log.last_cosignature(vkey) or (None, None)
        looked_at = cosigned_at(line) if line else None
        found.append({"number": number, "name": witness.name, "vkey": vkey, "url": witness.url, "size": size, "looked_at": looked_at})
    return found
