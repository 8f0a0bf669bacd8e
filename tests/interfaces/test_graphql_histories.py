"""Histories of a page of entries: asked for at once, each at the pair of times of its page; and pages that begin at a place."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from api.graphql.common.service import Asked, Service
from api.graphql.public.asked import PublicContext
from api.graphql.public.schema import public_schema
from domain.law.periods import legal_day
from projections.public.questions import Change, Filters, PublicQuestions, When
from tests.interfaces.graphql_stack import NOW, Counted, Stack, publish
from tests.read_models.folding import ReadSide, Told
from tests.read_models.listing import TICK, corrected, events_of, listed, removed, updated
from tests.scenario import brussels

DAY = timedelta(days=1)
KINDS = "history { edges { node { kind } } }"
MARCH_2, MARCH_20, APRIL_1, MAY_4 = (brussels(day) for day in ("2026-03-02", "2026-03-20", "2026-04-01", "2026-05-04"))
HAPPENED = [
    listed(MARCH_2, marketed_names=["Alpah"]),
    listed(MARCH_2, "2"),
    listed(MARCH_20, "3"),
    updated(MARCH_20, "2", note="OFF_MARKET", note_on="2026-03-19"),
    corrected(APRIL_1, "marketed_names", "Alpah", "Alpha"),
    removed(MAY_4, "2"),
]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    stack = Stack().replay("publication-removal.yaml")
    yield stack
    stack.register.close()


@pytest.fixture
def side(store_url: str) -> Iterator[ReadSide]:
    """The list of a few months, on every kind of database."""
    side = ReadSide(store_url).fold(Told.of(events_of(HAPPENED)))
    yield side
    side.close()


def pairs() -> Iterator[When]:
    days = {legal_day(at) + n * DAY for at, _ in HAPPENED for n in (-1, 0)}
    moments = {at - n * TICK for at, _ in HAPPENED for n in (0, 1)}
    yield from (When(day, moment) for day, moment in product([None, *sorted(days)], [None, *sorted(moments)]))


# -- At once ----------------------------------------------------------------------------


def asked(questions: PublicQuestions, query: str) -> bytes:
    answer = Service(public_schema).answer(Asked(query), PublicContext(questions, NOW.date))
    assert answer.whole, answer.body
    return answer.body


@pytest.mark.parametrize("condition", ["", " @include(if: true)"])
def test_the_histories_of_a_page_are_one_question(condition: str) -> None:
    stack = Stack()
    publish(stack, ("Aurelia", "Boreal", "Cirrus"))
    questions = Counted(stack.register.public)
    asked(questions, f"{{ list(first: 2){condition} {{ edges {{ node {{ {KINDS} }} }} }} }}")
    assert questions.told == [("1", "2")]
    asked(questions, f"{{ list(first: 2){condition} {{ edges {{ node {{ listId }} }} }} }}")
    assert questions.asked == 3  # the list, the histories, the list
    stack.register.close()


def test_pages_of_several_times_keep_their_own_histories(stack: Stack) -> None:
    """Alpha was listed on 22 April and removed on 4 June 2026."""
    page = f"edges {{ node {{ listId {KINDS} }} }}"
    then = f'then: list(validAt: "2026-06-03") {{ {page} }}'
    known = f'known: list(knownAt: "2026-06-03") {{ {page} }}'
    now = f"now: list(includeRemoved: true) {{ {page} }} entry(listId: 1) {{ {KINDS} }}"
    answer = stack.data(f"{{ {then} {known} {now} }}")

    def kinds(entry: Any) -> list[str]:
        return [edge["node"]["kind"] for edge in entry["history"]["edges"]]

    first = {name: kinds(answer[name]["edges"][0]["node"]) for name in ("then", "known", "now")}
    assert first == {"then": ["PUBLISHED"], "known": ["PUBLISHED"], "now": ["PUBLISHED", "REMOVED"]}
    assert kinds(answer["entry"]) == ["PUBLISHED", "REMOVED"]


def test_an_entry_on_two_pages_of_one_time_is_told_of_alike() -> None:
    stack = Stack()
    publish(stack, ("Aurelia", "Boreal", "Cirrus"))
    answer = stack.data(
        f'{{ a: list(first: 2) {{ edges {{ node {{ {KINDS} }} }} }} b: list(search: "boreal") {{ edges {{ node {{ {KINDS} }} }} }} }}'
    )
    assert answer["b"]["edges"][0] == answer["a"]["edges"][1]
    stack.register.close()


# -- The questions behind -----------------------------------------------------------------


def test_several_histories_are_the_histories_of_each_at_every_pair_of_times(side: ReadSide) -> None:
    for when in pairs():
        expected = {list_id: side.public.history(list_id, when) for list_id in ("3", "1", "9", "2")}
        assert side.public.histories(("3", "1", "9", "2"), when) == expected
        assert expected["9"] == ()
    assert side.public.histories((), When()) == {}


def test_a_history_ends_with_the_day_and_with_what_was_known(side: ReadSide) -> None:
    everything: Sequence[Change] = side.public.changes(None, None)
    at = {number: at for number, (at, _) in enumerate(HAPPENED, start=1)}
    for when in pairs():
        told = [
            change
            for change in everything
            if change.on <= (when.valid_at or date.max) and (when.known_at is None or at[change.number] <= when.known_at)
        ]
        for list_id, history in side.public.histories(("1", "2", "3"), when).items():
            assert list(history) == [change for change in told if change.list_id == list_id], when


@pytest.mark.parametrize("descending", [True, False])
def test_a_page_begins_after_any_place_of_the_order_of_listing(side: ReadSide, descending: bool) -> None:
    filters = Filters(include_removed=True, sort="listed", descending=descending)
    places = [(legal_day(at) + n * DAY, number) for at in (MARCH_2, MARCH_20) for n in (-1, 0, 1) for number in (0, 1, 2, 3, 9)]
    for when, place in product([When(), When(valid_at=legal_day(MARCH_20)), When(known_at=MARCH_20 - TICK)], places):
        whole = side.public.list_at(when, filters)
        following = [e for e in whole.entries if (((e.listed_on, int(e.list_id)) < place) if descending else ((e.listed_on, int(e.list_id)) > place))]
        page = side.public.list_at(when, filters, after=place)
        assert (list(page.entries), page.total, page.on_list) == (following, whole.total, whole.on_list)


def test_a_place_of_the_order_of_listing_says_nothing_in_another_order(side: ReadSide) -> None:
    with pytest.raises(ValueError, match="sorted by name"):
        side.public.list_at(When(), Filters(sort="name"), after=(legal_day(MARCH_2), 1))
