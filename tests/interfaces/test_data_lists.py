"""The list as data: every form says the same, names the log it follows from, and is kept, compared and refused as HTTP says."""

import csv
import io
import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from csvw import CSVW
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, URIRef
from rdflib.compare import isomorphic
from starlette.testclient import TestClient

from domain.law.periods import BRUSSELS
from domain.public import CONTENT_FIELDS, PUBLIC
from projections.public.questions import Listed
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.merkle import leaf_hash, root_of
from registry_site.public.data.fields import FIELDS, SEPARATOR
from registry_site.public.data.forms import canonical, harmless
from registry_site.public.data.lists import LIST_FORMS
from registry_site.public.data.negotiation import acceptable
from tests.interfaces.data_stack import ADDRESS, EVIL, SIGNER, Stack, json_ld, stack

SEVERAL = {field.name for field in FIELDS if field.kind == "texts"}
DAYS = {field.name for field in FIELDS if field.kind == "day"}
QUESTIONS = ("", "valid_at=2026-04-30", "known_at=2026-05-31", "valid_at=2026-04-30&known_at=2026-06-07", "include_removed=true")


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


def get(client: TestClient, address: str, **headers: str) -> Any:
    answer = client.get(address, headers={name.replace("_", "-"): value for name, value in headers.items()})
    assert answer.status_code == 200, (address, answer.text)
    return answer


def entries(client: TestClient, question: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(client, f"/list.json?{question}").json()["entries"]
    return found


# -- Fields ------------------------------------------------------------------------


def test_the_fields_are_those_of_the_allow_list_and_no_others() -> None:
    assert [field.name for field in FIELDS] == [field.name for field in fields(Listed)]
    days = {name for topic in PUBLIC if topic.startswith("ListEntry") for name in PUBLIC[topic].model_fields if name.endswith("_on")}
    public = {*CONTENT_FIELDS, "list_id", "public_reason", "changed_on", *days - {"corrected_on"}}
    assert {field.name for field in FIELDS} == public


def test_choices_and_requirements_are_those_of_the_allow_list() -> None:
    for field in FIELDS:
        described = [PUBLIC[t].model_json_schema()["properties"][field.name] for t in PUBLIC if field.name in PUBLIC[t].model_fields]
        if described and t_is_of_the_list(field.name):
            allowed = {value for each in described for value in choices_of(each)}
            assert set(field.choices) == allowed, field.name


def t_is_of_the_list(name: str) -> bool:
    return any(name in PUBLIC[topic].model_fields for topic in PUBLIC if topic.startswith("ListEntry"))


def choices_of(schema: dict[str, Any]) -> set[str]:
    inner = [schema, *schema.get("anyOf", ()), schema.get("items", {})]
    return {value for each in inner for value in each.get("enum", ())}


# -- Forms -------------------------------------------------------------------------


def from_ndjson(body: bytes) -> list[dict[str, Any]]:
    first, *rest = [json.loads(line) for line in body.splitlines()]
    assert first["count"] == len(rest)
    return rest


def plain(cell: str) -> str:
    """Take off the apostrophes as the data page says."""
    return re.sub(r"(^|[;\t\r\n])(\s*)'", r"\1\2", cell)


def from_csv(body: bytes) -> list[dict[str, Any]]:
    rows = csv.DictReader(io.StringIO(body.decode(), newline=""))
    texts = [{name: plain(text) for name, text in row.items()} for row in rows]
    return [{name: text.split(SEPARATOR) if name in SEVERAL else text or None for name, text in row.items()} for row in texts]


def from_graph(graph: Graph) -> list[dict[str, Any]]:
    reg = f"{ADDRESS}/data#"
    query = f"SELECT ?e ?p ?o WHERE {{ ?e a <{reg}Entry> ; <{reg}listed_on> ?on ; <{reg}list_id> ?id ; ?p ?o }} ORDER BY ?on ?id"
    found: dict[str, dict[str, Any]] = {}
    for entry, field, value in graph.query(query):
        name = str(field).removeprefix(reg)
        if name in {each.name for each in FIELDS}:
            said = found.setdefault(str(entry), {each.name: None for each in FIELDS})
            said[name] = sorted([*(said[name] or []), str(value)]) if name in SEVERAL else str(value)
    return list(found.values())


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_form_says_the_same(client: TestClient, question: str) -> None:
    said = entries(client, question)
    assert said
    assert from_ndjson(get(client, f"/list.ndjson?{question}").content) == said
    assert from_csv(get(client, f"/list.csv?{question}").content) == said
    alike = [{**entry, **{name: sorted(entry[name]) for name in SEVERAL}} for entry in said]
    assert from_graph(Graph().parse(data=get(client, f"/list.ttl?{question}").content, format="turtle")) == alike


@pytest.mark.parametrize("question", QUESTIONS)
def test_both_graphs_are_one(client: TestClient, question: str) -> None:
    turtle = Graph().parse(data=get(client, f"/list.ttl?{question}").content, format="turtle")
    assert len(turtle) > 30
    assert isomorphic(turtle, json_ld(get(client, f"/list.jsonld?{question}").content))


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("", [["Aurelia 3"], ['Kestrel "X", rev; =2']]),
        ("valid_at=2026-03-02", [["Aurelia 3", "Aurelia 3 mini"]]),
        ("known_at=2026-05-10", [["Aurelia 3", "Aurelia 3 mini"], ['Kestrel "X", rev; =2']]),
        ("valid_at=2026-06-30", [["Aurelia 3"], ['Kestrel "X", rev; =2'], ["Alpha"]]),
        ("include_removed=true", [["Aurelia 3"], ['Kestrel "X", rev; =2'], ["Alpha"]]),
    ],
)
def test_a_pair_of_times_is_answered_as_the_pages_answer_it(client: TestClient, question: str, names: list[list[str]]) -> None:
    assert [entry["marketed_names"] for entry in entries(client, question)] == names


