"""The ways in and out that need no session yet: how their forms are taken, and where they may lead."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.browsers import session_identifier
from api.stores.access_log import AccessAct
from registry_site.office.desk import WORKBENCH, Desk, refused_form
from registry_site.office.forms import FormRefused, FormTooLarge, fields_of, require_token

# An address of this site and of the office: nobody is sent elsewhere after signing in.
_WAY_BACK = re.compile(r"/(workbench|audit)(/[^\\\s]*)?", re.ASCII)
LONGEST = 1_000
Act = Callable[[Desk, Request, dict[str, str]], Awaitable[Response]]


def way_back(text: str) -> str:
    """Return where to go after signing in: an address of the office, else the workbench."""
    fits = len(text) <= LONGEST and _WAY_BACK.fullmatch(text.partition("?")[0]) and text.isprintable()
    return text if fits else WORKBENCH


def in_thread(act: Callable[[Desk, Request, dict[str, str]], Response]) -> Act:
    """Let an act that waits for a store wait in a thread."""

    async def acting(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
        return await asyncio.to_thread(act, desk, request, fields)

    return acting


def posted(desk: Desk, act: Act) -> Callable[[Request], Awaitable[Response]]:
    """Take a form that was written for the session, or for the identifier that is nobody's yet, and act on it."""

    async def answer(request: Request) -> Response:
        try:
            fields = await fields_of(request)
            require_token(fields, session_identifier(request))
        except (FormRefused, FormTooLarge) as bad:
            return await asyncio.to_thread(_refused, desk, request, bad)
        return await act(desk, request, fields)

    return answer


def _refused(desk: Desk, request: Request, bad: Exception) -> Response:
    desk.door.note_stranger(request, AccessAct.REFUSED, "FORM_TOKEN", by="form", subjects=[request.url.path])
    return refused_form(desk, request, bad)
