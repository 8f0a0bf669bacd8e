"""
What only browsers do: they send a cookie along unasked, and pages of others can make them.

Over https the session's cookie is `__Host-sid`: browsers send it to this host alone, over https alone, and show it to no script. Over plain http it
could be read on the way, so there nobody signs in, but for a browser on this very machine: then it is `sid-on-this-machine`.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

SECURE_COOKIE = "__Host-sid"
LOCAL_COOKIE = "sid-on-this-machine"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")


def keeps_secrets(request: Request) -> bool:
    """Tell whether nobody can read this request on its way: it came over https, or does not leave the machine."""
    return request.url.scheme == "https" or request.url.hostname in LOOPBACK


def session_identifier(request: Request) -> str | None:
    """Return what the session's cookie says; where it could have been read on the way it says nothing."""
    return request.cookies.get(_name(request)) if keeps_secrets(request) else None


def keep_session(request: Request, response: Response, identifier: str) -> None:
    """Let the browser keep a session's identifier until it is closed."""
    secure = request.url.scheme == "https"
    response.set_cookie(_name(request), identifier, path="/", secure=secure, httponly=True, samesite="lax")


def forget_session(request: Request, response: Response) -> None:
    """Let the browser forget the session's identifier."""
    response.delete_cookie(_name(request), path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")


def _name(request: Request) -> str:
    return SECURE_COOKIE if request.url.scheme == "https" else LOCAL_COOKIE


# -- Pages of others ---------------------------------------------------------------------


def is_cross_origin(request: Request) -> bool:
    """
    Tell whether a page of another origin made the browser send this.

    The rule of Go's CrossOriginProtection: safe methods pass; browsers say themselves where a request comes from (`Sec-Fetch-Site`); older ones send
    `Origin`, which must name this host; what sends neither is no browser, and carries no cookie that it was not given.
    """
    if request.method in SAFE:
        return False
    if site := request.headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host", "")


class CrossOriginProtection:
    """ASGI middleware that lets no page of another origin act for whoever is signed in here."""

    def __init__(self, app: ASGIApp, *, guarded: tuple[str, ...], refused: Callable[[Request], Awaitable[Response]]) -> None:
        """Guard the addresses that begin like this, and every request that carries the cookie of a session."""
        self._app = app
        self._guarded = guarded
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it before anything reads it."""
        if scope["type"] == "http" and scope["method"] not in SAFE:
            request = Request(scope)
            guarded = request.url.path.startswith(self._guarded) or session_identifier(request) is not None
            if guarded and is_cross_origin(request):
                await (await self._refused(request))(scope, receive, send)
                return
        await self._app(scope, receive, send)
