"""REST as a whole: who is let in, what an address names, what is read before recording, and the description. `Service` is for the other tests too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from api.persons import Persons
from api.recording.addresses import COLLECTIONS, event_at, events_of, kebab, stream_at
from api.rest.routes import rest_routes
from api.settings import Settings
from api.stores.access_log import AccessLog
from api.stores.documents import DocumentStore
from api.stores.tokens import TokenStore
from api.wiring import Register, open_documents, open_door, open_persons, open_register, open_vault
from domain.actors import Role
from domain.events import EVENTS
from domain.ids import ALONE
from tests.interfaces.office_acts import DESIGNATION

CREATED = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 8, tzinfo=UTC)
OPENING = {"lineage_key": "alpha-1", "internal_name": "Alpha"}
THRESHOLD_MET = {"on": "2026-03-02", "compute_flop": "1.1e25", "threshold_version": 1, "source": "PROVIDER", "kind": "COMPUTE"}


def identifier(number: int) -> str:
    return f"3f2b8a1e-5c1d-4e7a-9b60-{number:012d}"


ALPHA, BETA = identifier(1), identifier(2)


@dataclass
class Service:
    """REST over a register of its own, with a token for whichever role asks."""

    register: Register
    client: TestClient
    tokens: TokenStore
    log: AccessLog
    documents: DocumentStore
    persons: Persons
    _known: dict[Role, str] = field(default_factory=dict)

    def headers(self, role: Role | None, version: int | None, **more: str) -> dict[str, str]:
        if role and role not in self._known:
            self._known[role] = self.tokens.issue(role, f"test {role}")
        signed = {"Authorization": f"Bearer {self._known[role]}"} if role else {}
        return {**signed, **({} if version is None else {"If-Match": f'"{version}"'}), **more}

    def post(
        self, path: str, data: Any, version: int | None = 0, role: Role | None = Role.CASE_OFFICER, *, text: str | None = None, **more: str
    ) -> Response:  # fmt: skip
        headers = {"Content-Type": "application/json", **self.headers(role, version, **more)}
        return self.client.post(f"/api/v1/{path}", content=json.dumps(data) if text is None else text, headers=headers)

    def get(self, path: str, role: Role | None = Role.CASE_OFFICER) -> Response:
        return self.client.get(f"/api/v1/{path}", headers=self.headers(role, None))

    def open_case(self, case: str = ALPHA, lineage: str = "alpha-1") -> None:
        assert self.post(f"cases/{case}/model-case-opened", {**OPENING, "lineage_key": lineage}).status_code == 201

    def trace(self) -> list[tuple[int, str, bytes]]:
        """Everything that was ever stored, byte for byte."""
        return [(position, topic, bytes(state)) for position, topic, state in self.register.recorder.raw_events(0, 1_000_000)]


def served(*, demonstration: bool = False, follows: bool = True, patience: float = 10) -> Iterator[Service]:
    """Serve a register that was just created, in memory."""
    settings = Settings(database_url="sqlite://", wait_seconds=patience)
    register = open_register(settings)
    register.create(CREATED, demonstration=demonstration)
    door = open_door(settings)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    documents = open_documents(settings)
    app.state.register, app.state.door, app.state.settings, app.state.documents = register, door, settings, documents
    app.state.persons = open_persons(settings, register, open_vault(settings))
    app.state.clock = lambda: NOW
    app.include_router(rest_routes())
    if follows:
        register.follower.start()
    with TestClient(app) as client:
        yield Service(register, client, door.tokens, door.log, documents, app.state.persons)
    app.state.persons.vault.close()
    register.close()
    documents.close()
    door.close()


@pytest.fixture
def service() -> Iterator[Service]:
    yield from served()


@pytest.fixture(scope="module")
def opened() -> Iterator[Service]:
    """A service with one case, for tests that record nothing more."""
    for service in served():
        service.open_case()
        before = service.trace()
        yield service
        assert service.trace() == before


def refused(answer: Response, status: int) -> Any:
    """The problem document, after making sure that it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    found = answer.json()
    assert (found["status"], found["type"]) == (status, "about:blank")
    assert found["title"]
    assert found["detail"]
    return found


