"""
Events in PostgreSQL: several web processes, one store.

The library's pool, but none of its writing. All appends go through one function of the database, which takes a lock, so that commit order
is the order of positions and a tailing reader misses nothing; which runs with its owner's rights, so that the application's role may read
and append and nothing else; and which takes all events in one call, because a pipeline of large inserts blocks for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString, Self
from uuid import UUID

import psycopg
from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent, Subscription
from eventsourcing.postgres import PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, dict_row, tuple_row
from psycopg.sql import SQL, Composed, Identifier
from psycopg.types.numeric import Int8

from api.stores.event_store import RawEvent, RegisterRecorder, StoredRow
from domain.errors import ClockBehind

SCHEMA_NAME = "events"
CLOCK_BEHIND = "RG001"  # SQLSTATE, of a class that neither the standard nor PostgreSQL uses
WAIT_SECONDS = 10
NO_END = 2**63 - 1

SCHEMA = """
CREATE TABLE {schema}.stored_events (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    recorded_at bigint NOT NULL,
    UNIQUE (originator_id, originator_version)
);
CREATE INDEX stored_events_recorded_at ON {schema}.stored_events (recorded_at, position);

CREATE FUNCTION {schema}.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    RAISE EXCEPTION 'stored events are never changed or removed (%)', TG_OP USING ERRCODE = 'restrict_violation';
END $body$;
CREATE TRIGGER stored_events_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.stored_events
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.refuse_change();
-- Also in a session that plays the part of a replica.
ALTER TABLE {schema}.stored_events ENABLE ALWAYS TRIGGER stored_events_refuse_change;

CREATE FUNCTION {schema}.append(ids uuid[], versions bigint[], topics text[], states bytea[], at_time bigint) RETURNS SETOF bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '10s' AS $body$
DECLARE
    last bigint;
BEGIN
    -- Only here does each statement see what was committed before the lock was taken.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'append asks for read committed' USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- Held until the commit is visible: positions are given out in the order of commits.
    PERFORM pg_advisory_xact_lock(hashtextextended({lock}, 0));
    SELECT e.recorded_at INTO last FROM {schema}.stored_events AS e ORDER BY e.position DESC LIMIT 1;
    IF at_time < last THEN
        RAISE EXCEPTION 'an event was recorded later' USING ERRCODE = 'RG001', DETAIL = last::text;
    END IF;
    RETURN QUERY
        INSERT INTO {schema}.stored_events (originator_id, originator_version, topic, state, recorded_at)
        SELECT e.id, e.version, e.topic, e.state, at_time
        FROM unnest(ids, versions, topics, states) WITH ORDINALITY AS e (id, version, topic, state, n) ORDER BY e.n
        RETURNING stored_events.position;
