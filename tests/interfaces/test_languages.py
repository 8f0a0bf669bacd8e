"""The public pages in their languages: whole, with addresses of their own, and nothing left in English."""

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from jinja2 import DictLoader
from starlette.testclient import TestClient

from projections.public.estimates import Estimate, Estimates, Imported
from registry_site.ui import catalogues, languages, words
from registry_site.ui.catalogues import brought_up_to_date, collected, compiled, waiting, written
from registry_site.ui.languages import NAMES, TRANSLATED, TextsMissing, address_in, catalogue, in_every_language, language_of, texts
from registry_site.ui.rendering import environment
from tests.interfaces.data_stack import ADDRESS, Stack, stack
from tests.interfaces.published_in_memory import PublishedInMemory, added
from tests.interfaces.test_public_pages import REGISTER, visitor

MARCH_1 = date(2026, 3, 1)
ALTERNATE = re.compile(r'<link rel="alternate" hreflang="([^"]+)" href="([^"]+)">')
PAGES = [
    "/",
    "/?include_removed=true&search=aurelia&ground=51(1)(a)&sort=name",
    "/?search=nothing",
    "/?valid_at=2026-04-30&known_at=2026-05-31T12:00:00Z",
    "/?valid_at=2025-01-01",
    "/?valid_at=soon&colour=red&page=0&sort=up",
    "/?known_at=2026-01-01T10:00&search=a&search=b",
    "/entries/1",
    "/entries/2",
    "/entries/3",
    "/entries/1?valid_at=2026-01-01",
    "/entries/99",
    "/changes",
    "/changes?since=2026-06-01&until=2026-06-30",
    "/changes?since=2026-06-30&until=2026-06-01",
    "/compare",
    "/compare?from=2026-03-01",
    "/compare?from=2026-04-01&to=2026-10-31&axis=known",
    "/compare?to=2026-10-31",
    "/statistics",
    "/statistics?valid_at=2026-04-30",
    "/estimates",
    "/law",
    "/law?on=2026-01-01",
    "/compute",
    "/compute?method=hardware",
    "/compute?method=sum",
    "/verify",
    "/verify?entry=2&from=3",
    "/verify?entry=-1&from=9&to=3",
    "/data",
    "/data/fold",
    "/data/explorer",
    "/about",
    "/accessibility",
    "/privacy",
    "/nowhere",
]


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


# -- The catalogues ------------------------------------------------------------------

ALIKE = re.compile(r"%\(\w+\)s|%%|\{\}|</?[a-z][^>]*>|`[^`]+`|\b[0-9][0-9.,x^e/-]*[0-9]\b")


def pairs(texts: Catalog) -> Iterator[tuple[str, str]]:
    """Give each text of a catalogue with its translation, and each plural with each of its forms."""
    for message in texts:
        if message.id:
            forms = (message.string,) if isinstance(message.id, str) else message.string
            for number, form in enumerate(forms):
                yield message.id if isinstance(message.id, str) else message.id[min(number, 1)], form


@pytest.mark.parametrize("language", TRANSLATED)
def test_everything_that_pages_say_is_translated_and_nothing_else(language: str) -> None:
    found = written(language)
    assert waiting(found) == []
    assert [message.id for message in found if message.id and message.fuzzy] == []
    assert list(found.obsolete) == []
    assert {(each.context, each.id) for each in found} == {(each.context, each.id) for each in collected()} | {(None, "")}


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_is_filled_in_and_what_is_markup_is_the_same_in_the_translation(language: str) -> None:
    differ = [(text, said) for text, said in pairs(written(language)) if sorted(ALIKE.findall(text)) != sorted(ALIKE.findall(said))]
    assert differ == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_plural_has_as_many_forms_as_the_language(language: str) -> None:
    found = written(language)
    plurals = [message for message in found if message.id and not isinstance(message.id, str)]
    assert plurals
    assert {len(message.string) for message in plurals} == {found.num_plurals} == {2}


@pytest.mark.parametrize("language", TRANSLATED)
def test_what_was_built_is_what_was_written(language: str) -> None:
    assert catalogue(language, "mo").read_bytes() == compiled(language), "run: make assets"


