"""What the event store promises to one process, the same on every database."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    IntegrityError,
    JSONTranscoder,
    Mapper,
    StoredEvent,
)
from eventsourcing.utils import Environment

from api.stores.event_store import StoreNotMigrated, UnknownDatabaseUrl
from api.stores.event_store.factory import Recorder, RecorderFactory, migrate, open_recorder
from api.stores.event_store.postgres import RegisterPostgresRecorder
from api.stores.event_store.sqlite import RegisterSQLiteRecorder
from domain.errors import ClockBehind

STREAMS = UUID("b5f1c0de-0000-5000-8000-000000000000")
A, B, C = (uuid5(STREAMS, name) for name in "ABC")
NOON = 1_785_578_400_000_000


def stored(stream: UUID, version: int, state: bytes = b'{"n":1}', topic: str = "ThresholdMet") -> StoredEvent:
    return StoredEvent(stream, version, topic, state)


@pytest.fixture
def recorder(store_url: str) -> Iterator[Recorder]:
    opened = open_recorder(store_url)
    yield opened
    opened.close()


# -- Order and time --------------------------------------------------------------


def test_events_come_back_as_they_were_written_in_the_order_of_positions(recorder: Recorder) -> None:
    first = recorder.insert_events([stored(A, 1, b"\x00\xff"), stored(B, 1, topic="Annulled")], recorded_at=NOON)
    second = recorder.insert_events([stored(A, 2, "Größe".encode())], recorded_at=NOON + 1)

    positions = [*first, *second]
    assert positions == [1, 2, 3]
    raw = [(1, "ThresholdMet", b"\x00\xff"), (2, "Annulled", b'{"n":1}'), (3, "ThresholdMet", "Größe".encode())]
    assert recorder.raw_events(after=0, limit=10) == raw
    assert recorder.raw_events(after=1, limit=1) == raw[1:2]
    assert recorder.raw_events(after=3, limit=10) == []
    assert recorder.head() == recorder.max_notification_id() == 3


def test_a_stream_is_read_by_version_as_the_library_asks(recorder: Recorder) -> None:
    recorder.insert_events([stored(A, 1), stored(A, 2), stored(B, 1), stored(A, 3)], recorded_at=NOON)

    def versions(gt: int | None = None, lte: int | None = None, desc: bool = False, limit: int | None = None) -> list[int]:
        events = recorder.select_events(A, gt=gt, lte=lte, desc=desc, limit=limit)
        assert {event.originator_id for event in events} == {A}
        return [event.originator_version for event in events]

    assert versions() == [1, 2, 3]
    assert versions(gt=1) == [2, 3]
    assert versions(lte=2) == [1, 2]
    assert versions(gt=1, lte=2) == [2]
    assert versions(desc=True, limit=1) == [3]
    assert recorder.select_events(C) == []


def test_positions_are_selected_as_the_library_asks(recorder: Recorder) -> None:
    recorder.insert_events([stored(A, 1), stored(A, 2, topic="Annulled"), stored(B, 1)], recorded_at=NOON)

    def ids(start: int | None, stop: int | None = None, topics: tuple[str, ...] = (), inclusive: bool = True, limit: int = 9) -> list[int]:
        found = recorder.select_notifications(start, limit, stop, topics, inclusive_of_start=inclusive)
        return [notification.id for notification in found]

    assert ids(None) == ids(1) == [1, 2, 3]
    assert ids(1, inclusive=False) == [2, 3]
    assert ids(2, stop=2) == [2]
    assert ids(None, topics=("Annulled",)) == [2]
    assert ids(None, limit=2) == [1, 2]


def test_a_clock_that_stands_still_is_accepted_and_one_that_goes_back_is_not(recorder: Recorder) -> None:
    recorder.insert_events([stored(A, 1)], recorded_at=NOON)
    recorder.insert_events([stored(A, 2)], recorded_at=NOON)

    with pytest.raises(ClockBehind) as behind:
        recorder.insert_events([stored(A, 3), stored(B, 1)], recorded_at=NOON - 1)

    assert behind.value.last == recorder.last_recorded_at() == NOON
    assert recorder.head() == 2
    assert list(recorder.insert_events([stored(A, 3)], recorded_at=behind.value.last))


def test_a_time_names_the_last_position_recorded_by_then(recorder: Recorder) -> None:
    assert recorder.last_recorded_at() is None
    assert recorder.position_at(NOON) == 0

    recorder.insert_events([stored(A, 1)], recorded_at=NOON)
    recorder.insert_events([stored(A, 2), stored(B, 1)], recorded_at=NOON)
    recorder.insert_events([stored(A, 3)], recorded_at=NOON + 5)

    assert [recorder.position_at(at) for at in (NOON - 1, NOON, NOON + 4, NOON + 5, NOON + 99)] == [0, 3, 3, 4, 4]


# -- All or none -----------------------------------------------------------------


def test_one_version_that_is_taken_refuses_all_events_of_the_act(recorder: Recorder) -> None:
    recorder.insert_events([stored(A, 1, b"first")], recorded_at=NOON)

    with pytest.raises(IntegrityError):
        recorder.insert_events([stored(B, 1), stored(A, 1, b"second"), stored(C, 1)], recorded_at=NOON)

    assert [state for _, _, state in recorder.raw_events(0, 10)] == [b"first"]
    assert len(recorder.insert_events([stored(B, 1)], recorded_at=NOON)) == 1


def test_positions_are_dense_on_sqlite_even_after_a_conflict(tmp_path: Path) -> None:
    recorder = open_recorder("sqlite://")
    for version in (1, 2, 3):
        recorder.insert_events([stored(A, version)], recorded_at=NOON)
        with pytest.raises(IntegrityError):
            recorder.insert_events([stored(B, version), stored(A, version)], recorded_at=NOON)
    assert [position for position, _, _ in recorder.raw_events(0, 10)] == [1, 2, 3]


def test_a_missing_value_is_a_bug_and_no_conflict_to_be_tried_again(recorder: Recorder) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([StoredEvent(A, 1, None, b"{}")], recorded_at=NOON)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match="recorded_at"):
        recorder.insert_events([stored(A, 1)])
    assert recorder.head() == 0


def test_no_events_are_written_as_none(recorder: Recorder) -> None:
    assert recorder.insert_events([], recorded_at=NOON) == []


def test_threads_of_one_process_write_and_read_together(recorder: Recorder) -> None:
    def write(name: int) -> list[int]:
        stream = uuid5(STREAMS, str(name))
        return [recorder.insert_events([stored(stream, version)], recorded_at=NOON)[0] for version in range(1, 31)]

    def read(_: int) -> list[int]:
        return [len(recorder.raw_events(0, 1_000)) for _ in range(30)]

    with ThreadPoolExecutor(12) as threads:
        writing = threads.map(write, range(6))
        reading = threads.map(read, range(6))
        assert sorted(position for positions in writing for position in positions) == list(range(1, 181))
        assert all(lengths == sorted(lengths) for lengths in reading)


# -- Through the library's application --------------------------------------------


@dataclass(frozen=True)
class Happened:
    originator_id: UUID
    originator_version: int
    what: str


class PlainMapper(Mapper[UUID]):
    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        assert isinstance(domain_event, Happened)
        return stored(domain_event.originator_id, domain_event.originator_version, domain_event.what.encode())


class Books(Application[UUID]):
    def __init__(self, factory: InfrastructureFactory) -> None:
        self._given = factory
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        return self._given


def test_an_application_saves_through_the_recorder_it_was_given(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    books = Books(RecorderFactory(recorder, PlainMapper(JSONTranscoder())))

    saved = books.save(Happened(A, 1, "one"), Happened(B, 1, "two"), recorded_at=NOON)

    assert [recording.notification.id for recording in saved] == [1, 2]
    assert [state for _, _, state in recorder.raw_events(0, 10)] == [b"one", b"two"]
    with pytest.raises(IntegrityError):
        books.save(Happened(A, 1, "again"), recorded_at=NOON)
    with pytest.raises(ClockBehind):
        books.save(Happened(A, 2, "late"), recorded_at=NOON - 1)
    books.close()
    assert recorder.head() == 2, "closing the application leaves the recorder open"


def written(url: str) -> Recorder:
    migrate(url)
    recorder = open_recorder(url)
    recorder.insert_events([stored(A, 1), stored(A, 2)], recorded_at=NOON)
    return recorder


# -- Addresses -------------------------------------------------------------------


@pytest.mark.parametrize("url", ["", "sqlite:", "sqlite:///", "sqlite:/x", "mysql://u:secret@h/d", "postgresql://?nonsense=secret", "var/events.db"])
def test_an_address_of_no_known_form_is_refused_without_showing_its_secrets(url: str) -> None:
    for use in (open_recorder, migrate):
        with pytest.raises(UnknownDatabaseUrl) as refused:
            use(url)
        assert "secret" not in str(refused.value)


def test_a_store_that_was_never_migrated_says_what_to_do_and_creates_nothing(empty_url: str, tmp_path: Path) -> None:
    with pytest.raises(StoreNotMigrated, match="registry migrate"):
        open_recorder(empty_url)
    assert not list(tmp_path.iterdir())


def test_a_file_of_another_version_is_not_opened(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}")
    with closing(sqlite3.connect(tmp_path / "events.db")) as file:
        file.execute("PRAGMA user_version = 999")
    with pytest.raises(StoreNotMigrated):
        open_recorder(f"sqlite:///{tmp_path}")


def test_a_folder_may_have_any_name_and_is_created_by_migrating(tmp_path: Path) -> None:
    folder = tmp_path / "Büro 1" / "what?#%41"
    migrate(f"sqlite:///{folder}")
    written(f"sqlite:///{folder}").close()
    assert (folder / "events.db").exists()


def test_each_store_in_memory_is_its_own() -> None:
    first, second = open_recorder("sqlite://"), open_recorder("sqlite://")
    first.insert_events([stored(A, 1)], recorded_at=NOON)
    assert (first.head(), second.head()) == (1, 0)
    assert isinstance(first, RegisterSQLiteRecorder)


# -- Disk ------------------------------------------------------------------------


def test_every_connection_to_the_file_waits_for_the_disk(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}")
    recorder = open_recorder(f"sqlite:///{tmp_path}")
    assert isinstance(recorder, RegisterSQLiteRecorder)
    with recorder.datastore.transaction(commit=False) as one, recorder.datastore.transaction(commit=False) as other:
        for cursor in (one, other):
            assert pragma(cursor.sqlite_cursor, "synchronous") == 2
            assert pragma(cursor.sqlite_cursor, "journal_mode") == "wal"
    recorder.close()


def pragma(cursor: sqlite3.Cursor, text: str) -> object:
    return cursor.execute(f"PRAGMA {text}").fetchone()[0]


# -- PostgreSQL ------------------------------------------------------------------


@pytest.mark.postgres
def test_the_address_keeps_what_the_library_does_not_know(migrated_postgresql: str) -> None:
    recorder = open_recorder(f"{migrated_postgresql}&application_name=auditor")
    assert isinstance(recorder, RegisterPostgresRecorder)
    with recorder.datastore.cursor() as cursor:
        assert cursor.execute("SELECT current_setting('application_name') AS name").fetchone() == {"name": "auditor"}
    recorder.close()
