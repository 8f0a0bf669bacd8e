"""The limits of a query, each on both sides: length, depth, aliases, cost; and that documents are checked once."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_introspection_query

from api.graphql.common.limits import MOST_ALIASES, MOST_COST, MOST_DEPTH, MOST_TOKENS
from api.graphql.common.service import Asked, Document, Service
from api.graphql.public.asked import PublicContext
from api.graphql.public.schema import public_schema
from tests.interfaces.graphql_stack import NOW, Stack

EIGHT = "{ list { edges { node { history { edges { node { fields { before } } } } } } } }"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack().replay("listing-correction.yaml")
    yield stack
    stack.register.close()


def code(stack: Stack, query: str, variables: dict[str, Any] | None = None) -> str | None:
    errors = stack.ask(query, variables).get("errors")
    return errors[0]["extensions"]["code"] if errors else None


def test_the_limits_are_those_of_the_documentation() -> None:
    assert (MOST_TOKENS, MOST_DEPTH, MOST_ALIASES, MOST_COST) == (1_000, 8, 15, 5_000)


# -- Length ---------------------------------------------------------------------------


def of_tokens(count: int) -> str:
    return "{" + " ... { __typename }" * ((count - 2) // 4) + " __typename" * ((count - 2) % 4) + " }"


def test_a_query_has_up_to_a_thousand_tokens_and_comments_are_free(stack: Stack) -> None:
    assert code(stack, of_tokens(1_000)) is None
    assert code(stack, of_tokens(1_000) + "# free\n" * 2_000) is None
    refused = stack.ask(of_tokens(1_001))["errors"]
    assert refused[0]["extensions"] == {"code": "QUERY_TOO_LONG", "most": 1_000}
    assert "in several queries" in refused[0]["message"]


def test_what_is_too_long_is_never_parsed(stack: Stack) -> None:
    assert code(stack, "{" * 1_001) == "QUERY_TOO_LONG"
    assert code(stack, "{ a " * 499) == "GRAPHQL_PARSE_FAILED"
    assert code(stack, '"' + "x" * 60_000) == "GRAPHQL_PARSE_FAILED"


# -- Depth ----------------------------------------------------------------------------


def nested(levels: int) -> str:
    """A query of so many levels; only the first eight are in the schema, and the limit says so before anything else matters."""
    return "{ " * 1 + "entry(listId: 1) { " * (levels - 1) + "listId" + " }" * levels


def test_a_query_is_up_to_eight_levels_deep(stack: Stack) -> None:
    assert code(stack, EIGHT) is None
    codes = {error["extensions"]["code"] for error in stack.ask(nested(9))["errors"]}
    assert "QUERY_TOO_DEEP" in codes
    assert "QUERY_TOO_DEEP" not in {error["extensions"]["code"] for error in stack.ask(nested(8))["errors"]}


def test_depth_is_measured_through_fragments(stack: Stack) -> None:
    entry = " fragment F on Entry { history { edges { node { ...G } } } }"
    query = "{ list { edges { node { ...F } } } }" + entry + " fragment G on Change { ... { fields { ...on FieldChange { before%s } } } }"
    assert code(stack, query % "") is None
    codes = [error["extensions"]["code"] for error in stack.ask(query % " { too { deep } }")["errors"]]
    assert "QUERY_TOO_DEEP" in codes


@pytest.mark.parametrize(
    "query",
    [
        "{ ...A } fragment A on Query { ...A }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { law { on } ...A }",
        "{ ...Nowhere }",
    ],
)
def test_fragments_that_lead_nowhere_or_in_a_circle_are_refused(stack: Stack, query: str) -> None:
    assert code(stack, query) == "GRAPHQL_VALIDATION_FAILED"


def test_fragments_that_double_each_other_take_no_time(stack: Stack) -> None:
    doubled = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    assert code(stack, "{ ...F0 }" + doubled + " fragment F60 on Query { law { on } }") is None


def test_fragments_that_double_each_other_field_by_field_take_no_time(stack: Stack) -> None:
    fragments = " fragment A on Entry { " + "history { ...B } " * 20 + "} fragment B on ChangeConnection { " + "edges { ...C } " * 20 + "}"
    query = "{ " + "list { edges { node { ...A } } } " * 20 + "}" + fragments + " fragment C on ChangeEdge { " + "node { kind } " * 20 + "}"
    assert code(stack, query) == "QUERY_TOO_COSTLY"


def test_introspection_is_exempt(stack: Stack) -> None:
    answer = stack.data(get_introspection_query(input_value_deprecation=True))
    assert answer["__schema"]["queryType"]["name"] == "Query"
    typed = '{ __type(name: "Entry") { fields { type { ofType { ofType { ofType { ofType { ofType { ofType { name } } } } } } } } } }'
    assert stack.data(typed)["__type"]


# -- Aliases ----------------------------------------------------------------------------


def test_a_document_has_up_to_fifteen_aliases(stack: Stack) -> None:
    def aliases(count: int) -> str:
        return "{" + " ".join(f"a{n}: law {{ on }}" for n in range(count - 1)) + " ...F } fragment F on Query { last: law { on } }"

    assert code(stack, aliases(15)) is None
    assert stack.refused(aliases(16)) == ("QUERY_TOO_MANY_ALIASES", "The query has 16 aliases; at most 15 are answered. Send several queries.")


# -- Cost -----------------------------------------------------------------------------

NESTED = "query ($n: Int, $m: Int) { list(first: $n) { edges { node { history(first: $m) { edges { node { kind } } } } } } }"


def cost(n: int, m: int) -> int:
    return 1 + n * (1 + 1 + (1 + m * 2))


def test_the_cost_is_how_many_objects_the_answer_could_hold(stack: Stack) -> None:
    assert code(stack, NESTED, {"n": 100, "m": 10}) is None
    (error,) = stack.ask(NESTED, {"n": 100, "m": 100})["errors"]
    assert error["extensions"] == {"code": "QUERY_TOO_COSTLY", "cost": cost(100, 100), "most": 5_000}
    assert "Ask for smaller pages" in error["message"]


def test_both_sides_of_the_limit(stack: Stack) -> None:
    assert cost(100, 23) == 4_901
    assert cost(100, 24) == 5_101
    assert code(stack, NESTED, {"n": 100, "m": 23}) is None
    assert code(stack, NESTED, {"n": 100, "m": 24}) == "QUERY_TOO_COSTLY"
    exactly = "query ($n: Int) { a: list(first: $n) { edges { node { listId } pageInfo: cursor } } b: law { on } }"
    assert code(stack, exactly, {"n": 100}) is None


def test_a_cost_of_exactly_five_thousand_is_answered(stack: Stack) -> None:
    # 98 entries cost 1 + 98 * (3 + 48) = 4,999; the law costs one object more, its threshold another.
    history = "history(first: $m) { edges { node { kind } } pageInfo { endCursor } }"
    query = "query ($n: Int, $m: Int) { list(first: $n) { edges { node { " + history + " } } } %s }"
    assert 1 + 98 * (2 + 1 + 16 * 3) == 4_999
    assert code(stack, query % "law { on }", {"n": 98, "m": 16}) is None
    assert code(stack, query % "law { threshold { version } }", {"n": 98, "m": 16}) == "QUERY_TOO_COSTLY"


def test_pages_of_unsaid_size_cost_what_they_hold(stack: Stack) -> None:
    entries = " fragment E on EntryConnection { edges { node { history { edges { node { kind } } } } } }"
    deep = "{ a: list { ...E } b: list { ...E } c: list { ...E } %s }" + entries
    assert 1 + 20 * (3 + 40) == 861
    assert code(stack, deep % "d: list { ...E } e: list { ...E }") is None
    assert code(stack, deep % "d: list { ...E } e: list { ...E } f: list { ...E }") == "QUERY_TOO_COSTLY"
    assert code(stack, NESTED, {"n": None, "m": None}) is None


def test_a_literal_counts_as_a_variable_does(stack: Stack) -> None:
    assert code(stack, "{ list(first: 100) { edges { node { history(first: 100) { edges { node { kind } } } } } } }") == "QUERY_TOO_COSTLY"
    default = "query ($m: Int = 100) { list(first: 100) { edges { node { history(first: $m) { edges { node { kind } } } } } } }"
    assert code(stack, default) == "QUERY_TOO_COSTLY"
    assert code(stack, default, {"m": 1}) is None


def test_a_page_that_is_too_large_is_named_as_such_and_not_as_costly(stack: Stack) -> None:
    assert code(stack, "{ list(first: 2000000000) { edges { node { listId } } } }") == "BAD_USER_INPUT"


def test_the_first_query_of_the_explorer_is_answered(stack: Stack) -> None:
    entry = "listId marketedNames providerName publicGrounds listedOn"
    query = "query TheList { list(first: 10) { edges { node { " + entry + " } } pageInfo { hasNextPage endCursor } } }"
    assert stack.data(query)["list"]["edges"][0]["node"]["publicGrounds"] == ["ARTICLE_51_1_A"]


# -- Once for each document ---------------------------------------------------------------


def test_a_document_is_read_and_checked_once_whatever_its_variables(stack: Stack) -> None:
    service = Service(public_schema)
    context = PublicContext(stack.register.public, NOW.date)
    for m in (1, 2, 100, 3):
        service.answer(Asked(NESTED, None, {"n": 100, "m": m}), context)
    service.answer(Asked("{ lawn }"), context)
    service.answer(Asked("{ lawn }"), context)
    known = service.document.cache_info()
    assert (known.misses, known.hits) == (2, 4)
    assert isinstance(service.document(NESTED), Document)
