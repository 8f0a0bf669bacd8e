"""The charts: well-formed, described in words, without a style attribute, and drawn where the figures say."""

import re
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from registry_site.ui.charts import HEIGHT, MOST_TICKS, WIDTH, bars, steps, ticks

SVG = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>alert(1)</script>&'
MARCH_1 = date(2026, 3, 1)


def parsed(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(str(drawn))


def bar_widths(drawn: str) -> list[int]:
    return [int(bar.attrib["width"]) for bar in parsed(drawn).iter("rect")]


def test_a_chart_is_a_picture_with_title_and_finding():
    root = parsed(bars([("a", 3)], name="n", title="What it shows", finding="a has 3"))
    assert root.attrib["role"] == "img"
    named = root.attrib["aria-labelledby"].split()
    assert [root.find(f"*[@id='{name}']").text for name in named] == ["What it shows", "a has 3"]


def test_nothing_that_is_written_into_a_chart_is_markup():
    root = parsed(bars([(EVIL, 3)], name="n", title=EVIL, finding=EVIL))
    assert EVIL in [each.text for each in root.iter("text")]
    assert list(root.iter("script")) == []


@pytest.mark.parametrize(
    "drawn", [bars([("a", 3)], name="n", title="t", finding="f"), steps([(MARCH_1, 3)], MARCH_1, name="n", title="t", finding="f")]
)
def test_a_chart_carries_no_style_of_its_own(drawn: str):
    assert not any({"style", "fill", "stroke"} & each.attrib.keys() for each in parsed(drawn).iter())


def test_bars_are_as_long_as_their_numbers_and_nothing_has_none():
    long, half = bar_widths(bars([("a", 40), ("b", 20), ("c", 0)], name="n", title="t", finding="f"))
    assert long == 2 * half


def test_an_empty_chart_is_still_a_chart():
    assert bar_widths(bars([], name="n", title="t", finding="f")) == []
    assert parsed(steps([], MARCH_1, name="n", title="t", finding="f")).attrib["role"] == "img"


@pytest.mark.parametrize("most", [0, 1, 2, 5, 6, 9, 10, 11, 49, 50, 51, 999, 1_000_000])
def test_a_line_stays_inside_its_chart_and_ends_on_the_last_day(most: int):
    days = [(MARCH_1 + timedelta(days=n), most * n // 9) for n in range(10)]
    root = parsed(steps(days, MARCH_1 + timedelta(days=12), name="n", title="t", finding="f"))
    path = next(each.attrib["d"] for each in root.iter("path") if each.attrib["class"] == "chart__line")
    ups = [int(y) for y in re.findall(r"V(-?\d+)", path)]
    assert all(0 < y < HEIGHT for y in ups)
    assert ups == sorted(ups, reverse=True)
    assert 0 < max(int(x) for x in re.findall(r"H(\d+)", path)) < WIDTH
    assert path.endswith(f"H{max(int(x) for x in re.findall(r'H(-?[0-9]+)', path))}")


def test_a_long_history_draws_no_more_than_can_be_seen():
    days = [(MARCH_1 + timedelta(days=n), n) for n in range(20_000)]
    assert len(steps(days, days[-1][0], name="n", title="t", finding="f")) < 20_000


@pytest.mark.parametrize("days", [0, 1, 27, 31, 59, 92, 365, 366, 800, 3_000, 20_000, 390_000])
def test_a_few_first_days_of_months_mark_the_time(days: int):
    until = date(1930, 1, 31) + timedelta(days=days)
    found = list(ticks(date(1930, 1, 31), until))
    assert len(found) <= MOST_TICKS + 1
    assert all(day.day == 1 and date(1930, 1, 31) <= day <= until for day in found)
    assert len({(b.year - a.year) * 12 + b.month - a.month for a, b in pairwise(found)}) <= 1
    assert found or days < 60
