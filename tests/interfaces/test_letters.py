"""Letters and the file of a case in the office: who reads them, what they say as page and as PDF, and what is noted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from html import unescape
from pathlib import Path
from sqlite3 import connect
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.main import _desk
from api.stores.access_log import AccessAct
from api.stores.drafts import Draft, Outcome
from api.stores.vault import PersonalData
from domain.actors import READS_EVERYTHING, Actor, Role
from domain.events import EVENTS, documents_named, read
from domain.ids import Stream
from domain.registry import Command
from domain.types import instant
from registry_site.office.acts import lines_of
from registry_site.office.desk import Desk
from registry_site.office.letters.pages import letter_pages
from registry_site.office.letters.press import Press
from registry_site.ui.words import day_in_words
from tests.interfaces.office_house import OFFICERS, Browser, House, served, title, way, words
from tests.interfaces.printed import body, opened, squeezed

HASH = "0" * 64
OTHERS = [role for role in OFFICERS if role not in READS_EVERYTHING]
MARKUP = '<b>bold</b> *x* #panic("y") $z$'
DRAFTER = UUID(int=7)


@pytest.fixture(scope="module")
def opened_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture
def house(opened_house: House) -> House:
    with opened_house.database.writing() as rows:
        rows.execute(text("DELETE FROM attempts"))
    return opened_house


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


def desk_of(house: House) -> Desk:
    app: Any = house.client.app
    while not hasattr(app, "state"):
        app = app._app
    return _desk(app)


def case_of(house: House) -> str:
    return f"/workbench/cases/{house.cases['alpha']}"


def letter_at(house: House, topic: str = "ArgumentsRejected") -> str:
    rows = desk_of(house).office.history(UUID(house.cases["alpha"]))
    return f"{case_of(house)}/letters/{next(row.event.event_id for row in rows if row.event.topic == topic)}"


def stored(house: House, case: str) -> list[bytes]:
    """The bytes of a case's events as they lie in the store, in its order."""
    folder = Path(house.database.engine.url.database or "").parent
    with closing(connect(folder / "events.db")) as opened:
        rows = opened.execute("SELECT state FROM stored_events ORDER BY rowid")
        return [bytes(row[0]) for row in rows if f'"stream":"case/{case}"'.encode() in row[0] or f'"stream":"publication/{case}"'.encode() in row[0]]


def article(answer: Response) -> str:
    """What the letter on a page says, without what stands beside it."""
    found = re.search(r"<article.*?</article>", answer.text, re.DOTALL)
    assert found
    return unescape(re.sub(r"<[^>]+>", " ", found[0]))


def numbered(answer: Response) -> str:
    """The same with the numbers of its lists, which a browser writes by itself."""
    found = re.search(r"<article.*?</article>", answer.text, re.DOTALL)
    assert found
    lists = re.split(r"(<ol.*?</ol>)", found[0], flags=re.DOTALL)
    written = ["".join(f"{number}. {part}" if number else part for number, part in enumerate(each.split("<li>"))) for each in lists]
    return unescape(re.sub(r"<[^>]+>", " ", "".join(written)))


def drafted(house: House, **said: object) -> Draft:
    """A frozen draft of a rejection in the case of the house."""
    data: dict[str, Any] = {
        "decision_id": str(uuid4()), "legal_basis": "52(3)", "commission_ref": "DEMO C(2026) 9", "adopted_on": "2026-06-01",
        "addressees": [str(uuid4())], "reasons_hash": HASH, "authentic_language": "en", "signatory_ref": str(uuid4()), "drafted_by_ref": str(DRAFTER),
        "remedies_stated": True, "submission_id": str(uuid4()), "not_substantiated": True, "not_demonstrated": True,
    }  # fmt: skip
    fact = read(EVENTS["ArgumentsRejected"], {**data, **said})
    stream = Stream("case", house.cases["alpha"])
    plain = fact.model_dump(mode="json", exclude_none=True)
    return desk_of(house).door.drafts.freeze(stream, fact.TOPIC, plain, seen=8, by=DRAFTER)


