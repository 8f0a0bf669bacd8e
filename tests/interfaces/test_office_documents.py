"""The documents of a case in the browser: what they are, who reads them, how they are classed anew, and what is noted of it."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from httpx2 import Response

from api.stores.access_log import AccessAct
from domain.actors import Role
from tests.interfaces.office_house import Browser, House, served, title, way, words
from tests.interfaces.test_office_forms import hidden

BODY = b"%PDF-1.7 the whole letter"
DIGEST = sha256(BODY).hexdigest()
LETTER = {"fact-on-day": "1", "fact-on-month": "3", "fact-on-year": "2026", "fact-direction": "IN", "fact-subject": "GENERAL", "act": "check"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def officer(house: House) -> Browser:
    return house.browser().signed_in()


@pytest.fixture(scope="module")
def place(house: House, officer: Browser) -> str:
    """The documents of a case that has one stored."""
    here = f"/workbench/cases/{house.cases['alpha']}"
    form = f"{here}/record/correspondence-recorded"
    carried = hidden(officer.get(form).text)
    sent = {"form_token": carried["form_token"], "seen": carried["seen"], "class-of-files": "CASE_TEAM", **LETTER}
    checked = officer.client.post(form, data=sent, files={"file-fact-documents": ("letter.pdf", BODY, "application/pdf")})
    assert officer.post(form, {**hidden(checked.text), "act": "record"}).status_code == 303
    return f"{here}/documents"


def class_it(browser: Browser, place: str, files: Any = None, **fields: str) -> Response:
    address = f"{place}/{DIGEST}"
    given = {"form_token": browser.token(address), "class-of-files": "PUBLIC", "access_class": "CASE_TEAM", **fields}
    return browser.client.post(address, data=given, files=files or {"file-public_version": ("", b"", "application/octet-stream")})


def test_the_page_says_class_size_type_hash_and_who_may_read(house: House, officer: Browser, place: str) -> None:
    noted, _ = house.log.head()
    said = words(officer.get(place))
    for each in (
        DIGEST,
        "application/pdf",
        "25 bytes",
        "CASE_TEAM",
        "The office: case officers, decision officers, auditors",
        "Correspondence recorded",
    ):
        assert each in said
    assert "Only its hash is recorded: nobody stored it." in said  # the docket's own documents
    assert [(row.act, row.subjects) for row in house.noted(noted)] == [(AccessAct.READ, (f"case/{house.cases['alpha']}",))]


def test_a_document_is_taken_away_as_a_file_and_that_is_noted(house: House, officer: Browser, place: str) -> None:
    noted, _ = house.log.head()
    address = f"/api/v1/documents/{DIGEST}?case={house.cases['alpha']}"
    assert f'href="{address}"' in officer.get(place).text
    answer = officer.get(address)
    headers = [answer.headers[name] for name in ("content-disposition", "x-content-type-options", "content-security-policy", "cache-control")]
    assert headers == [f'attachment; filename="{DIGEST[:16]}.pdf"', "nosniff", "sandbox; default-src 'none'", "no-store"]
    assert (AccessAct.DOWNLOADED, (DIGEST,)) in [(row.act, row.subjects) for row in house.noted(noted)]


def test_a_document_is_classed_anew_with_its_redacted_version(house: House, officer: Browser, place: str) -> None:
    redacted = b"%PDF-1.7 redacted"
    said = {"access_class": "PROVIDER_FILE", "third_party": "true", "exception_tags": "4(2) COMMERCIAL"}
    answer = class_it(officer, place, {"file-public_version": ("letter.pdf", redacted, "application/pdf")}, **said)
    assert way(answer) == place
    page = words(officer.get(place))
    assert "PROVIDER_FILE" in page
    assert "Not released under Article 4(2) COMMERCIAL" in page
    assert "A third party is consulted" in page
    assert f"/api/v1/documents/{sha256(redacted).hexdigest()}" in officer.get(place).text
    anybody = house.browser().signed_in(Role.PANEL)
    assert anybody.get(f"/api/v1/documents/{sha256(redacted).hexdigest()}").content == redacted
    assert anybody.get(f"/api/v1/documents/{DIGEST}").status_code == 404


@pytest.mark.parametrize(
    ("file", "version", "sentence"),
    [
        (("page.pdf", b"<html>", "application/pdf"), "", "The file is not what its name says"),
        (None, "0" * 64, "must be the hash of a stored document"),
    ],
)
def test_a_public_version_that_is_none_is_told_and_nothing_is_classed(
    house: House, officer: Browser, place: str, file: Any, version: str, sentence: str
) -> None:  # fmt: skip
    before, page = house.documents(), words(officer.get(place))
    answer = class_it(officer, place, {"file-public_version": file} if file else None, public_version=version, access_class="AUDIT")
    assert (answer.status_code, title(answer)) == (422, "Error: Who may read a document")
    assert sentence in words(answer)
    assert 'value="AUDIT" checked' in answer.text
    assert (house.documents(), words(officer.get(place))) == (before, page)


@pytest.mark.parametrize("change", [{"access_class": "EVERYBODY"}, {"access_class": ""}, {"exception_tags": "9(9)"}, {"form_token": "x"}])
def test_what_the_form_did_not_offer_classes_nothing(officer: Browser, place: str, change: dict[str, str]) -> None:
    page = words(officer.get(place))
    assert class_it(officer, place, **change).status_code == 403
    assert words(officer.get(place)) == page


@pytest.mark.parametrize("role", [Role.DECISION_OFFICER, Role.AUDITOR, Role.PUBLICATION_OFFICER, Role.PANEL, Role.PROVIDER])
def test_who_reads_the_case_reads_the_list_and_only_case_officers_class(house: House, place: str, role: Role) -> None:
    browser = house.browser().signed_in(role)
    answer = browser.get(place)
    assert answer.status_code == (403 if role in (Role.PANEL, Role.PROVIDER) else 200)
    assert "Class it anew" not in words(answer)
    assert browser.get(f"{place}/{DIGEST}").status_code == 403
    if role is Role.PUBLICATION_OFFICER:
        assert DIGEST not in answer.text


@pytest.mark.parametrize("digest", ["0" * 64, "x", "18c432fc-cb2c-456d-a172-a4f374d36f75"])
def test_a_document_that_the_case_does_not_name_is_a_page(officer: Browser, place: str, digest: str) -> None:
    assert officer.get(f"{place}/{digest}").status_code == 404
