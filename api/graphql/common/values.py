"""Values of a compiled selection: most stand ready in attributes and are answered as they are, so they are read and judged together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

from graphql import GraphQLBoolean, GraphQLEnumType, GraphQLID, GraphQLNonNull, GraphQLString, is_leaf_type

PLAIN: dict[str, type] = {GraphQLString.name: str, GraphQLID.name: str, GraphQLBoolean.name: bool, "Date": date, "Position": int}
"""Values that are answered as they are, if they have this very type; the serialiser writes days as the scalar does."""
MOST_KNOWN = 64
"""Combinations of types that are remembered for one selection."""

Write = Callable[[Any], Any]


class NotPlanned(Exception):
    """The library has to answer."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A value that stands ready in an attribute: of which types it may be, how one of another type is written, and whether it is a word."""

    attribute: str
    types: frozenset[type]
    write: Write
    is_word: bool


def ready(attribute: str, wanted: Any) -> Ready | None:
    """Compile a value of an attribute; None for lists and objects."""
    never_null = isinstance(wanted, GraphQLNonNull)
    inner = wanted.of_type if never_null else wanted
    if not is_leaf_type(inner):
        return None
    write, nothing = writer(inner), absent if never_null else null
    plain = plain_type(inner)
    types = frozenset({plain} if plain else ()) | frozenset(() if never_null else {type(None)})
    return Ready(attribute, types, lambda value: write(value) if value is not None else nothing(), isinstance(inner, GraphQLEnumType))


def plain_type(wanted: Any) -> type | None:
    """Return the type of the values of a scalar or an enumeration that need no look of their own, or None."""
    return str if isinstance(wanted, GraphQLEnumType) else PLAIN.get(wanted.name)


def plain_items(wanted: Any) -> frozenset[type]:
    """Return the types of items that are answered as they are, all together."""
    inner = wanted.of_type if isinstance(wanted, GraphQLNonNull) else None
    return frozenset({PLAIN[inner.name]}) if inner is not None and is_leaf_type(inner) and inner.name in PLAIN else frozenset()


def together(fields: Mapping[str, Ready]) -> Callable[[Any, Any], dict[str, Any]]:
    """Compile values that stand side by side: read at once, and judged at once by their types."""
    keys, each = tuple(fields), tuple(fields.values())
    words = tuple((key, field.write) for key, field in fields.items() if field.is_word)
    get = _getter([field.attribute for field in each])
    known: set[tuple[type, ...]] = set()

    def read(source: Any, _run: Any) -> dict[str, Any]:
        values = get(source)
        types = tuple(map(type, values))
        if types not in known:
            if len(known) == MOST_KNOWN or any(kind not in field.types for kind, field in zip(types, each, strict=True)):
                return {key: field.write(value) for key, field, value in zip(keys, each, values, strict=True)}
            known.add(types)
        found = dict(zip(keys, values, strict=True))
        for key, write in words:
            found[key] = write(found[key])
        return found

    return read


def _getter(attributes: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*attributes)
    return get if len(attributes) > 1 else lambda source: (get(source),)


def writer(wanted: Any) -> Write:
    """Return what writes a value of a scalar or an enumeration."""
    coerce = wanted.coerce_output_value
    if isinstance(wanted, GraphQLEnumType):
        return _word(coerce)
    plain = PLAIN.get(wanted.name)
    return lambda value: value if type(value) is plain else _written(coerce, value)


def _word(coerce: Write) -> Write:
    """Return what writes a value of an enumeration: looked up from the second time on."""
    names: dict[str, str] = {}

    def write(value: Any) -> Any:
        if type(value) is not str:
            return _written(coerce, value)
        if value not in names:
            names[value] = _written(coerce, value)
        return names[value]

    return write


def _written(coerce: Write, value: Any) -> Any:
    """Write a value; a result of None would be an error, which the library words."""
    text = coerce(value)
    if text is None:
        raise NotPlanned
    return text


def null() -> None:
    """Answer null."""


def absent() -> Any:
    """Leave it to the library to say that something is missing."""
    raise NotPlanned
