"""What describes the data: catalogue, data package, card for search engines, map of the site, robots.txt, security.txt, the data pages."""

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from frictionless import Package
from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, RDF, SKOS, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from api.settings import Settings
from domain.law.periods import BRUSSELS
from registry_site.public.data import fold, small_files
from registry_site.public.data.fields import FIELDS, TERMS
from registry_site.public.data.lists import LIST_FORMS
from registry_site.public.pages import page_addresses
from registry_site.ui.languages import NAMES
from tests.interfaces.data_stack import ADDRESS, Stack, json_ld, stack

SHAPES = Path(__file__).with_name("dcat_ap_shapes.ttl")
SPDX = Namespace("http://spdx.org/rdf/terms#")
MAP = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}
SEARCH = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


def get(client: TestClient, address: str) -> Any:
    answer = client.get(address.removeprefix(ADDRESS))
    assert answer.status_code == 200, (address, answer.text)
    return answer


# -- The catalogue -----------------------------------------------------------------


@pytest.fixture(scope="module")
def catalogue(client: TestClient) -> Graph:
    return Graph().parse(data=get(client, "/catalog.ttl").content, format="turtle")


def conforms(graph: Graph) -> tuple[bool, str]:
    shapes = Graph().parse(SHAPES)
    conform, _, text = validate(graph, shacl_graph=shapes)
    return conform, text


def test_the_catalogue_conforms_to_the_tables_of_dcat_ap(catalogue: Graph) -> None:
    conform, text = conforms(catalogue)
    assert conform, text


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (DCAT.Catalog, DCTERMS.publisher),
        (SKOS.Concept, SKOS.prefLabel),
        (SPDX.Checksum, SPDX.algorithm),
        (DCTERMS.MediaType, RDF.type),
        (DCTERMS.MediaTypeOrExtent, RDF.type),
        (DCTERMS.LinguisticSystem, RDF.type),
        (DCTERMS.RightsStatement, RDF.type),
        (DCTERMS.Frequency, RDF.type),
        (SPDX.ChecksumAlgorithm, RDF.type),
        (DCAT.Catalog, DCTERMS.title),
        (DCAT.Dataset, DCTERMS.description),
        (DCAT.Distribution, DCAT.accessURL),
        (DCAT.DataService, DCAT.endpointURL),
        (FOAF.Agent, FOAF.name),
        (SPDX.Checksum, SPDX.checksumValue),
    ],
)
def test_the_shapes_bite(catalogue: Graph, kind: URIRef, field: URIRef) -> None:
    damaged = Graph() + catalogue
    damaged.remove((damaged.value(predicate=RDF.type, object=kind, any=True), field, None))
    assert not conforms(damaged)[0]


def test_both_forms_of_the_catalogue_are_one_graph(client: TestClient, catalogue: Graph) -> None:
    assert isomorphic(catalogue, json_ld(get(client, "/catalog.jsonld").content))
    assert get(client, "/catalog.jsonld").headers["content-type"] == "application/ld+json"
    assert get(client, "/catalog.ttl").headers["content-type"] == "text/turtle; charset=utf-8"


def test_every_distribution_is_there_with_the_size_and_digest_it_says(client: TestClient, catalogue: Graph) -> None:
    found = list(catalogue.subjects(RDF.type, DCAT.Distribution))
    assert len(found) == len(LIST_FORMS)
    for each in found:
        answer = get(client, str(catalogue.value(each, DCAT.downloadURL)))
        assert int(str(catalogue.value(each, DCAT.byteSize))) == len(answer.content)
        checksum = catalogue.value(each, SPDX.checksum)
        assert str(catalogue.value(checksum, SPDX.checksumValue)) == sha256(answer.content).hexdigest()
        assert str(catalogue.value(each, DCAT.mediaType)).endswith(answer.headers["content-type"].partition(";")[0])


def test_the_catalogue_names_law_licence_and_that_it_is_a_demonstration(catalogue: Graph) -> None:
    dataset = URIRef(f"{ADDRESS}/data#list")
    assert catalogue.value(dataset, URIRef("http://data.europa.eu/r5r/applicableLegislation")) == URIRef(fold.LAW)
    assert set(catalogue.objects(None, DCTERMS.license)) == {URIRef(fold.LICENCE)}
    assert "The entries are invented." in str(catalogue.value(dataset, DCTERMS.description))
    assert catalogue.value(dataset, DCTERMS.modified) == Literal("2026-10-05", datatype=URIRef("http://www.w3.org/2001/XMLSchema#date"))


