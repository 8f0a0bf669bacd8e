"""The published list at any pair of times: rectangles against a replay of everything."""

import os
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from domain.law.periods import legal_day
from domain.record import Event
from projections.public.published_list import LAST_DAY
from projections.public.questions import Filters, When
from projections.public.tables import entries
from projections.store import ALWAYS, microseconds
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import CONTENT, START, TICK, corrected, entry_at, events_of, histories, listed, plain, removed, updated
from tests.scenario import brussels

ALL = Filters(include_removed=True)
DAY = timedelta(days=1)
portions = st.lists(st.integers(1, 4), min_size=1, max_size=5)
FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
few = settings(derandomize=not FULL, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
many = settings(few, max_examples=2_000 if FULL else 25)


def pairs(events: list[Event[Any]]) -> Iterator[When]:
    """Return every pair of times at which an answer could change, with those just before."""
    days = {legal_day(e.recorded_at) + n * DAY for e in events for n in (-1, 0, 1)}
    moments = {e.recorded_at + n * TICK for e in events for n in (-1, 0, 1)}
    yield from (When(valid_at, known_at) for valid_at, known_at in product([None, *sorted(days)], [None, *sorted(moments)]))


def check(side: ReadSide, events: list[Event[Any]]) -> None:
    """Compare every answer with a replay."""
    list_ids = sorted({event.stream.key for event in events})
    for when in pairs(events):
        expected = {list_id: entry_at(events, list_id, when.valid_at, when.known_at) for list_id in list_ids}
        listing = side.public.list_at(when, ALL)
        assert {entry.list_id: plain(entry) for entry in listing.entries} == {key: plain(entry) for key, entry in expected.items() if entry}, when
        assert listing.total == len(listing.entries)
        assert listing.on_list == sum(entry is not None and entry.removed_on is None for entry in expected.values())


@given(histories(), portions)
@many
def test_every_answer_is_what_a_replay_says(in_memory: ReadSide, events: list[Event[Any]], sizes: list[int]) -> None:
    check(in_memory.emptied().fold(Told.of(events, sizes)), events)


@given(histories(), portions)
@settings(few, max_examples=6)
def test_every_answer_is_what_a_replay_says_on_every_database(read_side: ReadSide, events: list[Event[Any]], sizes: list[int]) -> None:
    check(read_side.emptied().fold(Told.of(events, sizes)), events)


@given(histories(), portions)
@many
def test_batches_of_any_size_leave_the_same_rows(in_memory: ReadSide, events: list[Event[Any]], sizes: list[int]) -> None:
    at_once = in_memory.emptied().fold(Told.of(events)).rows()
    assert in_memory.emptied().fold(Told.of(events, sizes)).rows() == at_once
    assert in_memory.emptied().fold(Told.of(events, [1])).rows() == at_once


@given(histories())
@many
def test_the_rectangles_of_an_entry_cover_both_times_once(in_memory: ReadSide, events: list[Event[Any]]) -> None:
    in_memory.emptied().fold(Told.of(events))
    with in_memory.stores[1].reading() as rows:
        found = rows.execute(select(entries)).all()
    for list_id in {event.stream.key for event in events}:
        mine = [row for row in found if row.list_id == list_id]
        assert all(row.valid_from < row.valid_to and row.known_from < row.known_to for row in mine)
        moments = sorted({event.recorded_at for event in events if event.stream.key == list_id})
        assert {row.known_to for row in mine} <= {ALWAYS, *map(microseconds, moments)}
        for moment in map(microseconds, moments):
            known = sorted((row for row in mine if row.known_from <= moment < row.known_to), key=lambda row: row.valid_from)
            assert known[0].valid_from == legal_day(moments[0]).toordinal()
            assert known[-1].valid_to == LAST_DAY
            assert all(before.valid_to == after.valid_from for before, after in pairwise(known))
        assert not any(row.known_from < microseconds(moments[0]) for row in mine)


# -- By hand -------------------------------------------------------------------------

NOON = brussels("2026-03-02")
LATER = brussels("2026-03-20", 10)


def names(side: ReadSide, valid_at: date | None = None, known_at: Any = None) -> list[str]:
    return [entry.marketed_names[0] for entry in side.public.list_at(When(valid_at, known_at), Filters()).entries]


def test_an_entry_is_on_the_list_from_its_day_and_known_from_its_instant(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(NOON)])))
    day = legal_day(NOON)
    assert names(read_side) == names(read_side, day, NOON) == names(read_side, day + DAY, NOON) == ["Alpha"]
    assert names(read_side, day - DAY) == names(read_side, day, NOON - TICK) == names(read_side, day - DAY, NOON) == []
    assert names(read_side, date(2099, 1, 1)) == ["Alpha"]


