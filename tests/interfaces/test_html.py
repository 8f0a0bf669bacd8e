"""The HTML of every kind of page, public and of the office, held against the standard by a checker that nobody here wrote (Nu Html Checker)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from itertools import chain
from pathlib import Path

import pytest

from domain.actors import Role
from registry_site.office.places import PEOPLE
from registry_site.ui.static import require_built
from tests.interfaces.office_house import Browser, House, served

JAR = Path(__file__).parents[2] / "node_modules/vnu-jar/build/dist/vnu.jar"
JAVA = shutil.which("java")
LINK = re.compile(r'<a [^>]*href="(/[^"#]*)')
NAMES = re.compile(r"(?<=/)(?:[0-9a-f-]{32,}|\d+)(?=/|$|\?|\.)|(?<==)[^&]*")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(JAVA is None, reason="the checker needs Java")]
require_built()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "listing-correction.yaml") as house:
        yield house


def pages(browser: Browser, begin: tuple[str, ...], within: str) -> Iterator[tuple[str, str]]:
    """Follow links from some addresses; give address and HTML of one page of each kind, alike but for names and numbers."""
    waiting, met, kinds = list(begin), set(begin), set[str]()
    while waiting:
        address = waiting.pop(0)
        kind = NAMES.sub("*", address)
        if kind in kinds:
            continue
        kinds.add(kind)
        answer = browser.get(address)
        if answer.headers.get("content-type", "").startswith("text/html"):
            yield address, answer.text
            found = {unescape(link) for link in LINK.findall(answer.text)} - met
            met |= found
            waiting += sorted(link for link in found if re.match(within, link))


def complaints(folder: Path, found: Iterator[tuple[str, str]]) -> list[str]:
    """Check pages, all at once; return what is wrong with them, by address."""
    addresses: dict[str, str] = {}
    for number, (address, html) in enumerate(found):
        (folder / f"{number}.html").write_text(html, encoding="utf-8")
        addresses[f"{number}.html"] = address
    assert len(addresses) > 5, addresses
    done = subprocess.run(
        [JAVA or "", "-jar", str(JAR), "--errors-only", "--format", "gnu", "--stdout", str(folder)], capture_output=True, text=True, check=False
    )
    said = [re.sub(r'"?file:.*?/(\d+\.html)"?', lambda name: addresses[name[1]], line) for line in done.stdout.splitlines()]
    assert (done.returncode != 0) == bool(said), done.stderr
    return said


def test_every_kind_of_public_page_is_html_as_the_standard_says(house: House, tmp_path: Path) -> None:
    visitor = house.browser()
    further = ("/nothing-here", "/?valid_at=yesterday", "/entries/99999", "/compare?from=2026-02-30", "/verify?entry=3", "/compute?method=sum")

    def in_language(mine: str) -> Iterator[tuple[str, str]]:
        within = rf"{mine}(?!/(?:fr|de|log|static|workbench|audit|sign-in)(?:/|$))"
        return pages(visitor, (f"{mine}/", *(f"{mine}{address}" for address in further)), within)

    assert complaints(tmp_path, chain(*map(in_language, ("", "/fr", "/de")))) == []


def test_every_kind_of_page_of_the_office_is_html_as_the_standard_says(house: House, tmp_path: Path) -> None:
    begin = ("/workbench/", "/workbench/nothing-here", *(f"/workbench/cases/{case}" for case in house.cases.values()))

    def of(role: Role) -> Iterator[tuple[str, str]]:
        return pages(house.browser().signed_in(role), begin, r"/(?:workbench|audit|sign-out)(?!/log)")

    assert complaints(tmp_path, chain(*map(of, sorted(PEOPLE)))) == []


def test_a_page_that_is_wrong_is_found_to_be(tmp_path: Path) -> None:
    right = '<!doctype html><html lang="en"><title>A</title><h1>A</h1><p>Right.</p></html>'
    wrong = right.replace("<p>", "<p><p id='a'></div><img src='x'>")
    said = complaints(tmp_path, iter([(f"/{n}", right) for n in range(6)] + [("/wrong", wrong)]))
    assert said
    assert all(line.startswith("/wrong:") for line in said)
