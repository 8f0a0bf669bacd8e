"""The public pages. Each reads its address strictly, asks the published list, and fills one template."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from projections.public.page_questions import PageQuestions
from projections.public.questions import PublicQuestions, Threshold, When
from registry_site.public.asked import AnotherDay, BadQuestion, Problem, another_day, day_asked, page_asked, parameters
from registry_site.public.calculator import calculator
from registry_site.public.comparison import compared, two_days_asked
from registry_site.public.data.card import dataset_for_search
from registry_site.public.data.fold import description
from registry_site.public.desk import NEGOTIATED, Desk, NotOnTheList, in_languages, problem_page
from registry_site.public.estimates import estimates
from registry_site.public.history import by_day, changes_since, entry_changes_since, newest_first
from registry_site.public.list_question import GROUNDS, ORDERS, PER_PAGE, list_question, page_numbers
from registry_site.public.statistics import statistics
from registry_site.ui.languages import SOURCE, language_of

AMENDMENTS_AHEAD = timedelta(days=3650)  # amendments that apply later are published before they apply


def public_pages(questions: PageQuestions, *, clock: Callable[[], datetime], address: str = "") -> list[BaseRoute]:
    """Give the routes of the public pages; `address` is the register's own, where a page has to name it in full."""
    desk = Desk(questions, clock, address)
    return [
        *in_languages(desk, "/", published_list),
        *in_languages(desk, "/entries/{list_id}", entry),
        *in_languages(desk, "/changes", changes),
        *in_languages(desk, "/compare", compare),
        *in_languages(desk, "/statistics", in_numbers),
        *in_languages(desk, "/estimates", estimates),
        *in_languages(desk, "/law", law),
        *in_languages(desk, "/data/explorer", explorer),
        *calculator(desk),
        *in_languages(desk, "/about", about),
        *in_languages(desk, "/accessibility", accessibility),
        *in_languages(desk, "/privacy", privacy),
    ]


def page_addresses(pages: Iterable[BaseRoute]) -> list[str]:
    """Give the English addresses of pages that have one only; what only takes forms is none, and a file is none."""
    found = [page.path for page in pages if isinstance(page, Route) and "GET" in (page.methods or ()) and not {"{", "."} & set(page.path)]
    return [path for path in found if language_of(path)[0] == SOURCE]


def public_problem(request: Request, refused: Exception) -> Response:
    """Answer an address or method that no page knows, as a full page; an exception handler for Starlette and FastAPI."""
    status = refused.status_code if isinstance(refused, HTTPException) else 500
    response = problem_page(request, status)
    response.headers.update(getattr(refused, "headers", None) or {})
    return response


# -- The list, Article 52(6) -----------------------------------------------------


def published_list(desk: Desk, request: Request) -> Response:
    """Show the list at a pair of times, now by default."""
    countries = desk.questions.countries()
    asked = list_question(request.scope["query_string"], countries, desk.now())
    listing = desk.questions.list_at(asked.day.when, asked.filters, first=PER_PAGE, offset=asked.offset)
    return desk.page(
        "list.html",
        request,
        kept=not asked.day.hour_to_come,
        headers=NEGOTIATED,
        asked=asked,
        listing=listing,
        pages=page_numbers(asked.page, listing.total),
        countries=countries,
        grounds=tuple(GROUNDS),
        orders=tuple(ORDERS),
        since=_since(desk, asked.day),
        dataset=None if asked.day.asked else dataset_for_search(desk.address, description(desk.questions.state().demonstration), None),
        first_day=_first_day(desk) if not listing.on_list else None,
    )


def _since(desk: Desk, day: AnotherDay) -> object:
    after = day.changes_after
    return changes_since(desk.questions, after) if after is not None and after < desk.today() else None


def _first_day(desk: Desk) -> date | None:
    """Give the day of the first entry ever, to explain an empty list of an earlier day."""
    first = desk.questions.changes(None, None, first=1)
    return first[0].on if first else None