def test_a_new_text_waits_and_an_old_one_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)
    catalogue("fr", "po").parent.mkdir(parents=True)
    before = Catalog(locale="fr")
    before.add("Gone", "Parti")
    before.add("Kept", "Gardé")
    before.add(("%(n)s model", "%(n)s models"), ("%(n)s modèle", "%(n)s modèles"))
    catalogues.save("fr", before)
    now = Catalog()
    for text in ("Kept", "New", ("%(n)s model", "%(n)s entries")):
        now.add(text)
    after = brought_up_to_date("fr", now)
    assert waiting(after) == ["New", "%(n)s model"]
    catalogues.save("fr", after)
    with catalogue("fr", "po").open("rb") as file:
        assert {message.id: message.string for message in read_po(file) if message.id} == {
            "Kept": "Gardé",
            "New": "",
            ("%(n)s model", "%(n)s entries"): ("", ""),
        }


def test_texts_that_are_not_built_are_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(languages, "CATALOGUES", tmp_path)
    texts.cache_clear()
    try:
        with pytest.raises(TextsMissing, match="make assets"):
            texts("fr")
    finally:
        texts.cache_clear()


# -- What is read --------------------------------------------------------------------


class Read(HTMLParser):
    """Reads what a person reads or hears of a page, as far as it is in the page's own language."""

    SAID = ("aria-label", "title", "alt", "placeholder", "data-done")
    EMPTY = frozenset({"meta", "link", "input", "br", "hr", "path", "circle", "rect"})
    SILENT = frozenset({"script", "style", "code"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = [False]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        quiet = self.silent[-1] or tag in self.SILENT or (tag != "html" and "lang" in given)
        if not quiet:
            self.said += [given[name] or "" for name in self.SAID if name in given]
        if tag not in self.EMPTY:
            self.silent.append(quiet)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.EMPTY:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent[-1]:
            self.said.append(data)


def said(html: str) -> list[str]:
    reader = Read()
    reader.feed(html)
    return [" ".join(text.split()) for text in reader.said if text.strip()]


PARTS = re.compile(r"%\(\w+\)s|<[^>]+>")


def english(language: str) -> tuple[frozenset[str], list[str]]:
    """Give what must not be read in a language: short texts, which stand alone, and parts of long ones, which may stand anywhere."""
    found = list(pairs(written(language)))
    translations = "\n".join(said for _, said in found)
    short = frozenset(text for text, said in found if said != text and text not in translations)
    parts = {part.strip().replace("%%", "%") for text, _ in found for part in PARTS.split(text)}
    return short, [part for part in parts if len(part) > 12 and " " in part and part not in translations]


def leftovers(html: str, language: str) -> list[str]:
    short, long = english(language)
    read = said(html)
    return [text for text in read if text in short] + [part for part in long if any(part in text for text in read)]


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("address", PAGES)
def test_a_page_leaves_nothing_in_english_that_is_translated(client: TestClient, language: str, address: str) -> None:
    in_english = client.get(address).text
    assert leftovers(in_english, language)  # so that finding none below says something
    answer = client.get(address_in(language, address))
    assert answer.status_code == client.get(address).status_code
    assert f'<html lang="{language}"' in answer.text
    assert leftovers(answer.text, language) == []


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(
    "typed",
    [
        {"method": "architecture", "parameters": "70e9", "tokens": "15e12", "margin": "35", "reported": "1e20", "trigger": "MET"},
        {"method": "hardware", "units_1": "8000", "peak_1": "989e12", "time_1": "2000", "utilisation_1": "0.4"},
        {"method": "hardware", "units_1": "8/2", "peak_1": "x", "time_1": "0", "utilisation_1": "140 %", "on": "soon"},
        {"method": "sum", "flop_EXPLORATORY_RESEARCH": "1e25", "counted_EXPLORATORY_RESEARCH": "true", "flop_PRETRAINING": "2e24"},
        {"method": "sum"},
    ],
)
def test_what_the_calculator_answers_is_in_the_language_of_its_form(client: TestClient, language: str, typed: dict[str, str]) -> None:
    answer = client.post(f"/{language}/compute", data={**typed, "act": "compute"})
    assert leftovers(answer.text, language) == []
    assert f'action="/{language}/compute"' in answer.text
    assert f'href="/compute?method={typed["method"]}"' in answer.text  # where the language is changed, the method stays


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize(
    "receipt",
    [b"", b"nothing", b"c2sp.org/tlog-proof@v1\nindex x\n\n", b"c2sp.org/tlog-proof@v1\nindex 1\nAA\n\n", b"c2sp.org/tlog-proof@v1\nindex 1\n\n\x01"],
)
def test_what_a_check_of_a_file_comes_to_is_in_the_language_of_its_form(client: TestClient, language: str, receipt: bytes) -> None:
    answer = client.post(f"/{language}/verify", files={"receipt": ("a.tlog-proof", receipt)})
    assert leftovers(answer.text, language) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_estimates_are_shown_in_every_language(language: str) -> None:
    shown = (Estimate("Alpha", "Developer", MARCH_1, Decimal("7.3e26"), "Likely"), Estimate("Beta", "Developer", None, Decimal("2e24"), "Unknown"))
    register = PublishedInMemory(REGISTER.events, imported=Estimates(Imported(1, MARCH_1), 12_345, shown))
    page = visitor(register).get(f"/{language}/estimates").text
    assert leftovers(page, language) == []
    assert "7,3 × 10" in page
    assert {"fr": "12\u202f345", "de": "12.345"}[language] in page


def test_what_the_record_quotes_in_english_is_marked_as_english() -> None:
    assert '<span lang="en">Regulation (EU) 2024/1689' in visitor(REGISTER).get("/de/law").text
    assert '<span lang="en">' not in visitor(REGISTER).get("/law").text


# -- Days, numbers and plurals -------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "day", "first", "figure", "many"),
    [
        ("en", "31 March 2026", "1 March 2026", "7.3", "12,345"),
        ("fr", "31 mars 2026", "1er mars 2026", "7,3", "12\u202f345"),
        ("de", "31. März 2026", "1. März 2026", "7,3", "12.345"),
    ],
)
def test_days_and_figures_are_written_as_the_language_writes_them(language: str, day: str, first: str, figure: str, many: str) -> None:
    assert words.day_in_words(date(2026, 3, 31), language) == day
    assert words.day_in_words(MARCH_1, language) == first
    assert words.exact_figure("7.3", language) == figure
    assert words.exact_figure("2.3x10^25", language) == "2.3x10^25"
    assert words.numeral(12_345, language=language) == many
    made = environment(DictLoader({"figure": "{{ flop(value) }}"}), language=language).get_template("figure").render(value=Decimal("7.3e26"))
    assert made.startswith(f'{figure} × 10<sup aria-hidden="true">26</sup>')


@pytest.mark.parametrize(
    ("language", "none", "one", "two"),
    [
        ("en", "0 entries", "1 entry", "2 entries"),
        ("fr", "0 inscription", "1 inscription", "2 inscriptions"),
        ("de", "0 Einträge", "1 Eintrag", "2 Einträge"),
    ],
)
def test_a_number_of_entries_takes_the_form_of_the_language(language: str, none: str, one: str, two: str) -> None:
    for number, said in enumerate((none, one, two)):
        many = tuple(added(f"SR-{n:04}", MARCH_1, marketed_names=(f"Model {n}",)) for n in range(number))
        assert f">{said}<" in visitor(PublishedInMemory(many)).get(address_in(language, "/")).text


# -- Addresses -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "found"),
    [("/", ("en", "/")), ("/fr/", ("fr", "/")), ("/de/data/fold", ("de", "/data/fold")), ("/free", ("en", "/free")), ("/it/", ("en", "/it/"))],
)
def test_an_address_says_its_language(path: str, found: tuple[str, str]) -> None:
    assert language_of(path) == found
    assert address_in(*found) == path