def draft_address(draft: Draft) -> str:
    return f"/workbench/drafts/{draft.draft_id}/letter"


# -- The letter of a decision ------------------------------------------------------------------------


def test_the_page_of_a_case_leads_to_the_letter_and_the_letter_to_its_pdf(house: House, officer: Browser) -> None:
    page = officer.get(case_of(house)).text
    (address,) = re.findall(r'href="([^"]*/letters/[^"]*)"', page)
    answer = officer.get(address)
    assert (answer.status_code, title(answer)) == (200, "Rejection of arguments, Letter of a decision: C(2026) rejection-1")
    assert f'href="{address}.pdf"' in answer.text
    pdf = officer.get(f"{address}.pdf")
    assert (pdf.status_code, pdf.headers["content-type"], pdf.headers["cache-control"]) == (200, "application/pdf", "no-store")
    assert pdf.headers["content-disposition"] == f'attachment; filename="letter-{address.rpartition("/")[2]}.pdf"'


def test_the_letter_says_what_was_decided_why_under_which_law_and_what_can_be_done(house: House, officer: Browser) -> None:
    said = " ".join(article(officer.get(letter_at(house))).split())
    for words_of_it in (
        "Adopted on 20 May 2026",
        "Alpha AI, France reference",
        "They are not sufficiently substantiated (Article 52(3)).",
        "20 April 2026, 11:00 (Brussels); comments until 5 May 2026",
        "written, 4 May 2026, 16:00 (Brussels)",
        "Legal basis Article 52(3)",
        "version 1: more than 10^25 FLOP, applying from 2 August 2025",
        "within two months of the notification",
        "There is no reassessment of a rejection",
        "Decision officer",
    ):
        assert words_of_it in said, words_of_it


def test_the_page_and_the_pdf_say_the_same_words(house: House, officer: Browser) -> None:
    assert squeezed(numbered(officer.get(letter_at(house)))) == body(officer.get(f"{letter_at(house)}.pdf").content)


def test_what_came_later_stands_beside_the_letter_and_not_in_it(house: House, officer: Browser) -> None:
    answer = officer.get(letter_at(house))
    assert "Recorded since about this decision: Decision notified , 22 May 2026, 12:00" in words(answer)
    assert "Decision notified" not in article(answer)


def test_the_record_attached_to_a_letter_is_what_the_store_holds(house: House, officer: Browser) -> None:
    event_id = letter_at(house).rpartition("/")[2]
    (attached,) = opened(officer.get(f"{letter_at(house)}.pdf").content).attachments["decision.json"]
    assert attached in stored(house, house.cases["alpha"])
    assert f'"event_id":"{event_id}"'.encode() in attached


def test_a_letter_is_the_same_bytes_each_time(house: House, officer: Browser) -> None:
    first, again = (officer.get(f"{letter_at(house)}.pdf").content for _ in range(2))
    assert first == again


def test_reading_a_letter_is_noted_once_as_page_and_as_pdf(house: House, officer: Browser) -> None:
    for address in (letter_at(house), f"{letter_at(house)}.pdf"):
        before, _ = house.log.head()
        assert officer.get(address).status_code == 200
        (row,) = house.noted(before)
        assert (row.act, row.role, row.subjects) == (AccessAct.READ, Role.CASE_OFFICER, (f"case/{house.cases['alpha']}",))


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_what_is_no_decision_of_this_case_has_no_letter_and_leaves_nothing(house: House, officer: Browser, ending: str) -> None:
    event = letter_at(house).rpartition("/")[2]
    before, _ = house.log.head()
    for address in (
        letter_at(house, "ThresholdMet"), f"{case_of(house)}/letters/{uuid4()}", f"{case_of(house)}/letters/nonsense",
        f"/workbench/cases/{uuid4()}/letters/{event}", f"/workbench/cases/nonsense/letters/{event}", f"/workbench/drafts/{uuid4()}/letter",
        "/workbench/drafts/nonsense/letter",
    ):  # fmt: skip
        assert officer.get(f"{address}{ending}").status_code == 404, address
    assert officer.get(f"{letter_at(house)}{ending}?known_at=2026-01-01").status_code == 400
    assert house.noted(before) == []


