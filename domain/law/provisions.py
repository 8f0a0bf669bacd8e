"""
The provisions that may be amended, as dated data: compute thresholds, Annex XIII, the Commission's holidays.

A number fixed by the Act stands here once. What a delegated act may change comes from the events of the law's own record.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import TypeVar

from domain.law.periods import Calendars, HolidayCalendar, start_of
from domain.law.settings import Settings

CHAPTER_V = date(2025, 8, 2)
"""Chapter V and Article 78 apply from this day (Article 113(b))."""
CHAPTER_IX = date(2026, 8, 2)
"""Articles 88 to 94 apply from this day (Article 113)."""
LEGACY_TERM = date(2027, 8, 2)
"""Models placed on the market before Chapter V applied comply by this day (Article 111(3))."""
FOREVER = datetime.max.replace(tzinfo=start_of(CHAPTER_V).tzinfo) - timedelta(days=2)
"""End of what has no end."""

Span = tuple[datetime, datetime]
"""A half-open stretch of time [from, to), in aware instants."""


@dataclass(frozen=True, slots=True)
class ThresholdVersion:
    """A compute threshold of Article 51(2) in FLOP, applying from a day on."""

    version: int
    value_flop: Decimal
    published_on: date
    applies_from: date
    presumptions_kept: bool
    known_at: datetime


@dataclass(frozen=True, slots=True)
class AnnexVersion:
    """A version of Annex XIII, applying from a day on."""

    version: int
    applies_from: date
    known_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarVersion:
    """A list of the Commission's holidays of one year, as recorded."""

    calendar: HolidayCalendar
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Law:
    """The law as recorded up to some point, with the judgement settings: an argument of every decision and every question."""

    thresholds: tuple[ThresholdVersion, ...] = ()
    annexes: tuple[AnnexVersion, ...] = ()
    holidays: tuple[CalendarVersion, ...] = ()
    settings: Settings = Settings()

    def known(self, at: datetime) -> "Law":
        """Return the law as it was known at an instant. The settings stay those in force: they are readings, not facts."""
        return Law(
            tuple(t for t in self.thresholds if t.known_at <= at),
            tuple(a for a in self.annexes if a.known_at <= at),
            tuple(c for c in self.holidays if c.known_at <= at),
            self.settings,
        )

    def under(self, day: date) -> "Law":
        """Return the law under the readings that apply on a day."""
        return replace(self, settings=self.settings.on(day))

    def threshold_on(self, day: date) -> ThresholdVersion | None:
        """Return the threshold in force on a day, the last recorded where two apply from the same day."""
        return _applying(self.thresholds, day)

    def annex_on(self, day: date) -> AnnexVersion | None:
        """Return the version of Annex XIII in force on a day."""
        return _applying(self.annexes, day)

    @property
    def calendars(self) -> Calendars:
        """The last recorded list of holidays of every year, for the place that the switch HOLIDAY_LIST names."""
        recorded = Calendars.of(c.calendar for c in self.holidays)
        return recorded.in_luxembourg() if self.settings["HOLIDAY_LIST"] == "Luxembourg" else recorded

    @property
    def calendar_version(self) -> int:
        """Version of the last list of holidays."""
        return max((c.calendar.version for c in self.holidays), default=0)

    def above(self, flop: Decimal, start: datetime) -> list[Span]:
        """
        Return the spans from `start` on in which a compute (FLOP) is strictly greater than the threshold in force.

        Law: Article 51(2), (3). A version that keeps presumptions leaves out models that met the one before it.
        """
        spans: list[Span] = []
        met = False
        for version, (begin, end) in self._versions_in_force():
            if end <= start:
                continue
            kept = version.presumptions_kept or self.settings.on(version.applies_from)["RAISED_THRESHOLD_EFFECT"] == "never_lapses"
            met = flop > version.value_flop or (kept and met)
            if met:
                spans.append((max(begin, start), end))
        return join(spans)

    def _versions_in_force(self) -> Iterable[tuple[ThresholdVersion, Span]]:
        days = sorted({t.applies_from for t in self.thresholds})
        for day, following in pairwise([*days, None]):
            version = self.threshold_on(day) if day else None
            if version and day:
                yield version, (start_of(day), start_of(following) if following else FOREVER)


V = TypeVar("V", ThresholdVersion, AnnexVersion)


def _applying(versions: Iterable[V], day: date) -> V | None:
    in_force = [v for v in versions if v.applies_from <= day]
    return max(in_force, key=lambda v: (v.applies_from, v.version), default=None)


def join(spans: Iterable[Span]) -> list[Span]:
    """Merge spans that touch or overlap."""
    merged: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def minus(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """Take holes out of spans."""
    left = join(spans)
    for hole_begin, hole_end in holes:
        left = [part for begin, end in left for part in ((begin, min(end, hole_begin)), (max(begin, hole_end), end)) if part[0] < part[1]]
    return left
