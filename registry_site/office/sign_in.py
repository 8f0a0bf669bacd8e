"""Signing in and out. Whoever fails learns nothing of which accounts there are."""

import asyncio
import re
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.auth import SignInRefused
from api.browsers import forget_session, keep_session, keeps_secrets, session_identifier
from api.stores.access_log import AccessAct
from api.stores.sessions import RANDOM_BYTES
from domain.law.periods import BRUSSELS
from registry_site.office.desk import HEADERS, SIGN_IN, WORKBENCH, Desk, Visit, refused_form
from registry_site.office.forms import FormRefused, FormTooLarge, fields_of, form_token, require_token
from registry_site.office.words import session_until

# An address of this site and of the office: nobody is sent elsewhere after signing in.
_WAY_BACK = re.compile(r"/(workbench|audit)(/[^\\\s]*)?", re.ASCII)
LONGEST = 1_000


def sign_in_routes(desk: Desk) -> list[Route]:
    """Give the routes of signing in and out."""
    return [
        Route(SIGN_IN, _in_thread(desk, show_sign_in), methods=["GET"]),
        Route(SIGN_IN, _posted(desk, sign_in), methods=["POST"]),
        Route("/sign-out", _in_thread(desk, show_sign_out), methods=["GET"]),
        Route("/sign-out", _posted(desk, sign_out), methods=["POST"]),
    ]


def _in_thread(desk: Desk, page: Callable[[Desk, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await asyncio.to_thread(page, desk, request)

    return answer


def _posted(desk: Desk, act: Callable[[Desk, Request, dict[str, str]], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            fields = await fields_of(request)
            require_token(fields, session_identifier(request))
        except (FormRefused, FormTooLarge) as bad:
            return await asyncio.to_thread(_refused, desk, request, bad)
        return await asyncio.to_thread(act, desk, request, fields)

    return answer


def _refused(desk: Desk, request: Request, bad: Exception) -> Response:
    desk.door.note_stranger(request, AccessAct.REFUSED, "FORM_TOKEN", by="form", subjects=[request.url.path])
    return refused_form(desk, request, bad)


# -- In ------------------------------------------------------------------------------


def show_sign_in(desk: Desk, request: Request) -> Response:
    """Show the form. A browser without a session is given an identifier that is nobody's yet, for the form's token; signing in replaces it."""
    asked = parse_qs(request.url.query, keep_blank_values=True)
    if not keeps_secrets(request):
        return desk.page("refused.html", request, status=403, reason="NOT_SECRET")
    identifier = session_identifier(request)
    fresh = identifier or secrets.token_urlsafe(RANDOM_BYTES)
    answer = _form(desk, request, fresh, way_back(asked.get("next", [""])[0]), signed_out="signed-out" in asked, kept="kept" in asked)
    if identifier is None:
        keep_session(request, answer, fresh)
    return answer


def _form(desk: Desk, request: Request, identifier: str, back: str, *, status: int = 200, **more: object) -> Response:
    session = desk.door.session_of(request)
    return desk.page("sign_in.html", request, session, status=status, token=form_token(identifier), back=back, **more)


def sign_in(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """Let somebody in under a new identifier, or say that name and password do not go together."""
    back, name, password = way_back(fields.get("next", "")), fields.get("name", "").strip().casefold(), fields.get("password", "")
    identifier = session_identifier(request) or ""
    missing = [field for field, text in (("name", name), ("password", password)) if not text]
    if missing:
        return _form(desk, request, identifier, back, status=422, missing=missing, name=name)
    try:
        begun = desk.door.sign_in(request, name[:LONGEST], password[:LONGEST])
    except SignInRefused as refused:
        return _not_in(desk, request, identifier, back, name, refused)
    answer = RedirectResponse(back, 303, HEADERS)
    keep_session(request, answer, begun)
    return answer


def _not_in(desk: Desk, request: Request, identifier: str, back: str, name: str, refused: SignInRefused) -> Response:
    if refused.until is None:
        return _form(desk, request, identifier, back, status=422, wrong=True, name=name)
    wait = refused.until - desk.door.log.now()
    # The next whole minute: whoever tries at the minute shown is not too early.
    until = (refused.until + timedelta(minutes=1)).astimezone(BRUSSELS).strftime("%H:%M")
    answer = _form(desk, request, identifier, back, status=429, until=until, name=name)
    answer.headers["retry-after"] = str(max(1, int(wait.total_seconds()) + 1))
    return answer


def way_back(text: str) -> str:
    """Return where to go after signing in: an address of the office, else the workbench."""
    fits = len(text) <= LONGEST and _WAY_BACK.fullmatch(text.partition("?")[0]) and text.isprintable()
    return text if fits else WORKBENCH


# -- On ------------------------------------------------------------------------------


def stay_signed_in(desk: Desk, visit: Visit) -> Response:
    """Say until when the session lasts now: it was used by asking. To a script in figures, so that nobody leaves what they are writing."""
    session = visit.session
    if visit.request.headers.get("accept") == "application/json":
        left = session.seconds_left(desk.door.sessions.now())
        return JSONResponse({"seconds": left, "final": session.is_final, "until": session_until(session)}, headers=HEADERS)
    return desk.page("longer.html", visit.request, session)


# -- Out -----------------------------------------------------------------------------


def show_sign_out(desk: Desk, request: Request) -> Response:
    """Ask whether to sign out: only a form does."""
    session = desk.door.session_of(request)
    return desk.page("sign_out.html", request, session) if session else RedirectResponse(SIGN_IN, 303, HEADERS)


def sign_out(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """End the session, here and in the browser."""
    desk.door.sign_out(request)
    answer = RedirectResponse(f"{SIGN_IN}?signed-out", 303, HEADERS)
    forget_session(request, answer)
    return answer
