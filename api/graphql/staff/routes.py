"""The addresses of the staff schema. Whoever is not signed in learns nothing, not even whether a question was well put."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth import Caller
from api.errors import NotSignedIn, problem_of
from api.graphql.common.http import Endpoint, bugs_answered
from api.graphql.common.service import Answer, Asked, Service
from api.graphql.staff.asked import StaffContext
from api.graphql.staff.schema import staff_schema
from api.problems import problem
from api.stores.access_log import AccessLog
from api.stores.documents import DocumentStore
from projections.office.questions import Office

CallerOf = Callable[[Request], Caller | None]
NOT_KEPT = {"cache-control": "no-store"}


def staff_graphql(office: Office, documents: DocumentStore, log: AccessLog, *, clock: Callable[[], datetime], caller_of: CallerOf) -> list[BaseRoute]:
    """
    Give the routes of the staff schema. What an answer tells is in the access log before the answer goes out.

    `caller_of` says who sent a request, by token or session; it asks a store, so it is called in a thread. None, or NotSignedIn, is nobody.
    """
    service = Service(staff_schema)

    async def answer(request: Request, asked: Asked) -> Answer:
        context = StaffContext(office, documents, request.state.caller, log, clock)
        return await asyncio.to_thread(noted, asked, context)

    def noted(asked: Asked, context: StaffContext) -> Answer:
        found = service.answer(asked, context)
        context.note()
        return found

    return [
        Route("/staff/graphql", bugs_answered(SignedIn(Endpoint(answer), caller_of), problem)),
        Route("/staff/graphql/schema.graphql", SignedIn(_schema, caller_of)),
    ]


class SignedIn:
    """ASGI application in front of another, which lets only signed requests through."""

    def __init__(self, app: ASGIApp, caller_of: CallerOf) -> None:
        self._app = app
        self._caller_of = caller_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, then let the application answer."""
        try:
            caller = await asyncio.to_thread(self._who, Request(scope))
        except NotSignedIn as error:
            await problem_of(error)(scope, receive, send)
        else:
            await self._app({**scope, "state": {**scope.get("state", {}), "caller": caller}}, receive, send)

    def _who(self, request: Request) -> Caller:
        caller = self._caller_of(request)
        if caller is None:
            raise NotSignedIn
        return caller


async def _schema(scope: Scope, receive: Receive, send: Send) -> None:
    text = (files("api.graphql") / "staff.graphql").read_bytes()
    await Response(text, headers=NOT_KEPT, media_type="text/plain; charset=utf-8")(scope, receive, send)
