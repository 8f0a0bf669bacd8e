"""The follower in one process: what stops it, what it leaves behind, and that nothing is folded twice or not at all."""

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Connection
from starlette.testclient import TestClient

from api.main import service
from api.read_models import rebuild
from api.settings import Settings
from api.stores.event_store.factory import Recorder, open_recorder
from api.stores.event_store.mapper import UnknownEvent
from api.wiring import Register, set_up
from domain.actors import Role
from domain.registry import Command
from projections.follower import Follower, Track
from projections.public.questions import Filters, When
from projections.store import Batch, Projection, microseconds
from tests.faults.following import MINUTE, START, clean, history
from tests.read_models.folding import Portions, ReadSide, record
from tests.read_models.listing import events_of as list_events_of
from tests.read_models.listing import listed
from tests.scenario import CREATED, actor, case, named
from tests.scenario import opened as case_opened

WAIT = 20.0


@pytest.fixture
def recorder(store_url: str) -> Iterator[Recorder]:
    opened_one = open_recorder(store_url)
    yield opened_one
    opened_one.close()


@pytest.fixture
def side(store_url: str) -> Iterator[ReadSide]:
    found = ReadSide(store_url)
    yield found
    found.close()


# -- Exactly once --------------------------------------------------------------------


def test_two_workers_who_take_turns_leave_what_one_would(side: ReadSide, recorder: Recorder) -> None:
    """What each kept of the cases is out of date as soon as the other has folded; neither may build on it."""
    events = history(4)
    record(recorder, events)
    first, second = (side.follower(Portions(recorder)) for _ in range(2))
    for worker in cycle((first, first, second, first, second, second)):
        if not [track for track in worker.tracks if track.step(worker.source, 2)]:
            break
    assert side.rows() == clean(events)


def test_a_worker_who_comes_too_late_writes_nothing(side: ReadSide, recorder: Recorder) -> None:
    events = history(2)
    record(recorder, events)
    (track, _) = side.follower(Portions(recorder)).tracks
    late = recorder.raw_events(0, 3)
    assert track.step(recorder, 5) == 5
    with track.store.engine.begin() as rows:
        assert track.store.move(rows, 0, late[-1][0]) is False
    assert track.store.position() == 5
    side.fold(recorder)
    assert side.rows() == clean(events)


def test_a_worker_goes_on_after_a_rebuild_went_ahead_of_it(register_url: str) -> None:
    recorder, side = open_recorder(register_url), ReadSide(register_url)
    events = history(4)
    record(recorder, events[:8])
    worker = side.follower(Portions(recorder))
    worker.catch_up()
    record(recorder, events[8:15])
    rebuild(register_url)
    record(recorder, events[15:])
    worker.catch_up()
    assert side.rows() == clean(events)
    side.close()
    recorder.close()


# -- What stops it -----------------------------------------------------------------------


class Faulty(Projection):
    """Fails on one event."""

    name = "faulty.v1"
    tables = ()

    def __init__(self, topic: str, error: type[BaseException]) -> None:
        self.topic = topic
        self.error = error

    def apply(self, batch: Batch, rows: Connection) -> None:
        if any(seen.topic == self.topic for seen in batch):
            raise self.error(f"on {self.topic}")


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_projection_that_fails_leaves_rows_and_position_as_they_were(side: ReadSide, recorder: Recorder, error: type[BaseException]) -> None:
    events = history(2)
    record(recorder, events)
    worker = side.follower(Portions(recorder))
    office = worker.tracks[0]
    faulty = Track(office.store, [*office.projections, Faulty("DecisionNotified", error)], office.decode)
    for _ in range(3):  # it does not get any further by trying
        with pytest.raises(error, match="on DecisionNotified"):
            Follower(Portions(recorder), [faulty]).catch_up()
        reached = faulty.store.position()
        assert events[reached - 1].topic != "DecisionNotified"
        assert [row[0] for row in side.rows()["events"]] == sorted(range(1, reached + 1), key=lambda n: repr((n,)))
    worker.catch_up()
    assert side.rows() == clean(events)


