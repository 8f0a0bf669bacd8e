"""Answers kept as bytes: each is a function of the question, the public position and the legal day, so it is exact until one of them moves."""

from collections import OrderedDict
from collections.abc import Hashable

from api.graphql.common.service import Answer

MOST_ANSWERS = 4_096
MOST_BYTES = 32 * 1024 * 1024
OVERHEAD = 1_024
"""What an answer costs beside its bytes."""


class Kept:
    """The answers last asked for, of one state of the record. Used on the event loop alone."""

    def __init__(self, most_answers: int = MOST_ANSWERS, most_bytes: int = MOST_BYTES) -> None:
        self._most_answers = most_answers
        self._most_bytes = most_bytes
        self._state: Hashable = None
        self._answers: OrderedDict[tuple[str, str | None, bytes], Answer] = OrderedDict()
        self._bytes = 0

    def find(self, state: Hashable, key: tuple[str, str | None, bytes]) -> Answer | None:
        """Return an answer of this state; those of another state are thrown away."""
        if state != self._state:
            self._state, self._bytes = state, 0
            self._answers.clear()
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def keep(self, state: Hashable, key: tuple[str, str | None, bytes], answer: Answer) -> None:
        """Keep an answer, at the cost of those asked for longest ago."""
        if state != self._state or key in self._answers or _size(key, answer) > self._most_bytes // 8:
            return
        self._answers[key] = answer
        self._bytes += _size(key, answer)
        while len(self._answers) > self._most_answers or self._bytes > self._most_bytes:
            self._bytes -= _size(*self._answers.popitem(last=False))


def _size(key: tuple[str, str | None, bytes], answer: Answer) -> int:
    return OVERHEAD + len(key[0]) + len(key[2]) + len(answer.body)
