"""What a docket expects, held against what came out: only what is written is compared."""

from datetime import datetime
from typing import Any

from domain.errors import Malformed
from domain.types import instant


def answered_as_expected(question: str, expected: Any, answer: Any) -> bool:
    """Tell whether an answer is as expected; of the clocks, D6 is shown for information and need not be expected."""
    if question == "clocks" and isinstance(expected, list) and not any(isinstance(e, dict) and e.get("clock") == "D6" for e in expected):
        answer = [clock for clock in answer if clock["clock"] != "D6"]
    return holds(expected, answer)


def holds(expected: Any, answer: Any) -> bool:
    """Tell whether an answer is as expected: the keys given, lists in full (in any order when they hold mappings), instants as instants."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(holds(value, answer.get(key)) for key, value in expected.items())
    if isinstance(expected, list):
        return isinstance(answer, list | tuple) and len(expected) == len(answer) and _all_found(expected, list(answer))
    if expected is None or answer is None:
        return expected is None and answer is None
    return bool(_text(expected) == _text(answer))


def _all_found(expected: list[Any], answer: list[Any]) -> bool:
    if not all(isinstance(value, dict) for value in expected):
        return all(holds(wanted, got) for wanted, got in zip(expected, answer, strict=True))
    left = list(answer)
    for wanted in expected:
        match = next((got for got in left if holds(wanted, got)), _NOTHING)
        if match is _NOTHING:
            return False
        left.remove(match)
    return True


_NOTHING = object()


def _text(value: Any) -> Any:
    """Return a value as it is compared: instants in UTC, truth in lower case, everything else as written."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.timestamp()
    text = str(value)
    if "T" in text:
        try:
            return instant(text).timestamp()
        except ValueError:
            return text
    return text


def ruled_as_expected(expected: dict[str, Any], events: list[dict[str, Any]]) -> bool:
    """Tell whether a ruling was made, with the Article expected."""
    return any(event["topic"] == expected["ruled"] and _same_article(expected, event["data"]) for event in events)


def _same_article(expected: dict[str, Any], data: dict[str, Any]) -> bool:
    article, code = expected.get("article"), expected.get("cause_code")
    named = str(data.get("article", ""))
    return (article is None or str(article) in (named, *named.split("; ")) or named.startswith(f"{article},")) and code in (
        None,
        data.get("cause_code"),
    )


def check_shape(expect: Any, *, question: bool) -> None:
    """
    Refuse an expectation that could never be tested.

    Raises: Malformed.
    """
    if question:
        return
    if not isinstance(expect, dict) or not ({"refused", "ruled"} & expect.keys()) or expect.keys() - {"refused", "ruled", "article", "cause_code"}:
        raise Malformed("expect", "of a recorded step is {refused: R08} or {ruled: NAME, article: ARTICLE}")
