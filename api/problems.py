"""Problem documents: what a machine reads when its request came to nothing (RFC 9457). Shared by both sides of the register."""

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


def problem(status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """
    Return a problem document. `more` are the members that go beyond the standard, such as `code` and `article` of a refusal.

    Without a type of its own a problem means what its status means, and its title is the status in words.
    """
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    # Escaped: a detail may quote what was sent, and that need not be writable in UTF-8.
    return Response(json.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)
