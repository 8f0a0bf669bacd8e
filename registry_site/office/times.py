"""The pair of times that a page is asked for: when something was true, and when the register knew it."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from domain.law.periods import legal_day, meant_by
from domain.types import instant
from registry_site.office.asked import BadQuestion

TIMES = ("valid_at", "known_at")
_DAY_LENGTH = len("2026-03-10")


@dataclass(frozen=True, slots=True)
class Times:
    """Two moments, with what of them was asked for; what was not is now."""

    valid_at: datetime
    known_at: datetime
    given: dict[str, str]

    @property
    def asked(self) -> bool:
        """Tell whether anything but now was asked for."""
        return bool(self.given)

    @property
    def query(self) -> str:
        """Give the end of an address that asks for the same times."""
        return f"?{urlencode(self.given)}" if self.given else ""

    def text(self, name: str) -> str:
        """Give what stands in a field of the form: what was asked for, else the day."""
        return self.given.get(name) or legal_day(getattr(self, name)).isoformat()


def times_of(given: dict[str, str], now: datetime, reading: str) -> Times:
    """
    Read the times asked for. A bare day means its end in Brussels, or its start (switch LEGAL_DAY_IN_QUERIES); nothing is known ahead of now.

    Raises: BadQuestion for what is neither a day nor an instant with its offset.
    """
    asked = {name: given[name] for name in TIMES if name in given}
    found = {name: _moment(name, text, reading) for name, text in asked.items()}
    return Times(found.get("valid_at", now), min(found.get("known_at", now), now), asked)


def _moment(name: str, text: str, reading: str) -> datetime:
    try:
        return meant_by(date.fromisoformat(text), reading) if len(text) == _DAY_LENGTH else instant(text)
    except (ValueError, OverflowError):
        raise BadQuestion(name) from None
