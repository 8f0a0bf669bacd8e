"""What changed on the list, in order and in words; the law as published; how long the public sequence is."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from itertools import product

import pytest

from domain.law.periods import legal_day
from projections.public.questions import Change, FieldChange, When
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import TICK, corrected, events_of, listed, removed, updated
from tests.scenario import brussels, document, fact, threshold_amended

DAY = timedelta(days=1)
MARCH_2, MARCH_20, APRIL_1, MAY_4, JUNE_1 = (brussels(day) for day in ("2026-03-02", "2026-03-20", "2026-04-01", "2026-05-04", "2026-06-01"))
HISTORY = events_of(
    [
        listed(MARCH_2, marketed_names=["Alpah"]),
        listed(MARCH_2, "2", provider_name="Beta AI", provider_country="US"),
        updated(MARCH_20, marketed_names=["Alpah", "Alpha 2"], note="OFF_MARKET", note_on="2026-03-19"),
        corrected(APRIL_1, "marketed_names", "Alpah; Alpha 2", "Alpha; Alpha 2"),
        removed(MAY_4),
        listed(JUNE_1, marketed_names=["Alpha"]),
    ]
)
ONE, TWO = ("Alpha", "Alpha 2"), ("Alpah", "Alpha 2")
CHANGES = (
    Change(1, "PUBLISHED", date(2026, 3, 2), "1", ("Alpah",), "Alpha AI", (), None, 0),
    Change(2, "PUBLISHED", date(2026, 3, 2), "2", ("Alpha",), "Beta AI", (), None, 1),
    Change(
        3, "UPDATED", date(2026, 3, 20), "1", TWO, "Alpha AI",
        (FieldChange("marketed_names", "Alpah", "Alpah; Alpha 2"), FieldChange("note", None, "OFF_MARKET"), FieldChange("note_on", None,
        "2026-03-19")), None, 2,
    ),
    Change(4, "CORRECTED", date(2026, 4, 1), "1", ONE, "Alpha AI", (FieldChange("marketed_names", "Alpah; Alpha 2", "Alpha; Alpha 2"),), None, 3),
    Change(5, "REMOVED", date(2026, 5, 4), "1", ONE, "Alpha AI", (), "NO_LONGER_CLASSIFIED", 4),
    Change(6, "PUBLISHED", date(2026, 6, 1), "1", ("Alpha",), "Alpha AI", (), None, 5),
)  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 100])
def test_every_event_of_the_list_is_a_change_with_what_it_changed(read_side: ReadSide, size: int) -> None:
    read_side.fold(Told.of(HISTORY, [size]))
    assert read_side.public.changes(None, None) == CHANGES


def test_changes_are_asked_for_by_day_both_days_included(read_side: ReadSide) -> None:
    read_side.fold(Told.of(HISTORY))
    changes = read_side.public.changes
    assert changes(legal_day(MARCH_20), legal_day(APRIL_1)) == CHANGES[2:4]
    assert changes(legal_day(MARCH_20) + DAY, legal_day(APRIL_1) - DAY) == ()
    assert changes(None, legal_day(MARCH_2)) == CHANGES[:2]
    assert changes(legal_day(JUNE_1), None) == CHANGES[5:]
    assert changes(legal_day(JUNE_1) + DAY, None) == ()


def ends() -> list[date | None]:
    days = {change.on + n * DAY for change in CHANGES for n in (-1, 0, 1)}
    return [None, date.min, *sorted(days), date.max]


@pytest.mark.parametrize("size", [1, 4, 100])
def test_changes_are_counted_by_kind_between_any_two_days(read_side: ReadSide, size: int) -> None:
    read_side.fold(Told.of(HISTORY, [size]))
    for since, until in product(ends(), ends()):
        told = read_side.public.changes(since, until)
        assert read_side.public.count_changes(since, until) == Counter(change.kind for change in told), (since, until)


def test_changes_are_asked_for_page_by_page(read_side: ReadSide) -> None:
    read_side.fold(Told.of(HISTORY))
    found: list[Change] = []
    while page := read_side.public.changes(None, None, first=4, after=found[-1].number if found else 0):
        found += page
    assert tuple(found) == CHANGES
    assert read_side.public.changes(legal_day(MARCH_20), None, first=1, after=3) == CHANGES[3:4]


def test_the_history_of_an_entry_is_what_was_known_of_it(read_side: ReadSide) -> None:
    read_side.fold(Told.of(HISTORY))
    mine = tuple(change for change in CHANGES if change.list_id == "1")
    assert read_side.public.history("1", When()) == mine
    assert read_side.public.history("2", When()) == CHANGES[1:2]
    assert read_side.public.history("1", When(known_at=APRIL_1)) == mine[:3]
    assert read_side.public.history("1", When(known_at=APRIL_1 - TICK)) == mine[:2]
    assert read_side.public.history("1", When(known_at=MARCH_2 - TICK)) == ()


def test_countries_that_ever_stood_on_the_list_are_sorted(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([listed(MARCH_2, provider_country="US"), updated(MARCH_20, provider_country="BE"), removed(MAY_4)])))
    assert read_side.public.countries() == ("BE", "US")


# -- The law, and the length of the public sequence ------------------------------------

LAWS = [
    (MARCH_2, threshold_amended(1, "1e25", "2025-08-02", published_on="2024-07-12")),
    (
        MARCH_2,
        fact("AnnexXIIIAmended", annex_xiii_version=1, oj_ref="OJ L", published_on="2024-07-12", applies_from="2025-08-02", text_hash=document("a")),
    ),
    (MARCH_20, threshold_amended(2, "10000000000000000000000001", "2027-01-01")),
    (MARCH_20, threshold_amended(3, "0.5", "2027-01-01")),
]


def test_the_law_in_force_on_a_day_is_exact(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of(LAWS), [3, 1]))
    threshold_on = {day: read_side.public.law(date.fromisoformat(day)).threshold for day in ("2025-08-01", "2025-08-02", "2026-12-31", "2027-01-01")}
    assert threshold_on["2025-08-01"] is None
    assert threshold_on["2025-08-02"] == threshold_on["2026-12-31"]
    assert threshold_on["2025-08-02"]
    assert threshold_on["2025-08-02"].value_flop == Decimal(10**25)
    # Of two that apply from the same day the later version counts.
    assert threshold_on["2027-01-01"]
    assert (threshold_on["2027-01-01"].version, threshold_on["2027-01-01"].value_flop) == (3, Decimal("0.5"))
    assert read_side.public.law(date(2025, 8, 1)).annex_xiii_version is None
    assert read_side.public.law(date(2025, 8, 2)).annex_xiii_version == 1


def test_of_two_calendars_of_a_year_the_later_version_counts(read_side: ReadSide) -> None:
    def calendar(version: int, days: list[str]) -> tuple[object, object]:
        data = {"calendar_version": version, "year": 2026, "days": days, "unverified_days": [], "source": "test", "published_on": "2026-01-01"}
        return MARCH_2, fact("HolidayCalendarPublished", **data)

    read_side.fold(Told.of(events_of([calendar(1, ["2026-01-01"]), calendar(2, ["2026-01-01", "2026-05-01"])])))  # type: ignore[list-item]
    (found,) = read_side.public.law(date(2026, 3, 1)).calendars
    assert (found.version, found.days) == (2, (date(2026, 1, 1), date(2026, 5, 1)))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_public_sequence_counts_public_events_only(read_side: ReadSide, size: int) -> None:
    confidential = fact("PublicationHeld", hold="OTHER", on="2026-03-02")
    late = brussels("2026-06-01", 23)
    happened = [*LAWS, (APRIL_1, confidential), (late, listed(late)[1]), (late + DAY, confidential)]
    events = events_of(happened)  # type: ignore[arg-type]
    read_side.fold(Told.of(events, [size]))
    state = read_side.public.state()
    assert (state.position, state.day) == (5, date(2026, 6, 1))
