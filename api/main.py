"""
The web service: public pages, GraphQL, REST, operations, over one register.

The register is opened in the lifespan, so after any fork. Processes share nothing but the database.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import date, datetime
from functools import partial
from time import monotonic
from typing import Any, TypeVar

import orjson
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from api.audit_log import audit_log
from api.audit_sources import sources_of
from api.auth import Caller, Door
from api.browsers import CrossOriginProtection
from api.challenges import Challenges
from api.graphql.public.routes import public_graphql
from api.graphql.staff.routes import staff_graphql
from api.logs import Logs, open_logs
from api.notification_form.writing import load_expectations
from api.openid import open_provider
from api.rest.description import document
from api.rest.routes import rest_routes
from api.schemas import ASSESSMENTS, assessment_schema, notification_schema
from api.schemas import MEDIA_TYPE as SCHEMA
from api.settings import Settings
from api.webhooks.opening import open_deliveries
from api.wiring import Register, demonstration_clock, open_documents, open_door, open_persons, open_register, open_vault, published, server_clock
from domain.law.periods import legal_day, start_of
from projections.office.inbox import Inbox
from projections.public.answers import PublicList
from projections.public.challenges import PublishedChallenges
from projections.public.snapshots import Snapshots
from projections.transparency.answers import LogAnswers, PublicShelf
from registry_site.office.audit.pages import audit_pages
from registry_site.office.desk import Desk
from registry_site.office.letters.press import Press
from registry_site.office.pages import GUARDED, office_pages, other_origin
from registry_site.office.reference import reference_pages
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

LOG = logging.getLogger("register.service")
T = TypeVar("T")
DAY_HOLDS = 0.2
"""Seconds for which a legal day is not worked out again."""
LOOK_EVERY = 0.5
"""Seconds between looks of a public process at how far the public sequence is."""
CATCHING_UP = 3600.0
"""Seconds in which the read models may come up to date before the service answers."""
SLOTS_EVERY = 5.0
"""Seconds between looks for publication orders whose slot has come."""
SEALS_EVERY = 60.0
"""Seconds between looks for seals that are due."""


def create() -> ASGIApp:
    """Return the whole service, as the environment sets it."""
    return service(Settings())


def create_public() -> ASGIApp:
    """Return the public side alone, as the environment sets it: it opens the public read store and nothing else."""
    return service(Settings(), whole=False)


def service(settings: Settings, *, whole: bool = True) -> ASGIApp:
    """Return the service under given settings, whole or the public side alone."""
    app = FastAPI(title="Systemic-Risk Register", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_whole if whole else _public_alone)
    app.state.settings = settings
    app.state.position = 0
    app.state.log_size = 0
    app.state.estimates = 0
    app.state.last_public = server_clock()
    app.state.clock = server_clock
    app.state.leaf_of = None
    app.state.press = Press(settings.pdf_bytes, settings.pdf_seconds)
    app.state.ready = lambda: True
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(500, _problem)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_api_route("/readyz", _readyz, include_in_schema=False)
    app.add_api_route("/schemas/{name}.json", _schema, include_in_schema=False)
    served: ASGIApp = app
    if whole:
        app.router.routes.extend(_reference(app))
        app.include_router(rest_routes())
        served = CrossOriginProtection(app, guarded=GUARDED, refused=partial(_other_origin, app))
    prepared = PreparedPages(
        SecurityHeaders(served),
        position=lambda: (int(app.state.position), int(app.state.log_size), int(app.state.estimates)),
        legal_day=LegalDay(partial(public_clock, app)),
        most_bytes=settings.prepared_bytes,
    )
    return Negotiated(prepared)


# -- The whole -----------------------------------------------------------------------


@asynccontextmanager
async def _whole(app: FastAPI) -> AsyncIterator[None]:
    register = await asyncio.to_thread(open_register, app.state.settings)
    # Before any thread is started: a key or policy that is refused ends the process.
    logs = None if app.state.settings.database_url == "sqlite://" else await asyncio.to_thread(open_logs, app.state.settings, register)
    app.state.register = register
    await asyncio.to_thread(_open_stores, app, register)
    ahead = Ahead(register)
    app.state.clock = ahead.clock if register.demonstration else server_clock
    app.state.ready = lambda: register.follower.failed is None
    register.follower.after_step = lambda: _after_step(app, register, ahead)
    register.follower.start()
    # What cannot be read leaves the service running on what was folded before, and not ready.
    await asyncio.to_thread(register.follower.wait_for, register.recorder.head(), CATCHING_UP)
    await asyncio.to_thread(_note_position, app, register.public)
    tasks = [asyncio.create_task(_run_slots(app, register))]
    if logs:
        logs.follower.after_step = lambda: _note_position(app, register.public)
        logs.follower.start()
        app.state.ready = lambda: register.follower.failed is None and logs.follower.failed is None
        # So that data name the log that they follow from, from the first answer on.
        await asyncio.to_thread(logs.follower.wait_for, register.recorder.head(), CATCHING_UP)
        tasks += [asyncio.create_task(_publish_seals(app, register, logs)), asyncio.create_task(app.state.webhooks.run())]
    app.router.routes.extend([*_staff_routes(app, register, logs), *_public_routes(app, register.public, _challenges(app, register).receive)])
    try:
        yield
    finally:
        if logs:
            logs.stopping = True
        for task in tasks:
            await _end(task)
        if logs:
            await asyncio.to_thread(logs.close)
        _close_stores(app)
        await asyncio.to_thread(register.close)


def _open_stores(app: FastAPI, register: Register) -> None:
    """Open what is primary besides the events, and sweep what an upload left that was killed."""
    in_memory = app.state.settings.database_url == "sqlite://"
    app.state.webhooks = None if in_memory else open_deliveries(app.state.settings, register.public)
    app.state.door = open_door(app.state.settings)
    app.state.openid = open_provider(app.state.settings)
    app.state.documents = open_documents(app.state.settings)
    app.state.documents.shelf.sweep()
    app.state.persons = open_persons(app.state.settings, register, open_vault(app.state.settings))


def _close_stores(app: FastAPI) -> None:
    if app.state.webhooks:
        app.state.webhooks.store.close()
    app.state.persons.vault.close()
    app.state.documents.close()
    app.state.door.close()


class Ahead:
    """The clock of a demonstration: the later of the server's and the last recorded, since a docket may have run ahead."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._last = server_clock()

    def note(self) -> None:
        """Look at the last recorded time."""
        self._last = demonstration_clock(self._register)

    def clock(self) -> datetime:
        """Return the time."""
        return max(server_clock(), self._last)


