"""Four eyes by a provider (R31): whoever signed in through it adopts exactly the draft they read by signing in again, and nobody does for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response
from sqlalchemy import text

from api.openid import LEEWAY
from domain.actors import Role
from tests.interfaces.office_acts import DESIGNATION, HASH, MET, NAMED, go_on, place, recorded, send
from tests.interfaces.office_house import PASSWORD, Browser, title, way, words
from tests.interfaces.openid_house import Setting, is_signed_in, vouched_for

OFFICER = "person-7"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    with vouched_for(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as setting:
        setting.house.accounts.add("second", Role.DECISION_OFFICER, None)
        setting.link("second", OFFICER)
        setting.link("auditor", "person-8")
        yield setting


@pytest.fixture
def setting(opened: Setting) -> Setting:
    """The house, where nobody has tried anything yet."""
    with opened.house.database.writing() as rows:
        rows.execute(text("DELETE FROM attempts"))
    opened.provider.forget()
    return opened


def sign_in(setting: Setting) -> Browser:
    setting.provider.claims["sub"] = OFFICER
    browser = setting.house.browser()
    assert way(setting.sign_in(browser)) == "/workbench/"
    setting.provider.forget()
    setting.provider.claims["sub"] = OFFICER
    return browser


@pytest.fixture
def second(setting: Setting) -> Browser:
    """Somebody who came in through the provider, and has no password here."""
    return sign_in(setting)


def designation(setting: Setting) -> str:
    """Open a case whose model may be designated; return where the designation is drafted."""
    officer = setting.house.browser().signed_in()
    address = way(officer.get("/workbench/cases/new"))
    recorded(officer, address, "ModelCaseOpened", {"lineage_key": f"lineage {uuid4()}", "internal_name": "Omega"})
    case = address.split("/")[3]
    recorded(officer, place(case, "threshold-met"), "ThresholdMet", MET)
    return place(case, "model-designated-under-52-4")


def draft_of(setting: Setting, browser: Browser) -> str:
    """Freeze a designation; return the draft's address."""
    address = designation(setting)
    return way(go_on(browser, address, send(browser, address, "ModelDesignatedUnder52_4", DESIGNATION), "freeze"))


@pytest.fixture
def draft(setting: Setting) -> str:
    return draft_of(setting, setting.house.browser().signed_in())


def fingerprint_of(browser: Browser, draft: str) -> str:
    return re.findall(r"[0-9a-f]{64}", browser.get(draft).text)[0]


def adopt(setting: Setting, browser: Browser, draft: str, **claims: Any) -> Response:
    asked = setting.gone(browser, next=draft, fingerprint=fingerprint_of(browser, draft))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    setting.provider.claims |= claims
    return setting.come_back(browser, asked)


def noted(setting: Setting, before: int) -> list[tuple[str, str]]:
    return [(row.act.value, row.outcome) for row in setting.house.noted(before) if row.act.value.startswith("SIGN")]


def test_by_signing_in_again_exactly_the_draft_is_adopted_once(setting: Setting, second: Browser, draft: str) -> None:
    before, rows = setting.house.recorded(), setting.house.log.head()[0]
    said = words(second.get(draft))
    assert "Sign in again and adopt" in said
    assert "Your password" not in said
    answer = adopt(setting, second, draft)
    assert "Model designated under 52(4), version 3" in words(second.get(way(answer)))
    assert setting.house.recorded() == before + 2
    assert noted(setting, rows) == [("SIGNED_IN", "AGAIN")]
    assert is_signed_in(second)


@pytest.mark.parametrize(
    ("auth_time", "adopted"),
    [
        (10 - LEEWAY.total_seconds(), True),
        (-10 - LEEWAY.total_seconds(), False),
        (None, False),
    ],
)
def test_who_signed_in_before_does_not_adopt_by_that(
    setting: Setting, second: Browser, draft: str, auth_time: float | None, adopted: bool
) -> None:  # fmt: skip
    before, rows = setting.house.recorded(), setting.house.log.head()[0]
    answer = adopt(setting, second, draft, auth_time=None if auth_time is None else int(time() + auth_time))
    assert (answer.status_code, setting.house.recorded()) == ((303, before + 2) if adopted else (403, before))
    assert noted(setting, rows) == [("SIGNED_IN", "AGAIN") if adopted else ("SIGN_IN_REFUSED", "NOT_FRESH")]
    assert adopted or "Go back to where you were" in words(answer)


@pytest.mark.parametrize("auth_time", ["now", True, [1], float("nan"), {}])
def test_what_is_no_time_is_not_fresh(setting: Setting, second: Browser, draft: str, auth_time: object) -> None:
    before = setting.house.recorded()
    assert (adopt(setting, second, draft, auth_time=auth_time).status_code, setting.house.recorded()) == (403, before)


