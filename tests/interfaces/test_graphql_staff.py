"""The staff schema: who may read what, and that every answer comes with the events behind it."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

from api.auth import Caller
from api.dockets.questions import as_answer
from api.errors import NotSignedIn
from api.graphql.staff import staff_graphql
from domain.actors import Role
from domain.events import DOCUMENT_FIELD, EVENTS
from tests.interfaces.graphql_stack import NOW, Stack

STAFF = "/staff/graphql"
READERS = [Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR]
FILE = {"grounds": "grounds { ground }", "flags": "flags { hearingOpen }", "clocks": "clocks { clock }", "documents": "documents { hash }",
        "history": "history { edges { cursor } }", "provenance": 'provenance(field: "legal_name") { value }'}  # fmt: skip


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


def case(stack: Stack, selection: str, name: str = "alpha", **variables: Any) -> Any:
    times = "".join(f", ${name}: DateTime" for name in variables)
    query = f"query ($id: ID!{times}) {{ case(id: $id) {{ {selection} }} }}"
    return stack.data(query, {"id": stack.case(name), **variables}, STAFF)["case"]


# -- Who ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [STAFF, "/staff/graphql/schema.graphql"])
@pytest.mark.parametrize("body", [{"query": "{ __typename }"}, {"query": "{"}, b"nonsense", []])
def test_whoever_is_not_signed_in_gets_a_401_whatever_is_asked(stack: Stack, path: str, body: Any) -> None:
    stack.role = None
    answers = [stack.post(body, path), stack.get("{ __typename }", path), stack.client.delete(path)]
    assert [answer.status_code for answer in answers] == [401] * 3
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert answers[0].headers["cache-control"] == "no-store"


def test_a_token_that_is_refused_is_a_401_too(stack: Stack) -> None:
    def refused(_: Request) -> Caller:
        raise NotSignedIn(token_refused=True)

    client = TestClient(Starlette(routes=staff_graphql(stack.register.office, stack.documents, stack.log, clock=lambda: NOW, caller_of=refused)))
    answer = client.get(STAFF, params={"query": "{ __typename }"})
    assert (answer.status_code, 'error="invalid_token"' in answer.headers["www-authenticate"]) == (401, True)


@pytest.mark.parametrize("role", Role)
def test_cases_are_read_by_their_readers_and_by_those_who_publish(stack: Stack, role: Role) -> None:
    stack.role = role
    query = "query ($id: ID!) { case(id: $id) { internalName status { status } providers { legalName } market { placedOn } } }"
    for name, expected in (("alpha", "Alpha"), ("nobody", None)):
        answer = stack.ask(query, {"id": stack.case(name)}, STAFF)
        if role in [*READERS, Role.PUBLICATION_OFFICER]:
            assert "errors" not in answer
            assert (answer["data"]["case"] or {}).get("internalName") == expected
        else:
            assert answer["data"] == {"case": None}
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("field", FILE)
def test_case_files_are_read_by_their_readers_only(stack: Stack, role: Role, field: str) -> None:
    stack.role = role
    answer = stack.ask(f"query ($id: ID!) {{ case(id: $id) {{ caseId {FILE[field]} }} }}", {"id": stack.case("alpha")}, STAFF)
    if role in READERS:
        assert "errors" not in answer
        assert answer["data"]["case"][field] is not None
    else:
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        assert answer["data"]["case"] == ({"caseId": stack.case("alpha"), field: None} if role is Role.PUBLICATION_OFFICER else None)


@pytest.mark.parametrize("role", Role)
def test_events_are_read_by_readers_of_case_files_and_clocks_are_no_way_round(stack: Stack, role: Role) -> None:
    stack.role = role
    events = stack.ask("{ events { edges { node { topic } } } }", path=STAFF)
    due = stack.ask('{ cases(clockDueBefore: "2030-01-01") { edges { node { caseId } } } }', path=STAFF)
    for answer in (events, due):
        assert ("errors" not in answer) == (role in READERS)
        assert "errors" not in answer or answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"


def test_no_answer_to_staff_may_be_kept(stack: Stack) -> None:
    for answer in (stack.get("{ __typename }", STAFF), stack.post({"query": "{ __typename }"}, STAFF), stack.client.get(f"{STAFF}/schema.graphql")):
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers


# -- A case -----------------------------------------------------------------------------


def test_the_status_at_a_pair_of_times(stack: Stack) -> None:
    status = "status(validAt: $v, knownAt: $k) { status grounds { ground span { from to } } span { from to } }"
    found = case(stack, status, v="2026-03-02", k="2026-03-11")["status"]
    assert found["status"] == "CLASSIFIED"
    assert found["grounds"] == [{"ground": "PRESUMED", "span": {"from": "2026-03-01T00:00:00+01:00", "to": None}}]
    assert found["span"] == {"from": "2026-03-01T00:00:00+01:00", "to": None}
    assert case(stack, status, v="2026-03-02", k="2026-03-04")["status"]["status"] == "NOT_CLASSIFIED"
    assert case(stack, status, v="2026-06-03T10:00:00+02:00", k=None)["status"]["status"] == "CLEARED"
    assert case(stack, status, v="2026-06-03T09:59:59+02:00", k=None)["status"]["status"] == "CLASSIFIED"
    assert case(stack, "status { status }")["status"]["status"] == "CLEARED"


def test_grounds_have_all_their_stretches(stack: Stack) -> None:
    assert case(stack, "grounds { ground spans { from to } }")["grounds"] == [
        {"ground": "PRESUMED", "spans": [{"from": "2026-03-01T00:00:00+01:00", "to": "2026-06-03T10:00:00+02:00"}]}
    ]


def test_flags_and_clocks_are_those_of_the_fold(stack: Stack) -> None:
    fields = "argumentsPending hearingOpen reassessmentPending notificationOverdue onUnionMarket provisional obligationsDeferredUntil"
    assert case(stack, f"flags(validAt: $v, knownAt: $k) {{ {fields} }}", v="2026-03-20", k="2026-03-20")["flags"] == {
        "argumentsPending": True, "hearingOpen": False, "reassessmentPending": False, "notificationOverdue": False, "onUnionMarket": True,
        "provisional": False, "obligationsDeferredUntil": None,
    }  # fmt: skip
    event = "{ eventId event on }"
    asked = f"clocks {{ clock state startedBy {event} due firstAdmissible satisfiedBy {event} daysLate daysOpen provisional arithmetic about }}"
    found = case(stack, asked)["clocks"]
    known = [as_answer(clock) for clock in stack.register.office.clocks(UUID(stack.case("alpha")), NOW, NOW)]
    assert [clock["clock"] for clock in found] == [clock["clock"] for clock in known]
    assert {"D1", "D7", "D9"} <= {clock["clock"] for clock in found}
    assert [clock["due"] for clock in found] == [clock.get("due") for clock in known]
    assert [clock["daysOpen"] for clock in found] == [clock.get("days_open") for clock in known]
    assert found[0]["arithmetic"] == known[0]["arithmetic"] != []
    assert found[0]["startedBy"]["eventId"] == known[0]["started_by"]["event_id"]


def test_providers_and_market(stack: Stack) -> None:
    found = case(stack, "providers { providerRef providerKind legalName country inUnion fromOn } market { placedOn offMarketSince marketedNames }")
    (provider,) = found["providers"]
    assert (provider["legalName"], provider["country"], provider["inUnion"], provider["fromOn"]) == ("Alpha AI", "FR", True, "2025-01-01")
    assert found["market"] == {"placedOn": "2026-02-02", "offMarketSince": None, "marketedNames": ["Alpha"]}
    assert case(stack, "providers(validAt: $v) { legalName }", v="2024-12-31")["providers"] == []
    assert case(stack, "providers(knownAt: $k) { legalName }", k="2026-03-04")["providers"] == []


def test_the_history_has_every_event_in_its_envelope_with_its_very_bytes(stack: Stack) -> None:
    law = "law { thresholdVersion annexXiiiVersion calendarVersion }"
    fields = f"eventId stream version topic recordedAt actorRef role correlation cause {law} settingsVersion data stored"
    found = [edge["node"] for edge in case(stack, f"history(first: 100) {{ edges {{ node {{ {fields} }} }} }}")["history"]["edges"]]
    rows = stack.register.office.history(UUID(stack.case("alpha")))
    assert [event["stored"].encode() for event in found] == [row.state for row in rows]
    assert {event["stream"].partition("/")[0] for event in found} == {"case", "publication", "entry"}
    for event in found:
        stored = json.loads(event["stored"])
        envelope = {"event_id": event["eventId"], "stream": event["stream"], "version": event["version"], "topic": event["topic"]}
        who = {
            "actor_ref": event["actorRef"],
            "role": event["role"],
            "correlation": event["correlation"],
            "settings_version": event["settingsVersion"],
        }
        assert {name: stored[name] for name in {**envelope, **who}} == {**envelope, **who}
        assert datetime.fromisoformat(stored["recorded_at"]) == datetime.fromisoformat(event["recordedAt"])
        assert stored.get("cause") == event["cause"]
        assert stored["data"] == event["data"]
    assert found[3]["data"]["compute_flop"] == "11000000000000000000000000"


def test_the_history_is_paged_and_known_at_a_time(stack: Stack) -> None:
    query = "query ($id: ID!, $first: Int, $after: String, $k: DateTime) { case(id: $id) { history(first: $first, after: $after, knownAt: $k) { edges { node { topic } } pageInfo { hasNextPage endCursor } } } }"  # noqa: E501
    rows = stack.register.office.history(UUID(stack.case("alpha")))
    seen, after, more = [], None, True
    while more:
        page = stack.data(query, {"id": stack.case("alpha"), "first": 4, "after": after}, STAFF)["case"]["history"]
        seen += [edge["node"]["topic"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert seen == [row.event.topic for row in rows]
    known = stack.data(query, {"id": stack.case("alpha"), "first": 100, "k": "2026-03-05"}, STAFF)["case"]["history"]["edges"]
    assert len(known) == 4


def test_documents_are_found_in_every_event_that_names_one(stack: Stack) -> None:
    found = case(stack, "documents { hash field eventId topic recordedAt }")["documents"]
    named = {(reference["topic"], reference["field"]) for reference in found}
    expected = {("NotificationReceived", "method_description_hash"), ("ArgumentsReceived", "documents.0"), ("ArgumentsAccepted", "reasons_hash")}
    assert expected <= named
    rows = {str(row.event.event_id): row for row in stack.register.office.history(UUID(stack.case("alpha")))}
    assert all(reference["hash"] in rows[reference["eventId"]].state.decode() for reference in found)


def test_every_hash_of_every_event_is_a_document_or_a_digest() -> None:
    """A field added later is found by its name, or this says that it is not."""

    def hashes(schema: Any, defs: Any) -> Iterator[str]:
        for name, part in schema.get("properties", {}).items():
            for inner in (part, part.get("items", {}), *part.get("anyOf", ())):
                if inner.get("pattern") == "^[0-9a-f]{64}$":
                    yield name
                if "$ref" in inner:
                    yield from hashes(defs[inner["$ref"].rpartition("/")[2]], defs)

    def described(fact: Any) -> tuple[Any, Any]:
        schema = fact.model_json_schema()
        return schema, schema.get("$defs", {})

    names = {name for fact in EVENTS.values() for name in hashes(*described(fact))}
    assert "reasons_hash" in names
    assert {name for name in names if not DOCUMENT_FIELD.search(name)} <= {"provider_name_digest", "material_digest"}


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("internal_name", [("ModelCaseOpened", "internal_name", "Alpha")]),
        ("legal_name", [("ProviderIdentified", "legal_name", "Alpha AI")]),
        ("condition_met_on", [("ThresholdMet", "on", "2026-03-01")]),
        ("ThresholdMet.compute_flop", [("ThresholdMet", "compute_flop", "11000000000000000000000000")]),
        ("ListEntryPublished.marketed_names", [("ListEntryPublished", "marketed_names", ["Alpha"])]),
        ("PublicationContentProposed.provider_name", [("PublicationContentProposed", "provider_name", "Alpha AI")]),
        ("pretraining_started_on", []),
    ],
)
def test_provenance_says_which_event_set_a_field(stack: Stack, field: str, expected: list[Any]) -> None:
    found = case(stack, f'provenance(field: "{field}") {{ eventId topic recordedAt field value }}')["provenance"]
    assert [(origin["topic"], origin["field"], origin["value"]) for origin in found] == expected
    rows = {str(row.event.event_id): row.event for row in stack.register.office.history(UUID(stack.case("alpha")))}
    assert all(rows[origin["eventId"]].recorded_at == datetime.fromisoformat(origin["recordedAt"]) for origin in found)


def test_a_correction_of_the_list_is_an_origin_too() -> None:
    stack = Stack().replay("listing-correction.yaml")
    found = case(stack, 'provenance(field: "provider_name") { topic field value }')["provenance"]
    assert found[-1] == {"topic": "ListEntryCorrected", "field": "new_value", "value": "Alpha AI"}
    assert found[-2]["value"] == "Alhpa AI"
    stack.register.close()


@pytest.mark.parametrize("field", ["legal_nam", "Nothing.legal_name", "ThresholdMet.legal_name", "", "."])
def test_a_field_that_no_event_has_is_refused(stack: Stack, field: str) -> None:
    query = "query ($id: ID!, $f: String!) { case(id: $id) { provenance(field: $f) { topic } } }"
    code, message = stack.refused(query, {"id": stack.case("alpha"), "f": field}, STAFF)
    assert code == "BAD_USER_INPUT"
    assert field != "legal_nam" or "Did you mean legal_name?" in message


@pytest.mark.parametrize("id", ["", "alpha", "3f2b8a1e-5c1d-4e7a-9b60-000000000001"])
def test_a_case_that_is_not_in_the_register_is_null(stack: Stack, id: str) -> None:
    assert stack.data("query ($id: ID!) { case(id: $id) { caseId } }", {"id": id}, STAFF) == {"case": None}
