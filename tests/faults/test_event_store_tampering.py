"""What the event store refuses to those who go past the register."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid5

import psycopg
import pytest
from eventsourcing.persistence import ProgrammingError, StoredEvent

from api.stores.event_store.factory import Recorder, migrate, open_recorder
from tests.postgres_server import PostgresServer

STREAMS = UUID("b5f1c0de-0000-5000-8000-000000000002")
A, B = (uuid5(STREAMS, name) for name in "AB")
NOON = 1_785_578_400_000_000


def stored(stream: UUID, version: int) -> StoredEvent:
    return StoredEvent(stream, version, "ThresholdMet", b'{"n":1}')


def written(url: str) -> Recorder:
    migrate(url)
    recorder = open_recorder(url)
    recorder.insert_events([stored(A, 1), stored(A, 2)], recorded_at=NOON)
    return recorder


# -- Stored events never change --------------------------------------------------

TAMPERING = [
    "UPDATE {table} SET topic = 'Forged'",
    "UPDATE {table} SET recorded_at = recorded_at + 1",
    "DELETE FROM {table}",
    "TRUNCATE {table}",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 'Forged'",
    "INSERT OR REPLACE INTO {table} SELECT rowid, originator_id, originator_version, 'Forged', state, recorded_at FROM {table}",
    "INSERT OR REPLACE INTO {table} SELECT rowid, originator_id, 99, 'Forged', state, recorded_at FROM {table}",
    "INSERT OR REPLACE INTO {table} SELECT NULL, originator_id, originator_version, 'Forged', state, recorded_at FROM {table}",
]


@pytest.mark.parametrize("statement", [text for text in TAMPERING if "TRUNCATE" not in text])
def test_sqlite_refuses_to_change_what_is_stored(tmp_path: Path, statement: str) -> None:
    recorder = written(f"sqlite:///{tmp_path}")
    before = recorder.raw_events(0, 10)
    with closing(sqlite3.connect(tmp_path / "events.db")) as file, pytest.raises(sqlite3.DatabaseError, match="never"):
        # Its parser takes ON CONFLICT after SELECT for a join, unless there is a WHERE.
        file.execute(statement.format(table="stored_events").replace(" ON CONFLICT", " WHERE true ON CONFLICT"))
    assert recorder.raw_events(0, 10) == before
    recorder.close()


@pytest.mark.postgres
@pytest.mark.parametrize("role", ["origin", "replica"])
@pytest.mark.parametrize("statement", [text for text in TAMPERING if "REPLACE" not in text])
def test_postgresql_refuses_to_change_what_is_stored_even_to_a_superuser(migrated_postgresql: str, statement: str, role: str) -> None:
    recorder = written(migrated_postgresql)
    before = recorder.raw_events(0, 10)
    with psycopg.connect(migrated_postgresql, autocommit=True) as connection:
        connection.execute(f"SET session_replication_role = {role}".encode())
        with pytest.raises(psycopg.IntegrityError, match="never changed or removed"):
            # The column of positions otherwise refuses the INSERT first.
            connection.execute(statement.format(table="events.stored_events").replace(" SELECT", " OVERRIDING SYSTEM VALUE SELECT").encode())
    assert recorder.raw_events(0, 10) == before
    recorder.close()


def test_a_position_is_not_used_again_even_after_tampering(tmp_path: Path) -> None:
    recorder = written(f"sqlite:///{tmp_path}")
    with closing(sqlite3.connect(tmp_path / "events.db", isolation_level=None)) as file:
        file.execute("DROP TRIGGER stored_events_refuse_delete")
        file.execute("DELETE FROM stored_events WHERE rowid = 2")
    assert list(recorder.insert_events([stored(A, 2)], recorded_at=NOON)) == [3]
    recorder.close()


# -- The application's role on PostgreSQL ------------------------------------------

FORBIDDEN = [
    "INSERT INTO events.stored_events VALUES (DEFAULT, gen_random_uuid(), 1, 'Forged', '', 1)",
    "UPDATE events.stored_events SET topic = 'Forged'",
    "DELETE FROM events.stored_events",
    "TRUNCATE events.stored_events",
    "SELECT position FROM events.stored_events FOR UPDATE",
    "SELECT setval(pg_get_serial_sequence('events.stored_events', 'position'), 1)",
    "ALTER TABLE events.stored_events DISABLE TRIGGER ALL",
    "DROP FUNCTION events.append",
    "CREATE TABLE events.mine (n int)",
]


@pytest.mark.postgres
def test_the_role_of_the_application_reads_and_appends_and_nothing_else(postgres_server: PostgresServer) -> None:
    owner = postgres_server.new_database()
    database = owner.partition("@/")[2].partition("?")[0]
    app, stranger = (postgres_server.url(database, f"{role}_{database}") for role in ("app", "stranger"))
    with psycopg.connect(owner, autocommit=True) as connection:
        for role in ("app", "stranger"):
            connection.execute(f"CREATE ROLE {role}_{database} LOGIN".encode())
    migrate(owner, role=f"app_{database}")

    recorder = open_recorder(app)
    recorder.insert_events([stored(A, 1)], recorded_at=NOON)
    assert recorder.raw_events(0, 10) == [(1, "ThresholdMet", b'{"n":1}')]
    with psycopg.connect(app, autocommit=True) as connection:
        for statement in FORBIDDEN:
            with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectNotInPrerequisiteState)):
                connection.execute(statement.encode())
    recorder.migrate()  # nothing left to do, so nothing to be allowed
    recorder.close()

    outsider = open_recorder(stranger)
    with pytest.raises(ProgrammingError, match="permission denied"):
        outsider.head()
    with pytest.raises(ProgrammingError, match="permission denied"):
        outsider.insert_events([stored(B, 1)], recorded_at=NOON)
    outsider.close()


@pytest.mark.postgres
def test_an_append_under_a_snapshot_taken_before_the_lock_is_refused(migrated_postgresql: str) -> None:
    with psycopg.connect(migrated_postgresql) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.Error, match="read committed"):
            connection.execute("SELECT events.append('{}', '{}', '{}', '{}', 0)")
