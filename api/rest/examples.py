"""Examples of events for the description: every required field with a value of its type."""

import re
from typing import Any

FORMATS = {"date": "2026-03-01", "date-time": "2026-03-10T09:00:00+01:00", "uuid": "3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10"}
"""Values by format."""
TEXTS = ("as marketed", "1.1e25", "5", "BE", "en", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")
"""Values by pattern: the first that it takes."""
OWN: dict[str, dict[str, Any]] = {
    "ModelCaseOpened": {"lineage_key": "example-1", "internal_name": "Example One"},
    "ProviderIdentified": {"legal_name": "Example Models S.A."},
    "AuthorisedRepresentativeAppointed": {"legal_name": "Example Representatives SRL"},
    "RelatedCaseLinked": {"related_case_id": "7d0f2c4e-9a1b-4c3d-8e5f-6a7b8c9d0e1f"},
    "FailureToActActionLodged": {"called_upon_on": "2025-12-15"},
    "ConfidentialityClaimLodged": {"claimed_fields": ["representative_name"]},
    "JudgementSettingChanged": {"settings_version": 2, "switch": "PUBLICATION_SLOT", "old_value": "next_working_day", "new_value": "at_once"},
}
"""Values of some events that no type can choose: they have to fit each other, or the register."""
PLAIN: dict[str, Any] = {"integer": 1, "boolean": True}


def example_of_event(topic: str, schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an event as they may be sent."""
    return {**example_of(schemas[topic], schemas), **OWN.get(topic, {})}


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
    if "format" in schema:
        return FORMATS[schema["format"]]
    if "pattern" in schema:
        return next(text for text in TEXTS if re.search(schema["pattern"], text))
    return PLAIN[schema["type"]]
