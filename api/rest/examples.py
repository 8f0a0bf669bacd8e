"""Examples of events for the description: every required field with a value of its type."""

from typing import Any

DAY = "2026-03-01"
VALUES = {
    "date": DAY,
    "date-time": "2026-03-10T09:00:00+01:00",
    "uuid": "3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10",
    "^[A-Z]{2}$": "BE",
    "^[a-z]{2}$": "en",
    "^[0-9a-f]{64}$": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    r"^[1-9]\d{0,8}$": "1",
}
"""Values by format or pattern."""
NUMBER = "1.1e25"
PLAIN: dict[str, Any] = {"string": "as marketed", "integer": 1, "boolean": True}


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """Return a value that a JSON schema takes."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    if schema.get("type") == "object":
        wanted = schema.get("required", [])
        return {name: example_of(part, schemas) for name, part in schema["properties"].items() if name in wanted}
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    return _scalar(schema)


def _scalar(schema: dict[str, Any]) -> Any:
    for fixed in (schema.get("const"), *schema.get("enum", ())):
        if fixed is not None:
            return fixed
    mark = schema.get("format") or schema.get("pattern")
    if mark is not None:
        return VALUES.get(mark, NUMBER)
    return PLAIN[schema["type"]]
