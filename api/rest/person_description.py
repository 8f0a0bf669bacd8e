"""The description of the addresses of persons, as a part of OpenAPI 3.1."""

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import models_json_schema

from api.rest.examples import FORMATS
from api.rest.meanings import with_meanings
from api.rest.persons import READERS, Rectification, Restriction
from api.rest.roles import for_roles
from api.stores.vault import PersonalData
from domain.actors import Role

REF = "#/components/schemas/{model}"
TAG = "persons"
UUID_TEXT = {"type": "string", "format": "uuid"}
MOMENT = {"type": "string", "format": "date-time"}
PARAMETERS: dict[str, Any] = {
    "ref": {
        "name": "ref",
        "in": "path",
        "required": True,
        "schema": UUID_TEXT,
        "example": FORMATS["uuid"],
        "description": "The reference, as events name the person.",
    },
}
EXAMPLES: dict[str, dict[str, str]] = {
    "PersonalData": {"name": "Ada Example", "e_mail": "ada@example.org", "telephone": "+32 2 000 00 00"},
    "Rectification": {"name": "Ada Example-Smith", "legal_ground": "Regulation (EU) 2018/1725, Article 18"},
    "Restriction": {"legal_ground": "Regulation (EU) 2018/1725, Article 20(1)(a)"},
}
CHANGES = ("400", "401", "403", "404", "413", "415", "422", "503")


def schemas() -> dict[str, Any]:
    """Return the schemas of what is sent and answered."""
    _, found = models_json_schema([(kind, "validation") for kind in (PersonalData, Rectification, Restriction)], ref_template=REF)
    sent = with_meanings(found["$defs"])
    data = sent["PersonalData"]["properties"]
    known = {"person_ref": UUID_TEXT, "restricted_at": _or_null(MOMENT), "changed_at": MOMENT, **data}
    file = {"type": "object", "properties": {"stream": {"type": "string"}, "version": {"type": "integer"}, "topic": {"type": "string"}}}
    return {
        **sent,
        "PersonAdded": {"type": "object", "properties": {"person_ref": UUID_TEXT}, "required": ["person_ref"]},
        "Person": {"type": "object", "properties": known, "required": ["person_ref", "restricted_at", "changed_at"]},
        "OnFiles": {"type": "object", "properties": {"events": {"type": "array", "items": file}}, "required": ["events"]},
    }


def paths(problems: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the addresses; `problems` gives the answers of some statuses."""
    ref = [{"$ref": "#/components/parameters/ref"}]
    add = _act("add_person", "Keep the data of a person in the vault, and learn the reference for events.", "PersonalData")
    read = _act("read_person", "The data of a person; while they are restricted only that they are. It is noted who read them.")
    rectify = _act("rectify_person", "Replace the data of a person; recorded on every file that names them (Article 18).", "Rectification")
    restrict = _act("restrict_person", "Restrict the data of a person; recorded on every file that names them (Article 20).", "Restriction")
    lift = _act("lift_restriction", "Lift the restriction; the person is informed before (Article 20(3)).")
    done = {"200": _good("OnFiles", "Done, with what was recorded on which file."), **problems(*CHANGES)}
    return {
        "/api/v1/persons": {"post": {**add, "responses": {"201": _good("PersonAdded", "Kept."), **problems(*CHANGES)}}},
        "/api/v1/persons/{ref}": {
            "get": {
                **read,
                "parameters": ref,
                "security": for_roles(READERS),
                "responses": {"200": _good("Person", "The person."), **problems("401", "403", "404", "422", "503")},
            },
            "put": {**rectify, "parameters": ref, "responses": done},
        },
        "/api/v1/persons/{ref}/restriction": {
            "put": {**restrict, "parameters": ref, "responses": done},
            "delete": {**lift, "parameters": ref, "responses": {"200": done["200"], **problems("401", "403", "404")}},
        },
    }


def _act(name: str, says: str, sent: str | None = None) -> dict[str, Any]:
    schema = {"schema": {"$ref": REF.format(model=sent)}, "example": EXAMPLES[sent]} if sent else {}
    body = {"requestBody": {"required": True, "content": {"application/json": schema}}} if sent else {}
    by = for_roles([Role.CASE_OFFICER])
    return {"operationId": name, "tags": [TAG], "summary": says, "description": "Regulation (EU) 2018/1725.", "security": by, **body}


def _good(model: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}}}


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}
