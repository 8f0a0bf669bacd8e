"""The page of a case: facts, grounds as a picture, clocks, documents, events and next steps, at any pair of times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest

from api.stores.access_log import AccessAct
from domain.actors import Role
from domain.events import EVENTS
from registry_site.office.acts import act_name, provision, says
from tests.interfaces.office_house import Browser, House, served, title, words


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("listing"), "publication-removal.yaml") as house:
        yield house


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


def part(text: str, heading: str) -> str:
    """What stands under a heading, without marks."""
    found = re.search(rf'<h2[^>]* id="{heading}">(.*?)(<h2|</main>)', text, re.DOTALL)
    assert found, heading
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def case_of(house: House) -> str:
    return f"/workbench/cases/{house.cases['alpha']}"


def test_the_page_tells_facts_grounds_clocks_events_and_documents(house: House, officer: Browser) -> None:
    text = officer.get(case_of(house)).text
    assert "Presumed, Article 51(1)(a) and (2)" in part(text, "grounds")
    assert "D1 To notify" in part(text, "clocks")
    events = part(text, "events")
    assert "1 10 March 2026" in events or "ModelCaseOpened" in events
    assert "ArgumentsRejected" in events
    assert "Article 52(3)" in events
    assert "Named in" in part(text, "documents")


def test_the_picture_is_drawn_without_scripts_and_styles_and_says_its_finding(house: House, officer: Browser) -> None:
    text = officer.get(case_of(house)).text
    (svg,) = re.findall(r'<svg class="chart".*?</svg>', text, re.DOTALL)
    assert "Grounds of classification over time</title>" in svg
    assert re.search("<desc[^>]*>1 period of classification in all; active on the day asked about: presumed.", svg)
    assert 'class="chart__bar"' in svg
    assert 'class="chart__limit"' in svg
    assert "style=" not in svg
    assert "<script" not in svg


def test_what_was_true_and_known_earlier_is_shown_on_the_same_page(house: House, officer: Browser) -> None:
    now = part(officer.get(case_of(house)).text, "events")
    then = officer.get(f"{case_of(house)}?valid_at=2020-01-01&known_at=2020-01-01")
    assert title(then).endswith("at other times")
    assert "as the register knew it on 1 January 2020" in words(then)
    assert "ArgumentsRejected" in now
    assert part(then.text, "events").endswith("None.")
    assert "Not classified" in words(then)
    assert 'id="next"' not in then.text
    assert "ArgumentsRejected" in part(officer.get(f"{case_of(house)}?valid_at=2020-01-01").text, "events")


@pytest.mark.parametrize("query", ["valid_at=soon", "known_at=2026-13-01", "valid_at=2026-03-10T09:00:00", "at=2026-03-10", "known_at=1&known_at=2"])
def test_times_that_are_none_are_told_and_nothing_is_noted(house: House, officer: Browser, query: str) -> None:
    before, _ = house.log.head()
    assert officer.get(f"{case_of(house)}?{query}").status_code == 400
    assert house.noted(before) == []


def test_what_may_come_next_is_what_the_decisions_themselves_allow(house: House, officer: Browser) -> None:
    said = part(officer.get(case_of(house)).text, "next")
    assert "Not possible now, and why" in said
    assert re.search(r"Arguments rejected R04 , 52\(2\), \(3\): There are no pending admissible arguments", said)
    own = said.partition("What other roles may record")[0]
    assert "Market name added" not in own
    assert "Marketed name added" in own
    assert "Model designated under 52(4)" not in own


def test_an_auditor_is_told_what_others_may_record_and_nothing_of_their_own(house: House) -> None:
    said = part(house.browser().signed_in(Role.AUDITOR).get(case_of(house)).text, "next")
    assert said.startswith("What may be recorded next Nothing by your role.")


def test_a_publication_officer_is_told_of_the_list_alone(listing: House) -> None:
    browser, before = listing.browser().signed_in(Role.PUBLICATION_OFFICER), listing.log.head()[0]
    text = browser.get(f"/workbench/cases/{listing.cases['beta']}").text
    assert "PublicationContentProposed" in part(text, "events")
    assert "ThresholdMet" not in part(text, "events")
    assert "Arguments" not in part(text, "next")
    assert 'id="grounds"' not in text
    assert "FLOP" not in text
    (row,) = listing.noted(before)
    assert (row.act, row.subjects) == (AccessAct.READ, (f"case/{listing.cases['beta']}",))


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("ModelDesignatedUnder52_4", "Model designated under 52(4)"),
        ("AnnexXIIIAssessmentRecorded", "Annex XIII assessment recorded"),
        ("ThresholdMet", "Threshold met"),
    ],
)
def test_the_name_of_an_event_is_written_in_words(topic: str, name: str) -> None:
    assert act_name(topic) == name


def test_every_event_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({act_name(topic) for topic in EVENTS}) == len(EVENTS)
    assert all(says(kind).endswith(".") for kind in EVENTS.values())


def test_an_event_names_its_provision_or_none() -> None:
    kind = EVENTS["DecisionNotified"]
    assert provision(kind.model_construct()) == "Article 297(2) TFEU"
    assert provision(EVENTS["MarketedNameAdded"].model_construct()) == ""
