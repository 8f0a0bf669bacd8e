"""What is kept between requests: exact until the record or the day moves, bounded, and never more than asked for."""

from collections.abc import Iterator
from datetime import date

import pytest

from api.graphql.common.kept import Kept
from api.graphql.common.service import Answer, Asked
from api.graphql.public.remembered import Remembered
from projections.public.questions import Filters, When
from tests.interfaces.graphql_stack import PUBLISHER, Counted, Stack, publish

TODAY = date(2026, 11, 21)
LISTING = "{ list { totalCount edges { node { listId history { edges { node { kind } } } } } } }"


@pytest.fixture
def stack() -> Iterator[Stack]:
    stack = Stack()
    publish(stack, ("Aurelia", "Boreal", "Cirrus"))
    yield stack
    stack.register.close()


def key(n: int) -> tuple[str, str | None, bytes]:
    return Asked(f"{{ law{n} }}").key


def answer(size: int) -> Answer:
    return Answer(b"x" * size)


# -- Answers as bytes -----------------------------------------------------------------------


def test_an_answer_is_kept_until_its_state_moves() -> None:
    kept, found = Kept(), answer(10)
    assert kept.find((1, TODAY), key(1)) is None
    kept.keep((1, TODAY), key(1), found)
    assert kept.find((1, TODAY), key(1)) is found
    assert kept.find((2, TODAY), key(1)) is None
    assert kept.find((1, TODAY), key(1)) is None


def test_an_answer_of_a_state_that_has_passed_is_not_kept() -> None:
    kept = Kept()
    kept.find(2, key(1))
    kept.keep(1, key(1), answer(10))
    assert kept.find(2, key(1)) is None


def test_what_was_asked_longest_ago_makes_room() -> None:
    kept = Kept(most_answers=2)
    kept.find(1, key(0))
    for n in (1, 2):
        kept.keep(1, key(n), answer(10))
    assert kept.find(1, key(1))
    kept.keep(1, key(3), answer(10))
    assert [kept.find(1, key(n)) is not None for n in (1, 2, 3)] == [True, False, True]


def test_bytes_are_bounded_and_one_answer_takes_an_eighth_at_most() -> None:
    kept = Kept(most_bytes=80_000)
    kept.find(1, key(0))
    for n in range(20):
        kept.keep(1, key(n), answer(8_000))
    found = [n for n in range(20) if kept.find(1, key(n))]
    assert found == list(range(12, 20))[-len(found) :]
    assert 7 <= len(found) <= 9
    kept.keep(1, key(99), answer(10_001))
    assert kept.find(1, key(99)) is None


def test_questions_differ_by_text_operation_and_variables_in_any_order() -> None:
    assert Asked("q", None, {"a": 1, "b": 2}).key == Asked("q", None, {"b": 2, "a": 1}).key
    assert len({Asked("q").key, Asked("p").key, Asked("q", "A").key, Asked("q", None, {"a": 1}).key, Asked("q", None, {"a": "1"}).key}) == 5


def test_an_answer_with_an_error_is_not_kept(stack: Stack) -> None:
    wrong = '{ list { totalCount } entry(listId: "1") { history(first: 0) { edges { cursor } } } }'
    assert stack.ask(wrong) == stack.ask(wrong)
    assert len(stack.ask(wrong)["errors"]) == 1


def test_the_public_sees_a_change_of_the_list_at_once(stack: Stack) -> None:
    before = stack.data(LISTING)
    assert before["list"]["totalCount"] == 3
    removed = {"list_id": "entry-boreal", "removed_on": "2026-06-24", "public_reason": "ENTERED_IN_ERROR"}
    stack.record("2026-06-24T10:00:00+02:00", PUBLISHER, "entry/boreal", "ListEntryRemoved", **removed)
    assert stack.data(LISTING) == before
    stack.register.follower.catch_up()
    assert [edge["node"]["listId"] for edge in stack.data(LISTING)["list"]["edges"]] == ["1", "3"]


# -- Answers of the read side -------------------------------------------------------------------


def test_a_question_is_asked_once_while_the_record_stands_still(stack: Stack) -> None:
    questions = Counted(stack.register.public)
    remembered = Remembered(questions, lambda: stack.position)
    for ask in (
        lambda: remembered.list_at(When(), Filters()),
        lambda: remembered.entry("1", When()),
        lambda: remembered.entry("9", When()),
        lambda: remembered.history("1", When()),
        lambda: remembered.histories(("1", "2"), When()),
        lambda: remembered.changes(None, None),
        lambda: remembered.law(TODAY),
    ):
        asked = questions.asked
        first = ask()
        assert (ask(), questions.asked) == (first, asked + 1)
        stack.position += 1
        assert (ask(), questions.asked) == (first, asked + 2)


def test_of_several_histories_only_those_not_remembered_are_asked_for(stack: Stack) -> None:
    questions = Counted(stack.register.public)
    remembered = Remembered(questions, lambda: stack.position)
    one = remembered.history("1", When())
    both = remembered.histories(("1", "2"), When())
    assert (both["1"], both["2"]) == (one, stack.register.public.history("2", When()))
    assert questions.told == [("1",), ("2",)]
    assert (remembered.history("2", When()), questions.asked) == (both["2"], 2)


def test_what_is_remembered_is_what_the_store_says(stack: Stack) -> None:
    remembered = Remembered(stack.register.public, lambda: stack.position)
    for questions in (remembered, remembered):
        assert questions.list_at(When(), Filters(), first=2, offset=1) == stack.register.public.list_at(When(), Filters(), first=2, offset=1)
        assert questions.list_at(When(), Filters(search="boreal")) == stack.register.public.list_at(When(), Filters(search="boreal"))
        assert questions.entry("9", When()) is None
        assert questions.changes(date(2026, 4, 23), None, after=2) == stack.register.public.changes(date(2026, 4, 23), None, after=2)
        assert (questions.state(), questions.countries()) == (stack.register.public.state(), ("FR",))


def test_what_is_remembered_is_bounded(stack: Stack) -> None:
    questions = Counted(stack.register.public)
    remembered = Remembered(questions, lambda: stack.position, most=8)
    for list_id in ("1", "2", "3") * 2:
        remembered.history(list_id, When())
    assert questions.asked == 3
    remembered.list_at(When(), Filters())
    remembered.list_at(When(), Filters())  # again, since it would take more than a quarter of the room
    assert questions.asked == 5
    remembered.entry("1", When())
    remembered.entry("2", When())
    remembered.history("1", When())  # made room
    assert questions.asked == 8