def test_a_correction_holds_for_earlier_days_but_not_for_what_was_known_then(client: TestClient) -> None:
    assert entries(client, "valid_at=2026-04-30")[1]["provider_country"] == "BE"
    assert entries(client, "valid_at=2026-04-30&known_at=2026-06-07")[1]["provider_country"] == "FR"


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.from_regex("[a-z_]{1,9}", fullmatch=True), inner),
    )
)
def test_json_is_canonical(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)


def test_a_file_says_what_it_is_and_that_its_entries_are_invented(client: TestClient) -> None:
    for body in (get(client, "/list.json").json(), json.loads(get(client, "/list.ndjson").content.splitlines()[0])):
        assert "Article 52(6)" in body["title"]
        assert body["notice"] == "Independent demonstration. Not a website of the European Union. The entries are invented."
        assert body["licence"] == "https://creativecommons.org/licenses/by/4.0/"
    for address in ("/list.ttl", "/list.jsonld", "/list.csv-metadata.json", "/entries/1.json", "/entries/1.jsonld"):
        assert "The entries are invented." in get(client, address).text
    assert 'rel="license"' in get(client, "/list.csv").headers["link"]


# -- The log -----------------------------------------------------------------------


def leaves(published: Stack) -> list[bytes]:
    answers = LogAnswers(PublicShelf(published.side.stores[1]))
    return [answers.answer(f"entry/{index}").body for index in range(answers.size())]


@pytest.mark.parametrize(("question", "size"), [("", 6), ("valid_at=2026-04-30", 6), ("known_at=2026-05-10", 2), ("known_at=2026-06-08", 5)])
def test_a_file_names_the_entries_of_the_log_that_it_follows_from(client: TestClient, published: Stack, question: str, size: int) -> None:
    root = root_of(map(leaf_hash, leaves(published)[:size]))
    named = get(client, f"/list.json?{question}").json()["log"]
    assert named == {"origin": SIGNER.name, "size": size, "position": size, "root": b64encode(root).decode()}
    metadata = get(client, f"/list.csv-metadata.json?{question}").json()
    assert metadata["notes"][0]["log"] == named
    assert f'filename="list-at-log-position-{size}.csv"' in get(client, f"/list.csv?{question}").headers["content-disposition"]
    assert f'reg:log_root "{named["root"]}"' in get(client, f"/list.ttl?{question}").text


def test_what_the_published_log_does_not_cover_yet_is_left_out_and_the_answer_not_kept() -> None:
    with stack(followed=False) as found:
        found.fold(3)
        found.publish(2)
        answer = get(found.client(), "/list.json")
        assert [entry["list_id"] for entry in answer.json()["entries"]] == ["1", "2"]
        assert answer.json()["entries"][0]["note"] is None
        assert answer.json()["log"]["size"] == 2
        assert answer.headers["cache-control"] == "no-store"
        assert "last-modified" not in answer.headers
        found.publish(3)
        assert get(found.client(), "/list.json").json()["entries"][0]["note"] == "OFF_MARKET"


