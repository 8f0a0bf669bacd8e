"""The schemas as files: a change of what others rely on is seen in the diff, or fails here."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLSchema, is_input_object_type, is_introspection_type, validate_schema

from api.graphql.common.service import graphql_schema
from api.graphql.public import public_schema
from api.graphql.sdl import FILES, FOLDER, sdl
from api.graphql.staff import staff_schema
from domain.public import ListEntryPublished

SCHEMAS = {name: graphql_schema(made()) for name, made in FILES.items()}


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_the_schema(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert text == sdl(FILES[name]()), "the schema changed: write the file anew with `python -m api.graphql.sdl`"


@pytest.mark.parametrize("name", FILES)
def test_the_schema_is_valid_and_only_asks(name: str) -> None:
    schema = SCHEMAS[name]
    assert validate_schema(schema) == []
    assert schema.mutation_type is None
    assert schema.subscription_type is None


@pytest.mark.parametrize("name", FILES)
def test_everything_in_it_is_described(name: str) -> None:
    assert [path for path, described in parts(SCHEMAS[name]) if not described.description] == []


def parts(schema: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_input_object_type(kind):
            continue
        yield name, kind
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field
            yield from ((f"{name}.{field_name}({argument})", described) for argument, described in field.args.items())
        if kind.__class__.__name__ == "CustomGraphQLEnumType" and schema is SCHEMAS["public.graphql"]:
            yield from ((f"{name}.{value}", described) for value, described in kind.values.items())  # type: ignore[attr-defined]


def test_the_schemas_share_no_type_but_pages_and_scalars() -> None:
    public, staff = (
        {name for name, kind in schema.type_map.items() if not is_introspection_type(kind)}
        for schema in (SCHEMAS["public.graphql"], SCHEMAS["staff.graphql"])
    )
    assert public & staff == {"Query", "PageInfo", "Boolean", "Date", "DateTime", "ID", "Int", "Position", "String"}


def test_an_entry_has_the_fields_of_the_event_in_camel_case() -> None:
    def camel(name: str) -> str:
        first, *others = name.split("_")
        return first + "".join(other.capitalize() for other in others)

    fields = SCHEMAS["public.graphql"].type_map["Entry"].fields  # type: ignore[attr-defined]
    assert {camel(name) for name in ListEntryPublished.model_fields} <= set(fields)


def test_the_questions_are_those_others_rely_on() -> None:
    def asked(schema: GraphQLSchema) -> dict[str, list[str]]:
        return {name: list(field.args) for name, field in schema.query_type.fields.items()} if schema.query_type else {}

    assert asked(graphql_schema(public_schema())) == {
        "list": ["validAt", "knownAt", "search", "ground", "country", "includeRemoved", "first", "after"],
        "entry": ["listId"],
        "changes": ["from", "to", "first", "after"],
        "law": ["on"],
        "checkpoint": [],
    }
    assert asked(graphql_schema(staff_schema())) == {
        "case": ["id"],
        "cases": ["status", "clockDueBefore", "search", "validAt", "knownAt", "first", "after"],
        "events": ["after", "first", "types", "actor", "from", "to"],
        "accessLog": ["after", "first", "actor", "act", "subject", "from", "to"],
    }
