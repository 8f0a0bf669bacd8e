"""The page of published estimates: what it shows, how it is drawn, and that it never mixes with the register."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from projections.public.estimates import LINES, Estimate, Estimates, Imported
from registry_site.public.estimates import counted, drawn
from registry_site.ui.charts import WIDTH
from registry_site.ui.scatter import HEIGHT, SHAPES, Point, Scale, scale_of, scatter
from tests.interfaces.published_in_memory import PublishedInMemory
from tests.interfaces.test_public_pages import EVIL, REGISTER, visitor

DAY = date(2026, 3, 1)


def estimate(flop: str, model: str = "Alpha", day: date | None = DAY) -> Estimate:
    return Estimate(model, "Developer", day, Decimal(flop), "Likely")


def page(*shown: Estimate) -> str:
    register = PublishedInMemory(REGISTER.events, imported=Estimates(Imported(1, DAY), len(shown) + 5, shown))
    answer = visitor(register).get("/estimates")
    assert answer.status_code == 200
    return answer.text


# -- The page ------------------------------------------------------------------------


def test_the_page_says_what_it_is_whose_it_is_and_how_sure():
    text = unescape(page(estimate("2.0000000001e25")))
    assert "<h1" in text
    assert "Public estimates, not register data" in text.partition("<h1")[2].partition("</h1>")[0]
    assert "Epoch AI, Data on AI Models, epoch.ai" in text
    assert "CC BY 4.0" in text
    assert "snapshot of" in text
    assert "2.0000000001 × 10" in text
    assert "Likely" in text


def test_a_model_that_is_on_the_list_is_shown_like_any_other():
    listed, other = page(estimate("2e25", "Aurelia 3")), page(estimate("2e25", "Nobody 3"))
    assert listed.replace("Aurelia 3", "Nobody 3") == other
    assert "/entries/" not in listed.partition("<main")[2].partition("</main>")[0]


def test_without_an_import_the_page_says_so():
    text = visitor(PublishedInMemory()).get("/estimates").text
    assert "No estimates have been imported into this copy." in text
    assert "None of them is large enough" in page()


def test_a_name_from_a_file_is_never_markup():
    assert EVIL not in page(estimate("2e25", EVIL))


@pytest.mark.parametrize("query", ["valid_at=2026-01-01", "line=1e25"])
def test_nothing_can_be_asked_of_it(query: str):
    assert visitor(REGISTER).get(f"/estimates?{query}").status_code == 400


def test_estimates_are_counted_between_the_lines_and_one_on_the_top_line_is_not_above_it():
    figures = ("1e23", "999999999999999999999999", "1e24", "1e25", "10000000000000000000000001", "9e22")
    assert counted([estimate(flop) for flop in figures]) == (2, 2, 1)


def test_the_largest_of_their_time_are_named_first_and_one_without_a_day_is_only_in_the_table():
    shown = [
        estimate("5e25", "C", DAY + timedelta(2)),
        estimate("3e25", "D", DAY + timedelta(3)),
        estimate("2e25", "B", DAY),
        estimate("9e25", "E", None),
    ]
    points, named = drawn(shown)
    assert [point.label for point in points] == ["C", "B", "D"]
    assert named == 2
    assert "not known" in page(*shown)


# -- The drawing -----------------------------------------------------------------------


def draw(points: Sequence[Point], named: int = 0, *, legend: bool = True) -> ElementTree.Element:
    shapes = [(shape, shape) for shape in SHAPES if legend]
    return ElementTree.fromstring(str(scatter(points, lines=LINES, named=named, legend=shapes, name="n", title="t", finding="f")))


def points_of(number: int) -> list[Point]:
    return [Point(DAY + timedelta(days=37 * n), Decimal(10) ** (22 + n % 5) * (n % 9 + 1), SHAPES[n % 4], f"Model {n}") for n in range(number)]


def test_a_power_of_ten_is_as_far_from_the_next_as_every_other():
    scale = scale_of(points_of(10), LINES)
    heights = [scale.y(Decimal(10) ** power) for power in range(scale.low, scale.high + 1)]
    steps = {upper - lower for upper, lower in pairwise(heights)}
    assert max(steps) - min(steps) <= 1
    assert scale.y(Decimal("1e24")) > scale.y(Decimal("2e24")) > scale.y(Decimal("1e25"))


def test_every_point_lies_inside_and_every_line_is_drawn():
    root = draw(points_of(60))
    assert len([each for each in root.iter("path") if "chart__mark " in each.attrib["class"]]) == 60 + len(SHAPES)
    assert len([each for each in root.iter("path") if each.attrib["class"] == "chart__limit"]) == len(LINES)
    scale = scale_of(points_of(60), LINES)
    assert all(0 < scale.x(point.day) < WIDTH and 0 < scale.y(point.value) < HEIGHT for point in points_of(60))


def test_each_kind_has_a_shape_of_its_own():
    alone = [draw([Point(DAY, Decimal("1e24"), shape, "")], legend=False) for shape in SHAPES]
    marks = [each.attrib["d"] for root in alone for each in root.iter("path") if "chart__mark " in each.attrib["class"]]
    assert len(marks) == len(set(marks)) == len(SHAPES)


def test_labels_never_overlap_and_none_is_written_twice():
    labels = [each for each in draw(points_of(40), named=40).iter("text") if (each.text or "").startswith("Model")]
    assert 5 < len(labels) <= 40
    assert len({each.text for each in labels}) == len(labels)
    boxes = [box(each) for each in labels]
    assert [(a, b) for n, a in enumerate(boxes) for b in boxes[:n] if a[0] < b[1] and b[0] < a[1] and abs(a[2] - b[2]) < 12] == []


def box(label: ElementTree.Element) -> tuple[int, int, int]:
    x, width = int(label.attrib["x"]), 8 * len(label.text or "")
    return (x - width, x, int(label.attrib["y"])) if "chart__words--end" in label.attrib["class"] else (x, x + width, int(label.attrib["y"]))


def test_one_day_and_one_figure_are_a_chart_too():
    root = draw([Point(DAY, Decimal("1e24"), "circle", "Alpha")], named=1)
    assert root.attrib["role"] == "img"
    assert Scale(DAY, DAY, 22, 26).x(DAY) > 0
