"""
Signing in through the provider of an organisation (OpenID Connect): going there, coming back, and adopting a draft by signing in again.

A browser goes on by the header Refresh and a link: our policy lets no form lead to another site, and whom a provider sends people on to is not known.
"""

import asyncio
import logging
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.auth import SignInRefused
from api.browsers import keep_session, session_identifier
from api.openid import COME_BACK, NotVouched, Provider, ProviderUnreachable
from api.stores.access_log import AccessAct
from api.stores.begun_sign_ins import Begun
from api.stores.identities import Identity
from registry_site.office.desk import HEADERS, SIGN_IN, Desk, answered
from registry_site.office.drafts import READS_DRAFTS, adopt_by_openid
from registry_site.office.uploads import Files
from registry_site.office.ways import posted, way_back

LOG = logging.getLogger("register.openid")
MOST_PARAMETERS = 20
STATUS = {"PROVIDER_UNREACHABLE": 503, "TOO_MANY_ATTEMPTS": 429}
"""The status of a refusal that is no plain 403."""


def openid_routes(desk: Desk) -> list[Route]:
    """Give the routes of signing in through the provider; none when the settings name no provider."""
    provider = desk.openid
    if provider is None:
        return []

    async def go(desk: Desk, request: Request, fields: dict[str, str]) -> Response:
        return await go_to_sign_in(desk, provider, request, fields)

    async def back(request: Request) -> Response:
        return await come_back(desk, provider, request)

    return [Route("/sign-in/openid", posted(desk, go), methods=["POST"]), Route(COME_BACK, back, methods=["GET"])]


# -- Going there -----------------------------------------------------------------------


async def go_to_sign_in(desk: Desk, provider: Provider, request: Request, fields: dict[str, str]) -> Response:
    """Send somebody on to the provider: to sign in, or to sign in again by which they adopt the draft whose fingerprint they read."""
    back, identifier = way_back(fields.get("next", "")), session_identifier(request) or ""
    try:
        await provider.reach()
        state, begun = await asyncio.to_thread(desk.door.begin_by_openid, request, identifier, back, fields.get("fingerprint"))
        address = await provider.address(state, begun)
    except SignInRefused:
        return await _refused(desk, request, "TOO_MANY_ATTEMPTS", back, noted=True)
    except ProviderUnreachable as down:
        return await _unreachable(desk, request, down, back)
    return _going_on(desk, request, address)


async def go_to_sign_out(desk: Desk, request: Request) -> Response | None:
    """Send somebody who is signed out here on to the provider, to sign out there; None when it has no such place or cannot be reached."""
    try:
        address = await desk.openid.sign_out_address() if desk.openid else None
    except ProviderUnreachable as down:
        LOG.error("The OpenID provider cannot be reached: %s", down)
        return None
    return _going_on(desk, request, address, out=True) if address else None


def _going_on(desk: Desk, request: Request, address: str, *, out: bool = False) -> Response:
    answer = desk.page("going_on.html", request, address=address, host=urlsplit(address).netloc, out=out)
    answer.headers["refresh"] = f"0; url={address}"
    return answer


# -- Coming back -----------------------------------------------------------------------


async def come_back(desk: Desk, provider: Provider, request: Request) -> Response:
    """Let in, or adopt a draft for, whoever comes back from the provider in the browser in which they went there."""
    answer = _parameters(request)
    begun = await asyncio.to_thread(desk.door.begun.take, answer.get("state", ""), session_identifier(request) or "")
    if begun is None:
        return await _refused(desk, request, "STATE", SIGN_IN)
    try:
        identity = await provider.identity(answer, begun)
    except NotVouched as wrong:
        LOG.warning("Nobody is let in by OpenID Connect: %s", wrong)
        return await _refused(desk, request, wrong.outcome, begun.way_back)
    except ProviderUnreachable as down:
        return await _unreachable(desk, request, down, begun.way_back)
    if begun.fingerprint is None:
        return await asyncio.to_thread(_let_in, desk, request, begun, identity)
    adopt = partial(adopt_by_openid, begun=begun, identity=identity)
    return await asyncio.to_thread(answered, desk, adopt, request, {}, Files(), READS_DRAFTS)


def _parameters(request: Request) -> dict[str, str]:
    """Return what the provider sent along; nothing of it when something is given twice."""
    try:
        pairs = parse_qsl(request.url.query, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        return {}
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


def _let_in(desk: Desk, request: Request, begun: Begun, identity: Identity) -> Response:
    try:
        begun_session = desk.door.sign_in_by_openid(request, identity)
    except SignInRefused:
        return desk.page("openid_refused.html", request, status=403, reason="UNKNOWN_PERSON", value=identity.value, back=begun.way_back)
    answer = RedirectResponse(begun.way_back, 303, HEADERS)
    keep_session(request, answer, begun_session)
    return answer


# -- Refusals --------------------------------------------------------------------------


async def _unreachable(desk: Desk, request: Request, down: ProviderUnreachable, back: str) -> Response:
    LOG.error("The OpenID provider cannot be reached: %s", down)
    return await _refused(desk, request, "PROVIDER_UNREACHABLE", back)


async def _refused(desk: Desk, request: Request, outcome: str, back: str, *, noted: bool = False) -> Response:
    """Say why nobody was let in and nothing was adopted, and note it."""
    return await asyncio.to_thread(_refused_page, desk, request, outcome, back, noted)


def _refused_page(desk: Desk, request: Request, outcome: str, back: str, noted: bool) -> Response:
    session = desk.door.session_of(request)
    if not noted:
        actor, by = (session.actor, session.reference) if session else (None, "openid")
        desk.door.note_stranger(request, AccessAct.SIGN_IN_REFUSED, outcome, by=by, actor=actor)
    return desk.page("openid_refused.html", request, session, status=STATUS.get(outcome, 403), reason=outcome, back=back)
