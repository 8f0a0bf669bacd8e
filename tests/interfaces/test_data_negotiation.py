"""One address, many forms: the one that is liked best, or a refusal with the choices."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from registry_site.public.data.negotiation import acceptable
from tests.interfaces.data_stack import Stack, get, stack


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json", "application/json"),
        ("text/csv", "text/csv; charset=utf-8; header=present"),
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/ld+json, application/json;q=0.5", "application/ld+json"),
        ("application/x-ndjson", "application/x-ndjson"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("application/*", "application/json"),
        ("application/json;q=0, */*", "text/html; charset=utf-8"),
        ("TEXT/CSV; q=0.9, text/html;q=0.1", "text/csv; charset=utf-8; header=present"),
    ],
)
def test_the_list_comes_in_the_form_that_is_liked_best(client: TestClient, accept: str, kind: str) -> None:
    answer = get(client, "/?valid_at=2026-04-30", accept=accept)
    assert answer.headers["content-type"] == kind
    assert answer.headers["vary"] == "Accept, Accept-Datetime, Accept-Encoding"
    if not kind.startswith("text/html"):
        own = get(client, answer.headers["content-location"])
        assert (own.content, own.headers["etag"]) == (answer.content, answer.headers["etag"])


def test_without_a_wish_the_list_is_a_page(client: TestClient) -> None:
    client.headers.pop("accept", None)
    assert get(client, "/").headers["content-type"].startswith("text/html")


def test_an_entry_comes_in_its_forms_too(client: TestClient) -> None:
    assert get(client, "/entries/1", accept="application/json").json()["entry"]["list_id"] == "1"
    assert get(client, "/entries/1", accept="application/ld+json").headers["content-location"] == "/entries/1.jsonld"
    assert get(client, "/entries/1", accept="text/html").headers["vary"] == "Accept, Accept-Datetime, Accept-Encoding"


@pytest.mark.parametrize(("address", "first"), [("/", "/list.json"), ("/entries/1", "/entries/1.json")])
@pytest.mark.parametrize("accept", ["image/png", "application/pdf, image/*", "application/json;q=0", "nonsense", "text/html;q=0", "," * 9000])
def test_what_nobody_can_give_is_refused_with_the_choices(client: TestClient, address: str, first: str, accept: str) -> None:
    answer = client.get(address, headers={"accept": accept})
    assert answer.status_code == 406
    assert first in {choice["address"] for choice in answer.json()["choices"]}
    assert answer.headers["content-security-policy"]
    assert answer.headers["vary"] == "Accept, Accept-Datetime, Accept-Encoding"


def test_other_pages_are_pages_whatever_is_accepted(client: TestClient) -> None:
    assert client.get("/about", headers={"accept": "image/png"}).headers["content-type"].startswith("text/html")


@given(st.text(alphabet=st.sampled_from("text/html*;q=0.15, application/json")))
def test_any_wish_is_answered_or_refused(accept: str) -> None:
    assert acceptable(accept, ("text/html", "application/json")) in ("text/html", "application/json", None)
