"""The list in numbers, and two days compared: against the lists themselves, whatever happened."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings

from domain.law.periods import legal_day, start_of
from domain.public import CONTENT_FIELDS
from domain.record import Event
from projections.public.answers import PublicList
from projections.public.questions import Filters, Listed, When
from registry_site.public.comparison import AXES, compared, two_days_asked
from registry_site.public.statistics import LIMITS, statistics
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import START, events_of, histories, listed, removed
from tests.read_models.test_published_list import few, many, pairs

ALL = Filters(include_removed=True)
NOW = start_of(date(2027, 12, 31))


def entries_at(public: PublicList, when: When) -> dict[str, Listed]:
    return {entry.list_id: entry for entry in public.list_at(when, ALL).entries}


def check_figures(public: PublicList, events: list[Event[Any]]) -> None:
    for when in pairs(events):
        entries = entries_at(public, when).values()
        on_list = [entry for entry in entries if entry.removed_on is None]
        found = public.figures(when)
        assert dict(found.countries) == Counter(entry.provider_country for entry in on_list), when
        assert dict(found.grounds) == Counter(ground for entry in on_list for ground in entry.public_grounds), when
        assert dict(found.standing) == Counter(entry.listed_on for entry in on_list), when
        assert {(came, went): n for came, went, n in found.gone} == Counter(
            (entry.listed_on, entry.removed_on) for entry in entries if entry.removed_on
        ), when
        assert sum(more - fewer for _, more, fewer in found.days) == len(on_list), when
        assert public.entries(["1", "2", "404"], when) == entries_at(public, when)


@given(histories())
@settings(few, max_examples=4)
def test_every_figure_is_what_the_list_says_on_every_database(read_side: ReadSide, events: list[Event[Any]]) -> None:
    check_figures(read_side.emptied().fold(Told.of(events)).public, events)


@given(histories())
@many
def test_the_line_and_the_months_pass_through_the_number_on_each_day(in_memory: ReadSide, events: list[Event[Any]]) -> None:
    public = in_memory.emptied().fold(Told.of(events)).public
    until = legal_day(events[-1].recorded_at) + timedelta(days=40)
    found = statistics(public.figures(When()), until)
    standing = {day: public.list_at(When(valid_at=day), Filters()).on_list for day in days_between(legal_day(START), until)}
    assert [standing[day] for day, _ in found.points] == [number for _, number in found.points]
    ends = [*(month.first_day - timedelta(days=1) for month in found.months[1:]), until]
    assert [month.at_end for month in found.months] == [standing[day] for day in ends]
    assert sum(span.standing for span in found.spans) == found.on_list == standing[until]


def days_between(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


# -- Two days compared -------------------------------------------------------------------


@given(histories())
@many
def test_a_comparison_tells_the_difference_of_the_two_lists_and_nothing_else(in_memory: ReadSide, events: list[Event[Any]]) -> None:
    public = in_memory.emptied().fold(Told.of(events)).public
    days = sorted({legal_day(event.recorded_at) + timedelta(days=n) for event in events for n in (-1, 0, 1)})
    for since, until in [*pairwise(days), (days[0], days[-1])]:
        for axis in AXES:
            check_comparison(public, axis, since, until)


def check_comparison(public: PublicList, axis: str, since: date, until: date) -> None:
    asked = two_days_asked({"axis": axis, "from": str(since), "to": str(until)}, NOW)
    assert asked
    found = compared(public, asked)
    assert found
    before, after = (standing(public, when(axis, day)) for day in (since, until))
    assert {entry.list_id for entry in found.added} == after.keys() - before.keys()
    assert {entry.list_id for entry in found.removed} == before.keys() - after.keys()
    told = {change.entry.list_id: {field.field for field in change.fields} for change in found.changed}
    assert told == {list_id: fields for list_id in before.keys() & after.keys() if (fields := differing(before[list_id], after[list_id]))}, (
        axis,
        since,
        until,
    )


def when(axis: str, day: date) -> When:
    return When(valid_at=day) if axis == "valid" else When(known_at=end_of(day))


def end_of(day: date) -> datetime:
    return start_of(day + timedelta(days=1)) - timedelta(microseconds=1)


def standing(public: PublicList, at: When) -> dict[str, Listed]:
    return {list_id: entry for list_id, entry in entries_at(public, at).items() if entry.removed_on is None}


def differing(before: Listed, after: Listed) -> set[str]:
    return {name for name in ("listed_on", *CONTENT_FIELDS) if getattr(before, name) != getattr(after, name)}


# -- Time on the list ----------------------------------------------------------------------


def test_each_group_of_days_ends_with_its_last_day(in_memory: ReadSide) -> None:
    public = in_memory.fold(Told.of(events_of([listed(START)]))).public
    for n, limit in enumerate(LIMITS):
        for days, group in ((limit, n), (limit + 1, n + 1)):
            found = statistics(public.figures(When()), legal_day(START) + timedelta(days=days))
            assert [span.standing for span in found.spans] == [int(each == group) for each in range(len(LIMITS) + 1)]


def test_a_removed_entry_counts_the_days_until_it_was_removed(in_memory: ReadSide) -> None:
    events = events_of([listed(START), removed(START + timedelta(days=91))])
    found = statistics(in_memory.fold(Told.of(events)).public.figures(When()), legal_day(START) + timedelta(days=900))
    assert (found.on_list, found.removed) == (0, 1)
    assert [span.gone for span in found.spans] == [0, 1, 0, 0, 0]
