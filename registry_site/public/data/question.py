"""What is asked of a data address: the pair of times, read as the pages read it, and held to the days that the list has had."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from domain.law.periods import legal_day
from registry_site.public.asked import AnotherDay, another_day, choice_asked, parameters
from registry_site.public.list_question import YES_OR_NO

TIMES = ("valid_at", "known_at")


class OutsideTheRecord(Exception):
    """A day was asked for on which there was no list yet, or that has not come."""

    def __init__(self, parameter: str, earliest: date, latest: date) -> None:
        super().__init__(parameter, earliest, latest)
        self.parameter = parameter
        self.earliest = earliest
        self.latest = latest


@dataclass(frozen=True, slots=True)
class DataQuestion:
    """A pair of times, and whether removed entries are wanted too."""

    day: AnotherDay
    include_removed: bool = False

    @property
    def given(self) -> dict[str, str]:
        """Give the parameters again, for the addresses of other forms of the same answer."""
        return {**self.day.given, **({"include_removed": "true"} if self.include_removed else {})}

    def address(self, path: str) -> str:
        """Give the address of another form of the same answer."""
        return f"{path}?{urlencode(self.given)}" if self.given else path

    @property
    def times(self) -> dict[str, str | None]:
        """Write the pair of times in one spelling; null is now."""
        return {"valid_at": _text(self.day.when.valid_at), "known_at": _text(self.day.known_instant or self.day.known_on)}


def _text(time: date | datetime | None) -> str | None:
    if isinstance(time, datetime):
        return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return time.isoformat() if time else None


def data_question(query: bytes, known: Collection[str], now: datetime, first_day: date | None) -> DataQuestion:
    """
    Read a question about the days from `first_day`, that of the first entry ever, to today.

    Raises: BadQuestion for what cannot be read; OutsideTheRecord for other days.
    """
    given = parameters(query, known)
    day = another_day(given, now)
    today = legal_day(now)
    for name, asked in zip(TIMES, (day.when.valid_at, day.known_on), strict=True):
        if asked is not None and not (first_day or date.min) <= asked <= today:
            raise OutsideTheRecord(name, first_day or today, today)
    if day.hour_to_come:
        raise OutsideTheRecord("known_at", first_day or today, today)
    return DataQuestion(day, choice_asked("include_removed", given.get("include_removed", "false"), YES_OR_NO))