def test_a_rectification_is_told_from_the_text_that_it_rectifies(tmp_path: Path) -> None:
    with served(tmp_path, "covers-rectified-annulled-revoked-typo.yaml") as house:
        desk = desk_of(house)
        rows = [row for case in house.cases.values() for row in desk.office.history(UUID(case)) if row.event.topic == "DecisionRectified"]
        fact, stream = rows[0].event.fact, rows[0].event.stream
        browser = house.browser().signed_in()
        letter = " ".join(article(browser.get(f"/workbench/cases/{stream.key}/letters/{rows[0].event.event_id}")).split())
        decided = next(row.event for row in desk.office.history(UUID(stream.key)) if getattr(row.event.fact, "decision_id", None) == fact.decision_id)
        assert f"Decision {decided.fact.commission_ref} of {day_in_words(decided.fact.adopted_on)}" in letter
        assert f"Corrected on {day_in_words(fact.corrected_on)}" in letter
        assert "A rectification is no new decision" in letter
        assert "An action for annulment may be brought" not in letter
        since = words(browser.get(f"/workbench/cases/{stream.key}/letters/{decided.event_id}"))
        assert "Decision rectified ," in since


# -- Who reads them ----------------------------------------------------------------------------------


def addresses(house: House) -> list[str]:
    pages = [letter_at(house), draft_address(drafted(house))]
    return [*pages, *(f"{page}.pdf" for page in pages), f"{case_of(house)}/file.pdf"]


