"""The description of this interface: OpenAPI 3.1, made from the events themselves, so that it cannot say anything else than they do."""

import json
from functools import lru_cache
from typing import Any

from starlette.responses import Response

from api.recording.addresses import COLLECTIONS, events_of
from api.recording.commands import OPENINGS
from api.recording.views import READERS
from api.rest import document_description as documents
from api.rest import person_description as persons
from api.rest.event_schemas import REF, event_schemas
from api.rest.examples import FORMATS, example_of_event
from api.rest.requests import LONGEST_KEY, MOST_BYTES
from api.rest.roles import for_roles
from api.stores.event_store.mapper import MOST_BYTES as MOST_STORED
from domain.actors import Role
from domain.clocks import State
from domain.ids import ALONE
from domain.record import Fact
from domain.status import Status

PREFACE = f"""\
Recording in the register of general-purpose AI models with systemic risk: Articles 51 and 52 of Regulation (EU) 2024/1689.

Every request records one event. Identifiers are random UUIDs; a new record takes one that you choose, and `If-Match: "0"`. Exact numbers such as FLOP
are JSON strings: a JSON number there is refused, because it may already have been rounded. Content has at most {MOST_BYTES} bytes, and what is
recorded at most {MOST_STORED}: put long texts into documents and record their hashes. Failures are problem documents (RFC 9457); a refusal has the
`code` of its rule and the `article` it rests on."""
PROBLEMS = {
    "400": "The content is not JSON, or a header cannot be read.",
    "401": "Nobody is signed in; said whatever exists.",
    "403": "The role does not record this event (R33).",
    "404": "No such record, or something that the event refers to is not in the register.",
    "409": "The law does not allow the act (`code`, `article`), or the register says so already. Nothing was recorded.",
    "412": "Somebody recorded meanwhile: read the record again and decide again.",
    "413": "The content is too large.",
    "415": "The content is not said to be JSON in UTF-8.",
    "422": "A value is malformed (`field`), or the Idempotency-Key came with another request.",
    "428": "If-Match is missing.",
    "500": "The bytes of a document are missing or were altered; they are not handed out.",
    "503": "The vault cannot be opened, or the read models are behind; try again.",
}
OF_RECORDING = tuple(status for status in PROBLEMS if status < "500")
TEXT: dict[str, Any] = {"type": "string"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}


async def description() -> Response:
    """Return the description."""
    return Response(_written(), media_type="application/json", headers={"Cache-Control": "public, max-age=300"})


@lru_cache
def _written() -> bytes:
    return json.dumps(document(), ensure_ascii=False).encode()


def document() -> dict[str, Any]:
    """Return the description of every address."""
    schemas = event_schemas()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Register of general-purpose AI models with systemic risk: recording", "version": "1", "description": PREFACE},
        "security": [{"token": []}],
        "tags": [{"name": name} for name in (*COLLECTIONS, documents.TAG, persons.TAG)],
        "paths": {**_recordings(schemas), **_readings(), **documents.paths(_problems), **persons.paths(_problems)},
        "components": {
            "schemas": {**schemas, **ANSWERS, **documents.schemas(), **persons.schemas()},
            "parameters": {**PARAMETERS, **documents.PARAMETERS, **persons.PARAMETERS},
            "headers": {"ETag": {"description": "The version of the record addressed.", "schema": TEXT}},
            "responses": {status: _problem(text) for status, text in PROBLEMS.items()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A personal token: `registry token create`."}},
        },
    }


# -- Schemas -----------------------------------------------------------------------


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


