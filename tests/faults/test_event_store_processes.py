"""What the event store promises to several processes, when they work together and when one of them is killed."""

from __future__ import annotations

import os
import resource
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from itertools import count
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from api.stores.event_store.factory import Recorder, migrate, open_recorder
from domain.errors import ClockBehind
from tests.postgres_server import PostgresServer

PROCESSES = get_context("spawn")
STREAMS = UUID("b5f1c0de-0000-5000-8000-000000000001")
NOON = 1_785_578_400_000_000
WAIT = 60


def stream(name: object) -> UUID:
    return uuid5(STREAMS, str(name))


def stored(name: object, version: int, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(stream(name), version, "ThresholdMet", state)


def save(recorder: Recorder, events: list[StoredEvent]) -> list[int]:
    """Save as the register does: under the clock of this process, or the last time if another's is ahead."""
    at = time.time_ns() // 1000
    while True:
        try:
            return list(recorder.insert_events(events, recorded_at=at))
        except ClockBehind as behind:
            at = behind.last


def start(work: Callable[..., None], *arguments: Any) -> SpawnProcess:
    process = PROCESSES.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def finish(*processes: SpawnProcess) -> None:
    for process in processes:
        process.join(WAIT)
        assert process.exitcode == 0, "a process failed or hung"


# -- Four writers and a tailing reader -------------------------------------------

WRITERS, SAVES = 4, 150


def write_many(url: str, name: int, together: Barrier, answered: Path) -> None:
    recorder = open_recorder(url)
    version = count(1)
    positions: list[int] = []
    together.wait(WAIT)
    for n in range(SAVES):
        # Sizes differ, so that one transaction takes longer than the next.
        positions += save(recorder, [stored(name, next(version), b"x" * (1 + 997 * n % 20_000)) for _ in range(1 + n % 3)])
    answered.write_text(" ".join(map(str, positions)))
    recorder.close()


@pytest.mark.slow
def test_a_tailing_reader_sees_every_event_of_four_writers_once_and_in_order(shared_url: str, tmp_path: Path) -> None:
    together = PROCESSES.Barrier(WRITERS + 1)
    answers = [tmp_path / f"answered-{name}" for name in range(WRITERS)]
    writers = [start(write_many, shared_url, name, together, answers[name]) for name in range(WRITERS)]
    reader = open_recorder(shared_url)
    together.wait(WAIT)

    seen = [0]
    while any(writer.is_alive() for writer in writers) or seen[-1] < reader.head():
        seen += [position for position, _, _ in reader.raw_events(after=seen[-1], limit=7)]

    finish(*writers)
    answered = [int(position) for answer in answers for position in answer.read_text().split()]
    assert seen[1:] == sorted(answered)
    assert len(set(answered)) == len(answered) == WRITERS * sum(1 + n % 3 for n in range(SAVES))
    assert times(shared_url) == sorted(times(shared_url))
    reader.close()


def times(url: str) -> list[int]:
    """Read the times of recording in the order of positions, beside the recorder."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(Path(url.removeprefix("sqlite:///")) / "events.db")) as file:
            return [at for (at,) in file.execute("SELECT recorded_at FROM stored_events ORDER BY rowid")]
    with psycopg.connect(url) as connection:
        return [at for (at,) in connection.execute("SELECT recorded_at FROM events.stored_events ORDER BY position")]


def write_contested(url: str, together: Barrier, won: Path) -> None:
    recorder = open_recorder(url)
    together.wait(WAIT)
    wins = []
    for version in range(1, 41):
        try:
            save(recorder, [stored("contested", version), stored(os.getpid(), version)])
            wins.append(version)
        except IntegrityError:
            continue
    won.write_text(" ".join(map(str, wins)))
    recorder.close()


@pytest.mark.slow
def test_of_writers_who_race_for_a_version_one_wins_and_the_others_write_nothing(shared_url: str, tmp_path: Path) -> None:
    together = PROCESSES.Barrier(3)
    results = [tmp_path / f"won-{name}" for name in range(3)]
    writers = [start(write_contested, shared_url, together, result) for result in results]
    finish(*writers)

    recorder = open_recorder(shared_url)
    wins = [[int(version) for version in result.read_text().split()] for result in results]
    assert sorted(version for won in wins for version in won) == list(range(1, 41)), "each version was won exactly once"
    for writer, won in zip(writers, wins, strict=True):
        assert [event.originator_version for event in recorder.select_events(stream(writer.pid))] == won
    recorder.close()


# -- Killed ----------------------------------------------------------------------


def write_until_killed(url: str, name: int, answered: Path) -> None:
    recorder = open_recorder(url)
    with open(answered, "ab", buffering=0) as answers:
        for version in count(1, 2):
            save(recorder, [stored(name, version), stored(name, version + 1, b"y" * 5_000)])
            answers.write(b"%d\n" % (version + 1))


def killed_after(answers: int, url: str, name: int, folder: Path) -> int:
    """Kill a writer in the middle of its loop, and return the last version it was told is written."""
    answered = folder / f"answered-{name}"
    answered.touch()
    writer = start(write_until_killed, url, name, answered)
    while answered.read_bytes().count(b"\n") < answers:
        assert writer.is_alive()
        writer.join(0.001)
    writer.kill()
    writer.join(WAIT)
    wait_until_its_session_is_over(url)
    return int(answered.read_bytes().split()[-1])


def wait_until_its_session_is_over(url: str) -> None:
    """A PostgreSQL server may still commit what a killed client sent last."""
    if not url.startswith("postgresql"):
        return
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with psycopg.connect(url, autocommit=True) as session:
        while session.execute(others).fetchone() != (0,):
            session.execute("SELECT pg_sleep(0.01)")


@pytest.mark.slow
def test_what_was_answered_is_there_after_the_writer_is_killed(shared_url: str, tmp_path: Path) -> None:
    for name, answers in enumerate((1, 20, 45)):
        last = killed_after(answers, shared_url, name, tmp_path)
        recorder = open_recorder(shared_url)
        versions = [event.originator_version for event in recorder.select_events(stream(name))]
        # The two events of a save are there together; at most the one save that was not answered yet is there beyond.
        assert versions == list(range(1, len(versions) + 1))
        assert len(versions) in (last, last + 2)
        save(recorder, [stored(name, len(versions) + 1)])
        positions = [position for position, _, _ in recorder.raw_events(0, 10_000)]
        assert positions == sorted(set(positions))
        if shared_url.startswith("sqlite"):
            assert positions == list(range(1, len(positions) + 1))
        recorder.close()


@pytest.mark.postgres
@pytest.mark.slow
def test_what_was_answered_is_there_after_the_server_is_killed_even_if_it_was_told_to_be_careless(tmp_path: Path) -> None:
    with PostgresServer() as server:  # its own, with `synchronous_commit` off
        url = server.new_database()
        migrate(url)
        recorder = open_recorder(url)
        for version in range(1, 101):
            save(recorder, [stored("kept", version)])
        server.crash()
        # The pool's connections are dead; it notices before it hands one out.
        assert len(recorder.select_events(stream("kept"))) == 100
        save(recorder, [stored("kept", 101)])
        recorder.close()


def write_to_a_full_disk(folder: Path) -> None:
    """Let files grow no further than one small event: the commit of a large one fails as on a full disk."""
    recorder = open_recorder(f"sqlite:///{folder}")
    save(recorder, [stored("full", 1)])
    largest = max(file.stat().st_size for file in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 10_000, resource.RLIM_INFINITY))
    with pytest.raises(OperationalError):
        save(recorder, [stored("full", 2), stored("full", 3, b"x" * 50_000)])
    assert save(recorder, [stored("full", 2)]) == [2]
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert save(recorder, [stored("full", 3, b"x" * 50_000)]) == [3]
    recorder.close()


def test_a_full_disk_writes_nothing_and_harms_nothing(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path}")
    finish(start(write_to_a_full_disk, tmp_path))
    recorder = open_recorder(f"sqlite:///{tmp_path}")
    assert [len(state) for _, _, state in recorder.raw_events(0, 10)] == [2, 2, 50_000]
    recorder.close()


# -- Starting together -----------------------------------------------------------


def migrate_and_write(urls: list[str], name: int, together: Barrier) -> None:
    for url in urls:
        together.wait(WAIT)
        migrate(url)
        recorder = open_recorder(url)
        save(recorder, [stored(name, 1)])
        recorder.close()


def race_to_migrate(urls: list[str]) -> None:
    together = PROCESSES.Barrier(5)
    finish(*[start(migrate_and_write, urls, name, together) for name in range(5)])
    for url in urls:
        recorder = open_recorder(url)
        assert [position for position, _, _ in recorder.raw_events(0, 10)] == [1, 2, 3, 4, 5]
        recorder.close()


@pytest.mark.slow
def test_processes_that_start_together_migrate_a_file_once_and_all_write(tmp_path: Path) -> None:
    race_to_migrate([f"sqlite:///{tmp_path / str(n)}" for n in range(30)])


@pytest.mark.postgres
@pytest.mark.slow
def test_processes_that_start_together_migrate_a_schema_once_and_all_write(postgres_server: PostgresServer) -> None:
    race_to_migrate([postgres_server.new_database() for _ in range(3)])


def write_one(url: str, name: str, size: int = 1, events: int = 1) -> None:
    recorder = open_recorder(url)
    save(recorder, [stored(name, version, b"z" * size) for version in range(1, events + 1)])
    recorder.close()


def test_the_data_version_changes_when_another_process_writes_and_when_this_one_does(shared_url: str) -> None:
    recorder = open_recorder(shared_url)
    seen = [recorder.data_version(), recorder.data_version()]
    assert seen[0] == seen[1]
    finish(start(write_one, shared_url, "theirs"))
    seen.append(recorder.data_version())
    save(recorder, [stored("ours", 1)])
    seen.append(recorder.data_version())
    assert len(set(seen)) == 3
    assert recorder.data_version() == seen[-1]
    recorder.close()


def test_the_data_version_in_memory_changes_with_every_write() -> None:
    recorder = open_recorder("sqlite://")
    before = recorder.data_version()
    save(recorder, [stored("ours", 1)])
    assert recorder.data_version() != before
    recorder.close()


# -- Large ------------------------------------------------------------------------


@pytest.mark.slow
def test_a_save_of_20_mb_does_not_hang(shared_url: str) -> None:
    finish(start(write_one, shared_url, "large", 50_000, 400))
    recorder = open_recorder(shared_url)
    rows = recorder.raw_events(0, 1_000)
    assert [position for position, _, _ in rows] == list(range(1, 401))
    assert {len(state) for _, _, state in rows} == {50_000}
    recorder.close()