def test_a_language_without_its_slash_leads_to_its_list(client: TestClient) -> None:
    answer = client.get("/fr")
    assert (answer.status_code, answer.headers["location"].removeprefix(ADDRESS)) == (307, "/fr/")


@pytest.mark.parametrize(
    "address", ["/", "/?include_removed=true&sort=name", "/entries/1?known_at=2026-05-31", "/data", "/verify?entry=2", "/compute?method=sum"]
)
def test_every_language_of_a_page_names_all_of_them_alike(client: TestClient, address: str) -> None:
    said = [dict(ALTERNATE.findall(unescape(client.get(each).text))) for each in in_every_language(address)]
    expected = {language: ADDRESS + address_in(language, address) for language in NAMES}
    assert said == [{**expected, "x-default": ADDRESS + address}] * len(NAMES)


@pytest.mark.parametrize("language", NAMES)
def test_the_switch_names_each_language_in_its_own_words_and_keeps_what_was_asked(client: TestClient, language: str) -> None:
    page = unescape(client.get(address_in(language, "/changes?since=2026-03-01")).text)
    for code, name in NAMES.items():
        shown = f'<span class="govuk-language-navigation__text" lang="{code}" aria-current="true">{name}</span>'
        link = f'href="{address_in(code, "/changes?since=2026-03-01")}" rel="alternate" hreflang="{code}" lang="{code}">{name}</a>'
        assert (shown if code == language else link) in page


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("address", PAGES)
def test_links_and_forms_of_a_page_stay_in_its_language(client: TestClient, language: str, address: str) -> None:
    page = re.sub(r'<a [^>]*hreflang="[^>]*>|<link [^>]*>', "", client.get(address_in(language, address)).text)
    places = re.findall(r'(?:href|action|data-hx-get)="(/[^"]*)"', page)
    data = re.compile(
        r"/(?:list\.|feed\.|log/|static/|graphql|timemap|catalog\.|datapackage|openapi\.json|data/fold\.py|verify/check_receipt\.py|entries/\d+\.)"
    )
    assert places
    assert [place for place in places if not place.startswith(f"/{language}/") and not data.match(place)] == []


