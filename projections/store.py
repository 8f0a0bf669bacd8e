"""
Read stores: tables, column types, positions, and what a projection is.

A read store is disposable: it is a function of the events. Its rows and the position up to which they are folded change in one transaction, so that
any number of followers fold every event exactly once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, cast
from uuid import uuid4

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    TypeDecorator,
    UpdateBase,
    create_engine,
    event,
    func,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateSchema, DropSchema

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ALWAYS = 2**62
"""End of a stretch of time that has no end, in microseconds."""


def microseconds(moment: datetime) -> int:
    """
    Return an instant in microseconds since 1970, UTC.

    Raises: ValueError for a naive one.
    """
    if moment.tzinfo is None:
        raise ValueError("an instant needs its offset")
    return (moment - EPOCH) // timedelta(microseconds=1)


def moment_of(number: int) -> datetime:
    """Return the instant of a number of microseconds."""
    return EPOCH + timedelta(microseconds=number)


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC; SQLAlchemy's own type loses the offset on SQLite."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Write microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Read microseconds."""
        return None if value is None else moment_of(value)


# -- Projections -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a read store sees it: its store position, its name, and what the store's decoder made of its bytes."""

    position: int
    topic: str
    event: Any
    state: bytes


Batch = Sequence[Seen]
Decoder = Callable[[int, str, bytes], Seen | None]
"""Reads stored bytes for one read store; None for what that store must not see."""


class Projection:
    """A read model: folds batches of events into its own tables."""

    name: ClassVar[str]
    tables: ClassVar[tuple[Table, ...]]

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold a batch into the rows, inside the follower's transaction."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget what is kept between batches, after a transaction that did not commit."""


# -- Stores ------------------------------------------------------------------------


class OtherVersion(Exception):
    """A read store lacks what this program reads and writes; it is a function of the events, and built anew by `registry migrate`."""


