"""Legal days and periods: the vectors of the procedure and of the law, both sides of each, and what must always hold."""

import argparse
import json
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from api.cli import deadline
from domain.law.periods import (
    BRUSSELS,
    Calendars,
    HolidayCalendar,
    first_day_after_months,
    last_day_within_weeks,
    legal_day,
    meant_by,
    nth_working_day_after,
    roll,
    start_of,
)
from domain.types import YEARS


def shipped() -> Calendars:
    text = files("domain.law").joinpath("data/calendars.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)["calendars"]
    return Calendars.of(HolidayCalendar(r["year"], frozenset(r["days"]), frozenset(r["unverified_days"]), r["version"], r["source"]) for r in rows)


COMMISSION = shipped()
FINAL, PROVISIONAL = False, True


def day(text: str) -> date:
    return date.fromisoformat(text)


# -- Within two weeks, Article 52(1) --------------------------------------------

TWO_WEEKS = [
    ("2025-08-02", "2025-08-18", FINAL),
    ("2025-12-18", "2026-01-05", PROVISIONAL),
    ("2026-03-20", "2026-04-07", FINAL),
    ("2026-05-01", "2026-05-18", PROVISIONAL),
    ("2026-07-07", "2026-07-22", FINAL),
    ("2026-10-19", "2026-11-03", PROVISIONAL),
    ("2026-11-06", "2026-11-20", FINAL),
    ("2026-11-07", "2026-11-23", FINAL),
    *((f"2026-12-{n}", "2027-01-04", PROVISIONAL) for n in range(10, 18)),
    *((f"2026-12-{n}", "2027-01-04", FINAL) for n in range(18, 22)),
    ("2027-03-12", "2027-03-30", FINAL),
    # T3 of the procedure: a Sunday and a Monday are looked at, no doubtful day
    ("2026-03-01", "2026-03-16", FINAL),
    # the other side of each: the day before, the day after
    ("2025-08-01", "2025-08-18", FINAL),
    ("2025-08-04", "2025-08-18", FINAL),
    ("2025-08-05", "2025-08-19", FINAL),
    ("2025-12-09", "2025-12-23", FINAL),
    ("2025-12-22", "2026-01-05", FINAL),
    ("2025-12-23", "2026-01-06", FINAL),
    ("2026-03-18", "2026-04-01", FINAL),
    ("2026-03-19", "2026-04-07", PROVISIONAL),
    ("2026-03-24", "2026-04-07", FINAL),
    ("2026-03-25", "2026-04-08", FINAL),
    ("2026-04-29", "2026-05-13", FINAL),
    ("2026-05-04", "2026-05-18", FINAL),
    ("2026-07-06", "2026-07-20", FINAL),
    ("2026-07-08", "2026-07-22", FINAL),
    ("2026-10-16", "2026-10-30", FINAL),
    ("2026-10-17", "2026-11-03", PROVISIONAL),
    ("2026-10-20", "2026-11-03", FINAL),
    ("2026-11-09", "2026-11-23", FINAL),
    ("2026-12-09", "2026-12-23", FINAL),
    ("2026-12-22", "2027-01-05", FINAL),
    ("2027-03-10", "2027-03-24", FINAL),
    ("2027-03-11", "2027-03-30", PROVISIONAL),
    ("2027-03-16", "2027-03-30", FINAL),
    # a working day that may yet become a bridging day
    ("2028-04-24", "2028-05-08", PROVISIONAL),
    # no list for the year of the last day
    ("2028-12-19", "2029-01-02", PROVISIONAL),
]


@pytest.mark.parametrize(("event_day", "due", "provisional"), TWO_WEEKS)
def test_two_weeks_end_on_the_same_day_of_the_week_or_the_next_working_day(event_day: str, due: str, provisional: bool) -> None:
    result = last_day_within_weeks(day(event_day), 2, COMMISSION)
    assert (result.day, result.provisional) == (day(due), provisional)


def test_a_weekend_of_a_year_without_a_list_is_not_in_doubt_but_the_monday_after_it_is() -> None:
    known_to_2027 = Calendars({year: each for year, each in COMMISSION.by_year.items() if year <= 2027})
    assert not known_to_2027.is_doubtful(day("2028-01-01"))
    assert known_to_2027.is_doubtful(day("2028-01-03"))
    assert known_to_2027.is_working(day("2028-01-03"))
    assert last_day_within_weeks(day("2027-12-20"), 2, known_to_2027).provisional


def test_the_arithmetic_names_the_rule_the_skipped_days_and_the_unverified_day() -> None:
    assert last_day_within_weeks(day("2026-10-17"), 2, COMMISSION).arithmetic == (
        "The day of the event, Saturday 17 October 2026, is not part of the period (Regulation 1182/71, Article 3(1)).",
        "2 weeks after it, on the same day of the week, is Saturday 31 October 2026 (Article 3(2)(c)).",
        "Saturday 31 October 2026 and Sunday 1 November 2026 are a weekend: the period runs to the following working day (Article 3(4)).",
        "Monday 2 November 2026 is a Commission holiday (Brussels): the period runs to the following working day (Article 3(4)).",
        "The period ends with the last hour of Tuesday 3 November 2026, at 24:00 in Brussels.",
        "Provisional: not checked against the published list of Commission holidays: Monday 2 November 2026.",
    )


def test_one_week_over_the_end_of_the_year_points_to_the_two_working_days_of_article_3_5() -> None:
    short, enough = (last_day_within_weeks(day(f"2026-12-{n}"), 1, COMMISSION) for n in (24, 22))
    assert any("Article 3(5)" in sentence for sentence in short.arithmetic)
    assert not any("Article 3(5)" in sentence for sentence in enough.arithmetic)


# -- Six months, Article 52(5) ----------------------------------------------------

SIX_MONTHS = [
    ("2026-08-27", "2027-02-28"),
    ("2026-08-28", "2027-03-01"),
    ("2026-08-29", "2027-03-01"),
    ("2026-08-30", "2027-03-01"),
    ("2026-08-31", "2027-03-01"),
    ("2026-09-01", "2027-03-02"),
    ("2027-08-28", "2028-02-29"),
    ("2027-08-29", "2028-03-01"),
    ("2027-08-31", "2028-03-01"),
    ("2027-09-01", "2028-03-02"),
    ("2026-03-30", "2026-10-01"),
    ("2026-03-31", "2026-10-01"),
    ("2026-04-01", "2026-10-02"),
    ("2026-10-30", "2027-05-01"),
    ("2026-10-31", "2027-05-01"),
    ("2026-11-01", "2027-05-02"),
    ("2026-11-20", "2027-05-21"),
    ("2027-02-27", "2027-08-28"),
    ("2027-02-28", "2027-08-29"),
    ("2027-03-01", "2027-09-02"),
]


@pytest.mark.parametrize(("event_day", "first"), SIX_MONTHS)
def test_six_months_end_on_the_same_date_and_are_never_provisional(event_day: str, first: str) -> None:
    result = first_day_after_months(day(event_day), 6)
    assert (result.day, result.provisional) == (day(first), False)


def test_the_other_readings_of_the_waiting_period() -> None:
    event_day = day("2026-08-27")  # ends on Saturday 27 February 2027
    assert first_day_after_months(event_day, 6, first_day_next=False).day == day("2027-02-27")
    assert first_day_after_months(event_day, 6, rolls=True, calendars=COMMISSION).day == day("2027-03-02")
    assert first_day_after_months(event_day, 6, rolls=True, first_day_next=False, calendars=COMMISSION).day == day("2027-03-01")
    assert first_day_after_months(day("2027-05-02"), 6, rolls=True, calendars=COMMISSION).provisional
    with pytest.raises(ValueError, match="calendars"):
        first_day_after_months(event_day, 6, rolls=True)


def test_the_arithmetic_of_a_month_without_such_a_day() -> None:
    assert first_day_after_months(day("2026-08-31"), 6).arithmetic == (
        "The day of the event, Monday 31 August 2026, is not part of the period (Regulation 1182/71, Article 3(1)).",
        "6 months after it, February 2027 has no day 31: its last day is Sunday 28 February 2027 (Article 3(2)(c)).",
        "A waiting period is not extended to a working day (Article 5(1) excludes Article 3(4)).",
        "The period ends with the last hour of Sunday 28 February 2027; the first day after it is Monday 1 March 2027, from 00:00 in Brussels.",
    )


# -- Working days -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event_day", "n", "expected", "provisional"),
    [
        ("2026-11-20", 10, "2026-12-04", FINAL),
        ("2026-11-19", 10, "2026-12-03", FINAL),
        ("2026-11-23", 10, "2026-12-07", FINAL),
        ("2026-12-17", 10, "2027-01-11", PROVISIONAL),
        ("2026-12-16", 10, "2027-01-08", PROVISIONAL),
        ("2026-12-18", 10, "2027-01-12", PROVISIONAL),
        ("2026-12-09", 10, "2026-12-23", FINAL),
        ("2026-12-10", 10, "2027-01-04", PROVISIONAL),
        ("2026-12-31", 1, "2027-01-04", FINAL),
        ("2026-11-20", 1, "2026-11-23", FINAL),
        # counted as a working day, but it may yet become a bridging day
        ("2028-05-05", 1, "2028-05-08", PROVISIONAL),
    ],
)
def test_the_nth_working_day(event_day: str, n: int, expected: str, provisional: bool) -> None:
    result = nth_working_day_after(day(event_day), n, COMMISSION)
    assert (result.day, result.provisional) == (day(expected), provisional)


