"""
What a visitor asked for in an address: read strictly, or refused with what to do about it.

Only parameters a page knows are taken. A bare day is a Brussels day; a bare `known_at` means its end; an instant needs an offset.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeVar
from urllib.parse import parse_qsl

from domain.law.periods import BRUSSELS, legal_day, start_of
from projections.public.questions import When

Complaint = Literal[
    "UNKNOWN_PARAMETER",
    "GIVEN_TWICE",
    "NOT_READABLE",
    "NOT_A_DAY",
    "NOT_A_TIME",
    "NO_OFFSET",
    "NOT_A_TEXT",
    "NOT_A_CHOICE",
    "NOT_A_PAGE",
    "NO_SUCH_PAGE",
    "DAYS_REVERSED",
    "DAY_MISSING",
    "NOT_A_NUMBER",
    "NO_SUCH_ENTRY",
    "NO_SUCH_SIZE",
    "SIZES_REVERSED",
    "NO_FILE",
    "NOT_A_KEY",
    "NOT_A_FORM",
]

Choice = TypeVar("Choice")

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# A plus sign that was not encoded arrives as a space; before an offset it can mean nothing else.
INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?)(Z|[+ -][0-9]{2}:[0-9]{2})?", re.ASCII)
PAGE = re.compile(r"[1-9][0-9]{0,6}", re.ASCII)
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}", re.ASCII)

FIRST_YEAR, LAST_YEAR = 1900, 2999  # keeps arithmetic with days inside the calendar
LONGEST_SEARCH = 200
MOST_PARAMETERS = 20


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one parameter; the words are the page's."""

    parameter: str
    complaint: Complaint
    given: str = ""


class BadQuestion(Exception):
    """The address asks for something that the page cannot answer."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems


def parameters(query: bytes, known: Collection[str], most: int = MOST_PARAMETERS) -> dict[str, str]:
    """
    Read a query string, or a form that was sent; what was left empty counts as not given.

    Raises: BadQuestion for what is unknown, given twice, or not UTF-8.
    """
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=most, errors="strict")
    except ValueError:
        raise BadQuestion(Problem("", "NOT_READABLE")) from None
    problems = [Problem(name, "UNKNOWN_PARAMETER") for name, _ in pairs if name not in known]
    names = [name for name, _ in pairs]
    problems += [Problem(name, "GIVEN_TWICE") for name in dict.fromkeys(names) if name in known and names.count(name) > 1]
    if problems:
        raise BadQuestion(*problems)
    return {name: text.strip() for name, text in pairs if text.strip()}


def day_asked(name: str, text: str) -> date:
    """
    Read a day, YYYY-MM-DD and nothing else.

    Raises: BadQuestion when it is not one.
    """
    try:
        day = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise BadQuestion(Problem(name, "NOT_A_DAY", text))
    return day


def time_asked(name: str, text: str) -> date | datetime:
    """
    Read a day or an instant with its offset from UTC.

    Raises: BadQuestion for a naive instant and for what is neither.
    """
    found = INSTANT.fullmatch(text)
    if found is None:
        return _day_of_a_time(name, text)
    moment, offset = found.groups()
    if offset is None:
        raise BadQuestion(Problem(name, "NO_OFFSET", text))
    try:
        instant = datetime.fromisoformat(moment + offset.replace(" ", "+"))
    except ValueError:
        raise BadQuestion(Problem(name, "NOT_A_TIME", text)) from None
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise BadQuestion(Problem(name, "NOT_A_TIME", text))
    return instant


def _day_of_a_time(name: str, text: str) -> date:
    try:
        return day_asked(name, text)
    except BadQuestion:
        raise BadQuestion(Problem(name, "NOT_A_TIME", text)) from None


def text_asked(name: str, text: str) -> str:
    """
    Read words to search for, in one spelling of each letter.

    Raises: BadQuestion for control characters and for more than 200 characters.
    """
    words = unicodedata.normalize("NFC", text)
    if len(words) > LONGEST_SEARCH or any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in words):
        raise BadQuestion(Problem(name, "NOT_A_TEXT"))
    return words


def choice_asked(name: str, text: str, choices: Mapping[str, Choice]) -> Choice:
    """
    Read one of the choices.

    Raises: BadQuestion for anything else.
    """
    if text not in choices:
        raise BadQuestion(Problem(name, "NOT_A_CHOICE", text))
    return choices[text]


def page_asked(text: str) -> int:
    """
    Read a page number, from 1.

    Raises: BadQuestion when it is not one.
    """
    if not PAGE.fullmatch(text):
        raise BadQuestion(Problem("page", "NOT_A_PAGE", text))
    return int(text)


def number_asked(name: str, text: str) -> int:
    """
    Read a number of the log, from 0, in plain digits.

    Raises: BadQuestion when it is not one.
    """
    if not NUMBER.fullmatch(text):
        raise BadQuestion(Problem(name, "NOT_A_NUMBER", text))
    return int(text)


@dataclass(frozen=True, slots=True)
class AnotherDay:
    """The pair of times as it was asked for; empty means now."""

    when: When = When()
    valid_text: str = ""
    known_text: str = ""
    known_on: date | None = None
    known_instant: datetime | None = None  # only where an instant was asked for; the page repeats it in Brussels time
    today: date | None = None

    @property
    def asked(self) -> bool:
        """Tell whether the visitor asked for another day at all."""
        return bool(self.valid_text or self.known_text)

    @property
    def shown_on(self) -> date | None:
        """Give the day whose list is shown."""
        return self.when.valid_at or self.known_on

    @property
    def hour_to_come(self) -> bool:
        """Tell whether an instant was asked for that has not come yet. What is known now is no answer to keep for it."""
        return self.known_instant is not None and self.when.known_at is None

    @property
    def still_to_come(self) -> bool:
        """Tell whether a day or an instant was asked for that has not come yet."""
        days = [day for day in (self.when.valid_at, self.known_on) if day is not None]
        return self.hour_to_come or (self.today is not None and any(day > self.today for day in days))

    @property
    def changes_after(self) -> date | None:
        """Give the day after which changes make the difference to now."""
        return min((day for day in (self.when.valid_at, self.known_on) if day is not None), default=None)

    @property
    def given(self) -> dict[str, str]:
        """Give the parameters again, for links that keep the day."""
        return {name: text for name, text in (("valid_at", self.valid_text), ("known_at", self.known_text)) if text}


def another_day(given: Mapping[str, str], now: datetime) -> AnotherDay:
    """
    Read `valid_at` and `known_at`.

    Raises: BadQuestion for what is neither a day nor an instant with an offset.
    """
    valid_text, known_text = given.get("valid_at", ""), given.get("known_at", "")
    valid = time_asked("valid_at", valid_text) if valid_text else None
    known = time_asked("known_at", known_text) if known_text else None
    valid_on, known_on = _day_of(valid), _day_of(known)
    when = When(valid_at=valid_on, known_at=_known_instant(known, now))
    known_instant = known.astimezone(BRUSSELS) if isinstance(known, datetime) else None
    return AnotherDay(when, valid_text, known_text, known_on, known_instant, legal_day(now))


def _day_of(time: date | datetime | None) -> date | None:
    return legal_day(time) if isinstance(time, datetime) else time


def _known_instant(known: date | datetime | None, now: datetime) -> datetime | None:
    """Give the instant meant: a bare day is its end in Brussels; what has not come yet is now."""
    if known is None:
        return None
    instant = known if isinstance(known, datetime) else start_of(known + timedelta(days=1)) - timedelta(microseconds=1)
    return instant if instant <= now else None
