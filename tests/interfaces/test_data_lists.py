"""The list as data: its entries, what is refused, and what is kept and compared as HTTP says."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from rdflib import URIRef
from starlette.testclient import TestClient

from domain.law.periods import BRUSSELS
from registry_site.public.data.lists import LIST_FORMS
from tests.interfaces.data_stack import ADDRESS, Stack, entries, get, json_ld, stack


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


# -- Entries -----------------------------------------------------------------------


def test_an_entry_has_its_history_with_corrections_pointing_both_ways(client: TestClient) -> None:
    said = get(client, "/entries/2.json").json()
    assert said["entry"]["provider_country"] == "BE"
    first, correction = said["history"]
    assert (first["kind"], first["corrected_by"], first["corrects"]) == ("PUBLISHED", [4], None)
    assert (correction["number"], correction["kind"], correction["corrects"], correction["corrected_by"]) == (4, "CORRECTED", 2, [])
    assert correction["fields"] == [{"field": "provider_country", "before": "FR", "after": "BE"}]
    assert correction["receipt"] == "/log/receipt/3.tlog-proof"


def test_before_its_correction_was_known_an_entry_has_none(client: TestClient) -> None:
    said = get(client, "/entries/2.json?known_at=2026-06-07").json()
    assert said["entry"]["provider_country"] == "FR"
    assert [change["corrected_by"] for change in said["history"]] == [[]]


def test_a_removed_entry_keeps_its_data(client: TestClient) -> None:
    said = get(client, "/entries/3.json").json()
    assert (said["entry"]["removed_on"], said["entry"]["public_reason"]) == ("2026-10-05", "ANNULLED")
    receipts = json_ld(get(client, "/entries/3.jsonld").content).objects(predicate=URIRef(f"{ADDRESS}/data#receipt"))
    assert {str(each) for each in receipts} == {f"{ADDRESS}/log/receipt/{index}.tlog-proof" for index in (4, 5)}


@pytest.mark.parametrize("address", ["/entries/99.json", "/entries/3.json?valid_at=2026-04-01", "/entries/x.json", "/entries/..json"])
def test_an_entry_that_the_list_did_not_carry_is_not_found(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["choices"] == {"entries": "/list.json?include_removed=true"}


# -- Bad questions -----------------------------------------------------------------

LONG = "x" * 5000


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("valid_at=2026-02-30", "is neither a day"),
        ("valid_at=soon", "is neither a day"),
        ("known_at=2026-03-31T10:00", "Add the offset"),
        ("valid_at=2026-03-01", "from 2026-03-02, that of its first entry"),
        ("known_at=2026-03-01", "to 2026-11-21, today"),
        ("valid_at=2026-11-22", "Choose one of them"),
        ("known_at=2026-11-22T00:00:00%2B01:00", "Choose one of them"),
        ("valid_at=0001-01-01", "is neither a day"),
        ("include_removed=maybe", "true, false"),
        ("valid_at=2026-04-01&valid_at=2026-04-02", "more than once"),
        ("colour=red", "is not something this address can be asked"),
        (f"{LONG}=1", "is not something"),
        ("valid_at=%FF", "cannot be read"),
        ("valid_at=%00", "is neither a day"),
        ("&".join(f"a{n}=1" for n in range(500)), "cannot be read"),
    ],
)
@pytest.mark.parametrize("address", ["/list.json", "/list.csv", "/list.csv-metadata.json"])
def test_a_bad_question_is_a_problem_that_names_the_choices(client: TestClient, address: str, question: str, says: str) -> None:
    answer = client.get(f"{address}?{question}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert says in answer.json()["detail"]
    assert answer.json()["choices"]


def test_the_first_day_and_today_are_answered(client: TestClient) -> None:
    assert len(entries(client, "valid_at=2026-03-02")) == 1
    assert entries(client, "valid_at=2026-11-21") == entries(client)
    assert entries(client, "known_at=2026-11-21") == entries(client)


@pytest.mark.parametrize(("address", "choices"), [("/list.xlsx", "/list.csv"), ("/list.xml", "/list.json"), ("/entries/1.csv", "/entries/1.json")])
def test_an_unknown_form_is_answered_with_those_there_are(client: TestClient, address: str, choices: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 404
    assert choices in answer.json()["choices"].values()


# -- Kept and compared ---------------------------------------------------------------


@pytest.mark.parametrize("form", LIST_FORMS)
def test_a_known_tag_or_date_is_answered_with_not_modified(client: TestClient, form: str) -> None:
    answer = get(client, f"/list.{form}")
    assert re.fullmatch(r'"[0-9a-f]{32}"', answer.headers["etag"])
    assert answer.headers["last-modified"] == "Mon, 05 Oct 2026 22:00:00 GMT"
    for known in ({"if-none-match": answer.headers["etag"]}, {"if-modified-since": answer.headers["last-modified"]}):
        again = client.get(f"/list.{form}", headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize(
    "known",
    [
        {"if-modified-since": "Mon, 05 Oct 2026 21:59:59 GMT"},
        {"if-modified-since": "yesterday"},
        {"if-modified-since": "Mon, 05 Oct 2026 22:00:00"},
        {"if-modified-since": "Tue, 06 Oct 2026 22:00:00 GMT", "if-none-match": '"other"'},
    ],
)
def test_an_older_date_or_another_tag_is_answered_in_full(client: TestClient, known: dict[str, str]) -> None:
    assert client.get("/list.json", headers=known).status_code == 200


def test_the_forms_have_different_tags(client: TestClient) -> None:
    assert len({get(client, f"/list.{form}").headers["etag"] for form in LIST_FORMS}) == len(LIST_FORMS)


def test_while_the_day_of_a_change_lasts_no_date_is_given() -> None:
    with stack() as found:
        for now, dated in ((datetime(2026, 10, 5, 23, 59, tzinfo=BRUSSELS), False), (datetime(2026, 10, 6, 0, 0, tzinfo=BRUSSELS), True)):
            found.now = now
            assert ("last-modified" in get(found.client(), "/list.json").headers) is dated


def test_what_was_known_on_a_day_stays_the_same_bytes_whatever_comes(client: TestClient) -> None:
    with stack(followed=False) as found:
        found.fold(4)
        found.publish(4)
        before = get(found.client(), "/list.json?known_at=2026-05-31")
    after = get(client, "/list.json?known_at=2026-05-31")
    assert before.content == after.content
    assert before.headers["last-modified"] == after.headers["last-modified"] == "Mon, 11 May 2026 22:00:00 GMT"


def test_head_is_the_same_without_the_body(client: TestClient) -> None:
    for address in ("/list.json", "/list.csv", "/entries/1.json"):
        head, full = client.head(address), get(client, address)
        assert (head.status_code, head.content) == (200, b"")
        assert {name: head.headers[name] for name in ("etag", "content-length", "content-type")} == {
            name: full.headers[name] for name in ("etag", "content-length", "content-type")
        }


def test_a_second_reader_is_answered_from_what_is_prepared(published: Stack) -> None:
    client = published.client()
    first = get(client, "/list.json", accept_encoding="gzip")
    published.side.public.note("demonstration", "no")  # nobody may see this before something public happens
    second = get(client, "/list.json", accept_encoding="gzip")
    published.side.public.note("demonstration", "yes")
    assert second.content == first.content
    assert second.headers["content-encoding"] == "gzip"


def test_the_date_of_a_kept_answer_is_a_date_of_http(client: TestClient) -> None:
    at = datetime.strptime(get(client, "/list.json").headers["last-modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert at.astimezone(BRUSSELS) == datetime(2026, 10, 6, tzinfo=BRUSSELS)
    assert at - timedelta(seconds=1) < datetime(2026, 10, 6, tzinfo=BRUSSELS)
