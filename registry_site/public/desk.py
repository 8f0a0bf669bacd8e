"""What every public page needs: the questions, the clock, and the way from an answer to bytes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from domain.law.periods import legal_day
from projections.public.page_questions import PageQuestions
from projections.public.questions import Listed
from registry_site.public.asked import BadQuestion
from registry_site.ui.languages import NAMES, address_in, in_every_language, language_of
from registry_site.ui.rendering import environment

Page = Callable[["Desk", Request], Response]

# A public answer may be kept by anyone and asked about again after a minute; the front keeps only answers that say so.
KEPT = {"cache-control": "public, max-age=60, must-revalidate"}
NOT_KEPT = {"cache-control": "no-store"}
# What stands in front may answer the same address with data instead, or with another time.
NEGOTIATED = {**KEPT, "vary": "Accept, Accept-Datetime, Accept-Encoding"}

NAVIGATION = (
    ("/", "list"),
    ("/changes", "changes"),
    ("/compare", "compare"),
    ("/estimates", "estimates"),
    ("/law", "law"),
    ("/verify", "verify"),
    ("/data", "data"),
    ("/about", "about"),
)


UNKNOWN_LANGUAGE = re.compile(r"/([a-z]{2})(/.*)?", re.ASCII | re.DOTALL)
"""An address under two letters, as those of languages are; it is asked about only where no page stands."""


TIMES, END = "\0", "\1"
"""Stand for the times in the link of a row, and behind it; nothing that is published can hold them."""
MOST_ROWS = 16_384
"""Rows kept in a language, of about a kilobyte each."""


class NotOnTheList(Exception):
    """The list never carried such an entry."""


class Desk:
    """Answers public pages from injected questions; holds nothing that changes."""

    def __init__(self, questions: PageQuestions, clock: Callable[[], datetime], address: str = "") -> None:
        self.questions = questions
        self.address = address
        self._clock = clock

    def now(self) -> datetime:
        """Give the aware instant of now."""
        return self._clock()

    def today(self) -> date:
        """Give the legal day, in Brussels."""
        return legal_day(self._clock())

    def page(
        self, template: str, request: Request, *, status: int = HTTPStatus.OK, kept: bool = True, headers: Mapping[str, str] = KEPT, **answer: Any
    ) -> Response:
        """Render a page with the state of the record; for anyone to keep unless it depends on more than that state and the legal day."""
        state = self.questions.state()
        known = {"state": state, "demonstration": state.demonstration, "today": self.today(), "register": self.address}
        html = render(template, request, **{**known, **answer})
        return HTMLResponse(html, status_code=status, headers=headers if kept else NOT_KEPT)


@cache
def templates(language: str) -> Environment:
    """Make the environment of the public pages in a language, once and when first needed."""
    made = environment(PackageLoader("registry_site.public", "templates"), language=language)
    made.globals["rows"] = Rows(made)
    return made


class Rows:
    """Rows of the list. Each is rendered once, since most are the same on most days; those of a page that are new, all at once."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._kept: dict[Listed, tuple[str, str]] = {}

    def __call__(self, entries: Sequence[Listed], times: str) -> Markup:
        """Put the rows of a page together; what stands in the link of each is `times`."""
        query = str(escape(f"?{times}")) if times else ""
        kept = self._kept
        if missing := [entry for entry in entries if entry not in kept]:
            if len(kept) + len(missing) > MOST_ROWS:
                kept = {entry: kept[entry] for entry in entries if entry in kept}
            kept |= zip(missing, self._rendered(missing), strict=True)
            self._kept = kept
        return Markup("".join([before + query + after for before, after in map(kept.__getitem__, entries)]))

    def _rendered(self, entries: Sequence[Listed]) -> Iterator[tuple[str, str]]:
        """Render rows: what stands before the times in the link of each, and what stands after them."""
        for row in self._environment.get_template("rows.html").render(entries=entries, times=TIMES, end=END).split(END)[:-1]:
            before, _, after = row.partition(TIMES)
            yield before, after


def render(template: str, request: Request, **answer: Any) -> str:
    """Render a public template in the language of its address; the page's own place in the navigation is marked."""
    language, path = language_of(request.scope["path"])
    places = {"path": path, "places": NAVIGATION, "elsewhere": in_other_languages(path, request.scope["query_string"].decode("latin-1"))}
    return templates(language).get_template(template).render(**{**places, **answer})


def in_other_languages(path: str, query: str = "") -> list[tuple[str, str, str]]:
    """Give the code, the name and the address of a page in each language; what was asked of it stays."""
    address = f"{quote(path)}?{query}" if query else quote(path)
    return [(language, name, address_in(language, address)) for language, name in NAMES.items()]


def in_languages(desk: Desk, path: str, page: Page) -> list[Route]:
    """Serve a page under a path in every language."""
    return [route(desk, each, page) for each in in_every_language(path)]


def route(desk: Desk, path: str, page: Page) -> Route:
    """Serve a page under a path; what it refuses becomes a full page that says what to do."""

    def answer(request: Request) -> Response:
        try:
            return page(desk, request)
        except BadQuestion as bad:
            return problem_page(request, HTTPStatus.BAD_REQUEST, problems=bad.problems)
        except NotOnTheList:
            return problem_page(request, HTTPStatus.NOT_FOUND, entry=request.path_params.get("list_id"))

    return Route(path, answer, methods=["GET"], name=page.__name__)


def problem_page(request: Request, status: int, **known: Any) -> Response:
    """Render the page of an error status; it asks the record nothing, so that it works when the record does not."""
    _, path = language_of(request.scope["path"])
    if status == HTTPStatus.NOT_FOUND and path == request.scope["path"] and (found := UNKNOWN_LANGUAGE.fullmatch(path)):
        known = {"unknown_language": found[1], "elsewhere": in_other_languages(found[2] or "/"), **known}
    html = render("problem.html", request, status=status, **known)
    return HTMLResponse(html, status_code=status, headers=NOT_KEPT)
