"""Followers, writers, readers and rebuilds in processes of their own, on one store."""

from __future__ import annotations

from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Barrier
from multiprocessing.synchronize import Event as Signal
from typing import Any, ClassVar

import pytest
from eventsourcing.persistence import StoredEvent

from api.read_models import rebuild
from api.stores.event_store.factory import open_recorder
from api.stores.event_store.mapper import RegisterMapper
from domain.actors import Role
from domain.ids import Kind
from domain.model_case.case import CaseFact
from domain.record import Event
from projections.public.questions import Filters, When
from projections.store import microseconds
from tests.faults.following import START, clean, history
from tests.read_models.folding import Portions, ReadSide, record
from tests.read_models.listing import events_of as list_events_of
from tests.read_models.listing import listed
from tests.scenario import named

pytestmark = pytest.mark.slow
PROCESSES = get_context("spawn")
WAIT = 90


def start(work: Any, *arguments: Any) -> SpawnProcess:
    process = PROCESSES.Process(target=work, args=arguments, daemon=True)
    process.start()
    return process


def finish(*processes: SpawnProcess) -> None:
    for process in processes:
        process.join(WAIT)
        assert process.exitcode == 0, "a process failed or hung"


# -- Several followers ---------------------------------------------------------------


def follow(url: str, size: int, head: int, together: Barrier) -> None:
    """Follow in a thread, as the service does, until everything is folded."""
    recorder, side = open_recorder(url), ReadSide(url)
    follower = side.follower(Portions(recorder, size))
    together.wait(WAIT)
    follower.start()
    reached = follower.wait_for(head, WAIT)
    follower.stop()
    side.close()
    recorder.close()
    assert reached, follower.failed


def write(url: str, cases: int, together: Barrier) -> None:
    recorder = open_recorder(url)
    together.wait(WAIT)
    record(recorder, history(cases))
    recorder.close()


def test_followers_in_several_processes_fold_every_event_once_while_it_is_written(register_url: str) -> None:
    events = history(25)
    together = PROCESSES.Barrier(3)
    workers = [start(follow, register_url, size, len(events), together) for size in (3, 4)]
    finish(start(write, register_url, 25, together), *workers)
    side = ReadSide(register_url)
    assert side.rows() == clean(events)
    side.close()


# -- Rebuilding under load -------------------------------------------------------------

ENTRIES, MOST = 60, 600


def listing(first: int, last: int) -> list[Event[Any]]:
    return list_events_of(listed(START + timedelta(minutes=n), str(n + 1), marketed_names=[f"Model {n}"]) for n in range(first, last))


def write_until_told(url: str, stop: Signal, together: Barrier) -> None:
    """Go on listing models, one act after the other."""
    recorder = open_recorder(url)
    together.wait(WAIT)
    for n in range(ENTRIES, MOST):
        if not stop.is_set():
            record(recorder, listing(n, n + 1))
    recorder.close()


def follow_until_told(url: str, stop: Signal, together: Barrier) -> None:
    recorder, side = open_recorder(url), ReadSide(url)
    follower = side.follower(Portions(recorder, 10))
    together.wait(WAIT)
    follower.start()
    while not stop.is_set():
        follower.wait_for(recorder.head() + 1, 0.05)
        assert follower.failed is None, follower.failed
    follower.stop()
    side.close()
    recorder.close()


def read_until_told(url: str, stop: Signal, together: Barrier) -> None:
    """Read the list again and again: it is never empty, never shorter than before, and every page of it is whole."""
    side = ReadSide(url)
    together.wait(WAIT)
    most = 0
    while not stop.is_set():
        state = side.public.state()
        found = side.public.list_at(When(), Filters(), first=ENTRIES)
        assert len(found.entries) == ENTRIES, "the list was empty or in part"
        assert found.total >= most, "the list went back"
        assert state.position <= found.total, "what was counted was not there"
        assert state.demonstration, "what is no projection was lost"
        assert len(side.public.history("1", When())) == 1
        most = found.total
    side.close()


def test_readers_never_see_a_list_in_part_while_it_is_rebuilt_under_load(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    record(recorder, listing(0, ENTRIES))
    side.fold(recorder).public.note("demonstration", "yes")
    stop, together = PROCESSES.Event(), PROCESSES.Barrier(4)
    others = [start(work, register_url, stop, together) for work in (write_until_told, follow_until_told, read_until_told)]
    together.wait(WAIT)
    for _ in range(5):
        before = recorder.head()
        while recorder.head() < min(before + 5, MOST):
            assert others[2].is_alive()
        assert rebuild(register_url) >= before
    stop.set()
    finish(*others)
    side.fold(recorder)
    assert side.rows() == clean(listing(0, recorder.head()))
    side.close()
    recorder.close()


# -- An event of a later version ---------------------------------------------------------


def later_event() -> StoredEvent:
    event = Event(named("later"), history(1)[1].stream, 100, START, named("a"), Role.CASE_OFFICER, named("c"), None, history(1)[1].law, 1, _later()())
    return RegisterMapper().to_stored_event(event)


def _later() -> type[CaseFact]:
    class SomethingOfALaterVersion(CaseFact):
        """An event that this version of the program does not know."""

        STREAMS: ClassVar[tuple[Kind, ...]] = ("case",)
        RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.CASE_OFFICER})

    return SomethingOfALaterVersion


def record_as_a_later_version(url: str) -> None:
    recorder = open_recorder(url)
    recorder.insert_events([later_event()], recorded_at=recorder.last_recorded_at() or microseconds(START))
    recorder.close()


def follow_as_a_later_version(url: str) -> None:
    known = _later()
    recorder, side = open_recorder(url), ReadSide(url)
    side.fold(recorder)
    assert known.TOPIC in [row.event.topic for row in side.office.events(first=1_000)]
    side.close()
    recorder.close()


def test_an_event_of_a_later_version_waits_until_that_version_runs(register_url: str) -> None:
    """Each version is a process of its own, since a type once defined is known."""
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    record(recorder, history(2)[:9])
    side.fold(recorder)
    before = side.rows()
    finish(start(record_as_a_later_version, register_url))
    record(recorder, history(2)[9:])
    together = PROCESSES.Barrier(1)
    stopped = start(follow, register_url, 5, recorder.head(), together)
    stopped.join(WAIT)
    assert stopped.exitcode == 1
    assert side.rows() == before
    finish(start(follow_as_a_later_version, register_url))
    assert side.stores[0].position() == side.stores[1].position() == recorder.head()
    assert len(side.rows()["events"]) == len(history(2)) + 1
    side.close()
    recorder.close()
