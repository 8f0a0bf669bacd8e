"""Answers that leave as data: never beyond the published log, always from one state of the list."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.law.periods import legal_day
from domain.record import Event
from projections.public.questions import Known, Listed, When
from projections.public.snapshots import Snapshots
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import TICK, corrected, entry_at, events_of, histories, listed, updated
from tests.scenario import brussels

few = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = When()
HAPPENED = [
    listed(brussels("2026-03-02", 10), "2"),
    listed(brussels("2026-03-02", 10), "1"),
    updated(brussels("2026-04-20", 10), "1", note="OFF_MARKET"),
    corrected(brussels("2026-05-11", 10), "provider_name", "Alpha AI", "Alpha SA", "2"),
]


def folded(side: ReadSide, happened: Iterable[Any]) -> Snapshots:
    side.emptied().fold(Told.of(events_of(happened)))
    return Snapshots(side.stores[1])


def test_the_list_is_in_the_order_of_listing_then_of_numbers(read_side: ReadSide) -> None:
    snapshot = folded(read_side, HAPPENED).snapshot(NOW, None)
    assert [entry.list_id for entry in snapshot.entries] == ["1", "2"]
    assert snapshot.known == Known(4, 4, 4, date(2026, 5, 11), True)


@pytest.mark.parametrize(
    ("published", "known"),
    [
        (4, Known(4, 4, 4, date(2026, 5, 11), True)),
        (3, Known(3, 3, 3, date(2026, 4, 20), False)),
        (1, Known(1, 0, 0, None, False)),  # the two first were published in one instant: half of it was never known
        (9, Known(4, 4, 4, date(2026, 5, 11), False)),
    ],
)
def test_an_answer_goes_as_far_as_list_and_log_both_go(read_side: ReadSide, published: int, known: Known) -> None:
    found = folded(read_side, HAPPENED)
    assert found.snapshot(NOW, published).known == known
    assert found.entry_snapshot("1", NOW, published).known == known


def test_what_was_known_then_names_the_last_change_until_then(in_memory: ReadSide) -> None:
    found = folded(in_memory, HAPPENED)
    then = When(known_at=brussels("2026-04-20", 10))
    assert found.snapshot(then, 4).known == Known(4, 3, 3, date(2026, 4, 20), True)
    assert found.snapshot(When(known_at=brussels("2026-04-20", 10) - TICK), 4).known.position == 2
    assert found.snapshot(When(known_at=brussels("2026-03-01", 10)), 4).known == Known(4, 0, 0, None, True)


def test_an_entry_comes_with_the_history_that_was_known(in_memory: ReadSide) -> None:
    found = folded(in_memory, HAPPENED)
    assert [change.kind for change in found.entry_snapshot("2", NOW, 4).history] == ["PUBLISHED", "CORRECTED"]
    assert [change.kind for change in found.entry_snapshot("2", NOW, 3).history] == ["PUBLISHED"]
    assert found.entry_snapshot("7", NOW, 4).entry is None


def test_the_days_of_changes_are_told_once_each(read_side: ReadSide) -> None:
    found = folded(read_side, HAPPENED)
    assert found.change_days() == (date(2026, 3, 2), date(2026, 4, 20), date(2026, 5, 11))
    assert found.change_days("2") == (date(2026, 3, 2), date(2026, 5, 11))
    assert found.change_days("7") == ()


def test_an_empty_store_has_an_empty_list(read_side: ReadSide) -> None:
    snapshot = Snapshots(read_side.stores[1]).snapshot(NOW, 0)
    assert (snapshot.entries, snapshot.known) == ((), Known(0, 0, 0, None, True))


def check(side: ReadSide, events: list[Event[Any]], published: int) -> None:
    """Compare with a replay of the events that list and published log both have, none of them a part of an instant."""
    beyond = events[published].recorded_at if published < len(events) else None
    for valid_at in [None, *sorted({legal_day(event.recorded_at) for event in events})]:
        for known_at in [None, *sorted({event.recorded_at for event in events})]:
            until = min((at for at in (known_at, beyond and beyond - TICK) if at), default=None)
            ids = sorted({event.stream.key for event in events}, key=int)
            expected = [entry for list_id in ids if (entry := entry_at(events, list_id, valid_at, until))]
            found = Snapshots(side.stores[1]).snapshot(When(valid_at, known_at), published, include_removed=True)
            assert list(found.entries) == sorted(expected, key=place)
            assert found.known.position == sum(until is None or event.recorded_at <= until for event in events)
            assert found.known.position <= published


def place(entry: Listed) -> tuple[date, int]:
    return (entry.listed_on, int(entry.list_id))


@given(histories(), st.integers(0, 10))
@settings(few, max_examples=40)
def test_any_history_and_any_published_log_agree_with_a_replay(in_memory: ReadSide, events: list[Event[Any]], lag: int) -> None:
    check(in_memory.emptied().fold(Told.of(events)), events, max(0, len(events) - lag))


@given(histories(), st.integers(0, 10))
@settings(few, max_examples=4)
def test_they_agree_on_every_database(read_side: ReadSide, events: list[Event[Any]], lag: int) -> None:
    check(read_side.emptied().fold(Told.of(events)), events, max(0, len(events) - lag))


def test_a_day_has_as_many_instants_as_it_takes(in_memory: ReadSide) -> None:
    """Find the first change beyond the log among many, by halving."""
    at = brussels("2026-03-02", 10)
    many = [listed(at + n * timedelta(seconds=1), str(n + 1)) for n in range(40)]
    found = folded(in_memory, many)
    assert [len(found.snapshot(NOW, size).entries) for size in range(41)] == list(range(41))