def test_two_changes_of_one_instant_are_known_together_even_if_the_log_parts_them() -> None:
    with stack(followed=False) as found:
        found.fold(5)
        found.publish(4)
        said = get(found.client(), "/list.json").json()
        assert [entry["provider_country"] for entry in said["entries"]] == ["FR", "FR"]
        assert said["log"]["position"] == 3
        assert said["log"]["size"] == 4


def test_a_log_that_is_ahead_of_the_list_is_named_only_as_far_as_the_list_goes() -> None:
    with stack(followed=False) as found:
        found.fold(2)
        found.publish(4)
        answer = get(found.client(), "/list.json")
        assert answer.json()["log"]["size"] == 2
        assert len(answer.json()["entries"]) == 2
        assert answer.headers["cache-control"] == "no-store"


def test_without_a_log_a_file_names_none() -> None:
    with stack(followed=False) as found:
        found.fold()
        answer = get(found.client(), "/list.json")
        assert answer.json()["log"] is None
        assert answer.json()["count"] == 2
        assert "reg:log_root" not in get(found.client(), "/list.ttl").text


def test_an_empty_register_has_an_empty_list_in_every_form() -> None:
    with stack([]) as found:
        client = found.client()
        assert get(client, "/list.json").json()["entries"] == []
        assert len(get(client, "/list.csv").text.splitlines()) == 1
        for form in LIST_FORMS:
            get(client, f"/list.{form}")


# -- CSV ---------------------------------------------------------------------------


def test_the_csv_is_valid_as_its_metadata_say(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(get(client, "/list.csv?include_removed=true").content)
    metadata = get(client, "/list.csv-metadata.json?include_removed=true").json()
    (tmp_path / "list.csv-metadata.json").write_text(json.dumps({**metadata, "url": "list.csv"}))
    found = CSVW(str(tmp_path / "list.csv-metadata.json"), validate=True)
    assert found.is_valid, found.warnings
    rows = list(found.tables[0])
    assert [row["list_id"] for row in rows] == ["1", "2", "3"]
    assert rows[0]["marketed_names"] == ["Aurelia 3"]
    assert rows[0]["listed_on"].isoformat().startswith("2026-03-02")


def test_the_metadata_refuse_a_damaged_csv(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes(get(client, "/list.csv").content.replace(b"OFF_MARKET", b"GONE"))
    (tmp_path / "list.csv-metadata.json").write_bytes(get(client, "/list.csv-metadata.json").content)
    with pytest.raises(UserWarning, match="GONE"):
        assert CSVW(str(tmp_path / "list.csv-metadata.json"), validate=True).is_valid


def test_a_link_leads_from_the_csv_to_its_metadata_of_the_same_times(client: TestClient) -> None:
    link = get(client, "/list.csv?known_at=2026-05-10").headers["link"]
    found = re.search(r'<([^>]*)>; rel="describedby"; type="application/csvm\+json"', link)
    assert found
    metadata = get(client, found[1])
    assert metadata.headers["content-type"] == "application/csvm+json"
    assert metadata.json()["url"] == "list.csv?known_at=2026-05-10"


def test_no_cell_is_a_formula(client: TestClient) -> None:
    text = get(client, "/list.csv").text
    assert f"'{EVIL}" in text
    assert "rev; '=2" in text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if re.search(r"(^|;)\s*[=+@-]", cell)]
    german = [cell for row in csv.reader(io.StringIO(text), delimiter=";") for cell in row]
    assert not [cell for cell in german if cell.lstrip().startswith(("=", "+", "@", "-"))]


@given(st.text(alphabet=st.sampled_from("=+-@'; \tab＝")))
def test_the_apostrophe_can_always_be_taken_off_again(text: str) -> None:
    assert plain(harmless(text)) == text
    assert not re.search(r"(^|[;\t])\s*[=+@＝-]", harmless(text))


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


# -- One address, many forms ---------------------------------------------------------


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


def test_the_date_of_a_kept_answer_is_a_date_of_http(client: TestClient) -> None:
    at = datetime.strptime(get(client, "/list.json").headers["last-modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    assert at.astimezone(BRUSSELS) == datetime(2026, 10, 6, tzinfo=BRUSSELS)
    assert at - timedelta(seconds=1) < datetime(2026, 10, 6, tzinfo=BRUSSELS)
