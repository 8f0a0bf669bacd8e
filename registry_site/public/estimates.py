"""The page of published estimates: apart from the list, and without a word about which models are on it (Article 78)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from starlette.requests import Request
from starlette.responses import Response

from projections.public.estimates import LEAST_SHOWN, LINES, Confidence, Estimate
from registry_site.public.asked import parameters
from registry_site.public.desk import Desk
from registry_site.ui.scatter import Point, Shape

SHAPES: Mapping[Confidence, Shape] = {"Confident": "circle", "Likely": "triangle", "Speculative": "square", "Unknown": "cross"}


def estimates(desk: Desk, request: Request) -> Response:
    """Show what was imported last, as a chart and a table."""
    parameters(request.scope["query_string"], ())
    found = desk.questions.estimates()
    points = drawn(found.shown) if found else ([], 0)
    return desk.page(
        "estimates.html",
        request,
        found=found,
        points=points[0],
        named=points[1],
        counts=counted(found.shown) if found else (),
        lines=LINES,
        least=LEAST_SHOWN,
        shapes=SHAPES,
        threshold=desk.questions.law(desk.today()).threshold,
    )


def counted(shown: Sequence[Estimate]) -> tuple[int, ...]:
    """Count the estimates from each line up to the next; what lies on the last line itself is not above it."""
    bounds: list[tuple[Decimal, Decimal]] = list(pairwise(LINES))
    between = [sum(low <= each.flop < high for each in shown) for low, high in bounds[:-1]]
    low, high = bounds[-1]
    return (*between, sum(low <= each.flop <= high for each in shown), sum(each.flop > high for each in shown))


def drawn(shown: Sequence[Estimate]) -> tuple[list[Point], int]:
    """Give the points of estimates whose day is known, first those to be named: the largest of their time; and how many these are."""
    dated = [(each.published_on, each) for each in shown if each.published_on]
    records = set(_records(dated))
    order = sorted(dated, key=lambda pair: (pair[1].model not in records, -pair[1].flop))
    return [Point(day, each.flop, SHAPES[each.confidence], each.model) for day, each in order], len(records)


def _records(dated: Sequence[tuple[date, Estimate]]) -> Iterator[str]:
    """Give the models whose estimate was larger than every earlier one."""
    largest = Decimal(0)
    for _, each in sorted(dated, key=lambda pair: pair[0]):
        if each.flop > largest:
            largest = each.flop
            yield each.model