@pytest.mark.parametrize("person", ["person-8", "person-unknown"])
def test_when_somebody_else_comes_back_nothing_is_adopted(setting: Setting, second: Browser, draft: str, person: str) -> None:
    before, rows = setting.house.recorded(), setting.house.log.head()[0]
    answer = adopt(setting, second, draft, sub=person)
    assert (answer.status_code, title(answer).startswith("Error: "), setting.house.recorded()) == (422, True, before)
    assert "Somebody else than you signed in, so nothing was adopted." in words(answer)
    assert noted(setting, rows) == [("SIGN_IN_REFUSED", "OTHER_PERSON")]
    assert second.get(draft).status_code == 200


def test_another_fingerprint_or_none_of_a_draft_adopts_nothing(setting: Setting, second: Browser, draft: str) -> None:
    before = setting.house.recorded()
    for back, fingerprint, status in (
        (draft, HASH, 409),
        (draft, "", 409),
        (f"/workbench/drafts/{uuid4()}", HASH, 404),
        ("/workbench/law", HASH, 404),
    ):
        answer = setting.come_back(second, setting.gone(second, next=back, fingerprint=fingerprint))
        assert (answer.status_code, setting.house.recorded()) == (status, before)
        setting.provider.claims = {"sub": OFFICER}


def test_a_draft_that_somebody_closed_meanwhile_is_not_adopted(setting: Setting, second: Browser, draft: str) -> None:
    asked = setting.gone(second, next=draft, fingerprint=(fingerprint := fingerprint_of(second, draft)))
    other = setting.house.browser().signed_in(Role.DECISION_OFFICER)
    fields = {"form_token": other.token(draft), "fingerprint": fingerprint, "act": "reject", "reason": "Thin."}
    assert way(other.post(draft, fields)) == draft
    before = setting.house.recorded()
    answer = setting.come_back(second, asked)
    assert (answer.status_code, setting.house.recorded()) == (409, before)


def test_a_draft_on_an_older_version_is_not_adopted(setting: Setting, second: Browser, draft: str) -> None:
    case = re.search(r"/workbench/cases/([0-9a-f-]{36})", second.get(draft).text)
    assert case
    asked = setting.gone(second, next=draft, fingerprint=fingerprint_of(second, draft))
    recorded(setting.house.browser().signed_in(), place(case[1], "marketed-name-added"), "MarketedNameAdded", NAMED)
    before = setting.house.recorded()
    assert (setting.come_back(second, asked).status_code, setting.house.recorded()) == (412, before)


def test_the_drafter_does_not_adopt_by_signing_in_again(setting: Setting, second: Browser) -> None:
    own = draft_of(setting, second)
    before = setting.house.recorded()
    answer = adopt(setting, second, own)
    assert (answer.status_code, setting.house.recorded()) == (409, before)
    assert "R31" in words(answer)


def test_an_auditor_adopts_nothing_by_signing_in_again(setting: Setting, draft: str) -> None:
    setting.provider.claims["sub"] = "person-8"
    browser = setting.house.browser()
    setting.sign_in(browser)
    setting.provider.claims = {"sub": "person-8"}
    before = setting.house.recorded()
    assert (adopt(setting, browser, draft).status_code, setting.house.recorded()) == (403, before)


def test_whose_session_ended_meanwhile_signs_in_first(setting: Setting, second: Browser, draft: str) -> None:
    asked = setting.gone(second, next=draft, fingerprint=fingerprint_of(second, draft))
    setting.house.accounts.sign_out("second")
    before = setting.house.recorded()
    assert way(setting.come_back(second, asked)).startswith("/sign-in?next=")
    assert setting.house.recorded() == before


def test_who_has_no_password_signs_in_with_none(setting: Setting) -> None:
    for password in ("", PASSWORD, "None"):
        assert setting.house.browser().sign_in(name="second", password=password).status_code == 422


def test_whose_session_ends_over_a_form_finds_it_again_through_the_provider(setting: Setting, second: Browser) -> None:
    address = designation(setting)
    page = second.get(address)
    token = re.search(r'name="form_token" value="([^"]+)"', page.text)
    assert token
    setting.house.accounts.sign_out("second")
    answer = second.post(address, {"form_token": token[1], "seen": "2", "act": "check", "fact-commission_ref": "C(2026) kept"})
    asked_to = way(answer)
    assert asked_to.startswith("/sign-in?next=")
    assert "What you wrote is kept for a day" in words(second.get(asked_to))
    assert way(setting.sign_in(second, next=address)) == address
    assert 'value="C(2026) kept"' in second.get(address).text
