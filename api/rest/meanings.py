"""What the fields of events mean, in words: by name where a name says more, else by its ending or its form."""

from typing import Any

NAMED = {
    "lineage_key": "What the register knows the model by; one case for each.",
    "internal_name": "Working name of the model. Never published.",
    "above_1e23": "Whether training compute is above 10^23 FLOP, the indication of a general-purpose AI model.",
    "derived_from": "Case of the model that this one was modified from.",
    "commission_ref": "Reference number of the decision, as the Commission gives it.",
    "authentic_language": "Language in which the decision is authentic (ISO 639-1).",
    "corrected_language": "Language as it should have been recorded (ISO 639-1).",
    "legal_basis": "Provision on which the decision rests. Without it the decision is refused (R06).",
    "addressees": "Providers to whom the decision is addressed.",
    "country": "Country of establishment (ISO 3166).",
    "provider_country": "Country of establishment of the provider (ISO 3166).",
    "documents": "Stored documents, by the SHA-256 of their bytes.",
    "evidence": "Stored documents relied on, by the SHA-256 of their bytes.",
    "information_sources": "Stored documents relied on, by the SHA-256 of their bytes.",
    "provider_name_digest": "Salted digest of the name of a natural person; the name stays in the vault.",
    "material_digest": "Salted digest of what was withdrawn.",
    "points_considered": "Points of Annex XIII that were considered.",
    "points_not_available": "Points of Annex XIII on which no information was available.",
    "compute_flop": "Training compute in FLOP, exact, as text.",
    "estimate_reported": "The estimate as it was reported, to two significant figures.",
    "error_margin_pct": "Error margin of the estimate in per cent, exact, as text.",
    "threshold_version": "Version of the threshold of Article 51(2) that the fact is measured by.",
    "annex_xiii_version": "Version of Annex XIII that was applied.",
    "calendar_version": "Version of the holiday calendar.",
    "settings_version": "Version of the judgement settings that this one makes.",
    "list_id": "Number of the entry on the public list.",
    "article": "Provision that the ruling rests on.",
    "cause_code": "Code of the rule that the ruling rests on, such as R14.",
    "on": "Day in Brussels on which it happened.",
    "at": "Instant at which it happened, with its offset from UTC.",
    "received_at": "Instant of receipt, with its offset from UTC.",
    "filer_ref": "Whoever filed it: reference of the provider, its representative or its lawyer.",
    "filer_role": "For whom it was filed.",
    "person_ref": "Reference of a person; the name stands in the vault alone.",
    "signatory_ref": "Officer who signed.",
    "drafted_by_ref": "Officer who drafted. Somebody else records the decision (R31).",
    "target_event_id": "The recorded event that this one speaks of.",
    "access_class": "Who may read the document.",
    "exception_tags": "Why parts may not be released (Regulation (EC) No 1049/2001, Article 4).",
    "third_party": "Whether it comes from somebody who is to be asked before it is released.",
    "public_version": "Its redacted public version, by the SHA-256 of its bytes.",
    "name": "Name, as marketed or as it is known.",
    "e_mail": "An e-mail address.",
    "telephone": "A telephone number, digits with spaces, brackets, points or hyphens.",
    "statement": "Supplementary statement of somebody whose data are contested.",
    "legal_ground": "Provision on which it is done.",
    "legal_name": "Name of a legal person; that of a natural person stands in the vault alone.",
    "field": "Name of the field.",
    "old_value": "Value as it is recorded.",
    "new_value": "Value as it should be.",
}
ENDINGS = {
    "_hash": "Stored document, by the SHA-256 of its bytes.",
    "_flop": "FLOP, exact, as text.",
    "_refs": "References of persons; their names stand in the vault alone.",
    "_ref": "A random reference of the register.",
    "_ids": "Identifiers of the register.",
    "_id": "An identifier of the register; whatever begins something chooses a random one.",
    "_version": "Version number.",
}
FORMATS = {
    "date": "Day in Brussels.",
    "date-time": "Instant with its offset from UTC.",
    "uuid": "An identifier of the register.",
}
TYPES = {"boolean": "True or false.", "integer": "A whole number.", "string": "Text of at most 500 characters, never a person's name."}


def meaning_of(name: str, schema: dict[str, Any]) -> str:
    """Say what a field means."""
    if name in NAMED:
        return NAMED[name]
    plain = schema["anyOf"][0] if "anyOf" in schema else schema
    plain = plain.get("items", plain)
    ending = next((says for end, says in ENDINGS.items() if name.endswith(end) and plain.get("format") != "date-time"), None)
    if "enum" in plain:
        return "One of the values." if "items" not in schema else "Any of the values."
    return ending or FORMATS.get(plain.get("format", "")) or TYPES.get(plain.get("type", "")) or "As described under its own name."


def with_meanings(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return schemas whose properties say what they mean."""
    return {name: {**schema, "properties": _described(schema.get("properties", {}))} for name, schema in schemas.items()}


def _described(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: {**part, "description": part.get("description") or meaning_of(name, part)} for name, part in properties.items()}
