"""The workbench: what waits, a case, and the calendar feed, each for those who may read it, and each noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest
from icalendar import Calendar
from sqlalchemy import text

from api.stores.access_log import AccessAct
from domain.actors import Role
from tests.interfaces.office_house import OFFICERS, Browser, House, served, title, way, words

READERS: list[Role] = [Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR]
FEED = "/workbench/deadlines.ics"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "clock-d3-hearing.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house whose cases wait for the list."""
    with served(tmp_path_factory.mktemp("listing"), "publication-removal.yaml") as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    with opened.database.writing() as rows:
        rows.execute(text("DELETE FROM attempts"))
        rows.execute(text("DELETE FROM feeds"))
    return opened


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


def rows(browser: Browser, address: str = "/workbench/") -> list[str]:
    """What each row of the inbox says."""
    answer = browser.get(address)
    assert answer.status_code == 200, answer.text
    found = re.findall(r'<tr class="govuk-table__row inbox__row.*?</tr>', answer.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


# -- The inbox ---------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_whoever_reads_cases_sees_what_waits_with_its_day_its_source_and_its_arithmetic(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    (zeta,) = [row for row in rows(browser) if row.startswith("Zeta")]
    assert "The hearing is over: adopt or drop the act" in zeta
    assert "Over for" in zeta
    assert "4 December 2026" in zeta
    assert "Charter, Article 41(1): a reasonable time" in zeta
    assert "How it was computed : Zeta" in zeta
    assert "Friday 4 December 2026" in zeta
    assert "Late" not in zeta


def test_a_publication_officer_sees_what_concerns_the_list_alone(listing: House, house: House) -> None:
    (publish,) = rows(listing.browser().signed_in(Role.PUBLICATION_OFFICER))
    assert publish.startswith("Beta")
    assert "Publish the entry" in publish
    assert rows(listing.browser().signed_in(), "/workbench/?show=publication") == [publish]
    assert rows(house.browser().signed_in(Role.PUBLICATION_OFFICER)) == []


@pytest.mark.parametrize("role", sorted(set(OFFICERS) - {*READERS, Role.PUBLICATION_OFFICER}))
def test_the_other_roles_are_shown_no_case(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    before, _ = house.log.head()
    answer = browser.get("/workbench/")
    assert (answer.status_code, "Zeta" in answer.text) == (200, False)
    assert house.noted(before) == []
    for address in (f"/workbench/cases/{house.cases['zeta']}", "/workbench/cases/x", "/workbench/calendar"):
        answer = browser.get(address)
        assert (answer.status_code, title(answer)) == (403, "Not for your role")
    assert [(row.act, row.outcome) for row in house.noted(before)] == [(AccessAct.REFUSED, "ROLE")] * 3


def test_what_was_shown_is_noted_and_nothing_else(house: House, officer: Browser) -> None:
    before, _ = house.log.head()
    shown = rows(officer, "/workbench/?search=zeta")
    (row,) = house.noted(before)
    assert len(shown) == 1
    assert (row.act, row.subjects) == (AccessAct.READ, (f"case/{house.cases['zeta']}",))
    rows(officer, "/workbench/?search=nowhere-at-all")
    assert len(house.noted(before)) == 1


def test_filter_and_order_stand_in_the_address(officer: Browser) -> None:
    everything = rows(officer)
    hearings = rows(officer, "/workbench/?show=hearings")
    assert 0 < len(hearings) < len(everything)
    assert all("hearing" in row or "heard" in row for row in hearings)
    by_name = rows(officer, "/workbench/?sort=case")
    assert [row.split()[0] for row in by_name] == sorted(row.split()[0] for row in everything)
    assert rows(officer, "/workbench/?sort=-case")[0].split()[0] == by_name[-1].split()[0]
    answer = officer.get("/workbench/?show=hearings&sort=-due&search=a")
    assert 'href="/workbench/?show=hearings&amp;search=a"' in answer.text  # due once more
    assert 'href="/workbench/?show=late&amp;sort=-due&amp;search=a"' in answer.text
    assert 'aria-sort="descending"' in answer.text
    assert "Nothing of that kind waits." in words(officer.get("/workbench/?show=alerts"))


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("show=some", "show"), ("sort=name", "sort"), ("page=0", "page"), ("page=2", "page"), ("page=x", "page"), ("colour=red", "colour"),
        ("show=all&show=late", "show"), ("search=%00", "search"), (f"search={'x' * 201}", "search"), ("search=%ff", "?"),
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_answered_says_what_to_change(officer: Browser, query: str, parameter: str) -> None:
    answer = officer.get(f"/workbench/?{query}")
    assert (answer.status_code, title(answer)) == (400, "This address asks for something we cannot answer")
    assert f"“{parameter}”" in words(answer)


def test_names_are_texts_and_no_marks(officer: Browser) -> None:
    answer = officer.get("/workbench/?search=%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


# -- A case --------------------------------------------------------------------------------


@pytest.mark.parametrize("role", READERS)
def test_a_case_shows_status_grounds_clocks_and_history(house: House, role: Role) -> None:
    browser, case = house.browser().signed_in(role), house.cases["zeta"]
    before, _ = house.log.head()
    answer = browser.get(f"/workbench/cases/{case}")
    said = words(answer)
    assert title(answer) == "Zeta"
    assert "DraftDecisionCommunicated" in said
    assert "D3 To be heard, Charter, Article 41" in said
    assert "Friday 4 December 2026" in said
    (row,) = house.noted(before)
    assert (row.act, row.role, row.subjects) == (AccessAct.READ, role, (f"case/{case}",))


def test_a_publication_officer_reads_of_a_case_what_publication_waits_for(listing: House) -> None:
    said = words(listing.browser().signed_in(Role.PUBLICATION_OFFICER).get(f"/workbench/cases/{listing.cases['beta']}"))
    assert "D9 To claim confidentiality" in said
    assert "D1 To notify" not in said
    assert "NotificationReceived" not in said
    assert "Presumed" not in said


@pytest.mark.parametrize("case", ["x", "00000000-0000-0000-0000-000000000000", "%00", "../../etc/passwd"])
def test_a_case_that_is_not_there_is_a_page_and_leaves_nothing(house: House, officer: Browser, case: str) -> None:
    before, _ = house.log.head()
    assert officer.get(f"/workbench/cases/{case}").status_code == 404
    assert house.noted(before) == []


# -- The calendar -----------------------------------------------------------------------------


def feed_of(browser: Browser) -> str:
    """Make a feed and return its address."""
    answer = browser.post("/workbench/calendar", {"form_token": browser.token("/workbench/calendar"), "act": "begin"})
    found = re.search(r"<textarea[^>]*>([^<]+)</textarea>", answer.text)
    assert found
    parts = urlsplit(unescape(found[1]))
    assert (parts.netloc, parts.path) == ("127.0.0.1", FEED)
    return f"{parts.path}?{parts.query}"


def test_a_calendar_program_reads_the_deadlines_without_signing_in(house: House, officer: Browser) -> None:
    address = feed_of(officer)
    before, _ = house.log.head()
    answer = house.browser().get(address)
    assert (answer.status_code, answer.headers["content-type"], answer.headers["cache-control"]) == (200, "text/calendar; charset=utf-8", "no-store")
    calendar = Calendar.from_ical(answer.content)
    case = house.cases["zeta"]
    (zeta,) = [event for event in calendar.events if case in str(event["url"])]
    assert str(zeta["summary"]) == f"The hearing is over: adopt or drop the act: case {case[:8]}"
    assert zeta.start.isoformat() == "2026-12-04"
    assert "Friday 4 December 2026" in str(zeta["description"])
    assert len({str(event["uid"]) for event in calendar.events}) == len(calendar.events)
    (row,) = house.noted(before)
    account = house.accounts.find("case-officer")
    assert account
    assert (row.act, row.actor, f"case/{case}" in row.subjects, FEED in row.subjects) == (AccessAct.DOWNLOADED, account.actor.ref, True, True)
    assert row.by.startswith("feed:")


def test_the_calendar_names_no_model_and_no_provider(house: House, officer: Browser) -> None:
    said = house.browser().get(feed_of(officer)).text
    assert "BEGIN:VEVENT" in said
    assert not re.search("Zeta|Alpha|Beta|Gamma|Delta|Epsilon", said)


@pytest.mark.parametrize("end", ["given up", "replaced", "disabled"])
def test_an_address_that_was_given_up_opens_nothing(house: House, end: str) -> None:
    name = f"keeps-{end.replace(' ', '-')}"
    house.accounts.add(name, Role.AUDITOR, "four words are enough")
    browser = house.browser()
    assert way(browser.sign_in(name=name)) == "/workbench/"
    address = feed_of(browser)
    assert house.browser().get(address).status_code == 200
    if end == "given up":
        form = {"form_token": browser.token("/workbench/calendar"), "act": "end"}
        assert "The address was given up." in words(browser.post("/workbench/calendar", form))
    elif end == "replaced":
        assert house.browser().get(feed_of(browser)).status_code == 200
    else:
        house.accounts.disable(name)
    before, _ = house.log.head()
    answer = house.browser().get(address)
    assert (answer.status_code, "make a new one in the workbench" in answer.text) == (403, True)
    assert [(row.act, row.outcome, row.actor, row.by) for row in house.noted(before)] == [(AccessAct.REFUSED, "UNKNOWN_TOKEN", None, "feed")]


@pytest.mark.parametrize("query", ["", "?token=", "?token=x", "?token=%00", "?other=1"])
def test_without_its_token_the_feed_says_nothing(house: House, officer: Browser, query: str) -> None:
    feed_of(officer)
    assert house.browser().get(FEED + query).status_code == 403
    assert officer.get(FEED + query).status_code == 403


def test_making_and_giving_up_are_noted_and_need_the_forms_token(house: House, officer: Browser) -> None:
    before, _ = house.log.head()
    assert officer.post("/workbench/calendar", {"act": "begin"}).status_code == 403
    assert not re.search("<textarea", officer.post("/workbench/calendar", {"form_token": officer.token("/workbench/calendar")}).text)
    feed_of(officer)
    officer.post("/workbench/calendar", {"form_token": officer.token("/workbench/calendar"), "act": "end"})
    officer.post("/workbench/calendar", {"form_token": officer.token("/workbench/calendar"), "act": "end"})
    assert [row.act for row in house.noted(before)] == [AccessAct.REFUSED, AccessAct.GRANTED, AccessAct.WITHDRAWN]


def test_no_byte_of_the_store_holds_the_token_of_a_feed(house: House, officer: Browser) -> None:
    token = feed_of(officer).partition("token=")[2]
    folder = house.database.engine.url.database
    assert folder
    with open(folder, "rb") as kept, open(f"{folder}-wal", "rb") as waiting:
        assert token.encode() not in kept.read() + waiting.read()
