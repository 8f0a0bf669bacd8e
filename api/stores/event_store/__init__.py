"""
The event store: what it promises, whichever database keeps it.

An event is written once and never changed or removed. Position is the order of commit: nobody who has read position n will later find a
new event at or below n. The time of recording never decreases with position. What `insert_events` has answered survives the death of
process and machine.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

RawEvent = tuple[int, str, bytes]  # position, topic, stored bytes


class StoredRow(NamedTuple):
    """An event with everything that is stored of it: some columns say again what its bytes say."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: int
    """Microseconds since 1970, UTC."""


class UnknownDatabaseUrl(ValueError):
    """The address of the store is none that the register knows."""


def unknown(database_url: str) -> UnknownDatabaseUrl:
    """Say of an address that no store has it. Only the scheme is shown: the rest may hold a password."""
    scheme = database_url.partition(":")[0]
    return UnknownDatabaseUrl(f"No store has an address like `{scheme}:...`; use sqlite:///FOLDER, sqlite:// (in memory) or postgresql://...")


class StoreNotMigrated(Exception):
    """The store is empty or of another version: `registry migrate` was not run on it."""


class RegisterRecorder(ApplicationRecorder, ABC):
    """Keep events, and say what the register asks of a store beyond the library's recorder."""

    @abstractmethod
    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """
        Append the events of one act, all or none, and return their positions.

        The keyword `recorded_at` is needed: microseconds since 1970, UTC.
        Raises: the library's IntegrityError when a version is taken; ClockBehind when an event was recorded after `recorded_at`.
        """

    @abstractmethod
    def migrate(self) -> None:
        """Create what the store needs, unless it is there; any number of processes may do so at once."""

    @abstractmethod
    def is_migrated(self) -> bool:
        """Say whether this program can use the store."""

    @abstractmethod
    def head(self) -> int:
        """Return the last position, 0 in an empty store."""

    @abstractmethod
    def last_recorded_at(self) -> int | None:
        """Return the time of the last event, in microseconds since 1970, UTC."""

    @abstractmethod
    def position_at(self, recorded_at: int) -> int:
        """Return the last position recorded at or before the time, 0 if there is none."""

    @abstractmethod
    def raw_events(self, after: int, limit: int) -> list[RawEvent]:
        """Return up to `limit` events after the position, in order, as they are stored."""

    @abstractmethod
    def stored_rows(self, after: int, limit: int) -> list[StoredRow]:
        """Return up to `limit` events after the position, in order, with every column, for verification."""

    @abstractmethod
    def data_version(self) -> int:
        """Return a number that changes when anyone, in any process, has written; it costs next to nothing."""

    @abstractmethod
    def close(self) -> None:
        """Give all connections back."""
