"""The description of the data addresses: it names every one, says what each answers, and other people's tools can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import openapi_spec_validator
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Match, Route
from starlette.testclient import TestClient

from projections.public.snapshots import Snapshots
from projections.transparency.answers import LogAnswers, PublicShelf
from registry_site.public.data.fields import FIELDS
from registry_site.public.data.room import Room, Site
from registry_site.public.data.routes import public_data
from tests.interfaces.data_stack import ADDRESS, Stack, get, stack
from tests.read_models.listing import listed
from tests.scenario import brussels

IN_PATHS = {"list_id": "2", "number": "1", "index": "0", "level": "0", "tile": "000", "width": "6"}
"""What to put into addresses of a register with six changes."""
SOMETIMES = {"last-modified", "memento-datetime", "content-location"}
"""Headers of some answers: those that were not changed today, that are of an earlier time, that are no page."""


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        found.side.public.note("webhook_keys", "whpk_AAAA")
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


@pytest.fixture(scope="module")
def described(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = get(client, "/openapi.json").json()
    return found


def filled(path: str) -> str:
    return path.format(**IN_PATHS)


def of(described: dict[str, Any], *tags: str) -> dict[str, dict[str, Any]]:
    """Give the operations of some tags, by path."""
    return {path: methods["get"] for path, methods in described["paths"].items() if set(tags) & set(methods["get"]["tags"])}


def answers(published: Stack) -> LogAnswers:
    return LogAnswers(PublicShelf(published.side.stores[1]))


def check(described: dict[str, Any], schema: dict[str, Any], answer: Any) -> None:
    """Hold an answer to its schema."""
    whole = {"components": described["components"], **schema}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(answer)


def pattern_of(described: dict[str, Any], path: str) -> re.Pattern[str]:
    """Turn a path into the addresses that it stands for, by what its parameters may be."""
    known = described["components"]["parameters"]
    parts = re.split(r"\{(\w+)\}", path)
    for place in range(1, len(parts), 2):
        parts[place] = known[parts[place]]["schema"]["pattern"].removeprefix("^").removesuffix("$")
    return re.compile("".join(part if place % 2 else re.escape(part) for place, part in enumerate(parts)))


def test_the_description_is_openapi_3_1_as_others_read_it(client: TestClient, described: dict[str, Any]) -> None:
    openapi_spec_validator.validate(described, cls=OpenAPIV31SpecValidator)
    assert get(client, "/openapi.json").headers["content-type"] == "application/json"
    assert described["servers"] == [{"url": ADDRESS}]
    assert "The entries are invented." in described["info"]["summary"]


def test_every_data_address_is_described_and_nothing_else(published: Stack, described: dict[str, Any]) -> None:
    room = Room(published.side.public, Snapshots(published.side.stores[1]), answers(published), lambda: published.now, Site(ADDRESS, "mailto:a@b.eu"))
    routes = [route for route in public_data(room) if isinstance(route, Route) and not re.fullmatch(r"(/\w\w)?/data(/fold)?", route.path)]
    reached = set()
    for path in of(described, "list", "entries", "changes", "descriptions"):
        scope = {"type": "http", "method": "GET", "path": filled(path)}
        found = [route.path for route in routes if route.matches(scope)[0] is Match.FULL]
        assert found or path in ("/", "/entries/{list_id}"), path
        reached.update(found[:1])
    assert reached == {route.path for route in routes}


def test_every_address_of_the_log_is_described_once_with_its_type(published: Stack, described: dict[str, Any]) -> None:
    log = of(described, "log")
    used = set()
    for path in answers(published).paths():
        [place] = [place for place in log if pattern_of(described, place).fullmatch(f"/log/{path}")]
        assert list(log[place]["responses"]["200"]["content"]) == [answers(published).answer(path).media_type.partition(";")[0]]
        used.add(place)
    assert set(log) - used == {"/log/tile/{level}/{tile}", "/log/tile/entries/{tile}"}  # a tile that is full needs 256 entries


def test_every_answer_is_as_described(client: TestClient, described: dict[str, Any]) -> None:
    with stack([listed(brussels("2026-03-02", 10), str(number)) for number in range(1, 102)]) as many:
        asked = {True: many.client(), False: client}  # a complete page of changes needs a hundred of them
        for path, operation in of(described, "list", "entries", "changes", "descriptions").items():
            good = operation["responses"]["200"]
            for media_type, content in good["content"].items():
                answer = get(asked["{number}" in path], filled(path), accept=media_type)
                assert answer.headers["content-type"].partition(";")[0] == media_type
                assert {name.lower() for name in good["headers"]} - SOMETIMES <= set(answer.headers)
                assert ("etag" in answer.headers) is ("ETag" in good["headers"])
                if media_type.endswith("json") and media_type != "application/x-ndjson":
                    check(described, content["schema"], answer.json())


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("/list.json", {"accept-datetime": "Tue, 31 Mar 2026 12:00:00 GMT"}, 302),
        ("/list.json?valid_at=2026-02-30", {}, 400),
        ("/entries/99.json", {}, 404),
        ("/feed/9.atom", {}, 404),
        ("/", {"accept": "image/png"}, 406),
    ],
)
def test_every_other_answer_is_described_too(
    client: TestClient, described: dict[str, Any], address: str, headers: dict[str, str], status: int
) -> None:
    path = next(path for path in described["paths"] if pattern_of(described, path).fullmatch(address.partition("?")[0]))
    answer = client.get(address, headers=headers)
    said = described["paths"][path]["get"]["responses"][str(status)]["$ref"].rpartition("/")[2]
    response = described["components"]["responses"][said]
    assert answer.status_code == status
    assert {name.lower() for name in response.get("headers", ())} <= set(answer.headers)
    if content := response.get("content"):
        assert answer.headers["content-type"] in content
        check(described, content[answer.headers["content-type"]]["schema"], answer.json())


def test_what_is_known_is_answered_shortly_as_described(client: TestClient, described: dict[str, Any]) -> None:
    answer = client.get("/openapi.json", headers={"if-none-match": get(client, "/openapi.json").headers["etag"]})
    assert answer.status_code == 304
    assert {name.lower() for name in described["components"]["responses"]["304"]["headers"]} <= set(answer.headers)


def test_the_fields_are_those_of_the_list(described: dict[str, Any]) -> None:
    entry = described["components"]["schemas"]["Entry"]
    assert list(entry["properties"]) == sorted(field.name for field in FIELDS)
    assert entry["properties"]["removed_on"]["anyOf"][1] == {"type": "null"}
    assert entry["properties"]["public_grounds"]["items"]["enum"] == ["51(1)(a)", "52(4)", "52(1)"]


def test_the_data_page_leads_to_the_description_in_every_language(client: TestClient) -> None:
    for language in ("", "/fr", "/de"):
        page = get(client, f"{language}/data").text
        assert '<link rel="service-desc" type="application/json" href="/openapi.json">' in page
        assert 'class="govuk-link" href="/openapi.json"' in page


def test_before_the_first_entry_there_is_no_example_of_a_day_and_all_else_is_said() -> None:
    with stack([]) as found:
        described = get(found.client(), "/openapi.json").json()
        openapi_spec_validator.validate(described, cls=OpenAPIV31SpecValidator)
        assert "example" not in described["components"]["parameters"]["valid_at"]
