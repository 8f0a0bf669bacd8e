"""Whoever reads what is confidential, or is refused, is in the access log before the answer is out; whoever does neither is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.stores.access_log import AccessAct, AccessRow
from domain.actors import Role
from tests.interfaces.graphql_stack import Stack, caller
from tests.interfaces.test_rest_service import ALPHA, BETA, OPENING, THRESHOLD_MET, Service, served

STAFF = "/staff/graphql"
ME = caller(Role.CASE_OFFICER).actor.ref
CASE = "query ($id: ID!) { case(id: $id) { internalName history { edges { node { topic } } } } }"


@pytest.fixture(scope="module")
def opened() -> Iterator[Stack]:
    stack = Stack().replay("publication-removal.yaml")
    yield stack
    stack.register.close()
    stack.log.close()


@pytest.fixture
def stack(opened: Stack) -> Stack:
    opened.role = Role.CASE_OFFICER
    return opened


def noted(stack: Stack | Service, asking: Any) -> list[AccessRow]:
    """What a question left in the access log."""
    before, _ = stack.log.head()
    asking()
    return list(stack.log.rows(after=before))


def told(rows: list[AccessRow]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(row.act.value, row.outcome, row.subjects) for row in rows]


# -- GraphQL ---------------------------------------------------------------------------


def test_a_case_that_was_read_is_noted_with_who_and_by_what(stack: Stack) -> None:
    (row,) = noted(stack, lambda: stack.data(CASE, {"id": stack.case("alpha")}, STAFF))
    assert (row.act, row.outcome, row.subjects) == (AccessAct.READ, "DONE", (f"case/{stack.case('alpha')}",))
    assert (row.actor, row.role, row.by) == (ME, Role.CASE_OFFICER, "token:test")


def test_one_request_is_one_row_whatever_it_touches(stack: Stack) -> None:
    two = "{ cases(first: 2) { edges { node { caseId status { status } } } } }"
    (row,) = noted(stack, lambda: stack.data(two, path=STAFF))
    assert row.subjects == tuple(sorted(f"case/{stack.case(name)}" for name in ("alpha", "beta")))
    (row,) = noted(stack, lambda: stack.data("{ events(first: 1) { edges { node { topic } } } }", path=STAFF))
    assert row.subjects == ("law",)


def test_only_what_stands_on_the_page_is_noted(stack: Stack) -> None:
    (row,) = noted(stack, lambda: stack.data("{ cases(first: 1) { edges { node { caseId } } } }", path=STAFF))
    assert row.subjects == (f"case/{stack.case('alpha')}",)


def test_the_words_that_were_looked_for_are_noted_nowhere(stack: Stack) -> None:
    (row,) = noted(stack, lambda: stack.data('{ cases(search: "beta") { edges { node { caseId } } } }', path=STAFF))
    assert row.subjects == (f"case/{stack.case('beta')}",)
    assert noted(stack, lambda: stack.data('{ cases(search: "jane") { edges { node { caseId } } } }', path=STAFF)) == []


@pytest.mark.parametrize(
    ("query", "name"), [("{ __typename }", None), (CASE, "nobody"), ("{", None), ("{ cases(first: 0) { edges { cursor } } }", None)]
)
def test_what_tells_nothing_leaves_nothing(stack: Stack, query: str, name: str | None) -> None:
    variables = {"id": stack.case(name)} if name else {}
    assert noted(stack, lambda: stack.ask(query, variables, STAFF)) == []


def test_the_schema_and_strangers_leave_nothing(stack: Stack) -> None:
    assert noted(stack, lambda: stack.client.get("/staff/graphql/schema.graphql")) == []
    stack.role = None
    assert noted(stack, lambda: stack.ask(CASE, {"id": stack.case("alpha")}, STAFF)) == []


def test_a_role_that_does_not_read_is_noted_as_refused(stack: Stack) -> None:
    stack.role = Role.PANEL
    assert told(noted(stack, lambda: stack.ask(CASE, {"id": stack.case("alpha")}, STAFF))) == [("REFUSED", "ROLE", (STAFF,))]
    stack.role = Role.PUBLICATION_OFFICER
    read, refused = noted(stack, lambda: stack.ask(CASE, {"id": stack.case("alpha")}, STAFF))
    assert told([read, refused]) == [("READ", "DONE", (f"case/{stack.case('alpha')}",)), ("REFUSED", "ROLE", (STAFF,))]
    by_clock = '{ cases(clockDueBefore: "2026-01-01") { edges { cursor } } }'
    assert told(noted(stack, lambda: stack.ask(by_clock, path=STAFF))) == [("REFUSED", "ROLE", (STAFF,))]


# -- The access log, for auditors ---------------------------------------------------------

ACCESS = """query ($act: AccessAct, $subject: String, $actor: ID, $first: Int, $after: String, $from: DateTime, $to: DateTime) {
  accessLog(act: $act, subject: $subject, actor: $actor, first: $first, after: $after, from: $from, to: $to) {
    edges { node { number at act outcome actor role by subjects hash } } pageInfo { hasNextPage endCursor } } }"""


def test_an_auditor_reads_the_access_log_and_is_noted_for_it(stack: Stack) -> None:
    subject = f"case/{stack.case('alpha')}"
    stack.data(CASE, {"id": stack.case("alpha")}, STAFF)
    stack.role = Role.AUDITOR
    number, last = stack.log.head()
    edges = stack.data(ACCESS, {"act": "READ", "subject": subject, "first": 100}, STAFF)["accessLog"]["edges"]
    shown = edges[-1]["node"]
    assert (shown["number"], shown["hash"], shown["subjects"]) == (number, last.hex(), [subject])
    assert (shown["act"], shown["outcome"], shown["role"], shown["by"]) == ("READ", "DONE", "CASE_OFFICER", "token:test")
    assert told(list(stack.log.rows(after=number))) == [("READ", "DONE", ("access-log",))]


def test_the_access_log_is_paged(stack: Stack) -> None:
    for _ in range(3):
        stack.data(CASE, {"id": stack.case("alpha")}, STAFF)
    stack.role = Role.AUDITOR
    before, _ = stack.log.head()
    seen, after, more = [], None, True
    while more and len(seen) < before:
        page = stack.data(ACCESS, {"first": 2, "after": after}, STAFF)["accessLog"]
        seen += [edge["node"]["number"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen[:before] == list(range(1, before + 1))


def test_the_access_log_is_found_by_time_and_actor(stack: Stack) -> None:
    stack.data(CASE, {"id": stack.case("alpha")}, STAFF)
    stack.role = Role.AUDITOR

    def found(**variables: Any) -> int:
        return len(stack.data(ACCESS, {"first": 100, **variables}, STAFF)["accessLog"]["edges"])

    assert found(actor=str(ME)) > 0
    assert found(actor=stack.case("nobody")) == 0
    assert found(to="2020-01-01") == 0
    assert found(**{"from": "2020-01-01"}) > 0
    assert stack.refused(ACCESS, {"actor": "somebody"}, STAFF)[0] == "BAD_USER_INPUT"
    assert stack.refused(ACCESS, {"after": "x"}, STAFF)[0] == "BAD_USER_INPUT"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_nobody_else_reads_the_access_log(stack: Stack, role: Role) -> None:
    stack.role = role
    assert told(noted(stack, lambda: stack.refused(ACCESS, {}, STAFF))) == [("REFUSED", "ROLE", (STAFF,))]
    assert stack.refused(ACCESS, {}, STAFF)[0] == "FORBIDDEN"


# -- REST ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    for service in served():
        service.open_case()
        yield service


def test_a_record_that_was_read_by_rest_is_noted(service: Service) -> None:
    (row,) = noted(service, lambda: service.get(f"cases/{ALPHA}"))
    assert told([row]) == [("READ", "DONE", (f"case/{ALPHA}",))]
    (token,) = [token for token in service.tokens.names() if token.role is Role.CASE_OFFICER]
    assert (row.actor, row.role, row.by) == (token.actor_ref, Role.CASE_OFFICER, token.reference)
    assert row.by.startswith("token:")


@pytest.mark.parametrize("path", ["law", "register", f"cases/{BETA}", "nowhere"])
def test_the_law_and_what_does_not_exist_leave_nothing(service: Service, path: str) -> None:
    assert noted(service, lambda: service.get(path)) == []


def test_who_only_asks_what_would_be_recorded_has_read(service: Service) -> None:
    asked = f"cases/{ALPHA}/threshold-met?dry_run=true"
    assert told(noted(service, lambda: service.post(asked, THRESHOLD_MET, 1))) == [("READ", "DONE", (f"case/{ALPHA}",))]
    assert noted(service, lambda: service.post(f"cases/{BETA}/model-case-opened", {**OPENING, "lineage_key": "beta-1"})) == []


def test_a_role_that_is_refused_is_noted_without_what_it_asked_for(service: Service) -> None:
    reading = noted(service, lambda: service.get(f"cases/{ALPHA}", Role.PANEL))
    recording = noted(service, lambda: service.post(f"cases/{ALPHA}/threshold-met", THRESHOLD_MET, 1, Role.PANEL))
    assert told(reading) == told(recording) == [("REFUSED", "R33", ("/api/v1",))]
    assert (reading[0].role, reading[0].by) == (Role.PANEL, recording[0].by)


def test_tokens_that_are_refused_are_noted_and_no_part_of_an_unknown_one(service: Service) -> None:
    def ask(token: str) -> int:
        return service.client.get("/api/v1/law", headers={"Authorization": f"Bearer {token}"}).status_code

    (row,) = noted(service, lambda: ask("hunter2"))
    assert (told([row]), row.actor, row.by) == ([("REFUSED", "UNKNOWN_TOKEN", ("/api/v1",))], None, "token")
    token = service.tokens.issue(Role.AUDITOR, "gone")
    service.tokens.revoke("gone")
    known = service.tokens.find(token)
    assert known
    (row,) = noted(service, lambda: ask(token))
    assert (told([row]), row.actor, row.by) == ([("REFUSED", "REVOKED_TOKEN", ("/api/v1",))], known.actor_ref, known.reference)
    assert noted(service, lambda: service.get("law", None)) == []
