"""The changes as feeds: every change in feed and archives, each with its receipt, corrections pointing both ways."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest
from starlette.testclient import TestClient

from projections.transparency.answers import LogAnswers, PublicShelf
from registry_site.public.data.news import PER_PAGE
from tests.interfaces.data_stack import ADDRESS, EVIL, HISTORY, Stack, stack
from tests.read_models.listing import corrected, listed, updated
from tests.scenario import brussels

NAMES = {"a": "http://www.w3.org/2005/Atom", "fh": "http://purl.org/syndication/history/1.0"}
RECEIPT = "https://c2sp.org/tlog-proof"
AT = brussels("2026-03-02", 10)
MANY = [
    listed(AT, "1", provider_name="Nordlicht Modele GmbH"),
    *(updated(AT + n * timedelta(hours=1), "1", provider_name="Nordlicht Modele GmbH", note_ref=f"{n}") for n in range(1, 2 * PER_PAGE + 29)),
    corrected(AT + timedelta(days=20), "provider_name", "Nordlicht Modele GmbH", "Nordlicht Modelle GmbH", "1"),
]
"""230 changes, the last of which corrects the first."""


@pytest.fixture(scope="module")
def few() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def many() -> Iterator[Stack]:
    with stack(MANY) as found:
        yield found


def get(client: TestClient, address: str) -> bytes:
    answer = client.get(address.removeprefix(ADDRESS))
    assert answer.status_code == 200, (address, answer.text)
    return answer.content


def atom(client: TestClient, address: str = "/feed.atom") -> ElementTree.Element:
    return ElementTree.fromstring(get(client, address))


def rels(element: ElementTree.Element) -> dict[str, str]:
    return {link.attrib["rel"]: link.attrib["href"] for link in element.findall("a:link", NAMES) if link.attrib.get("type") != "application/json"}


def entries(feed: ElementTree.Element) -> list[ElementTree.Element]:
    return feed.findall("a:entry", NAMES)


def ids(feed: ElementTree.Element) -> list[int]:
    return [int(entry.findtext("a:id", "", NAMES).rpartition("/")[2]) for entry in entries(feed)]


def items(client: TestClient, address: str = "/feed.json") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(get(client, address))["items"]
    return found


# -- Atom --------------------------------------------------------------------------


def test_a_reader_that_others_wrote_reads_the_feed(few: Stack) -> None:
    answer = few.client().get("/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    found = feedparser.parse(answer.content)
    assert (found.bozo, found.version) == (False, "atom10")
    assert [entry.title for entry in found.entries][:2] == ["Removed: Alpha", "Added: Alpha"]
    assert found.entries[0].summary == "The entry was removed because the decision was annulled."
    assert f"of {EVIL} was added to the list." in found.entries[-2].summary
    assert found.feed.subtitle == "Independent demonstration. Not a website of the European Union. The entries are invented."
    assert "creativecommons.org/licenses/by/4.0" in found.feed.rights
    assert found.entries[0].updated == "2026-10-05T00:00:00+02:00"


def test_a_feed_has_what_atom_demands(few: Stack) -> None:
    feed = atom(few.client())
    for name in ("id", "title", "updated", "author"):
        assert feed.find(f"a:{name}", NAMES) is not None
    assert rels(feed)["self"] == f"{ADDRESS}/feed.atom"
    assert len({entry.findtext("a:id", "", NAMES) for entry in entries(feed)}) == len(HISTORY)
    for entry in entries(feed):
        assert datetime.fromisoformat(entry.findtext("a:updated", "", NAMES)).tzinfo
        assert all(entry.findtext(f"a:{name}", "", NAMES) for name in ("id", "title", "summary"))


def test_each_entry_leads_to_its_page_and_to_a_receipt_that_is_there(few: Stack) -> None:
    answers = LogAnswers(PublicShelf(few.side.stores[1]))
    for entry, leaf in zip(entries(atom(few.client())), ids(atom(few.client())), strict=True):
        assert rels(entry)[RECEIPT] == f"{ADDRESS}/log/receipt/{leaf}.tlog-proof"
        assert answers.answer(rels(entry)[RECEIPT].removeprefix(f"{ADDRESS}/log/")).status == 200
        get(few.client(), rels(entry)["alternate"])


def test_feed_and_archives_are_every_change(many: Stack) -> None:
    client = many.client()
    feed = atom(client)
    assert "fh:archive" not in get(client, "/feed.atom").decode()
    found, pages = set(ids(feed)), []
    while before := rels(feed).get("prev-archive"):
        feed = atom(client, before)
        pages.append(ids(feed))
        assert feed.find("fh:archive", NAMES) is not None
        assert rels(feed)["current"] == f"{ADDRESS}/feed.atom"
        assert rels(feed)["self"] == before
        found |= set(ids(feed))
    assert found == set(range(len(MANY)))
    assert pages == [list(range(199, 99, -1)), list(range(99, -1, -1))]
    assert rels(feed)["next-archive"] == f"{ADDRESS}/feed/2.atom"


def test_the_newest_are_always_a_full_page_where_there_are_so_many(many: Stack) -> None:
    assert ids(atom(many.client())) == list(range(229, 129, -1))


@pytest.mark.parametrize("count", [PER_PAGE - 1, PER_PAGE, PER_PAGE + 1])
def test_a_page_is_archived_once_it_is_complete(count: int) -> None:
    with stack(MANY[:count]) as found:
        client = found.client()
        assert ("prev-archive" in rels(atom(client))) is (count >= PER_PAGE)
        assert client.get("/feed/1.atom").status_code == (200 if count >= PER_PAGE else 404)


@pytest.mark.parametrize("address", ["/feed/0.atom", "/feed/3.atom", "/feed/01.atom", "/feed/x.json", "/feed/1.rss", "/feed/99999999999.atom"])
def test_a_page_that_there_is_not_leads_to_the_feed(many: Stack, address: str) -> None:
    answer = many.client().get(address)
    assert answer.status_code == 404
    assert {"/feed.atom", "/feed.json"} & set(answer.json()["choices"].values())


@pytest.mark.parametrize("address", ["/feed.atom", "/feed.json", "/feed/1.atom"])
def test_a_feed_is_asked_nothing(many: Stack, address: str) -> None:
    assert many.client().get(f"{address}?page=2").status_code == 400


def test_an_archived_page_stays_as_it_is_while_the_list_goes_on(many: Stack) -> None:
    with stack(MANY[:150]) as before:
        old, new = before.client(), many.client()
        assert get(old, "/feed/1.atom") != get(new, "/feed/1.atom")  # the correction of the first change is told there too
        strip = [ElementTree.tostring(entry) for entry in entries(atom(old, "/feed/1.atom"))]
        assert [ElementTree.tostring(entry) for entry in entries(atom(new, "/feed/1.atom"))][:-1] == strip[:-1]


# -- Corrections -------------------------------------------------------------------


def test_a_correction_and_what_it_corrects_point_at_each_other_across_pages(many: Stack) -> None:
    client = many.client()
    correction, first = entries(atom(client))[0], entries(atom(client, "/feed/1.atom"))[-1]
    assert correction.findtext("a:title", "", NAMES) == "Corrected: Alpha"
    assert rels(correction)[f"{ADDRESS}/data#corrects"] == first.findtext("a:id", "", NAMES)
    assert rels(first)[f"{ADDRESS}/data#corrected_by"] == correction.findtext("a:id", "", NAMES)
    assert "provider_name: Nordlicht Modele GmbH → Nordlicht Modelle GmbH." in correction.findtext("a:summary", "", NAMES)


def test_json_feed_has_the_correction_for_machines(many: Stack) -> None:
    correction = items(many.client())[0]
    told = correction["_register"]
    assert correction["tags"] == ["CORRECTED"]
    assert (told["number"], told["corrects"], told["corrected_by"]) == (230, 1, [])
    assert told["fields"] == [{"field": "provider_name", "before": "Nordlicht Modele GmbH", "after": "Nordlicht Modelle GmbH"}]
    assert told["receipt"] == "/log/receipt/229.tlog-proof"
    assert items(many.client(), "/feed/1.json")[-1]["_register"]["corrected_by"] == [230]


# -- JSON Feed ---------------------------------------------------------------------


def test_json_feed_has_what_its_version_demands(few: Stack) -> None:
    answer = few.client().get("/feed.json")
    assert answer.headers["content-type"] == "application/feed+json"
    feed = answer.json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{ADDRESS}/feed.json"
    assert "next_url" not in feed
    for item in feed["items"]:
        assert item["id"].startswith(ADDRESS)
        assert item["content_text"]
        assert datetime.fromisoformat(item["date_published"]).tzinfo
    assert [item["id"] for item in feed["items"]] == [entry.findtext("a:id", "", NAMES) for entry in entries(atom(few.client()))]


def test_json_feed_leads_on_to_every_change(many: Stack) -> None:
    client, address, found = many.client(), "/feed.json", set()
    while address:
        feed = json.loads(get(client, address))
        assert feed["feed_url"].removeprefix(ADDRESS) == address.removeprefix(ADDRESS)
        found |= {item["_register"]["number"] for item in feed["items"]}
        address = feed.get("next_url", "")
    assert found == set(range(1, len(MANY) + 1))


# -- The log -----------------------------------------------------------------------


def test_a_change_without_a_receipt_yet_waits_and_the_feed_is_not_kept() -> None:
    with stack(followed=False) as found:
        found.fold(3)
        found.publish(2)
        answer = found.client().get("/feed.atom")
        assert ids(ElementTree.fromstring(answer.content)) == [1, 0]
        assert answer.headers["cache-control"] == "no-store"


def test_without_a_log_no_receipt_is_promised() -> None:
    with stack(followed=False) as found:
        found.fold()
        client = found.client()
        assert RECEIPT not in get(client, "/feed.atom").decode()
        assert not any("receipt" in item["_register"] for item in items(client))


def test_an_empty_register_has_an_empty_feed() -> None:
    with stack([]) as found:
        feed = feedparser.parse(get(found.client(), "/feed.atom"))
        assert (feed.bozo, feed.entries) == (False, [])
        assert items(found.client()) == []


def test_what_no_xml_can_hold_does_not_break_the_feed() -> None:
    with stack([listed(AT, "1", marketed_names=["A\ufffe<&>\uffff"])]) as found:
        assert entries(atom(found.client()))[0].findtext("a:title", "", NAMES) == "Added: A\ufffd<&>\ufffd"
