"""Resolvers, called as the library calls them; the way there, which costs more than most of them do, is gone once for all objects of an answer."""

from collections.abc import Callable
from typing import Any

from graphql import GraphQLField, GraphQLResolveInfo, GraphQLSchema
from strawberry.schema.schema_converter import get_arguments

Call = Callable[[Any], Any]
"""Resolves a field of one object."""


def prepared(schema: GraphQLSchema, definition: GraphQLField) -> Callable[[GraphQLResolveInfo[Any], dict[str, Any]], Call]:
    """Return what makes a call of a field's resolver from what it is told and its arguments."""
    described = definition.extensions["strawberry-definition"]
    resolver = described.base_resolver
    if resolver is None or described.extensions or resolver.self_parameter or resolver.root_parameter:
        return lambda info, given: _by_library(definition, info, given)
    made: Any = schema
    converter = made._strawberry_schema.schema_converter

    def prepare(info: GraphQLResolveInfo[Any], given: dict[str, Any]) -> Call:
        told = converter.config.info_class(_raw_info=info, _field=described)
        _, named = get_arguments(
            field=described, source=None, info=told, kwargs=given, config=converter.config, scalar_registry=converter.scalar_registry
        )
        return _direct(resolver, named)

    return prepare


def _by_library(definition: GraphQLField, info: GraphQLResolveInfo[Any], given: dict[str, Any]) -> Call:
    """Go the library's way: where roles are asked for, and for resolvers of another shape."""
    resolve: Any = definition.resolve
    return lambda source: resolve(source, info, **given)


def _direct(resolver: Any, named: dict[str, Any]) -> Call:
    call = resolver.wrapped_func
    if resolver.parent_parameter is None:
        return lambda _source: call(**named)
    parent = resolver.parent_parameter.name
    return lambda source: call(**(named | {parent: source}))