# -- Who is let in -----------------------------------------------------------------

PLACES = [
    ("POST", f"cases/{ALPHA}/threshold-met"),
    ("POST", f"cases/{BETA}/threshold-met"),
    ("POST", f"cases/{ALPHA}/no-such-event"),
    ("POST", "law/threshold-amended"),
    ("GET", f"cases/{ALPHA}"),
    ("GET", f"cases/{BETA}"),
    ("GET", "cases/nonsense"),
    ("DELETE", f"cases/{ALPHA}"),
    ("PUT", "nothing/of/the/kind"),
    ("GET", ""),
]


@pytest.mark.parametrize(("method", "path"), PLACES)
@pytest.mark.parametrize("sent", [None, "Basic Y2FzZTpvZmZpY2Vy", "Bearer", "Bearer srr_unknown", "Bearer a b", "srr_unknown"])
def test_whoever_is_not_signed_in_gets_the_same_answer_whatever_exists(opened: Service, method: str, path: str, sent: str | None) -> None:
    headers = {"Authorization": sent} if sent else {}
    answer = opened.client.request(method, f"/api/v1/{path}", headers=headers, content=b"{")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="register"')
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_revoked_token_is_refused_at_once(service: Service) -> None:
    service.open_case()
    service.tokens.revoke("test CASE_OFFICER")
    answer = service.get(f"cases/{ALPHA}")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_scheme_is_read_in_any_case(opened: Service) -> None:
    signed = opened.headers(Role.AUDITOR, None)["Authorization"].replace("Bearer", "bearer")
    assert opened.client.get(f"/api/v1/cases/{ALPHA}", headers={"Authorization": signed}).status_code == 200


# -- Addresses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("ThresholdMet", "threshold-met"),
        ("ModelDesignatedUnder52_4", "model-designated-under-52-4"),
        ("AnnexXIIIAmended", "annex-xiii-amended"),
        ("BenchmarkOrIndicatorAdded", "benchmark-or-indicator-added"),
    ],
)
def test_an_event_is_addressed_in_kebab_case(topic: str, name: str) -> None:
    assert kebab(topic) == name


def test_every_event_has_an_address_of_its_own_that_leads_back_to_it() -> None:
    assert len({kebab(topic) for topic in EVENTS}) == len({kebab(topic).replace("-", "") for topic in EVENTS}) == len(EVENTS)
    for collection, kind in COLLECTIONS.items():
        stream = stream_at(collection, "" if kind in ALONE else ALPHA)
        for name, fact in events_of(kind).items():
            assert event_at(stream, name) is event_at(stream, name.replace("-52", "52")) is fact
    assert {fact for kind in COLLECTIONS.values() for fact in events_of(kind).values()} == set(EVENTS.values())


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (f"cases/{ALPHA}/treshold-met", "did you mean threshold-met?"),
        (f"cases/{ALPHA}/ThresholdMet", "did you mean"),
        (f"cases/{ALPHA}/list-entry-published", "it belongs to entries"),
        (f"case/{ALPHA}/threshold-met", "did you mean cases?"),
        ("cases/alpha/threshold-met", "'alpha' is no identifier"),
        ("cases/threshold-met", "nothing at this address"),
        (f"law/{ALPHA}/threshold-amended", "nothing at this address"),
        (f"cases/{ALPHA}/threshold-met/", "is no identifier"),
    ],
)
def test_an_unknown_address_names_the_nearest(opened: Service, path: str, says: str) -> None:
    answer = opened.post(path, {})
    assert answer.status_code == 404
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", f"cases/{ALPHA}/threshold-met", "POST"), ("GET", "law/threshold-amended", "POST"), ("DELETE", "register/material-withdrawn", "POST"),
        ("DELETE", f"cases/{ALPHA}", "GET, HEAD"), ("POST", f"cases/{ALPHA}", "GET, HEAD"), ("POST", "law", "GET, HEAD"),
    ],
)  # fmt: skip
def test_another_method_is_told_which_one_to_use(opened: Service, method: str, path: str, allow: str) -> None:
    answer = opened.client.request(method, f"/api/v1/{path}", headers=opened.headers(Role.AUDITOR, None))
    assert answer.status_code == 405
    assert answer.headers["Allow"] == allow


