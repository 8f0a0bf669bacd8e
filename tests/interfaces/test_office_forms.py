"""The form of every event type: it renders, tells every error beside its field, keeps what was written, and records nothing by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from uuid import uuid4

import pytest
from pydantic.json_schema import models_json_schema

from api.recording.addresses import COLLECTIONS, kebab
from api.rest.examples import example_of
from domain.actors import Role
from domain.events import EVENTS, read
from domain.ids import ALONE
from domain.record import Fact
from registry_site.office.fields import Sort, fields_of
from registry_site.office.filled import data_of, read_form, written_of
from registry_site.office.places import PEOPLE, fillers
from tests.interfaces.office_house import Browser, House, served, title, words

REF = "#/{model}"
KINDS: list[tuple[str, str]] = [
    (collection, topic)
    for collection, kind in COLLECTIONS.items()
    for topic, fact in EVENTS.items()
    if kind in fact.STREAMS and fact.RECORDED_BY & PEOPLE
]
"""Every event type that people record, with the place where."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def browsers(house: House) -> dict[Role, Browser]:
    """A browser for each role, signed in."""
    return {role: house.browser().signed_in(role) for role in sorted(set(Role) & PEOPLE)}


def example(kind: type[Fact]) -> Fact:
    """A fact with every field that is required."""
    _, found = models_json_schema([(kind, "validation")], ref_template=REF)
    (schema,) = (part for name, part in found["$defs"].items() if name == kind.__name__)
    return read(kind, example_of(schema, found["$defs"]))


def filler(topic: str) -> Role:
    """The role that fills in a form in these tests: an officer where one may."""
    roles = fillers(EVENTS[topic])
    return next(role for role in (Role.CASE_OFFICER, *sorted(PEOPLE)) if role in roles)


def address_of(house: House, collection: str, topic: str) -> str:
    key = {"cases": house.cases["alpha"], "publications": house.cases["alpha"], "entries": house.cases["alpha"]}.get(collection, str(uuid4()))
    name = kebab(topic)
    return f"/workbench/{collection}/record/{name}" if COLLECTIONS[collection] in ALONE else f"/workbench/{collection}/{key}/record/{name}"


