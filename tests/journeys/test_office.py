"""What an officer meets with a real browser: signing in, the workbench, and nothing that anybody else could read or send."""

from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def sign_in(password: str) -> Callable[..., None]:
    def signing_in(here: Any, name: str = "case-officer", secret: str = password) -> None:
        here.page.get_by_label("Name of the account").fill(name)
        here.page.get_by_label("Password", exact=True).fill(secret)
        here.page.get_by_role("button", name="Sign in", exact=True).click()

    return signing_in


def quiet(here: Any, status: int = 200) -> list[str]:
    """What the browser complained about, but for its own note of an error status."""
    return [line for line in here.complaints if not line.startswith(f"Failed to load resource: the server responded with a status of {status} ")]


@pytest.mark.parametrize("scripts", [True, False])
def test_an_officer_signs_in_and_out_with_and_without_scripts(visit, sign_in, scripts):
    with visit(scripts=scripts) as here:
        here.open("/workbench/")
        assert urlsplit(here.page.url).path == "/sign-in"
        sign_in(here)
        here.page.wait_for_url("**/workbench/")
        here.page.get_by_text("Signed in as Case officer,").wait_for()
        (cookie,) = here.page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Lax", -1)
        here.page.get_by_role("button", name="Sign out").click()
        here.page.get_by_text("You are signed out.").wait_for()
        here.open("/workbench/")
        assert urlsplit(here.page.url).path == "/sign-in"
        assert here.complaints == []


def test_a_wrong_password_is_told_and_the_summary_has_the_focus(visit, sign_in):
    with visit() as here:
        here.open("/sign-in")
        sign_in(here, secret="not the password")
        summary = here.page.get_by_role("alert")
        summary.wait_for()
        assert "Name and password do not go together" in summary.inner_text()
        assert here.page.title().startswith("Error: ")
        assert "govuk-error-summary" in here.page.locator(":focus").get_attribute("class")
        assert here.page.get_by_label("Name of the account").input_value() == "case-officer"
        assert here.page.get_by_label("Password", exact=True).input_value() == ""
        assert here.violations() == []
        assert quiet(here, 422) == []


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize(
    "address",
    [
        "/sign-in",
        "/sign-out",
        "/workbench/?page=9",
    ],
)
def test_an_office_page_is_accessible_narrow_or_wide_quiet_and_asks_nobody_else(visit, sign_in, address, width):
    with visit(width) as here:
        here.open("/sign-in")
        sign_in(here)
        here.page.wait_for_url("**/workbench/")
        answer = here.open(address)
        assert here.violations() == []
        assert not here.scrolls_sideways()
        assert quiet(here, answer.status) == []
        assert here.hosts == {urlsplit(here.base).netloc}


@pytest.mark.parametrize("scripts", [True, False])
def test_an_officer_finds_what_is_due_and_how_that_was_computed(visit, sign_in, scripts):
    with visit(scripts=scripts) as here:
        here.open("/workbench/")
        sign_in(here)
        row = here.page.locator("tr.inbox__row").first
        row.wait_for()
        name = row.locator(".register-table__name").inner_text()
        here.page.get_by_text("How it was computed").first.click()
        here.page.locator("details[open] ol li").first.wait_for()
        if scripts:
            assert here.violations() == []
        here.page.get_by_role("link", name="Due for publication").click()
        assert "show=publication" in here.page.url
        here.page.get_by_role("link", name="Case", exact=True).click()
        assert urlsplit(here.page.url).query == "show=publication&sort=case"
        here.page.get_by_role("link", name="Everything").click()
        here.page.get_by_label("Case, by its working name or number").fill(name)
        here.page.get_by_role("button", name="Find").click()
        here.page.locator("a.register-table__name", has_text=name).first.click()
        here.page.get_by_role("heading", level=1, name=name).wait_for()
        assert here.page.get_by_role("heading", name="Events").is_visible()
        assert here.complaints == []


def test_a_calendar_reads_the_address_that_an_officer_made(visit, sign_in):
    with visit() as here:
        here.open("/workbench/calendar")
        sign_in(here)
        here.page.get_by_role("button", name="Make a new address").click()
        address = here.page.get_by_label("Address for your calendar program").input_value()
        with urlopen(address) as answer:
            assert answer.read().startswith(b"BEGIN:VCALENDAR")
        assert here.violations() == []
        here.page.get_by_role("button", name="Give the address up").click()
        here.page.get_by_text("It opens nothing any more.").wait_for()
        with pytest.raises(HTTPError):
            urlopen(address)


def test_a_page_of_another_origin_can_make_the_browser_send_nothing(visit, sign_in):
    with visit() as here:
        here.open("/sign-in")
        sign_in(here)
        here.page.wait_for_url("**/workbench/")
        elsewhere = here.page.context.new_page()
        elsewhere.evaluate(
            """address => { const form = document.createElement("form"); form.method = "post"; form.action = address;
               document.body.append(form); HTMLFormElement.prototype.submit.call(form); }""",
            f"{here.base}/sign-out",
        )
        elsewhere.get_by_role("heading", name="This was sent from another website").wait_for()
        here.open("/workbench/")
        assert here.page.get_by_text("Signed in as Case officer,").is_visible()


def test_a_text_cannot_become_a_script_on_office_pages(visit, sign_in):
    with visit() as here:
        here.open("/sign-in")
        refused = here.page.evaluate("""() => { try { document.body.innerHTML = "<b>x</b>"; return false; } catch (error) { return error.name; } }""")
        assert refused == "TypeError"
