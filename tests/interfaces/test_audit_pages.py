"""The audit pages: every case at any pair of times, each event with its bytes, its proof, its causes and consequences; read by auditors alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx2 import Response

from api.stores.access_log import AccessAct
from domain.actors import Role
from projections.transparency.proofs import verify_receipt
from tests.interfaces.office_house import OFFICERS, Browser, House, served, title, way, words

OTHERS = [role for role in OFFICERS if role is not Role.AUDITOR]
NASTY = "<script>alert(1)</script> & \"quotes\" 'both'"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "corrections.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("listing"), "listing-correction.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def auditor(house: House) -> Browser:
    return house.browser().signed_in(Role.AUDITOR)


def case_of(house: House, name: str = "alpha") -> str:
    return f"/audit/cases/{house.cases[name]}"


def part(answer: Response, heading: str) -> str:
    """What stands under a heading, without marks."""
    found = re.search(rf'<h2[^>]* id="{heading}">(.*?)(<h2|</main>)', answer.text, re.DOTALL)
    assert found, heading
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[1])).split())


def lines(answer: Response) -> list[str]:
    """What each row of the table of events says."""
    found = re.findall(r'<tr class="govuk-table__row" id="event-\d+">.*?</tr>', answer.text, re.DOTALL)
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split()) for row in found]


# -- Who reads them ----------------------------------------------------------------------


@pytest.mark.parametrize("role", OTHERS)
def test_only_auditors_read_and_others_are_told_so_and_noted(house: House, role: Role) -> None:
    browser, case = house.browser().signed_in(role), case_of(house)
    pages = ("", "/events/1", "/events.ndjson", "/bundle.zip")
    for address in ("/audit/cases/", "/audit/access", "/audit/access.ndjson", "/audit/nowhere", *(case + page for page in pages)):
        before, _ = house.log.head()
        answer = browser.get(address)
        assert (answer.status_code, title(answer)) == (403, "Not for your role")
        (row,) = house.noted(before)
        assert (row.act, row.outcome, row.role, row.subjects) == (AccessAct.REFUSED, "ROLE", role, ("/audit/",))


def test_whoever_is_not_signed_in_is_asked_to_and_led_back(house: House) -> None:
    address = f"{case_of(house)}?known_at=2026-03-31"
    to = way(house.browser().get(address))
    assert urlsplit(to).path == "/sign-in"
    assert parse_qs(urlsplit(to).query)["next"] == [address]
    browser = house.browser()
    assert way(browser.sign_in(Role.AUDITOR, next=address)) == address


def test_only_auditors_are_shown_the_way_there(house: House, auditor: Browser) -> None:
    assert 'href="/audit/access"' in auditor.get("/workbench/").text
    assert 'href="/audit/' not in house.browser().signed_in(Role.CASE_OFFICER).get("/workbench/").text


@pytest.mark.parametrize("address", ["/audit", "/audit/", "/audit/cases"])
def test_every_shorter_address_leads_to_the_cases(auditor: Browser, address: str) -> None:
    assert way(auditor.get(address)) == "/audit/cases/"


def test_nothing_can_be_sent_but_questions(house: House, auditor: Browser) -> None:
    for address in ("/audit/cases/", case_of(house), f"{case_of(house)}/events/1", "/audit/access"):
        forms = re.findall(r"<form [^>]*>", auditor.get(address).text)
        sending = {action for form in forms if 'method="post"' in form for action in re.findall('action="([^"]*)"', form)}
        assert sending == {"/sign-out", "/workbench/session"}  # of one's own session
        assert auditor.post(address, {"form_token": auditor.token("/audit/cases/")}).status_code in (404, 405)


# -- The cases ---------------------------------------------------------------------------


def test_the_cases_are_listed_with_their_status_at_a_pair_of_times_and_noted(house: House, auditor: Browser) -> None:
    before, _ = house.log.head()
    now = words(auditor.get("/audit/cases/"))
    assert re.search("Alpha [0-9a-f-]{36} Classified 5 March 2026, 09:00 Beta [0-9a-f-]{36} Classified 1 July 2026", now)
    (row,) = house.noted(before)
    assert (row.act, row.subjects) == (AccessAct.READ, tuple(sorted(f"case/{key}" for key in house.cases.values())))
    then = words(auditor.get("/audit/cases/?valid_at=2026-03-09&known_at=2026-04-30"))
    assert re.search("Alpha [0-9a-f-]{36} Not classified", then)
    assert "Beta" not in then
    assert "What was true on 9 March 2026, 23:59, as the register knew it on 30 April 2026" in then
    assert re.search("Alpha [0-9a-f-]{36} Classified", words(auditor.get("/audit/cases/?valid_at=2026-03-09&known_at=2026-03-31")))


def test_cases_are_found_by_name_and_status_and_keep_the_times(house: House, auditor: Browser) -> None:
    assert "Beta" not in words(auditor.get("/audit/cases/?search=alpha"))
    assert "No case fits." in words(auditor.get("/audit/cases/?status=CLEARED"))
    assert f'href="{case_of(house)}?known_at=2026-03-31"' in auditor.get("/audit/cases/?known_at=2026-03-31").text


def test_cases_go_on_after_the_last_one_shown(house: House, auditor: Browser) -> None:
    answer = auditor.get("/audit/cases/?after=1")
    assert "Beta" in words(answer)
    assert "Alpha" not in words(answer)
    assert "The first cases" in words(answer)


# -- A case ------------------------------------------------------------------------------


def test_the_whole_case_is_there_and_that_is_computed(house: House, auditor: Browser) -> None:
    before, answer = house.log.head()[0], auditor.get(case_of(house))
    assert re.search("Gaps: none; 5 of 5 events present up to checkpoint [0-9]+ ", words(answer))
    first, *_, last = lines(answer)
    assert re.match("1 5 March 2026, 09:00 Case officer, [0-9a-f]{8} Model case opened , event 1 ModelCaseOpened , case 1", first)
    assert re.search("threshold 1, Annex XIII 1, calendar 4, settings 1 leaf [0-9]+ equal$", first)
    assert re.match("5 1 April 2026, 12:10 Case officer, [0-9a-f]{8} Record corrected", last)
    (row,) = house.noted(before)
    assert (row.act, row.subjects) == (AccessAct.READ, (f"case/{house.cases['alpha']}",))


@pytest.mark.parametrize(("name", "old", "new"), [("alpha", 3, 5), ("beta", 4, 6)])
def test_a_correction_and_what_it_corrects_are_joined_both_ways(house: House, auditor: Browser, name: str, old: int, new: int) -> None:
    answer = auditor.get(case_of(house, name))
    assert f'<a class="govuk-link" href="#event-{new}">corrected by {new}</a>' in answer.text
    assert f'<a class="govuk-link" href="#event-{old}">corrects {old}</a>' in answer.text
    assert f'events/{new}">corrected by {new}</a>' in auditor.get(f"{case_of(house, name)}/events/{old}").text
    assert f'events/{old}">corrects {old}</a>' in auditor.get(f"{case_of(house, name)}/events/{new}").text


def test_a_misprint_of_the_list_is_joined_to_the_entry_that_had_it(listing: House) -> None:
    answer = listing.browser().signed_in(Role.AUDITOR).get(case_of(listing))
    assert re.findall(r"corrected by \d+|corrects \d+", answer.text) == ["corrected by 11", "corrects 7"]
    assert re.search("Gaps: none; 14 of 14 events present up to checkpoint", words(answer))


def test_what_was_not_known_yet_is_not_shown_and_the_proof_counts_it_all_the_same(house: House, auditor: Browser) -> None:
    answer = auditor.get(f"{case_of(house)}?valid_at=2026-03-09&known_at=2026-03-31")
    assert title(answer) == "Alpha, audit, at other times"
    assert len(lines(answer)) == 4
    assert "corrected by" not in answer.text
    assert "Gaps: none; 5 of 5 events present" in words(answer)
    assert "1 event was recorded after 31 March 2026, 23:59 and is not shown." in words(answer)
    assert "Presumed, Article 51(1)(a) and (2), since 1 March 2026" in words(answer)
    assert auditor.get(f"{case_of(house)}/events/5?known_at=2026-03-31").status_code == 404
    assert auditor.get(f"{case_of(house)}/events/5?known_at=2026-04-01").status_code == 200
    assert lines(auditor.get(f"{case_of(house)}?known_at=2026-03-04")) == []


# -- An event ----------------------------------------------------------------------------


def test_an_event_opens_with_its_very_bytes_and_a_proof_that_anybody_can_check(house: House, auditor: Browser) -> None:
    answer = auditor.get(f"{case_of(house)}/events/3")
    shown = re.search(r'<code id="bytes">(.*?)</code>', answer.text, re.DOTALL)
    assert shown
    stored = unescape(shown[1]).encode()
    assert json.loads(stored)["topic"] == "ThresholdMet"
    assert f"SHA-256 {sha256(stored).hexdigest()} " in words(answer)
    assert "Leaf and event store equal" in words(answer)
    receipt = re.search(r'href="(/audit/log/receipt/\d+\.tlog-proof)"', answer.text)
    assert receipt
    proved = verify_receipt(auditor.get(receipt[1]).content, auditor.get("/audit/log/keys").text.split())
    assert stored in proved.entry
    assert f"Leaf number {proved.index}, in a log of " in words(answer)
    computed, signed = re.findall("(?:Computed|Signed) root ([A-Za-z0-9+/=]{44})", words(answer))
    assert computed == signed
    assert "not equal" not in words(answer)


def test_an_event_says_what_it_changed_by_the_questions_of_the_case_page(house: House, auditor: Browser) -> None:
    met = part(auditor.get(f"{case_of(house)}/events/3"), "consequences")
    assert "Status From “Not classified” to “Classified”" in met
    assert "before: none after: 1 March 2026, 00:00 – no end known" in met
    assert "D1 To notify, Article 52(1) starts: running, 16 March 2026" in met
    corrected = part(auditor.get(f"{case_of(house)}/events/5"), "consequences")
    assert "Classified, as before" in corrected
    assert "before: 1 March 2026, 00:00 – no end known after: 10 March 2026, 00:00 – no end known" in corrected
    assert "D1 To notify, Article 52(1) changes: within the outer limit, 24 March 2026" in corrected
    before = part(auditor.get(f"{case_of(house)}/events/3?valid_at=2026-02-28"), "consequences")
    assert "Not classified, as before" in before
    nothing = part(auditor.get(f"{case_of(house)}/events/2"), "consequences")
    assert "Neither the status nor a ground nor a clock changed." in nothing


def test_an_event_says_what_led_to_it_and_what_it_led_to(listing: House) -> None:
    browser = listing.browser().signed_in(Role.AUDITOR)
    rows = lines(browser.get(case_of(listing)))
    marker = next(number for number, row in enumerate(rows, start=1) if "ListingRecorded" in row)
    answer = browser.get(f"{case_of(listing)}/events/{marker}")
    (cause,) = re.findall(r"Event (\d+) : ", part(answer, "causes").partition("Recorded in the same act")[0]) or [""]
    assert cause
    back = browser.get(f"{case_of(listing)}/events/{cause}")
    assert f"Event {marker} : Listing recorded" in part(back, "consequences") + part(back, "causes")
    alone = part(browser.get(f"{case_of(listing)}/events/1"), "causes")
    assert "following from no other event" in alone


# -- What cannot be asked ----------------------------------------------------------------


@pytest.mark.parametrize(
    "query", ["valid_at=soon", "known_at=2026-13-01", "valid_at=2026-03-10T09:00:00", "at=2026-03-10", "known_at=2026-03-10&known_at=2026-03-11"]
)
@pytest.mark.parametrize("page", ["", "/events/1", "/events.ndjson"])
def test_times_that_are_none_are_told_and_nothing_is_noted(house: House, auditor: Browser, page: str, query: str) -> None:
    before, _ = house.log.head()
    assert auditor.get(f"{case_of(house)}{page}?{query}").status_code == 400
    assert house.noted(before) == []


@pytest.mark.parametrize("query", ["status=GONE", "after=0", "after=-1", "after=x", "after=1e3", "after=9999999999999999999", "page=2", "search=%00"])
def test_cases_that_cannot_be_asked_for_are_told(house: House, auditor: Browser, query: str) -> None:
    before, _ = house.log.head()
    assert auditor.get(f"/audit/cases/?{query}").status_code == 400
    assert house.noted(before) == []


@pytest.mark.parametrize("address", ["nothing", "00000000-0000-0000-0000-000000000000", "../x", "x/events/1", "{case}/events/0", "{case}/events/6"])
def test_what_there_is_not_is_not_found_and_nothing_is_noted(house: House, auditor: Browser, address: str) -> None:
    before, _ = house.log.head()
    answer = auditor.get(f"/audit/cases/{address.format(case=house.cases['alpha'])}")
    assert answer.status_code == 404
    assert house.noted(before) == []


def test_no_text_of_the_record_becomes_a_tag(house: House, auditor: Browser) -> None:
    case, officer = str(uuid4()), house.browser().signed_in()
    sent = officer.client.post(
        f"/api/v1/cases/{case}/model-case-opened",
        json={"lineage_key": "nasty", "internal_name": NASTY},
        headers={"If-Match": '"0"', "Idempotency-Key": case},
    )
    assert sent.status_code == 201, sent.text
    for address in (f"/audit/cases/{case}", f"/audit/cases/{case}/events/1", "/audit/cases/", "/audit/cases/?search=%3Cscript%3E"):
        answer = auditor.get(address)
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
        assert "&lt;script&gt;" in answer.text
