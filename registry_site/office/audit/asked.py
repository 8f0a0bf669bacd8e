"""What an auditor asks for in an address, beside what every page of the office knows: times and references."""

from datetime import date, datetime, timedelta
from uuid import UUID

from domain.law.periods import start_of
from domain.types import instant
from registry_site.office.asked import BadQuestion
from registry_site.office.desk import Desk
from registry_site.office.times import Times, times_of

_DAY_LENGTH = len("2026-03-10")


def times_asked(desk: Desk, given: dict[str, str]) -> Times:
    """
    Read the pair of times, now by default.

    Raises: BadQuestion.
    """
    now = desk.clock()
    return times_of(given, now, desk.office.law(now).settings["LEGAL_DAY_IN_QUERIES"])


def reference_asked(given: dict[str, str], name: str) -> UUID | None:
    """
    Read the reference of somebody or the number of a case.

    Raises: BadQuestion.
    """
    try:
        return UUID(given[name]) if name in given else None
    except ValueError:
        raise BadQuestion(name) from None


def moment_asked(given: dict[str, str], name: str, *, end: bool = False) -> datetime | None:
    """
    Read a moment; a bare day means its beginning in Brussels, or its end.

    Raises: BadQuestion.
    """
    if (text := given.get(name)) is None:
        return None
    try:
        if len(text) != _DAY_LENGTH:
            return instant(text)
        day = date.fromisoformat(text)
        return start_of(day + timedelta(days=1)) - timedelta(microseconds=1) if end else start_of(day)
    except (ValueError, OverflowError):
        raise BadQuestion(name) from None