class ReadStore:
    """One read store: an engine, its tables and its position."""

    def __init__(self, name: str, engine: Engine, metadata: MetaData, *, schema: str | None = None) -> None:
        self.name = name
        self.metadata = metadata
        self.schema = schema
        self.engine = engine.execution_options(schema_translate_map={None: schema}) if schema else engine
        known = metadata.tables.get("positions")
        self.positions = _positions(metadata) if known is None else known

    def create(self, *, empty: bool = False) -> None:
        """Create schema and tables unless they are there; with `empty`, afresh."""
        if empty:
            self.discard()
        with self.engine.begin() as rows:
            _one_at_a_time(rows, self.name)
            if self.schema:
                rows.execute(CreateSchema(self.schema, if_not_exists=True))
            self.metadata.create_all(rows)
            if rows.execute(select(self.positions.c.position)).first() is None:
                rows.execute(self.positions.insert().values(store=self.name, position=0))

    def is_created(self) -> bool:
        """Tell whether the tables are there; a missing file is not created."""
        if self.file and not self.file.startswith("file:") and not Path(self.file).exists():
            return False
        with self.engine.connect() as rows:
            return inspect(rows).has_table(self.positions.name, schema=self.schema)

    def is_current(self) -> bool:
        """Tell whether every table is there with the columns that this program reads and writes."""
        with self.engine.connect() as rows:
            found = inspect(rows).get_multi_columns(schema=self.schema)
        there = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
        return all(there.get(table.name) == set(table.columns.keys()) for table in self.metadata.sorted_tables)

    def require_current(self) -> None:
        """Raise OtherVersion unless the store is current."""
        if not self.is_current():
            raise OtherVersion(f"The read store {self.name} was never set up, or is of another version: run `registry migrate`.")

    def discard(self) -> None:
        """Remove the store, with its schema or file."""
        if self.schema:
            with self.engine.begin() as rows:
                rows.execute(DropSchema(self.schema, cascade=True, if_exists=True))
        self.engine.dispose()
        if self.file:
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self.file}{suffix}").unlink(missing_ok=True)

    def let_follow(self, role: str) -> None:
        """Let a PostgreSQL role read and fold."""
        self._grant(role, "SELECT, INSERT, UPDATE, DELETE", [*self.metadata.sorted_tables])

    def let_read(self, role: str) -> None:
        """Let a PostgreSQL role read what the store answers; not how far it has followed, which would tell how busy the office is."""
        self._grant(role, "SELECT", [table for table in self.metadata.sorted_tables if table is not self.positions])

    def _grant(self, role: str, rights: str, tables: Sequence[Table]) -> None:
        if not self.schema:
            return
        with self.engine.begin() as rows:
            quoted = rows.dialect.identifier_preparer.quote(role)
            rows.execute(text(f"GRANT USAGE ON SCHEMA {self.schema} TO {quoted}"))
            for table in tables:
                rows.execute(text(f"GRANT {rights} ON {self.schema}.{table.name} TO {quoted}"))

    @property
    def file(self) -> str | None:
        """The file of the store on SQLite."""
        return self.engine.url.database if self.engine.dialect.name == "sqlite" else None

    def kept(self) -> list[Table]:
        """Return the tables that no projection fills, and that a rebuild carries over."""
        return [table for table in self.metadata.sorted_tables if table.info.get("kept")]

    def projected(self) -> list[Table]:
        """Return the tables that projections fill."""
        return [table for table in self.metadata.sorted_tables if not table.info.get("kept") and table is not self.positions]

    def position(self) -> int:
        """Return the store position up to which the rows are folded."""
        with self.engine.connect() as rows:
            return int(rows.execute(select(self.positions.c.position)).scalar_one())

    def move(self, rows: Connection, seen: int, position: int) -> bool:
        """Move the position inside a transaction. False when another worker has moved it: then nothing may be written."""
        moved = rows.execute(update(self.positions).where(self.positions.c.position == seen).values(position=position))
        return moved.rowcount == 1

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for questions."""
        with self.engine.connect() as rows:
            yield rows

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _one_at_a_time(rows: Connection, name: str) -> None:
    """Let processes that create the same store at once wait for each other."""
    if rows.dialect.name == "sqlite":
        rows.execute(text("PRAGMA user_version = 1"))  # takes the lock of a writer before anything is read
    else:
        rows.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"create {name}", 0))))


def _positions(metadata: MetaData) -> Table:
    return Table(
        "positions", metadata, Column("store", String, primary_key=True), Column("position", Integer().with_variant(BigInteger, "postgresql"))
    )


def open_store(database_url: str, name: str, metadata: MetaData, *, suffix: str = "") -> ReadStore:
    """Open the read store `name` of a database: a file of its own on SQLite, a schema of its own on PostgreSQL."""
    if database_url == "sqlite://":
        return ReadStore(name, _sqlite(f"file:/{uuid4().hex}?vfs=memdb&uri=true"), metadata)
    if database_url.startswith("sqlite:///"):
        return ReadStore(name, _sqlite(str(Path(database_url.removeprefix("sqlite:///")) / f"{name}{suffix}.db")), metadata)
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True)
    return ReadStore(name, engine, metadata, schema=f"{name}{suffix}")


def _sqlite(database: str) -> Engine:
    """Open a file, or memory that connections of this process share as they would a file: one for all would end each other's transactions."""
    engine = create_engine(f"sqlite:///{database}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    # NORMAL: a read store is disposable; what power loss takes is folded again from the events.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "mmap_size=268435456", "cache_size=-65536"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def append(rows: Connection, table: Table, values: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, each with the values of all columns in their order; on SQLite by the driver alone, which takes a third of the time."""
    if not values:
        return
    if rows.dialect.name == "sqlite":
        rows.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(table.columns))})", list(values))
    else:
        names = table.columns.keys()
        rows.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in values])


def upsert(rows: Connection, table: Table, values: Sequence[dict[str, Any]]) -> None:
    """Insert rows, replacing those with the same primary key."""
    if not values:
        return
    rows.execute(_upsert(table, rows.dialect.name), values)


@cache
def _upsert(table: Table, dialect: str) -> UpdateBase:
    insert: Any = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    keys = [column.name for column in table.primary_key]
    changes = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    return cast("UpdateBase", insert.on_conflict_do_update(index_elements=keys, set_=changes))


_IN_NO_NAME = re.compile(r"[\x00\ud800-\udfff]")


def words_of(search: str) -> list[str]:
    """Return what is looked for, eight words at most; what a database could not even be asked for becomes something that nothing contains."""
    # A name has 500 characters, and letters without case may be three: a longer word is found nowhere, and SQLite takes no pattern of any length.
    return [_IN_NO_NAME.sub("\ufffd", word)[:2_000] for word in search.casefold().split()[:8]]


def exclusive(rows: Connection, store: ReadStore) -> None:
    """Take the position row for this transaction, so that nobody folds meanwhile."""
    rows.execute(update(store.positions).values(position=store.positions.c.position))
