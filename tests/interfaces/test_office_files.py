"""The publication desk and the pages of alerts, challenges, law and register: events, forms by role, and the exact public bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from uuid import uuid4

import pytest

from api.stores.access_log import AccessAct
from domain.actors import Role
from tests.interfaces.office_acts import go_on, recorded, send
from tests.interfaces.office_house import House, served, title, words


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "publication-removal.yaml") as house:
        yield house


@pytest.mark.parametrize("role", [Role.PUBLICATION_OFFICER, Role.CASE_OFFICER, Role.AUDITOR])
def test_the_desk_shows_what_is_proposed_published_and_waited_for(house: House, role: Role) -> None:
    browser, before = house.browser().signed_in(role), house.log.head()[0]
    answer = browser.get(f"/workbench/publications/{house.cases['beta']}")
    said = words(answer)
    assert (answer.status_code, title(answer)) == (200, "Publication desk: Beta")
    assert "Marketed names Betta" in said
    assert "D9 To claim confidentiality" in said
    assert ("record/publication-ordered" in answer.text) is (role is Role.PUBLICATION_OFFICER)
    (row,) = house.noted(before)
    assert (row.act, row.subjects) == (AccessAct.READ, (f"publication/{house.cases['beta']}",))


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.LAW_OFFICER, Role.PANEL])
def test_the_desk_is_for_those_who_read_it(house: House, role: Role) -> None:
    browser = house.browser().signed_in(role)
    assert browser.get(f"/workbench/publications/{house.cases['beta']}").status_code == 403
    assert browser.get(f"/workbench/publications/{uuid4()}").status_code == 403


def test_an_order_is_filled_in_from_what_was_proposed_and_shows_the_exact_public_bytes(house: House) -> None:
    browser = house.browser().signed_in(Role.PUBLICATION_OFFICER)
    address = f"/workbench/publications/{house.cases['beta']}/record/publication-ordered"
    form = browser.get(address)
    assert ">Betta</textarea>" in form.text
    written = {name: unescape(value) for name, value in re.findall(r'id="(fact-[\w-]+)"[^>]*? value="([^"]*)"', form.text)}
    written |= {name: unescape(value).strip() for name, value in re.findall(r'<textarea[^>]*id="(fact-[\w-]+)"[^>]*>([^<]*)</textarea>', form.text)}
    chosen = re.findall(r'name="(fact-[\w-]+)" type="(?:radio|checkbox)" value="([^"]*)" checked', form.text)
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form.text))
    plain = {name: text for name, text in written.items() if not re.search(r"fact-(action|note|public_grounds|public_reason)(-\d)?$", name)}
    before = house.recorded()
    answer = browser.post(address, {**plain, **dict(chosen), **hidden, "act": "check"})
    assert answer.status_code == 200, words(answer)
    found = re.search(r'<pre class="public-bytes"[^>]*><code>(.*?)</code>', answer.text, re.DOTALL)
    assert found
    public = json.loads(unescape(found[1]))
    assert public["topic"] == "ListEntryPublished"
    assert (public["payload"]["marketed_names"], public["payload"]["public_grounds"]) == (["Betta"], ["51(1)(a)"])
    assert set(public) == {"topic", "payload"}
    assert house.recorded() == before


@pytest.mark.parametrize("address", ["law", "register"])
def test_law_and_register_are_shown_to_every_officer_with_the_forms_of_their_own_role(house: House, address: str) -> None:
    for role, may in ((Role.LAW_OFFICER, True), (Role.CASE_OFFICER, False)):
        answer = house.browser().signed_in(role).get(f"/workbench/{address}")
        assert answer.status_code == 200
        assert (f'href="/workbench/{address}/record/' in answer.text) is may


def test_an_alert_is_recorded_by_the_panel_and_read_again(house: House) -> None:
    browser, alert = house.browser().signed_in(Role.PANEL), str(uuid4())
    address = f"/workbench/alerts/{alert}/record/qualified-alert-received"
    received = {
        "alert_id": alert, "received_at": "2026-09-01T10:00:00+02:00", "ground": "90(1)(a)", "members": 60, "votes_for": 40,
        "provider_contact_given": True, "facts_hash": "0" * 64, "complete": True,
    }  # fmt: skip
    assert "Qualified alert received, version 1" in words(recorded(browser, address, "QualifiedAlertReceived", received))
    page = browser.get(f"/workbench/alerts/{alert}")
    assert "Votes for" in words(page)
    assert f'href="/workbench/alerts/{alert}/record/alert-withdrawn"' in page.text
    assert browser.get(f"/workbench/alerts/{uuid4()}").status_code == 404
    assert house.browser().signed_in(Role.PUBLICATION_OFFICER).get(f"/workbench/alerts/{alert}").status_code == 403


def test_a_claim_is_decided_and_the_desk_says_so(house: House) -> None:
    browser, case = house.browser().signed_in(Role.PUBLICATION_OFFICER), house.cases["beta"]
    claim: dict[str, object] = {
        "received_at": "2026-03-30T10:00:00+02:00",
        "filer_ref": str(uuid4()),
        "claimed_fields": ["representative_name"],
        "reasons_hash": "0" * 64,
    }
    address = f"/workbench/publications/{case}/record/confidentiality-claim-lodged"
    checked = send(browser, address, "ConfidentialityClaimLodged", claim)
    assert go_on(browser, address, checked, "record").status_code == 303
    assert "for representative_name: not decided" in words(browser.get(f"/workbench/publications/{case}"))
