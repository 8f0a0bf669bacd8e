"""
The training-compute calculator. What a visitor types comes in the body of a request, is answered, and is kept nowhere.

Law: Article 51(2); Commission Guidelines C(2025) 5045, annex.
"""

import asyncio
from collections.abc import Mapping
from datetime import date
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from domain import compute
from registry_site.public.asked import BadQuestion, parameters
from registry_site.public.compute_question import (
    KINDS,
    KNOWN,
    MOST_FIELDS,
    MOST_PERIODS,
    SECONDS,
    TRIGGERS,
    Reading,
    checked_act,
    computed,
    day_of_the_threshold,
    method_asked,
    periods_asked,
)
from registry_site.public.desk import Desk, in_languages, in_other_languages, problem_page
from registry_site.public.sent import form_sent
from registry_site.ui.languages import in_every_language

ADDRESS = "/compute"


def calculator(desk: Desk) -> list[BaseRoute]:
    """Give the routes of the calculator: the form, and the answer to it."""

    async def answer(request: Request) -> Response:
        body = await form_sent(request)
        return await asyncio.to_thread(_answered, desk, request, body)

    return [*in_languages(desk, ADDRESS, form), *(Route(path, answer, methods=["POST"]) for path in in_every_language(ADDRESS))]


def form(desk: Desk, request: Request) -> Response:
    """Show the form, empty; the components that count are ticked."""
    given = parameters(request.scope["query_string"], ("method",))
    ticked = {f"counted_{kind}": "true" for kind in KINDS if compute.TREATMENT[kind].counted}
    return desk.page("compute.html", request, **_form({**ticked, **given}, desk.today()))


def _form(given: Mapping[str, str], on: date) -> dict[str, Any]:
    choices: dict[str, Any] = {
        "kinds": KINDS,
        "treatment": compute.TREATMENT,
        "units_of_time": tuple(SECONDS),
        "triggers": tuple(TRIGGERS),
        "concerns": compute.CONCERNS,
    }
    return {**choices, "method": method_asked(given), "given": given, "periods": periods_asked(given), "most_periods": MOST_PERIODS, "on": on}


def _answered(desk: Desk, request: Request, body: bytes) -> Response:
    try:
        given = parameters(body, KNOWN, MOST_FIELDS)
        return _answer(desk, request, given)
    except BadQuestion as bad:
        return problem_page(request, HTTPStatus.BAD_REQUEST, problems=bad.problems)


def _answer(desk: Desk, request: Request, given: Mapping[str, str]) -> Response:
    """Compute, or show the form again with what is wrong; nothing that was typed is lost."""
    reading = Reading(given)
    on = day_of_the_threshold(reading, desk.today())
    shown = _form(given, on)
    # A form that was sent is not sent again in another language: there it begins anew, with the same method.
    shown["elsewhere"] = in_other_languages(ADDRESS, f"method={shown['method']}")
    if not checked_act(given):
        return desk.page("compute.html", request, kept=False, **shown)
    threshold = desk.questions.law(on).threshold
    found = computed(method_asked(given), reading, threshold.value_flop if threshold else None)
    status = HTTPStatus.OK if found else HTTPStatus.UNPROCESSABLE_ENTITY
    return desk.page("compute.html", request, status=status, kept=False, **shown, found=found, threshold=threshold, faults=reading.faults)