def test_the_catalogue_of_an_empty_register_conforms_too() -> None:
    with stack([]) as found:
        graph = Graph().parse(data=get(found.client(), "/catalog.ttl").content, format="turtle")
        conform, text = conforms(graph)
        assert conform, text


# -- The data package ----------------------------------------------------------------


def saved(client: TestClient, folder: Path) -> Path:
    package = get(client, "/datapackage.json").json()
    for resource in package["resources"]:
        (folder / resource["path"]).write_bytes(get(client, f"/{resource['path']}").content)
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder / "datapackage.json"


def test_the_data_package_is_valid_with_all_of_its_files(client: TestClient, tmp_path: Path) -> None:
    report = Package(str(saved(client, tmp_path))).validate()
    assert report.valid, report.flatten(["name", "type", "note"])
    assert report.stats["tasks"] == 2
    rows = Package(str(tmp_path / "datapackage.json")).get_resource("list-csv").read_rows()
    assert [row["list_id"] for row in rows] == ["1", "2"]


@pytest.mark.parametrize(("before", "after"), [(b"OFF_MARKET", b"ON_MARKETS"), (b"2026-03-02", b"2026-13-02"), (b"Aurelia", b"Aurelio")])
def test_the_data_package_finds_a_damaged_file(client: TestClient, tmp_path: Path, before: bytes, after: bytes) -> None:
    package = saved(client, tmp_path)
    (tmp_path / "list.csv").write_bytes((tmp_path / "list.csv").read_bytes().replace(before, after))
    assert not Package(str(package)).validate().valid


# -- Search engines ------------------------------------------------------------------


def test_only_pages_are_in_the_map() -> None:
    def nothing(_: Request) -> Response:
        raise AssertionError("nobody asks")

    asked = (("/a", "GET"), ("/fr/a", "GET"), ("/a", "POST"), ("/b/{id}", "GET"), ("/c.py", "GET"))
    routes = [Route(path, nothing, methods=[method]) for path, method in asked]
    assert page_addresses([*routes, Mount("/static", routes=[])]) == ["/a"]


@pytest.mark.parametrize("address", ["/", "/data"])
def test_a_page_describes_the_data_to_search_engines(client: TestClient, address: str) -> None:
    [text] = SEARCH.findall(get(client, address).text)
    said = json.loads(text)
    assert (said["@type"], said["license"], said["@context"]) == ("Dataset", fold.LICENCE, "https://schema.org/")
    assert 50 <= len(said["description"]) <= 5000
    assert said["description"].startswith("Independent demonstration.")
    for each in said["distribution"]:
        assert get(client, each["contentUrl"]).headers["content-type"].startswith(each["encodingFormat"])


def test_the_list_of_another_day_does_not_pose_as_the_data(client: TestClient) -> None:
    assert SEARCH.findall(get(client, "/?valid_at=2026-04-30").text) == []


# -- The map of the site ---------------------------------------------------------------


def addresses(body: bytes) -> list[str]:
    return [place.text or "" for place in ElementTree.fromstring(body).iterfind(".//s:loc", MAP)]


def test_the_map_leads_to_every_page_and_every_entry_that_ever_was(client: TestClient) -> None:
    [part] = addresses(get(client, "/sitemap.xml").content)
    found = addresses(get(client, part).content)
    assert {f"{ADDRESS}{path}" for path in ("/", "/changes", "/data", "/data/fold", "/about", "/entries/1", "/entries/3")} <= set(found)
    assert len(found) == len(set(found))
    for address in found:
        get(client, address)
    assert "<lastmod>2026-10-05</lastmod>" in get(client, part).text


