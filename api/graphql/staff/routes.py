"""The addresses of the staff schema. Whoever is not signed in learns nothing, not even whether a question was well put."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import NotSignedIn, problem_of
from api.graphql.common.http import Endpoint, bugs_answered
from api.graphql.common.service import Answer, Asked, Service
from api.graphql.staff.asked import StaffContext
from api.graphql.staff.schema import staff_schema
from api.problems import problem
from domain.actors import Actor
from projections.office.questions import Office

ActorOf = Callable[[Request], Actor | None]
NOT_KEPT = {"cache-control": "no-store"}


def staff_graphql(office: Office, *, clock: Callable[[], datetime], actor_of: ActorOf) -> list[BaseRoute]:
    """
    Give the routes of the staff schema.

    `actor_of` says who sent a request, by token or session; it asks a store, so it is called in a thread. None, or NotSignedIn, is nobody.
    """
    service = Service(staff_schema)

    async def answer(request: Request, asked: Asked) -> Answer:
        context = StaffContext(office, request.state.actor, clock)
        return await asyncio.to_thread(service.answer, asked, context)

    return [
        Route("/staff/graphql", bugs_answered(SignedIn(Endpoint(answer), actor_of), problem)),
        Route("/staff/graphql/schema.graphql", SignedIn(_schema, actor_of)),
    ]


class SignedIn:
    """ASGI application in front of another, which lets only requests with an actor through."""

    def __init__(self, app: ASGIApp, actor_of: ActorOf) -> None:
        self._app = app
        self._actor_of = actor_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, then let the application answer."""
        try:
            actor = await asyncio.to_thread(self._who, Request(scope))
        except NotSignedIn as error:
            await problem_of(error)(scope, receive, send)
        else:
            await self._app({**scope, "state": {**scope.get("state", {}), "actor": actor}}, receive, send)

    def _who(self, request: Request) -> Actor:
        actor = self._actor_of(request)
        if actor is None:
            raise NotSignedIn
        return actor


async def _schema(scope: Scope, receive: Receive, send: Send) -> None:
    text = (files("api.graphql") / "staff.graphql").read_bytes()
    await Response(text, headers=NOT_KEPT, media_type="text/plain; charset=utf-8")(scope, receive, send)
