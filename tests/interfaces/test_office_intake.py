"""Taking in a notification: receipt first, the form pasted or sent, what is there on three levels, and the event filled in."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256

import orjson
import pytest
from httpx2 import Response

from api.notification_form.reading import MOST_BYTES
from api.schemas import EXAMPLE
from domain.actors import Role
from registry_site.office.figures import in_words, number_in_words, two_figures
from tests.interfaces.office_acts import end_for_want_of_use
from tests.interfaces.office_house import Browser, House, served, title, way, words
from tests.interfaces.test_office_forms import hidden

RECEIPT = {
    "fact-received_at-day": "10",
    "fact-received_at-month": "3",
    "fact-received_at-year": "2026",
    "fact-received_at-time": "09:00",
    "fact-channel": "EU_SEND",
}
FORM = orjson.dumps(EXAMPLE).decode()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


@pytest.fixture(scope="module")
def place(house: House) -> str:
    return f"/workbench/cases/{house.cases['alpha']}/notification"


def send(browser: Browser, place: str, file: tuple[str, bytes, str] | None = None, **fields: str) -> Response:
    given = {"form_token": browser.token(place), "class-of-files": "PROVIDER_FILE", **RECEIPT, "arguments": "yes", **fields}
    return browser.client.post(place, data=given, files={"file-form": file or ("", b"", "application/octet-stream")})


def test_receipt_comes_first_then_the_three_levels_then_the_event_filled_in(house: House, officer: Browser, place: str) -> None:
    before = house.recorded()
    answer = send(officer, place, ("form.json", FORM.encode(), "application/json"))
    said = words(answer)
    assert (answer.status_code, title(answer)) == (200, "What is there of the notification")
    assert "Received 10 March 2026, 09:00, Brussels 10 March 2026, 08:00:00 UTC" in said
    assert said.index("Required by law") < said.index("Expected by the Guidelines") < said.index("Good practice")
    assert sha256(FORM.encode()).hexdigest() in house.documents()
    form = officer.post(place.replace("/notification", "/record/notification-received"), {**_first_form(answer), "act": "edit"})
    assert form.status_code == 200
    assert sha256(FORM.encode()).hexdigest() in form.text
    assert 'name="fact-received_at-time" type="text"' in form.text
    assert 'value="09:00+01:00"' in form.text
    assert house.recorded() == before


def test_the_figure_is_echoed_exactly_in_words_and_in_two_figures(officer: Browser, place: str) -> None:
    form = {**EXAMPLE, "estimate": {"estimate_flop": "1.2345e25"}}
    said = words(send(officer, place, pasted=orjson.dumps(form).decode()))
    assert "Exactly 12345000000000000000000000 FLOP" in said
    assert "In words one point two three four five times ten to the power of twenty-five" in said
    assert "In two significant figures 1.2 × 10 25 to the power of 25" in said


def test_pasted_text_and_the_same_text_as_a_file_are_one_document(house: House, officer: Browser, place: str) -> None:
    send(officer, place, ("form.json", FORM.encode(), "application/json"))
    before = house.documents()
    answer = send(officer, place, pasted=FORM)
    assert (answer.status_code, house.documents()) == (200, before)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"fact-received_at-day": "31", "fact-received_at-month": "2"}, "Received at must be a day of the calendar"),
        ({"fact-received_at-time": ""}, "Received at must be a time such as 14:05"),
        ({"fact-channel": ""}, "Channel is missing"),
        ({"arguments": ""}, "Say whether arguments came in the same submission"),
        ({"pasted": ""}, "Choose the file of the form, or paste its text"),
        ({"pasted": "{"}, "The form, line 1: is not JSON"),
        ({"pasted": "Some letter"}, "The form, line 1: is neither an answer"),
        ({"pasted": '{"estimate": {"estimate_flop": 1e25}}'}, "The form, line 1, estimate.estimate_flop: must be text"),
    ],
)
def test_what_is_missing_or_unreadable_is_told_and_the_text_is_kept(
    house: House, officer: Browser, place: str, change: dict[str, str], sentence: str
) -> None:  # fmt: skip
    before, stored = house.recorded(), house.documents()
    answer = send(officer, place, **{"pasted": FORM, **change})
    assert (answer.status_code, title(answer)) == (422, "Error: Take in a notification")
    assert sentence in words(answer)
    assert change.get("pasted", "General-purpose") in words(answer) or "pasted" not in change
    assert (house.recorded(), house.documents()) == (before, stored)


@pytest.mark.parametrize("more", [0, 1])
def test_a_form_has_its_greatest_size(officer: Browser, place: str, more: int) -> None:
    answer = send(officer, place, ("form.json", FORM.encode().ljust(MOST_BYTES + more), "application/json"))
    assert answer.status_code == (422 if more else 200)
    assert (f"more than {MOST_BYTES}" in words(answer)) == bool(more)


def test_a_form_without_what_the_event_needs_is_recorded_by_hand(officer: Browser, place: str) -> None:
    said = words(send(officer, place, pasted='{"schema_version": 1, "model": {"name": "Alpha"}}'))
    assert "filer.role is missing" in said
    assert "Record it by hand" in said


def test_an_answer_that_the_form_contradicts_is_pointed_out(officer: Browser, place: str) -> None:
    assert "You said that no arguments came with it, and the form makes" in words(send(officer, place, pasted=FORM, arguments="no"))
    without = orjson.dumps({name: part for name, part in EXAMPLE.items() if name != "arguments"}).decode()
    assert "the form makes no claim" in words(send(officer, place, pasted=without))


def test_html_in_the_form_is_shown_as_text(officer: Browser, place: str) -> None:
    named = '{"schema_version": 1, "model": {"name": "</textarea><script>alert(1)</script>"}}'
    for bad in ("<script>alert(1)</script>", '{"<img src=x>": 1}', named):
        answer = send(officer, place, pasted=bad)
        assert "<script>alert" not in answer.text
        assert "<img" not in answer.text


def test_what_was_pasted_when_the_session_ended_is_kept(house: House, officer: Browser, place: str) -> None:
    token = officer.token(place)
    end_for_want_of_use(house)
    answer = officer.client.post(place, data={"form_token": token, **RECEIPT, "pasted": "kept"}, files={"file-form": ("f.txt", b"x", "text/plain")})
    assert "kept=yes" in way(answer)
    officer.sign_in(next=place)
    assert "This is what you had written when your session ended." in words(officer.get(place))
    assert ">kept</textarea>" in officer.get(place).text


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.SYSTEM, Role.PUBLIC, Role.CASE_OFFICER}))
def test_notifications_are_taken_in_by_case_officers(house: House, place: str, role: Role) -> None:
    assert house.browser().signed_in(role).get(place).status_code == 403


def test_a_notification_of_no_case_is_a_page(officer: Browser) -> None:
    assert officer.get("/workbench/cases/x/notification").status_code == 404


def _first_form(answer: Response) -> dict[str, str]:
    body = answer.text.partition('record/notification-received"')[2].partition("</form>")[0]
    return hidden(body)


# -- Figures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "said"),
    [
        ("1e25", "one times ten to the power of twenty-five"),
        ("1.05e26", "one point zero five times ten to the power of twenty-six"),
        ("1e20", "one times ten to the power of twenty"),
        ("1e13", "one times ten to the power of thirteen"),
        ("0.5", "five times ten to the power of minus one"),
        ("7", "seven"),
    ],
)
def test_a_figure_in_words(figure: str, said: str) -> None:
    assert in_words(Decimal(figure)) == said


def test_numbers_beyond_words_are_figures() -> None:
    assert (number_in_words(99), number_in_words(100)) == ("ninety-nine", "100")


@pytest.mark.parametrize(("figure", "rounded"), [("1.249e25", "1.2e25"), ("1.25e25", "1.3e25"), ("9.96e25", "1e26"), ("5", "5")])
def test_two_significant_figures(figure: str, rounded: str) -> None:
    assert two_figures(Decimal(figure)) == Decimal(rounded)
