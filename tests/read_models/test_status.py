"""The status of cases at any pair of times: rectangles against the fold, at every boundary and just beside it."""

import os
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.read_models import tracks
from api.wiring import Register
from domain.ids import LAW, REGISTER, Stream
from domain.record import Event
from projections.follower import Track
from projections.office.questions import CaseFilter
from projections.office.status import StatusSpans
from projections.store import ALWAYS
from tests.read_models.cases import TICK, Folded, edges, events_of, histories, rectangles, status_in
from tests.read_models.folding import ReadSide, Told
from tests.scenario import ALPHA, brussels, case, decided, document, fact, informed, opened, provider, threshold_amended, threshold_met

portions = st.lists(st.integers(1, 5), min_size=1, max_size=5)
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
few = settings(max_examples=2_000 if FULL else 6, derandomize=not FULL, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(few, max_examples=2_000 if FULL else 30)


def check(side: ReadSide, events: list[Event[object]], *, every: int = 1) -> int:
    """Compare rectangles and fold at every boundary of both times; return how many pairs were compared."""
    folded, found, compared = Folded(events), rectangles(side.stores[0]), 0
    for stream in list(folded.cases)[::every]:
        mine = found.get(stream.key, [])
        boundaries = edges(mine, events[-1].recorded_at)
        for known_at in folded.known_moments(stream):
            fold = folded.at(stream, known_at)
            assert fold(boundaries[0]) == folded.standing(stream, boundaries[0], known_at)
            for valid_at in boundaries:
                assert status_in(mine, valid_at, known_at) == fold(valid_at), (str(stream), valid_at, known_at)
                compared += 1
    return compared


@given(histories(), portions)
@many
def test_rectangles_say_what_the_fold_says(in_memory: ReadSide, events: list[Event[object]], sizes: list[int]) -> None:
    assert check(in_memory.emptied().fold(Told.of(events, sizes)), events)


@given(histories(), portions)
@many
def test_batches_of_any_size_leave_the_same_rows(in_memory: ReadSide, events: list[Event[object]], sizes: list[int]) -> None:
    at_once = in_memory.emptied().fold(Told.of(events)).rows()
    assert in_memory.emptied().fold(Told.of(events, sizes)).rows() == at_once


@given(histories(), portions)
@few
def test_every_database_holds_the_same_rows(read_side: ReadSide, in_memory: ReadSide, events: list[Event[object]], sizes: list[int]) -> None:
    expected = in_memory.emptied().fold(Told.of(events)).rows()
    assert read_side.emptied().fold(Told.of(events, sizes)).rows() == expected
    assert check(read_side, events), "on every database, at every boundary"


def test_every_case_of_the_demonstration_stands_as_the_fold_says(in_memory: ReadSide, demonstration: Register) -> None:
    raw = demonstration.recorder.raw_events(0, 1_000_000)
    in_memory.fold(Told(raw))
    events = [in_memory.decoder.event(topic, state) for _, topic, state in raw]
    assert check(in_memory, events, every=6) > 1_000


@pytest.mark.slow
def test_every_single_case_of_the_demonstration_stands_as_the_fold_says(in_memory: ReadSide, demonstration: Register) -> None:
    raw = demonstration.recorder.raw_events(0, 1_000_000)
    in_memory.fold(Told(raw))
    events = [in_memory.decoder.event(topic, state) for _, topic, state in raw]
    assert check(in_memory, events) > 5_000


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.slow), pytest.param(2, marks=pytest.mark.slow), 13, 100])
def test_the_demonstration_leaves_the_same_rows_in_batches_of_any_size(in_memory: ReadSide, demonstration: Register, size: int) -> None:
    raw = demonstration.recorder.raw_events(0, 1_000_000)
    at_once = ReadSide("sqlite://").fold(Told(raw))
    assert in_memory.fold(Told(raw, [size])).rows() == at_once.rows()
    at_once.close()


# -- By hand -------------------------------------------------------------------------

MARCH_2, MARCH_10, JUNE_3 = brussels("2026-03-02"), brussels("2026-03-10"), brussels("2026-06-03")
MET_ON = brussels("2026-03-01", 0)
ALPHA_ID = UUID(ALPHA.key)


def history(*more: tuple[object, Stream, object]) -> list[Event[object]]:
    law = (MARCH_2, Stream("law"), threshold_amended(1, "1e25", "2025-08-02", published_on="2024-07-12"))
    return events_of([law, (MARCH_2, ALPHA, opened()), (MARCH_2, ALPHA, provider()), *more])  # type: ignore[list-item]


def test_a_case_is_classified_from_the_day_and_known_to_be_from_the_recording(read_side: ReadSide) -> None:
    read_side.fold(Told.of(history((MARCH_10, ALPHA, threshold_met("2026-03-01")))))
    status = read_side.office.status
    assert status(ALPHA_ID, MET_ON, MARCH_10).status == "CLASSIFIED"
    assert status(ALPHA_ID, MET_ON - TICK, MARCH_10).status == "NOT_CLASSIFIED"
    assert status(ALPHA_ID, MET_ON, MARCH_10 - TICK).status == "NOT_CLASSIFIED"
    now = status(ALPHA_ID, JUNE_3)
    assert (now.status, now.valid_from, now.valid_to) == ("CLASSIFIED", MET_ON, None)
    assert now.grounds == ({"ground": "PRESUMED", "from": "2026-03-01T00:00:00+01:00", "to": None},)
    assert status(UUID(int=0), JUNE_3).status == "NOT_CLASSIFIED"