@pytest.mark.parametrize("path", [f"cases/{ALPHA}", "law", "openapi.json", "schemas/ThresholdMet.json", "cases/nowhere"])
def test_whatever_can_be_read_can_be_asked_for_its_headers_alone(opened: Service, path: str) -> None:
    answers = [opened.client.request(method, f"/api/v1/{path}", headers=opened.headers(Role.AUDITOR, None)) for method in ("GET", "HEAD")]
    assert answers[0].status_code == answers[1].status_code
    assert answers[0].headers == answers[1].headers


def test_an_address_without_anything_is_not_found(opened: Service) -> None:
    assert opened.get("").status_code == opened.get("models").status_code == opened.get(f"models/{ALPHA}/x/y").status_code == 404


# -- Reading before recording ------------------------------------------------------


def test_a_case_is_read_with_its_version_as_tag(opened: Service) -> None:
    answer = opened.get(f"cases/{ALPHA}")
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json() == {"stream": f"case/{ALPHA}", "version": 1, "status": "NOT_CLASSIFIED", "clocks": [], "read_model": "current"}


def test_identifiers_are_one_in_capitals_and_small_letters(opened: Service) -> None:
    assert opened.get(f"cases/{ALPHA.upper()}").json() == opened.get(f"cases/{ALPHA}").json()


@pytest.mark.parametrize(("path", "version"), [(f"publications/{ALPHA}", 0), (f"entries/{ALPHA}", 0), ("law", 5), ("register", 0)])
def test_other_records_are_read_with_their_version(opened: Service, path: str, version: int) -> None:
    answer = opened.get(path, Role.AUDITOR)
    assert answer.json()["version"] == (len([1 for _, topic, _ in opened.trace()]) - 2 if path == "law" else version)
    assert answer.headers["ETag"] == f'"{answer.json()["version"]}"'


@pytest.mark.parametrize("path", [f"cases/{BETA}", f"publications/{BETA}", f"entries/{BETA}", f"alerts/{BETA}", f"challenges/{BETA}"])
def test_what_is_not_there_is_not_found(opened: Service, path: str) -> None:
    assert opened.get(path).status_code == 404


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        (Role.DECISION_OFFICER, "cases", 200),
        (Role.AUDITOR, "cases", 200),
        (Role.PUBLICATION_OFFICER, "cases", 200),
        (Role.LAW_OFFICER, "cases", 403),
        (Role.PANEL, "cases", 403),
        (Role.PUBLIC, "cases", 403),
        (Role.PROVIDER, "cases", 404),
        (Role.AUTHORISED_REPRESENTATIVE, "publications", 404),
        (Role.PROVIDER, "entries", 403),
        (Role.PANEL, "publications", 403),
    ],
)
def test_a_role_reads_what_the_table_of_roles_gives_it(opened: Service, role: Role, path: str, status: int) -> None:
    answer = opened.get(f"{path}/{ALPHA}", role)
    assert answer.status_code == status
    assert answer.json().get("code") == ("R33" if status == 403 else None)


def test_a_provider_reads_its_own_file(service: Service) -> None:
    service.open_case()
    provider = {"provider_kind": "LEGAL_PERSON", "legal_name": "Borealis SE", "country": "DE", "in_union": True, "from_on": "2026-01-01"}
    service.post(f"cases/{ALPHA}/provider-identified", {**provider, "provider_ref": identifier(9)}, 1)
    own = service.tokens.issue(Role.PROVIDER, "Borealis", UUID(identifier(9)))
    answer = service.client.get(f"/api/v1/cases/{ALPHA}", headers={"Authorization": f"Bearer {own}"})
    assert answer.json()["status"] == "NOT_CLASSIFIED"


