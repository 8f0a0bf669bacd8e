"""
The web service: public pages, GraphQL, REST, operations, over one register.

The register is opened in the lifespan, so after any fork. Processes share nothing but the database.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from api.rest.routes import rest_routes
from api.settings import Settings
from api.wiring import Register, demonstration_clock, open_register, open_tokens, server_clock
from domain.law.periods import legal_day
from registry_site.public.front import PreparedPages
from registry_site.public.pages import public_pages, public_problem
from registry_site.ui.headers import SecurityHeaders
from registry_site.ui.static import static_files

SLOTS_EVERY = 5.0
"""Seconds between looks for publication orders whose slot has come."""


def create() -> ASGIApp:
    """Return the whole service, as the environment sets it."""
    return service(Settings())


def service(settings: Settings) -> ASGIApp:
    """Return the whole service under given settings."""
    app = FastAPI(title="Systemic-Risk Register", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan)
    app.state.settings = settings
    app.state.position = 0
    app.add_exception_handler(HTTPException, _problem)
    app.add_exception_handler(500, _problem)
    app.add_api_route("/healthz", _healthz, include_in_schema=False)
    app.add_api_route("/readyz", _readyz, include_in_schema=False)
    app.include_router(rest_routes())
    return PreparedPages(
        SecurityHeaders(app),
        position=lambda: int(app.state.position),
        legal_day=lambda: legal_day(server_clock()),
        most_bytes=settings.prepared_bytes,
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    register = await asyncio.to_thread(open_register, app.state.settings)
    app.state.register = register
    app.state.tokens = open_tokens(app.state.settings)
    app.state.clock = (lambda: demonstration_clock(register)) if register.demonstration else server_clock
    register.follower.after_step = lambda: _note_position(app, register)
    await asyncio.to_thread(register.follower.catch_up)
    register.follower.start()
    app.router.routes.extend([*public_pages(register.public, clock=app.state.clock), static_files()])
    slots = asyncio.create_task(_run_slots(app, register))
    try:
        yield
    finally:
        slots.cancel()
        with suppress(asyncio.CancelledError):
            await slots
        app.state.tokens.close()
        await asyncio.to_thread(register.close)


def _note_position(app: FastAPI, register: Register) -> None:
    """Keep the length of the public sequence at hand: prepared answers live until it moves."""
    app.state.position = register.public.state().position


async def _run_slots(app: FastAPI, register: Register) -> None:
    """Carry out publication orders at their slot (procedure section 5.8)."""
    while True:
        now: datetime = app.state.clock()
        for slot_at, case_id, order_id in await asyncio.to_thread(register.office.due_orders, now):
            await asyncio.to_thread(register.registry.run_slot, case_id, order_id, max(slot_at, now))
            register.follower.wake()
        await asyncio.sleep(SLOTS_EVERY)


def _healthz() -> PlainTextResponse:
    return PlainTextResponse("alive\n")


def _readyz(request: Request) -> PlainTextResponse:
    """Say only ready or not: why is nobody's business but the operator's log's."""
    ready = request.app.state.register.follower.failed is None
    return PlainTextResponse("ready\n" if ready else "not ready\n", 200 if ready else 503)


async def _problem(request: Request, error: Exception) -> Response:
    return public_problem(request, error)