def test_the_arithmetic_of_working_days() -> None:
    assert nth_working_day_after(day("2026-10-30"), 2, COMMISSION).arithmetic == (
        "The day of the event, Friday 30 October 2026, is not part of the period (Regulation 1182/71, Article 3(1)).",
        "2 working days are counted from Saturday 31 October 2026 (Article 2(2), Article 3(3)).",
        "Saturday 31 October 2026 and Sunday 1 November 2026 are a weekend: not counted.",
        "Monday 2 November 2026 is a Commission holiday (Brussels): not counted.",
        "Working day number 2 is Wednesday 4 November 2026.",
        "Provisional: not checked against the published list of Commission holidays: Monday 2 November 2026.",
    )


def test_the_later_reading_takes_a_possible_bridging_day_for_a_holiday() -> None:
    event_day = day("2028-05-05")
    later = nth_working_day_after(event_day, 1, COMMISSION.later_reading())
    assert (later.day, later.provisional) == (day("2028-05-10"), PROVISIONAL)
    assert nth_working_day_after(event_day, 1, COMMISSION).day == day("2028-05-08")


@pytest.mark.parametrize("number", [0, -1])
def test_a_period_has_at_least_one_unit(number: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        last_day_within_weeks(day("2026-11-20"), number, COMMISSION)
    with pytest.raises(ValueError, match="at least one"):
        first_day_after_months(day("2026-11-20"), number)
    with pytest.raises(ValueError, match="at least one"):
        nth_working_day_after(day("2026-11-20"), number, COMMISSION)


# -- Legal days ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2026-11-20T22:59:59+00:00", "2026-11-20"),
        ("2026-11-20T23:00:00+00:00", "2026-11-21"),
        ("2026-11-20T23:30:00+00:00", "2026-11-21"),
        ("2026-07-20T21:59:59+00:00", "2026-07-20"),
        ("2026-07-20T22:00:00+00:00", "2026-07-21"),
    ],
)
def test_the_legal_day_is_the_day_in_brussels(instant: str, expected: str) -> None:
    assert legal_day(datetime.fromisoformat(instant)) == day(expected)


