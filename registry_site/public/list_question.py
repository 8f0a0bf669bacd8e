"""The question behind the list page: its filters, its order, its page, and the links that change one of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from urllib.parse import urlencode

from projections.public.questions import Filters, PublicGround, Sort
from registry_site.public.asked import AnotherDay, BadQuestion, Problem, another_day, choice_asked, page_asked, parameters, text_asked

PER_PAGE = 100

GROUNDS: dict[str, PublicGround] = {"51(1)(a)": "51(1)(a)", "52(4)": "52(4)", "52(1)": "52(1)"}
YES_OR_NO = {"true": True, "false": False}

# "-" before a name means falling, newest or last first.
ORDERS: dict[str, tuple[Sort, bool]] = {
    "-listed": ("listed", True),
    "listed": ("listed", False),
    "name": ("name", False),
    "-name": ("name", True),
    "provider": ("provider", False),
    "-provider": ("provider", True),
    "-changed": ("changed", True),
    "changed": ("changed", False),
}
USUAL_ORDER = "-listed"
KNOWN = ("search", "ground", "country", "include_removed", "sort", "page", "valid_at", "known_at")

AriaSort = Literal["ascending", "descending", "none"]


@dataclass(frozen=True, slots=True)
class ListQuestion:
    """What the visitor wants to see of the list."""

    filters: Filters = Filters()
    order: str = USUAL_ORDER
    page: int = 1
    day: AnotherDay = field(default_factory=AnotherDay)

    @property
    def offset(self) -> int:
        """Give the number of entries before this page."""
        return (self.page - 1) * PER_PAGE

    @property
    def filtered(self) -> bool:
        """Tell whether anything narrows the list."""
        return bool(self.filters.search or self.filters.ground or self.filters.country)

    @property
    def address(self) -> str:
        """Give the address of this question; what is usual is left out."""
        kept = {
            "search": self.filters.search,
            "ground": self.filters.ground,
            "country": self.filters.country,
            "include_removed": "true" if self.filters.include_removed else "",
            "sort": "" if self.order == USUAL_ORDER else self.order,
            **self.day.given,
            "page": "" if self.page == 1 else str(self.page),
        }
        query = urlencode({name: value for name, value in kept.items() if value})
        return f"/?{query}" if query else "/"

    def on_page(self, page: int) -> str:
        """Give the address of another page of the same question."""
        return replace(self, page=page).address

    def without(self, name: str) -> str:
        """Give the address without one of the filters, from its first page."""
        usual = Filters()
        return replace(self, page=1, filters=replace(self.filters, **{name: getattr(usual, name)})).address

    @property
    def unfiltered(self) -> str:
        """Give the address with order and day, without any filter."""
        return replace(self, page=1, filters=Filters()).address

    @property
    def now(self) -> str:
        """Give the same question about the current list."""
        return replace(self, page=1, day=AnotherDay()).address

    def direction(self, by: Sort) -> AriaSort:
        """Tell how a column is sorted."""
        sort, descending = ORDERS[self.order]
        return "none" if sort != by else "descending" if descending else "ascending"

    def sorted_by(self, by: Sort) -> str:
        """Give the address sorted by a column; sorted by it already, the other way round."""
        first = by if by in ("name", "provider") else f"-{by}"
        other = first.removeprefix("-") if first.startswith("-") else f"-{first}"
        return replace(self, page=1, order=other if self.order == first else first).address


def list_question(query: bytes, countries: Collection[str], now: datetime) -> ListQuestion:
    """
    Read the question from an address.

    Raises: BadQuestion with every problem found.
    """
    given = parameters(query, KNOWN)
    order = choice_asked("sort", given.get("sort", USUAL_ORDER), {name: name for name in ORDERS})
    sort, descending = ORDERS[order]
    filters = replace(_filters(given, countries), sort=sort, descending=descending)
    return ListQuestion(filters, order, page_asked(given.get("page", "1")), another_day(given, now))


def _filters(given: Mapping[str, str], countries: Collection[str]) -> Filters:
    ground, country = given.get("ground"), given.get("country")
    return Filters(
        search=text_asked("search", given.get("search", "")),
        ground=choice_asked("ground", ground, GROUNDS) if ground else None,
        country=choice_asked("country", country, {code: code for code in countries}) if country else None,
        include_removed=choice_asked("include_removed", given.get("include_removed", "false"), YES_OR_NO),
    )


def page_numbers(page: int, total: int) -> tuple[int | None, ...]:
    """
    Give the page numbers to show: first, last, and those around this one; None stands for a gap.

    Raises: BadQuestion when there is no such page.
    """
    last = max(1, -(-total // PER_PAGE))
    if page > last:
        raise BadQuestion(Problem("page", "NO_SUCH_PAGE", str(page)))
    shown = sorted({1, page - 1, page, page + 1, last} & set(range(1, last + 1)))
    numbers: list[int | None] = []
    for before, number in zip([0, *shown], shown, strict=False):
        numbers += [number] if number == before + 1 else [None, number]
    return tuple(numbers)
