"""The public pages in French and German in a real browser: long words on narrow screens, the switch, and what the scripts say."""

import re

import pytest
from playwright.sync_api import expect

from registry_site.ui.languages import TRANSLATED

pytestmark = pytest.mark.browser

PAGES = [
    "filtered list",
    "list of another day",
    "entry",
    "removed entry",
    "two days compared",
    "statistics",
    "estimates",
    "calculator by hardware",
    "calculator, sum",
    "checked entry",
    "law",
    "data",
    "fold",
    "challenge",
    "answered challenge",
    "bad question",
]


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("name", PAGES)
def test_long_words_fit_a_narrow_screen(visit, addresses, language, name):
    with visit(320) as here:
        here.open(f"/{language}{addresses[name]}")
        assert here.violations() == []
        assert not here.scrolls_sideways()


def test_the_switch_leads_to_the_same_page_and_back(visit):
    with visit() as here:
        here.open("/statistics?valid_at=2026-06-30")
        for name, language, heading in [
            ("Deutsch", "de", "Die Liste in Zahlen"),
            ("Français", "fr", "La liste en chiffres"),
            ("English", "en", None),
        ]:
            here.page.get_by_role("link", name=name, exact=True).click()
            expect(here.page).to_have_url(re.compile(r"/statistics\?valid_at=2026-06-30$"))
            expect(here.page.locator("html")).to_have_attribute("lang", language)
            expect(here.page.get_by_role("heading", level=1)).to_have_text(heading or "The list in numbers")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_stays_in_its_language_with_and_without_scripts(visit, scripts):
    with visit(scripts=scripts) as here:
        here.open("/fr/")
        here.page.get_by_label("Modèle ou fournisseur").fill("aaaa")
        here.page.get_by_role("button", name="Appliquer").click()
        expect(here.page).to_have_url(re.compile(r"/fr/\?search=aaaa"))
        expect(here.page.locator("#results")).to_contain_text("Aucune inscription ne correspond.")


@pytest.mark.parametrize(
    ("language", "holds", "here_said"),
    [("fr", "Ce reçu est valable", "dans votre navigateur"), ("de", "Dieser Beleg ist gültig", "in Ihrem Browser")],
)
def test_what_the_browser_checks_it_says_in_the_language_of_the_page(visit, addresses, language, holds, here_said):
    with visit() as here:
        here.open(f"/{language}{addresses['checked entry']}")
        result = here.page.locator("#entry-in-browser")
        expect(result.get_by_role("heading")).to_have_text(holds)
        expect(result).to_contain_text(here_said)
        assert here.complaints == []
