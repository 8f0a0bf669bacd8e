"""
Legal days and periods, each with its arithmetic in plain sentences.

Law: Regulation (EEC, Euratom) No 1182/71, Articles 2, 3 and 5; judgment C-171/03, Toeters.
"""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")  # LEGAL_TZ: the place where action is to be taken

# Fixed tables: the machine's locale must not change a legal text.
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")

_ONE_DAY = timedelta(days=1)


# -- Days -----------------------------------------------------------------------


def legal_day(instant: datetime) -> date:
    """
    Give the civil day in Brussels on which an instant falls.

    Raises: ValueError for an instant without an offset.
    """
    if instant.utcoffset() is None:
        raise ValueError("An instant without an offset from UTC has no legal day.")
    return instant.astimezone(BRUSSELS).date()


def start_of(day: date) -> datetime:
    """Give 00:00 of the day in Brussels."""
    return datetime.combine(day, time.min, tzinfo=BRUSSELS)


def meant_by(day: date, reading: str = "end") -> datetime:
    """Give the instant that a bare day means in a question: its end in Brussels, or its start (switch LEGAL_DAY_IN_QUERIES)."""
    return start_of(day) if reading == "start" else start_of(day + _ONE_DAY) - timedelta(microseconds=1)


def in_words(day: date) -> str:
    """Write a day as "Monday 4 January 2027"."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


# -- Calendars, Article 2 -------------------------------------------------------


@dataclass(frozen=True)
class HolidayCalendar:
    """
    The Commission's holidays (Brussels) of one year, as published or as derived.

    `unverified_days` are holidays, and possible bridging days, that were not checked for that very day.
    """

    year: int
    days: frozenset[date]
    unverified_days: frozenset[date]
    version: int
    source: str


@dataclass(frozen=True)
class Calendars:
    """The holiday calendars by year; a year may be missing."""

    by_year: Mapping[int, HolidayCalendar] = field(default_factory=dict)

    @classmethod
    def of(cls, calendars: Iterable[HolidayCalendar]) -> "Calendars":
        """Keep, of each year, the calendar with the highest version."""
        return cls({each.year: each for each in sorted(calendars, key=lambda each: each.version)})

    def is_working(self, day: date) -> bool:
        """
        Tell a working day; Monday to Friday of a year without a list is taken for one.

        Law: Regulation 1182/71, Article 2(2).
        """
        return not _is_weekend(day) and not self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        """Tell whether the list of the day's year names the day."""
        listed = self.by_year.get(day.year)
        return listed is not None and day in listed.days

    def is_doubtful(self, day: date) -> bool:
        """Tell a day from Monday to Friday that no list covers, or that the list has not verified."""
        if _is_weekend(day):
            return False
        listed = self.by_year.get(day.year)
        return listed is None or day in listed.unverified_days

    def later_reading(self) -> "Calendars":
        """Take every unverified day for a holiday: the reading that binds the Commission in D3 and D9."""
        return Calendars({year: replace(each, days=each.days | each.unverified_days) for year, each in self.by_year.items()})

    def in_luxembourg(self) -> "Calendars":
        """Take the Commission's holidays in Luxembourg: 23 June, the national day, in place of 21 July (switch HOLIDAY_LIST)."""
        return Calendars({year: replace(each, days=each.days - {date(year, 7, 21)} | {date(year, 6, 23)}) for year, each in self.by_year.items()})


@dataclass(frozen=True)
class LegalDate:
    """A day, whether a doubtful day mattered for it, and the sentences that lead to it."""

    day: date
    provisional: bool
    arithmetic: tuple[str, ...]


# -- Periods, Article 3 ---------------------------------------------------------


def last_day_within_weeks(event_day: date, weeks: int, calendars: Calendars) -> LegalDate:
    """
    Give the last day, until 24:00 in Brussels, of "within two weeks after".

    Law: Regulation 1182/71, Article 3(1), 3(2)(c), 3(4); C-171/03 (Monday to Monday).
    Raises: ValueError for less than one week.
    """
    _require_one(weeks)
    expiry = event_day + timedelta(weeks=weeks)
    looked_at = tuple(_up_to_working_day(expiry, calendars))
    return _legal_date(
        looked_at[-1],
        looked_at,
        calendars,
        _excludes(event_day),
        f"{_count(weeks, 'week')} after it, on the same day of the week, is {in_words(expiry)} (Article 3(2)(c)).",
        *_moves_on(looked_at, calendars),
        f"The period ends with the last hour of {in_words(looked_at[-1])}, at 24:00 in Brussels.",
        *_lacks_working_days(event_day, looked_at[-1], calendars),
    )


def first_day_after_months(
    event_day: date, months: int, *, rolls: bool = False, first_day_next: bool = True, calendars: Calendars | None = None
) -> LegalDate:
    """
    Give the first day, from 00:00 in Brussels, of "at the earliest six months after".

    `rolls` and `first_day_next` are the switches WAITING_PERIOD_ROLLS and WAITING_PERIOD_FIRST_DAY.
    Law: Regulation 1182/71, Article 3(1), 3(2)(c); Article 5(1) keeps 3(4) from a waiting period.
    Raises: ValueError for less than one month, or a roll without calendars.
    """
    _require_one(months)
    expiry = _add_months(event_day, months)
    if rolls and calendars is None:
        raise ValueError("A waiting period that ends on a working day needs calendars.")
    # Without a roll no calendar is looked at, so nothing can be in doubt.
    in_use = calendars if rolls and calendars is not None else Calendars()
    looked_at = tuple(_up_to_working_day(expiry, in_use)) if rolls else ()
    end = looked_at[-1] if rolls else expiry
    first = end + _ONE_DAY if first_day_next else end
    return _legal_date(
        first,
        looked_at,
        in_use,
        _excludes(event_day),
        _same_date(event_day, months, expiry),
        *(_moves_on(looked_at, in_use) if rolls else (_STAYS,)),
        _first_day(end, first),
    )


