"""What a visitor meets with a real browser: keyboard, narrow screens, no scripts, and nobody else involved."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

PAGES = [
    "list",
    "filtered list",
    "list of another day",
    "entry",
    "removed entry",
    "entry before its time",
    "changes",
    "law",
    "compare",
    "two days compared",
    "two days compared as shown",
    "statistics",
    "statistics of another day",
    "estimates",
    "calculator",
    "calculator by hardware",
    "calculator, sum",
    "about",
    "accessibility",
    "privacy",
    "verify",
    "checked entry",
    "what cannot be checked",
    "data",
    "fold",
    "explorer",
    "challenge",
    "answered challenge",
    "bad question",
    "nowhere",
]
# WCAG 1.4.12: what a reader may set, and nothing may be lost.
SPACING = "* {line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important} p {margin-bottom: 2em !important}"
SHIFTS = """() => new Promise(done => {
  let total = 0;
  new PerformanceObserver(list => list.getEntries().forEach(entry => total += entry.value)).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(total), 300);
})"""


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_narrow_or_wide_quiet_and_asks_nobody_else(visit, addresses, name, width):
    with visit(width) as here:
        answer = here.open(addresses[name])
        if name == "explorer":
            here.page.wait_for_selector(".graphiql-container")
        assert here.violations() == []
        assert not here.scrolls_sideways()
        # Chromium itself notes an error status of the page in the console.
        own = f"Failed to load resource: the server responded with a status of {answer.status} "
        assert [line for line in here.complaints if answer.ok or not line.startswith(own)] == []
        assert here.hosts == {urlsplit(here.base).netloc}
        assert here.page.context.cookies() == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_scripts_says_the_same(visit, addresses, name):
    with visit(scripts=False) as here:
        here.open(addresses[name])
        assert here.page.locator("h1").count() == 1
        assert here.page.get_by_role("link", name="The list").first.is_visible()
        assert here.page.locator("main").inner_text().strip()


SPACED = ["list", "list of another day", "entry", "changes", "law", "checked entry"]
SPACED += ["challenge", "answered challenge", "two days compared", "statistics", "estimates", "calculator, sum"]


@pytest.mark.parametrize("name", SPACED)
def test_nothing_is_lost_when_the_reader_spaces_the_text(visit, addresses, name):
    with visit(320, bypass_csp=True) as here:
        here.open(addresses[name])
        here.page.add_style_tag(content=SPACING)
        assert not here.scrolls_sideways()


@pytest.mark.parametrize("name", ["list", "entry"])
def test_the_page_does_not_jump_while_it_loads(visit, addresses, name):
    with visit() as here:
        here.open(addresses[name])
        assert here.page.evaluate(SHIFTS) < 0.1


def test_the_keyboard_reaches_the_content_first(visit):
    with visit() as here:
        here.open("/")
        here.page.keyboard.press("Tab")
        assert here.page.locator(":focus").inner_text() == "Skip to main content"
        here.page.keyboard.press("Enter")
        here.page.wait_for_url("**#main-content")


@pytest.mark.parametrize("scripts", [True, False])
def test_filtering_works_with_and_without_scripts_under_the_same_address(visit, scripts):
    with visit(scripts=scripts) as here:
        here.open("/")
        name = here.page.locator(".register-table__name").first.inner_text().split(",")[0]
        here.page.get_by_label("Model or provider").fill(name)
        here.page.get_by_role("button", name="Apply").click()
        here.page.get_by_role("link", name="Remove this filter:").wait_for()
        assert "search=" in here.page.url
        assert name in here.page.locator(".register-table").inner_text()
        here.page.get_by_role("link", name="Remove this filter:").click()
        here.page.wait_for_url(lambda url: "search=" not in url)
        assert here.complaints == []


def test_filtering_with_scripts_keeps_the_page_and_announces_the_count(visit):
    with visit() as here:
        here.open("/")
        here.page.evaluate("window.stayed = true")
        here.page.get_by_label("Show removed entries too").check()
        here.page.get_by_role("link", name="Clear all filters").wait_for()
        assert here.page.evaluate("window.stayed") is True
        assert "removed ones included" in here.page.get_by_role("status").inner_text()
        assert urlsplit(here.page.url).query == "sort=-listed&include_removed=true"
        assert here.violations() == []
        here.page.go_back()
        here.page.get_by_role("link", name="Clear all filters").wait_for(state="detached")
        assert urlsplit(here.page.url).query == ""
        assert not here.page.get_by_label("Show removed entries too").is_checked()


def test_another_day_is_two_fields_and_one_button_away(visit):
    with visit() as here:
        here.open("/")
        here.page.get_by_text("See the list of another day").click()
        here.page.get_by_label("As it stood on").fill("2024-12-31")
        here.page.get_by_role("button", name="Show that day").click()
        here.page.get_by_text("You are looking at the list as it stood on 31 December 2024").wait_for()
        assert here.page.title().startswith("The list as of 31 December 2024")
        assert here.page.get_by_text("On every day before that, the list was empty.").is_visible()
        here.page.get_by_role("link", name="Go to the current list").click()
        assert urlsplit(here.page.url).query == ""


@pytest.mark.parametrize("scripts", [True, False])
def test_the_calculator_works_with_and_without_scripts_and_puts_nothing_into_the_address(visit, scripts):
    with visit(scripts=scripts) as here:
        here.open("/compute")
        here.page.get_by_label("Parameters", exact=True).fill("70e9")
        here.page.get_by_label("Training tokens seen").fill("2e12")
        here.page.keyboard.press("Enter")
        here.page.get_by_text("840000000000000000000000", exact=True).wait_for()
        here.page.get_by_role("button", name="Put this into the sum as pre-training").click()
        here.page.get_by_role("button", name="Compute").last.click()
        here.page.get_by_role("cell", name="yes").wait_for()
        assert urlsplit(here.page.url)[2:] == ("/compute", "", "")
        assert here.complaints == []


@pytest.mark.parametrize("width", [1280, 320])
@pytest.mark.parametrize("figure", ["9e24; 2e24", "nine"])
def test_what_the_calculator_answers_is_accessible(visit, figure, width):
    with visit(width) as here:
        here.open("/compute?method=sum")
        here.page.get_by_label("Pre-training", exact=True).fill(figure)
        here.page.keyboard.press("Enter")
        here.page.locator(".computed, .govuk-error-summary").wait_for()
        assert here.page.evaluate("document.activeElement.matches('.computed, .govuk-error-summary')")
        assert here.violations() == []
        assert not here.scrolls_sideways()


def test_shapes_survive_forced_colours(visit, addresses):
    with visit(forced_colors="active") as here:
        here.open(addresses["entry"])
        tag = here.page.locator(".status").first
        assert tag.evaluate("element => getComputedStyle(element).borderTopWidth") == "1px"
        assert here.page.locator(".moj-timeline").evaluate("element => getComputedStyle(element, '::before').borderLeftWidth") == "4px"
        assert here.violations() == []


@pytest.mark.parametrize("name", ["statistics", "estimates"])
def test_a_chart_is_drawn_as_wide_as_it_can_be_read_and_survives_forced_colours(visit, addresses, name):
    with visit(320, forced_colors="active") as here:
        here.open(addresses[name])
        for chart in here.page.locator("svg.chart").all():
            assert chart.bounding_box()["width"] >= 640
            assert chart.get_attribute("role") == "img"
        text = here.page.locator("h1").evaluate("element => getComputedStyle(element).color")
        for line in here.page.locator(".chart__line, .chart__limit, .chart__axis").all():
            assert line.evaluate("element => getComputedStyle(element).stroke") == text
        for mark in here.page.locator(".chart__bar, .chart__mark--circle, .chart__words").all():
            assert mark.evaluate("element => getComputedStyle(element).fill") == text
        assert here.page.locator("svg.chart [style]").count() == 0


def test_two_days_are_compared_by_a_form_without_scripts(visit):
    with visit(scripts=False) as here:
        here.open("/compare")
        here.page.get_by_label("Earlier day").fill("2026-01-31")
        here.page.get_by_label("the list as the register showed it").check()
        here.page.get_by_role("button", name="Compare").click()
        here.page.get_by_text("The list as the register showed it on 31 January 2026").wait_for()
        assert "added" in here.page.get_by_role("status").inner_text()


def test_an_entry_is_questioned_by_a_form_without_scripts(visit, addresses):
    with visit(scripts=False) as here:
        here.open(addresses["entry"])
        here.page.get_by_role("link", name="Question this entry").click()
        here.page.get_by_role("button", name="Send").click()
        assert here.page.get_by_role("alert").get_by_role("link").count() == 2
        here.page.get_by_label("What do you question?").select_option(label="Country of the provider")
        here.page.get_by_label("What is wrong, and how do you know?").fill("The company moved.")
        here.page.get_by_role("button", name="Send").click()
        here.page.get_by_text("Waits for an answer").wait_for()
        assert urlsplit(here.page.url).path.startswith(addresses["challenge"] + "/")
        assert "The company moved." not in here.page.content()


def test_the_first_query_of_the_explorer_is_one_the_schema_answers(visit, addresses):
    with visit() as here:
        here.open(addresses["explorer"])
        here.page.get_by_role("button", name="Execute query").click()
        answer = here.page.locator(".result-window")
        expect(answer).to_contain_text('"data"')
        expect(answer).not_to_contain_text('"errors"')
