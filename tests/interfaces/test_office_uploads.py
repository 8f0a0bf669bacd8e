"""Files sent with a form: stored once under their hash, filled into the event; refused with a sentence, leaving no trace and losing no text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from typing import Any
from uuid import uuid4
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from httpx2 import Response

from domain.actors import Role
from registry_site.office.file_kinds import TYPES
from registry_site.office.uploads import MOST_FILES
from tests.interfaces.office_house import PASSWORD, Browser, House, served, title, way, words
from tests.interfaces.test_office_forms import hidden

PDF = b"%PDF-1.7\n" + b"letter " * 40
LETTER = ("letter.pdf", PDF, "application/pdf")
NOTE = ("note.txt", b"never stored", "text/plain")
FIELD = "file-fact-measure_hash"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def officer(house: House) -> Browser:
    return house.browser().signed_in()


@pytest.fixture
def place(house: House) -> str:
    return f"/workbench/cases/{house.cases['alpha']}/record/follow-up-measure-set"


def send(browser: Browser, place: str, files: Any, **fields: str) -> Response:
    carried = hidden(browser.get(place).text)
    given = {"form_token": carried["form_token"], "seen": carried["seen"], "act": "check", **fields}
    return browser.client.post(place, data=given, files=files)


def bomb() -> bytes:
    """Ten megabytes of nothing in ten kilobytes."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(10_000_000))
    return made.getvalue()


# -- Taken -----------------------------------------------------------------------------------


def test_a_file_is_stored_under_its_hash_and_the_hash_is_filled_in(house: House, officer: Browser, place: str) -> None:
    before = house.recorded()
    body = PDF + uuid4().bytes
    answer = send(officer, place, {FIELD: ("Letter of Jane Doe.pdf", body, "application/pdf")}, **{"class-of-files": "PROVIDER_FILE"})
    digest = sha256(body).hexdigest()
    assert (answer.status_code, house.recorded()) == (422, before)  # the other fields are missing
    assert f'value="{digest}"' in answer.text
    assert "Measure (document) is missing" not in words(answer)
    assert digest in house.documents()
    assert "Jane Doe" not in answer.text
    taken = officer.get(f"/api/v1/documents/{digest}?case={house.cases['alpha']}")
    assert (taken.content, taken.headers["x-content-type-options"]) == (body, "nosniff")
    assert (taken.headers["content-type"], taken.headers["content-security-policy"]) == ("application/pdf", "sandbox; default-src 'none'")
    assert taken.headers["content-disposition"].startswith("attachment;")


def test_a_double_click_stores_once(house: House, officer: Browser, place: str) -> None:
    send(officer, place, {FIELD: LETTER})
    before = house.documents()
    send(officer, place, {FIELD: LETTER})
    assert house.documents() == before


def test_a_stored_document_of_the_case_can_be_chosen_instead(house: House, officer: Browser, place: str) -> None:
    form = officer.get(place)
    assert "Or a document of this case" not in words(form)
    digest = sha256(PDF).hexdigest()
    assert send(officer, place, {FIELD: LETTER}).status_code == 422
    answer = send(officer, place, None, **{"chosen-fact-measure_hash": digest})
    assert f'value="{digest}"' in answer.text


def test_of_several_files_each_hash_stands_on_a_line_of_its_own(house: House, officer: Browser) -> None:
    place = f"/workbench/cases/{house.cases['alpha']}/record/notification-received"
    name = "file-fact-documents"
    answer = send(
        officer, place, [(name, ("a.txt", b"first", "text/plain")), (name, ("b.txt", b"second", "text/plain"))], **{"fact-documents": "0" * 64}
    )
    found = re.search(r'<textarea[^>]*id="fact-documents"[^>]*>([^<]*)<', answer.text)
    assert found
    assert found[1].split() == ["0" * 64, sha256(b"first").hexdigest(), sha256(b"second").hexdigest()]


def test_no_file_chosen_is_no_file(house: House, officer: Browser, place: str) -> None:
    before = house.documents()
    answer = send(officer, place, {FIELD: ("", b"", "application/octet-stream")})
    assert "the file" not in words(answer).partition("Follow up measure set")[0]
    assert house.documents() == before


