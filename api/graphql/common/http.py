"""GraphQL over HTTP: GET and POST, two media types, one answer to each request. No batches, no subscriptions."""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from graphql import GraphQLError
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.graphql.common.errors import BAD_INPUT, refusal
from api.graphql.common.service import Answer, Asked, refused

MEDIA = "application/graphql-response+json"
LEGACY = "application/json"
MOST_BYTES = 64 * 1024
METHODS = ("GET", "HEAD", "POST")
BUG = "The register failed to answer, for a reason nobody foresaw. It has been written down; ask again later."

Answering = Callable[[Request, Asked], Awaitable[Answer | Response]]


class BadRequest(Exception):
    """What arrived is no request of GraphQL."""

    def __init__(self, sentence: str, status: int = 400, code: str = BAD_INPUT, **headers: str) -> None:
        super().__init__(sentence)
        self.error: GraphQLError = refusal(code, sentence)
        self.status = status
        self.headers = headers


class Endpoint:
    """
    ASGI application that reads requests of GraphQL and writes their answers.

    With `kept` an answer to GET may be kept by anyone under these headers. It then has one form for all, whatever `Accept` says, so that no cache
    needs to know about two; `Accept` may be disregarded (RFC 9110, 12.5.1).
    """

    def __init__(self, answering: Answering, kept: Mapping[str, str] | None = None) -> None:
        self._answering = answering
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = await self._answering(request, await read(request))
        except BadRequest as bad:
            answer = self._written(request, refused([bad.error], BAD_INPUT), bad.status, bad.headers)
        except ClientDisconnect:
            return
        await (answer if isinstance(answer, Response) else self._written(request, answer))(scope, receive, send)

    def _written(self, request: Request, answer: Answer, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """Write an answer; a request that was not executed is a 400, but not to clients that know only `application/json`."""
        kept = self._kept if request.method != "POST" else None
        media = MEDIA if kept else preferred(request.headers.get("accept", ""))
        if status == 200 and not answer.executed and media == MEDIA:
            status = 400
        if kept and status == 200 and answer.whole:
            return _keepable(request, answer, kept)
        known = {"cache-control": "no-store", **({} if kept else {"vary": "Accept"}), **(headers or {})}
        return Response(answer.body, status, known, media_type=f"{media}; charset=utf-8")


def bugs_answered(app: ASGIApp, problem: Callable[[int, str], Response]) -> ASGIApp:
    """Let a bug be answered in a form that programs read, and rise from there to the log."""

    async def answer(_request: Request, _error: Exception) -> Response:
        return problem(500, BUG)

    return ServerErrorMiddleware(app, handler=answer)


def _keepable(request: Request, answer: Answer, kept: Mapping[str, str]) -> Response:
    etag = f'"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    known = {**kept, "etag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=known)
    return Response(answer.body, headers=known, media_type=f"{MEDIA}; charset=utf-8")


def preferred(accept: str) -> str:
    """Return the media type a client prefers; today's, unless it asks for the older one alone or above it."""
    weights: dict[str, float] = {}
    for part in accept.split(","):
        media, *parameters = (text.strip() for text in part.lower().split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        weights[media] = float(quality) if quality.replace(".", "", 1).isdigit() else 0.0
    general = max(weights.get("*/*", 0.0), weights.get("application/*", 0.0))
    return LEGACY if weights.get(LEGACY, general) > weights.get(MEDIA, general) else MEDIA


# -- Reading ------------------------------------------------------------------------


async def read(request: Request) -> Asked:
    """
    Read a request.

    Raises: BadRequest.
    """
    if request.method not in METHODS:
        raise BadRequest("GraphQL is asked by GET or POST.", 405, "METHOD_NOT_ALLOWED", allow=", ".join(METHODS))
    return asked(await _body(request) if request.method == "POST" else _parameters(request))


def _parameters(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _json(given[name].encode("utf-8", "replace"), f"The parameter {name} is not JSON.")
    return {name: value for name, value in given.items() if value != ""}


async def _body(request: Request) -> Any:
    # Only this media type: a form of another site cannot send it without the browser asking us first.
    media, _, parameters = request.headers.get("content-type", "").lower().partition(";")
    charset = parameters.replace(" ", "").replace('"', "").removeprefix("charset=")
    if media.strip() != LEGACY or charset not in ("", "utf-8"):
        raise BadRequest("Send the request as JSON, with the content type application/json.", 415, "UNSUPPORTED_MEDIA_TYPE")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BadRequest(f"The request is longer than {MOST_BYTES:,} bytes.", 413, "REQUEST_TOO_LARGE")
    return _json(bytes(body), "The body is not JSON.")


def _json(text: bytes, complaint: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadRequest(complaint) from None


def asked(given: Any) -> Asked:
    """
    Read the parameters of a request.

    Raises: BadRequest.
    """
    if isinstance(given, list):
        raise BadRequest("Batches are not answered: send one request at a time.", code="BATCHING_NOT_SUPPORTED")
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise BadRequest('Send a query, for example {"query": "{ __typename }"}.')
    if not isinstance(given.get("operationName"), str | None):
        raise BadRequest("operationName must be text.")
    for name in ("variables", "extensions"):
        if not isinstance(given.get(name), dict | None):
            raise BadRequest(f"{name} must be an object of JSON.")
    return Asked(given["query"], given.get("operationName"), given.get("variables") or {})
