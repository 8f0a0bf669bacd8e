"""The clocks of the service: nothing in the domain reads one."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from time import monotonic

from domain.law.periods import legal_day

DAY_HOLDS = 0.2
"""Seconds for which a legal day is not worked out again."""


def server_clock() -> datetime:
    """Return the time of the server: the time of recording of every store that is no demonstration."""
    return datetime.now(UTC)


class LegalDay:
    """The legal day, asked for with every request and so worked out only a few times a second."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._until = 0.0
        self._day = date.min

    def __call__(self) -> date:
        """Return the Brussels day."""
        now = monotonic()
        if now >= self._until:
            self._day, self._until = legal_day(self._clock()), now + DAY_HOLDS
        return self._day
