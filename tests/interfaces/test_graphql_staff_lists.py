"""The staff schema: cases and events found among many, page by page, and one time for one request."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.graphql.staff import staff_graphql
from domain.actors import Role
from domain.law.periods import BRUSSELS
from tests.interfaces.graphql_stack import NOW, Stack, caller

STAFF = "/staff/graphql"


@pytest.fixture(scope="module")
def opened() -> Iterator[Stack]:
    stack = Stack().replay("publication-removal.yaml")
    yield stack
    stack.register.close()


@pytest.fixture
def stack(opened: Stack) -> Stack:
    """The register, with a case officer signed in until a test says otherwise."""
    opened.role, opened.now = Role.CASE_OFFICER, NOW
    return opened


def found_cases(stack: Stack, arguments: str = "") -> list[str]:
    edges = stack.data(f"{{ cases{arguments} {{ edges {{ node {{ internalName }} }} }} }}", path=STAFF)["cases"]["edges"]
    return [edge["node"]["internalName"] for edge in edges]


def test_cases_are_found_by_status_words_and_clocks(stack: Stack) -> None:
    everybody = found_cases(stack)
    assert everybody[:2] == ["Alpha", "Beta"]
    assert found_cases(stack, '(search: "beta")') == ["Beta"]
    assert found_cases(stack, "(status: CLEARED)") == ["Alpha"]
    assert "Alpha" not in found_cases(stack, "(status: CLASSIFIED)")  # without a time: now, and not whenever it was
    assert "Alpha" in found_cases(stack, '(status: CLASSIFIED, validAt: "2026-03-02", knownAt: "2026-03-10")')
    assert "Alpha" not in found_cases(stack, '(status: CLASSIFIED, validAt: "2026-03-02", knownAt: "2026-03-04")')
    assert found_cases(stack, '(clockDueBefore: "2025-01-01")') == []
    assert stack.refused("query ($s: String) { cases(search: $s) { pageInfo { endCursor } } }", {"s": "\x00"}, STAFF)[0] == "BAD_USER_INPUT"


def test_cases_are_paged(stack: Stack) -> None:
    query = "query ($after: String) { cases(first: 1, after: $after) { edges { node { internalName } } pageInfo { hasNextPage endCursor } } }"
    seen, after, more = [], None, True
    while more:
        page = stack.data(query, {"after": after}, STAFF)["cases"]
        seen += [edge["node"]["internalName"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == found_cases(stack)


def test_events_are_found_by_type_actor_and_time(stack: Stack) -> None:
    def topics(arguments: str) -> list[str]:
        edges = stack.data(f"{{ events{arguments} {{ edges {{ node {{ topic actorRef recordedAt }} }} }} }}", path=STAFF)["events"]["edges"]
        return [edge["node"]["topic"] for edge in edges]

    assert topics("(first: 1)") == ["ThresholdAmended"]
    assert set(topics('(first: 100, types: ["ThresholdMet"])')) == {"ThresholdMet"}
    officer = stack.runner.names.identifier("ref", "officer-2")
    assert topics(f'(first: 100, actor: "{officer}")') == ["ArgumentsAccepted"]
    assert topics('(first: 100, from: "2026-06-24", to: "2026-06-24", types: ["ListEntryRemoved"])') == ["ListEntryRemoved"]
    assert topics('(first: 100, from: "2026-06-25", types: ["ListEntryRemoved"])') == []
    assert topics('(first: 100, from: "2026-06-03T10:30:00+02:00", to: "2026-06-03T10:30:00+02:00")') == ["DecisionNotified"]


@pytest.mark.parametrize(
    "arguments", ['(types: ["ThresholdMeet"])', '(actor: "somebody")', '(from: "2026-06-24T10:00:00")', "(first: 101)", '(after: "x")']
)
def test_what_no_event_can_match_is_refused(stack: Stack, arguments: str) -> None:
    assert stack.refused(f"{{ events{arguments} {{ edges {{ cursor }} }} }}", path=STAFF)[0] == "BAD_USER_INPUT"


def test_one_request_has_one_time(stack: Stack) -> None:
    moments = iter(datetime(2026, 11, day, tzinfo=BRUSSELS) for day in range(1, 30))
    asked: list[datetime] = []

    def clock() -> datetime:
        asked.append(next(moments))
        return asked[-1]

    routes = staff_graphql(stack.register.office, stack.documents, stack.log, clock=clock, caller_of=lambda _: caller(Role.AUDITOR))
    query = "query ($id: ID!) { case(id: $id) { status { status } flags { provisional } clocks { clock } } }"
    TestClient(Starlette(routes=routes)).post(STAFF, json={"query": query, "variables": {"id": stack.case("alpha")}})
    assert len(asked) == 1
