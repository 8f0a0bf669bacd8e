"""The description of the addresses of documents, as a part of OpenAPI 3.1."""

from collections.abc import Callable
from typing import Any

from pydantic.json_schema import models_json_schema

from api.rest.documents import ClassificationAsked
from api.rest.examples import TEXTS
from api.rest.meanings import with_meanings
from api.rest.roles import for_roles
from api.stores.documents import AccessClass
from domain.actors import Role
from domain.events import NAME_DOCUMENTS

REF = "#/components/schemas/{model}"
TAG = "documents"
HASH = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
BYTES = {"schema": {"type": "string", "format": "binary"}}
DIGEST = {"Repr-Digest": {"description": "The hash as RFC 9530 writes it.", "schema": {"type": "string"}}}
STORED = {
    "type": "object",
    "properties": {"hash": HASH, "size": {"type": "integer", "minimum": 1}, "media_type": {"type": "string"}},
    "required": ["hash", "size", "media_type"],
}
PARAMETERS: dict[str, Any] = {
    "hash": {
        "name": "hash", "in": "path", "required": True, "schema": HASH, "example": TEXTS[-1],
        "description": "SHA-256 of the bytes, as events name them.",
    },
    "access_class": {
        "name": "access_class", "in": "query", "schema": {"enum": list(AccessClass), "default": "CASE_TEAM"},
        "description": "Who may read the document; asked for by officers only.",
    },
    "of_case": {
        "name": "case", "in": "query", "schema": {"type": "string", "format": "uuid"},
        "description": "The case that names the document, for roles that read the documents of their own file only.",
    },
}  # fmt: skip


def schemas() -> dict[str, Any]:
    """Return the schemas of what is sent and answered."""
    _, found = models_json_schema([(ClassificationAsked, "validation")], ref_template=REF)
    return {**with_meanings(found["$defs"]), "StoredDocument": STORED}


def paths(problems: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    """Return the addresses; `problems` gives the answers of some statuses."""
    return {
        "/api/v1/documents": {"post": _send(problems)},
        "/api/v1/documents/{hash}": {"get": _read(problems, whole=True), "head": _read(problems, whole=False)},
        "/api/v1/documents/{hash}/classification": {"put": _classify(problems)},
    }


def _send(problems: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    says = "The bytes themselves, whatever they are. The declared media type must not contradict them; an archive is stored and never unpacked."
    return {
        "operationId": "send_document",
        "tags": [TAG],
        "summary": "Store a document, to name it in an event by its hash.",
        "description": "The same bytes again are the same document, classed as before.",
        "parameters": [_parameter("access_class")],
        "security": for_roles(NAME_DOCUMENTS),
        "requestBody": {"required": True, "description": says, "content": {"*/*": BYTES}},
        "responses": {"201": _good("StoredDocument", "Stored."), **problems("401", "403", "413", "415", "422")},
    }


def _read(problems: Callable[..., dict[str, Any]], *, whole: bool) -> dict[str, Any]:
    answer = {"description": "The document, to be saved and not shown in place.", "headers": DIGEST, **({"content": {"*/*": BYTES}} if whole else {})}
    return {
        "operationId": "read_document" if whole else "look_at_document",
        "tags": [TAG],
        "summary": "A document whole." if whole else "Size and media type of a document.",
        "description": "It is noted who read it. 404 is said also to whoever may not read it.",
        "parameters": [_parameter("hash"), _parameter("of_case")],
        "responses": {"200": answer, **problems("401", "404", "422", *(["500"] if whole else []))},
    }


def _classify(problems: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": REF.format(model="ClassificationAsked")}, "example": {"access_class": "PROVIDER_FILE"}}}
    return {
        "operationId": "classify_document",
        "tags": [TAG],
        "summary": "Class a document anew: who reads it, why parts may not be released, its redacted public version.",
        "description": "Recorded by CASE_OFFICER.",
        "parameters": [_parameter("hash")],
        "security": for_roles([Role.CASE_OFFICER]),
        "requestBody": {"required": True, "content": content},
        "responses": {"200": _good("ClassificationAsked", "Classed."), **problems("400", "401", "403", "404", "413", "415", "422")},
    }


def _good(model: str, text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": {"$ref": REF.format(model=model)}}}}


def _parameter(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/parameters/{name}"}
