"""The verb `deadline`: a legal date of the procedure, with its arithmetic."""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml
from pydantic import TypeAdapter, ValidationError

from domain.law.periods import (
    Calendars,
    HolidayCalendar,
    LegalDate,
    first_day_after_months,
    last_day_within_weeks,
    legal_day,
    nth_working_day_after,
)
from domain.types import Day, instant

if TYPE_CHECKING:
    from argparse import _SubParsersAction

LARGEST_NUMBER = 9999  # of any unit, from any day that can be written, this stays inside the calendar
_DAY: TypeAdapter[date] = TypeAdapter(Day)
_TEXT = """\
Compute a legal date under Regulation 1182/71, with the European Commission's holidays in Brussels:

  weeks         last day of "within two weeks after"
  months        first day of "at the earliest six months after"
  working-days  day on which the N-th working day falls"""
_EXAMPLES = """\
examples:
  registry deadline weeks 2 --after 2026-11-07
  registry deadline months 6 --after 2026-08-31
  registry deadline working-days 10 --after 2026-12-17T09:00:00+01:00 --json

A date is provisional if a day mattered for it that is not checked against the published list of holidays."""


def _shipped_calendars() -> Calendars:
    text = files("domain.law").joinpath("data/calendars.yaml").read_text(encoding="utf-8")
    return Calendars.of(
        HolidayCalendar(
            year=each["year"],
            days=frozenset(each["days"]),
            unverified_days=frozenset(each["unverified_days"]),
            version=each["version"],
            source=each["source"],
        )
        for each in yaml.safe_load(text)["calendars"]
    )


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]", load_calendars: Callable[[], Calendars] = _shipped_calendars) -> None:
    """Add `deadline`; the calendars are read only when a date is asked for."""
    parser = subparsers.add_parser(
        "deadline",
        help="a legal date with its arithmetic",
        description=_TEXT,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("unit", choices=("weeks", "months", "working-days"))
    parser.add_argument("number", type=_number, metavar="N", help="how many of them")
    parser.add_argument("--after", type=_event_day, required=True, metavar="DATE", help="day of the event, or its instant with offset")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(func=lambda args: _deadline(args, load_calendars()))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= LARGEST_NUMBER):
        raise ArgumentTypeError(f"must be a whole number from 1 to {LARGEST_NUMBER}")
    return int(text)


def _event_day(text: str) -> date:
    try:
        return legal_day(instant(text)) if "T" in text else _DAY.validate_python(text)
    except ValidationError as wrong:
        raise ArgumentTypeError(wrong.errors()[0]["msg"].removeprefix("Value error, ")) from None
    except ValueError as wrong:
        raise ArgumentTypeError(str(wrong)) from None


def _deadline(args: Namespace, calendars: Calendars) -> int:
    answer = _legal_date(args.unit, args.after, args.number, calendars)
    print(_as_json(args, answer) if args.json else _as_text(answer))
    return 0


def _legal_date(unit: str, event_day: date, number: int, calendars: Calendars) -> LegalDate:
    if unit == "weeks":
        return last_day_within_weeks(event_day, number, calendars)
    if unit == "months":
        return first_day_after_months(event_day, number)
    return nth_working_day_after(event_day, number, calendars)


def _as_json(args: Namespace, answer: LegalDate) -> str:
    name = "first_admissible" if args.unit == "months" else "due"
    asked = {"unit": args.unit, "number": args.number, "after": args.after.isoformat()}
    return json.dumps(
        {**asked, name: answer.day.isoformat(), "provisional": answer.provisional, "arithmetic": list(answer.arithmetic)},
        ensure_ascii=False,
        indent=2,
    )


def _as_text(answer: LegalDate) -> str:
    mark = " (provisional)" if answer.provisional else ""
    return "\n".join([f"{answer.day}{mark}", *(f"  {sentence}" for sentence in answer.arithmetic)])
