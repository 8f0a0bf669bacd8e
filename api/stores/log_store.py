"""
What a log has promised: leaves with their indexes, tiles, roots, checkpoints, cosignatures. A primary store, backed up and never rebuilt.

In `log.db` (SQLite), in the schema `log` (PostgreSQL), or in memory for `sqlite://`. Writers take turns, a commit is on the disk before it is
answered, and triggers refuse to change or remove what was promised. Every table holds both logs, the public one and that of the cases, by name.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, inspect, select, text, update
from sqlalchemy.schema import CreateSchema

from api.stores.log_tables import GUARDS, METADATA, SCHEMA, checkpoints, cosignatures, heads, leaves, logs, tiles, trees
from api.stores.opening import open_engine
from projections.store import microseconds, upsert
from projections.transparency.log import Head, Leaf, LogForked, SignedTree

PUBLIC = "public"
"""The public log."""
CASES = "case"
"""The log of the cases."""


class NoLog(Exception):
    """The store has no log of this name: its origin was never chosen."""


class OriginKept(ValueError):
    """The log has an origin already, and keeps it."""


class LogStore:
    """One log in its durable store; satisfies `projections.transparency.log.DurableLog`."""

    def __init__(self, database_url: str, name: str = PUBLIC) -> None:
        self.name = name
        engine = open_engine(database_url, SCHEMA)
        self._schema = SCHEMA if database_url.startswith("postgresql") else None
        self.engine: Engine = engine.execution_options(schema_translate_map={None: SCHEMA}) if self._schema else engine
        self._writer = self.engine.execution_options(immediate=True)

    # -- Creating --------------------------------------------------------------------

    def create(self, role: str | None = None) -> None:
        """Create file or schema, tables and triggers unless they are there; on PostgreSQL let a database role read and append."""
        file = self.engine.url.database
        if self._schema is None and file and not file.startswith("file:"):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as rows:
            if self._schema:
                rows.execute(CreateSchema(SCHEMA, if_not_exists=True))
            METADATA.create_all(rows)
            for statement in GUARDS[rows.dialect.name]:
                rows.exec_driver_sql(statement)
            if self._schema and role is not None:
                self._grant_to(rows, role)

    def _grant_to(self, rows: Connection, role: str) -> None:
        quoted = rows.dialect.identifier_preparer.quote(role)
        rows.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
        rows.execute(text(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {SCHEMA} TO {quoted}"))
        rows.execute(text(f"GRANT UPDATE ON {SCHEMA}.logs, {SCHEMA}.tiles, {SCHEMA}.heads TO {quoted}"))

    def is_created(self) -> bool:
        """Tell whether the tables are there; a missing file is not created."""
        file = self.engine.url.database
        if self._schema is None and file and not file.startswith("file:") and not Path(file).exists():
            return False
        with self.engine.connect() as rows:
            return inspect(rows).has_table("logs", schema=self._schema)

    def choose_origin(self, origin: str) -> str:
        """
        Choose the origin of the log, once; return it.

        Raises: OriginKept when the log has another one.
        """
        with self.writing() as rows:
            kept = rows.execute(select(logs.c.origin).where(logs.c.log == self.name)).scalar()
            if kept is None:
                rows.execute(insert(logs).values(log=self.name, origin=origin, position=0, size=0, tiled=0))
        if kept not in (None, origin):
            raise OriginKept(f"This log's origin is {kept}; an origin is chosen once and kept.")
        return origin

    def origin(self) -> str | None:
        """Return the origin of the log, None while none was chosen."""
        with self.engine.connect() as rows:
            return rows.execute(select(logs.c.origin).where(logs.c.log == self.name)).scalar()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    # -- Sequencing --------------------------------------------------------------------

    def position(self) -> int:
        """Return the store position up to which events are sequenced."""
        return int(self._log("position"))

    def size(self) -> int:
        """Return how many leaves are sequenced."""
        return int(self._log("size"))

    def tiled(self) -> int:
        """Return how many leaves the tiles cover."""
        return int(self._log("tiled"))

    def sequence(self, seen: int, position: int, leaves: Sequence[Leaf]) -> bool:
        """Give leaves the next indexes and move the position, if it is the one seen."""
        with self.writing() as rows:
            moving = update(logs).where(logs.c.log == self.name, logs.c.position == seen)
            # Commit point: position and leaves together.
            if rows.execute(moving.values(position=position, size=logs.c.size + len(leaves))).rowcount != 1:
                return False
            first = int(rows.execute(select(logs.c.size).where(logs.c.log == self.name)).scalar_one()) - len(leaves)
            self._append(rows, first, leaves)
            self._move_heads(rows, first, leaves)
        return True

    def _append(self, rows: Connection, first: int, new: Sequence[Leaf]) -> None:
        made = [
            {"log": self.name, "number": number, "position": leaf.position, "entry": leaf.entry, "hash": leaf.hash}
            for number, leaf in enumerate(new, start=first)
        ]
        if made:
            rows.execute(insert(leaves), made)

    def _move_heads(self, rows: Connection, first: int, new: Sequence[Leaf]) -> None:
        moved = {leaf.file: index for index, leaf in enumerate(new, start=first) if leaf.file is not None}
        many = Counter(leaf.file for leaf in new)
        before = self._heads(rows, list(moved))
        made = [
            {"log": self.name, "file": file, "n": many[file] + (before[file].n if file in before else 0), "last": last}
            for file, last in moved.items()
        ]
        upsert(rows, heads, made)

    def heads(self, files: Sequence[str] | None = None) -> dict[str, Head]:
        """Return the heads of case files, or of all."""
        with self.engine.connect() as rows:
            return self._heads(rows, files)

    def _heads(self, rows: Connection, files: Sequence[str] | None) -> dict[str, Head]:
        query = select(heads).where(heads.c.log == self.name)
        if files is None:
            return {row.file: Head(row.n, row.last) for row in rows.execute(query)}
        parts = (files[at : at + 500] for at in range(0, len(files), 500))  # no statement takes any number of values
        return {row.file: Head(row.n, row.last) for part in parts for row in rows.execute(query.where(heads.c.file.in_(part)))}

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        return self._stretch(leaves.c.entry, first, end)

    def hashes(self, first: int, end: int) -> list[bytes]:
        """Return the leaf hashes first … end - 1."""
        return self._stretch(leaves.c.hash, first, end)

    def positions(self, first: int, end: int) -> list[int]:
        """Return the store positions of the events of the leaves first … end - 1."""
        return self._stretch(leaves.c.position, first, end)

    def position_of(self, index: int) -> int:
        """Return the store position of a leaf's event."""
        return self.positions(index, index + 1)[0]

    def first_after(self, position: int) -> int:
        """Return the index of the first leaf whose event stands after a store position, or of the next leaf."""
        query = select(func.min(leaves.c.number)).where(leaves.c.log == self.name, leaves.c.position > position)
        with self.engine.connect() as rows:
            found = rows.execute(query).scalar()
        return self.size() if found is None else int(found)

    def index_of(self, position: int) -> int | None:
        """Return the index of the leaf of the event at a store position, None when it has none."""
        with self.engine.connect() as rows:
            return rows.execute(select(leaves.c.number).where(leaves.c.log == self.name, leaves.c.position == position)).scalar()

    def _stretch(self, column: Any, first: int, end: int) -> list[Any]:
        query = select(column).where(leaves.c.log == self.name, leaves.c.number.between(first, end - 1)).order_by(leaves.c.number)
        with self.engine.connect() as rows:
            return list(rows.execute(query).scalars())

    # -- Tiles ---------------------------------------------------------------------------

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, as many as there are."""
        query = select(tiles.c.hashes).where(tiles.c.log == self.name, tiles.c.level == level, tiles.c.number == number)
        with self.engine.connect() as rows:
            return rows.execute(query).scalar() or b""

    def write_tiles(self, seen: int, size: int, new: dict[tuple[int, int], bytes]) -> bool:
        """Write tiles that cover a size, if they cover the one seen."""
        made = [{"log": self.name, "level": level, "number": number, "hashes": hashes} for (level, number), hashes in new.items()]
        with self.writing() as rows:
            moving = update(logs).where(logs.c.log == self.name, logs.c.tiled == seen, logs.c.size >= size)
            # Commit point: tiles and the size they cover together.
            if rows.execute(moving.values(tiled=size)).rowcount != 1:
                return False
            upsert(rows, tiles, made)
        return True

    # -- Checkpoints ---------------------------------------------------------------------

    def latest(self) -> SignedTree | None:
        """Return the checkpoint of the largest size, as last signed."""
        return next(self._signed(limit=1), None)

    def signed(self) -> list[SignedTree]:
        """Return every checkpoint ever signed, the last one first."""
        return list(self._signed())

    def promised(self) -> dict[int, bytes]:
        """Return the root that was promised for each size."""
        with self.engine.connect() as rows:
            return {row.size: row.root for row in rows.execute(select(trees).where(trees.c.log == self.name))}

    def notes(self) -> int:
        """Return how many notes are kept, whatever they are of."""
        with self.engine.connect() as rows:
            return int(rows.execute(select(func.count()).select_from(checkpoints).where(checkpoints.c.log == self.name)).scalar_one())

    def _signed(self, limit: int | None = None) -> Iterator[SignedTree]:
        query = select(checkpoints, trees.c.root).join(trees, (trees.c.log == checkpoints.c.log) & (trees.c.size == checkpoints.c.size))
        query = query.where(checkpoints.c.log == self.name).order_by(checkpoints.c.size.desc(), checkpoints.c.serial.desc()).limit(limit)
        with self.engine.connect() as rows:
            for row in rows.execute(query).all():
                yield SignedTree(row.size, row.root, row.key_id, row.note)

    def sign(self, size: int, root: bytes, key_id: bytes, note: Callable[[], bytes], at: datetime) -> bool:
        """
        Promise a root for a size, then sign and keep the note. False when a larger tree is signed already, or this one with this key.

        Raises: LogForked when another root was promised for this size.
        """
        with self.writing() as rows:
            # Writers take turns, so nobody promises another root between this look and the insert; the primary key holds it even against a bug.
            last = rows.execute(select(trees).where(trees.c.log == self.name).order_by(trees.c.size.desc()).limit(1)).first()
            if last and last.size == size and last.root != root:
                raise LogForked(f"Another root was signed for the log of {size} entries.")
            if last and (last.size > size or (last.size == size and self._has_signed(rows, size, key_id))):
                return False
            if last is None or last.size < size:
                rows.execute(insert(trees).values(log=self.name, size=size, root=root))
            # Only now does the signature come to be; it leaves this process after the commit.
            values = {"log": self.name, "size": size, "key_id": key_id, "note": note(), "signed_at": microseconds(at)}
            rows.execute(insert(checkpoints).values(**values, serial=self._next_serial(rows)))
        return True

    def _has_signed(self, rows: Connection, size: int, key_id: bytes) -> bool:
        query = select(checkpoints.c.size).where(checkpoints.c.log == self.name, checkpoints.c.size == size, checkpoints.c.key_id == key_id)
        return rows.execute(query).first() is not None

    def _next_serial(self, rows: Connection) -> int:
        return int(rows.execute(select(func.coalesce(func.max(checkpoints.c.serial), 0)).where(checkpoints.c.log == self.name)).scalar_one()) + 1

    def keep_cosignature(self, size: int, witness: str, line: str, at: datetime) -> None:
        """Keep a witness's signature line on the checkpoint of a size; a second one of the same witness changes nothing."""
        row = {"log": self.name, "size": size, "witness": witness, "line": line, "signed_at": microseconds(at)}
        with self.writing() as rows:
            query = select(cosignatures.c.size).where(*(cosignatures.c[name] == row[name] for name in ("log", "size", "witness")))
            if rows.execute(query).first() is None:
                rows.execute(insert(cosignatures).values(row))

    def cosignatures(self, size: int) -> list[str]:
        """Return the signature lines of witnesses on the checkpoint of a size."""
        query = select(cosignatures.c.line).where(cosignatures.c.log == self.name, cosignatures.c.size == size).order_by(cosignatures.c.witness)
        with self.engine.connect() as rows:
            return list(rows.execute(query).scalars())

    def last_cosignature(self, witness: str) -> tuple[int, str] | None:
        """Return the largest size that a witness has cosigned, and its line."""
        query = select(cosignatures.c.size, cosignatures.c.line).where(cosignatures.c.log == self.name, cosignatures.c.witness == witness)
        with self.engine.connect() as rows:
            found = rows.execute(query.order_by(cosignatures.c.size.desc()).limit(1)).first()
        return (found.size, found.line) if found else None

    def all_cosignatures(self) -> list[tuple[int, str, str]]:
        """Return size, witness and line of every cosignature kept."""
        query = select(cosignatures.c.size, cosignatures.c.witness, cosignatures.c.line).where(cosignatures.c.log == self.name)
        with self.engine.connect() as rows:
            return [tuple(row) for row in rows.execute(query.order_by(cosignatures.c.size, cosignatures.c.witness))]

    # -- Transactions --------------------------------------------------------------------

    def _log(self, column: str) -> int:
        with self.engine.connect() as rows:
            found = rows.execute(select(logs.c[column]).where(logs.c.log == self.name)).scalar()
        if found is None:
            raise NoLog(f"The {self.name} log of this store has no origin yet: it is chosen when the register is created.")
        return int(found)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction, in turn: on SQLite it takes the file's lock at its beginning, on PostgreSQL a lock of its own."""
        with self._writer.begin() as rows:
            if self._schema:
                rows.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('log append', 0))"))
            yield rows