UUID_TEXT = {"type": "string", "format": "uuid"}
MOMENT = {"type": "string", "format": "date-time"}
_EVENT = _object(event_id=UUID_TEXT, stream=TEXT, version=COUNT, topic=TEXT, recorded_at=MOMENT, data={"type": "object"})
_CLOCK = {
    "type": "object",
    "properties": {"clock": TEXT, "state": {"enum": list(State)}, "due": {"type": "string", "format": "date"}, "days_open": COUNT},
}
_VIEW = {
    "status": _nullable({"enum": list(Status), "description": "Null where the reader may not see it, and while the read model is behind."}),
    "clocks": _nullable({"type": "array", "items": {"$ref": REF.format(model="Clock")}}),
    "read_model": {"enum": ["current", "behind"], "description": "Behind: the event is recorded, the read models have not caught up."},
}
ANSWERS: dict[str, Any] = {
    "Event": _EVENT,
    "Clock": _CLOCK,
    "Recorded": _object(events={"type": "array", "items": {"$ref": REF.format(model="Event")}}, version=COUNT, **_VIEW),
    "Record": {**_object(stream=TEXT, version=COUNT, **_VIEW), "required": ["stream", "version"]},
    "Problem": {
        "type": "object",
        "properties": {"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT, "code": TEXT, "article": TEXT, "field": TEXT, "version": COUNT},
        "required": ["type", "title", "status", "detail"],
    },
}

# -- Addresses ---------------------------------------------------------------------

SEEN, NEW = "If-Match", "If-Match-of-a-new-record"
VERSION: dict[str, Any] = {"name": "If-Match", "in": "header", "required": True, "schema": {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,8})"$'}}
PARAMETERS: dict[str, Any] = {
    "id": {"name": "id", "in": "path", "required": True, "schema": UUID_TEXT, "example": FORMATS["uuid"]},
    "case": {
        "name": "case", "in": "path", "required": True, "schema": UUID_TEXT, "example": FORMATS["uuid"],
        "description": "The case, also of its publication file and entry.",
    },
    SEEN: {**VERSION, "example": '"7"', "description": "The version of the record that you have seen, as its ETag gives it."},
    NEW: {**VERSION, "example": '"0"', "description": 'The version that you have seen: a record that is not there yet has `"0"`.'},
    "Idempotency-Key": {
        "name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST_KEY}}}$"},
        "description": "The same key with the same request is answered like the first time, and records nothing.",
    },
    "dry_run": {
        "name": "dry_run", "in": "query", "schema": {"type": "boolean", "default": False}, "description": "Answer the same and record nothing.",
    },
}  # fmt: skip


def _recordings(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the addresses that record; events that only the register itself records have none that anybody could use."""
    return {
        f"{_place(collection)}/{name}": {"post": _recording(collection, fact, schemas)}
        for collection, kind in COLLECTIONS.items()
        for name, fact in events_of(kind).items()
        if fact.RECORDED_BY - {Role.SYSTEM}
    }


def _recording(collection: str, fact: type[Fact], schemas: dict[str, Any]) -> dict[str, Any]:
    says = (fact.__doc__ or fact.TOPIC).strip().partition("\n")[0]
    recorders = ", ".join(sorted(fact.RECORDED_BY - {Role.SYSTEM}))
    schema = {"$ref": REF.format(model=fact.TOPIC)}
    return {
        "operationId": f"{fact.TOPIC}_on_{COLLECTIONS[collection]}",
        "tags": [collection],
        "summary": says,
        "description": f"Recorded by {recorders}.",
        "parameters": [*_key_of(collection), *map(_parameter, (NEW if fact in OPENINGS else SEEN, "Idempotency-Key", "dry_run"))],
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema, "example": example_of_event(fact.TOPIC, schemas)}}},
        "security": for_roles(fact.RECORDED_BY),
        "responses": {"201": _good("Recorded", "Recorded, with what goes with it."), **_problems(*OF_RECORDING)},
    }


def _readings() -> dict[str, Any]:
    """Return the addresses at which the version of a record is read; where no event is built there is none."""
    return {
        _place(collection): {
            "get": {
                "operationId": f"read_{kind}",
                "tags": [collection],
                "summary": "The version of the record" + (", with status and clocks." if kind == "case" else "."),
                "parameters": _key_of(collection),
                "security": for_roles(READERS[kind]),
                "responses": {"200": _good("Record", "The record as it stands."), **_problems("401", "403", "404")},
            }
        }
        for collection, kind in COLLECTIONS.items()
        if events_of(kind)
    }


def _place(collection: str) -> str:
    return "/".join(["/api/v1", collection, *(f"{{{_key_name(collection)}}}" for _ in _key_of(collection))])


def _key_of(collection: str) -> list[dict[str, str]]:
    return [] if COLLECTIONS[collection] in ALONE else [_parameter(_key_name(collection))]


def _key_name(collection: str) -> str:
    return "case" if collection in ("cases", "publications", "entries") else "id"


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}


def _good(model: str, text: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF.format(model=model)}}}
    return {"description": text, "headers": {"ETag": {"$ref": "#/components/headers/ETag"}}, "content": content}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": {"$ref": REF.format(model="Problem")}}}}


def _problems(*statuses: str) -> dict[str, Any]:
    return {status: {"$ref": f"#/components/responses/{status}"} for status in statuses}
