"""The public questions, each asked once while the record stands still: two queries that differ in their fields need the same answer."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from threading import Lock
from typing import TypeVar, cast

from projections.public.questions import Change, Filters, LawInForce, Listed, Listing, PublicQuestions, PublicState, When

A = TypeVar("A")
MOST = 20_000
"""Entries and changes remembered, about a kilobyte each."""


class Remembered:
    """Answers `projections.public.questions.PublicQuestions` from what it was told last, until the public position moves."""

    def __init__(self, questions: PublicQuestions, position: Callable[[], int], most: int = MOST) -> None:
        self._questions = questions
        self._position = position
        self._most = most
        self._lock = Lock()
        self._state: int | None = None
        self._answers: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._weight = 0

    def state(self) -> PublicState:
        """Return where the public sequence stands."""
        return self._questions.state()

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0) -> Listing:
        """Return the list at a pair of times."""
        key = ("list", when, filters, first, offset)
        return self._once(key, lambda: self._questions.list_at(when, filters, first=first, offset=offset), lambda found: len(found.entries))

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times."""
        return self._once(("entry", list_id, when), lambda: self._questions.entry(list_id, when), lambda _: 1)

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order."""
        return self._once(("history", list_id, when), lambda: self._questions.history(list_id, when), len)

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0) -> tuple[Change, ...]:
        """Return list events of some days, in order."""
        return self._once(("changes", since, until, first, after), lambda: self._questions.changes(since, until, first=first, after=after), len)

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries that ever stood on the list."""
        return self._questions.countries()

    def law(self, on: date) -> LawInForce:
        """Return the law in force on a day."""
        return self._once(("law", on), lambda: self._questions.law(on), lambda _: 10)

    def _once(self, key: Hashable, ask: Callable[[], A], weigh: Callable[[A], int]) -> A:
        state = self._position()
        with self._lock:
            if state != self._state:
                self._state, self._weight = state, 0
                self._answers.clear()
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast("A", self._answers[key][0])
        answer = ask()
        # Kept only if the record did not move meanwhile: the answer may be of either side.
        if self._position() == state:
            self._keep(state, key, answer, 1 + weigh(answer))
        return answer

    def _keep(self, state: int, key: Hashable, answer: object, weight: int) -> None:
        with self._lock:
            if state != self._state or key in self._answers or weight > self._most // 4:
                return
            self._answers[key] = (answer, weight)
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._answers.popitem(last=False)[1][1]
