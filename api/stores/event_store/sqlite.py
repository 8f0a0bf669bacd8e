"""
Events in SQLite: one file, one machine, any number of threads and processes.

The library's recorder, with four things changed: positions are never used twice, stored events cannot be changed, a write takes the lock
before it reads, and a commit is on the disk before it is answered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Self
from uuid import UUID, uuid4

from eventsourcing.persistence import DataError, InterfaceError, OperationalError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)
from eventsourcing.utils import retry

from api.stores.event_store import RawEvent, RegisterRecorder, StoredRow
from domain.errors import ClockBehind

FILE_NAME = "events.db"
SCHEMA_VERSION = 1  # kept in the file as `user_version`
BUSY_SECONDS = 10  # how long a write waits for the one of another process
TURN_SECONDS = 30  # how long a thread waits for its turn among the writers of its own process
VERSION_TAKEN = ("SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_TRIGGER")

SCHEMA = (
    # AUTOINCREMENT: a position is never used twice, not even when the file was tampered with.
    """
    CREATE TABLE IF NOT EXISTS stored_events (
        rowid INTEGER PRIMARY KEY AUTOINCREMENT,
        originator_id TEXT NOT NULL,
        originator_version INTEGER NOT NULL,
        topic TEXT NOT NULL,
        state BLOB NOT NULL,
        recorded_at INTEGER NOT NULL,
        UNIQUE (originator_id, originator_version)
    ) STRICT
    """,
    "CREATE INDEX IF NOT EXISTS stored_events_recorded_at ON stored_events (recorded_at)",
    """
    CREATE TRIGGER IF NOT EXISTS stored_events_refuse_update BEFORE UPDATE ON stored_events
    BEGIN SELECT RAISE(ABORT, 'stored events are never changed'); END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS stored_events_refuse_delete BEFORE DELETE ON stored_events
    BEGIN SELECT RAISE(ABORT, 'stored events are never removed'); END
    """,
    # INSERT OR REPLACE removes rows without asking the trigger on DELETE.
    """
    CREATE TRIGGER IF NOT EXISTS stored_events_refuse_replace BEFORE INSERT ON stored_events
    WHEN EXISTS (SELECT 1 FROM stored_events WHERE rowid = NEW.rowid)
      OR EXISTS (SELECT 1 FROM stored_events WHERE originator_id = NEW.originator_id AND originator_version = NEW.originator_version)
    BEGIN SELECT RAISE(ABORT, 'stored events are never replaced: the version is taken'); END
    """,
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)
INSERT = "INSERT INTO stored_events (originator_id, originator_version, topic, state, recorded_at) VALUES (?, ?, ?, ?, ?)"
LAST_RECORDED_AT = "SELECT recorded_at FROM stored_events ORDER BY rowid DESC LIMIT 1"
POSITION_AT = "SELECT rowid FROM stored_events WHERE recorded_at <= ? ORDER BY recorded_at DESC, rowid DESC LIMIT 1"
# One statement reads one state of the file, and writers take turns: an event not yet visible can only come after all that are.
STORED_ROWS = "SELECT rowid, originator_id, originator_version, topic, state, recorded_at FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"
RAW_EVENTS = "SELECT rowid, topic, state FROM stored_events WHERE rowid > ? ORDER BY rowid LIMIT ?"


def connect(uri: str) -> sqlite3.Connection:
    """Open the file so that a commit returns after the disk has it."""
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=BUSY_SECONDS)
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error as error:
        raise InterfaceError(error) from error
    connection.row_factory = sqlite3.Row
    return connection


class ImmediateTransaction(SQLiteTransaction):
    """Lock before reading: with a plain BEGIN the last time could be read, and be stale when the insert begins."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        except sqlite3.OperationalError as error:
            raise OperationalError(error) from error
        return cursor


class DurableConnection(SQLiteConnection):
    """A connection whose writes are immediate transactions."""

    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        """Run one transaction."""
        with ImmediateTransaction(self, commit=commit) as cursor, cursor:
            yield cursor


class DurablePool(SQLiteConnectionPool):
    """A pool of durable connections; it never creates a file."""

    def _create_connection(self) -> SQLiteConnection:
        return DurableConnection(connect(self.db_name), self.max_age)


class DurableDatastore(SQLiteDatastore):
    """The library's datastore over durable connections."""

    def __init__(self, uri: str) -> None:
        super().__init__(uri)
        self.pool = DurablePool(db_name=uri, pool_timeout=TURN_SECONDS)


