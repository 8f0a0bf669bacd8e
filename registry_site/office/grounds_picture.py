"""The grounds of a case over time as a picture: bars for periods, lines for the events that move them. Drawn here, without scripts or styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date
from markupsafe import Markup

from domain.law.periods import legal_day
from domain.law.provisions import FOREVER, Span
from domain.status import Ground
from registry_site.ui.charts import BOTTOM, RIGHT, ROW, WIDTH, line, picture, ticks, words

LABELS = 160
TOP = 34
SHORTEST = 90
"""Days that the picture spans at least."""
APART = 18
"""Numbers of events closer than this would cover each other: then the line stands without its number."""
NAMES = {Ground.PRESUMED: "Presumed, 51(1)(a)", Ground.DECLARED: "Declared, 52(1)", Ground.DESIGNATED: "Designated, 52(4)"}


@dataclass(frozen=True, slots=True)
class Mark:
    """An event in the picture: its number in the table of events, and the day on which it happened."""

    number: int
    day: date


@dataclass(frozen=True, slots=True)
class Frame:
    """The days that the picture shows, from edge to edge."""

    since: date
    until: date

    def x(self, day: date) -> int:
        """Give the place of a day; what lies outside stands at the edge."""
        inside = min(max(day, self.since), self.until)
        return LABELS + (WIDTH - RIGHT - LABELS) * (inside - self.since).days // (self.until - self.since).days


def grounds_picture(spans: dict[Ground, list[Span]], marks: Sequence[Mark], today: date, *, title: str, finding: str) -> Markup:
    """Draw a row for each ground that was ever active; the day asked about is a broken line."""
    shown = {ground: found for ground, found in spans.items() if found}
    frame = _frame([day for found in shown.values() for span in found for day in _days(span)], marks, today)
    bottom = TOP + ROW * max(len(shown), 1)
    rows = Markup().join(_row(frame, ground, found, TOP + ROW * n) for n, (ground, found) in enumerate(shown.items()))
    now = line(frame.x(today), TOP - 8, frame.x(today), bottom, "limit")
    drawn = _axis(frame, bottom) + _lines(frame, marks, bottom) + rows + now
    return picture("grounds-picture", bottom + BOTTOM, title, finding, drawn)


def _days(span: Span) -> list[date]:
    return [legal_day(moment) for moment in span if moment < FOREVER]


def _frame(days: list[date], marks: Sequence[Mark], today: date) -> Frame:
    found = [*days, *(mark.day for mark in marks), today]
    since, until = min(found), max(found)
    until = max(until, since + timedelta(days=SHORTEST))
    return Frame(since, until + timedelta(days=1 + (until - since).days // 20))


def _row(frame: Frame, ground: Ground, spans: Sequence[Span], y: int) -> Markup:
    bars = Markup().join(_bar(frame, span, y) for span in spans)
    return words(LABELS - 10, y + 22, NAMES[ground], "end") + bars


def _bar(frame: Frame, span: Span, y: int) -> Markup:
    begin = frame.x(legal_day(span[0]))
    end = WIDTH - RIGHT if span[1] >= FOREVER else frame.x(legal_day(span[1]))
    return Markup('<rect class="chart__bar" x="{}" y="{}" width="{}" height="{}"/>').format(begin, y + 5, max(end - begin, 2), ROW - 10)


def _lines(frame: Frame, marks: Sequence[Mark], bottom: int) -> Markup:
    drawn, last = Markup(), -APART
    for mark in sorted(marks, key=lambda each: (each.day, each.number)):
        x = frame.x(mark.day)
        drawn += line(x, TOP - 8, x, bottom, "axis")
        if x - last >= APART:
            drawn, last = drawn + words(x, TOP - 14, str(mark.number), "middle"), x
    return drawn


def _axis(frame: Frame, bottom: int) -> Markup:
    days = Markup().join(_tick(frame.x(day), bottom, format_date(day, "MMM y", locale="en")) for day in ticks(frame.since, frame.until))
    return line(LABELS, bottom, WIDTH - RIGHT, bottom, "axis") + days


def _tick(x: int, bottom: int, text: str) -> Markup:
    return line(x, bottom, x, bottom + 6, "axis") + words(x, bottom + 24, text, "middle")