def nth_working_day_after(event_day: date, n: int, calendars: Calendars) -> LegalDate:
    """
    Give the day on which the n-th working day after the event falls.

    Law: Regulation 1182/71, Article 2(2), 3(1), 3(3).
    Raises: ValueError for less than one working day.
    """
    _require_one(n)
    looked_at = tuple(_up_to_nth_working_day(event_day, n, calendars))
    return _legal_date(
        looked_at[-1],
        looked_at,
        calendars,
        _excludes(event_day),
        f"{_count(n, 'working day')} {'is' if n == 1 else 'are'} counted from {in_words(looked_at[0])} (Article 2(2), Article 3(3)).",
        *(f"{_not_working(run, reason)}: not counted." for run, reason in _skipped(looked_at, calendars)),
        f"Working day number {n} is {in_words(looked_at[-1])}.",
    )


def roll(day: date, calendars: Calendars) -> date:
    """
    Give the day itself if it is a working day, else the following working day.

    Law: Regulation 1182/71, Article 3(4).
    """
    return tuple(_up_to_working_day(day, calendars))[-1]


def _up_to_working_day(day: date, calendars: Calendars) -> Iterator[date]:
    while not calendars.is_working(day):
        yield day
        day += _ONE_DAY
    yield day


def _up_to_nth_working_day(event_day: date, n: int, calendars: Calendars) -> Iterator[date]:
    day = event_day
    while n:
        day += _ONE_DAY
        n -= calendars.is_working(day)
        yield day


def _add_months(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    # "the last day of that month", if it has no such date
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _is_weekend(day: date) -> bool:
    return day.weekday() >= 5


def _require_one(number: int) -> None:
    if number < 1:
        raise ValueError("A period has at least one week, month or working day.")


# -- Sentences ------------------------------------------------------------------

_STAYS = "A waiting period is not extended to a working day (Article 5(1) excludes Article 3(4))."


def _legal_date(day: date, looked_at: Sequence[date], calendars: Calendars, *sentences: str) -> LegalDate:
    doubtful = tuple(each for each in looked_at if calendars.is_doubtful(each))
    return LegalDate(day, bool(doubtful), (*sentences, *_doubts(doubtful, calendars)))


def _excludes(event_day: date) -> str:
    return f"The day of the event, {in_words(event_day)}, is not part of the period (Regulation 1182/71, Article 3(1))."


def _same_date(event_day: date, months: int, expiry: date) -> str:
    if expiry.day == event_day.day:
        return f"{_count(months, 'month')} after it, on the same date, is {in_words(expiry)} (Article 3(2)(c))."
    month = f"{_MONTHS[expiry.month - 1]} {expiry.year}"
    return f"{_count(months, 'month')} after it, {month} has no day {event_day.day}: its last day is {in_words(expiry)} (Article 3(2)(c))."


def _first_day(end: date, first: date) -> str:
    if first == end:
        return f"The first day is the date on which the period ends, {in_words(end)}, from 00:00 in Brussels."
    return f"The period ends with the last hour of {in_words(end)}; the first day after it is {in_words(first)}, from 00:00 in Brussels."


def _moves_on(looked_at: Sequence[date], calendars: Calendars) -> Iterator[str]:
    for run, reason in _skipped(looked_at, calendars):
        yield f"{_not_working(run, reason)}: the period runs to the following working day (Article 3(4))."


def _skipped(looked_at: Sequence[date], calendars: Calendars) -> Iterator[tuple[tuple[date, ...], str]]:
    """Give each run of consecutive days that are no working days for one reason."""
    for reason, run in groupby(looked_at, key=lambda day: _reason(day, calendars)):
        if reason:
            yield tuple(run), reason


def _reason(day: date, calendars: Calendars) -> str:
    if _is_weekend(day):
        return "weekend"
    return "holiday" if calendars.is_holiday(day) else ""


_ONE = {"weekend": "falls on a weekend", "holiday": "is a Commission holiday (Brussels)"}
_SEVERAL = {"weekend": "are a weekend", "holiday": "are Commission holidays (Brussels)"}


def _not_working(run: Sequence[date], reason: str) -> str:
    first, last = in_words(run[0]), in_words(run[-1])
    if len(run) == 1:
        return f"{first} {_ONE[reason]}"
    return f"{first} {'and' if len(run) == 2 else 'to'} {last} {_SEVERAL[reason]}"


def _lacks_working_days(event_day: date, last: date, calendars: Calendars) -> Iterator[str]:
    """Say so where Article 3(5) could be invoked; a period of two weeks never comes here."""
    days = (event_day + timedelta(days=n) for n in range(1, (last - event_day).days + 1))
    if sum(map(calendars.is_working, days)) < 2:
        yield "Check: the period has fewer than the two working days of Article 3(5)."


def _doubts(doubtful: Sequence[date], calendars: Calendars) -> Iterator[str]:
    for year, days in groupby(doubtful, key=lambda day: day.year):
        if year in calendars.by_year:
            named = ", ".join(map(in_words, days))
            yield f"Provisional: not checked against the published list of Commission holidays: {named}."
        else:
            yield f"Provisional: there is no list of Commission holidays for {year}."


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