@pytest.mark.parametrize("most", [MOST_FILES, MOST_FILES + 1])
def test_a_form_takes_so_many_files_and_no_more(house: House, officer: Browser, most: int) -> None:
    place = f"/workbench/cases/{house.cases['alpha']}/record/notification-received"
    some = [("file-fact-documents", (f"{n}.txt", uuid4().bytes.hex().encode(), "text/plain")) for n in range(most)]
    before = len(house.documents())
    answer = send(officer, place, some)
    assert ("is one too many" in words(answer)) == (most > MOST_FILES)
    assert len(house.documents()) == before + MOST_FILES


# -- Refused: a sentence, no trace, no text lost ----------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
REFUSED = {
    "empty": (("letter.pdf", b"", "application/pdf"), "is empty"),
    "another kind": (("program.exe", b"MZ\x90\x00" + bytes(60), "application/pdf"), "is of a kind that is not taken here"),
    "no ending": (("letter", PDF, "application/pdf"), "is of a kind that is not taken here"),
    "HTML": (("page.html", b"<html><script>alert(1)</script>", "text/html"), "is of a kind that is not taken here"),
    "HTML posing as PDF": (("page.pdf", b"<html><script>alert(1)</script>", "application/pdf"), "is not what its name says"),
    "SVG posing as PDF": (
        ("drawing.pdf", b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "application/pdf"),
        "is not what its name",
    ),
    "SVG posing as PNG": (("drawing.png", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/png"), "is not what its name says"),
    "program posing as PDF": (("letter.pdf", b"MZ\x90\x00" + bytes(60), "application/pdf"), "is not what its name says"),
    "archive bomb": (("letters.zip", bomb(), "application/zip"), "is an archive"),
    "archive bomb posing as Word": (("letter.docx", bomb(), TYPES[".docx"]), "is an archive"),
    "archive bomb posing as PDF": (("letter.pdf", bomb(), "application/pdf"), "is not what its name says"),
    "path": (("../../etc/letter.pdf", PDF, "application/pdf"), "has a name that leads elsewhere"),
    "path of another system": (("..\\letter.pdf", PDF, "application/pdf"), "has a name that leads elsewhere"),
    "hidden": ((".pdf", PDF, "application/pdf"), "has a name that leads elsewhere"),
    "control character": (("letter\u202efdp.pdf", PDF, "application/pdf"), "has a name that leads elsewhere"),
    "too long a name": (("x" * 252 + ".pdf", PDF, "application/pdf"), "has a name that leads elsewhere"),
    "double ending": (("letter.exe.pdf", PDF, "application/pdf"), "has a name with two endings"),
    "double ending of what is taken": (("letter.pdf.txt", b"text", "text/plain"), "has a name with two endings"),
}


@pytest.mark.parametrize("which", REFUSED)
def test_a_bad_file_is_refused_at_its_input_and_what_was_written_is_kept(house: House, officer: Browser, place: str, which: str) -> None:
    file, sentence = REFUSED[which]
    kept_before, before = house.documents(), house.recorded()
    answer = send(officer, place, {FIELD: file}, **{"fact-on-day": "17"})
    assert (answer.status_code, title(answer)) == (422, "Error: Follow up measure set")
    assert re.search(rf'href="#{FIELD}">[^<]*the file {re.escape(sentence)}', answer.text), words(answer)
    assert f'id="{FIELD}-error"' in answer.text
    assert "Measure (document) is missing" not in words(answer)
    assert 'value="17"' in answer.text
    assert (house.documents(), house.recorded()) == (kept_before, before)


@pytest.mark.parametrize(("name", "taken"), [("x" * 251 + ".pdf", True), ("Minutes of 3.4.2026, final v1.2.pdf", True), ("LETTER.PDF", True)])
def test_a_plain_name_is_no_reason_to_refuse(house: House, officer: Browser, place: str, name: str, taken: bool) -> None:
    answer = send(officer, place, {FIELD: (name, PDF, "application/octet-stream")})
    assert (f'value="{sha256(PDF).hexdigest()}"' in answer.text) == taken


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that takes documents of at most 4000 bytes."""
    with served(tmp_path_factory.mktemp("small"), "flow-arguments-rejected.yaml", document_bytes=4000) as house:
        yield house


@pytest.mark.parametrize("more", [0, 1])
def test_the_largest_document_is_taken_and_one_byte_more_is_not(small: House, more: int) -> None:
    officer, place = small.browser().signed_in(), f"/workbench/cases/{small.cases['alpha']}/record/follow-up-measure-set"
    body, before = PDF.ljust(4000 + more, b" "), small.documents()
    answer = send(officer, place, {FIELD: ("letter.pdf", body, "application/pdf")}, **{"fact-on-day": "17"})
    assert ("the file is too large: a document has at most 4000 bytes" in words(answer)) == bool(more)
    assert set(small.documents()) - set(before) == (set() if more else {sha256(body).hexdigest()})
    assert 'value="17"' in answer.text
    assert "each of at most 4 kB" in words(answer)


@pytest.mark.parametrize(("size", "status"), [(8000, 422), (16_000, 413)])
def test_what_goes_by_without_end_is_cut_off(small: House, size: int, status: int) -> None:
    officer, place = small.browser().signed_in(), f"/workbench/cases/{small.cases['alpha']}/record/follow-up-measure-set"
    before = small.documents()
    answer = send(officer, place, {FIELD: ("letter.exe", bytes(size), "application/pdf")})
    assert (answer.status_code, small.documents()) == (status, before)


# -- Nobody else stores anything ---------------------------------------------------------------


def test_without_the_token_of_the_session_nothing_is_stored(house: House, officer: Browser, place: str) -> None:
    before = house.documents()
    for token in ({}, {"form_token": "x"}):
        answer = officer.client.post(
            place, data={"seen": "1", "act": "check", **token}, files={FIELD: ("a.txt", uuid4().bytes.hex().encode(), "text/plain")}
        )
        assert (answer.status_code, house.documents()) == (403, before)


def test_a_file_before_the_token_is_not_stored(house: House, officer: Browser, place: str) -> None:
    before, token = house.documents(), officer.token(place)
    files = [(FIELD, NOTE), ("form_token", (None, token))]
    assert (officer.client.post(place, files=files).status_code, house.documents()) == (403, before)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.LAW_OFFICER, Role.PANEL])
def test_a_role_that_does_not_fill_in_the_form_stores_nothing(house: House, place: str, role: Role) -> None:
    browser, before = house.browser().signed_in(role), house.documents()
    answer = browser.client.post(place, data={"form_token": browser.token("/workbench/")}, files={FIELD: NOTE})
    assert (answer.status_code, house.documents()) == (403, before)


def test_a_class_that_the_form_does_not_offer_is_refused(house: House, officer: Browser, place: str) -> None:
    before = house.documents()
    answer = send(officer, place, {FIELD: NOTE}, **{"class-of-files": "EVERYBODY"})
    assert (answer.status_code, house.documents()) == (403, before)


def test_a_form_that_breaks_off_records_and_stores_nothing(house: House, officer: Browser, place: str) -> None:
    before, token = house.documents(), officer.token(place)
    head = f'--x\r\nContent-Disposition: form-data; name="form_token"\r\n\r\n{token}\r\n--x\r\nContent-Disposition: form-data; name="{FIELD}"; '
    body = (head + 'filename="a.txt"\r\n\r\nhalf of a te').encode()
    answer = officer.client.post(place, content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert (answer.status_code, house.documents()) == (403, before)


@pytest.mark.parametrize("header", ["multipart/form-data", "multipart/form-data; boundary=", f"multipart/form-data; boundary={'x' * 71}"])
def test_a_form_without_a_boundary_is_none(officer: Browser, place: str, header: str) -> None:
    assert officer.client.post(place, content=b"--x", headers={"content-type": header}).status_code == 403


# -- A session that ended --------------------------------------------------------------------


def test_of_a_form_with_a_file_whose_session_ended_the_text_is_kept_and_the_file_is_not(house: House) -> None:
    house.accounts.add("late", Role.CASE_OFFICER, PASSWORD)
    late, place = house.browser(), f"/workbench/cases/{house.cases['alpha']}/record/correspondence-recorded"
    assert late.sign_in(name="late").status_code == 303
    carried = hidden(late.get(place).text)
    house.accounts.sign_out("late")
    before = (house.recorded(), house.documents())
    given = {"form_token": carried["form_token"], "seen": carried["seen"], "act": "check", "fact-on-day": "27"}
    answer = late.client.post(place, data=given, files={"file-fact-documents": ("letter.pdf", PDF + uuid4().bytes, "application/pdf")})
    assert "kept=yes" in way(answer)
    assert late.sign_in(name="late").status_code == 303
    form = late.get(place)
    assert "Choose files again." in words(form)
    assert re.search(r'name="fact-on-day"[^>]* value="27"', form.text)
    assert (house.recorded(), house.documents()) == before
