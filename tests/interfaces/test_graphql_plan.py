"""Compiled selections: whatever is asked, the compiled answer is the library's, byte for byte."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from api.graphql.common.service import Asked, Document, Service, graphql_schema
from api.graphql.public.asked import PublicContext
from api.graphql.public.schema import public_schema
from api.graphql.staff.asked import StaffContext
from api.graphql.staff.schema import staff_schema
from domain.actors import READS_EVERYTHING, Role
from tests.interfaces.graphql_stack import NOW, Stack, caller, publish

ARGUMENTS: dict[tuple[str, str], list[str]] = {
    ("Query", "list"): [
        "", "(first: 2)", "(first: $n, after: $after)", "(includeRemoved: true)", '(knownAt: "2026-04-25")', '(search: "a", ground: ARTICLE_51_1_A)'
    ],
    ("Query", "entry"): ["(listId: 1)", '(listId: "99")'],
    ("Query", "changes"): ['(from: "2026-01-01", to: "2026-12-31", first: $n)', '(from: "2026-12-31", to: "2026-01-01")'],
    ("Query", "law"): ["", '(on: "2026-01-01")', '(on: "2024-01-01")'],
    ("Entry", "history"): ["", "(first: 1)", "(first: $n)", "(first: 0)"],
    ("Query", "case"): ["(id: $case)", '(id: "nothing")'],
    ("Query", "cases"): ["(first: $n)", "(status: CLASSIFIED)", '(search: "alpha", knownAt: "2026-04-01T00:00:00Z")'],
    ("Query", "events"): ["(first: $n)", '(types: ["ThresholdMet"])', '(types: ["Nothing"])'],
    ("Case", "history"): ["(first: 3)"],
    ("Case", "provenance"): ['(field: "legal_name")', '(field: "nothing")'],
}  # fmt: skip
VARIABLES = {"$n": "Int", "$after": "String", "$case": "ID!"}


@contextmanager
def replayed(*dockets: str, models: tuple[str, ...] = ()) -> Iterator[Stack]:
    stack = Stack()
    for docket in dockets:
        stack.replay(docket)
    publish(stack, models) if models else None
    yield stack
    stack.register.close()


@pytest.fixture(scope="module")
def listed() -> Iterator[Stack]:
    with replayed(models=("Aurelia", "Boreal", "Cirrus")) as stack:
        yield stack


@pytest.fixture(scope="module")
def decided() -> Iterator[Stack]:
    with replayed("publication-removal.yaml") as stack:
        yield stack


# -- Random queries over a schema -----------------------------------------------------------


@st.composite
def selections(draw: DrawFn, parent: GraphQLObjectType, depth: int = 7, aliased: int = 2) -> str:
    """A selection of an object type: fields, now and then under another name, twice, in a fragment, or under a condition."""
    names = draw(st.lists(st.sampled_from([*parent.fields, "__typename"]), min_size=1, max_size=4, unique=draw(st.integers(0, 5)) > 0))
    written = []
    for name in names:
        if name == "__typename":
            written.append(name)
            continue
        wanted: Any = get_named_type(parent.fields[name].type)
        if not is_leaf_type(wanted) and depth <= 1:
            written.append("__typename")
            continue
        arguments = draw(st.sampled_from(ARGUMENTS.get((parent.name, name), [""])))
        inner = "" if is_leaf_type(wanted) else draw(selections(wanted, depth - 1, 0))
        alias = f"{draw(st.sampled_from('xyz'))}_{name}: " if aliased and arguments == "" and draw(st.integers(0, 5)) == 0 else ""
        condition = draw(st.sampled_from([" @include(if: true)", " @skip(if: true)"])) if draw(st.integers(0, 30)) == 30 else ""
        written.append(f"{alias}{name}{arguments}{condition} {inner}")
    body = " ".join(written)
    return draw(st.sampled_from([f"{{ {body} }}", f"{{ {body} }}", f"{{ ... on {parent.name} {{ {body} }} }}", f"{{ ... {{ {body} }} __typename }}"]))


def whole(selection: str, fragments: str = "") -> str:
    """A query that declares the variables it uses."""
    declared = ", ".join(f"{name}: {kind}" for name, kind in VARIABLES.items() if name in selection)
    return f"query {f'({declared})' if declared else ''} {selection} {fragments}"


def by_library(service: Service, asked: Asked, context: Any) -> bytes:
    """What the library answers: the same service, forbidden to compile."""
    document = service.document(asked.query)
    if isinstance(document, Document):
        document.plans[asked.operation] = None
    return service.answer(asked, context).body


def alike(compiled: Service, plain: Service, query: str, context: Any, case: str) -> None:
    for n, after in ((1, None), (0, None), (50, "ZW50cnkvMjAyNi0wNC0yMi8x")):
        asked = Asked(query, None, {"n": n, "after": after, "case": case})
        assert compiled.answer(asked, context).body == by_library(plain, asked, context)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(selection=selections(graphql_schema(public_schema()).query_type))
@example(selection="{ list(first: $n) { edges { node { listId } node { listId marketedNames } } } list(first: $n) { totalCount } }")
@example(selection="{ list { edges { node { ...F } } } entry(listId: 1) { ...F listedOn } }")
def test_a_compiled_public_answer_is_the_librarys(listed: Stack, selection: str) -> None:
    fragment = "fragment F on Entry { listId history(first: 1) { edges { cursor } } }" if "...F" in selection else ""
    query = whole(selection, fragment)
    context = PublicContext(listed.register.public, NOW.date)
    alike(Service(public_schema), Service(public_schema), query, context, "-")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(selection=selections(graphql_schema(staff_schema()).query_type, depth=5), role=st.sampled_from(sorted(Role)))
def test_a_compiled_staff_answer_is_the_librarys(decided: Stack, selection: str, role: Role) -> None:
    for case in (decided.case("alpha"), decided.case("nobody")):
        context = StaffContext(decided.register.office, decided.documents, caller(role), decided.log, lambda: NOW)
        alike(Service(staff_schema), Service(staff_schema), whole(selection), context, case)


# -- What is compiled and what is not ---------------------------------------------------------


def plan_of(query: str) -> object:
    service = Service(public_schema)
    document = service.document(query)
    assert isinstance(document, Document), document
    context: Any = PublicContext(Stack().register.public, lambda: date(2026, 1, 1))
    service.answer(Asked(query), context)
    return document.plans[None]


@pytest.mark.parametrize(
    "query",
    [
        "{ __typename }",
        "query List { list(first: 100) { edges { cursor node { listId marketedNames } } pageInfo { hasNextPage } totalCount } }",
        "{ a: entry(listId: 1) { ...F } } fragment F on Entry { history { edges { node { kind ... on Change { number } } } } }",
    ],
)
def test_ordinary_queries_are_compiled(query: str) -> None:
    assert plan_of(query) is not None


@pytest.mark.parametrize(
    "query", ["{ __schema { queryType { name } } }", "{ law { on @skip(if: false) } }", "{ ... @include(if: true) { __typename } }"]
)
def test_directives_and_introspection_are_left_to_the_library(query: str) -> None:
    assert plan_of(query) is None


def test_roles_are_those_the_table_of_roles_names() -> None:
    assert {Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR} == READS_EVERYTHING
