"""
How much one query may ask: length, depth, aliases, cost. Introspection is exempt, because the schema is published anyway.

The rules are module-level classes, so that a document is checked against them once and its verdict kept; only the cost depends on the variables.
"""

from collections.abc import Iterator
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    Lexer,
    OperationDefinitionNode,
    SelectionSetNode,
    Source,
    TokenKind,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values

from api.graphql.common.errors import refusal

MOST_TOKENS = 1_000
MOST_DEPTH = 8
MOST_ALIASES = 15
MOST_COST = 5_000
PAGE = 20
"""Items on a page unless the query says how many."""
MOST_ON_A_PAGE = 100

Fragments = dict[str, FragmentDefinitionNode]


def refuse_long(text: str) -> None:
    """
    Count the words and signs of a query before anything is parsed; comments are free.

    Raises: GraphQLError, also for what is no GraphQL at all.
    """
    lexer = Lexer(Source(text))
    for _ in range(MOST_TOKENS + 1):
        if lexer.advance().kind is TokenKind.EOF:
            return
    raise refusal("QUERY_TOO_LONG", f"The query has more than {MOST_TOKENS:,} tokens. Ask for less at once, or in several queries.", most=MOST_TOKENS)


def fragments_of(document: DocumentNode) -> Fragments:
    """Return the fragments of a document by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


# -- Depth and aliases: once for each document ---------------------------------------


class DepthLimit(ASTValidationRule):
    """Refuses operations that nest fields deeper than eight levels, fragments included."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Measure one operation."""
        deep = _Depth(fragments_of(self.context.document)).below(node.selection_set)
        if deep > MOST_DEPTH:
            sentence = f"The query is {deep} levels deep; at most {MOST_DEPTH} are answered. Ask for the inner part in a query of its own."
            self.report_error(refusal("QUERY_TOO_DEEP", sentence, depth=deep, most=MOST_DEPTH))


class _Depth:
    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments
        self._known: dict[str, int] = {}

    def below(self, selections: SelectionSetNode | None) -> int:
        """Return how many levels of fields a selection has."""
        return max((self._of(node) for node in selections.selections), default=0) if selections else 0

    def _of(self, node: Any) -> int:
        if isinstance(node, FragmentSpreadNode):
            return self._of_fragment(node.name.value)
        if isinstance(node, FieldNode):
            return 0 if _is_introspection(node) else 1 + self.below(node.selection_set)
        return self.below(node.selection_set)

    def _of_fragment(self, name: str) -> int:
        if name not in self._known:
            self._known[name] = 0  # a fragment inside itself is another rule's to refuse
            fragment = self._fragments.get(name)
            self._known[name] = self.below(fragment.selection_set) if fragment else 0
        return self._known[name]


class AliasLimit(ASTValidationRule):
    """Refuses documents that give more than fifteen fields another name, which would ask the same again and again."""

    aliases = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Count one field."""
        self.aliases += node.alias is not None

    def leave_document(self, *_: Any) -> None:
        """Judge the document."""
        if self.aliases > MOST_ALIASES:
            sentence = f"The query has {self.aliases} aliases; at most {MOST_ALIASES} are answered. Send several queries."
            self.report_error(refusal("QUERY_TOO_MANY_ALIASES", sentence, aliases=self.aliases, most=MOST_ALIASES))


LIMITS: tuple[type[ASTValidationRule], ...] = (DepthLimit, AliasLimit)


def _is_introspection(node: FieldNode) -> bool:
    return node.name.value.startswith("__")


# -- Cost: once for each document and its variables ------------------------------------


def refuse_costly(schema: GraphQLSchema, fragments: Fragments, operation: OperationDefinitionNode, variables: VariableValues) -> None:
    """
    Count the objects that the answer could hold at most: each object field costs one, times the pages around it. Values are free.

    Raises: GraphQLError.
    """
    cost = _Cost(schema, fragments, variables).of(operation.selection_set, schema.query_type)
    if cost > MOST_COST:
        sentence = f"The answer could hold {cost:,} objects; at most {MOST_COST:,} are answered. Ask for smaller pages with first."
        raise refusal("QUERY_TOO_COSTLY", sentence, cost=cost, most=MOST_COST)


class _Cost:
    """Counts each selection once, so that the work is bounded by the document whatever its fragments refer to."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: VariableValues) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._known: dict[int, int] = {}

    def of(self, selections: SelectionSetNode, parent: Any) -> int:
        """Return what a selection costs; the document is valid, so every name is known."""
        return sum(self._field(node, owner) for node, owner in self._fields(selections, parent, set()))

    def _fields(self, selections: SelectionSetNode, parent: Any, seen: set[str]) -> Iterator[tuple[FieldNode, GraphQLObjectType]]:
        """Yield the fields that hold objects, each with its type; a fragment counts once in a selection, as it is answered once."""
        for node in selections.selections:
            if isinstance(node, FieldNode):
                if node.selection_set is not None and not _is_introspection(node):
                    yield node, parent
                continue
            fragment: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
            condition = self._schema.get_type(fragment.type_condition.name.value) if fragment.type_condition else parent
            yield from self._fields(fragment.selection_set, condition, seen)

    def _field(self, node: FieldNode, parent: GraphQLObjectType) -> int:
        key = id(node)
        if key not in self._known:
            field = parent.fields[node.name.value]
            inner = self.of(node.selection_set, get_named_type(field.type)) if node.selection_set else 0
            self._known[key] = 1 + self._items(field, node) * inner
        return self._known[key]

    def _items(self, field: GraphQLField, node: FieldNode) -> int:
        if field.args.keys().isdisjoint(("first", "last")):
            return 1
        given = get_argument_values(field, node, self._variables)
        asked = [PAGE if given[name] is None else given[name] for name in ("first", "last") if name in given]
        return min(max(asked, default=PAGE), MOST_ON_A_PAGE)
