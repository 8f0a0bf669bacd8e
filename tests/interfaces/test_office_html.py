"""HTML in every text field of every form of the workbench is text: shown as it was written, and nothing that a browser would run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from api.recording.addresses import COLLECTIONS, kebab
from domain.actors import Role
from domain.events import EVENTS
from domain.ids import ALONE
from registry_site.office.fields import Field, Sort, fields_of
from registry_site.office.filled import data_of, written_of
from registry_site.office.places import PEOPLE
from tests.interfaces.office_house import Browser, House, served, way, words
from tests.interfaces.test_office_forms import KINDS, example, filler, hidden

EVIL = "</textarea></title>'\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"
INPUT = re.compile(r'<(?:input|textarea|select)[^>]* name="(fact-[^"]+)"')


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "listing-correction.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def browsers(house: House) -> dict[Role, Browser]:
    return {role: house.browser().signed_in(role) for role in sorted(set(Role) & PEOPLE)}


@pytest.fixture(scope="module")
def keys(house: House, browsers: dict[Role, Browser]) -> dict[str, str]:
    """A record of each collection: a case with an entry, an alert and a challenge, both opened in the browser."""
    (case,) = house.cases.values()
    challenge = way(house.browser().post("/challenge/1", {"field": "provider_country", "text": "Is it?"})).rsplit("/", 1)[1]
    officer = browsers[Role.CASE_OFFICER]
    form = way(officer.get("/workbench/alerts/new"))
    alert = form.split("/")[3]
    data: dict[str, Any] = {**data_of(example(EVENTS["QualifiedAlertReceived"])), "alert_id": alert, "case_ids": [case]}
    carried = hidden(officer.get(form).text)
    checked = officer.post(form, {**written_of(fields_of(EVENTS["QualifiedAlertReceived"]), data), **carried, "act": "check"})
    recorded = officer.post(form, {**hidden(checked.text), "act": "record"})
    assert recorded.status_code == 303, words(checked)
    return {"cases": case, "publications": case, "entries": case, "alerts": alert, "challenges": challenge}


def harmless(answer: Response) -> None:
    """Hold that nothing of what was written became a mark; what our own page says in marks is known."""
    # 412 where the register itself recorded a seal meanwhile: that page shows what was written too.
    assert answer.status_code in (200, 403, 409, 412, 422), answer.text
    for mark in ("<script>", "<img", "</textarea></title>", "49{{", ">49<"):
        assert mark not in answer.text


@pytest.mark.parametrize(("collection", "topic"), KINDS)
def test_html_in_every_field_of_every_form_is_shown_as_text(
    house: House, browsers: dict[Role, Browser], keys: dict[str, str], collection: str, topic: str
) -> None:  # fmt: skip
    key = "" if COLLECTIONS[collection] in ALONE else f"/{keys[collection]}"
    if topic in ("ModelCaseOpened", "QualifiedAlertReceived"):
        key = f"/{uuid4()}"
    browser, address = browsers[filler(topic)], f"/workbench/{collection}{key}/record/{kebab(topic)}"
    before, form = house.recorded(), browser.get(address)
    assert form.status_code == 200, address
    carried = {name: text for name, text in hidden(form.text).items() if not name.startswith("fact-")}
    everywhere = browser.post(address, {**dict.fromkeys(INPUT.findall(form.text), EVIL), **carried, "act": "check"})
    harmless(everywhere)
    assert everywhere.status_code == 422
    assert EVIL.partition(">")[0] in unescape(everywhere.text) or not _takes_text(fields_of(EVENTS[topic]))
    texts = {f"fact-{field.name}": EVIL for field in fields_of(EVENTS[topic]) if field.sort is Sort.TEXT and not field.hint.startswith("Two")}
    harmless(browser.post(address, {**written_of(fields_of(EVENTS[topic]), data_of(example(EVENTS[topic]))), **carried, **texts, "act": "check"}))
    assert house.recorded() == before


def _takes_text(fields: tuple[Field, ...]) -> bool:
    return any(field.sort not in (Sort.CHOICE, Sort.CHOICES, Sort.TRUTH) for field in fields)


def test_html_that_was_recorded_is_shown_as_text_on_every_page_that_tells_it(house: House, browsers: dict[Role, Browser]) -> None:
    officer = browsers[Role.CASE_OFFICER]
    form = way(officer.get("/workbench/cases/new"))
    written = {"fact-lineage_key": f"lineage {uuid4()}", "fact-internal_name": EVIL}
    checked = officer.post(form, {**hidden(officer.get(form).text), **written, "act": "check"})
    harmless(checked)
    recorded = officer.post(form, {**hidden(checked.text), "act": "record"})
    case = form.rpartition("/record/")[0]
    for page in [officer.get(address) for address in (case, f"{case}/documents", f"{case}/notification", case.replace("/cases/", "/publications/"))]:
        assert (page.status_code, "<script>alert" in page.text, "<img" in page.text) == (200, False, False)
        assert EVIL in unescape(page.text)
    assert officer.get(way(recorded)).status_code == 200
