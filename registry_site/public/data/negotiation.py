"""
One address, many forms: who asks the list or an entry for data by `Accept` gets the answer of its data address (RFC 9110, section 12).

The language of the page does not matter: data have none.
This stands in front of what is prepared, so that every form has prepared bytes of its own under its own address.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem
from registry_site.public.data.lists import ENTRY_FORMS, LIST_FORMS
from registry_site.ui.headers import SecurityHeaders
from registry_site.ui.languages import language_of

HTML = "text/html"
VARY = "Accept, Accept-Datetime, Accept-Encoding"
MOST_RANGES = 40
_ENTRY = re.compile(r"/entries/[^/.]+", re.ASCII)
_RANGE = re.compile(r"\s*([\w!#$&^+.*-]+)/([\w!#$&^+.*-]+)\s*(?:;.*?)??(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?(?:;.*)?", re.ASCII | re.I)


class Negotiated:
    """ASGI middleware that sends a request for the list or an entry to the form that fits it best."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, under the address of the form that was asked for."""
        _, path = language_of(scope.get("path", ""))
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not (path == "/" or path.startswith("/entries/")):
            await self._app(scope, receive, send)
            return
        accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
        if not accept or accept == b"*/*" or accept.startswith(b"text/html,") or (path != "/" and not _ENTRY.fullmatch(path)):
            await self._app(scope, receive, send)
            return
        forms = {**forms_of(path), HTML: scope["path"]}
        best = acceptable(accept.decode("latin-1"), tuple(forms))
        if best is None:
            await SecurityHeaders(_refusal(forms))(scope, receive, send)
        elif best == HTML:
            await self._app(scope, receive, send)
        else:
            await self._elsewhere(forms[best], scope, receive, send)

    async def _elsewhere(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        address = path + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")

        async def send_with_place(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                headers = MutableHeaders(raw=list(message["headers"]))
                headers["content-location"], headers["vary"] = address, VARY
                message = {**message, "headers": headers.raw}
            await send(message)

        await self._app({**scope, "path": path, "raw_path": quote(path).encode()}, receive, send_with_place)


def forms_of(path: str) -> dict[str, str]:
    """Give the media types of the list or an entry, each with the address of its form; the page comes first."""
    stem, forms = ("/list", LIST_FORMS) if path == "/" else (path, ENTRY_FORMS)
    return {HTML: path, **{media_type.partition(";")[0]: f"{stem}.{form}" for form, media_type in forms.items()}}


def _refusal(forms: Mapping[str, str]) -> ASGIApp:
    choices = [{"type": media_type, "address": address} for media_type, address in forms.items()]
    detail = "None of the media types in Accept is one of ours. Ask for one of those listed, or open its address."
    return problem(406, detail, headers={"Vary": VARY}, choices=choices)


def acceptable(accept: str, offered: Sequence[str]) -> str | None:
    """Return the offered media type that an `Accept` likes best, the first of equals; None when it takes none of them."""
    ranges = [found for text in accept.split(",")[:MOST_RANGES] if (found := _range(text)) is not None]
    liked = {kind: _quality(kind, ranges) for kind in offered}
    best = max(offered, key=lambda kind: liked[kind])
    return best if liked[best] > 0 else None


def _range(text: str) -> tuple[str, str, float] | None:
    found = _RANGE.fullmatch(text)
    return (found[1].lower(), found[2].lower(), float(found[3] or 1)) if found else None


def _quality(kind: str, ranges: Sequence[tuple[str, str, float]]) -> float:
    """Return how much a media type is liked, by the most precise range that holds it."""
    main, _, sub = kind.partition("/")
    found = [(one != "*", other != "*", quality) for one, other, quality in ranges if one in (main, "*") and other in (sub, "*")]
    return max(found, default=(False, False, 0.0))[2]