PROVIDED = {"provider_kind": "LEGAL_PERSON", "legal_name": "Cedar Inc.", "country": "US", "in_union": False, "from_on": "2026-01-01"}
MANDATE = {
    "provider_ref": identifier(9), "representative_ref": identifier(8), "representative_kind": "LEGAL_PERSON", "legal_name": "Mandatary SA",
    "mandate_scope": ["ALL"], "mandate_hash": "0" * 64, "from_on": "2026-02-01",
}  # fmt: skip


@pytest.mark.parametrize(("recorded_by", "status"), [(Role.CASE_OFFICER, 200), (Role.PROVIDER, 200), (Role.AUTHORISED_REPRESENTATIVE, 404)])
def test_a_representative_reads_the_file_that_others_opened_to_it_while_its_mandate_lasts(service: Service, recorded_by: Role, status: int) -> None:
    service.open_case()
    service.post(f"cases/{ALPHA}/provider-identified", {**PROVIDED, "provider_ref": identifier(9)}, 1)
    refs = {Role.CASE_OFFICER: 7, Role.PROVIDER: 9, Role.AUTHORISED_REPRESENTATIVE: 8}
    tokens = {role: service.tokens.issue(role, str(role), UUID(identifier(ref))) for role, ref in refs.items()}
    headers = {"Authorization": f"Bearer {tokens[recorded_by]}", "If-Match": '"2"'}
    assert service.client.post(f"/api/v1/cases/{ALPHA}/authorised-representative-appointed", json=MANDATE, headers=headers).status_code == 201
    own = {"Authorization": f"Bearer {tokens[Role.AUTHORISED_REPRESENTATIVE]}"}
    assert service.client.get(f"/api/v1/cases/{ALPHA}", headers=own).status_code == status
    ended = {"representative_ref": identifier(8), "on": "2026-03-01", "reasons_hash": "0" * 64}
    assert service.post(f"cases/{ALPHA}/mandate-terminated", ended, 3).status_code == 201
    assert service.client.get(f"/api/v1/cases/{ALPHA}", headers=own).status_code == 404


def test_a_waiting_period_shows_itself_to_the_provider_once_its_decision_is_notified(service: Service) -> None:
    service.open_case()
    service.post(f"cases/{ALPHA}/provider-identified", {**PROVIDED, "provider_ref": identifier(9)}, 1)
    own = {"Authorization": f"Bearer {service.tokens.issue(Role.PROVIDER, 'Cedar', UUID(identifier(9)))}"}
    decision = {
        **DESIGNATION,
        "decision_id": identifier(5),
        "addressees": [identifier(9)],
        "drafted_by_ref": identifier(6),
        "adopted_on": "2026-03-09",
    }
    adopted = service.post(f"cases/{ALPHA}/model-designated-under-52-4", decision, 2, Role.DECISION_OFFICER)
    assert adopted.status_code == 201, adopted.text

    def told(headers: dict[str, str]) -> list[str]:
        return [clock["clock"] for clock in service.client.get(f"/api/v1/cases/{ALPHA}", headers=headers).json()["clocks"]]

    assert ("D4" in told(service.headers(Role.CASE_OFFICER, None)), "D4" in told(own)) == (True, False)
    informed = {"addressee": identifier(9), "at": "2026-03-09T16:00:00+01:00", "means": "EU_SEND", "proof_hash": "0" * 64}
    assert service.post(f"cases/{ALPHA}/decision-notified", {"decision_id": identifier(5), **informed}, 3).status_code == 201
    assert "D4" in told(own)


def test_a_publication_officer_sees_the_status_and_no_clock_but_its_own(service: Service) -> None:
    service.open_case()
    service.post(f"cases/{ALPHA}/threshold-met", THRESHOLD_MET, 1)
    assert [clock["clock"] for clock in service.get(f"cases/{ALPHA}").json()["clocks"]] == ["D1"]
    answer = service.get(f"cases/{ALPHA}", Role.PUBLICATION_OFFICER).json()
    assert (answer["status"], answer["clocks"]) == ("CLASSIFIED", [])