END $body$;
REVOKE ALL ON FUNCTION {schema}.append FROM PUBLIC;
"""
GRANTS = """
GRANT USAGE ON SCHEMA {schema} TO {role};
REVOKE ALL ON TABLE {schema}.stored_events FROM {role};
GRANT SELECT ON TABLE {schema}.stored_events TO {role};
GRANT EXECUTE ON FUNCTION {schema}.append TO {role};
"""


class DurableDatastore(PostgresDatastore):
    """The library's pool, for any address that PostgreSQL's own clients accept."""

    def __init__(self, url: str, schema: str = SCHEMA_NAME) -> None:
        super().__init__("", "", "", "", "", pool_size=2, max_overflow=8, pre_ping=True, schema=schema, connect_timeout=WAIT_SECONDS)
        # The library knows five parameters; an address may also ask for TLS, and must not lose that.
        self.pool.kwargs = {"application_name": "register", **conninfo_to_dict(url), "row_factory": dict_row}

    def after_connect_func(self) -> Callable[[psycopg.Connection[Any]], None]:
        """Have every commit on the disk before it is answered, unless the server asks for more than that."""
        after_connect = super().after_connect_func()

        def durable(connection: psycopg.Connection[Any]) -> None:
            after_connect(connection)
            connection.execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")

        return durable

    def register_type_adapters(self) -> None:
        """Do nothing: plain arrays are passed, no composite types."""


class RegisterPostgresRecorder(RegisterRecorder):
    """Keep events in a schema of a PostgreSQL database."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        self.datastore = datastore
        self.schema = datastore.schema

    @classmethod
    def at(cls, url: str) -> Self:
        """Use the schema `events` of the database; connections are made when first needed."""
        return cls(DurableDatastore(url))

    # -- Creating --------------------------------------------------------------------

    def migrate(self) -> None:
        """Create schema, table, triggers and function, unless they are there; needs the rights of the database's owner."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{self.schema} migrate",))
            if self.is_migrated():  # by whoever held the lock before
                return
            # Asked first, because CREATE SCHEMA IF NOT EXISTS wants rights on the database even when there is nothing to do.
            if not cursor.execute("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", (self.schema,)).fetchone():
                cursor.execute(SQL("CREATE SCHEMA {schema}").format(schema=Identifier(self.schema)))
            cursor.execute(SQL(SCHEMA).format(schema=Identifier(self.schema), lock=f"{self.schema} append"))

    def is_migrated(self) -> bool:
        """Look for the function in the catalogue, which every role may read."""
        found = self._rows(
            "SELECT 1 FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace"
            " WHERE n.nspname = %s AND p.proname = 'append'",
            self.schema,
        )
        return bool(found)

    def grant_to(self, role: str) -> None:
        """Let a role read the events and append; needs the rights of the owner."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(SQL(GRANTS).format(schema=Identifier(self.schema), role=Identifier(role)))

    # -- Writing ---------------------------------------------------------------------

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """
        Append in one statement and return the positions.

        It is never tried again here: a lost answer does not say that nothing was written.
        Raises: IntegrityError when a version is taken, ClockBehind when an event was recorded after `recorded_at`; nothing is written.
        """
        if not stored_events:
            return []
        statement = self._sql("SELECT * FROM {schema}.append(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b)")
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            try:
                # The statement is the transaction: this is the commit point.
                cursor.execute(statement, columns(stored_events, kwargs["recorded_at"]))
            except psycopg.DatabaseError as error:
                if (reason := meaning(error)) is not error:
                    raise reason from error
                raise
            return [position for (position,) in cursor]

    # -- Reading ---------------------------------------------------------------------

    def head(self) -> int:
        """Return the last position, 0 in an empty store."""
        return self.max_notification_id() or 0

    def data_version(self) -> int:
        """Return the head: it only ever grows."""
        return self.head()

    def last_recorded_at(self) -> int | None:
        """Return the time of the last event, in microseconds since 1970, UTC."""
        rows = self._rows("SELECT recorded_at FROM {schema}.stored_events ORDER BY position DESC LIMIT 1")
        return rows[0][0] if rows else None

    def position_at(self, recorded_at: int) -> int:
        """Return the last position recorded at or before the time, 0 if there is none."""
        query: LiteralString = "SELECT position FROM {schema}.stored_events WHERE recorded_at <= %s ORDER BY recorded_at DESC, position DESC LIMIT 1"
        rows = self._rows(query, Int8(recorded_at))
        return rows[0][0] if rows else 0

    def raw_events(self, after: int, limit: int) -> list[RawEvent]:
        """
        Return up to `limit` events after the position, in order, as they are stored.

        One statement reads one snapshot, and appends take turns: an event not yet visible can only come after all that are.
        """
        query: LiteralString = "SELECT position, topic, state FROM {schema}.stored_events WHERE position > %s ORDER BY position LIMIT %s"
        return [(position, topic, bytes(state)) for position, topic, state in self._rows(query, Int8(after), Int8(limit))]

    def stored_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return up to `limit` events after the position, in order, with every column, for verification."""
        query: LiteralString = (
            "SELECT position, originator_id, originator_version, topic, state, recorded_at"
            " FROM {schema}.stored_events WHERE position > %s ORDER BY position LIMIT %s"
        )
        rows = self._rows(query, Int8(after), Int8(limit))
        return [StoredRow(position, stream_id, version, topic, bytes(state), at) for position, stream_id, version, topic, state, at in rows]

    def max_notification_id(self) -> int | None:
        """Return the last position, under the library's name."""
        rows = self._rows("SELECT max(position) FROM {schema}.stored_events")
        return rows[0][0] if rows else None

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Return the events of one stream, of versions above `gt` up to `lte`."""
        query: LiteralString = (
            "SELECT originator_id, originator_version, topic, state FROM {schema}.stored_events"
            " WHERE originator_id = %s AND originator_version > %s AND originator_version <= %s ORDER BY originator_version "
        )
        query += "DESC LIMIT %s" if desc else "ASC LIMIT %s"
        lowest, highest = -1 if gt is None else gt, NO_END if lte is None else lte
        rows = self._rows(query, originator_id, Int8(lowest), Int8(highest), Int8(NO_END if limit is None else limit))
        return [StoredEvent(stream, version, topic, bytes(state)) for stream, version, topic, state in rows]

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *, inclusive_of_start: bool = True
    ) -> Sequence[Notification]:
        """Return the events of some positions, of some topics or all, as the library names them."""
        query: LiteralString = (
            "SELECT originator_id, originator_version, topic, state, position FROM {schema}.stored_events"
            " WHERE position >= %s AND position <= %s AND (%s OR topic = ANY(%s)) ORDER BY position LIMIT %s"
        )
        lowest = (start or 0) + (0 if inclusive_of_start else 1)
        rows = self._rows(query, Int8(lowest), Int8(NO_END if stop is None else stop), not topics, list(topics), Int8(limit))
        return [Notification(stream, version, topic, bytes(state), position) for stream, version, topic, state, position in rows]

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """Refuse: the follower pulls, the same way from both stores."""
        raise NotImplementedError("the follower pulls `raw_events`")

    def close(self) -> None:
        """Give all connections back."""
        self.datastore.close()

    def _sql(self, query: LiteralString) -> Composed:
        return SQL(query).format(schema=Identifier(self.schema))

    def _rows(self, query: LiteralString, *values: object) -> list[TupleRow]:
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(self._sql(query), values).fetchall()


def meaning(error: psycopg.DatabaseError) -> Exception:
    """Tell apart why an append was refused."""
    if error.sqlstate == CLOCK_BEHIND:
        return ClockBehind(int(error.diag.message_detail or 0))
    # Caught by the library's pool, which puts its own errors in the place of these.
    if isinstance(error, psycopg.IntegrityError) and not isinstance(error, psycopg.errors.UniqueViolation):
        # A missing value is a bug; reported as a conflict it would be tried again for ever.
        return psycopg.DataError(str(error))
    return error


def columns(events: Sequence[StoredEvent], recorded_at: int) -> tuple[list[UUID | str], list[Int8], list[str], list[bytes], Int8]:
    """Lay the events out as the arrays that `append` takes."""
    return (
        [event.originator_id for event in events],
        [Int8(event.originator_version) for event in events],
        [event.topic for event in events],
        [event.state for event in events],
        Int8(recorded_at),
    )
