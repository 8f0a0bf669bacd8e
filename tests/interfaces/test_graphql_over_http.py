"""GraphQL over HTTP: methods, media types, statuses, what may be kept."""

import asyncio
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.graphql.common.http import BUG, preferred
from domain.law.periods import legal_day
from registry_site.public.front import PreparedPages
from tests.interfaces.graphql_stack import PUBLISHER, Stack

TODAY = "{ law { on } }"
GRAPHQL = "application/graphql-response+json"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack().replay("publication-removal.yaml")
    yield stack
    stack.register.close()


# -- Asking ---------------------------------------------------------------------------


def test_a_query_is_asked_by_post_and_by_get(stack: Stack) -> None:
    for answer in (stack.post({"query": TODAY}), stack.get(TODAY)):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
        assert answer.json() == {"data": {"law": {"on": "2026-11-21"}}}


def test_variables_and_the_operation_are_read_from_both(stack: Stack) -> None:
    query, variables = "query A { __typename } query B($on: Date) { law(on: $on) { on } }", {"on": "2026-01-02"}
    posted = stack.post({"query": query, "operationName": "B", "variables": variables, "extensions": {}})
    got = stack.get(query, operationName="B", variables=json.dumps(variables), extensions="{}")
    assert posted.json() == got.json() == {"data": {"law": {"on": "2026-01-02"}}}


def test_empty_parameters_are_as_if_left_out(stack: Stack) -> None:
    assert stack.get(TODAY, operationName="", variables="").status_code == 200
    assert stack.post({"query": TODAY, "operationName": None, "variables": None, "extensions": None}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", GRAPHQL),
        ("*/*", GRAPHQL),
        ("application/graphql-response+json", GRAPHQL),
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/json, application/graphql-response+json", GRAPHQL),
        ("application/json", "application/json"),
        ("application/json; charset=utf-8", "application/json"),
        ("application/json;q=0.9, application/graphql-response+json;q=0.5", "application/json"),
        ("application/json, */*;q=0.1", "application/json"),
        ("text/html", GRAPHQL),
        ("application/json;q=nonsense", GRAPHQL),
    ],
)
def test_the_media_type_is_the_one_preferred(stack: Stack, accept: str, media: str) -> None:
    assert preferred(accept) == media
    assert stack.post({"query": TODAY}, accept=accept).headers["content-type"] == f"{media}; charset=utf-8"


# -- Statuses -------------------------------------------------------------------------

WRONG = {
    "syntax": ("{ law", "GRAPHQL_PARSE_FAILED"),
    "field": ("{ lawn { on } }", "GRAPHQL_VALIDATION_FAILED"),
    "literal": ('{ law(on: "yesterday") { on } }', "BAD_USER_INPUT"),
    "variable": ("query ($on: Date!) { law(on: $on) { on } }", "BAD_USER_INPUT"),
    "mutation": ("mutation { record }", "GRAPHQL_VALIDATION_FAILED"),
    "subscription": ("subscription { changes }", "GRAPHQL_VALIDATION_FAILED"),
    "operation": ("query A { __typename } query B { __typename }", "OPERATION_NOT_FOUND"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_cannot_be_executed_is_a_400_to_those_who_know_the_media_type(stack: Stack, kind: str) -> None:
    query, code = WRONG[kind]
    answer = stack.post({"query": query})
    assert answer.status_code == 400
    assert "data" not in answer.json()
    assert code in {error["extensions"]["code"] for error in answer.json()["errors"]}
    assert stack.get(query).status_code == 400
    assert stack.post({"query": query}, accept="application/json").status_code == 200


def test_an_error_of_a_field_is_a_200_with_what_could_be_answered(stack: Stack) -> None:
    answer = stack.post({"query": '{ law { on } entry(listId: "1") { history(first: 0) { edges { cursor } } listId } }'})
    assert answer.status_code == 200
    assert answer.json()["data"] == {"law": {"on": "2026-11-21"}, "entry": None}
    assert answer.json()["errors"][0]["path"] == ["entry", "history"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "BAD_USER_INPUT"),
        (b"{ law { on } }", "BAD_USER_INPUT"),
        (b'"text"', "BAD_USER_INPUT"),
        ({}, "BAD_USER_INPUT"),
        ({"query": 1}, "BAD_USER_INPUT"),
        ({"query": TODAY, "operationName": 1}, "BAD_USER_INPUT"),
        ({"query": TODAY, "variables": []}, "BAD_USER_INPUT"),
        ({"query": TODAY, "variables": "{}"}, "BAD_USER_INPUT"),
        ({"query": TODAY, "extensions": 1}, "BAD_USER_INPUT"),
        ([{"query": TODAY}], "BATCHING_NOT_SUPPORTED"),
    ],
)
def test_what_is_no_request_is_a_400_whoever_asks(stack: Stack, body: Any, code: str) -> None:
    for accept in ("application/json", GRAPHQL):
        answer = stack.post(body, accept=accept)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["extensions"]["code"] == code


def test_parameters_that_are_no_json_are_a_400(stack: Stack) -> None:
    assert stack.get(TODAY, variables="{").status_code == 400
    assert stack.client.get("/graphql").status_code == 400


