"""The public schema: the list at a pair of times, page by page, and nothing of any case that is not on it (Articles 52(6), 78)."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from api.graphql.public import public_schema
from api.graphql.public.asked import PublicContext, list_page
from api.graphql.sdl import sdl
from domain.law.periods import BRUSSELS
from projections.public.questions import Filters, When
from tests.interfaces.graphql_stack import NOW, OFFICER, PUBLISHER, Stack, classified, publish

NAMES = ("Aurelia", "Boreal", "Cirrus", "Dorado", "Ember", "Fathom", "Gale")
LISTING = "query ($validAt: DateTime, $knownAt: DateTime) { list(validAt: $validAt, knownAt: $knownAt) { edges { node { providerName } } } }"
PAGE = "query ($first: Int, $after: String) { list(first: $first, after: $after) { totalCount edges { cursor node { listId } } pageInfo { hasNextPage endCursor hasPreviousPage } } }"  # noqa: E501


@pytest.fixture(scope="module")
def corrected() -> Iterator[Stack]:
    """On the list since 22 April 2026 as Alhpa AI, corrected to Alpha AI on 27 April."""
    stack = Stack().replay("listing-correction.yaml")
    yield stack
    stack.register.close()


@pytest.fixture(scope="module")
def removed() -> Iterator[Stack]:
    """Alpha was listed on 22 April and removed on 4 June 2026; Betta on 23 June, and removed the day after as an error."""
    stack = Stack().replay("publication-removal.yaml")
    yield stack
    stack.register.close()


@pytest.fixture(scope="module")
def seven() -> Iterator[Stack]:
    """Seven models, listed one a day from 22 April 2026 on."""
    stack = Stack()
    publish(stack, NAMES)
    yield stack
    stack.register.close()


def names(stack: Stack, **variables: str) -> list[str]:
    return [edge["node"]["providerName"] for edge in stack.data(LISTING, variables)["list"]["edges"]]


# -- An entry ---------------------------------------------------------------------------


def test_an_entry_says_what_was_published_by_the_names_of_the_event(corrected: Stack) -> None:
    fields = "listId listedOn updatedOn removedOn publicReason marketedNames providerName providerNameDigest providerCountry representativeName"
    more = "publicGrounds decisionRef decisionDate note noteRef noteOn changedOn __typename"
    assert corrected.data(f'{{ entry(listId: "1") {{ {fields} {more} }} }}')["entry"] == {
        "listId": "1", "listedOn": "2026-04-22", "updatedOn": None, "removedOn": None, "publicReason": None, "marketedNames": ["Alpha"],
        "providerName": "Alpha AI", "providerNameDigest": None, "providerCountry": "FR", "representativeName": None,
        "publicGrounds": ["ARTICLE_51_1_A"], "decisionRef": None, "decisionDate": None, "note": None, "noteRef": None, "noteOn": None,
        "changedOn": "2026-04-27", "__typename": "Entry",
    }  # fmt: skip


@pytest.mark.parametrize("list_id", ["2", "0", "01", "-1", "x", "", "1 ", "9" * 5_000, "١"])
def test_an_entry_that_the_list_never_carried_is_null(corrected: Stack, list_id: str) -> None:
    assert corrected.data("query ($id: ID!) { entry(listId: $id) { listId } }", {"id": list_id}) == {"entry": None}


def test_the_history_is_a_connection_of_public_events(corrected: Stack) -> None:
    query = "query ($first: Int, $after: String) { entry(listId: 1) { history(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node { number kind on publicReason fields { field before after } } } } } }"  # noqa: E501
    first = corrected.data(query, {"first": 1})["entry"]["history"]
    assert first["edges"] == [{"node": {"number": 1, "kind": "PUBLISHED", "on": "2026-04-22", "publicReason": None, "fields": []}}]
    assert first["pageInfo"]["hasNextPage"] is True
    second = corrected.data(query, {"first": 1, "after": first["pageInfo"]["endCursor"]})["entry"]["history"]
    assert second["edges"][0]["node"]["kind"] == "CORRECTED"
    assert second["edges"][0]["node"]["fields"] == [{"field": "provider_name", "before": "Alhpa AI", "after": "Alpha AI"}]
    assert second["pageInfo"]["hasNextPage"] is False


def test_the_history_of_an_entry_asked_for_as_known_earlier_ends_there(corrected: Stack) -> None:
    query = "query ($at: DateTime) { list(knownAt: $at) { edges { node { history { edges { node { kind } } } } } } }"
    kinds = [
        [edge["node"]["kind"] for edge in corrected.data(query, {"at": at})["list"]["edges"][0]["node"]["history"]["edges"]]
        for at in ("2026-04-26", "2026-04-27", None)
    ]
    assert kinds == [["PUBLISHED"], ["PUBLISHED", "CORRECTED"], ["PUBLISHED", "CORRECTED"]]


# -- Two times --------------------------------------------------------------------------


def test_valid_at_is_cut_to_its_day_in_brussels(corrected: Stack) -> None:
    assert names(corrected, validAt="2026-04-21T21:59:59Z") == []
    assert names(corrected, validAt="2026-04-21T22:00:00Z") == ["Alpha AI"]
    assert names(corrected, validAt="2026-04-22T00:00:00+02:00") == ["Alpha AI"]
    assert names(corrected, validAt="2026-04-21") == []
    assert names(corrected, validAt="2026-04-22") == ["Alpha AI"]


def test_known_at_takes_the_list_back_to_what_it_said(corrected: Stack) -> None:
    assert names(corrected, knownAt="2026-04-27T07:59:59Z") == ["Alhpa AI"]
    assert names(corrected, knownAt="2026-04-27T08:00:00Z") == ["Alpha AI"]
    assert names(corrected, knownAt="2026-04-26") == ["Alhpa AI"]
    assert names(corrected, knownAt="2026-04-27") == ["Alpha AI"]
    assert names(corrected, knownAt="2026-04-22T07:59:59Z") == []
    assert names(corrected, validAt="2026-04-23", knownAt="2199-12-31") == ["Alpha AI"]


@pytest.mark.parametrize("text", ["2026-04-22T10:00:00", "2026-04-22 10:00+02:00", "22.4.2026", "2026-02-30", "", "now", "2026-W10-1", "9999-12-31"])
def test_an_instant_without_offset_and_what_is_no_time_are_refused(corrected: Stack, text: str) -> None:
    code, message = corrected.refused(LISTING, {"validAt": text})
    assert code == "BAD_USER_INPUT"
    assert "2026-03" in message or "is not a day of the calendar" in message
    assert corrected.refused(f'{{ list(knownAt: "{text}") {{ totalCount }} }}')[0] == "BAD_USER_INPUT"


def test_the_refusal_of_a_naive_instant_says_why(corrected: Stack) -> None:
    assert "must carry its offset from UTC" in corrected.refused(LISTING, {"validAt": "2026-04-22T10:00:00"})[1]


def test_entries_that_left_the_list_are_shown_on_demand(removed: Stack) -> None:
    query = (
        "query ($r: Boolean, $at: DateTime) { list(includeRemoved: $r, validAt: $at) { totalCount edges { node { listId removedOn publicReason }}}}"
    )
    assert removed.data(query)["list"] == {"totalCount": 0, "edges": []}
    assert removed.data(query, {"at": "2026-06-03"})["list"]["totalCount"] == 1
    tombstones = [edge["node"] for edge in removed.data(query, {"r": True})["list"]["edges"]]
    assert tombstones == [
        {"listId": "1", "removedOn": "2026-06-04", "publicReason": "NO_LONGER_CLASSIFIED"},
        {"listId": "2", "removedOn": "2026-06-24", "publicReason": "ENTERED_IN_ERROR"},
    ]
    assert removed.data("{ entry(listId: 1) { removedOn } }")["entry"]["removedOn"] == "2026-06-04"


# -- Filters ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ('search: "cirr"', ["3"]),
        ('search: "AI gale"', ["7"]),
        ('search: "#2"', ["2"]),
        ('search: ""', list("1234567")),
        ('search: "%"', []),
        ('country: "FR"', list("1234567")),
        ('country: "BE"', []),
        ("ground: ARTICLE_51_1_A", list("1234567")),
        ("ground: ARTICLE_52_4", []),
        ("ground: null, country: null, search: null, includeRemoved: null, first: null, after: null", list("1234567")),
    ],
)
def test_the_list_is_filtered(seven: Stack, filters: str, found: list[str]) -> None:
    answer = seven.data(f"{{ list({filters}) {{ totalCount edges {{ node {{ listId }} }} }} }}")["list"]
    assert [edge["node"]["listId"] for edge in answer["edges"]] == found
    assert answer["totalCount"] == len(found)


@pytest.mark.parametrize("variables", [{"s": "a" * 201}, {"s": "a\x00"}, {"s": "a\nb"}, {"c": "fr"}, {"c": "FRA"}, {"c": "\x00\x00"}])
def test_what_no_entry_can_hold_is_refused(seven: Stack, variables: dict[str, str]) -> None:
    assert seven.refused("query ($s: String, $c: String) { list(search: $s, country: $c) { totalCount } }", variables)[0] == "BAD_USER_INPUT"


def test_a_search_of_two_hundred_characters_is_answered(seven: Stack) -> None:
    assert seven.data("query ($s: String) { list(search: $s) { totalCount } }", {"s": "a" * 200})["list"]["totalCount"] == 0


# -- Pages ------------------------------------------------------------------------------


def pages(stack: Stack, first: int, after: str | None = None) -> Iterator[list[str]]:
    while True:
        found = stack.data(PAGE, {"first": first, "after": after})["list"]
        assert found["totalCount"] == 7
        assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
        yield [edge["node"]["listId"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]


@pytest.mark.parametrize("first", [1, 3, 6, 7, 100])
def test_the_pages_together_are_the_list(seven: Stack, first: int) -> None:
    found = list(pages(seven, first))
    assert [list_id for page in found for list_id in page] == list("1234567")
    assert all(len(page) == first for page in found[:-1])


@pytest.mark.parametrize("first", [-1, 0, 101, 500])
def test_a_page_has_between_one_and_a_hundred_items(seven: Stack, first: int) -> None:
    for field in ("list", 'changes(from: "2026-01-01", to: "2026-12-31"', "entry"):
        query = {"list": f"list(first: {first})", "entry": f"entry(listId: 1) {{ history(first: {first})"}.get(field, f"{field}, first: {first})")
        code, message = seven.refused(f"{{ {query} {{ edges {{ cursor }} }} {'}' if field == 'entry' else ''} }}")
        assert (code, f"first: {first} is refused" in message) == ("BAD_USER_INPUT", True)


def test_more_than_a_hundred_says_what_to_do(seven: Stack) -> None:
    assert "cannot be higher than 100" in seven.refused("{ list(first: 101) { totalCount } }")[1]
    assert seven.data("{ list(first: 100) { totalCount } }")


@pytest.mark.parametrize(
    "after",
    ["", "x", "!!!", "MQ", "Y2hhbmdlLzE", "ZW50cnkvMjAyNi0wNC0yMi94", "ZW50cnkveC8x", "ZW50cnkvMjAyNi0wNC0yMi8w", "ZW50cnkvMS8yMDI2LTA0LTIyLzE", "é"],
)
def test_a_cursor_from_elsewhere_is_refused(seven: Stack, after: str) -> None:
    code, message = seven.refused(PAGE, {"first": 1, "after": after})
    assert code == "BAD_USER_INPUT"
    assert "Take endCursor of the page before" in message
    assert seven.refused('query ($a: String) { changes(from: "2026-01-01", to: "2026-12-31", after: $a) { edges { cursor } } }',
                         {"a": after if after != "Y2hhbmdlLzE" else "Y2hhbmdlL3g"})[0] == "BAD_USER_INPUT"  # fmt: skip


def test_a_page_goes_on_where_the_last_one_ended_even_if_the_list_changed_meanwhile() -> None:
    stack = Stack()
    publish(stack, NAMES)
    after = stack.data(PAGE, {"first": 3})["list"]["pageInfo"]["endCursor"]
    for gone in ("aurelia", "cirrus"):  # one of the page before, and the very one the cursor names
        data = {"list_id": f"entry-{gone}", "removed_on": "2026-06-24", "public_reason": "ENTERED_IN_ERROR"}
        stack.record("2026-06-24T10:00:00+02:00", PUBLISHER, f"entry/{gone}", "ListEntryRemoved", **data)
    stack.register.follower.catch_up()
    following = stack.data(PAGE, {"first": 3, "after": after})["list"]
    assert [edge["node"]["listId"] for edge in following["edges"]] == ["4", "5", "6"]
    rest = stack.data(PAGE, {"first": 3, "after": following["pageInfo"]["endCursor"]})["list"]
    assert [edge["node"]["listId"] for edge in rest["edges"]] == ["7"]
    stack.register.close()


def test_the_last_page_may_be_empty(seven: Stack) -> None:
    last = list_page(PublicContext(seven.register.public, NOW.date), When(), Filters(sort="listed", descending=False), 100, None).edges[-1].cursor
    empty = seven.data(PAGE, {"after": last})["list"]
    assert (empty["edges"], empty["pageInfo"]["endCursor"], empty["pageInfo"]["hasNextPage"]) == ([], None, False)


# -- Changes and law ----------------------------------------------------------------------


def test_changes_are_those_of_the_days_asked_for_both_included(removed: Stack) -> None:
    query = "query ($from: DateTime!, $to: DateTime!, $first: Int, $after: String) { changes(from: $from, to: $to, first: $first, after: $after) { edges { cursor node { number kind listId on } } pageInfo { hasNextPage } } }"  # noqa: E501

    def numbers(begin: str, end: str, **more: Any) -> list[int]:
        return [edge["node"]["number"] for edge in removed.data(query, {"from": begin, "to": end, **more})["changes"]["edges"]]

    assert numbers("2026-04-22", "2026-06-24") == [1, 2, 3, 4]
    assert numbers("2026-04-22T23:59:59+02:00", "2026-06-24T00:00:00+02:00") == [1, 2, 3, 4]
    assert numbers("2026-04-23", "2026-06-23") == [2, 3]
    cursor = removed.data(query, {"from": "2026-01-01", "to": "2026-12-31", "first": 2})["changes"]["edges"][-1]["cursor"]
    assert numbers("2026-01-01", "2026-12-31", after=cursor) == [3, 4]
    code, message = removed.refused(query, {"from": "2026-06-24", "to": "2026-06-23"})
    assert (code, message) == ("BAD_USER_INPUT", "from: 2026-06-24 lies after to: 2026-06-23.")


def test_the_law_is_dated_data_and_flop_is_text(seven: Stack) -> None:
    query = "query ($on: Date) { law(on: $on) { on annexXiiiVersion threshold { version valueFlop appliesFrom } calendars { year days } } }"
    law = seven.data(query)["law"]
    assert law["on"] == "2026-11-21"
    assert law["threshold"]["valueFlop"] == "1" + "0" * 25
    assert {"2026-12-25"} <= {day for calendar in law["calendars"] for day in calendar["days"]}
    assert seven.data(query, {"on": "2025-08-01"})["law"]["threshold"] is None


# -- Nothing else --------------------------------------------------------------------------

EVERYTHING = """{
  list(first: 100, includeRemoved: true) { totalCount pageInfo { endCursor startCursor } edges { cursor node {
    listId listedOn updatedOn changedOn marketedNames providerName publicGrounds history(first: 10) { edges { cursor node { number on kind } } } } } }
  changes(from: "2025-01-01", to: "2026-12-31", first: 100) { edges { cursor node { number on kind marketedNames } } }
  law { on annexXiiiVersion threshold { version ojRef } calendars { version year } }
}"""


def test_two_registers_with_the_same_list_answer_alike_whatever_happened_to_cases() -> None:
    quiet, busy = Stack(), Stack()
    for n in range(5):
        key = f"secret-{n}"
        for record, data in classified(key, f"Secret {n}", "BE"):
            busy.record("2026-03-04T08:00:00+01:00", OFFICER, f"case/{key}", record, **data)
    for stack in (quiet, busy):
        publish(stack, NAMES[:3])
    late = datetime(2026, 5, 20, 9, tzinfo=BRUSSELS)
    busy.record(late.isoformat(), OFFICER, "case/secret-1", "MarketedNameAdded", marketed_name="Secret Plus", on="2026-05-20")
    busy.record((late + timedelta(days=1)).isoformat(), OFFICER, "case/aurelia", "MarketedNameAdded", marketed_name="Hidden", on="2026-05-20")
    busy.register.follower.catch_up()
    one, other = quiet.get(EVERYTHING), busy.get(EVERYTHING)
    assert one.content == other.content
    assert dict(one.headers) == dict(other.headers)
    assert "Secret" not in other.text
    for stack in (quiet, busy):
        stack.register.close()


def test_the_public_schema_has_no_word_for_what_is_confidential() -> None:
    names = re.sub(r'"""[\s\S]*?"""', "", sdl(public_schema())).lower()
    for word in ("case", "actor", "record", "officer", "notif", "hearing", "compute", "condition", "internal", "event", "status", "clock"):
        assert word not in names, word