def _after_step(app: FastAPI, register: Register, ahead: Ahead) -> None:
    _note_position(app, register.public)
    ahead.note()


def _staff_routes(app: FastAPI, register: Register, logs: Logs | None) -> list[BaseRoute]:
    def signed_in(request: Request) -> Caller:
        return door.caller_of(request, request.url.path)

    door: Door = app.state.door
    app.state.leaf_of = logs.shelf.store.index_of if logs else None
    staff = staff_graphql(register.office, app.state.documents, door.log, clock=app.state.clock, caller_of=signed_in)
    routes = [*staff, *office_pages(_desk(app))]
    if logs is None:
        return routes
    log = Route("/audit/log/{path:path}", audit_log(logs.case_answers(), door.log, door.caller_of))
    return [*routes, log, *audit_pages(_desk(app), sources_of(logs, app.state.documents))]


def _desk(app: FastAPI) -> Desk:
    register: Register = app.state.register
    inbox = Inbox(register.office)
    challenges, state = PublishedChallenges(register.public.store), app.state
    return Desk(
        register, state.door, state.clock, inbox, state.documents, state.settings, challenges, state.press, state.leaf_of,
        register.demonstration, state.openid,
    )  # fmt: skip


def _reference(app: FastAPI) -> list[BaseRoute]:
    """Give the reference of REST, for everybody; whether the register is a demonstration is known once it is open."""
    return reference_pages(document(), ("notification", *ASSESSMENTS), lambda: app.state.register.demonstration)


async def _other_origin(app: FastAPI, request: Request) -> Response:
    return await asyncio.to_thread(other_origin, _desk(app), request)


async def _run_slots(app: FastAPI, register: Register) -> None:
    """Carry out publication orders at their slot (procedure section 5.8)."""
    while True:
        now: datetime = app.state.clock()
        for slot_at, case_id, order_id in await _to_its_end(register.office.due_orders, now):
            await _to_its_end(register.registry.run_slot, case_id, order_id, max(slot_at, now))
            register.follower.wake()
        await asyncio.to_thread(_note_position, app, register.public)  # estimates are imported by another process
        await asyncio.sleep(SLOTS_EVERY)


