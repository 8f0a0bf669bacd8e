"""A case from its notification to the list and to the auditor, told by everybody who has a part in it, through the pages alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from api.schemas import EXAMPLE
from tests.journeys.test_recording import HASH, check, day

pytestmark = pytest.mark.browser
REFERENCE = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SIGNATORY = "3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a11"
SLOT_LOOKS = 200
"""How often a page is opened anew while the register looks for slots, which it does every five seconds."""


def text(here: Any, **written: str) -> None:
    """Write into fields, by their names."""
    for name, said in written.items():
        here.page.locator(f"#fact-{name}").fill(said)


def choose(here: Any, **chosen: str) -> None:
    """Choose one value or several, apart by spaces."""
    for name, values in chosen.items():
        for value in values.split():
            here.page.locator(f'[name="fact-{name}"][value="{value}"]').check()


def moment(here: Any, field: str, day: str, month: str, time: str = "10:00") -> None:
    for name, said in (("day", day), ("month", month), ("year", "2026"), ("time", time)):
        here.page.locator(f"#fact-{field}-{name}").fill(said)


def follow(here: Any, *names: str) -> None:
    """Click links one after another, by exactly what they say."""
    for name in names:
        here.page.get_by_role("link", name=name, exact=True).first.click()


def to_case(here: Any, name: str) -> None:
    """Find a case among all of them."""
    follow(here, "Cases")
    here.page.get_by_label("Case, by name, provider, number or decision").fill(name)
    here.page.get_by_role("button", name="Find").click()
    here.page.locator("a.register-table__name", has_text=name).click()
    here.page.get_by_role("heading", level=1, name=name).wait_for()


def record(here: Any, *said: str) -> None:
    """Check what was filled in, read what follows, and record it."""
    check(here)
    here.page.get_by_role("heading", level=1, name="Check your answers").wait_for()
    for each in said:
        here.page.get_by_text(each).first.wait_for()
    here.page.get_by_role("button", name="Record", exact=True).click()
    here.page.get_by_role("heading", level=1, name="Recorded").wait_for()
    follow(here, "Go to the workbench" if here.page.get_by_text("Signed in as Provider").count() else "Go to the record")


def set_slot(here: Any, old: str, new: str) -> None:
    """A law officer changes when what is ordered becomes public."""
    follow(here, "Change a setting", "Judgement setting changed")
    here.page.locator("#fact-switch").select_option("PUBLICATION_SLOT")
    text(here, old_value=old, new_value=new, reasons_hash=HASH)
    day(here, "applies_from", "1", "9", "2026")
    record(here)
    assert here.page.locator("tr", has_text="PUBLICATION_SLOT").get_by_text(new).first.is_visible()


def reference(here: Any) -> str:
    """A provider reads its own reference."""
    (found,) = REFERENCE.findall(here.page.get_by_text("Your reference is").inner_text())
    return found


def open_case(here: Any, name: str, provider: str) -> None:
    follow(here, "Open a case")
    text(here, lineage_key=name, internal_name=name)
    record(here)
    follow(here, "Provider identified")
    text(here, provider_ref=provider, legal_name=f"{name} Systems", country="FR")
    choose(here, provider_kind="LEGAL_PERSON", in_union="true")
    day(here, "from_on", "1", "1", "2026")
    record(here)
    follow(here, "Model placed on union market")
    text(here, marketed_names=name)
    choose(here, manner="API")
    day(here, "on", "1", "7", "2026")
    record(here)


def take_in(here: Any, form: Path) -> None:
    """A case officer takes in a notification that came as a file, and records that the condition is met."""
    follow(here, "Take in a notification")
    moment(here, "received_at", "20", "8", "09:30")
    here.page.get_by_label("EU SEND").check()
    here.page.locator('[name="arguments"][value="no"]').check()
    here.page.locator("#file-form").set_input_files(form)
    here.page.get_by_role("button", name="Check what is there").click()
    here.page.get_by_role("button", name="Go on to the notification, filled in").click()
    record(here)
    follow(here, "Threshold met")
    text(here, compute_flop="1.13e25")
    choose(here, source="PROVIDER", kind="COMPUTE")
    day(here, "on", "10", "8", "2026")
    record(here, "Classified")


def alert(here: Any) -> str:
    """The scientific panel sends a qualified alert, and finds it again."""
    follow(here, "Record a qualified alert")
    moment(here, "received_at", "24", "8")
    choose(here, ground="90(1)(a)", provider_contact_given="true", complete="true")
    text(here, members="60", votes_for="45", facts_hash=HASH)
    record(here)
    (number,) = REFERENCE.findall(here.page.url)
    follow(here, "Alerts")
    here.page.locator(f'a[href="/workbench/alerts/{number}"]').wait_for()
    return str(number)


def hear(here: Any) -> None:
    """A case officer sends the provider the draft of the decision; ten working days are over long since."""
    follow(here, "Draft decision communicated")
    here.page.locator("#fact-draft_act").select_option("DESIGNATION_52_4")
    text(here, draft_hash=HASH)
    moment(here, "received_by_provider_at", "1", "9")
    day(here, "comment_until", "15", "9", "2026")
    record(here)


def draft(here: Any, provider: str) -> None:
    follow(here, "Model designated under 52(4)")
    text(here, commission_ref="C(2026) 1", addressees=provider, signatory_ref=SIGNATORY, reasons_hash=HASH, findings_hash=HASH)
    day(here, "adopted_on", "1", "10", "2026")
    choose(here, legal_basis="52(4)", remedies_stated="true", origin="EX_OFFICIO", points_considered="a b c d e f g")
    here.page.locator("#fact-hearing_id").select_option(index=1)
    check(here)
    here.page.get_by_text("The status stays").wait_for()
    here.page.get_by_role("button", name="Freeze as a draft").click()
    here.page.get_by_role("heading", name="What it says").wait_for()


def adopt(here: Any, name: str, password: str) -> None:
    """A decision officer adopts what a case officer drafted, signing in again."""
    follow(here, "Awaiting second officer (1)")
    here.page.get_by_role("row", name=name).get_by_role("link").first.click()
    here.page.get_by_label("Your password, once more").fill(password)
    here.page.get_by_role("button", name="Adopt").click()
    here.page.get_by_role("heading", level=1, name="Recorded").wait_for()


def notify(here: Any, provider: str) -> None:
    follow(here, "Decision notified")
    here.page.locator("#fact-decision_id").select_option(index=1)
    text(here, addressee=provider, proof_hash=HASH)
    moment(here, "at", "2", "10")
    choose(here, means="EU_SEND")
    record(here)


def propose(here: Any, name: str) -> None:
    follow(here, "Publication content proposed")
    moment(here, "proposed_at", "5", "10")
    text(here, marketed_names=name, provider_name=f"{name} Systems", provider_country="FR")
    choose(here, public_grounds="51(1)(a) 52(4)")
    record(here, "Nothing becomes public.")


def claim(here: Any, name: str, provider: str) -> None:
    """The provider, which sees its own cases, claims that its country is confidential."""
    here.page.get_by_role("region", name=name).get_by_role("link", name="Confidentiality claim lodged").click()
    moment(here, "received_at", "8", "10")
    text(here, filer_ref=provider, reasons_hash=HASH)
    choose(here, claimed_fields="provider_country")
    record(here)


def decide_claim(here: Any) -> None:
    follow(here, "Confidentiality claim decided")
    here.page.locator("#fact-claim_id").select_option(index=1)
    moment(here, "notified_at", "14", "10")
    text(here, refused_fields="provider_country", reasons_hash=HASH)
    record(here)


def publish(here: Any, name: str) -> str:
    """A publication officer orders what was proposed, for the slot, and sees it come onto the list."""
    follow(here, "Publication ordered")
    assert here.page.locator("#fact-marketed_names").input_value() == name
    record(here, "byte by byte", name)
    entry = here.page.get_by_role("link", name=re.compile(r"Entry \d+"))
    for _ in range(SLOT_LOOKS):
        if entry.count():
            return str(entry.first.get_attribute("href"))
        here.page.reload()
    pytest.fail("nothing was published at the slot")


def audit(here: Any, name: str) -> None:
    """An auditor reads the whole case, one event with its proof, and who read the case."""
    follow(here, "Audit: cases")
    here.page.get_by_label("Case, by name, provider, number or decision").fill(name)
    here.page.get_by_role("button", name="Show", exact=True).click()
    here.page.locator("a.register-table__name", has_text=name).click()
    here.page.get_by_role("heading", name="Gaps: none;").wait_for()
    assert here.page.get_by_text("not equal", exact=True).count() == 0
    (case,) = REFERENCE.findall(here.page.url)
    here.page.locator(".audit-events tbody tr", has_text="ModelDesignatedUnder52_4").get_by_role("rowheader").get_by_role("link").click()
    here.page.get_by_role("heading", name="Leaf and proof").wait_for()
    assert here.page.locator(".verdict--equal").count() == 3
    follow(here, "Audit: access log")
    here.page.get_by_label("Case").fill(case)
    here.page.get_by_role("button", name="Show", exact=True).click()
    assert {"Case officer", "Publication officer", "Provider"} <= set(
        re.findall(r"[A-Z][a-z]+(?: officer)?", here.page.locator("tbody").inner_text())
    )


def read_entry(here: Any, entry: str, name: str) -> None:
    """Anybody reads the entry with its history; nothing of notification, compute or claim is there."""
    here.page.context.clear_cookies()
    here.open("/")
    here.page.locator(".register-table__name", has_text=name).first.click()
    here.page.wait_for_url(f"**{entry}")
    here.page.get_by_role("heading", name="History").wait_for()
    said = here.page.locator("main").inner_text()
    assert f"{name} Systems" in said
    assert not re.search(r"1\.13|notif|claim|hearing", said, re.IGNORECASE)


# -- The story, chapter by chapter -------------------------------------------------------


def notified(here: Any, enter: Any, name: str, form: Path) -> str:
    """From a provider's reference to a model that is classified by law."""
    enter(here, "provider")
    provider = reference(here)
    enter(here, "case-officer")
    open_case(here, name, provider)
    take_in(here, form)
    return provider