def hidden(text: str) -> dict[str, str]:
    """What a form carries along."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', text)
    return {name: unescape(value) for name, value in found}


# -- Every type ----------------------------------------------------------------------------


@pytest.mark.parametrize(("collection", "topic"), KINDS)
def test_every_form_shows_every_field_of_its_event(house: House, browsers: dict[Role, Browser], collection: str, topic: str) -> None:
    if collection in ("alerts", "challenges") and topic not in ("QualifiedAlertReceived", "ChallengeReceived"):
        assert browsers[filler(topic)].get(address_of(house, collection, topic)).status_code == 404  # there is no such record
        return
    answer = browsers[filler(topic)].get(address_of(house, collection, topic))
    assert answer.status_code == 200, answer.text
    for field in fields_of(EVENTS[topic]):
        if field.name != "drafted_by_ref":
            assert f'id="fact-{field.name}' in answer.text
            assert str(field.label).replace("'", "&#39;") in answer.text


@pytest.mark.parametrize(("collection", "topic"), [each for each in KINDS if each[0] in ("cases", "publications", "law", "register", "entries")])
def test_an_empty_form_is_told_what_is_missing_and_records_nothing(
    house: House, browsers: dict[Role, Browser], collection: str, topic: str
) -> None:  # fmt: skip
    browser, address, before = browsers[filler(topic)], address_of(house, collection, topic), house.recorded()
    answer = browser.post(address, {"form_token": browser.token(address), "seen": hidden(browser.get(address).text)["seen"], "act": "check"})
    required = [field for field in fields_of(EVENTS[topic]) if not field.optional and field.name != "drafted_by_ref"]
    assert answer.status_code == 422
    assert title(answer).startswith("Error: ")
    for field in required:
        assert re.search(rf'href="#fact-{field.name}[^"]*">{re.escape(field.label)} is missing', answer.text), field.name
    assert house.recorded() == before


@pytest.mark.parametrize(("collection", "topic"), [each for each in KINDS if each[0] not in ("alerts", "challenges")])
def test_a_form_filled_in_is_put_to_the_decision_and_nothing_is_recorded(
    house: House, browsers: dict[Role, Browser], collection: str, topic: str
) -> None:  # fmt: skip
    browser, address, before = browsers[filler(topic)], address_of(house, collection, topic), house.recorded()
    written = written_of(fields_of(EVENTS[topic]), data_of(example(EVENTS[topic])))
    carried = hidden(browser.get(address).text)
    answer = browser.post(address, {**written, "form_token": carried["form_token"], "seen": carried["seen"], "act": "check"})
    assert answer.status_code in (200, 409, 422), answer.text
    assert house.recorded() == before
    if answer.status_code == 200:
        assert title(answer).startswith("Check your answers")
        kept = {name: text for name, text in hidden(answer.text).items() if name.startswith("fact-")}
        assert kept == {name: text for name, text in written.items() if name in kept}
    else:
        assert 'role="alert"' in answer.text
        for name, text in written.items():
            if text and not name.endswith("-count") and name != "fact-drafted_by_ref":
                assert text.split("\n", 1)[0] in unescape(answer.text), name


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_what_a_form_says_is_read_back_as_it_was(topic: str) -> None:
    fact = example(EVENTS[topic])
    assert read_form(EVENTS[topic], written_of(fields_of(EVENTS[topic]), data_of(fact))) == (fact, [])


@pytest.mark.parametrize("topic", sorted(EVENTS))
def test_every_field_is_of_a_sort_that_has_an_input(topic: str) -> None:
    fields = fields_of(EVENTS[topic])
    assert [field.name for field in fields] == list(EVENTS[topic].model_fields)
    assert all(field.label and field.sort in Sort for field in fields)


@pytest.mark.parametrize(("collection", "topic"), KINDS)
def test_other_roles_are_shown_no_form(house: House, browsers: dict[Role, Browser], collection: str, topic: str) -> None:
    for role in sorted(PEOPLE - fillers(EVENTS[topic])):
        answer = browsers[role].get(address_of(house, collection, topic))
        assert (answer.status_code, title(answer)) == (403, "Not for your role"), role


# -- What people write ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"on-day": "31", "on-month": "2", "on-year": "2026"}, "On must be a day of the calendar"),
        ({"on-day": "1", "on-month": "", "on-year": "2026"}, "On must be a day, month and year in figures"),
        ({"on-day": "one", "on-month": "2", "on-year": "2026"}, "On must be a day, month and year in figures"),
        ({"on-day": "1", "on-month": "1", "on-year": "26"}, "On is not a day of the calendar between 1950 and 2199"),
        ({"compute_flop": "1,1e25"}, "Compute (FLOP) must be written digits[.digits][e[+]digits]"),
        ({"compute_flop": "-1"}, "Compute (FLOP) must be written"),
        ({"threshold_version": "x"}, "Threshold version must be a whole number"),
        ({"source": "SOMEBODY"}, "Source must be 'PROVIDER' or 'COMMISSION'"),
        ({"original_case_id": "<script>"}, "Original case (number) must be an identifier of the register"),
    ],
)
def test_every_error_stands_at_the_top_and_at_its_field_and_what_was_written_stays(
    house: House, browsers: dict[Role, Browser], written: dict[str, str], sentence: str
) -> None:  # fmt: skip
    browser, address, before = browsers[Role.CASE_OFFICER], address_of(house, "cases", "ThresholdMet"), house.recorded()
    good = {
        "on-day": "1",
        "on-month": "3",
        "on-year": "2026",
        "compute_flop": "1.2e25",
        "threshold_version": "1",
        "source": "PROVIDER",
        "kind": "COMPUTE",
    }
    carried = hidden(browser.get(address).text)
    fields = {f"fact-{name}": text for name, text in {**good, **written}.items()}
    answer = browser.post(address, {**fields, "form_token": carried["form_token"], "seen": carried["seen"], "act": "check"})
    assert answer.status_code == 422
    assert words(answer).count(sentence) == 2
    assert "<script>" not in answer.text
    for name, text in fields.items():
        if name not in ("fact-source", "fact-kind") and text:
            assert text in unescape(answer.text)
    assert house.recorded() == before


@pytest.mark.parametrize(
    ("day", "clock", "instant"),
    [
        (("10", "3", "2026"), "09:00", "2026-03-10T09:00:00+01:00"),
        (("10", "7", "2026"), "09:00:30.5", "2026-07-10T09:00:30.500000+02:00"),
        (("10", "7", "2026"), "09:00+09:00", "2026-07-10T09:00:00+09:00"),
        (("25", "10", "2026"), "02:30", "2026-10-25T02:30:00+02:00"),
        (("29", "3", "2026"), "03:00", "2026-03-29T03:00:00+02:00"),
    ],
)
def test_an_instant_is_read_with_its_offset(day: tuple[str, str, str], clock: str, instant: str) -> None:
    kind = EVENTS["ProviderHeard"]
    written = {"fact-hearing_id": str(uuid4()), "fact-form": "ORAL", "fact-at-time": clock}
    written |= dict(zip(("fact-at-day", "fact-at-month", "fact-at-year"), day, strict=True))
    fact, bad = read_form(kind, written)
    assert (bad, fact) == ([], read(kind, {"hearing_id": written["fact-hearing_id"], "form": "ORAL", "at": instant}))


@pytest.mark.parametrize(
    ("day", "clock", "sentence"),
    [
        (("29", "3", "2026"), "02:30", "At must be a time that there was: the clocks were put forward in that hour"),
        (("29", "3", "2026"), "half past", "At must be a time such as 14:05"),
        (("29", "3", "2026"), "", "At must be a time such as 14:05"),
        (("", "", ""), "09:00", "At must be a day, month and year in figures, for example 27 3 2026"),
    ],
)
def test_a_time_that_there_was_not_is_told(day: tuple[str, str, str], clock: str, sentence: str) -> None:
    written = {"fact-hearing_id": str(uuid4()), "fact-form": "ORAL", "fact-at-time": clock}
    written |= dict(zip(("fact-at-day", "fact-at-month", "fact-at-year"), day, strict=True))
    fact, bad = read_form(EVENTS["ProviderHeard"], written)
    assert fact is None
    assert [(each.href, each.text) for each in bad] == [("#fact-at-day", sentence)]


def test_a_group_that_may_be_repeated_grows_and_its_errors_name_the_group(house: House, browsers: dict[Role, Browser]) -> None:
    browser, address = browsers[Role.CASE_OFFICER], address_of(house, "cases", "ComputeEstimateRevised")
    carried = hidden(browser.get(address).text)
    fields = {"fact-components-1-kind": "PRETRAINING", "fact-components-1-flop": "1e24", "fact-components-count": "1"}
    answer = browser.post(address, {**fields, "form_token": carried["form_token"], "seen": carried["seen"], "act": "add:components"})
    assert (answer.status_code, 'id="fact-components-2-flop"' in answer.text, 'value="1e24"' in answer.text) == (200, True, True)
    fields |= {"fact-components-2-kind": "FINE_TUNING", "fact-components-count": "2"}
    answer = browser.post(address, {**fields, "form_token": carried["form_token"], "seen": carried["seen"], "act": "check"})
    assert answer.status_code == 422
    assert 'href="#fact-components-2-flop">Components, 2: FLOP is missing' in answer.text or "Components, 2: Flop is missing" in words(answer)
