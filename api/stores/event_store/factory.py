"""
Open the event store that an address names, and hand it to the application.

Addresses: `sqlite:///FOLDER` and `sqlite:////absolute/FOLDER` (the file `events.db` in it), `sqlite://` (in memory), `postgresql://...`
(schema `events`).

The application is given a recorder that is open already; neither the library's `PERSISTENCE_MODULE` nor another variable of the
environment decides:

    class Registry(Application[UUID]):
        def __init__(self, factory: InfrastructureFactory) -> None:
            self._given = factory  # before super(), which asks for it
            super().__init__()

        def construct_factory(self, env: Environment) -> InfrastructureFactory:
            return self._given

    recorder = open_recorder(settings.database_url)
    registry = Registry(RecorderFactory(recorder, mapper))
    registry.save(*events, recorded_at=microseconds)  # reaches insert_events(..., recorded_at=microseconds)
    recorder.close()  # whoever opened it; closing the application leaves it open
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import psycopg
from eventsourcing.domain import TAggregateID
from eventsourcing.persistence import AggregateRecorder, InfrastructureFactory, Mapper, ProcessRecorder, TrackingRecorder, Transcoder

from api.stores.event_store import StoreNotMigrated, UnknownDatabaseUrl, unknown
from api.stores.event_store.postgres import RegisterPostgresRecorder
from api.stores.event_store.sqlite import RegisterSQLiteRecorder

MEMORY = "sqlite://"
FOLDER = "sqlite:///"
POSTGRES = "postgresql://"

Recorder = RegisterSQLiteRecorder | RegisterPostgresRecorder


def open_recorder(database_url: str) -> Recorder:
    """
    Open the store for reading and writing; nothing is created except in memory.

    Raises: UnknownDatabaseUrl; StoreNotMigrated.
    """
    recorder = recorder_at(database_url)
    if not recorder.is_migrated():
        recorder.close()
        raise StoreNotMigrated("The event store was never set up, or is of another version: run `registry migrate`.")
    return recorder


def migrate(database_url: str, role: str | None = None) -> None:
    """
    Create the store unless it is there, and on PostgreSQL let `role` read and append.

    Raises: UnknownDatabaseUrl.
    """
    recorder = recorder_at(database_url)
    try:
        recorder.migrate()
        if role is not None and isinstance(recorder, RegisterPostgresRecorder):
            recorder.grant_to(role)
    finally:
        recorder.close()


def recorder_at(database_url: str) -> Recorder:
    """Choose the adapter by the form of the address."""
    if database_url == MEMORY:
        return RegisterSQLiteRecorder.in_memory()
    if database_url.startswith(FOLDER) and (folder := database_url.removeprefix(FOLDER)):
        return RegisterSQLiteRecorder.in_folder(Path(folder))
    if database_url.startswith(POSTGRES):
        return postgres_at(database_url)
    raise unknown(database_url)


def postgres_at(database_url: str) -> RegisterPostgresRecorder:
    """Read the address as PostgreSQL's own clients do."""
    try:
        return RegisterPostgresRecorder.at(database_url)
    except psycopg.ProgrammingError:
        raise UnknownDatabaseUrl("The address after postgresql:// is not one that PostgreSQL's clients can read.") from None


class RecorderFactory(InfrastructureFactory[TrackingRecorder]):
    """Give the library a recorder and a mapper that are ready."""

    def __init__(self, recorder: Recorder, mapper: Mapper[Any] | None = None) -> None:
        super().__init__(env={})
        self._recorder = recorder
        self._mapper = mapper

    def mapper(self, transcoder: Transcoder | None = None, mapper_class: type[Mapper[TAggregateID]] | None = None) -> Mapper[TAggregateID]:
        """Return the given mapper, or the library's own."""
        return self._mapper if self._mapper is not None else super().mapper(transcoder, mapper_class)

    def application_recorder(self) -> Recorder:
        """Return the given recorder."""
        return self._recorder

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Refuse: there are no snapshots."""
        self._refuse()

    def tracking_recorder(self, tracking_recorder_class: type[TrackingRecorder] | None = None) -> TrackingRecorder:
        """Refuse: the follower keeps its own positions."""
        self._refuse()

    def process_recorder(self) -> ProcessRecorder:
        """Refuse: the follower keeps its own positions."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise NotImplementedError("the register has one recorder")