def test_the_last_day_of_the_calendar_is_a_day_like_any_other(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(NOON)])))
    assert names(read_side, date.max) == names(read_side, date.max - DAY) == ["Alpha"]
    assert names(read_side, date.min) == []


def test_a_misprint_is_known_to_have_been_one_all_along(read_side: ReadSide) -> None:
    history = [listed(NOON, marketed_names=["Alpah"]), corrected(LATER, "marketed_names", "Alpah", "Alpha")]
    read_side.fold(Told.of(events_of(history)))
    day = legal_day(NOON)
    assert names(read_side, day, LATER - TICK) == ["Alpah"]
    assert names(read_side, day, LATER) == names(read_side, day) == ["Alpha"]


def test_an_update_leaves_what_was_said_before_its_day(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(NOON), updated(LATER, marketed_names=["Alpha 2"])])))
    assert names(read_side, legal_day(LATER) - DAY) == ["Alpha"]
    assert names(read_side, legal_day(LATER)) == ["Alpha 2"]


def test_what_is_removed_leaves_a_tombstone_and_can_come_back(read_side: ReadSide) -> None:
    again = LATER + 30 * DAY
    read_side.fold(Told.of(events_of([listed(NOON), removed(LATER, reason="ANNULLED"), listed(again)])))
    tombstone = read_side.public.entry("1", When(legal_day(LATER)))
    assert tombstone
    assert (tombstone.removed_on, tombstone.public_reason, tombstone.listed_on) == (legal_day(LATER), "ANNULLED", legal_day(NOON))
    back = read_side.public.entry("1", When())
    assert back
    assert (back.removed_on, back.public_reason, back.listed_on) == (None, None, legal_day(again))
    assert read_side.public.list_at(When(legal_day(LATER)), Filters()).on_list == 0
    assert read_side.public.list_at(When(legal_day(LATER)), ALL).total == 1


def test_an_entry_made_and_removed_at_one_instant_was_never_on_the_list(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(NOON), removed(NOON, reason="ENTERED_IN_ERROR")]), [1]))
    assert names(read_side, legal_day(NOON)) == names(read_side) == []
    assert read_side.public.entry("1", When()) is not None
    assert len(read_side.rows()["entries"]) == 1


def test_an_unknown_entry_is_none(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(NOON)])))
    assert read_side.public.entry("2", When()) is None
    assert read_side.public.entry("1", When(legal_day(NOON) - DAY)) is None
    assert read_side.public.history("2", When()) == ()


def test_an_empty_list_answers(read_side: ReadSide) -> None:
    listing = read_side.public.list_at(When(), ALL)
    assert (listing.entries, listing.total, listing.on_list) == ((), 0, 0)
    assert read_side.public.changes(None, None) == ()
    assert read_side.public.countries() == ()
    assert (read_side.public.state().position, read_side.public.state().day, read_side.public.state().demonstration) == (0, None, False)
    assert read_side.public.law(date(2026, 3, 1)).threshold is None


def test_the_oracle_is_told_from_the_fold_when_they_differ(read_side: ReadSide) -> None:
    """A replay that forgets the last event is found out."""
    events = events_of([listed(START), updated(START + DAY, provider_country="US")])
    read_side.fold(Told.of(events))
    with pytest.raises(AssertionError):
        check(read_side, events[:-1])
    assert CONTENT["provider_country"] == "FR"