def test_what_two_events_of_one_instant_undo_was_never_known(read_side: ReadSide) -> None:
    accepted = (MARCH_10, ALPHA, decided("ArgumentsAccepted", "acceptance", "2026-03-10"))
    told = (MARCH_10, ALPHA, informed("acceptance", MARCH_10))
    read_side.fold(Told.of(history((MARCH_10, ALPHA, threshold_met("2026-03-01")), accepted, told), [1]))
    mine = rectangles(read_side.stores[0])[ALPHA.key]
    assert all(row.known_from < row.known_to for row in mine)
    assert {row.status for row in mine if row.known_to == ALWAYS} == {"NOT_CLASSIFIED", "CLASSIFIED", "CLEARED"}
    assert read_side.office.status(ALPHA_ID, MARCH_10, MARCH_10).status == "CLEARED"
    assert read_side.office.status(ALPHA_ID, MARCH_10 - TICK, MARCH_10).status == "CLASSIFIED"


def test_a_threshold_raised_moves_every_case_at_the_moment_it_is_known(read_side: ReadSide) -> None:
    raised = (JUNE_3, Stream("law"), threshold_amended(2, "1e26", "2027-01-01"))
    beta = [(MARCH_10, case("beta"), opened("beta")), (MARCH_10, case("beta"), threshold_met("2026-03-01", "2e26"))]
    read_side.fold(Told.of(history((MARCH_10, ALPHA, threshold_met("2026-03-01")), *beta, raised), [3]))
    day, status = brussels("2027-01-01", 0), read_side.office.status
    assert status(ALPHA_ID, day, JUNE_3 - TICK).status == "CLASSIFIED"
    assert status(ALPHA_ID, day, JUNE_3).status == "FORMERLY_CLASSIFIED"
    assert status(ALPHA_ID, day - TICK, JUNE_3).status == "CLASSIFIED"
    assert status(UUID(case("beta").key), day, JUNE_3).status == "CLASSIFIED"


def test_cases_are_found_by_status_at_a_pair_of_times(read_side: ReadSide) -> None:
    beta = (MARCH_10, case("beta"), opened("beta"))
    read_side.fold(Told.of(history((MARCH_10, ALPHA, threshold_met("2026-03-01")), beta)))

    def found(status: str, valid_at: object, known_at: object) -> list[str]:
        wanted = CaseFilter(status=status, valid_at=valid_at, known_at=known_at)  # type: ignore[arg-type]
        return [row.internal_name for _, row in read_side.office.cases(wanted, first=10)]

    assert found("CLASSIFIED", MARCH_10, MARCH_10) == ["Alpha"]
    assert found("NOT_CLASSIFIED", MARCH_10, MARCH_10) == ["Beta"]
    assert found("CLASSIFIED", MET_ON - TICK, MARCH_10) == []
    assert found("NOT_CLASSIFIED", MET_ON - TICK, MARCH_10) == ["Alpha", "Beta"]
    assert found("NOT_CLASSIFIED", MARCH_10, MARCH_10 - TICK) == ["Alpha"]


def test_a_switch_set_for_a_day_ahead_moves_rectangles_on_that_day(read_side: ReadSide) -> None:
    raised = (MARCH_10, LAW, threshold_amended(2, "1e26", "2026-06-01"))
    switched = fact(
        "JudgementSettingChanged", settings_version=2, switch="RAISED_THRESHOLD_EFFECT", old_value="lapses", new_value="never_lapses",
        applies_from="2026-05-01", reasons_hash=document("reasons"),
    )  # fmt: skip
    events = history((MARCH_10, ALPHA, threshold_met("2026-03-01")), raised, (MARCH_10, REGISTER, switched))
    read_side.fold(Told.of(events))
    asked = (brussels("2026-07-01"), brussels("2026-05-02"))
    assert read_side.office.status(ALPHA_ID, *asked).status == read_side.office.standing(ALPHA_ID, *asked).status


@pytest.mark.parametrize(
    ("stream", "last", "read"),
    [
        (REGISTER, fact("SealPublished", day="2026-03-10", commitment_hash=document("seal"), day_tree_root_hash=document("root")), 0),
        (LAW, threshold_amended(2, "1e26", "2027-01-01"), 21),
    ],
)
def test_a_seal_works_out_no_case_anew_and_a_threshold_all_of_them(in_memory: ReadSide, stream: Stream, last: object, read: int) -> None:
    events = history(*[(MARCH_10, case(str(n)), opened(str(n))) for n in range(20)], (JUNE_3, stream, last))
    in_memory.fold(Told.of(events[:-1]))
    topics: list[str] = []

    def reading(topic: str, state: bytes) -> Event[object]:
        topics.append(topic)
        return in_memory.decoder.event(topic, state)

    office = tracks(*in_memory.stores, in_memory.decoder)[0]
    Track(office.store, [StatusSpans(reading)], office.decode).step(Told.of(events))
    assert topics.count("ModelCaseOpened") == read
