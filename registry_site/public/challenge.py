"""
Challenges: anyone may question a published field of an entry, and see what came of it (procedure section 5.12).

What the visitor writes stays confidential: it is handed on, and no page shows it but the answer to a form that has to be sent again. This side may
not record; where nothing was put in that may, the form says where to write instead.
"""

import asyncio
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from http import HTTPStatus
from math import ceil
from typing import Any, Literal, get_args
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from domain.public import ChallengedField
from projections.public.challenges import ChallengeQuestions
from projections.public.page_questions import PageQuestions
from projections.public.questions import When
from registry_site.public.asked import BadQuestion, parameters
from registry_site.public.desk import NOT_KEPT, Desk, NotOnTheList, in_languages, problem_page
from registry_site.public.sent import form_sent
from registry_site.ui.languages import address_in, in_every_language, language_of

ADDRESS = "/challenge/{list_id}"
FIELDS: tuple[ChallengedField, ...] = get_args(ChallengedField)
LONGEST = 4_000
"""The most characters of the free text."""
LINES = "\n\t"  # control characters that a text may have

Why = Literal["OTHER_ORIGIN", "TOO_MANY", "NOWHERE"]
STATUS: Mapping[Why, HTTPStatus] = {
    "OTHER_ORIGIN": HTTPStatus.FORBIDDEN,
    "TOO_MANY": HTTPStatus.TOO_MANY_REQUESTS,
    "NOWHERE": HTTPStatus.SERVICE_UNAVAILABLE,
}


class NotTaken(Exception):
    """The challenge is not taken now, and nothing of it is kept; `seconds` is after what time it can be."""

    def __init__(self, why: Why, seconds: float = 0) -> None:
        super().__init__(why)
        self.why = why
        self.minutes = ceil(seconds / 60)


Receive = Callable[[Request, str, ChallengedField, str], str]
"""Records a challenge of an entry, field and text, and returns its reference. Raises: NotTaken."""


def nowhere(request: Request, list_id: str, field: ChallengedField, text: str) -> str:
    """Take no challenge: the process of the public side records nothing."""
    raise NotTaken("NOWHERE")


def challenge_pages(
    shown: PageQuestions, found: ChallengeQuestions, *, clock: Callable[[], datetime], receive: Receive, write_to: str, address: str = ""
) -> list[BaseRoute]:
    """Give the routes of the form and of the page of each challenge; `write_to` is where one writes instead, as a URI."""
    desk = Desk(shown, clock, address)

    def form(desk: Desk, request: Request) -> Response:
        """Show the form, and what was questioned before."""
        parameters(request.scope["query_string"], ())
        return _form(desk, found, request, write_to)

    def state(desk: Desk, request: Request) -> Response:
        """Show what came of a challenge."""
        parameters(request.scope["query_string"], ())
        challenge = found.challenge(request.path_params["ref"])
        if challenge is None or challenge.list_id != request.path_params["list_id"]:
            return problem_page(request, HTTPStatus.NOT_FOUND)
        return desk.page("challenge_state.html", request, challenge=challenge, subject=_subject(desk, request))

    async def send(request: Request) -> Response:
        return await asyncio.to_thread(_sent, desk, found, request, await form_sent(request), receive, write_to)

    sending = [Route(path, send, methods=["POST"]) for path in in_every_language(ADDRESS)]
    return [*in_languages(desk, ADDRESS, form), *sending, *in_languages(desk, f"{ADDRESS}/{{ref}}", state)]


def _subject(desk: Desk, request: Request) -> Any:
    subject = desk.questions.entry(request.path_params["list_id"], When())
    if subject is None:
        raise NotOnTheList
    return subject


def _form(desk: Desk, found: ChallengeQuestions, request: Request, write_to: str, **answer: Any) -> Response:
    """Show the form, with what was typed and what is wrong with it where it was sent."""
    subject = _subject(desk, request)
    before = found.of_entry(subject.list_id)
    instead: dict[str, Any] = {"write_to": write_to, "contact": unquote(write_to.removeprefix("mailto:"))}
    return desk.page("challenge.html", request, subject=subject, before=before, fields=FIELDS, most=LONGEST, **instead, **answer)


def _sent(desk: Desk, found: ChallengeQuestions, request: Request, body: bytes, receive: Receive, write_to: str) -> Response:
    """Record what was sent, or show the form again: nothing that was typed is lost."""
    try:
        typed = parameters(body, ("field", "text"))
        list_id = str(_subject(desk, request).list_id)
    except BadQuestion as bad:
        return problem_page(request, HTTPStatus.BAD_REQUEST, problems=bad.problems)
    except NotOnTheList:
        return problem_page(request, HTTPStatus.NOT_FOUND, entry=request.path_params["list_id"])
    text = typed.get("text", "").replace("\r\n", "\n")
    field = next((field for field in FIELDS if field == typed.get("field")), None)
    faults = dict(_faults(field, text))
    if faults or field is None:
        return _form(desk, found, request, write_to, typed=typed, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY, kept=False)
    try:
        ref = receive(request, list_id, field, text)
    except NotTaken as refused:
        response = _form(desk, found, request, write_to, typed=typed, refused=refused, status=STATUS[refused.why], kept=False)
        if refused.minutes:
            response.headers["retry-after"] = str(refused.minutes * 60)
        return response
    language, _ = language_of(request.scope["path"])
    return RedirectResponse(address_in(language, f"/challenge/{list_id}/{ref}"), HTTPStatus.SEE_OTHER, NOT_KEPT)


def _faults(field: str | None, text: str) -> list[tuple[str, str]]:
    """Say what is wrong with a field each."""
    wrong = [] if field else [("field", "NO_FIELD")]
    if not text:
        return [*wrong, ("text", "NO_TEXT")]
    if len(text) > LONGEST:
        return [*wrong, ("text", "TOO_LONG")]
    if any(unicodedata.category(character) == "Cc" and character not in LINES for character in text):
        return [*wrong, ("text", "NOT_A_TEXT")]
    return wrong
