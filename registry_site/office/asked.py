"""What an officer asked for in an address: read strictly, or refused."""

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

_PAGE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
LONGEST_SEARCH = 200


class BadQuestion(Exception):
    """The address asks for something that the page cannot answer; `parameter` is what to change."""

    def __init__(self, parameter: str) -> None:
        super().__init__(parameter)
        self.parameter = parameter


def parameters(query: str, known: Collection[str]) -> dict[str, str]:
    """
    Read a query string; what was left empty counts as not given.

    Raises: BadQuestion for what is unknown, given twice, or not UTF-8.
    """
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20, errors="strict")
    except ValueError:
        raise BadQuestion("?") from None
    names = [name for name, _ in pairs]
    for name in names:
        if name not in known or names.count(name) > 1:
            raise BadQuestion(name)
    return {name: text.strip() for name, text in pairs if text.strip()}


def choice(given: dict[str, str], name: str, choices: Collection[str], usual: str) -> str:
    """
    Read one of the choices.

    Raises: BadQuestion for anything else.
    """
    text = given.get(name, usual)
    if text not in choices:
        raise BadQuestion(name)
    return text


def search_words(given: dict[str, str]) -> str:
    """
    Read words to search for.

    Raises: BadQuestion for control characters and for more than 200 characters.
    """
    text = given.get("search", "")
    if len(text) > LONGEST_SEARCH or not text.isprintable():
        raise BadQuestion("search")
    return text


def page_number(given: dict[str, str]) -> int:
    """
    Read a page number, from 1.

    Raises: BadQuestion when it is not one.
    """
    text = given.get("page", "1")
    if not _PAGE.fullmatch(text):
        raise BadQuestion("page")
    return int(text)


def number_asked(given: dict[str, str], name: str) -> int | None:
    """
    Read the number after or before which a list goes on; None when it begins.

    Raises: BadQuestion.
    """
    text = given.get(name)
    if text is not None and not _NUMBER.fullmatch(text):
        raise BadQuestion(name)
    return int(text) if text else None
