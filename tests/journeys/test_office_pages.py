"""One page of each kind of the office, found by its links as each role finds them, held against the list of accessibility."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.journeys.test_public_site import SPACING

pytestmark = pytest.mark.browser
ROLES = ["provider", "case-officer", "law-officer", "panel", "publication-officer", "auditor"]
"""Representatives and decision officers find the pages of providers and of case officers."""
EVERYBODYS = re.compile(r"/workbench/(?:challenges|law|register|nothing-here)")
"""Pages that all roles find alike; the law officer, who records there, looks at them."""
NOTHING = re.compile(r"(?!)")
NAMES = re.compile(r"(?<=/)(?:[0-9a-f-]{32,}|\d+)(?=/|$|\?)|(?<=/record/)[^/?]+|\?.*")
"""Parts of an address in which pages of one kind differ; the forms of a record are one kind."""
WITHIN = re.compile(r"/(?:workbench|audit)(?!/log|/.*\.(?:pdf|ics|ndjson|zip|json)$)")
LEAST = 24
"""Pixels that a target has at least in both directions, unless it stands in a line of text (WCAG 2.5.8)."""
SMALL = """least => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select, textarea")]
  .filter(each => each.checkVisibility({visibilityProperty: true}) && getComputedStyle(each).display !== "inline"
    && !each.closest(".govuk-visually-hidden") && !each.matches(".govuk-skip-link, .govuk-visually-hidden"))
  .map(each => [each, each.getBoundingClientRect()])
  .filter(([each, box]) => box.width && (box.width < least || box.height < least))
  .map(([each, box]) => `${each.outerHTML.slice(0, 80)} ${Math.round(box.width)} x ${Math.round(box.height)}`)"""
SPACED = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }"
MARKED = """() => { const style = getComputedStyle(document.activeElement), box = document.activeElement.getBoundingClientRect();
  return (style.outlineStyle !== "none" || style.boxShadow !== "none") && box.top >= 0 && box.bottom <= innerHeight + 1; }"""


def flaws(here: Any, status: int) -> list[str]:
    """Say what a page that is open lacks: wide, narrow, with spaced text, in forced colours, and by the keyboard."""
    page, found = here.page, []
    page.set_viewport_size({"width": 1280, "height": 900})
    found += here.violations()
    if page.locator("h1").count() != 1:
        found.append("not one h1")
    if not page.get_by_text("Independent demonstration.", exact=True).is_visible():
        found.append("does not say what it is")
    found += [f"small: {each}" for each in page.evaluate(SMALL, LEAST)]
    page.keyboard.press("Tab")
    if page.locator(":focus").inner_text() != "Skip to main content":
        found.append("the first link skips nothing")
    for _ in range(3):
        page.keyboard.press("Tab")
        if not page.evaluate(MARKED):
            found.append(f"focus is not seen: {page.evaluate('document.activeElement.outerHTML')[:80]}")
    page.set_viewport_size({"width": 320, "height": 900})
    found += here.violations()
    if here.scrolls_sideways():
        found.append("scrolls sideways")
    page.evaluate(SPACED, SPACING)
    if here.scrolls_sideways():
        found.append("loses something when its text is spaced")
    page.emulate_media(forced_colors="active")
    found += [f"forced colours: {each}" for each in here.violations()]
    page.emulate_media(forced_colors="none")
    note = f"Failed to load resource: the server responded with a status of {status} "
    found += [f"console: {each}" for each in here.complaints if not each.startswith(note)]
    found += [f"asks {host}" for host in here.hosts - {urlsplit(here.base).netloc}]
    here.complaints.clear()
    return found


def crawl(here: Any, leaving: re.Pattern[str]) -> dict[str, list[str]]:
    """Follow links from where a role lands; return the flaws of one page of each kind, by its address, titles that two kinds share among them."""
    waiting, kinds, titles = ["/workbench/", "/workbench/nothing-here"], set[str](), dict[str, str]()
    found: dict[str, list[str]] = {}
    while waiting:
        address = waiting.pop(0)
        kind = NAMES.sub("*", address)
        if kind in kinds or leaving.match(kind):
            continue
        answer = here.open(address)
        came = NAMES.sub("*", urlsplit(here.page.url).path)
        if came in kinds:
            continue
        kinds |= {kind, came}
        links = [urlsplit(link) for link in here.page.locator("a[href]").evaluate_all("all => all.map(each => each.href)")]
        waiting += sorted({link.path for link in links if WITHIN.match(link.path) and link.netloc == urlsplit(here.base).netloc})
        title = here.page.title()
        shared = [f"has the title of {titles[title]}"] if title in titles else []
        titles[title] = address
        found[address] = flaws(here, answer.status) + shared
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_page_that_a_role_finds_can_be_used_by_everybody(visit, enter, role):
    with visit() as here:
        enter(here, role)
        found = crawl(here, NOTHING if role == "law-officer" else EVERYBODYS)
        assert "/workbench/" in found
        assert {address: flaws for address, flaws in found.items() if flaws} == {}