def test_a_map_has_no_more_addresses_than_it_may(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = addresses(get(client, "/sitemap/1.xml").content)
    monkeypatch.setattr(small_files, "PER_MAP", 5)
    with stack() as found:
        again = found.client()
        parts = [addresses(get(again, part).content) for part in addresses(get(again, "/sitemap.xml").content)]
        assert max(map(len, parts)) == 5 * len(NAMES)
        assert [address for part in parts for address in part] == whole
        for number in (0, len(parts) + 1):
            answer = again.get(f"/sitemap/{number}.xml")
            assert (answer.status_code, answer.json()["choices"]) == (404, {"maps": "/sitemap.xml"})


def test_the_map_names_every_page_in_every_language_and_each_names_the_others(client: TestClient) -> None:
    found = {}
    for place in ElementTree.fromstring(get(client, "/sitemap/1.xml").content).iterfind("s:url", MAP):
        found[place.findtext("s:loc", "", MAP)] = {link.get("hreflang"): link.get("href") for link in place.iterfind("x:link", MAP)}
    for languages in found.values():
        assert list(languages) == [*NAMES, "x-default"]
        assert languages["x-default"] == languages["en"]
        assert all(found[str(address)] == languages for address in languages.values())
    assert found[f"{ADDRESS}/de/about"]["fr"] == f"{ADDRESS}/fr/about"


def test_crawlers_may_read_what_is_public(client: TestClient) -> None:
    text = get(client, "/robots.txt").text
    assert f"Sitemap: {ADDRESS}/sitemap.xml" in text
    refused = re.findall(r"^Disallow: (.*)$", text, re.MULTILINE)
    assert "/workbench/" in refused
    for address in addresses(get(client, "/sitemap/1.xml").content):
        assert not address.removeprefix(ADDRESS).startswith(tuple(refused))


# -- security.txt ----------------------------------------------------------------------


@pytest.mark.parametrize("now", [datetime(2026, 11, 21, 12, tzinfo=BRUSSELS), datetime(2027, 6, 1, 0, 30, tzinfo=BRUSSELS)])
def test_security_txt_holds_for_less_than_a_year_from_today(now: datetime) -> None:
    with stack() as found:
        found.now = now
        answer = get(found.client(), "/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert fields["Canonical"] == f"{ADDRESS}/.well-known/security.txt"
    assert fields["Contact"] == "mailto:security@register.example.eu"
    assert timedelta(days=90) < datetime.fromisoformat(fields["Expires"]) - now < timedelta(days=365)


@pytest.mark.parametrize(
    ("settings", "contact"),
    [
        ({"public_address": "register.example.eu"}, "mailto:security@register.example.eu"),
        ({"public_address": "register.example.eu:8443/register"}, "mailto:security@register.example.eu"),
        ({"public_address": "127.0.0.1:8000"}, "mailto:security@%5B127.0.0.1%5D"),
        ({"public_address": "[::1]:8000"}, "mailto:security@%5BIPv6%3A%3A%3A1%5D"),
        ({"public_address": "register.example.eu", "security_contact": "https://example.eu/report"}, "https://example.eu/report"),
    ],
)
def test_holes_are_reported_to_the_mailbox_that_every_domain_has_unless_told_otherwise(settings: dict[str, str], contact: str) -> None:
    assert Settings(**settings).security_uri == contact


# -- Pages -------------------------------------------------------------------------------


def test_the_data_page_offers_every_file_with_its_size(client: TestClient) -> None:
    page = get(client, "/data").text
    for form in LIST_FORMS:
        size = len(get(client, f"/list.{form}").content)
        assert f'href="/list.{form}"' in page
        assert f"{size / 1000:.1f} kB" in page
    assert "has 2 entries. Every form" in page


def test_every_address_on_the_data_pages_is_answered(client: TestClient) -> None:
    for page in ("/data", "/data/fold"):
        links = {unescape(link) for link in re.findall(r'href="(/[^"#]*)', get(client, page).text) if not link.startswith(("/static", "/verify"))}
        for link in links:
            get(client, link)


def test_every_name_in_graphs_and_feeds_is_explained_on_the_data_page(client: TestClient) -> None:
    anchors = re.findall(r' id="([^"]+)"', get(client, "/data").text)
    assert len(anchors) == len(set(anchors))
    said = "".join(
        get(client, address).text for address in ("/list.ttl", "/entries/2.jsonld", "/catalog.ttl", "/feed.atom", "/list.csv-metadata.json")
    )
    named = set(re.findall(rf"{re.escape(ADDRESS)}/data#(\w+)", said)) | set(re.findall(r"\breg:(\w+)", said))
    assert {"listed_on", "corrects", "log_root", "csv", "list"} <= named
    assert named <= set(anchors)
    assert {name for name, _ in TERMS}.isdisjoint(field.name for field in FIELDS)


def test_the_published_fold_is_the_file_that_runs_in_our_tests(client: TestClient) -> None:
    answer = get(client, "/data/fold.py")
    assert answer.content == Path(fold.__file__).read_bytes()
    assert answer.headers["content-type"] == "text/x-python; charset=utf-8"
    assert "/data/fold.py" in get(client, "/data/fold").text


@pytest.mark.parametrize(
    "address",
    ["/data", "/data/fold", "/data/fold.py", "/catalog.ttl", "/catalog.jsonld", "/datapackage.json", "/robots.txt", "/sitemap.xml", "/sitemap/1.xml"],
)
def test_what_takes_no_question_refuses_one(client: TestClient, address: str) -> None:
    assert client.get(f"{address}?page=2").status_code == 400
