"""Signing in and out. Whoever fails learns nothing of which accounts there are."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.auth import SignInRefused
from api.browsers import forget_session, keep_session, keeps_secrets, session_identifier
from api.stores.sessions import RANDOM_BYTES
from domain.law.periods import BRUSSELS
from registry_site.office.desk import HEADERS, SIGN_IN, Desk, Visit
from registry_site.office.forms import form_token
from registry_site.office.openid import go_to_sign_out, openid_routes
from registry_site.office.ways import LONGEST, in_thread, posted, way_back
from registry_site.office.words import session_until


def sign_in_routes(desk: Desk) -> list[Route]:
    """Give the routes of signing in and out."""
    return [
        Route(SIGN_IN, _in_thread(desk, show_sign_in), methods=["GET"]),
        Route(SIGN_IN, posted(desk, in_thread(sign_in)), methods=["POST"]),
        Route("/sign-out", _in_thread(desk, show_sign_out), methods=["GET"]),
        Route("/sign-out", posted(desk, sign_out), methods=["POST"]),
        *openid_routes(desk),
    ]


def _in_thread(desk: Desk, page: Callable[[Desk, Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await asyncio.to_thread(page, desk, request)

    return answer


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


async def sign_out(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
    """End the session, here, in the browser, and with the provider that vouched for it."""
    ended = await asyncio.to_thread(desk.door.sign_out, request)
    answer = await go_to_sign_out(desk, request) if ended and ended.by_openid else None
    answer = answer or RedirectResponse(f"{SIGN_IN}?signed-out", 303, HEADERS)
    forget_session(request, answer)
    return answer