async def _publish_seals(app: FastAPI, register: Register, logs: Logs) -> None:
    """Publish the seal of the day before at its hour, and those that were missed while nothing ran."""
    while True:
        now: datetime = app.state.clock()
        if days := await _to_its_end(logs.publish_seals, now):
            if len(days) > 1:
                LOG.warning("Nothing ran at the hour: the seals of %s to %s are published only now.", days[0], days[-1])
            register.follower.wake()
            logs.follower.wake()
        await asyncio.sleep(SEALS_EVERY)


# -- The public side -------------------------------------------------------------------


@asynccontextmanager
async def _public_alone(app: FastAPI) -> AsyncIterator[None]:
    store = published(app.state.settings.database_url)
    shown = PublicList(store)
    await asyncio.to_thread(_note_position, app, shown)
    app.router.routes.extend(_public_routes(app, shown, nowhere))
    looking = asyncio.create_task(_look(app, shown))
    try:
        yield
    finally:
        await _end(looking)
        await asyncio.to_thread(store.close)


async def _look(app: FastAPI, shown: PublicList) -> None:
    """Look how far the public sequence is: somebody else follows."""
    while True:
        await asyncio.sleep(LOOK_EVERY)
        await asyncio.to_thread(_note_position, app, shown)


def _challenges(app: FastAPI, register: Register) -> Challenges:
    """Take what the public side may not record."""
    settings: Settings = app.state.settings
    limits = (settings.challenges_from_one_place, settings.challenges_altogether)
    return Challenges(
        register.registry, register.follower, app.state.documents, app.state.door.attempts, app.state.clock, *limits, settings.wait_seconds
    )


def _public_routes(app: FastAPI, shown: PublicList, receive: Receive) -> list[BaseRoute]:
    clock = partial(public_clock, app)
    log = LogAnswers(PublicShelf(shown.store))
    settings: Settings = app.state.settings
    pages = [*public_pages(shown, clock=clock, address=settings.public_url), *verify_pages(shown, log, clock=clock, address=settings.public_url)]
    site = Site(settings.public_url, settings.security_uri, ("/data", "/data/fold", *page_addresses(pages)), settings.contact_uri)
    room = Room(shown, Snapshots(shown.store), log, clock, site)
    return [
        *with_mementos([*public_data(room), *pages], room),
        *challenge_pages(
            shown, PublishedChallenges(shown.store), clock=clock, receive=receive, write_to=settings.contact_uri, address=settings.public_url
        ),
        *public_graphql(shown, clock=clock, position=lambda: int(app.state.position), log=log.published),
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


def _note_position(app: FastAPI, shown: PublicList) -> None:
    """Keep at hand how long the public sequence and its log are, and the import of estimates: prepared answers live until one of them moves."""
    state = shown.state()
    app.state.position = state.position
    app.state.log_size = LogAnswers(PublicShelf(shown.store)).size()
    app.state.estimates = state.estimates
    app.state.last_public = start_of(state.day) if state.day else app.state.last_public


class LegalDay:
    """The legal day, asked for with every request and so worked out only a few times a second."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._until = 0.0
        self._day = date.min

    def __call__(self) -> date:
        """Return the Brussels day."""
        now = monotonic()
        if now >= self._until:
            self._day, self._until = legal_day(self._clock()), now + DAY_HOLDS
        return self._day


def public_clock(app: FastAPI) -> datetime:
    """Return the time for the public: the server's, or the day of the last public event where a demonstration ran ahead of it."""
    last: datetime = app.state.last_public
    return max(server_clock(), last)


async def _to_its_end(work: Callable[..., T], *given: Any) -> T:
    """Work in a thread, to the end even when the task is cancelled: whoever still records must not find its stores closed."""
    step = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await step
        raise


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


# -- Operations ------------------------------------------------------------------------


def _healthz() -> PlainTextResponse:
    return PlainTextResponse("alive\n")


def _readyz(request: Request) -> PlainTextResponse:
    """Say only ready or not: why is nobody's business but the operator's log's."""
    ready = request.app.state.ready()
    return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


def _schema(name: str) -> Response:
    """Give the JSON Schema of the notification form, or of an assessment."""
    if name == "notification":
        found = notification_schema(load_expectations())
    elif name in ASSESSMENTS:
        found = assessment_schema(name)
    else:
        raise HTTPException(404)
    return Response(orjson.dumps(found), media_type=SCHEMA, headers={"cache-control": "public, max-age=3600"})


async def _problem(request: Request, error: Exception) -> Response:
    return public_problem(request, error)
