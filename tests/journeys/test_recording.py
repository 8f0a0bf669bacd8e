"""Whoever records in a real browser, with and without scripts: from an empty form to the record, and by four eyes."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser
HASH = "0" * 64


def a_case(here: Any) -> str:
    """The address of a case on the list of what waits."""
    here.open("/workbench/?sort=case")
    address: str = here.page.locator("a.register-table__name").nth(3).get_attribute("href")
    return address


def day(here: Any, field: str, *parts: str) -> None:
    for name, text in zip(("day", "month", "year"), parts, strict=True):
        here.page.locator(f"#fact-{field}-{name}").fill(text)


def check(here: Any) -> None:
    here.page.locator("form.record-form > button.govuk-button").click()


def sound(here: Any, *statuses: int) -> None:
    """Hold a page against the rules of accessibility at the width it has."""
    assert here.violations() == []
    assert not here.scrolls_sideways()
    noted = tuple(f"Failed to load resource: the server responded with a status of {status} " for status in statuses)
    assert [line for line in here.complaints if not line.startswith(noted)] == []


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_a_case_officer_records_a_fact_and_is_told_what_follows(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "case-officer")
        address = a_case(here)
        here.open(f"{address}/record/marketed-name-added")
        if scripts:
            sound(here)
        check(here)
        summary = here.page.get_by_role("alert")
        summary.wait_for()
        assert "Marketed name is missing" in summary.inner_text()
        if scripts:
            assert "govuk-error-summary" in here.page.locator(":focus").get_attribute("class")
            sound(here, 422)
        here.page.locator("#fact-marketed_name").fill("Another name")
        day(here, "on", "1", "9", "2026")
        check(here)
        here.page.get_by_role("heading", level=1, name="Check your answers").wait_for()
        assert here.page.get_by_text("Nothing becomes public.").is_visible()
        if scripts:
            sound(here, 422)
        here.page.get_by_role("button", name="Change Marketed name").click()
        assert here.page.locator("#fact-marketed_name").input_value() == "Another name"
        check(here)
        here.page.get_by_role("button", name="Record", exact=True).click()
        here.page.get_by_role("heading", level=1, name="Recorded").wait_for()
        if scripts:
            sound(here, 422)
        here.page.get_by_role("link", name="Go to the record").click()
        here.page.get_by_role("rowheader", name="Marketed name added").last.wait_for()


def fill_designation(here: Any) -> None:
    """Write a designation adopted in urgency, so that no hearing need be over."""
    for name, text in (("commission_ref", "C(2026) 1"), ("addressees", "3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10")):
        here.page.locator(f"#fact-{name}").fill(text)
    for name in ("reasons_hash", "hearing_omitted_text_hash", "findings_hash"):
        here.page.locator(f"#fact-{name}").fill(HASH)
    here.page.locator("#fact-signatory_ref").fill("3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a11")
    day(here, "adopted_on", "1", "9", "2026")
    for name, value in (("legal_basis", "52(4)"), ("hearing_omitted_reason", "URGENCY"), ("remedies_stated", "true"), ("origin", "EX_OFFICIO")):
        here.page.locator(f'[name="fact-{name}"][value="{value}"]').check()
    for point in here.page.locator('[name="fact-points_considered"]').all():
        point.check()


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_a_decision_is_drafted_by_one_and_adopted_by_another(visit, enter, password, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "case-officer")
        here.open("/workbench/cases/new")
        here.page.locator("#fact-lineage_key").fill(f"journey {width} {scripts}")
        here.page.locator("#fact-internal_name").fill("Journey")
        check(here)
        here.page.get_by_role("button", name="Record", exact=True).click()
        here.page.get_by_role("link", name="Go to the record").click()
        here.page.wait_for_url("**/workbench/cases/*")
        here.open(f"{here.page.url}/record/model-designated-under-52-4")
        fill_designation(here)
        if scripts:
            sound(here)
        check(here)
        here.page.get_by_role("button", name="Freeze as a draft").click()
        here.page.wait_for_url("**/workbench/drafts/*")
        draft = here.page.url
        enter(here, "decision-officer")
        here.page.get_by_role("link", name="Awaiting second officer").click()
        if scripts:
            sound(here)
        here.open(draft)
        if scripts:
            sound(here)
        here.page.get_by_label("Your password, once more").fill(password)
        here.page.get_by_role("button", name="Adopt").click()
        here.page.get_by_role("heading", level=1, name="Recorded").wait_for()


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("publication-officer", "an order"),
        ("law-officer", "/workbench/law/record/holiday-calendar-published"),
        ("case-officer", "a form with groups"),
        ("auditor", "a case at other times"),
    ],
)
def test_a_page_of_the_workbench_is_accessible_narrow_or_wide(visit, enter, name, address, width):
    with visit(width) as here:
        enter(here, "case-officer")
        case = a_case(here)
        desk = case.replace("/cases/", "/publications/")
        places = {
            "an order": f"{desk}/record/publication-ordered",
            "a form with groups": f"{case}/record/compute-estimate-revised",
            "a case at other times": f"{case}?valid_at=2026-08-01&known_at=2026-08-01",
        }
        enter(here, name)
        assert here.open(places.get(address, address)).status == 200
        sound(here)


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_an_officer_reads_the_letter_of_a_decision_and_takes_it_away_as_pdf(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "case-officer")
        here.open("/workbench/?search=Kahnfahrt")
        here.page.locator("a.register-table__name").first.click()
        here.page.get_by_role("link", name="letter of event").first.click()
        here.page.get_by_role("heading", level=2, name="Operative part").wait_for()
        if scripts:
            sound(here)
        address = here.page.get_by_role("link", name="This letter as PDF").get_attribute("href")
        assert here.page.request.get(f"{here.base}{address}").body().startswith(b"%PDF-1.7")
