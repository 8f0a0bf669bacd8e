"""The end of a session: told beforehand in words, put off by one button, and nothing written is lost (WCAG 2.2.1)."""

import re
from contextlib import closing
from sqlite3 import connect
from typing import Any

import pytest

pytestmark = pytest.mark.browser
WAY = "/workbench/cases/new"


def enter(here: Any, password: str) -> None:
    here.open(f"/sign-in?next={WAY}")
    here.page.get_by_label("Name of the account").fill("case-officer")
    here.page.get_by_label("Password", exact=True).fill(password)
    here.page.get_by_role("button", name="Sign in", exact=True).click()
    here.page.wait_for_url("**/record/**")


@pytest.mark.parametrize("width", [1280, 320])
def test_five_minutes_before_the_end_it_is_said_and_one_button_puts_it_off(visit, password, width):
    with visit(width) as here:
        here.page.clock.install()
        enter(here, password)
        here.page.locator("#fact-internal_name").fill("Half written")
        notice = here.page.locator(".session-notice")
        here.page.clock.fast_forward("24:00")
        assert notice.get_by_role("status").inner_text() == ""
        here.page.clock.fast_forward("01:10")
        assert re.fullmatch(r"Your session ends at \d\d:\d\d\. Stay signed in to go on\.", notice.get_by_role("status").inner_text())
        assert here.violations() == []
        assert not here.scrolls_sideways()
        notice.get_by_role("button", name="Stay signed in").click()
        here.page.locator(".session-notice--shown").wait_for(state="detached")
        here.page.clock.fast_forward("24:00")
        assert notice.get_by_role("status").inner_text() == ""
        assert here.page.locator("#fact-internal_name").input_value() == "Half written"
        here.page.clock.fast_forward("06:10")
        assert "Nothing you wrote is lost" in notice.get_by_role("status").inner_text()
        assert notice.get_by_role("button").count() == 0
        assert here.complaints == []


def test_without_scripts_the_moment_is_told_and_the_button_opens_a_page_of_its_own(visit, password):
    with visit(scripts=False) as here:
        enter(here, password)
        assert re.search(r"The session ends at \d\d:\d\d:\d\d unless", here.page.locator(".session-until").inner_text())
        assert not here.page.locator(".session-notice").get_by_role("button").is_visible()
        here.page.locator("#fact-internal_name").fill("Half written")
        with here.page.context.expect_page() as opened:
            here.page.locator(".session-longer button").click()
        opened.value.get_by_role("heading", name="You stay signed in").wait_for()
        assert here.page.locator("#fact-internal_name").input_value() == "Half written"


def test_what_was_written_when_the_session_ended_is_there_after_signing_in_again(visit, password, live_store):
    with visit() as here:
        enter(here, password)
        here.page.locator("#fact-internal_name").fill("Half written <b>")
        _end_every_session(live_store)
        here.page.locator("form.record-form > button.govuk-button").click()
        here.page.get_by_text("What you wrote is kept for a day").wait_for()
        here.page.get_by_label("Name of the account").fill("case-officer")
        here.page.get_by_label("Password", exact=True).fill(password)
        here.page.get_by_role("button", name="Sign in", exact=True).click()
        here.page.get_by_text("This is what you had written when your session ended.").wait_for()
        assert here.page.locator("#fact-internal_name").input_value() == "Half written <b>"
        assert here.violations() == []


def _end_every_session(live_store: str) -> None:
    """Let every session have begun nine hours ago, which is past its last end."""
    folder = live_store.removeprefix("sqlite:///")
    with closing(connect(f"{folder}/access.db")) as opened, opened:
        opened.execute("UPDATE sessions SET signed_in_at = signed_in_at - 9 * 3600 * 1000000, used_at = used_at - 9 * 3600 * 1000000")
