"""What the answers at data addresses hold, as JSON Schema: the fields are those of the list, the terms those that the data page explains."""

from typing import Any, get_args

from projections.public.questions import Kind
from registry_site.public.data.fields import FIELDS, TERMS, Field

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
DAY: Schema = {"type": "string", "format": "date"}
LINK: Schema = {"type": "string", "format": "uri"}
COUNT: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "integer", "minimum": 1}
SAID = dict(TERMS)


def schemas() -> dict[str, Schema]:
    """Give the schemas by name."""
    return {
        "Entry": _whole({field.name: _field(field) for field in FIELDS}),
        "Change": _change(),
        "Log": _whole({"origin": _term("log_origin", TEXT), "size": _term("log_size", COUNT), **_root()}),
        "List": _whole({**_heading(include_removed={"type": "boolean"}), "count": COUNT, "entries": _several("Entry")}),
        "EntryWithHistory": _whole({**_heading(), "entry": ref("Entry"), "history": _several("Change")}),
        "JSONFeed": _open({"version": TEXT, "title": TEXT, "feed_url": LINK, "items": {"type": "array", "items": _item()}}),
        "Graph": _open({"@context": {"type": "object"}, "@graph": {"type": "array", "items": {"type": "object"}}}),
        "ColumnDescriptions": _open({"@context": {"type": "array"}, "url": TEXT, "tableSchema": {"type": "object"}}),
        "DataPackage": _open({"$schema": LINK, "name": TEXT, "resources": {"type": "array", "items": {"type": "object"}}}),
        "LogEntry": _open({"topic": TEXT, "payload": {"type": "object"}}),
        "Problem": {**_open({"type": TEXT, "title": TEXT, "status": COUNT, "detail": TEXT}), "description": "What went wrong (RFC 9457)."},
    }


def ref(name: str) -> Schema:
    """Point to a schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def _whole(properties: dict[str, Schema]) -> Schema:
    """Describe an object that has these members, always, and no other."""
    return {**_open(properties), "additionalProperties": False}


def _open(properties: dict[str, Schema]) -> Schema:
    """Describe an object that has these members and may have more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _several(name: str) -> Schema:
    return {"type": "array", "items": ref(name)}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _term(name: str, schema: Schema) -> Schema:
    return {**schema, "description": SAID[name]}


def _field(field: Field) -> Schema:
    one = {**(DAY if field.kind == "day" else TEXT), **({"enum": list(field.choices)} if field.choices else {})}
    value = {"type": "array", "items": one} if field.kind == "texts" else one
    return {**(value if field.required else _nullable(value)), "title": field.title, "description": field.meaning}


def _root() -> dict[str, Schema]:
    return {"root": _term("log_root", {**TEXT, "contentEncoding": "base64"}), "position": _term("log_position", COUNT)}


def _heading(**asked: Schema) -> dict[str, Schema]:
    """Describe what every document says of itself."""
    times = {"valid_at": _nullable(TEXT), "known_at": _nullable(TEXT), **asked}
    return {
        **{"title": TEXT, "notice": TEXT, "licence": LINK, "legal_act": LINK},
        "asked": {**_whole(times), "description": "What was asked; null is now."},
        "log": {**_nullable(ref("Log")), "description": "The part of the public log that this follows from; null where no log is published."},
        "changed_on": {**_nullable(DAY), "description": "Day of the last change."},
    }


def _change() -> Schema:
    field = _whole({"field": _term("field", TEXT), "before": _term("before", _nullable(TEXT)), "after": _term("after", _nullable(TEXT))})
    return _whole(
        {
            "number": _term("number", NUMBER),
            "kind": _term("kind", {"enum": list(get_args(Kind))}),
            "on": _term("on", DAY),
            "list_id": TEXT,
            "public_reason": _nullable(TEXT),
            "fields": {"type": "array", "items": field},
            "log_index": {**COUNT, "description": "Place of the change in the public log, from 0."},
            "receipt": _term("receipt", TEXT),
            "corrects": _term("corrects", _nullable(NUMBER)),
            "corrected_by": _term("corrected_by", {"type": "array", "items": NUMBER}),
        }
    )


def _item() -> Schema:
    return _open({"id": LINK, "url": LINK, "title": TEXT, "content_text": TEXT, "date_published": {**TEXT, "format": "date-time"}})
