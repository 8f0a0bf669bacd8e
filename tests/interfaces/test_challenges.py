"""Challenges: anyone questions a published field, and sees what came of it; what was written, and who wrote it, stays unknown (Article 78)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any, get_args
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.challenges import Salted
from api.public_side import public_service
from api.settings import Settings
from api.stores.documents import DocumentStore
from domain.actors import Role
from domain.challenge import ANYBODY
from domain.public import ChallengedField
from registry_site.public.challenge import FIELDS, LONGEST
from registry_site.public.desk import templates
from registry_site.ui.languages import TRANSLATED
from tests.interfaces.office_house import House, served, way, words
from tests.interfaces.test_languages import leftovers
from tests.interfaces.test_office_forms import hidden

TEXT = "The country is wrong, says the register of companies <b>under 123</b>."
FORM = {"field": "provider_country", "text": TEXT}
HERE = "/challenge/1"
PLACE = "203.0.113.7"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("CHALLENGES_ALTOGETHER", "8")
    with served(tmp_path / "store", "listing-correction.yaml") as found:
        yield found


def send(house: House, form: dict[str, str] | None = None, address: str = HERE, place: str = PLACE, **headers: str) -> Response:
    return house.browser(address=place).post(address, FORM if form is None else form, **headers)


def inside(house: House) -> Any:
    """What the service has opened."""
    app: Any = house.client.app
    while not hasattr(app, "state"):
        app = app._app
    return app.state


def trace(house: House) -> tuple[int, list[str]]:
    """What is kept: how many events of challenges, and which documents."""
    documents: DocumentStore = inside(house).documents
    topics = [topic for _, topic, _ in inside(house).register.recorder.raw_events(0, 1_000_000)]
    return sum(topic.startswith("Challenge") for topic in topics), sorted(documents.shelf.digests())


def as_officer(house: House) -> dict[str, str]:
    token = inside(house).door.tokens.issue(Role.PUBLICATION_OFFICER, f"officer {uuid4()}", uuid4())
    return {"Authorization": f"Bearer {token}"}


def told(house: House, ref: str, version: int, topic: str, **data: str) -> Response:
    headers = {**as_officer(house), "If-Match": f'"{version}"'}
    return house.client.post(f"/api/v1/challenges/{ref}/{topic}", json={"challenge_ref": ref, **data}, headers=headers)


# -- From the entry to the answer ----------------------------------------------------------


def test_an_officer_finds_reads_and_answers_it_in_the_workbench(house: House) -> None:
    place = way(send(house))
    ref = place.rsplit("/", 1)[1]
    officer = house.browser().signed_in(Role.PUBLICATION_OFFICER)
    assert 'href="/workbench/challenges"' in officer.get("/workbench/").text
    listed = officer.get("/workbench/challenges")
    assert f'href="/workbench/challenges/{ref}"' in listed.text
    assert "Waiting for an answer" in words(listed)
    page = officer.get(f"/workbench/challenges/{ref}")
    text = re.search(r'href="(/api/v1/documents/[0-9a-f]{64})">Download what the visitor wrote', page.text)
    assert text
    assert TEXT in officer.get(text[1]).text
    form = f"/workbench/challenges/{ref}/record/challenge-answered"
    assert f'href="{form}"' in page.text
    carried = hidden(officer.get(form).text)
    answer = {"fact-challenge_ref": ref, "fact-on-day": "1", "fact-on-month": "9", "fact-on-year": "2026", "fact-outcome": "CORRECTED"}
    checked = officer.post(form, {**carried, **answer, "act": "check"})
    assert '"outcome":"CORRECTED"' in unescape(checked.text)  # what becomes public, byte by byte
    assert officer.post(form, {**hidden(checked.text), "act": "record"}).status_code == 303
    public = words(house.browser().get(place))
    assert "1 September 2026" in public
    assert "corrected" in public
    assert "None waits." in words(officer.get("/workbench/challenges"))


@pytest.mark.parametrize("role", [Role.CASE_OFFICER, Role.AUDITOR, Role.PROVIDER])
def test_others_see_what_is_public_of_a_challenge_and_no_form(house: House, role: Role) -> None:
    ref = way(send(house)).rsplit("/", 1)[1]
    browser = house.browser().signed_in(role)
    page = words(browser.get(f"/workbench/challenges/{ref}"))
    assert ("Download what" in page, "Challenge answered" in page) == (False, False)
    assert browser.get(f"/workbench/challenges/{ref}/record/challenge-answered").status_code == 403


def test_a_visitor_questions_a_field_and_sees_the_answer(house: House) -> None:
    visitor = house.browser()
    assert f'href="{HERE}"' in visitor.get("/entries/1").text
    assert "Nobody has questioned this entry yet." in words(visitor.get(HERE))
    place = way(send(house))
    assert place.startswith(f"{HERE}/")
    ref = place.removeprefix(f"{HERE}/")
    page = words(visitor.get(place))
    assert "Waits for an answer" in page
    assert "Country of the provider" in page
    assert ref in page
    assert "Waits for an answer Country of the provider" in words(visitor.get(HERE))

    assert told(house, ref, 1, "challenge-answered", on="2026-11-21", outcome="CORRECTED").status_code == 201
    page = words(visitor.get(place))
    assert "The entry was corrected." in page
    assert "Answered on" in page
    assert "Closed on" not in page
    assert told(house, ref, 2, "challenge-closed", on="2026-11-21").status_code == 201
    assert "Closed on" in words(visitor.get(place))
    assert "Corrected Country of the provider" in words(visitor.get(HERE))


def test_what_was_written_is_a_document_for_those_who_answer_and_on_no_page(house: House, tmp_path: Path) -> None:
    before = trace(house)
    place = way(send(house))
    [digest] = set(trace(house)[1]) - set(before[1])
    document = inside(house).documents.find(digest)
    assert (document.media_type, document.uploaded_by, document.classed.third_party) == ("text/plain", ANYBODY.ref, True)
    answer = house.client.get(f"/api/v1/documents/{digest}", headers=as_officer(house))
    assert answer.text == f"Challenge {place.removeprefix(HERE + '/')}: provider_country of entry 1\n\n{TEXT}\n"
    for address in (HERE, place, "/entries/1", "/entries/1.json", "/list.json", "/changes", "/feed.atom"):
        assert "register of companies" not in house.client.get(address).text
    public = b"".join(path.read_bytes() for path in (tmp_path / "store").glob("public.db*"))
    assert place.removeprefix(HERE + "/").encode() in public
    assert not [secret for secret in (b"register of companies", digest.encode()) if secret in public]


def test_other_documents_stay_closed_to_whoever_answers(house: House) -> None:
    token = inside(house).door.tokens.issue(Role.CASE_OFFICER, "case officer", uuid4())
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/plain"}
    assert house.client.post("/api/v1/documents", content=b"of the case team", headers=headers).status_code == 201
    digest = sha256(b"of the case team").hexdigest()
    assert house.client.get(f"/api/v1/documents/{digest}", headers=as_officer(house)).status_code == 404


def test_a_text_that_begins_like_another_format_is_a_text(house: House) -> None:
    assert send(house, {**FORM, "text": "%PDF-1.7 is what the source says"}).status_code == 303


# -- Who it was -----------------------------------------------------------------------------


def test_nothing_that_is_kept_tells_where_a_challenge_came_from(house: House, tmp_path: Path) -> None:
    assert send(house).status_code == 303
    kept = b"".join(path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file())
    guesses = [PLACE.encode(), sha256(PLACE.encode()).digest(), sha256(f"challenge from {PLACE}".encode()).digest()]
    assert not [guess for guess in guesses if guess in kept]
    assert ANYBODY.ref.hex.encode() in kept or str(ANYBODY.ref).encode() in kept


def test_an_address_is_named_alike_for_a_day_and_by_one_salt() -> None:
    salted, other = Salted(), Salted()
    today, tomorrow = date(2026, 3, 2), date(2026, 3, 3)
    name = salted.name(PLACE, today)
    assert salted.name(PLACE, today) == name
    assert len({name, salted.name("203.0.113.8", today), other.name(PLACE, today), salted.name(PLACE, tomorrow), salted.name(PLACE, today)}) == 5


def test_the_public_side_sets_no_cookie(house: House) -> None:
    answers = [house.client.get(HERE), send(house), send(house, {"field": "note"}), send(house, **{"sec-fetch-site": "cross-site"})]
    assert [answer.headers.get("set-cookie") for answer in answers] == [None] * 4


# -- Limits -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["x", "x" * LONGEST, "ß" * LONGEST, "a\r\nb\tc", "👩‍🔬 = HYPERLINK(1)"])
def test_a_text_up_to_the_longest_is_taken(text: str, house: House) -> None:
    assert send(house, {**FORM, "text": text}).status_code == 303


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"field": "provider_country"}, "Say what is wrong"),
        ({**FORM, "text": " \r\n "}, "Say what is wrong"),
        ({**FORM, "text": "x" * (LONGEST + 1)}, "at most 4,000 characters"),
        ({**FORM, "text": "bell \x07"}, "no keyboard types"),
        ({**FORM, "text": "nothing \x00"}, "no keyboard types"),
        ({"text": TEXT}, "Choose the part"),
        ({**FORM, "field": "compute_flop"}, "Choose the part"),
        ({**FORM, "field": "<script>alert(1)</script>"}, "Choose the part"),
    ],
)
def test_what_is_not_fit_is_shown_again_and_leaves_no_trace(form: dict[str, str], says: str, house: House) -> None:
    before = trace(house)
    answer = send(house, form)
    assert answer.status_code == 422
    assert says in words(answer)
    assert "<script>alert" not in answer.text
    assert "<b>under" not in answer.text
    if form.get("text") == TEXT:
        assert "&lt;b&gt;under 123&lt;/b&gt;" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert trace(house) == before


@pytest.mark.parametrize(
    ("address", "body", "kind", "status"),
    [
        (HERE, b"field=note&text=x&case=1", "application/x-www-form-urlencoded", 400),
        (HERE, b"field=note&field=note&text=x", "application/x-www-form-urlencoded", 400),
        (HERE, b"field=note&text=%ff", "application/x-www-form-urlencoded", 400),
        (HERE, b'{"field": "note", "text": "x"}', "application/json", 415),
        (HERE, b"field=note&text=" + b"x" * 65_536, "application/x-www-form-urlencoded", 413),
        ("/challenge/2", b"field=note&text=x", "application/x-www-form-urlencoded", 404),
        ("/challenge/%3Cb%3E", b"field=note&text=x", "application/x-www-form-urlencoded", 404),
    ],
)
def test_what_is_no_form_of_an_entry_leaves_no_trace(address: str, body: bytes, kind: str, status: int, house: House) -> None:
    before = trace(house)
    answer = house.client.post(address, content=body, headers={"content-type": kind})
    assert answer.status_code == status
    assert "<b>" not in answer.text
    assert trace(house) == before


def test_one_place_may_send_five_within_a_quarter_of_an_hour_and_all_together_eight(house: House) -> None:
    assert [send(house).status_code for _ in range(5)] == [303] * 5
    before = trace(house)
    answer = send(house)
    assert answer.status_code == 429
    assert 840 <= int(answer.headers["retry-after"]) <= 900
    assert "send it again in 15 minutes" in words(answer)
    assert "&lt;b&gt;under 123&lt;/b&gt;" in answer.text
    assert trace(house) == before
    network = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1")
    assert [send(house, place=place).status_code for place in network] == [303] * 3
    assert send(house, place="198.51.100.1").status_code == 429
    assert house.browser(address=PLACE).get(HERE).status_code == 200


def test_what_was_not_fit_does_not_count(house: House) -> None:
    assert [send(house, {"field": "note"}).status_code for _ in range(9)] == [422] * 9
    assert send(house).status_code == 303


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "https://elsewhere.example"}, 403),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"origin": "http://127.0.0.1"}, 303),
        ({}, 303),
    ],
)
def test_no_page_of_another_origin_sends_a_challenge(headers: dict[str, str], status: int, house: House) -> None:
    before = trace(house)
    answer = send(house, **headers)
    assert answer.status_code == status
    assert (trace(house) == before) is (status == 403)


@pytest.mark.parametrize("address", ["/challenge/2", "/challenge/1?x=1", f"/challenge/1/{UUID(int=7)}", "/challenge/1/<b>", "/challenge/%00"])
def test_addresses_of_nothing_are_said_to_be_so(address: str, house: House) -> None:
    answer = house.client.get(address)
    assert answer.status_code in (400, 404)
    assert "<b>" not in answer.text


def test_a_removed_entry_is_questioned_too_and_a_challenge_found_under_its_own_entry_only(tmp_path: Path) -> None:
    with served(tmp_path, "publication-removal.yaml") as house:
        place = way(send(house))
        assert house.client.get(place).status_code == 200
        assert house.client.get("/challenge/2").status_code == 200
        assert house.client.get(place.replace("/1/", "/2/")).status_code == 404
        assert send(house, address="/challenge/2").status_code == 303


# -- The public side alone ---------------------------------------------------------------------


def test_the_public_side_alone_shows_the_same_form_and_says_where_to_write_instead(house: House, tmp_path: Path) -> None:
    way(send(house))
    with TestClient(public_service(Settings(database_url=f"sqlite:///{tmp_path / 'store'}", contact="mailto:list@register.example"))) as alone:
        shown = alone.get(HERE)
        whole = house.client.get(HERE).text
        assert whole.count("register@") == 2
        assert shown.text == whole.replace("register@%5B127.0.0.1%5D", "list@register.example").replace(
            "register@[127.0.0.1]", "list@register.example"
        )
        before = trace(house)
        answer = alone.post(HERE, data=FORM)
        assert answer.status_code == 503
        assert 'href="mailto:list@register.example"' in answer.text
        assert "This copy of the register shows the list and records nothing." in words(answer)
        assert "&lt;b&gt;under 123&lt;/b&gt;" in answer.text
        assert trace(house) == before


def test_every_field_that_can_be_questioned_has_a_name_in_words() -> None:
    macros: Any = templates("en").get_template("words.html").module
    labels = [str(macros.challenged_field(field)) for field in get_args(ChallengedField)]
    assert get_args(ChallengedField) == FIELDS
    assert not [label for label in labels if "_" in label or label in FIELDS]
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_challenge_stays_in_the_language_of_its_form(house: House, language: str) -> None:
    address = f"/{language}{HERE}"
    visitor = house.browser()
    assert f'href="{address}"' in visitor.get(f"/{language}/entries/1").text
    sent = send(house, address=address)
    assert sent.status_code == 303
    assert sent.headers["location"].startswith(f"{address}/")
    refused = send(house, {"field": "provider_country"}, address=address)
    assert refused.status_code == 422
    pages = [visitor.get(address).text, refused.text, visitor.get(sent.headers["location"]).text]
    assert leftovers(visitor.get(HERE).text, language)
    for page in pages:
        assert leftovers(page, language) == []
        stays = re.sub(r'<a [^>]*hreflang="[^>]*>|<link [^>]*>', "", page)
        assert not re.search(r'(?:href|action)="/(?:entries|challenge)/', stays)
