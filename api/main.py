"""
The web service: public pages, GraphQL, REST, operations, over one register.

The register is opened in the lifespan, so after any fork. Processes share nothing but the database.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from api.audit_log import audit_log
from api.audit_sources import sources_of
from api.auth import Caller, Door
from api.background import end, every, in_background
from api.browsers import CrossOriginProtection
from api.challenges import Challenges
from api.clocks import server_clock
from api.graphql.staff.routes import staff_graphql
from api.logs import Logs, open_logs
from api.openid import open_provider
from api.public_side import Standing, add_operations, in_front, public_routes
from api.rest.description import document
from api.rest.routes import rest_routes
from api.schemas import ASSESSMENTS
from api.settings import Settings
from api.stores.faults import PASSING
from api.webhooks.opening import open_deliveries
from api.wiring import Register, demonstration_clock, open_documents, open_door, open_persons, open_register, open_vault
from projections.office.inbox import Inbox
from projections.public.challenges import PublishedChallenges
from registry_site.office.audit.pages import audit_pages
from registry_site.office.desk import Desk
from registry_site.office.letters.press import Press
from registry_site.office.pages import GUARDED, office_pages, other_origin
from registry_site.office.reference import reference_pages

LOG = logging.getLogger("register.service")
T = TypeVar("T")
CATCHING_UP = 3600.0
"""Seconds in which the read models may come up to date before the service answers."""
SLOTS_EVERY = 5.0
"""Seconds between looks for publication orders whose slot has come."""
SEALS_EVERY = 60.0
"""Seconds between looks for seals that are due."""


def create() -> ASGIApp:
    """Return the whole service, as the environment sets it."""
    return service(Settings())


def service(settings: Settings) -> ASGIApp:
    """Return the whole service under given settings."""
    app = FastAPI(title="Systemic-Risk Register", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_opened)
    app.state.settings = settings
    app.state.standing = Standing()
    app.state.clock = server_clock
    app.state.leaf_of = None
    app.state.press = Press(settings.pdf_bytes, settings.pdf_seconds)
    app.state.ready = lambda: True
    add_operations(app, lambda: bool(app.state.ready()))
    app.router.routes.extend(_reference(app))
    app.include_router(rest_routes())
    guarded = CrossOriginProtection(app, guarded=GUARDED, refused=partial(_other_origin, app))
    return in_front(guarded, app.state.standing, settings)


# -- Open ------------------------------------------------------------------------------


@asynccontextmanager
async def _opened(app: FastAPI) -> AsyncIterator[None]:
    register = await asyncio.to_thread(open_register, app.state.settings)
    # Before any thread is started: a key or policy that is refused ends the process.
    logs = None if app.state.settings.database_url == "sqlite://" else await asyncio.to_thread(open_logs, app.state.settings, register)
    app.state.register = register
    await asyncio.to_thread(_open_stores, app, register)
    ahead = Ahead(register)
    app.state.clock = ahead.clock if register.demonstration else server_clock
    register.follower.after_step = lambda: _after_step(app, register, ahead)
    register.follower.start()
    # What cannot be read leaves the service running on what was folded before, and not ready.
    await asyncio.to_thread(register.follower.wait_for, register.recorder.head(), CATCHING_UP)
    await asyncio.to_thread(app.state.standing.note, register.public)
    if logs:
        logs.follower.after_step = lambda: app.state.standing.note(register.public)
        logs.follower.start()
        # So that data name the log that they follow from, from the first answer on.
        await asyncio.to_thread(logs.follower.wait_for, register.recorder.head(), CATCHING_UP)
    tasks = [in_background(work) for work in _by_itself(app, register, logs)]
    followers = [register.follower, logs.follower] if logs else [register.follower]
    app.state.ready = lambda: all(follower.is_well for follower in followers) and not any(task.done() for task in tasks)
    app.router.routes.extend([*_staff_routes(app, register, logs), *_public_routes(app, register)])
    try:
        yield
    finally:
        if logs:
            logs.stopping = True
        for task in tasks:
            await end(task)
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
    app.state.standing.note(register.public)
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


def _by_itself(app: FastAPI, register: Register, logs: Logs | None) -> Iterator[Coroutine[Any, Any, None]]:
    """Yield what the service does beside its answers."""
    yield every(SLOTS_EVERY, partial(_run_slots, app, register), PASSING)
    if logs:
        yield every(SEALS_EVERY, partial(_publish_seals, app, register, logs), PASSING)
        yield app.state.webhooks.run()


async def _run_slots(app: FastAPI, register: Register) -> None:
    """Carry out publication orders at their slot (procedure section 5.8)."""
    now: datetime = app.state.clock()
    for slot_at, case_id, order_id in await _to_its_end(register.office.due_orders, now):
        await _to_its_end(register.registry.run_slot, case_id, order_id, max(slot_at, now))
        register.follower.wake()
    await asyncio.to_thread(app.state.standing.note, register.public)  # estimates are imported by another process


async def _publish_seals(app: FastAPI, register: Register, logs: Logs) -> None:
    """Publish the seal of the day before at its hour, and those that were missed while nothing ran."""
    if days := await _to_its_end(logs.publish_seals, app.state.clock()):
        if len(days) > 1:
            LOG.warning("Nothing ran at the hour: the seals of %s to %s are published only now.", days[0], days[-1])
        register.follower.wake()
        logs.follower.wake()


def _challenges(app: FastAPI, register: Register) -> Challenges:
    """Take what the public side may not record."""
    settings: Settings = app.state.settings
    limits = (settings.challenges_from_one_place, settings.challenges_altogether)
    return Challenges(
        register.registry, register.follower, app.state.documents, app.state.door.attempts, app.state.clock, *limits, settings.wait_seconds
    )


def _public_routes(app: FastAPI, register: Register) -> list[BaseRoute]:
    return public_routes(register.public, app.state.standing, app.state.settings, _challenges(app, register).receive)


async def _to_its_end(work: Callable[..., T], *given: Any) -> T:
    """Work in a thread, to the end even when the task is cancelled: whoever still records must not find its stores closed."""
    step = asyncio.ensure_future(asyncio.to_thread(work, *given))
    try:
        return await asyncio.shield(step)
    except asyncio.CancelledError:
        await step
        raise
