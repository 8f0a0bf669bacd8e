"""
The public side of the service: pages, data, GraphQL and the log. It is part of the whole, or runs alone.

Alone it opens the public read store and nothing else. It imports nothing that could open more, and so it also starts sooner.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime
from functools import partial

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from api.background import end, every, in_background
from api.clocks import LegalDay, server_clock
from api.graphql.public.routes import public_graphql
from api.published import published
from api.settings import Settings
from domain.law.periods import start_of
from projections.public.answers import PublicList
from projections.public.challenges import PublishedChallenges
from projections.public.snapshots import Snapshots
from projections.transparency.answers import LogAnswers, PublicShelf
from registry_site.public.challenge import Receive, challenge_pages, nowhere
from registry_site.public.data.mementos import with_mementos
from registry_site.public.data.negotiation import Negotiated
from registry_site.public.data.room import Room, Site
from registry_site.public.data.routes import public_data
from registry_site.public.front import PreparedPages
from registry_site.public.pages import page_addresses, public_pages, public_problem
from registry_site.public.verify import verify_pages
from registry_site.ui.headers import SecurityHeaders
from registry_site.ui.static import static_files

LOOK_EVERY = 0.5
"""Seconds between looks of a public process at how far the public sequence is."""


class Standing:
    """How long the public sequence and its log are, and the import of estimates: prepared answers live until one of them moves."""

    def __init__(self) -> None:
        self.position = 0
        self._log_size = 0
        self._estimates = 0
        self._last = server_clock()

    def note(self, shown: PublicList) -> None:
        """Look where all of it stands."""
        state = shown.state()
        self.position = state.position
        self._log_size = LogAnswers(PublicShelf(shown.store)).size()
        self._estimates = state.estimates
        self._last = start_of(state.day) if state.day else self._last

    def key(self) -> tuple[int, int, int]:
        """Give what every prepared answer belongs to."""
        return self.position, self._log_size, self._estimates

    def clock(self) -> datetime:
        """Return the time for the public: the server's, or the day of the last public event where a demonstration ran ahead of it."""
        return max(server_clock(), self._last)


def create() -> ASGIApp:
    """Return the public side alone, as the environment sets it."""
    return public_service(Settings())


def public_service(settings: Settings) -> ASGIApp:
    """Return the public side alone under given settings."""
    standing = Standing()
    app = Starlette(lifespan=partial(_open, settings, standing))
    add_operations(app, lambda: True)
    return in_front(app, standing, settings)


@asynccontextmanager
async def _open(settings: Settings, standing: Standing, app: Starlette) -> AsyncIterator[None]:
    with closing(published(settings.database_url)) as store:
        await asyncio.to_thread(store.require_current)
        shown = PublicList(store)
        await asyncio.to_thread(standing.note, shown)
        app.router.routes.extend(public_routes(shown, standing, settings, nowhere))
        # Somebody else follows; here it is only looked how far the public sequence is.
        looking = in_background(every(LOOK_EVERY, partial(asyncio.to_thread, standing.note, shown)))
        try:
            yield
        finally:
            await end(looking)


# -- Parts that the whole has too ------------------------------------------------------


def in_front(app: ASGIApp, standing: Standing, settings: Settings) -> ASGIApp:
    """Put what is prepared, and the choice of a form, in front of an application."""
    legal_day = LegalDay(standing.clock)
    return Negotiated(PreparedPages(SecurityHeaders(app), standing.key, legal_day, most_bytes=settings.prepared_bytes))


def public_routes(shown: PublicList, standing: Standing, settings: Settings, receive: Receive) -> list[BaseRoute]:
    """Give everything that the public may ask; `receive` takes challenges."""
    clock, address, log = standing.clock, settings.public_url, LogAnswers(PublicShelf(shown.store))
    pages = [*public_pages(shown, clock=clock, address=address), *verify_pages(shown, log, clock=clock, address=address)]
    site = Site(address, settings.security_uri, ("/data", "/data/fold", *page_addresses(pages)), settings.contact_uri)
    room = Room(shown, Snapshots(shown.store), log, clock, site)
    challenges = PublishedChallenges(shown.store)
    return [
        *with_mementos([*public_data(room), *pages], room),
        *challenge_pages(shown, challenges, clock=clock, receive=receive, write_to=settings.contact_uri, address=address),
        *public_graphql(shown, clock=clock, position=lambda: standing.position, log=log.published),
        Route("/log/{path:path}", _log(log)),
        static_files(),
    ]


def _log(answers: LogAnswers) -> Callable[[Request], Awaitable[Response]]:
    """Give the log as files (C2SP tlog-tiles), from the public read store."""

    async def answer(request: Request) -> Response:
        found = await asyncio.to_thread(answers.answer, request.path_params["path"])
        headers = {"cache-control": found.cache_control, "content-type": found.media_type}
        return Response(found.body, found.status, headers=headers)

    return answer


# -- Operations ------------------------------------------------------------------------


def add_operations(app: Starlette, ready: Callable[[], bool]) -> None:
    """Let an application say how it is, give its schemas, and answer what is wrong with a page or a problem document."""

    def readyz(_: Request) -> PlainTextResponse:
        """Say only ready or not: why is nobody's business but the operator's log's."""
        return PlainTextResponse("ready\n") if ready() else PlainTextResponse("not ready\n", 503)

    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(500, _problem)
    app.router.routes.extend([Route("/healthz", _healthz), Route("/readyz", readyz), Route("/schemas/{name}.json", _schema)])


def _healthz(_: Request) -> PlainTextResponse:
    return PlainTextResponse("alive\n")


def _schema(request: Request) -> Response:
    """Give the JSON Schema of the notification form, or of an assessment."""
    # Made from types of the record, which whoever serves the public loads only when somebody asks for a schema.
    from api.notification_form.writing import load_expectations
    from api.schemas import ASSESSMENTS, MEDIA_TYPE, assessment_schema, notification_schema

    name = request.path_params["name"]
    if name != "notification" and name not in ASSESSMENTS:
        raise HTTPException(404)
    found = notification_schema(load_expectations()) if name == "notification" else assessment_schema(name)
    return Response(orjson.dumps(found), media_type=MEDIA_TYPE, headers={"cache-control": "public, max-age=3600"})


async def _problem(request: Request, error: Exception) -> Response:
    return public_problem(request, error)
