"""The public questions, each asked once while the record stands still: two queries that differ in their fields need the same answer."""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from threading import Lock
from typing import TypeVar, cast

from projections.public.questions import Change, Filters, Kind, LawInForce, Listed, Listing, Place, PublicQuestions, PublicState, When

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

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0, after: Place | None = None) -> Listing:
        """Return the list at a pair of times."""
        key = ("list", when, filters, first, offset, after)

        def ask() -> Listing:
            return self._questions.list_at(when, filters, first=first, offset=offset, after=after)

        return self._once(key, ask, lambda found: len(found.entries))

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times."""
        return self._once(("entry", list_id, when), lambda: self._questions.entry(list_id, when), lambda _: 1)

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order."""
        return self._once(("history", list_id, when), lambda: self._questions.history(list_id, when), len)

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        """Return the histories of several entries; only those not remembered are asked for, all at once."""
        state = self._position()
        known = {list_id: self._known(state, ("history", list_id, when)) for list_id in list_ids}
        found = {list_id: cast("tuple[Change, ...]", each[0]) for list_id, each in known.items() if each}
        missing = [list_id for list_id in known if list_id not in found]
        told = self._questions.histories(missing, when) if missing else {}
        for list_id, history in told.items():
            self._keep(state, ("history", list_id, when), history, 1 + len(history))
        return {**found, **told}

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0, newest_first: bool = False) -> tuple[Change, ...]:
        """Return list events of some days, in order or newest first."""
        key = ("changes", since, until, first, after, newest_first)
        return self._once(key, lambda: self._questions.changes(since, until, first=first, after=after, newest_first=newest_first), len)

    def count_changes(self, since: date | None, until: date | None) -> dict[Kind, int]:
        """Return how many list events of each kind fell on some days."""
        return self._questions.count_changes(since, until)

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries that ever stood on the list."""
        return self._questions.countries()

    def law(self, on: date) -> LawInForce:
        """Return the law in force on a day."""
        return self._once(("law", on), lambda: self._questions.law(on), lambda _: 10)

    def _once(self, key: Hashable, ask: Callable[[], A], weigh: Callable[[A], int]) -> A:
        state = self._position()
        known = self._known(state, key)
        if known:
            return cast("A", known[0])
        answer = ask()
        self._keep(state, key, answer, 1 + weigh(answer))
        return answer

    def _known(self, state: int, key: Hashable) -> tuple[object, int] | None:
        """Return what is remembered, with its weight; what was told in another state is forgotten."""
        with self._lock:
            if state != self._state:
                self._state, self._weight = state, 0
                self._answers.clear()
            found = self._answers.get(key)
            if found:
                self._answers.move_to_end(key)
            return found

    def _keep(self, state: int, key: Hashable, answer: object, weight: int) -> None:
        # Kept only if the record did not move meanwhile: the answer may be of either side.
        if self._position() != state:
            return
        with self._lock:
            if state != self._state or key in self._answers or weight > self._most // 4:
                return
            self._answers[key] = (answer, weight)
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._answers.popitem(last=False)[1][1]
