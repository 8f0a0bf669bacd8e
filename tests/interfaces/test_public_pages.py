"""The public pages: what they show, what they refuse, and that nothing in them is ever markup of somebody else."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from html import unescape

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.testclient import TestClient

from domain.law.periods import BRUSSELS
from projections.public.questions import FieldChange, PublicQuestions, Threshold
from registry_site.public.pages import public_pages, public_problem
from registry_site.ui.headers import CONTENT_SECURITY_POLICY, SecurityHeaders
from tests.interfaces.published_in_memory import THRESHOLD, Happened, PublishedInMemory, added

MARCH_2 = date(2026, 3, 2)
NOW = datetime(2026, 11, 21, 12, tzinfo=BRUSSELS)
EVIL = "<script>alert(1)</script>"

Read = Callable[[str], str]


def visitor(questions: PublicQuestions) -> TestClient:
    routes = public_pages(questions, clock=lambda: NOW)
    site = Starlette(routes=routes, exception_handlers={HTTPException: public_problem})
    return TestClient(SecurityHeaders(site), raise_server_exceptions=True)


def removed(entry: Happened, on: date, reason: str) -> Happened:
    return Happened("REMOVED", on, replace(entry.entry, removed_on=on, changed_on=on, public_reason=reason))


AURELIA = added("SR-0001", MARCH_2, marketed_names=("Aurelia 3",))
KESTREL = added("SR-0002", date(2026, 4, 20), marketed_names=("Kestrel-X",), provider_country="FR", public_grounds=("52(4)",))
SILLAGE = added("SR-0003", date(2026, 5, 11), marketed_names=("Sillage 70",), provider_name=None, provider_name_digest="ab" * 32)
RENAMED = Happened(
    "CORRECTED",
    date(2026, 6, 8),
    replace(KESTREL.entry, marketed_names=("Kestrel-Y",), changed_on=date(2026, 6, 8)),
    (FieldChange("marketed_names", "Kestrel-X", "Kestrel-Y"),),
)
GONE = removed(SILLAGE, date(2026, 10, 5), "NO_LONGER_CLASSIFIED")
REGISTER = PublishedInMemory((AURELIA, KESTREL, SILLAGE, RENAMED, GONE))


@pytest.fixture
def read() -> Read:
    client = visitor(REGISTER)

    def get(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        return answer.text

    return get


def test_a_row_leads_to_its_entry_at_the_times_asked_and_is_else_the_same(read: Read) -> None:
    def row(address: str) -> tuple[str, str]:
        found = re.search(r'<tr class="govuk-table__row">\s*<th scope="row".*?href="([^"]*SR-0001[^"]*)"(.*?)</tr>', read(address), re.DOTALL)
        assert found
        return unescape(found[1]), found[2]

    today, as_it_is = row("/")
    assert today == "/entries/SR-0001"
    assert row("/?valid_at=2026-06-01") == ("/entries/SR-0001?valid_at=2026-06-01", as_it_is)
    both = "?valid_at=2026-06-01&known_at=2026-07-01"
    assert row(f"/{both}") == (f"/entries/SR-0001{both}", as_it_is)
    assert f'href="/entries/SR-0001{both.replace("&", "&amp;")}"' in read(f"/{both}")
    assert row("/") == (today, as_it_is)
    assert row("/fr/")[0] == "/fr/entries/SR-0001"
    assert row("/fr/")[1] != as_it_is


# -- What is shown ---------------------------------------------------------------


def test_the_list_shows_what_is_on_it_and_not_what_was_removed(read: Read):
    page = read("/")
    assert "2 entries" in page
    assert "Aurelia 3" in page
    assert "Kestrel-Y" in page
    assert "Sillage 70" not in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("search=aurel", "Aurelia 3", "Kestrel-Y"),
        ("ground=52(4)", "Kestrel-Y", "Aurelia 3"),
        ("country=FR", "Kestrel-Y", "Aurelia 3"),
        ("include_removed=true", "Sillage 70", "No entry matches"),
    ],
)
def test_each_filter_narrows_or_widens_and_says_so_in_a_chip(read: Read, query: str, shown: str, hidden: str):
    page = read(f"/?{query}")
    assert shown in page
    assert hidden not in page
    assert "Remove this filter:" in page


def test_a_form_sent_with_empty_fields_asks_for_the_whole_list(read: Read):
    assert "2 entries" in read("/?search=&ground=&country=&sort=-listed&valid_at=&known_at=")


def test_a_sorted_column_says_how_and_turns_round(read: Read):
    page = read("/?sort=name")
    assert 'aria-sort="ascending"' in page
    assert 'href="/?sort=-name"' in page
    assert page.index("Aurelia 3") < page.index("Kestrel-Y")


def test_no_match_offers_to_clear_the_filters(read: Read):
    page = read("/?search=nothing+like+this")
    assert "No entry matches. The list itself has 2." in page
    assert "Clear all filters" in page


def test_an_empty_register_explains_that_this_can_be_lawful():
    assert "That can be lawful." in visitor(PublishedInMemory()).get("/").text


def test_a_hundred_entries_fill_a_page():
    many = tuple(added(f"SR-{n:04}", MARCH_2, marketed_names=(f"Model {n:03}",)) for n in range(250))
    client = visitor(PublishedInMemory(many))
    assert "Model 100" in client.get("/?sort=name&page=2").text
    assert "Model 099" not in client.get("/?sort=name&page=2").text
    assert 'href="/?sort=name&amp;page=3"' in client.get("/?sort=name&page=2").text
    assert client.get("/?page=4").status_code == 400


def test_a_removed_entry_keeps_its_page_and_says_why(read: Read):
    page = read("/entries/SR-0003")
    assert "because the model is no longer classified" in page
    assert "A natural person (name not published)" in page
    assert "ab" * 32 not in page


def test_history_tells_each_field_before_and_after(read: Read):
    page = read("/entries/SR-0002")
    assert "<del>Kestrel-X</del>" in page
    assert "<ins>Kestrel-Y</ins>" in page


def test_each_change_of_an_entry_leads_to_the_check_of_its_receipt(read: Read):
    page = read("/entries/SR-0002")
    assert re.findall(r'href="/verify\?entry=(\d+)#one-entry"', page) == ["3", "1"]  # newest first, by their places in the log
    assert 'href="/verify?' not in read("/entries/SR-0002?valid_at=2026-03-31")


def test_the_ground_is_a_sentence_with_a_link_to_the_act(read: Read):
    page = read("/entries/SR-0001")
    assert "high-impact capabilities (Article 51(1), point (a))" in page
    assert 'href="http://data.europa.eu/eli/reg/2024/1689/oj"' in page


def test_changes_come_newest_first_and_by_day(read: Read):
    page = read("/changes")
    assert page.index("5 October 2026") < page.index("8 June 2026") < page.index("2 March 2026")
    assert "Sillage 70" not in read("/changes?since=2026-04-01&until=2026-04-30")


def test_more_than_a_hundred_changes_are_paged_from_the_newest():
    many = tuple(added(f"SR-{n:04}", MARCH_2, marketed_names=(f"Model {n:03}",)) for n in range(1, 251))
    client = visitor(PublishedInMemory(many))
    pages = [client.get(f"/changes?page={n}").text for n in (1, 2, 3)]
    assert [page.count('<p><a class="govuk-link" href="/entries/') for page in pages] == [100, 100, 50]
    assert pages[0].index("Model 250") < pages[0].index("Model 151")
    assert "Model 001" in pages[2]
    assert client.get("/changes?page=4").status_code == 400


def test_the_law_shows_versions_and_marks_what_was_not_checked():
    raised = Threshold(2, Decimal("2.5E+25"), "an invented act", date(2026, 10, 1), date(2027, 1, 1))
    page = visitor(PublishedInMemory(thresholds=(THRESHOLD, raised))).get("/law").text
    assert "In force on" in page
    assert '2.5 × 10<sup aria-hidden="true">25</sup>' in page
    assert '2 April 2026</time>, Thursday <span class="unchecked">not yet checked' in page


# -- Another day -----------------------------------------------------------------


def test_the_list_of_another_day_says_so_first_and_in_its_title(read: Read):
    page = read("/?valid_at=2026-04-30")
    assert "<title>The list as of 30 April 2026" in page
    assert "You are looking at the list as it stood on" in page
    assert "1 added, 1 corrected, 1 removed." in page
    assert "Kestrel-X" in page


def test_known_at_a_day_is_its_end_in_brussels(read: Read):
    assert "1 entry" in read("/?known_at=2026-03-02")
    assert "The list is empty" in read("/?known_at=2026-03-02T09:59:59%2B01:00")
    assert "1 entry" in read("/?known_at=2026-03-02T09:00:00Z")


def test_an_instant_as_valid_at_is_cut_to_its_day_in_brussels(read: Read):
    assert "1 entry" in read("/?valid_at=2026-03-01T23:00:00Z")
    assert "The list is empty" in read("/?valid_at=2026-03-01T22:59:59Z")


def test_a_plus_sign_that_was_not_encoded_is_still_an_offset(read: Read):
    assert "1 entry" in read("/?known_at=2026-03-02T10:00:00+01:00")


def test_a_day_before_the_first_entry_is_explained(read: Read):
    assert "On every day before that, the list was empty." in read("/?valid_at=2025-12-31")


def test_an_entry_before_its_time_is_explained_and_not_missing(read: Read):
    assert "This model was not on the list then." in read("/entries/SR-0002?valid_at=2026-03-31")


def test_the_history_of_another_day_ends_on_that_day(read: Read):
    page = read("/entries/SR-0002?valid_at=2026-05-01")
    assert "<ins>Kestrel-Y</ins>" not in page
    assert "The entry of" in page  # told below, as what changed since


def test_a_day_to_come_is_answered_with_what_is_known_now(read: Read):
    page = read("/?valid_at=2030-01-01")
    assert "That day has not come yet" in page
    assert "2 entries" in page


@pytest.mark.parametrize("address", ["/", "/entries/SR-0002", "/statistics"])
@pytest.mark.parametrize(("at", "comes"), [("12:00:00", False), ("12:00:01", True)])
def test_an_hour_to_come_is_answered_with_what_is_known_now_and_not_kept(address: str, at: str, comes: bool):
    answer = visitor(REGISTER).get(address, params={"known_at": f"2026-11-21T{at}+01:00"})
    assert answer.status_code == 200
    assert ("That hour has not come yet" in answer.text) is comes
    assert (answer.headers["cache-control"] == "no-store") is comes


# -- What is refused -------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/?valid_at=2026-13-01", "neither a day"),
        ("/?valid_at=2026-3-1", "neither a day"),
        ("/?valid_at=20260301", "neither a day"),
        ("/?valid_at=２０２６-03-01", "neither a day"),
        ("/?valid_at=0001-01-01", "neither a day"),
        ("/?known_at=9999-12-31", "neither a day"),
        ("/?known_at=2026-03-01T10:00:00", "Add the offset from UTC"),
        ("/?known_at=2026-03-01T25:00:00Z", "neither a day"),
        ("/?ground=53", "not one of the choices"),
        ("/?country=XX", "not one of the choices"),
        ("/?sort=compute", "not one of the choices"),
        ("/?include_removed=yes", "not one of the choices"),
        ("/?page=0", "not a page number"),
        ("/?page=2", "There is no page 2"),
        ("/?page=1&page=1", "more than once"),
        ("/?validAt=2026-03-01", "not something this page can be asked"),
        ("/?search=%00", "at most 200 ordinary characters"),
        ("/?search=" + "a" * 201, "at most 200 ordinary characters"),
        ("/?search=%ff", "cannot be read"),
        ("/changes?since=2026-02-30", "is not a day"),
        ("/changes?since=2026-03-02&until=2026-03-01", "Swap the two days"),
        ("/law?on=yesterday", "is not a day"),
        ("/about?x=1", "not something this page can be asked"),
        ("/entries/SR-0001?page=1", "not something this page can be asked"),
    ],
)
def test_a_bad_question_gets_a_full_page_that_says_what_to_do(address: str, words: str):
    answer = visitor(REGISTER).get(address)
    assert answer.status_code == 400
    assert words in unescape(answer.text)
    assert "Go to the list" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_as_many_words_as_may_be_searched_for_are(read: Read):
    assert "No entry matches" in read("/?search=" + "a" * 200)
    assert "No entry matches" in read("/?search=" + "+".join("ab" * 33) + "+xyz")


@pytest.mark.parametrize("address", ["/entries/SR-9999", "/entries/%00", "/nowhere"])
def test_what_is_not_there_is_a_full_page_too(address: str):
    answer = visitor(REGISTER).get(address)
    assert answer.status_code == 404
    assert "<h1" in answer.text


def test_pages_can_only_be_read():
    answer = visitor(REGISTER).post("/")
    assert answer.status_code == 405
    assert "This page can only be read" in answer.text


# -- What never happens ----------------------------------------------------------


@pytest.mark.parametrize("address", ["/", "/?search=script", "/entries/SR-0666", "/changes", "/?valid_at=2026-03-01", "/?include_removed=true"])
def test_markup_in_a_field_is_text_on_the_page(address: str):
    entry = added("SR-0666", MARCH_2, marketed_names=(EVIL,), provider_name=EVIL, provider_country=EVIL, representative_name=EVIL)
    correction = Happened("CORRECTED", MARCH_2, replace(entry.entry, decision_ref=EVIL, note_ref=EVIL), (FieldChange(EVIL, EVIL, EVIL),))
    page = visitor(PublishedInMemory((entry, correction))).get(address).text
    assert EVIL not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("address", [f"/?search={EVIL}", f"/?{EVIL}=1", f"/?valid_at={EVIL}", f"/entries/{EVIL}", f"/nowhere/{EVIL}"])
def test_markup_in_an_address_is_text_on_the_page(address: str):
    assert EVIL not in visitor(REGISTER).get(address).text


def test_every_answer_carries_the_policy_and_no_cookie():
    client = visitor(REGISTER)
    for address in ("/", "/law", "/nowhere", "/?page=x"):
        headers = client.get(address).headers
        assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "set-cookie" not in headers


@pytest.mark.parametrize("address", ["/", "/entries/SR-0001", "/changes", "/law", "/about", "/accessibility", "/privacy", "/data/explorer"])
def test_every_page_says_what_it_is_not_and_where_the_record_stands(read: Read, address: str):
    page = read(address)
    assert "Not a website of the European Union." in page
    assert "The entries are invented." in page
    assert 'State of the record: number 8 of the public sequence, of <time datetime="2026-10-05">' in page
    assert page.count("<h1") == 1
    assert "style=" not in page


def test_a_real_record_is_not_called_invented():
    assert "invented" not in visitor(replace(REGISTER, demonstration=False)).get("/").text
