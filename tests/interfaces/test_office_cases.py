"""Whoever signs in finds what is theirs: every case, the alerts, and of a provider its own cases with what it may file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

import pytest

from api.stores.access_log import AccessAct
from domain.actors import Role
from tests.interfaces.office_acts import recorded
from tests.interfaces.office_house import Browser, House, name_of, served, way, words

FILERS = [Role.PROVIDER, Role.AUTHORISED_REPRESENTATIVE]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "alerts.yaml") as house:
        yield house


@pytest.fixture
def officer(house: House) -> Browser:
    return house.browser().signed_in()


def opened(officer: Browser, name: str) -> str:
    """Open a case in which nothing waits; return its number."""
    address = way(officer.get("/workbench/cases/new"))
    recorded(officer, address, "ModelCaseOpened", {"lineage_key": f"lineage {uuid4()}", "internal_name": name})
    return address.split("/")[3]


def name_in(officer: Browser, case: str, role: Role, ref: str) -> None:
    """Let a case name somebody as its provider, or as the representative of one."""
    provider = ref if role is Role.PROVIDER else str(uuid4())
    identified = {"provider_kind": "LEGAL_PERSON", "legal_name": "Invented", "country": "CH", "in_union": False, "from_on": "2026-01-01"}
    recorded(officer, f"/workbench/cases/{case}/record/provider-identified", "ProviderIdentified", {**identified, "provider_ref": provider})
    if role is Role.PROVIDER:
        return
    mandate = {"representative_ref": ref, "representative_kind": "LEGAL_PERSON", "legal_name": "Invented too", "provider_ref": provider}
    mandate |= {"mandate_scope": ["ALL"], "mandate_hash": "0" * 64, "from_on": "2026-01-01"}  # type: ignore[dict-item]
    form = f"/workbench/cases/{case}/record/authorised-representative-appointed"
    recorded(officer, form, "AuthorisedRepresentativeAppointed", mandate)


@pytest.mark.parametrize("role", [Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.AUDITOR, Role.PUBLICATION_OFFICER])
def test_a_case_in_which_nothing_waits_is_found_all_the_same(house: House, officer: Browser, role: Role) -> None:
    case, browser = opened(officer, "Quiet"), house.browser().signed_in(role)
    assert f"/workbench/cases/{case}" not in browser.get("/workbench/").text
    before, _ = house.log.head()
    found = browser.get("/workbench/cases?search=quiet")
    assert f'href="/workbench/cases/{case}"' in found.text
    assert [row.act for row in house.noted(before)] == [AccessAct.READ]
    assert f"case/{case}" in house.noted(before)[0].subjects
    assert "No case fits" in words(browser.get("/workbench/cases?search=nothing-of-that-name"))
    assert browser.get("/workbench/cases?after=0").status_code == 400


def test_many_cases_are_shown_fifty_at_a_time(officer: Browser) -> None:
    there = officer.get("/workbench/cases").text.count("register-table__name")
    for number in range(51 - there):
        opened(officer, f"Further {number}")
    first = officer.get("/workbench/cases")
    assert "50 cases on this page" in words(first)
    assert "Further cases" in words(first)
    further = first.text.partition('" rel="next"')[0].rpartition('"')[2]
    assert "The first cases" in words(officer.get(further))


@pytest.mark.parametrize("role", FILERS)
def test_who_files_finds_its_own_case_with_what_it_may_file_and_no_other(house: House, officer: Browser, role: Role) -> None:
    browser, account = house.browser().signed_in(role), house.accounts.find(name_of(role))
    assert account
    before, _ = house.log.head()
    assert str(account.actor.ref) in words(browser.get("/workbench/"))
    assert house.noted(before) == []
    case = opened(officer, f"Working name of {role}")
    name_in(officer, case, role, str(account.actor.ref))
    before, _ = house.log.head()
    page = browser.get("/workbench/")
    assert f'href="/workbench/cases/{case}/record/notification-received"' in page.text
    assert "Working name" not in page.text
    assert page.text.count("<section") == 1
    assert [row.subjects for row in house.noted(before)] == [(f"case/{case}",)]
    assert browser.get(f"/workbench/cases/{case}/record/notification-received").status_code == 200
    assert browser.get(f"/workbench/cases/{case}/record/threshold-met").status_code == 403
    (other_case, *_) = house.cases.values()
    assert browser.get(f"/workbench/cases/{other_case}/record/notification-received").status_code == 404


@pytest.mark.parametrize(("role", "may"), [(Role.PANEL, True), (Role.CASE_OFFICER, True), (Role.AUDITOR, True), (Role.PUBLICATION_OFFICER, False)])
def test_alerts_are_found_by_those_who_read_them(house: House, role: Role, may: bool) -> None:
    browser = house.browser().signed_in(role)
    page = browser.get("/workbench/alerts")
    assert page.status_code == (200 if may else 403)
    assert ('href="/workbench/alerts"' in browser.get("/workbench/").text) is may
    assert ("Article 90(1)(a)" in words(page)) is may


@pytest.mark.parametrize("role", sorted({Role.PANEL, Role.LAW_OFFICER}))
def test_who_reads_no_case_is_told_what_is_theirs_to_do(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    page = browser.get("/workbench/")
    assert "What is yours to do" in words(page)
    assert ('href="/workbench/alerts/new"' in page.text) is (role is Role.PANEL)
    assert ('href="/workbench/calendar"' in page.text) is False


def test_a_reference_is_filled_in_where_somebody_is_named_first_and_where_there_is_a_single_provider(officer: Browser) -> None:
    case = opened(officer, "Named")
    form = officer.get(f"/workbench/cases/{case}/record/provider-identified").text
    given = re.search(r'name="fact-provider_ref"[^>]* value="([0-9a-f-]{36})"', form)
    assert given
    ref = str(uuid4())
    name_in(officer, case, Role.PROVIDER, ref)
    notification = officer.get(f"/workbench/cases/{case}/record/notification-received").text
    assert re.search(rf'name="fact-provider_ref"[^>]* value="{ref}"', notification)
    name_in(officer, case, Role.PROVIDER, str(uuid4()))
    notification = officer.get(f"/workbench/cases/{case}/record/notification-received").text
    assert not re.search(r'name="fact-provider_ref"[^>]* value="[0-9a-f]', notification)
