"""An ASGI application asked in process, as its server would ask it: its bytes are the live ones."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Scope

VERSION = {"version": "3.0", "spec_version": "2.4"}


class NotStarted(Exception):
    """The application could not start; the text says why."""


class Answer(NamedTuple):
    """What an address answers to a reader that names no language, no form and no time."""

    address: str
    status: int
    headers: Headers
    body: bytes

    @property
    def media_type(self) -> str:
        """Give the type with its parameters."""
        return self.headers.get("content-type", "application/octet-stream")


Ask = Callable[[str], Awaitable[Answer]]


@asynccontextmanager
async def running(app: ASGIApp, base: str) -> AsyncIterator[Ask]:
    """
    Start an application, let it be asked as if under the public address `base`, and stop it.

    Raises: NotStarted.
    """
    told: asyncio.Queue[Message] = asyncio.Queue()
    said: asyncio.Queue[Message] = asyncio.Queue()
    life = asyncio.create_task(_live(app, told, said))
    await _next(told, said, "lifespan.startup")

    async def ask(address: str) -> Answer:
        return await _asked(app, base, address)

    try:
        yield ask
    finally:
        await _next(told, said, "lifespan.shutdown")
        await life


async def _live(app: ASGIApp, told: asyncio.Queue[Message], said: asyncio.Queue[Message]) -> None:
    await app({"type": "lifespan", "asgi": VERSION, "state": {}}, told.get, said.put)


async def _next(told: asyncio.Queue[Message], said: asyncio.Queue[Message], step: str) -> None:
    await told.put({"type": step})
    answer = await said.get()
    if answer["type"] != f"{step}.complete":
        raise NotStarted(answer.get("message", ""))


async def _asked(app: ASGIApp, base: str, address: str) -> Answer:
    """Ask one address, as a program does that states no wishes."""
    start: Message = {}
    body = bytearray()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            body.extend(message.get("body", b""))

    await app(_scope(base, address), receive, send)
    return Answer(address, start["status"], Headers(raw=list(start["headers"])), bytes(body))


def _scope(base: str, address: str) -> Scope:
    place = urlsplit(base)
    port = place.port or {"https": 443}.get(place.scheme, 80)
    return {
        "type": "http",
        "asgi": VERSION,
        "http_version": "1.1",
        "method": "GET",
        "scheme": place.scheme,
        "path": unquote(address),
        "raw_path": address.encode("ascii"),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", place.netloc.encode("ascii")), (b"accept", b"*/*")],
        "client": None,
        "server": (place.hostname, port),
        "state": {},
    }
