"""Parts of a page that are rendered once for what they depend on."""

import re
from collections import Counter
from dataclasses import replace

import pytest
from jinja2 import DictLoader, Template

from registry_site.public import desk
from registry_site.ui import fragments
from registry_site.ui.rendering import environment
from tests.interfaces.published_in_memory import ENTRY

PAGE = "{% kept key %}<p>{{ said(key) }}</p>{% endkept %}{% kept key, other %}<b>{{ said(other) }}</b>{% endkept %}"


@pytest.fixture
def page() -> Template:
    return environment(DictLoader({"page.html": PAGE})).get_template("page.html")


class Said(Counter[str]):
    """Words, counted whenever they are rendered."""

    def __call__(self, word: str) -> str:
        self[word] += 1
        return word


def test_a_part_is_rendered_once_for_each_value_of_its_keys(page: Template) -> None:
    said = Said()
    answers = [page.render(key=key, other=other, said=said) for key, other in ["ab", "ab", "ac", "cb"]]
    assert answers == ["<p>a</p><b>b</b>", "<p>a</p><b>b</b>", "<p>a</p><b>c</b>", "<p>c</p><b>b</b>"]
    assert said == {"a": 1, "b": 2, "c": 2}


def test_what_is_kept_was_escaped_once(page: Template) -> None:
    for _ in range(2):
        assert page.render(key="<", other="&", said=str) == "<p>&lt;</p><b>&amp;</b>"


def test_each_language_keeps_its_own() -> None:
    pages = {code: environment(DictLoader({"page.html": "{% kept 1 %}{{ language }}{% endkept %}"}), language=code) for code in ("en", "fr")}
    assert [made.get_template("page.html").render() for _ in range(2) for made in pages.values()] == ["en", "fr"] * 2


def test_what_is_kept_has_an_end(page: Template, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MOST_KEPT", 4)
    said = Said()
    for key in "abab":
        page.render(key=key, other="", said=said)
    assert (said["a"], said["b"]) == (1, 1), "two parts of two pages are four"
    for key in "cab":
        page.render(key=key, other="", said=said)
    assert (said["a"], said["b"]) == (2, 2)


def test_rows_that_are_kept_have_an_end_too_and_stay_those_of_their_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = desk.Rows(desk.templates("en"))
    entries = [replace(ENTRY, list_id=str(number)) for number in range(1, 8)]
    monkeypatch.setattr(desk, "MOST_ROWS", 4)
    for first in (0, 2, 1, 4, 0):
        page = entries[first : first + 3]
        found = rows(page, "valid_at=2026-01-01")
        assert re.findall(r'href="/entries/(\d+)\?valid_at=2026-01-01"', found) == [entry.list_id for entry in page]
        assert len(rows._kept) <= 4
