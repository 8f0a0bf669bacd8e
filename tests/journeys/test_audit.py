"""An auditor with a real browser: from signing in to the proof of an event, and the access log, with and without scripts, wide and narrow."""

from typing import Any
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser


def sound(here: Any, *, scripts: bool = True) -> None:
    if scripts:  # axe is one itself
        assert here.violations() == []
        assert not here.scrolls_sideways()
    assert here.complaints == []
    assert here.hosts == {urlsplit(here.base).netloc}


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False), (320, False)])
def test_an_auditor_comes_from_the_cases_to_the_proof_of_an_event(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "auditor", "/audit/cases/")
        here.page.get_by_role("heading", level=1, name="Cases").wait_for()
        sound(here, scripts=scripts)
        here.page.locator("a.register-table__name").first.click()
        here.page.get_by_role("heading", name="Gaps: none;").wait_for()
        assert here.page.get_by_text("not equal", exact=True).count() == 0
        sound(here, scripts=scripts)
        here.page.get_by_label("Known at").fill("2026-06-30")
        here.page.get_by_role("button", name="Show", exact=True).click()
        here.page.get_by_text("as the register knew it on 30 June 2026, 23:59.", exact=False).first.wait_for()
        here.page.get_by_role("link", name="Go to the case as it stands").click()
        here.page.locator(".audit-events tbody tr").first.get_by_role("rowheader").get_by_role("link").click()
        here.page.get_by_role("heading", name="Leaf and proof").wait_for()
        assert here.page.locator(".verdict--equal").count() == 3
        computed, signed = (here.page.locator("dt", has_text=text).locator("+ dd code").inner_text() for text in ("Computed root", "Signed root"))
        assert computed == signed
        sound(here, scripts=scripts)
        with here.page.expect_response("**/audit/log/receipt/*") as answered:
            here.page.get_by_role("link", name="The receipt, with the leaf in it").click()
        assert answered.value.status == 200
        assert answered.value.text().startswith("c2sp.org/tlog-proof@v1\n")


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_an_auditor_reads_the_access_log_and_takes_it_away(visit, enter, width, scripts):
    with visit(width, scripts=scripts) as here:
        enter(here, "auditor", "/audit/access")
        here.page.get_by_role("heading", name="Intact up to entry").wait_for()
        assert here.page.locator("tbody tr").first.get_by_text("access-log").is_visible()
        sound(here, scripts=scripts)
        here.page.get_by_label("What was done").select_option("SIGNED_IN")
        here.page.get_by_role("button", name="Show", exact=True).click()
        here.page.wait_for_url("**/audit/access?*kind=SIGNED_IN*")
        assert set(here.page.locator("tbody tr td:nth-child(4)").all_inner_texts()) <= {"Signed in", "Signed in, AGAIN"}
        sound(here, scripts=scripts)
        with here.page.expect_download() as taken:
            here.page.get_by_role("link", name="Take these entries away, as NDJSON").click()
        assert taken.value.suggested_filename == "access-log.ndjson"


@pytest.mark.parametrize("width", [1280, 320])
def test_whoever_is_no_auditor_is_told_so_on_a_page_that_is_accessible(visit, enter, width):
    with visit(width) as here:
        enter(here, "case-officer")
        assert here.page.get_by_role("link", name="Audit: cases").count() == 0
        assert here.open("/audit/cases/").status == 403
        assert here.page.get_by_role("heading", level=1, name="Not for your role").is_visible()
        assert here.violations() == []
        assert not here.scrolls_sideways()
