"""Every event type by its name, and how its data are read from a docket, a form or a request."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from domain import challenge, claims, corrections, legal_parameters, list_entry, model_case, publication, qualified_alert, register, rulings
from domain.actors import Role
from domain.errors import Malformed, NotInRegister, Refused
from domain.law.rules import R27
from domain.list_entry import EntryFact
from domain.record import Fact, fact_types

ROOMS = (challenge, claims, corrections, legal_parameters, list_entry, model_case, publication, qualified_alert, register, rulings)
"""Importing a record makes its events known."""

EVENTS: dict[str, type[Fact]] = {fact.TOPIC: fact for fact in fact_types() if "claim" not in fact.STREAMS}
"""Every event type that can be recorded, by name."""


DOCUMENT_FIELD = re.compile(r"(^|_)(hash|documents|evidence|information_sources)$")
"""Names of the fields that hold hashes of documents; digests of names are not among them."""


def documents_named(fact: Fact) -> Iterator[tuple[str, str]]:
    """Yield every document that an event names: the field, with its place in a list, and the hash."""
    return _hashes(fact.model_dump(mode="json", exclude_none=True))


def _hashes(data: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in data.items():
        for place, item in enumerate(value) if isinstance(value, list) else ((None, value),):
            path = f"{prefix}{name}" if place is None else f"{prefix}{name}.{place}"
            if isinstance(item, dict):
                yield from _hashes(item, f"{path}.")
            elif isinstance(item, str) and DOCUMENT_FIELD.search(name):
                yield path, item


NAME_DOCUMENTS = frozenset(
    role for fact in EVENTS.values() if any(DOCUMENT_FIELD.search(name) for name in fact.model_fields) for role in fact.RECORDED_BY
) - {Role.SYSTEM}
"""The roles of people that record an event which names documents."""


def event_type(topic: str) -> type[Fact]:
    """
    Return an event type by its name.

    Raises: NotInRegister for an unknown one, naming the nearest.
    """
    if topic in EVENTS:
        return EVENTS[topic]
    near = get_close_matches(topic, EVENTS, n=1)
    raise NotInRegister(f"there is no event type {topic!r}{f'; did you mean {near[0]}?' if near else ''}")


def read(kind: type[Fact], data: Mapping[str, Any]) -> Fact:
    """
    Read the data of an event, strictly.

    Raises: Malformed naming the first field that is wrong. Refuses: R27 a field of the list that is not a public one.
    """
    try:
        return kind.model_validate(dict(data))
    except ValidationError as error:
        field, sentence, unknown = next(complaints(kind, error))
    if unknown and issubclass(kind, EntryFact):
        raise Refused(R27, f"{field} is not a field of the list.")
    raise Malformed(field, sentence)


def complaints(kind: type[Fact], error: ValidationError) -> Iterator[tuple[str, str, bool]]:
    """Return each complaint about some data: the field, a sentence, and whether the field is unknown."""
    for problem in error.errors(include_url=False, include_input=False):
        field = ".".join(str(part) for part in problem["loc"])
        yield field, _sentence(kind, problem, field), problem["type"] == "extra_forbidden"


def _sentence(kind: type[Fact], problem: Any, field: str) -> str:
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(field, kind.model_fields, n=1)
        return f"is not a field of {kind.TOPIC}{f'; did you mean {near[0]}?' if near else ''}"
    if problem["type"] in ("literal_error", "enum"):
        return f"must be {problem['ctx']['expected']}"
    return str(problem["msg"]).removeprefix("Value error, ")