def test_other_methods_media_types_and_sizes_are_refused(stack: Stack) -> None:
    put = stack.client.put("/graphql", json={"query": TODAY})
    assert (put.status_code, put.headers["allow"]) == (405, "GET, HEAD, POST")
    assert stack.client.post("/graphql", data={"query": TODAY}).status_code == 415
    assert stack.post({"query": TODAY}, **{"content-type": "text/plain"}).status_code == 415
    assert stack.post({"query": TODAY}, **{"content-type": "application/json; charset=latin-1"}).status_code == 415
    assert stack.post({"query": TODAY}, **{"content-type": "application/json; charset=utf-8"}).status_code == 200


def test_a_request_is_read_up_to_64_kibibytes(stack: Stack) -> None:
    size = 64 * 1024 - len(json.dumps({"query": TODAY}))
    assert stack.post({"query": TODAY + " " * size}).status_code == 200
    assert stack.post({"query": TODAY + " " * (size + 1)}).status_code == 413


# -- What may be kept -------------------------------------------------------------------


def test_an_answer_by_get_may_be_kept_and_has_one_form(stack: Stack) -> None:
    answer = stack.get(TODAY, headers={"accept": "application/json"})
    assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert "vary" not in answer.headers
    again = stack.get(TODAY, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


def test_nothing_else_may_be_kept(stack: Stack) -> None:
    answers = [stack.post({"query": TODAY}), stack.get("{"), stack.get('{ entry(listId: "1") { history(first: 0) { edges { cursor } } } }')]
    assert [answer.headers["cache-control"] for answer in answers] == ["no-store"] * 3
    assert all("etag" not in answer.headers for answer in answers)


def test_head_is_get_without_the_body(stack: Stack) -> None:
    head = stack.client.head("/graphql", params={"query": TODAY})
    assert head.status_code == 200
    assert head.headers["etag"] == stack.get(TODAY).headers["etag"]


def test_the_front_keeps_answers_by_get_until_the_record_or_the_day_moves() -> None:
    stack = Stack().replay("listing-correction.yaml")
    asked: list[str] = []

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(scope["method"])
        await stack.app(scope, receive, send)

    front = PreparedPages(counted, lambda: stack.position, lambda: legal_day(stack.now))
    client = TestClient(front)
    query = {"query": "{ law { on } list { edges { node { providerName removedOn } } } }"}
    first = client.get("/graphql", params=query)
    assert client.get("/graphql", params=query).content == first.content
    assert len(asked) == 1
    stack.now += timedelta(days=1)
    assert client.get("/graphql", params=query).json()["data"]["law"]["on"] == "2026-11-22"
    removed = {"list_id": "entry-alpha", "removed_on": "2026-11-23", "public_reason": "ENTERED_IN_ERROR"}
    stack.record("2026-11-23T10:00:00+01:00", PUBLISHER, "entry/alpha", "ListEntryRemoved", **removed)
    stack.register.follower.catch_up()
    assert client.get("/graphql", params=query).json()["data"]["list"]["edges"] == []
    assert len(asked) == 3
    stack.register.close()


def test_the_loop_is_free_while_a_question_waits_for_its_store(stack: Stack) -> None:
    """Resolvers are sync; were they run on the loop, nobody else would be served meanwhile."""

    async def ticks() -> int:
        count = 0
        scope = {"type": "http", "method": "GET", "path": "/graphql", "query_string": b"query={list{totalCount}changes(from:%222026-01-01%22,"
                 b"to:%222026-12-31%22){edges{cursor}}}", "headers": [], "state": {}}  # fmt: skip

        async def nothing() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def ignore(_: Any) -> None: ...

        answering = asyncio.create_task(stack.app(scope, nothing, ignore))
        while not answering.done():
            count += 1
            await asyncio.sleep(0)
        await answering
        return count

    assert asyncio.run(ticks()) > 2


# -- Bugs, and the schema ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/graphql", "{ list { totalCount } }"),
        ("/graphql", "{ list { totalCount @include(if: true) } }"),
        ("/staff/graphql", "{ cases { edges { cursor } } }"),
    ],
)
def test_a_bug_is_a_problem_that_says_nothing_of_it_and_rises_to_the_log(path: str, query: str) -> None:
    stack = Stack().replay("listing-correction.yaml")
    stack.register.close()  # the store is gone: every question now fails in a way nobody foresaw
    client = TestClient(stack.app, raise_server_exceptions=False)
    for answer in (client.post(path, json={"query": query}), client.get(path, params={"query": query})):
        assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
        assert answer.json() == {"type": "about:blank", "title": "Internal Server Error", "status": 500, "detail": BUG}
        assert answer.headers["cache-control"] == "no-store"
    with pytest.raises(OperationalError):
        stack.client.post(path, json={"query": query})


def test_a_wrong_query_is_told_what_is_wrong(stack: Stack) -> None:
    assert "Did you mean 'list'" in stack.refused("{ lists { totalCount } }")[1]


def test_the_schema_is_served_as_it_stands_in_the_repository(stack: Stack) -> None:
    answer = stack.client.get("/graphql/schema.graphql")
    assert answer.content == (Path(__file__).parents[2] / "api" / "graphql" / "public.graphql").read_bytes()
    assert answer.headers["cache-control"].startswith("public")
