"""A schema that answers: each document is read and checked once, compiled where that is possible, and answered as bytes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import orjson
import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from api.graphql.common.errors import BAD_INPUT, NOT_GRAPHQL, NOT_IN_SCHEMA, formatted, let_bugs_rise, refusal
from api.graphql.common.limits import LIMITS, Fragments, fragments_of, refuse_costly, refuse_long
from api.graphql.common.plan import Complete, plan, run
from api.graphql.common.values import NotPlanned

DOCUMENTS = 128
"""Documents kept read and checked."""
NO_OPERATION = "The document has several operations, or not the one named: set operationName to one of its names."


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of GraphQL."""

    query: str
    operation: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str | None, bytes]:
        """What makes two requests the same question."""
        return (self.query, self.operation, orjson.dumps(self.variables, option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of an answer. `executed` tells a wrong question from one that was answered; `whole` says that no error is in it."""

    body: bytes
    executed: bool = True
    whole: bool = True


@dataclass(frozen=True)
class Document:
    """A document that was read and checked, with what was compiled from it."""

    node: DocumentNode
    fragments: Fragments
    plans: dict[str | None, Complete | None] = field(default_factory=dict)


class Service:
    """Answers requests over one schema. Sync; called from worker threads."""

    def __init__(self, make: Callable[[], strawberry.Schema]) -> None:
        self._make = make
        self.document = lru_cache(maxsize=DOCUMENTS)(self._document)

    @cached_property
    def schema(self) -> GraphQLSchema:
        """The schema, made when it is first asked."""
        return graphql_schema(self._make())

    def answer(self, asked: Asked, context: Any) -> Answer:
        """Answer one request."""
        document = self.document(asked.query)
        if isinstance(document, Answer):
            return document
        operation = get_operation_ast(document.node, asked.operation)
        if operation is None:
            return refused([refusal("OPERATION_NOT_FOUND", NO_OPERATION)], BAD_INPUT)
        variables = get_variable_values(self.schema, operation.variable_definitions or (), asked.variables, max_errors=10)
        if isinstance(variables, list):
            return refused(variables, BAD_INPUT)
        try:
            refuse_costly(self.schema, document.fragments, operation, variables)
        except GraphQLError as error:
            return refused([error], BAD_INPUT)
        return self._executed(document, operation, variables, asked, context)

    def _document(self, text: str) -> Document | Answer:
        """Read and check a document, or return why not; kept, so that a document is checked once."""
        try:
            refuse_long(text)
            node = parse(text)
        except GraphQLError as error:
            return refused([error], NOT_GRAPHQL)
        errors = validate(self.schema, node, (*specified_rules, *LIMITS), max_errors=20)
        return refused(errors, NOT_IN_SCHEMA) if errors else Document(node, fragments_of(node))

    def _executed(self, document: Document, operation: OperationDefinitionNode, variables: VariableValues, asked: Asked, context: Any) -> Answer:
        if asked.operation not in document.plans:
            document.plans[asked.operation] = plan(self.schema, document.fragments, operation)
        if (complete := document.plans[asked.operation]) is not None:
            try:
                return Answer(_bytes({"data": run(complete, context, operation, variables)}))
            except NotPlanned:
                pass
        result = execute(self.schema, document.node, None, context, asked.variables, asked.operation)
        assert isinstance(result, ExecutionResult)  # every resolver is sync
        let_bugs_rise(result.errors or ())
        errors = list(formatted(result.errors or (), BAD_INPUT))
        return Answer(_bytes({"data": result.data, **({"errors": errors} if errors else {})}), whole=not errors)


def graphql_schema(schema: strawberry.Schema) -> GraphQLSchema:
    """Return the library's own schema under Strawberry's."""
    return schema._schema


def refused(errors: list[GraphQLError], code: str) -> Answer:
    """Answer a request that cannot be executed."""
    return Answer(_bytes({"errors": list(formatted(errors, code))}), executed=False, whole=False)


def _bytes(answer: Any) -> bytes:
    """Write an answer; copied, because buffers of the serialiser can be far larger than what they hold."""
    return bytes(memoryview(orjson.dumps(answer)))
