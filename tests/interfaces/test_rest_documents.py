"""Documents over REST: sent by those who may name them in events, read by those who may read them, and nobody else learns that they exist."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from api.stores.access_log import AccessAct, AccessRow
from api.stores.documents import READ_BY, AccessClass
from domain.actors import Role
from domain.events import NAME_DOCUMENTS
from tests.interfaces.test_rest_service import ALPHA, BETA, Service, identifier, refused, served

LETTER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\nDear Commission"
DIGEST = sha256(LETTER).hexdigest()
NOWHERE = "0" * 64
MOST = 5_000_000
ALPHA_AI, BETA_AI = identifier(7), identifier(8)


@dataclass
class Desk:
    """A service at which several people send and read documents."""

    service: Service

    def signed(self, role: Role | None, ref: str | None = None) -> dict[str, str]:
        if ref is None or role is None:
            return self.service.headers(role, None)
        name = f"{role} {ref}"
        self.service.tokens.revoke(name)
        return {"Authorization": f"Bearer {self.service.tokens.issue(role, name, UUID(ref))}"}

    def send(
        self, content: bytes | Iterator[bytes] = LETTER, role: Role | None = Role.CASE_OFFICER, ref: str | None = None, query: str = "",
        declared: str = "application/pdf", **more: str,
    ) -> Response:  # fmt: skip
        headers = {"Content-Type": declared, **self.signed(role, ref), **more}
        return self.service.client.post(f"/api/v1/documents{query}", content=content, headers=headers)

    def read(self, digest: str = DIGEST, role: Role | None = Role.CASE_OFFICER, ref: str | None = None, query: str = "") -> Response:
        return self.service.client.get(f"/api/v1/documents/{digest}{query}", headers=self.signed(role, ref))

    def classify(self, data: Any, digest: str = DIGEST, role: Role = Role.CASE_OFFICER) -> Response:
        headers = {"Content-Type": "application/json", **self.signed(role)}
        return self.service.client.put(f"/api/v1/documents/{digest}/classification", content=json.dumps(data), headers=headers)

    def noted(self, after: int) -> list[AccessRow]:
        return list(self.service.log.rows(after=after))

    def stored(self) -> list[str]:
        assert list(self.service.documents.verify()) == []
        return list(self.service.documents.shelf.digests())

    def name_in_case(self, digest: str, case: str = ALPHA, provider: str = ALPHA_AI) -> None:
        """Let a case name a document; its provider is known."""
        self.service.open_case(case, case)
        identified = {
            "provider_ref": provider, "provider_kind": "LEGAL_PERSON", "legal_name": "Alpha AI", "country": "FR", "in_union": True,
            "from_on": "2025-01-01",
        }  # fmt: skip
        letter = {"on": "2026-03-03", "direction": "IN", "subject": "GENERAL", "documents": [digest]}
        assert self.service.post(f"cases/{case}/provider-identified", identified, 1).status_code == 201
        assert self.service.post(f"cases/{case}/correspondence-recorded", letter, 2).status_code == 201


@pytest.fixture
def desk() -> Iterator[Desk]:
    for service in served():
        service.client.app.state.settings.document_bytes = MOST  # type: ignore[attr-defined]
        yield Desk(service)


# -- Sending -----------------------------------------------------------------------


def test_a_document_is_stored_and_handed_out_as_it_was_sent(desk: Desk) -> None:
    sent = desk.send()
    assert (sent.status_code, sent.json()) == (201, {"hash": DIGEST, "size": len(LETTER), "media_type": "application/pdf"})
    assert sent.headers["Location"] == f"/api/v1/documents/{DIGEST}"
    got = desk.read()
    assert (got.status_code, got.content) == (200, LETTER)
    assert desk.service.client.get(sent.headers["Location"], headers=desk.signed(Role.AUDITOR)).content == LETTER


def test_a_document_is_saved_and_not_shown_in_place(desk: Desk) -> None:
    page = b"<!DOCTYPE html><script>alert(1)</script>"
    digest = desk.send(page, declared="text/html").json()["hash"]
    got = desk.read(digest).headers
    assert got["Content-Disposition"] == f'attachment; filename="{digest[:16]}.html"'
    assert (got["X-Content-Type-Options"], got["Cache-Control"], got["Content-Type"]) == ("nosniff", "no-store", "text/html")
    assert got["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert (got["ETag"], got["Content-Length"]) == (f'"{digest}"', str(len(page)))
    assert got["Repr-Digest"] == f"sha-256=:{b64encode(bytes.fromhex(digest)).decode()}:"


def test_head_tells_the_same_without_the_document(desk: Desk) -> None:
    desk.send()
    answer = desk.service.client.head(f"/api/v1/documents/{DIGEST}", headers=desk.signed(Role.AUDITOR))
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(len(LETTER)))
    assert answer.headers["Content-Type"] == "application/pdf"


def test_a_large_document_arrives_in_parts(desk: Desk) -> None:
    parts = [bytes([number]) * 300_000 for number in range(16)]
    sent = desk.send(iter(parts), declared="")
    content = b"".join(parts)
    assert sent.json() == {"hash": sha256(content).hexdigest(), "size": len(content), "media_type": "application/octet-stream"}
    assert desk.read(sent.json()["hash"]).content == content


@pytest.mark.parametrize("told", [True, False])
def test_the_limit_is_the_last_size_taken(desk: Desk, told: bool) -> None:
    """With Content-Length it is refused at once; without, once too much has arrived."""

    def content(size: int) -> bytes | Iterator[bytes]:
        return b"x" * size if told else iter([b"x" * (size - 1), b"x"])

    refused(desk.send(content(MOST + 1), declared="text/plain"), 413)
    assert desk.stored() == []
    assert desk.send(content(MOST), declared="text/plain").status_code == 201


@pytest.mark.parametrize(
    ("content", "more", "status", "says"),
    [
        (b"", {}, 422, "empty"),
        (LETTER, {"declared": "image/png"}, 415, "application/pdf"),
        (bytes(range(128, 256)), {"declared": "application/pdf"}, 415, "something else"),
        (LETTER, {"declared": "nonsense"}, 415, "Name one media type"),
        (LETTER, {"Content-Encoding": "gzip"}, 415, "without Content-Encoding"),
        (LETTER, {"query": "?access_class=SECRET"}, 422, "PROVIDER_FILE"),
        (LETTER, {"query": "?access_class=AUDIT&access_class=PUBLIC"}, 422, "once"),
        (LETTER, {"query": "?acess_class=AUDIT"}, 422, "did you mean access_class?"),
        (LETTER, {"query": "?filename=../../etc/passwd"}, 422, "not a parameter"),
    ],
)
def test_what_cannot_be_stored_is_refused_with_what_to_do_and_leaves_no_trace(
    desk: Desk, content: bytes, more: dict[str, str], status: int, says: str
) -> None:
    assert says in refused(desk.send(content, **more), status)["detail"]  # type: ignore[arg-type]
    assert desk.stored() == []


@pytest.mark.parametrize("role", list(Role)[:-1])
def test_those_send_documents_who_record_events_that_name_them(desk: Desk, role: Role) -> None:
    answer = desk.send(role=role)
    if role in NAME_DOCUMENTS:
        assert answer.status_code == 201
        assert desk.read(role=role).content == LETTER, "whoever sent it may read it"
    else:
        assert refused(answer, 403)["code"] == "R33"
        assert desk.stored() == []


def test_only_officers_class_what_they_send(desk: Desk) -> None:
    assert refused(desk.send(role=Role.PROVIDER, query="?access_class=PUBLIC"), 403)["code"] == "R33"
    assert desk.stored() == []
    for role in (Role.DECISION_OFFICER, Role.LAW_OFFICER, Role.PUBLICATION_OFFICER):
        assert desk.send(role.encode(), role=role, query="?access_class=AUDIT", declared="text/plain").status_code == 201
    assert {found.classed.access_class for found in desk.service.documents.known(desk.stored()).values()} == {AccessClass.AUDIT}


def test_nobody_who_is_not_signed_in_sends_or_reads(desk: Desk) -> None:
    desk.send()
    for answer in (desk.send(b"another", role=None), desk.read(role=None), desk.read(NOWHERE, role=None)):
        refused(answer, 401)
    assert desk.stored() == [DIGEST]


def test_other_methods_are_named(desk: Desk) -> None:
    desk.send()
    addresses = {"": "POST", f"/{DIGEST}": "GET, HEAD", f"/{DIGEST}/classification": "PUT"}
    for address, allowed in addresses.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(allowed.split(", ")):
            answer = desk.service.client.request(method, f"/api/v1/documents{address}", headers=desk.signed(Role.CASE_OFFICER))
            refused(answer, 405)
            assert answer.headers["Allow"] == allowed
    assert desk.stored() == [DIGEST]


# -- Reading -----------------------------------------------------------------------


@pytest.mark.parametrize("role", list(Role)[:-1])
@pytest.mark.parametrize("access_class", AccessClass)
def test_a_class_is_read_by_its_roles_and_for_all_others_there_is_nothing(desk: Desk, access_class: AccessClass, role: Role) -> None:
    desk.send(query=f"?access_class={access_class}", ref=identifier(1))
    answer = desk.read(role=role, ref=identifier(2))
    if role in READ_BY[access_class]:
        assert answer.content == LETTER
        return
    there = refused(answer, 404)["detail"]
    assert there.replace(DIGEST, NOWHERE) == refused(desk.read(NOWHERE, role, identifier(2)), 404)["detail"]


def test_the_table_of_readers_is_that_of_procedure_section_12() -> None:
    everything = {Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR}
    assert {access_class.value: set(roles) for access_class, roles in READ_BY.items()} == {
        "PUBLIC": set(Role), "PROVIDER_FILE": everything, "CASE_TEAM": everything, "AUDIT": {Role.AUDITOR},
        "PII": {Role.CASE_OFFICER, Role.AUDITOR},
    }  # fmt: skip


def test_a_provider_reads_the_released_documents_of_its_own_file(desk: Desk) -> None:
    desk.send(query="?access_class=PROVIDER_FILE")
    desk.name_in_case(DIGEST)
    own = f"?case={ALPHA}"
    assert desk.read(role=Role.PROVIDER, ref=ALPHA_AI, query=own).content == LETTER
    for answer in (
        desk.read(role=Role.PROVIDER, ref=ALPHA_AI),
        desk.read(role=Role.PROVIDER, ref=ALPHA_AI, query=f"?case={BETA}"),
        desk.read(role=Role.PROVIDER, ref=ALPHA_AI, query="?case=nonsense"),
        desk.read(role=Role.PROVIDER, ref=BETA_AI, query=own),
        desk.read(role=Role.PANEL, ref=ALPHA_AI, query=own),
        desk.read(role=Role.PUBLICATION_OFFICER, query=own),
    ):
        refused(answer, 404)
    assert desk.classify({"access_class": "CASE_TEAM"}).status_code == 200
    refused(desk.read(role=Role.PROVIDER, ref=ALPHA_AI, query=own), 404)


def test_naming_a_document_in_ones_own_case_does_not_open_it(desk: Desk) -> None:
    """Whoever guesses a hash and has it recorded still reads nothing: the office must have released it."""
    desk.send(b"internal", declared="text/plain")
    digest = sha256(b"internal").hexdigest()
    desk.name_in_case(digest)
    refused(desk.read(digest, Role.PROVIDER, ALPHA_AI, f"?case={ALPHA}"), 404)


def test_a_publication_officer_reads_the_reasons_of_a_claim(desk: Desk) -> None:
    desk.send(ref=identifier(1))
    desk.name_in_case(NOWHERE)
    claim = {
        "claim_id": identifier(20), "received_at": "2026-03-09T10:00:00+01:00", "filer_ref": ALPHA_AI, "claimed_fields": ["marketed_names"],
        "reasons_hash": DIGEST,
    }  # fmt: skip
    proposed = {
        "case_id": ALPHA, "proposed_at": "2026-03-09T09:00:00+01:00", "marketed_names": ["Alpha"], "provider_country": "FR",
        "public_grounds": ["51(1)(a)"],
    }  # fmt: skip
    query, file = f"?case={ALPHA}", f"publications/{ALPHA}"
    refused(desk.read(role=Role.PUBLICATION_OFFICER, query=query), 404)
    opened = desk.service.post(f"{file}/publication-content-proposed", proposed, 0, Role.PUBLICATION_OFFICER)
    assert opened.status_code == 201, opened.text
    assert desk.service.post(f"{file}/confidentiality-claim-lodged", claim, 1).status_code == 201
    assert desk.read(role=Role.PUBLICATION_OFFICER, query=query).content == LETTER
    desk.classify({"access_class": "AUDIT"})
    refused(desk.read(role=Role.PUBLICATION_OFFICER, query=query), 404)


def test_sending_the_same_bytes_tells_nothing_about_others_and_opens_nothing(desk: Desk) -> None:
    first = desk.send(query="?access_class=AUDIT", ref=identifier(1))
    again = desk.send(role=Role.PROVIDER, ref=ALPHA_AI)
    assert first.json() == again.json()
    assert desk.read(role=Role.PROVIDER, ref=ALPHA_AI).content == LETTER
    refused(desk.read(role=Role.CASE_OFFICER, ref=identifier(2)), 404)


@pytest.mark.parametrize("name", ["..", "../" + DIGEST, "%2e%2e%2fevents.db", "0" * 63, "A" * 64, "0" * 65, "%00" * 64, "arriving", ".lock"])
def test_nothing_but_a_hash_is_looked_up(desk: Desk, name: str) -> None:
    desk.send()
    assert desk.read(name).status_code == 404


def test_what_is_missing_or_altered_is_not_handed_out(desk: Desk) -> None:
    desk.send()
    kept: dict[str, bytes] = desk.service.documents.shelf._kept  # type: ignore[attr-defined]
    kept[DIGEST] = LETTER.replace(b"Dear", b"Fear")
    assert "altered" in refused(desk.read(), 500)["detail"]
    del kept[DIGEST]
    assert "gone" in refused(desk.read(), 500)["detail"]
    assert desk.send().status_code == 201
    assert desk.read().content == LETTER


# -- The access log ----------------------------------------------------------------


def test_every_reading_is_noted_and_so_is_who_was_refused(desk: Desk) -> None:
    desk.send(ref=identifier(1))
    after, _ = desk.service.log.head()
    desk.read(role=Role.AUDITOR, ref=identifier(3))
    desk.service.client.head(f"/api/v1/documents/{DIGEST}", headers=desk.signed(Role.AUDITOR, identifier(3)))
    desk.read(role=Role.PROVIDER, ref=BETA_AI)
    desk.read(NOWHERE, role=Role.PROVIDER, ref=BETA_AI)
    rows = desk.noted(after)
    assert [(row.act, row.outcome, str(row.actor), row.role, row.subjects) for row in rows] == [
        (AccessAct.DOWNLOADED, "DONE", identifier(3), Role.AUDITOR, (DIGEST,)),
        (AccessAct.READ, "DONE", identifier(3), Role.AUDITOR, (DIGEST,)),
        (AccessAct.REFUSED, "NO_READER", BETA_AI, Role.PROVIDER, (DIGEST,)),
    ]


# -- Classing ----------------------------------------------------------------------


def test_a_case_officer_classes_a_document_and_names_its_public_version(desk: Desk) -> None:
    desk.send()
    redacted = desk.send(b"redacted", query="?access_class=PUBLIC", declared="text/plain").json()["hash"]
    asked = {"access_class": "PROVIDER_FILE", "exception_tags": ["4(1)(b)", "4(2) COMMERCIAL"], "third_party": True, "public_version": redacted}
    assert desk.classify(asked).json() == asked
    found = desk.service.documents.find(DIGEST)
    assert found
    assert found.classed.public_version == redacted
    assert desk.read(redacted, role=Role.PANEL).content == b"redacted"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "access_class"),
        ({"access_class": "SECRET"}, "access_class"),
        ({"access_class": "PII", "exception_tags": ["4(9)"]}, "exception_tags.0"),
        ({"access_class": "PII", "third_party": "perhaps"}, "third_party"),
        ({"access_class": "PII", "public_version": NOWHERE}, "public_version"),
        ({"access_class": "PII", "public_version": DIGEST}, "public_version"),
        ({"access_class": "PII", "public_version": "../x"}, "public_version"),
        ({"access_class": "PII", "size": 1}, "size"),
        ([], "body"),
    ],
)
def test_a_malformed_classification_changes_nothing(desk: Desk, data: Any, field: str) -> None:
    desk.send()
    before = desk.service.documents.find(DIGEST)
    assert refused(desk.classify(data), 422)["field"] == field
    assert desk.service.documents.find(DIGEST) == before


def test_nobody_classes_what_they_may_not_read(desk: Desk) -> None:
    desk.send(role=Role.DECISION_OFFICER, query="?access_class=AUDIT", ref=identifier(1))
    refused(desk.classify({"access_class": "PUBLIC"}), 404)
    refused(desk.classify({"access_class": "PUBLIC"}, NOWHERE), 404)
    refused(desk.classify({"access_class": "PUBLIC"}, "../x"), 404)
    for role in (Role.AUDITOR, Role.DECISION_OFFICER, Role.PROVIDER):
        assert refused(desk.classify({"access_class": "PUBLIC"}, role=role), 403)["code"] == "R33"
    found = desk.service.documents.find(DIGEST)
    assert found
    assert found.classed.access_class is AccessClass.AUDIT


# -- The description ---------------------------------------------------------------


def test_the_description_names_these_addresses(desk: Desk) -> None:
    described = desk.service.get("openapi.json", None).json()
    assert {path: sorted(place) for path, place in described["paths"].items() if re.match("/api/v1/documents", path)} == {
        "/api/v1/documents": ["post"],
        "/api/v1/documents/{hash}": ["get", "head"],
        "/api/v1/documents/{hash}/classification": ["put"],
    }
    assert described["components"]["parameters"]["access_class"]["schema"]["enum"] == list(AccessClass)