def test_a_page_of_another_language_is_prepared_by_itself(client: TestClient) -> None:
    tags = {client.get(address).headers["etag"] for address in in_every_language("/about") for _ in range(2)}
    assert len(tags) == len(NAMES)


@pytest.mark.parametrize("path", ["/it/", "/es/about", "/en/about", "/xx"])
def test_an_unknown_language_is_not_found_and_the_known_ones_are_offered(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    rest = "/about" if path.endswith("about") else "/"
    for language, name in NAMES.items():
        assert f'<li><a class="govuk-link" href="{address_in(language, rest)}" hreflang="{language}" lang="{language}">{name}</a></li>' in answer.text


def test_what_is_not_found_in_a_known_language_says_so_in_it(client: TestClient) -> None:
    for path, why in (("/fr/entries/99", "La liste n’a jamais comporté d’inscription"), ("/fr/nowhere", "Si vous avez saisi l’adresse")):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Page introuvable" in answer.text
        assert why in answer.text
        assert "Il n’y a pas de pages sous" not in answer.text


@pytest.mark.parametrize("path", ["/fr/list.json", "/de/feed.atom", "/fr/entries/1.json", "/de/sitemap.xml", "/fr/catalog.ttl"])
def test_data_have_no_language(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


# -- Other forms and other times of a page ---------------------------------------------


@pytest.mark.parametrize(("address", "data"), [("/fr/", "/list.json"), ("/de/entries/1", "/entries/1.json")])
def test_a_page_of_another_language_gives_the_same_data(client: TestClient, address: str, data: str) -> None:
    answer = client.get(address, headers={"accept": "application/json"})
    assert answer.content == client.get(data, headers={"accept": "application/json"}).content
    assert answer.headers["content-location"] == data
    assert client.get(address, headers={"accept": "text/html"}).headers["content-type"].startswith("text/html")
    refused = client.get(address, headers={"accept": "image/png"})
    assert refused.status_code == 406
    assert {"type": "text/html", "address": address} in json.loads(refused.content)["choices"]


@pytest.mark.parametrize("address", ["/fr/", "/de/entries/1"])
def test_a_page_of_another_language_has_its_own_past(client: TestClient, address: str) -> None:
    answer = client.get(address, headers={"accept-datetime": "Thu, 30 Apr 2026 12:00:00 GMT"})
    assert answer.status_code == 302
    place = answer.headers["location"].removeprefix(ADDRESS)
    assert place.startswith(f"{address}?known_at=2026-")
    memento = client.get(place)
    assert memento.headers["memento-datetime"]
    assert f'<{ADDRESS}{address}>; rel="original timegate"' in memento.headers["link"]
