"""Recording in the browser: check, record once, nothing lost; and decisions by four eyes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from uuid import uuid4

import pytest
from httpx2 import Response
from sqlalchemy import delete, select, update

from api.stores.access_log import AccessAct
from api.stores.access_tables import attempts, drafts, kept_forms
from domain.actors import Role
from tests.conftest import POSTGRES, new_url
from tests.interfaces.office_acts import DESIGNATION, HASH, MET, NAMED, end_for_want_of_use, go_on, hidden, place, recorded, send
from tests.interfaces.office_house import PASSWORD, Browser, House, served, title, way, words


@pytest.fixture(scope="module", params=["file", POSTGRES])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    url = new_url(request.param, folder, request)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)  # beside PostgreSQL, keys and documents lie in `var`
        with served(folder, "flow-arguments-rejected.yaml", url=url) as house:
            house.accounts.add("second", Role.DECISION_OFFICER, PASSWORD)
            yield house


@pytest.fixture
def house(opened: House) -> House:
    with opened.database.writing() as rows:
        for table in (attempts, kept_forms):
            rows.execute(delete(table))
    return opened


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


@pytest.fixture
def case(officer: Browser) -> str:
    """A case of its own, opened in the browser, with a condition met."""
    address = way(officer.get("/workbench/cases/new"))
    answer = recorded(officer, address, "ModelCaseOpened", {"lineage_key": f"lineage {uuid4()}", "internal_name": "Omega"})
    assert "Model case opened, version 1" in words(answer)
    case = address.split("/")[3]
    recorded(officer, place(case, "threshold-met"), "ThresholdMet", MET)
    return case


# -- Check, then record ----------------------------------------------------------------------


def test_a_case_is_opened_and_the_consequences_are_told_before_they_are_recorded(house: House, officer: Browser) -> None:
    address = way(officer.get("/workbench/cases/new"))
    case = address.split("/")[3]
    recorded(officer, address, "ModelCaseOpened", {"lineage_key": f"lineage {uuid4()}", "internal_name": "Omega"})
    before = house.recorded()
    checked = send(officer, place(case, "threshold-met"), "ThresholdMet", MET)
    said = words(checked)
    assert "The status changes from Not classified to Classified ." in said
    assert re.search(r"A clock starts: D1 To notify, Article 52\(1\).{0,20}last day 16 March 2026", said), said
    assert "Nothing becomes public." in said
    assert "11000000000000000000000000 (1.1 × 10" in said
    assert house.recorded() == before
    page = officer.get(way(go_on(officer, place(case, "threshold-met"), checked, "record")))
    assert "Threshold met, version 2" in words(page)
    assert house.recorded() == before + 2  # the event, and the claim of its key
    assert "Classified" in words(officer.get(f"/workbench/cases/{case}"))


def test_a_double_click_records_once(house: House, officer: Browser, case: str) -> None:
    address, before = place(case, "marketed-name-added"), house.recorded()
    checked = send(officer, address, "MarketedNameAdded", NAMED)
    ways = {way(go_on(officer, address, checked, "record")) for _ in range(3)}
    assert ways == {f"{address}?recorded=3"}
    assert house.recorded() == before + 2


def test_another_text_under_the_key_of_what_was_recorded_records_nothing(house: House, officer: Browser, case: str) -> None:
    address = place(case, "marketed-name-added")
    checked = send(officer, address, "MarketedNameAdded", NAMED)
    go_on(officer, address, checked, "record")
    before = house.recorded()
    answer = officer.post(address, {**hidden(checked), "fact-marketed_name": "Other", "act": "record"})
    assert (answer.status_code, "used with another request" in words(answer), house.recorded()) == (422, True, before)


def test_every_answer_can_be_changed_and_nothing_is_asked_twice(officer: Browser, case: str) -> None:
    address = place(case, "marketed-name-added")
    checked = send(officer, address, "MarketedNameAdded", NAMED)
    assert f'formaction="{address}#fact-marketed_name"' in checked.text
    form = officer.post(address, {**hidden(checked), "act": "edit"})
    assert (form.status_code, 'value="Alpha"' in form.text, title(form)) == (200, True, "Marketed name added")


def test_who_acts_on_an_older_version_sees_both_texts_and_loses_nothing(house: House, officer: Browser, case: str) -> None:
    address = place(case, "marketed-name-added")
    checked = send(officer, address, "MarketedNameAdded", {"marketed_name": "Mine <b>", "on": "2026-03-10"})
    recorded(house.browser().signed_in(), address, "MarketedNameAdded", {"marketed_name": "Theirs", "on": "2026-03-11"})
    before = house.recorded()
    answer = go_on(officer, address, checked, "record")
    said = words(answer)
    assert (answer.status_code, title(answer)) == (412, "Somebody acted meanwhile")
    assert "Theirs" in said.partition("What you wrote")[0]
    assert "Mine <b>" in said.partition("What you wrote")[2]
    assert "<b>" not in answer.text
    assert house.recorded() == before
    form = officer.post(address, {**hidden(answer), "act": "again"})
    assert 'value="Mine &lt;b&gt;"' in form.text
    assert hidden(form)["seen"] == "3"


def test_a_refusal_says_rule_sentence_and_article_and_leaves_no_trace(house: House, officer: Browser, case: str) -> None:
    before = house.recorded()
    answer = send(officer, place(case, "threshold-met"), "ThresholdMet", {**MET, "compute_flop": "1e25"})
    said = words(answer)
    assert (answer.status_code, title(answer)) == (409, "Error: Threshold met")
    assert "Not possible: R01, 51(2)" in said
    assert "not greater than the threshold" in said
    assert 'value="10000000000000000000000000"' in answer.text or 'value="1e25"' in answer.text
    assert house.recorded() == before


def test_what_contradicts_its_own_event_is_told_at_its_field(house: House, officer: Browser, case: str) -> None:
    before = house.recorded()
    answer = send(officer, place(case, "threshold-met"), "ThresholdMet", {**MET, "threshold_version": 7})
    assert answer.status_code in (409, 422)
    assert house.recorded() == before


def test_what_arrives_is_recorded_and_ruled_inadmissible(officer: Browser, case: str) -> None:
    ref = str(uuid4())
    filing = {"received_at": "2026-03-12T15:00:00+01:00", "provider_ref": ref, "filer_ref": ref, "filer_role": "PROVIDER", "channel": "EU_SEND"}
    request = {**filing, "target_decision_id": str(uuid4()), "reasons": [{"text_hash": HASH, "arose_on": "2026-03-01"}]}
    address = place(case, "reassessment-request-received")
    checked = send(officer, address, "ReassessmentRequestReceived", request)
    assert "ruled inadmissible in the same save: R13, Article 52(5)" in words(checked)
    page = officer.get(way(go_on(officer, address, checked, "record")))
    assert "R13, Article 52(5)" in words(page)


@pytest.mark.parametrize("change", [{"seen": "x"}, {"seen": ""}, {"key": ""}, {"key": "x" * 32}, {"form_token": "x"}])
def test_a_form_that_no_page_made_records_nothing(house: House, officer: Browser, case: str, change: dict[str, str]) -> None:
    address, before = place(case, "marketed-name-added"), house.recorded()
    checked = send(officer, address, "MarketedNameAdded", NAMED)
    answer = officer.post(address, {**hidden(checked), "act": "record", **change})
    assert (answer.status_code, house.recorded()) == (403, before)


@pytest.mark.parametrize(
    "address",
    ["cases/x/record/threshold-met", "cases/{}/record/threshold-met", "cases/{}/record/nothing", "cellar/{}/record/x"],
)
def test_what_is_not_there_is_a_page(officer: Browser, address: str) -> None:
    assert officer.get(f"/workbench/{address.format(uuid4())}").status_code == 404


def test_what_others_recorded_is_shown_to_nobody_at_that_address(house: House, case: str) -> None:
    assert house.browser().signed_in().get(f"{place(case, 'threshold-met')}?recorded=2").status_code == 200
    assert house.browser().signed_in().get(f"{place(case, 'threshold-met')}?recorded=1").status_code == 404
    assert house.browser().signed_in().get(f"{place(case, 'threshold-met')}?recorded=x").status_code == 404


def test_law_that_is_recorded_shows_what_becomes_public_byte_by_byte(house: House) -> None:
    browser = house.browser().signed_in(Role.LAW_OFFICER)
    amended = {
        "threshold_version": 2, "value_flop": "1e26", "oj_ref": "OJ L, 2026/1", "published_on": "2026-03-10", "applies_from": "2027-01-01",
        "presumptions_kept": False,
    }  # fmt: skip
    checked = send(browser, "/workbench/law/record/threshold-amended", "ThresholdAmended", amended)
    assert '"topic":"ThresholdAmended"' in unescape(checked.text)
    assert '"value_flop":"100000000000000000000000000"' in unescape(checked.text)


# -- A session that ended ---------------------------------------------------------------------


def test_what_was_written_when_a_session_ended_is_there_after_signing_in_again(house: House, officer: Browser, case: str) -> None:
    address, before = place(case, "marketed-name-added"), house.recorded()
    checked = send(officer, address, "MarketedNameAdded", {"marketed_name": "Kept", "on": "2026-03-10"})
    end_for_want_of_use(house)
    answer = officer.post(address, {**hidden(checked), "act": "record"})
    assert way(answer).startswith("/sign-in?next=%2Fworkbench%2Fcases%2F")
    assert "What you wrote is kept for a day" in words(officer.get(way(answer)))
    stranger = house.browser().signed_in(Role.CASE_OFFICER)
    assert way(officer.sign_in(next=address)) == address
    form = officer.get(address)
    assert "This is what you had written when your session ended." in words(form)
    assert 'value="Kept"' in form.text
    assert house.recorded() == before
    house.accounts.add(f"other-{case[:8]}", Role.CASE_OFFICER, PASSWORD)
    stranger.sign_in(name=f"other-{case[:8]}")
    assert "Kept" not in stranger.get(address).text
    checked = officer.post(address, {**hidden(form), **_inputs(form), "act": "check"})
    assert "Marketed name added, version 3" in words(officer.get(way(go_on(officer, address, checked, "record"))))
    assert "Kept" not in officer.get(address).text


def test_nobody_leaves_a_form_for_another_account(house: House, officer: Browser, case: str) -> None:
    address = place(case, "marketed-name-added")
    carried = hidden(officer.get(address))
    end_for_want_of_use(house)
    answer = officer.post(address, {"fact-marketed_name": "Forged", "form_token": "x", "seen": carried["seen"]})
    assert (answer.status_code, title(answer)) == (403, "Your session has ended")
    assert officer.sign_in().status_code == 303
    assert "Forged" not in officer.get(address).text


def _inputs(answer: Response) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'name="(fact-[\w-]+)" type="text"[^>]*value="([^"]*)"', answer.text)}


# -- Four eyes (R31) ----------------------------------------------------------------------------

Freeze = Callable[[Browser], str]


@pytest.fixture
def freeze(case: str) -> Freeze:
    """Freeze a draft of a designation; return its address."""

    def freezing(browser: Browser) -> str:
        address = place(case, "model-designated-under-52-4")
        checked = send(browser, address, "ModelDesignatedUnder52_4", DESIGNATION)
        assert "What follows once it is adopted" in words(checked)
        return way(go_on(browser, address, checked, "freeze"))

    return freezing


@pytest.fixture
def second(house: House) -> Browser:
    browser = house.browser()
    assert browser.sign_in(name="second").status_code == 303
    return browser


def adopt(browser: Browser, draft: str, **more: str) -> Response:
    page = browser.get(draft)
    fingerprint = re.findall(r"[0-9a-f]{64}", page.text)[0]
    return browser.post(draft, {"form_token": browser.token(draft), "fingerprint": fingerprint, "password": PASSWORD, "act": "adopt", **more})


def test_a_second_officer_adopts_exactly_the_frozen_draft(house: House, officer: Browser, second: Browser, freeze: Freeze) -> None:
    before = house.recorded()
    draft = freeze(officer)
    assert house.recorded() == before
    assert "Model designated under 52(4)" in words(second.get("/workbench/drafts"))
    assert "Awaiting second officer" in words(second.get("/workbench/"))
    noted, _ = house.log.head()
    page = second.get(way(adopt(second, draft)))
    assert "Model designated under 52(4), version 3" in words(page)
    assert house.recorded() == before + 2
    assert (AccessAct.SIGNED_IN, "AGAIN") in [(row.act, row.outcome) for row in house.noted(noted)]
    assert "Adopted on" in words(officer.get(draft))
    assert draft not in second.get("/workbench/drafts").text
    assert way(adopt(second, draft)).endswith("?recorded=3")  # a second click
    assert house.recorded() == before + 2


def test_the_drafter_does_not_adopt(house: House, second: Browser, freeze: Freeze) -> None:
    draft, before = freeze(second), house.recorded()
    said = words(second.get(draft))
    assert "R31 , Four eyes: The officer who drafted a decision does not record its adoption." in said
    assert "Adopt exactly this draft" not in said
    answer = adopt(second, draft)
    assert (answer.status_code, house.recorded()) == (409, before)


def test_a_case_officer_drafts_and_never_adopts(house: House, officer: Browser, freeze: Freeze) -> None:
    draft, before = freeze(officer), house.recorded()
    assert "Adopt exactly this draft" not in words(officer.get(draft))
    assert (adopt(officer, draft).status_code, house.recorded()) == (403, before)


@pytest.mark.parametrize(("more", "status"), [({"password": "wrong password"}, 422), ({"password": ""}, 422), ({"fingerprint": HASH}, 409)])
def test_without_the_password_or_with_another_fingerprint_nothing_is_adopted(
    house: House, officer: Browser, second: Browser, freeze: Freeze, more: dict[str, str], status: int
) -> None:  # fmt: skip
    draft, before = freeze(officer), house.recorded()
    answer = adopt(second, draft, **more)
    assert (answer.status_code, title(answer).startswith("Error: "), house.recorded()) == (status, True, before)
    assert draft in second.get("/workbench/drafts").text


def test_a_draft_that_was_altered_is_adopted_by_nobody(house: House, officer: Browser, second: Browser, freeze: Freeze) -> None:
    draft, before = freeze(officer), house.recorded()
    with house.database.writing() as rows:
        own = drafts.c.draft_id == draft.rsplit("/", 1)[1]
        content = bytes(rows.execute(select(drafts.c.content).where(own)).scalar_one())
        rows.execute(update(drafts).where(own).values(content=content.replace(b"C(2026) 1", b"C(2026) 2")))
    answer = second.get(draft)
    assert (answer.status_code, title(answer)) == (409, "This draft was altered")
    answer = second.post(draft, {"form_token": second.token("/workbench/"), "fingerprint": HASH, "password": PASSWORD, "act": "adopt"})
    assert (answer.status_code, house.recorded()) == (409, before)


def test_a_draft_on_an_older_version_is_adopted_by_nobody(house: House, officer: Browser, second: Browser, freeze: Freeze) -> None:
    draft = freeze(officer)
    case = re.search(r"/workbench/cases/([0-9a-f-]{36})", officer.get(draft).text)
    assert case
    recorded(officer, place(case[1], "marketed-name-added"), "MarketedNameAdded", NAMED)
    before = house.recorded()
    said = words(second.get(draft))
    assert "Somebody acted on this case since the draft was frozen" in said
    assert "Alpha" in said.partition("Recorded meanwhile")[2].partition("What it says")[0]
    assert "C(2026) 1" in said.partition("What it says")[2]
    assert (adopt(second, draft).status_code, house.recorded()) == (412, before)


def test_the_text_of_a_draft_that_is_out_of_date_goes_on_in_a_new_one(house: House, officer: Browser, second: Browser, freeze: Freeze) -> None:
    draft = freeze(officer)
    found = re.search(r"/workbench/cases/([0-9a-f-]{36})", officer.get(draft).text)
    assert found
    recorded(officer, place(found[1], "marketed-name-added"), "MarketedNameAdded", NAMED)
    before, address = house.recorded(), place(found[1], "model-designated-under-52-4")
    form = officer.post(address, {**hidden(officer.get(draft)), "act": "again"})
    assert (form.status_code, 'value="C(2026) 1"' in form.text, hidden(form)["seen"]) == (200, True, "3")
    checked = officer.post(address, {**hidden(officer.get(draft)), "seen": "3", "act": "check"})
    anew = way(go_on(officer, address, checked, "freeze"))
    assert anew != draft
    assert house.recorded() == before
    assert "version 4" in words(second.get(way(adopt(second, anew))))


def test_a_draft_is_rejected_with_a_reason_and_no_sooner(house: House, officer: Browser, second: Browser, freeze: Freeze) -> None:
    draft, before = freeze(officer), house.recorded()
    assert adopt(second, draft, act="reject").status_code == 422
    assert adopt(second, draft, act="reject", reason="x" * 501).status_code == 422
    assert way(adopt(second, draft, act="reject", reason="The <b>findings</b> are thin.")) == draft
    assert "The <b>findings</b> are thin." in words(officer.get(draft))
    assert "<b>findings" not in officer.get(draft).text
    assert adopt(second, draft).status_code == 409
    assert house.recorded() == before


def test_the_same_text_frozen_twice_is_one_draft(officer: Browser, case: str) -> None:
    address = place(case, "model-designated-under-52-4")
    checked = send(officer, address, "ModelDesignatedUnder52_4", DESIGNATION)
    assert way(go_on(officer, address, checked, "freeze")) == way(go_on(officer, address, checked, "freeze"))


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.PUBLICATION_OFFICER, Role.LAW_OFFICER, Role.PANEL])
def test_drafts_are_for_those_who_read_the_whole_file(house: House, officer: Browser, freeze: Freeze, role: Role) -> None:
    browser = house.browser().signed_in(role)
    assert [browser.get(address).status_code for address in ("/workbench/drafts", freeze(officer))] == [403, 403]
