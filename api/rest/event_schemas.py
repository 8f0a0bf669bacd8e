"""The JSON Schemas of the events, each by itself, for programs that check what they are about to send."""

import json
from typing import Any

from pydantic.json_schema import models_json_schema
from starlette.responses import Response

from api.rest.meanings import with_meanings
from api.schemas import DIALECT
from api.schemas import MEDIA_TYPE as SCHEMA
from domain.events import EVENTS, event_type

REF = "#/components/schemas/{model}"


def event_schemas() -> dict[str, Any]:
    """Return the schema of every event's data, and of what they have parts of, by name."""
    _, found = models_json_schema([(fact, "validation") for fact in EVENTS.values()], ref_template=REF)
    return with_meanings(found["$defs"])


async def event_schema(topic: str) -> Response:
    """
    Return the schema of an event's data.

    Raises: NotInRegister for an unknown event.
    """
    fact = event_type(topic)
    found = fact.model_json_schema()
    parts = with_meanings(found.pop("$defs", {}))
    schema = {
        "$schema": DIALECT,
        "$id": f"/api/v1/schemas/{topic}.json",
        **with_meanings({topic: found})[topic],
        **({"$defs": parts} if parts else {}),
    }
    return Response(json.dumps(schema, ensure_ascii=False).encode(), media_type=SCHEMA, headers={"Cache-Control": "public, max-age=300"})
