"""
Charts as SVG, drawn here: pure functions from figures to markup, without style attributes, so that the content security policy lets them through.

Each has a title and a description with the finding in words; colours, and what replaces them where colours are forced, stand in the style sheet.
Positions are whole numbers; the same figures stand in a table after each chart.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import pairwise

from babel.dates import format_date
from markupsafe import Markup

WIDTH = 720
ROW = 34  # of a bar with its label
LABELS, WIDEST = 236, 400  # width for the labels of bars, and for the longest ones
LETTER = 8  # width of a letter of a label, rather too much than too little
NUMBERS = 56  # width for their numbers
TOP, BOTTOM, LEFT, RIGHT = 16, 36, 52, 20
HEIGHT = 320
MOST_TICKS = 8
MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400)


def picture(name: str, height: int, title: str, finding: str, drawn: Markup) -> Markup:
    """Frame what was drawn; `name` tells the charts of a page apart."""
    head = '<svg class="chart" role="img" aria-labelledby="{0}-title {0}-desc" viewBox="0 0 {1} {2}" width="{1}" height="{2}" focusable="false">'
    body = '<title id="{0}-title">{3}</title><desc id="{0}-desc">{4}</desc>{5}</svg>'
    return Markup(head + body).format(name, WIDTH, height, title, finding, drawn)


def words(x: int, y: int, text: str | Markup, kind: str = "") -> Markup:
    """Write words at a place; `kind` is one of start (the default), middle, end."""
    return Markup('<text x="{}" y="{}" class="chart__words{}">{}</text>').format(x, y, f" chart__words--{kind}" if kind else "", text)


def line(x1: int, y1: int, x2: int, y2: int, kind: str) -> Markup:
    """Draw a straight line of a kind that the style sheet knows."""
    return Markup('<path class="chart__{}" d="M{} {}L{} {}"/>').format(kind, x1, y1, x2, y2)


# -- Bars -----------------------------------------------------------------------


def bars(rows: Sequence[tuple[str, int]], *, name: str, title: str, finding: str) -> Markup:
    """Draw a bar for each label, with its number at the end."""
    most = max((number for _, number in rows), default=0) or 1
    left = min(max([LABELS, *(LETTER * len(label) + 20 for label, _ in rows)]), WIDEST)
    drawn = Markup().join(_bar(label, number, most, y, left) for y, (label, number) in enumerate(rows))
    return picture(name, TOP + ROW * len(rows), title, finding, drawn)


def _bar(label: str, number: int, most: int, n: int, left: int) -> Markup:
    y, length = TOP // 2 + n * ROW, number * (WIDTH - left - NUMBERS) // most
    bar = Markup('<rect class="chart__bar" x="{}" y="{}" width="{}" height="{}"/>').format(left, y + 5, length, ROW - 10)
    return words(left - 10, y + 22, label, "end") + (bar if length else Markup()) + words(left + length + 8, y + 22, str(number))


# -- Steps over time ---------------------------------------------------------------


def steps(points: Sequence[tuple[date, int]], until: date, *, name: str, title: str, finding: str, language: str = "en") -> Markup:
    """Draw how a number stood from each day on, until a day; the points are in order."""
    since = points[0][0] if points else until
    most = max((number for _, number in points), default=0)
    scale = _up_to(most)
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT

    def x(day: date) -> int:
        return LEFT + (right - LEFT) * (day - since).days // max((until - since).days, 1)

    def y(number: int) -> int:
        return bottom - (bottom - TOP) * number // scale[-1]

    grid = Markup().join(line(LEFT, y(n), right, y(n), "grid") + words(LEFT - 8, y(n) + 5, str(n), "end") for n in scale)
    days = Markup().join(
        line(x(day), bottom, x(day), bottom + 6, "axis") + words(x(day), bottom + 24, format_date(day, "MMM y", locale=language), "middle")
        for day in ticks(since, until)
    )
    path = "".join(f"H{x(day)}V{y(number)}" for day, number in _thinned(points, x))
    drawn = Markup('<path class="chart__line" d="M{} {}{}H{}"/>').format(LEFT, bottom, path, x(until))
    return picture(name, HEIGHT, title, finding, grid + line(LEFT, bottom, right, bottom, "axis") + days + drawn)


def _up_to(most: int) -> list[int]:
    """Give the marks of an axis from nothing to at least the most, a handful of them, at round numbers."""
    step = next(factor * 10**power for power in range(12) for factor in (1, 2, 5) if factor * 10**power * 5 >= most)
    return list(range(0, max(most, 1) + step, step))


def _thinned(points: Sequence[tuple[date, int]], x: Callable[[date], int]) -> Iterator[tuple[date, int]]:
    """Leave out what falls on the same place as the next point: nobody could see it."""
    yield from (point for point, following in pairwise(points) if x(point[0]) != x(following[0]))
    yield from points[-1:]


def ticks(since: date, until: date) -> Iterator[date]:
    """Give the first days of months between two days, so many months apart that the words beside them fit."""
    months = (until.year - since.year) * 12 + until.month - since.month
    apart = next(each for each in MONTHS if months // each <= MOST_TICKS)
    first = since.year * 12 + since.month - 1
    for month in range(-(-first // apart) * apart, first + months + 1, apart):
        day = date(month // 12, month % 12 + 1, 1)
        if since <= day <= until - timedelta(days=(until - since).days // 20):
            yield day
