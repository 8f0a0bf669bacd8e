"""Persons over REST: names in the vault alone, references everywhere else, and everybody who reads a name is noted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from api.stores.access_log import AccessAct
from api.stores.vault import Vault
from api.stores.vault_key import VaultKey
from domain.actors import Role
from tests.interfaces.test_rest_service import ALPHA, Service, identifier, refused, served

ADA = {"name": "Ada Quillfeather", "e_mail": "ada.quillfeather@example.org", "telephone": "+32 2 555 01 99"}
SECRETS = ("Quillfeather", "quillfeather", "555 01 99")
NOBODY = identifier(1)


@dataclass
class Desk:
    """A service at which persons are kept."""

    service: Service

    def ask(self, method: str, path: str = "", data: Any = None, role: Role | None = Role.CASE_OFFICER) -> Response:
        headers = {"Content-Type": "application/json", **self.service.headers(role, None)}
        content = None if data is None else json.dumps(data)
        return self.service.client.request(method, f"/api/v1/persons{path}", content=content, headers=headers)

    def add(self) -> str:
        ref: str = self.ask("POST", data=ADA).json()["person_ref"]
        return ref

    def name_in_case(self, ref: str) -> None:
        self.service.open_case()
        identified = {
            "provider_ref": identifier(7), "provider_kind": "LEGAL_PERSON", "legal_name": "Alpha AI", "country": "FR", "in_union": True,
            "from_on": "2025-01-01", "contact_person_ref": ref,
        }  # fmt: skip
        assert self.service.post(f"cases/{ALPHA}/provider-identified", identified, 1).status_code == 201

    def kept(self) -> dict[UUID, Any]:
        vault = self.service.persons.vault
        return {ref: vault.find(ref) for ref in vault.refs()}


@pytest.fixture
def desk() -> Iterator[Desk]:
    for service in served():
        yield Desk(service)


def test_a_person_is_kept_under_a_reference_and_read_by_it(desk: Desk) -> None:
    added = desk.ask("POST", data=ADA)
    assert added.status_code == 201
    ref = added.json()["person_ref"]
    assert added.headers["Location"] == f"/api/v1/persons/{ref}"
    read = desk.ask("GET", f"/{ref}")
    assert read.json() == {"person_ref": ref, "restricted_at": None, "changed_at": "2026-03-10T08:00:00Z", **ADA, "statement": None}
    assert read.headers["Cache-Control"] == "no-store"


def test_a_person_is_rectified_and_every_file_that_names_them_says_so(desk: Desk) -> None:
    ref = desk.add()
    desk.name_in_case(ref)
    before = desk.service.trace()
    answer = desk.ask("PUT", f"/{ref}", {"name": "Ada Quillfeather-Smith", "statement": "My name is contested."})
    assert answer.json() == {"events": [{"stream": f"case/{ALPHA}", "version": 3, "topic": "PersonalDataRectified"}]}
    read = desk.ask("GET", f"/{ref}").json()
    assert (read["name"], read["e_mail"], read["statement"]) == ("Ada Quillfeather-Smith", None, "My name is contested.")
    recorded = b"".join(state for _, _, state in desk.service.trace()[len(before) :])
    assert ref.encode() in recorded
    assert not any(secret.encode() in recorded for secret in (*SECRETS, "contested"))


def test_restricted_data_are_shown_to_nobody_until_the_restriction_is_lifted(desk: Desk) -> None:
    ref = desk.add()
    desk.name_in_case(ref)
    answer = desk.ask("PUT", f"/{ref}/restriction", {"legal_ground": "Article 20(1)(a)"})
    assert [event["topic"] for event in answer.json()["events"]] == ["PersonalDataRestricted"]
    for role in (Role.CASE_OFFICER, Role.AUDITOR):
        read = desk.ask("GET", f"/{ref}", role=role)
        assert read.json() == {"person_ref": ref, "restricted_at": "2026-03-10T08:00:00Z", "changed_at": "2026-03-10T08:00:00Z"}
    assert desk.ask("DELETE", f"/{ref}/restriction").json() == {"events": []}
    assert desk.ask("GET", f"/{ref}").json()["name"] == ADA["name"]


def test_a_person_whom_no_file_names_leaves_no_event(desk: Desk) -> None:
    before, ref = desk.service.trace(), desk.add()
    assert desk.ask("PUT", f"/{ref}", {"name": "Ada"}).json() == {"events": []}
    assert desk.ask("PUT", f"/{ref}/restriction", {}).json() == {"events": []}
    assert desk.service.trace() == before


ACTS: list[tuple[str, str, Any]] = [
    ("POST", "", ADA),
    ("PUT", "/{ref}", ADA),
    ("PUT", "/{ref}/restriction", {}),
    ("DELETE", "/{ref}/restriction", None),
]


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.CASE_OFFICER, Role.SYSTEM)])
def test_only_case_officers_keep_persons_and_auditors_read_them(desk: Desk, role: Role) -> None:
    ref = desk.add()
    desk.name_in_case(ref)
    events, kept = desk.service.trace(), desk.kept()
    for method, path, data in ACTS:
        assert refused(desk.ask(method, path.replace("{ref}", ref), data, role), 403)["code"] == "R33"
    read = desk.ask("GET", f"/{ref}", role=role)
    assert (read.status_code == 200) == (role is Role.AUDITOR)
    assert any(secret in read.text for secret in SECRETS) == (role is Role.AUDITOR)
    assert (desk.service.trace(), desk.kept()) == (events, kept)


def test_whoever_is_not_signed_in_learns_nothing(desk: Desk) -> None:
    ref = desk.add()
    answers = [desk.ask(method, path.replace("{ref}", ref), data, None) for method, path, data in [*ACTS, ("GET", "/{ref}", None)]]
    for answer in answers:
        refused(answer, 401)
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "path", "data", "status", "field"),
    [
        ("POST", "", {}, 422, "name"),
        ("POST", "", {"name": ""}, 422, "name"),
        ("POST", "", {"name": "Quillfeather" * 50}, 422, "name"),
        ("POST", "", {"name": "<b>\u0000Quillfeather"}, 422, "name"),
        ("POST", "", {"name": "Ada", "e_mail": "quillfeather"}, 422, "e_mail"),
        ("POST", "", {"name": "Ada", "telephone": "555 01 99 Quillfeather"}, 422, "telephone"),
        ("POST", "", {"name": "Ada", "born": "Quillfeather"}, 422, "born"),
        ("POST", "?name=Ada", {"name": "Ada"}, 422, "name"),
        ("POST", "", ["Quillfeather"], 422, "body"),
        ("PUT", "/{ref}", {"name": "Ada", "legal_ground": ""}, 422, "legal_ground"),
        ("PUT", "/{ref}/restriction", {"scope": "ALL"}, 422, "scope"),
        ("PUT", f"/{NOBODY}", {"name": "Ada"}, 404, None),
        ("PUT", f"/{NOBODY}/restriction", {}, 404, None),
        ("DELETE", f"/{NOBODY}/restriction", None, 404, None),
        ("GET", f"/{NOBODY}", None, 404, None),
        ("GET", "/ada", None, 404, None),
        ("GET", "/{upper}", None, 404, None),
        ("GET", "", None, 405, None),
        ("DELETE", "/{ref}", None, 405, None),
    ],
)  # fmt: skip
def test_what_cannot_be_done_says_so_repeats_nothing_and_changes_nothing(
    desk: Desk, method: str, path: str, data: Any, status: int, field: str | None
) -> None:
    ref = desk.add()
    events, kept = desk.service.trace(), desk.kept()
    answer = desk.ask(method, path.replace("{ref}", ref).replace("{upper}", ref.upper()), data)
    assert refused(answer, status).get("field") == field
    assert not any(secret in answer.text for secret in SECRETS)
    assert (desk.service.trace(), desk.kept()) == (events, kept)


def test_markup_is_kept_as_it_is(desk: Desk) -> None:
    markup = "<script>alert(1)</script>"
    ref = desk.ask("POST", data={"name": markup}).json()["person_ref"]
    assert desk.ask("GET", f"/{ref}").json()["name"] == markup


def test_every_reading_is_noted_by_reference(desk: Desk) -> None:
    ref = desk.add()
    after, _ = desk.service.log.head()
    desk.ask("GET", f"/{ref}", role=Role.AUDITOR)
    desk.ask("GET", f"/{ref}", role=Role.PROVIDER)
    desk.ask("GET", f"/{NOBODY}")
    rows = desk.service.log.rows(after=after)
    assert [(row.act, row.outcome, row.role, row.subjects) for row in rows] == [
        (AccessAct.READ, "DONE", Role.AUDITOR, (f"person/{ref}",)),
        (AccessAct.REFUSED, "R33", Role.PROVIDER, ("/api/v1",)),
    ]


def test_a_vault_without_its_key_is_closed(desk: Desk, tmp_path: Path) -> None:
    key = VaultKey(tmp_path / "keys")
    vault = Vault(f"sqlite:///{tmp_path}", key)
    vault.create()
    app: Any = desk.service.client.app
    app.state.persons = app.state.persons.__class__(
        vault, desk.service.register.registry, desk.service.register.office, desk.service.register.follower, desk.service.persons.retention
    )
    ref = desk.add()
    key.file.unlink()
    for method, path, data in [ACTS[0], ACTS[1], ("GET", "/{ref}", None)]:
        answer = refused(desk.ask(method, path.replace("{ref}", ref), data), 503)
        assert str(tmp_path) not in answer["detail"]
    vault.close()


def test_the_description_names_these_addresses(desk: Desk) -> None:
    described = desk.service.get("openapi.json", None).json()
    assert {path: sorted(place) for path, place in described["paths"].items() if re.match("/api/v1/persons", path)} == {
        "/api/v1/persons": ["post"],
        "/api/v1/persons/{ref}": ["get", "put"],
        "/api/v1/persons/{ref}/restriction": ["delete", "put"],
    }
    example = described["paths"]["/api/v1/persons"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert desk.ask("POST", data=example).status_code == 201
