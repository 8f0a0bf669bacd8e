"""What is exported, and where it lies."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from api.export.asking import Answer, NotStarted, running
from api.export.links import UnfitAddress, file_of, links
from api.export.site import ROUNDS, Crawl, RecordMovedOn, tiles_in_use, while_still
from registry_site.ui.static import require_built
from tests.interfaces.data_stack import ADDRESS, stack
from tests.read_models.listing import listed, updated
from tests.scenario import brussels

PUBLIC = "https://register.example.eu"
require_built()


def answer(address: str, media_type: str, body: str = "", **headers: str) -> Answer:
    return Answer(address, 200, Headers({"content-type": media_type, **headers}), body.encode())


@pytest.mark.parametrize(
    ("address", "media_type", "name"),
    [
        ("/", "text/html; charset=utf-8", "index.html"),
        ("/about", "text/html; charset=utf-8", "about/index.html"),
        ("/fr/", "text/html", "fr/index.html"),
        ("/entries/SR-0001", "text/html", "entries/SR-0001/index.html"),
        ("/entries/SR-0001.json", "application/json", "entries/SR-0001.json"),
        ("/timemap", "application/link-format", "timemap/index.html"),
        ("/log/tile/0/x001/234.p/5", "application/octet-stream", "log/tile/0/x001/234.p/5"),
        ("/log/key", "text/plain; charset=utf-8", "log/key"),
        ("/a%20b.json", "application/json", "a b.json"),
    ],
)
def test_an_address_lies_where_a_plain_web_server_looks_for_it(address: str, media_type: str, name: str) -> None:
    assert file_of(address, media_type) == name


@pytest.mark.parametrize("address", ["/../x.json", "/a/%2e%2e/x.json", "/a//b.json", "/a%00.json", "/a%5Cb.json", "//x.json", "/."])
def test_no_address_leads_out_of_the_folder(address: str) -> None:
    with pytest.raises(UnfitAddress):
        file_of(address, "application/json")


def test_a_page_names_addresses_of_its_own_site_without_question_or_fragment() -> None:
    body = f"""<link rel="alternate" hreflang="fr" href="/fr/about"><a href="/law?on=2026-01-01#x">L</a><a href="{PUBLIC}">home</a>
        <a href="data">relative</a><script src="/static/js/boot.js?v=1"></script><form action="/compute"></form>
        <a href="https://elsewhere.example/a">E</a><a href="{PUBLIC}.evil.example/b">F</a><a href="mailto:a@b.example">M</a><a href="#main">S</a>"""
    found = links(answer("/about", "text/html; charset=utf-8", body, link=f'<{PUBLIC}/timemap>; rel="timemap"'), PUBLIC)
    assert found == {"/fr/about", "/law", "/", "/data", "/static/js/boot.js", "/timemap", "/about"}


def test_feeds_and_maps_name_addresses_and_graphs_only_things() -> None:
    atom = f'<feed><link rel="prev-archive" href="{PUBLIC}/feed/1.atom"/><id>{PUBLIC}/entries/1?x=2</id></feed>'
    assert links(answer("/feed.atom", "application/atom+xml; charset=utf-8", atom), PUBLIC) == {"/feed/1.atom", "/entries/1"}
    assert links(answer("/robots.txt", "text/plain", f"Sitemap: {PUBLIC}/sitemap.xml\n"), PUBLIC) == {"/sitemap.xml"}
    assert links(answer("/catalog.jsonld", "application/ld+json", f'{{"@id": "{PUBLIC}/catalog"}}'), PUBLIC) == set()


def test_every_archive_of_the_feeds_and_every_language_that_is_linked_is_found() -> None:
    history = [listed(brussels("2026-03-02", 10), "1"), *(updated(brussels("2026-04-01", 10), "1", marketed_names=[f"Name {n}"]) for n in range(250))]
    with stack(history) as side, side.client() as client:
        found = asyncio.run(_addresses(client))
    assert {"/feed/1.atom", "/feed/1.json", "/feed/2.atom", "/entries/1", "/entries/1.jsonld", "/timemap/entries/1", "/sitemap/1.xml"} <= found


async def _addresses(client: TestClient) -> set[str]:
    async with running(client.app, ADDRESS) as ask:
        return {answer.address async for answer in Crawl(ask, ADDRESS, ()).answers()}


def test_an_application_that_cannot_start_is_said_so() -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.failed", "message": "no store"})

    async def start() -> None:
        async with running(refuses, PUBLIC):
            pass

    with pytest.raises(NotStarted, match="no store"):
        asyncio.run(start())


def test_a_partial_tile_stays_until_its_tile_is_full() -> None:
    known = ["log/tile/0/000", "log/tile/0/001.p/5", "log/tile/entries/001.p/5", "log/tile/1/000.p/1", "log/key", "list.json", "data.p/5"]
    later = {"tile/0/000", "tile/0/001.p/9", "tile/entries/001.p/9", "tile/1/000.p/1", "key"}
    assert tiles_in_use(known, later) == ["tile/0/001.p/5", "tile/entries/001.p/5"]
    assert tiles_in_use(known, {"tile/0/000", "tile/0/001", "tile/entries/001", "tile/1/000.p/2"}) == ["tile/1/000.p/1"]


@pytest.mark.parametrize(("states", "walks"), [((1, 1), 1), ((1, 2, 2, 2), 2), ((*range(2 * (ROUNDS - 1)), 9, 9), ROUNDS)])
def test_a_walk_is_begun_again_until_the_record_held_still(states: tuple[int, ...], walks: int) -> None:
    told, walked = iter(states), count(1)

    async def walk() -> int:
        return next(walked)

    assert asyncio.run(while_still(told.__next__, walk)) == walks


def test_a_record_that_never_holds_still_ends_the_walks() -> None:
    told = count()
    walked: list[int] = []

    async def walk() -> None:
        walked.append(1)

    with pytest.raises(RecordMovedOn, match="run it again"):
        asyncio.run(while_still(told.__next__, walk))
    assert len(walked) == ROUNDS
