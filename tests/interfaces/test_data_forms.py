"""The list as data: the fields of the allow-list, and every form says the same."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph
from rdflib.compare import isomorphic
from starlette.testclient import TestClient

from domain.public import CONTENT_FIELDS, PUBLIC
from projections.public.questions import Listed
from registry_site.public.data.fields import FIELDS, SEPARATOR
from registry_site.public.data.forms import canonical
from tests.interfaces.data_stack import ADDRESS, Stack, entries, get, json_ld, plain, stack

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
