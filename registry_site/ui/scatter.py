"""
A chart of figures over time on a logarithmic scale: shape says what kind, words name a few, dashed lines mark powers of ten.

Positions come from exact decimals by `Decimal.log10` and are whole numbers; no float is used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal
from typing import Literal

from babel.dates import format_date
from markupsafe import Markup

from registry_site.ui.charts import LEFT, LETTER, RIGHT, WIDTH, line, picture, ticks, words

HEIGHT, TOP, BOTTOM = 460, 44, 36
SHAPES = ("circle", "triangle", "square", "cross")
Shape = Literal["circle", "triangle", "square", "cross"]
LINE = 17  # height of a label
AWAY = 8  # of a label from its point
_LOG = Context(prec=12)

Box = tuple[int, int, int, int]  # left, top, right, bottom


@dataclass(frozen=True, slots=True)
class Point:
    """A figure of a day, above zero."""

    day: date
    value: Decimal
    shape: Shape
    label: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Where days and figures lie on the chart; the powers are those of its lowest and highest mark."""

    since: date
    until: date
    low: int
    high: int

    def x(self, day: date) -> int:
        """Give the place of a day."""
        return LEFT + (WIDTH - RIGHT - LEFT) * (day - self.since).days // max((self.until - self.since).days, 1)

    def y(self, value: Decimal) -> int:
        """Give the height of a figure."""
        above = (_LOG.log10(value) - self.low) * (HEIGHT - BOTTOM - TOP) / (self.high - self.low)
        return HEIGHT - BOTTOM - int(above)


def scale_of(points: Sequence[Point], lines: Sequence[Decimal]) -> Scale:
    """Make a scale that holds all points and lines."""
    days, powers = [point.day for point in points], [value.adjusted() for value in (*lines, *(point.value for point in points))]
    return Scale(min(days).replace(month=1, day=1), max(days), min(powers), max(powers) + 1)


def scatter(
    points: Sequence[Point],
    *,
    lines: Sequence[Decimal],
    named: int,
    legend: Sequence[tuple[Shape, str]],
    name: str,
    title: str,
    finding: str,
    language: str = "en",
) -> Markup:
    """Draw points that are in order of importance; the first `named` that find room carry their label."""
    if not points:
        return picture(name, TOP, title, finding, Markup())
    scale = scale_of(points, lines)
    drawn = (
        Markup().join(_powers(scale, lines)),
        Markup().join(_months(scale, language)),
        Markup().join(_mark(point.shape, scale.x(point.day), scale.y(point.value)) for point in reversed(points)),
        Markup().join(_labels(points[:named], points, scale, lines)),
        Markup().join(_legend(legend)),
    )
    return picture(name, HEIGHT, title, finding, Markup().join(drawn))


def _powers(scale: Scale, lines: Sequence[Decimal]) -> Iterator[Markup]:
    for power in range(scale.low, scale.high + 1):
        value = Decimal(1).scaleb(power)
        y = scale.y(value)
        yield line(LEFT, y, WIDTH - RIGHT, y, "limit" if value in lines else "grid")
        yield words(LEFT - 8, y + 5, Markup('10<tspan class="chart__power" dy="-6">{}</tspan>').format(power), "end")


def _months(scale: Scale, language: str) -> Iterator[Markup]:
    bottom = HEIGHT - BOTTOM
    for day in ticks(scale.since, scale.until):
        whole = day.month == 1 and (scale.until - scale.since).days > 1_500
        text = str(day.year) if whole else format_date(day, "MMM y", locale=language)
        yield line(scale.x(day), bottom, scale.x(day), bottom + 6, "axis") + words(scale.x(day), bottom + 24, text, "middle")


def _legend(legend: Sequence[tuple[Shape, str]]) -> Iterator[Markup]:
    x = LEFT
    for shape, text in legend:
        yield _mark(shape, x, TOP // 2 - 6) + words(x + 12, TOP // 2 - 1, text)
        x += 12 + LETTER * len(text) + 24


# -- Marks ------------------------------------------------------------------------------

_DRAWN: dict[Shape, Callable[[int, int], str]] = {
    "circle": lambda x, y: f"M{x - 4} {y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z",
    "triangle": lambda x, y: f"M{x} {y - 5}L{x + 5} {y + 4}L{x - 5} {y + 4}Z",
    "square": lambda x, y: f"M{x - 4} {y - 4}h8v8h-8Z",
    "cross": lambda x, y: f"M{x - 4} {y - 4}l8 8M{x + 4} {y - 4}l-8 8",
}


def _mark(shape: Shape, x: int, y: int) -> Markup:
    return Markup('<path class="chart__mark chart__mark--{}" d="{}"/>').format(shape, _DRAWN[shape](x, y))


# -- Labels -------------------------------------------------------------------------------


def _labels(named: Sequence[Point], points: Sequence[Point], scale: Scale, lines: Sequence[Decimal]) -> Iterator[Markup]:
    """Write labels beside their points, kept apart from each other, from lines and from the edges; one without room stays in the table."""
    taken = [(LEFT, scale.y(value) - 1, WIDTH, scale.y(value) + 1) for value in lines]
    taken += [(x - 5, y - 5, x + 5, y + 5) for x, y in ((scale.x(point.day), scale.y(point.value)) for point in points)]
    for point in named:
        for text_x, text_y, kind, box in _places(point, scale):
            if box[0] >= LEFT and box[2] <= WIDTH and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield words(text_x, text_y, point.label, kind)
                break


def _places(point: Point, scale: Scale) -> Iterator[tuple[int, int, str, Box]]:
    x, y, width = scale.x(point.day), scale.y(point.value), LETTER * len(point.label)
    for down in (5, -6, 16):
        top = y + down - LINE + 4
        yield x - AWAY, y + down, "end", (x - AWAY - width, top, x - AWAY, top + LINE)
        yield x + AWAY, y + down, "", (x + AWAY, top, x + AWAY + width, top + LINE)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