@pytest.mark.parametrize("role", OTHERS)
def test_whoever_does_not_read_the_whole_case_reads_no_letter_and_is_noted(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    for address in addresses(house):
        before, _ = house.log.head()
        assert browser.get(address).status_code == 403, address
        assert [(row.act, row.outcome) for row in house.noted(before)] == [(AccessAct.REFUSED, "ROLE")]


@pytest.mark.parametrize("role", sorted(READS_EVERYTHING))
def test_whoever_reads_the_whole_case_reads_every_letter(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    assert [browser.get(address).status_code for address in addresses(house)] == [200, 200, 200, 200, 303]


def test_a_publication_officer_sees_no_way_to_letters(house: House) -> None:
    page = house.browser().signed_in(Role.PUBLICATION_OFFICER).get(case_of(house)).text
    assert "/letters/" not in page
    assert "file.pdf" not in page


def test_whoever_is_not_signed_in_is_asked_to_sign_in(house: House) -> None:
    for address in addresses(house):
        assert way(house.browser().get(address)).startswith("/sign-in?next=")


# -- Letters of drafts --------------------------------------------------------------------------------


def test_the_letter_of_a_draft_is_marked_and_has_its_fingerprint_and_its_bytes(house: House, officer: Browser) -> None:
    draft = drafted(house)
    said = " ".join(article(officer.get(draft_address(draft))).split())
    assert "Draft: not adopted" in said
    assert draft.fingerprint in said
    assert "It binds nobody and nothing of it is recorded." in said
    assert "To be adopted on 1 June 2026" in said
    assert "As drafted, the decision states the remedies" in said
    assert "recorded by" not in said.lower()
    pdf = officer.get(f"{draft_address(draft)}.pdf").content
    assert opened(pdf).attachments == {"draft.json": [draft.content]}
    assert "Draft: not adopted" in opened(pdf).pages[-1].extract_text()
    assert pdf == officer.get(f"{draft_address(draft)}.pdf").content
    assert f'href="{draft_address(draft)}"' in officer.get(draft_address(draft).removesuffix("/letter")).text


def test_a_rejected_draft_says_so(house: House, officer: Browser) -> None:
    draft = drafted(house, commission_ref="DEMO C(2026) 10")
    desk_of(house).door.drafts.close(draft.draft_id, Outcome.REJECTED, UUID(int=8), "No.")
    assert "Draft: rejected, not adopted" in words(officer.get(draft_address(draft)))


def test_an_adopted_draft_leads_to_the_letter_of_the_decision(house: House, officer: Browser) -> None:
    address = letter_at(house)
    event = next(row.event for row in desk_of(house).office.history(UUID(house.cases["alpha"])) if str(row.event.event_id) in address)
    data = event.fact.model_dump(mode="json", exclude_none=True)
    draft = desk_of(house).door.drafts.freeze(event.stream, event.topic, data, seen=event.version - 1, by=DRAFTER)
    desk_of(house).door.drafts.close(draft.draft_id, Outcome.ADOPTED, UUID(int=8))
    assert way(officer.get(draft_address(draft))) == address
    assert way(officer.get(f"{draft_address(draft)}.pdf")) == f"{address}.pdf"


def test_markup_in_a_draft_is_text_on_the_page_and_in_the_pdf(house: House, officer: Browser) -> None:
    draft = drafted(house, commission_ref=MARKUP)
    page, pdf = officer.get(draft_address(draft)), officer.get(f"{draft_address(draft)}.pdf")
    assert "<b>bold" not in page.text
    assert article(page).count(MARKUP) == body(pdf.content).count(squeezed(MARKUP)) == 3


# -- The file of a case --------------------------------------------------------------------------------


def file_of(browser: Browser, address: str) -> tuple[str, bytes]:
    """The exact address of a file that was asked for in another way, and the file."""
    exact = way(browser.get(address))
    answer = browser.get(exact)
    assert answer.status_code == 200, words(answer)
    return exact, answer.content


def test_a_file_is_asked_for_by_two_instants_and_is_the_same_bytes_whatever_comes_later(house: House, officer: Browser) -> None:
    exact, first = file_of(officer, f"{case_of(house)}/file.pdf")
    assert re.fullmatch(rf"{case_of(house)}/file\.pdf\?valid_at=[0-9T%A.-]+Z&known_at=[0-9T%A.-]+Z&position=\d+", exact)
    fact = read(EVENTS["MarketedNameAdded"], {"marketed_name": "Later", "on": "2026-05-01"})
    desk = desk_of(house)
    recorded = desk.register.registry.record(Command(Stream("case", house.cases["alpha"]), Actor(uuid4(), Role.CASE_OFFICER), fact, desk.clock()))
    assert desk.register.follower.wait_for(recorded.position, 10)
    assert officer.get(exact).content == first
    assert file_of(officer, f"{case_of(house)}/file.pdf")[1] != first


def test_a_file_holds_every_event_its_clocks_with_their_arithmetic_and_its_documents(house: House, officer: Browser) -> None:
    _, content = file_of(officer, f"{case_of(house)}/file.pdf?known_at=2026-11-01")
    said = body(content)
    rows = desk_of(house).office.history(UUID(house.cases["alpha"]), instant("2026-10-31T23:00:00Z"))
    assert opened(content).attachments["events.ndjson"] == [b"".join(row.state + b"\n" for row in rows)]
    mine = [row.state for row in rows if row.event.stream.kind != "entry"]
    assert mine == stored(house, house.cases["alpha"])[: len(mine)]
    for row in rows:
        assert f"as{row.event.topic};threshold1" in said
    assert squeezed("D3: To be heard, Charter, Article 41") in said
    assert squeezed("10 working days are counted from Tuesday 21 April 2026") in said
    assert squeezed("Presumed, Article 51(1)(a) and (2) 1 March 2026, 00:00 no end known") in said
    for number, _, digest in ((line.number, field, digest) for line in lines_of(rows) for field, digest in documents_named(line.event.fact)):
        assert f"{digest}{number}," in said


def test_a_file_of_an_earlier_time_knows_less(house: House, officer: Browser) -> None:
    _, then = file_of(officer, f"{case_of(house)}/file.pdf?valid_at=2026-04-01&known_at=2026-04-01")
    assert "ArgumentsReceived" in body(then)
    assert "ArgumentsRejected" not in body(then)
    assert b"ArgumentsRejected" not in opened(then).attachments["events.ndjson"][0]


def test_the_receipts_that_a_file_names_are_those_of_its_events(house: House, officer: Browser) -> None:
    _, content = file_of(officer, f"{case_of(house)}/file.pdf?known_at=2026-11-01")
    auditor = house.browser().signed_in(Role.AUDITOR)
    desk, found = desk_of(house), body(content)
    assert desk.leaf_of is not None
    for number, row in enumerate(desk.office.history(UUID(house.cases["alpha"]))[:3], start=1):
        leaf = desk.leaf_of(row.position)
        assert re.search(rf"{number}{row.position}{leaf}[0-9a-f]{{64}}", found)
        assert f"index {leaf}\n" in auditor.get(f"/audit/log/receipt/{leaf}.tlog-proof").text


def test_a_position_ahead_of_the_register_becomes_the_last_one(house: House, officer: Browser) -> None:
    exact, whole = file_of(officer, f"{case_of(house)}/file.pdf?known_at=2026-11-01")
    position = int(exact.rpartition("=")[2])
    assert way(officer.get(exact.replace(f"position={position}", f"position={position + 1}"))) == exact
    less = officer.get(exact.replace(f"position={position}", f"position={position - 1}"))
    assert (
        len(opened(less.content).attachments["events.ndjson"][0].splitlines()) == len(opened(whole).attachments["events.ndjson"][0].splitlines()) - 1
    )


@pytest.mark.parametrize("query", ["valid_at=soon", "known_at=1&known_at=2", "page=1", "position=0", "position=-1", "position=1e3"])
def test_times_that_are_none_are_told_and_nothing_is_noted(house: House, officer: Browser, query: str) -> None:
    before, _ = house.log.head()
    assert officer.get(f"{case_of(house)}/file.pdf?{query}").status_code == 400
    assert house.noted(before) == []


def test_nothing_of_the_vault_is_in_a_letter_or_a_file(house: House, officer: Browser) -> None:
    desk, app = desk_of(house), house.client.app
    while not hasattr(app, "state"):
        app = app._app  # type: ignore[attr-defined]
    vault = app.state.persons.vault
    person = vault.add(PersonalData(name="Zsuzsanna Quill", e_mail="quill@example.org"), desk.clock())
    provider, stream = uuid4(), Stream("case", house.cases["alpha"])
    said = {"provider_ref": str(provider), "provider_kind": "NATURAL_PERSON", "person_ref": str(person), "country": "HU", "in_union": True}
    fact = read(EVENTS["ProviderIdentified"], {**said, "from_on": "2026-01-01"})
    recorded = desk.register.registry.record(Command(stream, Actor(uuid4(), Role.CASE_OFFICER), fact, desk.clock()))
    assert desk.register.follower.wait_for(recorded.position, 10)
    draft = drafted(house, addressees=[str(provider)])
    fresh = desk.door.drafts.freeze(stream, draft.topic, draft.data, seen=10_000, by=DRAFTER)
    page, pdf = officer.get(draft_address(fresh)), officer.get(f"{draft_address(fresh)}.pdf").content
    _, file = file_of(officer, f"{case_of(house)}/file.pdf")
    assert "a natural person, whose name is not given here, Hungary" in words(page)
    assert str(provider) in body(pdf)
    assert str(person) in body(file)
    for shown in (page.text, body(pdf), body(file), *(str(one) for one in opened(file).attachments.values())):
        assert "quill" not in shown.lower()


# -- No PDF now ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        (lambda desk: replace(desk, press=Press(1, 30)), 413, "This is too long for one PDF"),
        (lambda desk: replace(desk, press=Press(10**7, 0.01)), 503, "Others are being printed, or this one takes longer than it may"),
        (lambda desk: replace(desk, leaf_of=lambda position: None), 503, "its leaf in the log is being written"),
    ],
)
def test_a_pdf_that_cannot_be_made_now_says_why_and_was_not_read(
    house: House, officer: Browser, change: Callable[[Desk], Desk], status: int, sentence: str
) -> None:
    client = TestClient(Starlette(routes=letter_pages(change(desk_of(house)))), base_url="http://127.0.0.1", cookies=officer.cookies)
    before, _ = house.log.head()
    answer = client.get(f"{letter_at(house)}.pdf")
    assert (answer.status_code, sentence in words(answer)) == (status, True), words(answer)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert house.noted(before) == []