def test_a_naive_instant_has_no_legal_day() -> None:
    with pytest.raises(ValueError, match="offset"):
        legal_day(datetime.fromisoformat("2026-11-20T23:30:00"))


def test_a_day_starts_at_midnight_in_brussels_in_both_offsets() -> None:
    assert start_of(day("2025-08-02")).astimezone(UTC) == datetime(2025, 8, 1, 22, tzinfo=UTC)
    assert start_of(day("2026-11-21")).astimezone(UTC) == datetime(2026, 11, 20, 23, tzinfo=UTC)
    assert start_of(day("2026-11-21")).tzinfo is BRUSSELS


# -- The shipped calendars ----------------------------------------------------------


def easter(year: int) -> date:
    """Easter Sunday by the anonymous Gregorian computus: an independent check of the derived lists."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    w = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * w) // 451
    return date(year, (h + w - 7 * m + 114) // 31, (h + w - 7 * m + 114) % 31 + 1)


def pattern(year: int) -> frozenset[date]:
    moving = (easter(year) + timedelta(days=n) for n in (-3, -2, 1, 39, 40, 50))
    fixed = ((1, 1), (1, 2), (5, 1), (5, 9), (7, 21), (8, 15), (11, 1), (11, 2), *((12, n) for n in range(24, 32)))
    return frozenset(d for d in (*moving, *(date(year, month, n) for month, n in fixed)) if d.weekday() < 5)


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028])
def test_the_shipped_lists_follow_the_pattern_of_the_published_ones(year: int) -> None:
    assert COMMISSION.by_year[year].days == pattern(year)


def test_what_the_shipped_lists_leave_unverified() -> None:
    assert COMMISSION.by_year[2027].unverified_days == frozenset(
        map(day, ["2027-03-25", "2027-05-07", "2027-11-02", "2027-12-24", *(f"2027-12-{n}" for n in range(27, 32))])
    )
    assert COMMISSION.by_year[2028].unverified_days == pattern(2028) | {day("2028-05-08"), day("2028-08-14")}


def test_the_highest_version_of_a_year_is_used() -> None:
    first = HolidayCalendar(2026, frozenset({day("2026-11-02")}), frozenset(), 1, "derived")
    second = HolidayCalendar(2026, frozenset(), frozenset(), 2, "official")
    assert Calendars.of([second, first]).by_year == {2026: second}


# -- What must always hold ------------------------------------------------------------

DAYS = st.dates(date(2024, 6, 1), date(2029, 6, 1))
NUMBERS = st.integers(1, 30)


@given(DAYS, DAYS, NUMBERS)
def test_a_later_event_never_has_an_earlier_date(one: date, other: date, n: int) -> None:
    early, late = sorted((one, other))
    assert last_day_within_weeks(early, n, COMMISSION).day <= last_day_within_weeks(late, n, COMMISSION).day
    assert first_day_after_months(early, n).day <= first_day_after_months(late, n).day
    assert nth_working_day_after(early, n, COMMISSION).day <= nth_working_day_after(late, n, COMMISSION).day


@given(DAYS, NUMBERS)
def test_a_period_never_ends_on_a_day_that_is_no_working_day(event_day: date, n: int) -> None:
    assert COMMISSION.is_working(last_day_within_weeks(event_day, n, COMMISSION).day)
    assert COMMISSION.is_working(nth_working_day_after(event_day, n, COMMISSION).day)


@given(DAYS)
def test_a_roll_is_idempotent_and_skips_no_working_day(start: date) -> None:
    end = roll(start, COMMISSION)
    assert roll(end, COMMISSION) == end
    assert not any(COMMISSION.is_working(start + timedelta(days=n)) for n in range((end - start).days))


@given(DAYS, NUMBERS)
def test_exactly_n_working_days_are_counted(event_day: date, n: int) -> None:
    end = nth_working_day_after(event_day, n, COMMISSION).day
    assert sum(COMMISSION.is_working(event_day + timedelta(days=k)) for k in range(1, (end - event_day).days + 1)) == n


@given(DAYS)
def test_two_weeks_always_hold_the_two_working_days_of_article_3_5(event_day: date) -> None:
    assert not any("3(5)" in sentence for sentence in last_day_within_weeks(event_day, 2, COMMISSION).arithmetic)


@given(DAYS, NUMBERS)
def test_the_later_reading_is_never_earlier(event_day: date, n: int) -> None:
    later = COMMISSION.later_reading()
    assert nth_working_day_after(event_day, n, COMMISSION).day <= nth_working_day_after(event_day, n, later).day


@given(DAYS, NUMBERS)
def test_a_provisional_date_says_which_day_is_in_doubt(event_day: date, n: int) -> None:
    for result in (last_day_within_weeks(event_day, n, COMMISSION), nth_working_day_after(event_day, n, COMMISSION)):
        assert result.provisional == result.arithmetic[-1].startswith("Provisional:")


# -- The verb ---------------------------------------------------------------------------


def registry(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="registry")
    deadline.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(words)
    code: int = args.func(args)
    return code


def test_the_verb_answers_with_the_arithmetic(capsys: pytest.CaptureFixture[str]) -> None:
    assert registry("deadline", "weeks", "2", "--after", "2026-11-07") == 0
    assert capsys.readouterr().out.splitlines()[0] == "2026-11-23"


@pytest.mark.parametrize(
    ("unit", "number", "after", "name", "expected"),
    [
        ("weeks", "2", "2026-10-19", "due", "2026-11-03"),
        ("months", "6", "2026-08-31", "first_admissible", "2027-03-01"),
        ("working-days", "10", "2026-12-17T09:00:00+01:00", "due", "2027-01-11"),
    ],
)
def test_the_verb_as_json(capsys: pytest.CaptureFixture[str], unit: str, number: str, after: str, name: str, expected: str) -> None:
    assert registry("deadline", unit, number, "--after", after, "--json") == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer[name] == expected
    assert answer["provisional"] is (unit != "months")
    assert answer["arithmetic"]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("weeks", "0", "--after", "2026-11-07"), "argument N"),
        (("weeks", "2", "--after", "2026-11-07T10:00:00"), "--after"),
        (("weeks", "2", "--after", "20261107"), "--after"),
    ],
)
def test_wrong_usage_names_the_option(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], option: str) -> None:
    with pytest.raises(SystemExit) as left:
        registry("deadline", *words)
    assert left.value.code == 2
    assert option in capsys.readouterr().err


def test_the_furthest_period_stays_inside_the_calendar() -> None:
    assert registry("deadline", "months", "9999", "--after", f"{YEARS[-1]}-12-31") == 0
    with pytest.raises(SystemExit):
        registry("deadline", "months", "9999", "--after", f"{YEARS[-1] + 1}-01-01")


def test_a_bare_day_means_its_last_instant_in_brussels_or_by_the_switch_its_first() -> None:
    assert meant_by(date(2026, 3, 29)) == start_of(date(2026, 3, 30)) - timedelta(microseconds=1)
    assert meant_by(date(2026, 3, 29), "end") == meant_by(date(2026, 3, 29))
    assert meant_by(date(2026, 3, 29), "start") == start_of(date(2026, 3, 29))