def designated(here: Any, enter: Any, name: str, provider: str, password: str) -> None:
    """From an alert of the panel to a decision that two people made and the provider was told of."""
    enter(here, "panel")
    number = alert(here)
    enter(here, "case-officer")
    follow(here, "Alerts")
    here.page.locator(f'a[href="/workbench/alerts/{number}"]').click()
    here.page.get_by_role("link", name="Board informed").wait_for()
    to_case(here, name)
    hear(here)
    draft(here, provider)
    enter(here, "decision-officer")
    adopt(here, name, password)
    enter(here, "case-officer")
    to_case(here, name)
    notify(here, provider)


def published(here: Any, enter: Any, name: str, provider: str) -> str:
    """From the content that the provider is shown to the entry; its claim is heard in between."""
    enter(here, "publication-officer")
    follow(here, name, "Publication desk of this case")
    propose(here, name)
    enter(here, "provider")
    claim(here, name, provider)
    enter(here, "publication-officer")
    follow(here, name, "Publication desk of this case")
    decide_claim(here)
    return publish(here, name)


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, False)])
def test_a_case_goes_from_its_notification_to_the_list_by_the_hands_of_all(visit, enter, password, tmp_path: Path, width, scripts):
    name, form = f"Saga-{width}", tmp_path / "form.json"
    form.write_text(json.dumps({key: value for key, value in EXAMPLE.items() if key != "arguments"}), encoding="utf-8")
    with visit(width, scripts=scripts) as here:
        enter(here, "law-officer")
        set_slot(here, "next_working_day", "at_once")
        provider = notified(here, enter, name, form)
        designated(here, enter, name, provider, password)
        entry = published(here, enter, name, provider)
        enter(here, "auditor")
        audit(here, name)
        enter(here, "law-officer")
        set_slot(here, "at_once", "next_working_day")
        read_entry(here, entry, name)
        assert here.complaints == []