def test_a_follower_that_failed_says_so_and_answers_no_one_with_yes(side: ReadSide, recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    record(recorder, history(1))
    office = side.follower(recorder).tracks[0]
    worker = Follower(recorder, [Track(office.store, [*office.projections, Faulty("ThresholdMet", ValueError)], office.decode)])
    worker.start()
    assert worker.wait_for(recorder.head(), WAIT) is False
    assert isinstance(worker.failed, ValueError)
    assert worker.wait_for(0, WAIT) is False
    worker.stop()
    assert worker.position() == 0
    assert "The follower stopped at position 0: on ThresholdMet" in caplog.text


def store_unknown(recorder: Recorder) -> int:
    """Store an event of a type that a later version of the program knows."""
    event = StoredEvent(named("later"), 1, "SomethingOfALaterVersion", b'{"topic":"SomethingOfALaterVersion"}')
    at = recorder.last_recorded_at() or microseconds(START)
    return recorder.insert_events([event], recorded_at=at)[-1]


def test_an_event_of_an_unknown_type_stops_the_follower_and_is_not_skipped(side: ReadSide, recorder: Recorder) -> None:
    events = history(2)
    record(recorder, events[:7])
    side.fold(recorder)
    before = side.rows()
    unknown = store_unknown(recorder)
    worker = side.follower(Portions(recorder))
    worker.start()
    assert worker.wait_for(unknown, WAIT) is False
    assert isinstance(worker.failed, UnknownEvent)
    assert "SomethingOfALaterVersion" in str(worker.failed)
    assert "nothing was lost" in str(worker.failed)
    worker.stop()
    assert side.rows() == before
    with pytest.raises(UnknownEvent):
        side.fold(recorder)
    assert side.rows() == before


def test_readiness_is_gone_when_the_follower_stops(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path}"
    set_up(url)
    with TestClient(service(Settings(database_url=url))) as client:
        assert client.get("/readyz").status_code == 200
        recorder = open_recorder(url)
        store_unknown(recorder)
        answers = (client.get("/readyz") for _ in range(10_000))
        gone = next(answer for answer in answers if answer.status_code == 503)
        assert gone.text == "not ready\n"
        assert client.get("/healthz").status_code == 200
        assert client.get("/").status_code == 200, "what was folded before is still read"
        recorder.close()


# -- Reading one's own writes ----------------------------------------------------------------


def test_what_one_has_recorded_is_there_after_waiting(opened: Callable[[str], Register], store_url: str) -> None:
    if store_url != "sqlite://":
        set_up(store_url)
    register = opened(store_url)
    register.create(CREATED, demonstration=True)
    register.follower.start()
    for n in range(5):
        stream = case(f"model {n}")
        recorded = register.registry.record(Command(stream, actor(Role.CASE_OFFICER), case_opened(f"model {n}"), START + n * MINUTE))
        assert register.follower.wait_for(recorded.position, WAIT)
        row = register.office.case_row(named(f"model {n}"))
        assert row
        assert row.version == 1
    assert register.follower.position() >= recorded.position


def test_waiting_for_what_never_comes_ends(side: ReadSide, recorder: Recorder) -> None:
    head = record(recorder, history(1))
    idle = side.follower(recorder)
    assert idle.wait_for(head, 0.01) is False, "nobody follows"
    idle.start()
    assert idle.wait_for(head, WAIT)
    assert idle.wait_for(head + 1, 0.01) is False
    idle.stop()


def test_readers_and_the_follower_of_one_store_do_not_get_into_each_others_transactions(side: ReadSide, recorder: Recorder) -> None:
    listing = [listed(START + n * MINUTE, str(n + 1), marketed_names=[f"Model {n}"]) for n in range(150)]
    events = list_events_of(listing)
    head = record(recorder, events)
    worker = side.follower(Portions(recorder, 2))
    worker.start()
    seen = [0]
    while not worker.wait_for(head, 0.0) and worker.failed is None:
        found = side.public.list_at(When(), Filters(), first=200)
        seen.append(found.total)
        assert len(found.entries) <= found.total
    worker.stop()
    assert worker.failed is None
    assert seen == sorted(seen)
    assert side.rows() == clean(events)
