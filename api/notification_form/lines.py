"""Where things stand in a JSON text: the line of every key and of every item of a list."""

import json
import re
from collections.abc import Iterator

from domain.completeness.form import LONGEST_LIST

Path = tuple[str | int, ...]
DEEPEST = 5
"""Names and numbers in the path of a field, at most: arguments, claims, 1, documents, 1."""
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


def lines_of(text: str) -> Iterator[tuple[Path, int]]:
    """Return the path of every key, and of every item of a list, with its line; the text is JSON already."""
    path: list[str | int] = []
    line, seen, key_next = 1, 0, False
    for token in _TOKEN.finditer(text):
        line += text.count("\n", seen, token.start())
        seen = token.start()
        mark = token[0]
        in_list = bool(path) and isinstance(path[-1], int)
        is_key = key_next and mark != "}"
        if is_key:
            path[-1] = json.loads(mark)
        if (is_key or (in_list and mark not in ",]")) and _may_be_of_the_form(path):
            yield tuple(path), line
        key_next = mark == "{" or (mark == "," and not in_list)
        if not is_key:
            _step(path, mark)


def _may_be_of_the_form(path: list[str | int]) -> bool:
    """Keep what is remembered of a file small, whatever it holds."""
    return len(path) <= DEEPEST and not any(isinstance(part, int) and part >= 2 * LONGEST_LIST for part in path)


def _step(path: list[str | int], mark: str) -> None:
    if mark in ("{", "["):
        path.append("" if mark == "{" else 0)
    elif mark in ("}", "]"):
        path.pop()
    elif mark == "," and isinstance(path[-1], int):
        path[-1] += 1
