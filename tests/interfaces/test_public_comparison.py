"""Two days of the list in words, and the list in numbers: what the pages say, and what they refuse."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from html import unescape

import pytest
from starlette.testclient import TestClient

from projections.public.questions import FieldChange
from registry_site.public.comparison import MOST_CHANGES
from tests.interfaces.published_in_memory import Happened, PublishedInMemory, added
from tests.interfaces.test_public_pages import EVIL, MARCH_2, NOW, REGISTER, visitor

Read = Callable[[str], str]
COURTS_COUNTRY = replace(REGISTER.events[1].entry, provider_country="IT")
LATE = Happened("CORRECTED", date(2026, 6, 8), COURTS_COUNTRY, (FieldChange("provider_country", "FR", "IT"),))


@pytest.fixture
def read() -> Read:
    client = visitor(REGISTER)

    def get(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        return unescape(answer.text)

    return get


def section(page: str, name: str) -> str:
    return page.partition(f'id="{name}"')[2].partition("</section>")[0]


# -- Two days ------------------------------------------------------------------------


def test_without_days_the_page_is_a_form(read: Read):
    page = read("/compare")
    assert "Earlier day" in page
    assert 'role="status"' not in page


def test_what_came_what_changed_and_what_went_stand_under_three_headings(read: Read):
    page = read("/compare?from=2026-05-11&to=2026-10-05")
    assert "0 added, 1 changed, 1 removed" in page
    assert "<del>Kestrel-X</del>" in section(page, "changed")
    assert "<ins>Kestrel-Y</ins>" in section(page, "changed")
    assert "before:" in section(page, "changed")
    assert "Sillage 70" in section(page, "removed")
    assert "no longer classified" in section(page, "removed")
    assert "None." in section(page, "added")


def test_the_first_day_itself_is_before_and_the_last_is_after(read: Read):
    assert "1 added, 0 changed, 0 removed" in read("/compare?from=2026-03-01&to=2026-03-02")
    assert "Nothing differs between these two days." in read("/compare?from=2026-03-02&to=2026-04-19")
    assert "1 added" in read("/compare?from=2026-03-02&to=2026-04-20")


def test_the_later_day_is_today_if_it_is_left_empty(read: Read):
    page = read("/compare?from=2026-03-01&to=")
    assert "21 November 2026" in page
    assert "2 added, 0 changed, 0 removed" in page


def test_an_entry_that_came_and_went_between_is_no_difference(read: Read):
    assert "Sillage 70" not in read("/compare?from=2026-05-10&to=2026-10-05")


def test_both_axes_are_named_in_plain_words(read: Read):
    assert "both by what is known today" in read("/compare?from=2026-03-01")
    page = read("/compare?from=2026-03-01&axis=known")
    assert "as the register showed it on" in page
    assert 'href="/?known_at=2026-03-01"' in page


def test_a_day_that_has_not_come_shows_what_is_known_now(read: Read):
    assert "has not come yet" in read("/compare?from=2026-03-01&to=2999-01-01")
    assert "has not come yet" not in read("/compare?from=2026-03-01&to=2026-11-21")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("to=2026-03-01", "say from which day"),
        ("from=2026-03-02&to=2026-03-01", "Swap the two days"),
        ("from=2026-02-30", "is not a day"),
        ("from=2026-03-01T12:00:00Z", "is not a day"),
        ("from=1000-01-01", "is not a day"),
        ("from=2026-03-01&axis=both", "not one of the choices"),
        ("from=2026-03-01&from=2026-03-02", "more than once"),
        ("from=2026-03-01&page=2", "not something this page can be asked"),
        ("from=%3Cscript%3E", "is not a day"),
    ],
)
def test_a_bad_question_says_what_to_do(query: str, says: str):
    answer = visitor(REGISTER).get(f"/compare?{query}")
    assert answer.status_code == 400
    assert says in unescape(answer.text)
    assert "<script>" not in answer.text


@pytest.mark.parametrize(("changes", "shown"), [(MOST_CHANGES, True), (MOST_CHANGES + 1, False)])
def test_more_than_a_page_can_compare_is_said_and_not_tried(changes: int, shown: bool):
    many = tuple(added(f"SR-{n:05}", MARCH_2, marketed_names=(f"Model {n}",)) for n in range(changes))
    page = visitor(PublishedInMemory(many)).get("/compare?from=2026-03-01").text
    assert (f"{changes:,} added" in page) is shown
    assert ("Choose days that are closer together" in page) is not shown


def test_a_published_name_is_never_markup():
    page = visitor(PublishedInMemory((added("SR-0001", MARCH_2, marketed_names=(EVIL,), provider_name=EVIL),))).get("/compare?from=2026-03-01").text
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_the_list_of_another_day_leads_to_its_comparison_with_today(read: Read):
    assert 'href="/compare?from=2026-04-30"' in read("/?valid_at=2026-04-30")
    assert 'href="/compare?from=2026-04-30&axis=known"' in read("/?known_at=2026-04-30")


# -- In numbers ------------------------------------------------------------------------


def test_the_numbers_stand_in_words_in_a_picture_and_in_a_table(read: Read):
    page = read("/statistics")
    assert "2 entries stood on the list on 21 November 2026." in page
    assert "the most at one time were 3, first on 11 May 2026" in page
    assert page.count('role="img"') == page.count("<desc id=") == 4
    assert '<th scope="row" class="govuk-table__cell">May 2026</th><td' in "".join(line.strip() for line in page.splitlines())


def test_another_day_gives_the_numbers_of_that_day(read: Read):
    page = read("/statistics?valid_at=2026-04-20")
    assert "2 entries stood on the list on 20 April 2026." in page
    assert "You are looking at the list as it stood on" in page
    assert "1 entry stood on the list on 19 April 2026." in read("/statistics?known_at=2026-04-19")


def test_what_is_known_later_changes_the_numbers_of_a_day():
    client: TestClient = visitor(PublishedInMemory((*REGISTER.events[:2], replace(LATE, known_on=date(2026, 6, 8), on=date(2026, 4, 20)))))
    assert "Italy" in client.get("/statistics?valid_at=2026-05-01").text
    assert "Italy" not in client.get("/statistics?valid_at=2026-05-01&known_at=2026-05-01").text


@pytest.mark.parametrize("query", ["", "?valid_at=2025-01-01"])
def test_before_the_first_entry_there_is_nothing_to_count_and_the_page_says_so(query: str):
    register = REGISTER if query else PublishedInMemory()
    page = visitor(register).get(f"/statistics{query}").text
    assert "nothing to count" in page
    assert '<svg class="chart"' not in page


def test_a_list_that_was_emptied_still_tells_its_history():
    gone = Happened("REMOVED", NOW.date(), replace(REGISTER.events[0].entry, removed_on=NOW.date(), public_reason="ANNULLED"))
    page = visitor(PublishedInMemory((REGISTER.events[0], gone))).get("/statistics").text
    assert "0 entries stood on the list" in page
    assert "No entry is on the list." in page


@pytest.mark.parametrize("query", ["on=2026-01-01", "valid_at=soon", "known_at=2026-13-01", "valid_at=2026-01-01&valid_at=2026-01-02"])
def test_a_bad_pair_of_times_is_refused(query: str):
    assert visitor(REGISTER).get(f"/statistics?{query}").status_code == 400
