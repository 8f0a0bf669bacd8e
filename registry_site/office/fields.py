"""
The fields of a form, worked out from the typed definition of an event: there is no second list of them.

What a person may write in each, and how it becomes the value that the definition reads, stands in `filled.py`.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import BaseModel, StringConstraints, WithJsonSchema
from pydantic.fields import FieldInfo

from domain.next_steps import gives_number
from domain.record import Fact
from domain.types import Named

MOST_RADIOS = 6
"""Choices that are shown all at once; more are a list to choose from."""
ENDINGS = {
    "_hash": " (document)",
    "_refs": " (references)",
    "_ref": " (reference)",
    "_ids": " (numbers)",
    "_id": " (number)",
    "_flop": " (FLOP)",
    "_pct": " (%)",
}
SAID = {"ref": "reference", "oj": "Official Journal", "annex": "Annex", "xiii": "XIII", "id": "number"}

PROPER_NAMES = {"EU_SEND": "EU SEND"}


class Sort(StrEnum):
    """How a field is written."""

    DAY = "DAY"
    INSTANT = "INSTANT"
    NUMBER = "NUMBER"
    WHOLE = "WHOLE"
    TEXT = "TEXT"
    CHOICE = "CHOICE"
    TRUTH = "TRUTH"
    DOCUMENT = "DOCUMENT"
    IDENTIFIER = "IDENTIFIER"
    LINES = "LINES"
    CHOICES = "CHOICES"
    PARTS = "PARTS"


HINTS = {
    Sort.DAY: "For example, 27 3 2026. A day in Brussels.",
    Sort.INSTANT: "Day and time in Brussels, for example 27 3 2026 and 14:05. Add the offset, such as 14:05+01:00, if it came from elsewhere.",
    Sort.NUMBER: "Exact, for example 1.1e25 or 11000000000000000000000000.",
    Sort.WHOLE: "A whole number.",
    Sort.TEXT: "At most 500 characters, and never a person's name: longer or personal texts are documents.",
    Sort.DOCUMENT: "The SHA-256 of the document, 64 digits from 0 to f.",
    Sort.IDENTIFIER: "A reference of the register, for example 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10.",
}
PATTERNS = {
    "^[A-Z]{2}$": "Two capital letters (ISO 3166), for example BE.",
    "^[a-z]{2}$": "Two small letters (ISO 639-1), for example en.",
    "^[1-9][0-9]{0,8}$": "The number of an entry on the list, for example 7.",
}
OWN_NUMBER = "Given by this form: keep it, unless the act has a number in the register already."
GIVEN_REFERENCE = {"ProviderIdentified": "provider_ref", "AuthorisedRepresentativeAppointed": "representative_ref"}
"""Fields by which a case first names somebody: by a new reference, or by the one of their account."""
NEW_REFERENCE = (
    "A new one is filled in. Whoever has an account here reads their own after signing in: write that one, and they file in this case themselves."
)
ONE_PER_LINE = "One per line."


@dataclass(frozen=True, slots=True)
class Field:
    """
    A field: its name in the definition, and how it is written.

    `choices` are the values of an enumeration, `named` the kind of an identifier, `item` how each of several is written, `parts` the fields of a
    group that may be repeated. `own` marks the number that an event gives to what it begins.
    """

    name: str
    sort: Sort
    label: str
    hint: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()
    named: str = ""
    item: Sort | None = None
    parts: tuple["Field", ...] = ()
    own: bool = False

    @property
    def is_short(self) -> bool:
        """Tell whether all choices fit on the page."""
        return len(self.choices) <= MOST_RADIOS


@lru_cache
def fields_of(kind: type[Fact]) -> tuple[Field, ...]:
    """Return the fields of an event in the order of its definition."""
    return tuple(_hinted(kind, _field(name, info, own=gives_number(kind, name))) for name, info in kind.model_fields.items())


def _hinted(kind: type[Fact], field: Field) -> Field:
    return replace(field, hint=NEW_REFERENCE) if GIVEN_REFERENCE.get(kind.TOPIC) == field.name else field


def label_of(name: str) -> str:
    """Write the name of a field in words: "Received at", "Reasons (document)"."""
    ending = next((end for end in ENDINGS if name.endswith(end) and name != end[1:]), "")
    words = [SAID.get(word, word) for word in name.removesuffix(ending).split("_")]
    text = " ".join(words) + ENDINGS.get(ending, "")
    return text[:1].upper() + text[1:]


def choice_name(value: str) -> str:
    """Write a value of an enumeration in words: "Will be met"; provisions, points and proper names stand as they are."""
    if value in PROPER_NAMES:
        return PROPER_NAMES[value]
    return value.replace("_", " ").capitalize() if value.isupper() and len(value) > 1 else value


def _field(name: str, info: FieldInfo, *, own: bool = False) -> Field:
    base, marks = _bare(info.annotation, list(info.metadata))
    made = _written(name, base, marks)
    hint = OWN_NUMBER if own else made.hint
    return Field(name, made.sort, made.label, hint, not info.is_required(), made.choices, made.named, made.item, made.parts, own)


def _bare(annotation: Any, marks: list[Any]) -> tuple[Any, list[Any]]:
    """Take off what a type is wrapped in: `None` as an alternative, and marks."""
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(inner for inner in get_args(annotation) if inner is not type(None))
    if get_origin(annotation) is Annotated:
        base, *more = get_args(annotation)
        return _bare(base, [*marks, *more])
    return annotation, marks


def _written(name: str, base: Any, marks: list[Any]) -> Field:
    label = label_of(name)
    if values := _values(marks):
        return Field(name, Sort.CHOICES if get_origin(base) is tuple else Sort.CHOICE, label, choices=values)
    if get_origin(base) is tuple:
        return _several(name, label, get_args(base)[0])
    if get_origin(base) is Literal:
        return Field(name, Sort.CHOICE, label, choices=tuple(map(str, get_args(base))))
    named = next((mark.kind for mark in marks if isinstance(mark, Named)), "")
    sort = _sort(base, named)
    return Field(name, sort, label, _hint(sort, marks), named=named)


def _values(marks: list[Any]) -> tuple[str, ...]:
    """Return the values that a definition names for a text, or for each of several."""
    schemas = [mark.json_schema or {} for mark in marks if isinstance(mark, WithJsonSchema)]
    return next((tuple(found) for schema in schemas if (found := schema.get("enum") or schema.get("items", {}).get("enum"))), ())


def _several(name: str, label: str, inner: Any) -> Field:
    base, marks = _bare(inner, [])
    if get_origin(base) is Literal:
        return Field(name, Sort.CHOICES, label, choices=tuple(map(str, get_args(base))))
    if isinstance(base, type) and issubclass(base, BaseModel):
        return Field(name, Sort.PARTS, label, parts=tuple(_field(part, info) for part, info in base.model_fields.items()))
    named = next((mark.kind for mark in marks if isinstance(mark, Named)), "")
    item = _sort(base, named)
    hint = "For example 2026-03-27." if item is Sort.DAY else _hint(item, marks)
    return Field(name, Sort.LINES, label, f"{ONE_PER_LINE} {hint}", named=named, item=item)


def _sort(base: Any, named: str) -> Sort:
    if named == "hash":
        return Sort.DOCUMENT
    sorts = {bool: Sort.TRUTH, int: Sort.WHOLE, str: Sort.TEXT, Decimal: Sort.NUMBER, UUID: Sort.IDENTIFIER, datetime: Sort.INSTANT, date: Sort.DAY}
    return sorts[base]


def _hint(sort: Sort, marks: list[Any]) -> str:
    pattern = next((str(mark.pattern) for mark in marks if isinstance(mark, StringConstraints) and mark.pattern), "")
    return PATTERNS.get(pattern, "") or HINTS.get(sort, "")