class RegisterSQLiteRecorder(SQLiteApplicationRecorder, RegisterRecorder):
    """Keep events in a file, or in memory as long as the recorder lives."""

    def __init__(self, datastore: SQLiteDatastore, file: Path | None = None) -> None:
        super().__init__(datastore)
        self.file = file
        self._watch: sqlite3.Connection | None = None
        self._watching = Lock()

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Use `events.db` in the folder."""
        file = folder.absolute() / FILE_NAME
        return cls(DurableDatastore(f"{file.as_uri()}?mode=rw"), file)

    @classmethod
    def in_memory(cls) -> Self:
        """Make a new store that nobody else sees; it is migrated already."""
        recorder = cls(DurableDatastore(f"file:events-{uuid4().hex}?mode=memory&cache=shared"))
        recorder.migrate()
        return recorder

    def construct_create_table_statements(self) -> list[str]:
        """Replace the library's table."""
        return list(SCHEMA)

    def migrate(self) -> None:
        """Create folder, file, table and triggers, unless they are there."""
        if self.file is not None:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.touch()
            self._write_ahead()
        self.create_table()

    @retry(OperationalError, max_attempts=200, wait=0.05)
    def _write_ahead(self) -> None:
        """Switch the file to write-ahead logging; SQLite does not wait by itself for others who do the same."""
        with self.datastore.get_connection(commit=True) as connection:
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                raise OperationalError(error) from error

    def is_migrated(self) -> bool:
        """Compare the version of the file with this program's; a missing file is not created."""
        if self.file is not None and not self.file.exists():
            return False
        return bool(self._rows("PRAGMA user_version") == [(SCHEMA_VERSION,)])

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """
        Append in one transaction, which is on the disk when the positions are returned.

        Raises: IntegrityError when a version is taken, ClockBehind when an event was recorded after `recorded_at`; nothing is written.
        """
        if not stored_events:
            return []
        recorded_at: int = kwargs["recorded_at"]
        with self.datastore.transaction(commit=True) as c:  # its end is the commit point
            c.execute(LAST_RECORDED_AT)
            if (last := c.fetchone()) and last["recorded_at"] > recorded_at:
                raise ClockBehind(last["recorded_at"])
            return [self._append(c, event, recorded_at) for event in stored_events]

    @staticmethod
    def _append(c: SQLiteCursor, event: StoredEvent, recorded_at: int) -> int:
        stream = event.originator_id.hex if isinstance(event.originator_id, UUID) else event.originator_id
        try:
            c.execute(INSERT, (stream, event.originator_version, event.topic, event.state, recorded_at))
        except sqlite3.IntegrityError as error:
            if error.sqlite_errorname in VERSION_TAKEN:
                raise
            # A missing or mistyped value is a bug; reported as a conflict it would be tried again for ever.
            raise DataError(error) from error
        return int(c.lastrowid)

    def head(self) -> int:
        """Return the last position, 0 in an empty store."""
        return self.max_notification_id() or 0

    def last_recorded_at(self) -> int | None:
        """Return the time of the last event, in microseconds since 1970, UTC."""
        rows = self._rows(LAST_RECORDED_AT)
        return rows[0][0] if rows else None

    def position_at(self, recorded_at: int) -> int:
        """Return the last position recorded at or before the time, 0 if there is none."""
        rows = self._rows(POSITION_AT, recorded_at)
        return rows[0][0] if rows else 0

    def raw_events(self, after: int, limit: int) -> list[RawEvent]:
        """Return up to `limit` events after the position, in order, as they are stored."""
        return self._rows(RAW_EVENTS, after, limit)

    def stored_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return up to `limit` events after the position, in order, with every column, for verification."""
        rows = self._rows(STORED_ROWS, after, limit)
        return [StoredRow(position, UUID(stream_id), *rest) for position, stream_id, *rest in rows]

    def _rows(self, statement: str, *values: int) -> list[Any]:
        with self.datastore.transaction(commit=False) as c:
            c.sqlite_cursor.row_factory = None  # plain tuples
            c.execute(statement, values)
            return list(c.fetchall())

    def data_version(self) -> int:
        """Ask a connection that never writes, since SQLite leaves out what the asking connection wrote; in memory, return the head."""
        if self.file is None:
            return self.head()
        with self._watching:
            self._watch = self._watch or connect(self.datastore.pool.db_name)
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Give all connections back."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None
        self.datastore.close()
