"""The addresses under /api/v1, in the order in which they are tried."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from api.deps import note_refusal, signed_in
from api.errors import EXPECTED, WrongMethod, problem_of
from api.rest.description import description
from api.rest.documents import classify_document, hand_out, send_document
from api.rest.event_schemas import event_schema
from api.rest.persons import add_person, lift_restriction, read_person, rectify_person, restrict_person
from api.rest.places import record_at
from api.rest.reading import read_record
from api.rest.recording import record
from domain.errors import NotInRegister, Refused
from domain.law.rules import R33

PREFIX = "/api/v1"
READS = ["GET", "HEAD"]
METHODS = [*READS, "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]

PLACES: dict[str, dict[str, Callable[..., Any]]] = {
    "/documents": {"POST": send_document},
    "/documents/{hash}": {"GET": hand_out, "HEAD": hand_out},
    "/documents/{hash}/classification": {"PUT": classify_document},
    "/persons": {"POST": add_person},
    "/persons/{ref}": {"GET": read_person, "HEAD": read_person, "PUT": rectify_person},
    "/persons/{ref}/restriction": {"PUT": restrict_person, "DELETE": lift_restriction},
}


class ProblemRoute(APIRoute):
    """A route whose expected failures are answered with problem documents, and whose bugs are not."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route."""
        handler = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                return await handler(request)
            except EXPECTED as error:
                if isinstance(error, Refused) and error.rule is R33:
                    await asyncio.to_thread(note_refusal, request)
                return problem_of(error)

        return answered


def rest_routes() -> APIRouter:
    """Return the routes: the description for everybody, all else, whether it exists or not, for those who are signed in."""
    routes = APIRouter(prefix=PREFIX, route_class=ProblemRoute, include_in_schema=False)
    routes.add_api_route("/openapi.json", description, methods=READS, response_model=None)
    routes.add_api_route("/schemas/{topic}.json", event_schema, methods=READS, response_model=None)
    members: dict[str, Any] = {"dependencies": [Depends(signed_in)], "response_model": None}
    for path, methods in PLACES.items():
        for method, answer in methods.items():
            routes.add_api_route(path, answer, methods=[method], **members)
        routes.add_api_route(path, other_method(", ".join(methods)), methods=[method for method in METHODS if method not in methods], **members)
    routes.add_api_route("/{path:path}", record, methods=["POST"], **members)
    routes.add_api_route("/{collection}", read_record, methods=READS, **members)
    routes.add_api_route("/{collection}/{key}", read_record, methods=READS, **members)
    for path in ("", "/{path:path}"):
        routes.add_api_route(path, elsewhere, methods=METHODS, **members)
    return routes


def other_method(allow: str) -> Callable[[], Coroutine[Any, Any, Response]]:
    """Return the answer of an address for the methods that it does not take."""

    async def refuse() -> Response:
        raise WrongMethod(allow)

    return refuse


async def elsewhere(request: Request) -> Response:
    """
    Answer for an address or a method that no route takes.

    Raises: WrongMethod, NotInRegister.
    """
    path = request.path_params.get("path", "")
    with suppress(NotInRegister):
        record_at(path)
        raise WrongMethod("GET, HEAD")
    raise NotInRegister("there is nothing at this address (see /api/v1/openapi.json)")