def entry(desk: Desk, request: Request) -> Response:
    """Show one entry with its public history; a removed one keeps its page."""
    day = another_day(parameters(request.scope["query_string"], ("valid_at", "known_at")), desk.now())
    list_id = request.path_params["list_id"]
    shown = desk.questions.entry(list_id, day.when)
    current = shown if not day.asked else desk.questions.entry(list_id, When())
    if shown is None and current is None:
        raise NotOnTheList
    after = day.changes_after
    since = entry_changes_since(desk.questions, list_id, after) if after is not None and after < desk.today() else None
    history = tuple(each for each in desk.questions.history(list_id, day.when) if each.on <= (day.when.valid_at or date.max))
    told: dict[str, Any] = {"entry": shown, "current": current or shown, "day_asked": day, "history": history, "since": since}
    return desk.page("entry.html", request, kept=not day.hour_to_come, headers=NEGOTIATED, **told)


# -- Changes ---------------------------------------------------------------------


def changes(desk: Desk, request: Request) -> Response:
    """Show what was added, updated, corrected and removed, newest first."""
    given = parameters(request.scope["query_string"], ("since", "until", "page"))
    since = day_asked("since", given["since"]) if "since" in given else None
    until = day_asked("until", given["until"]) if "until" in given else None
    if since and until and since > until:
        raise BadQuestion(Problem("until", "DAYS_REVERSED", given["until"]))
    window = newest_first(desk.questions, since, until, page_asked(given.get("page", "1")))
    if window.page > window.last_page:
        raise BadQuestion(Problem("page", "NO_SUCH_PAGE", given["page"]))
    return desk.page("changes.html", request, window=window, days=by_day(window.changes), since=since, until=until)


def compare(desk: Desk, request: Request) -> Response:
    """Show in words what differs between the list of two days."""
    days = two_days_asked(parameters(request.scope["query_string"], ("from", "to", "axis")), desk.now())
    return desk.page("compare.html", request, days=days, found=compared(desk.questions, days) if days else None)


def in_numbers(desk: Desk, request: Request) -> Response:
    """Show the list in numbers, with charts, at a pair of times, now by default."""
    day = another_day(parameters(request.scope["query_string"], ("valid_at", "known_at")), desk.now())
    shown_on = min(day.shown_on or desk.today(), desk.today())
    found = statistics(desk.questions.figures(day.when), shown_on)
    return desk.page("statistics.html", request, kept=not day.hour_to_come, day_asked=day, found=found)


# -- The law as dated data -------------------------------------------------------


def law(desk: Desk, request: Request) -> Response:
    """Show the threshold, Annex XIII and the holiday calendars in force on a day, today by default."""
    given = parameters(request.scope["query_string"], ("on",))
    on = day_asked("on", given["on"]) if "on" in given else desk.today()
    thresholds = tuple(_thresholds(desk.questions, desk.today() + AMENDMENTS_AHEAD))
    return desk.page("law.html", request, law=desk.questions.law(on), thresholds=thresholds, other_day="on" in given)


def _thresholds(questions: PublicQuestions, latest: date) -> Iterator[Threshold]:
    """Walk back from the version that applies last to the first one."""
    threshold = questions.law(latest).threshold
    while threshold is not None:
        yield threshold
        earlier = questions.law(threshold.applies_from - timedelta(days=1)).threshold
        threshold = earlier if earlier is not None and earlier.version < threshold.version else None


# -- About -----------------------------------------------------------------------


def explorer(desk: Desk, request: Request) -> Response:
    """Offer the query explorer, from our own files."""
    return _plain(desk, request, "explorer.html")


def about(desk: Desk, request: Request) -> Response:
    """Say what this register is and is not."""
    return _plain(desk, request, "about.html")


def accessibility(desk: Desk, request: Request) -> Response:
    """Give the accessibility statement."""
    return _plain(desk, request, "accessibility.html")


def privacy(desk: Desk, request: Request) -> Response:
    """Say what is kept about visitors."""
    return _plain(desk, request, "privacy.html")


def _plain(desk: Desk, request: Request, template: str) -> Response:
    parameters(request.scope["query_string"], ())
    return desk.page(template, request)
