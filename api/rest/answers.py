"""What a request is answered: what was recorded, and the new version."""

from typing import Any

import orjson
from starlette.responses import Response

from domain.record import Event
from domain.types import utc_text


def json_answer(body: dict[str, Any], *, status: int = 200, version: int | None = None) -> Response:
    """Return an answer, with the version of the record as its tag. Nothing of it may be kept on the way: it is confidential (Article 78)."""
    headers = {"Cache-Control": "no-store"} | ({} if version is None else {"ETag": f'"{version}"'})
    return Response(orjson.dumps(body), status, headers, "application/json")


def shown(event: Event[Any]) -> dict[str, Any]:
    """Return an event in plain values."""
    return {
        "event_id": str(event.event_id),
        "stream": str(event.stream),
        "version": event.version,
        "topic": event.topic,
        "recorded_at": utc_text(event.recorded_at),
        "data": event.fact.model_dump(mode="json", exclude_none=True),
    }
