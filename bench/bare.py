"""
The ceiling of every page: a bare ASGI application that sends bytes it was given, under the same server with the same settings.

The answer, headers and body, stands in the file that BENCH_ANSWER names; a request with If-None-Match gets 304.
"""

import json
import os
from pathlib import Path
from typing import Any


def create() -> Any:
    """Return the application."""
    kept = json.loads(Path(os.environ["BENCH_ANSWER"]).read_text())
    body = Path(kept["body"]).read_bytes()
    headers = [(name.encode(), value.encode()) for name, value in kept["headers"]]
    unchanged = [(name, value) for name, value in headers if name not in (b"content-length", b"content-type", b"content-encoding")]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if any(name == b"if-none-match" for name, _ in scope["headers"]):
            await send({"type": "http.response.start", "status": 304, "headers": unchanged})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
