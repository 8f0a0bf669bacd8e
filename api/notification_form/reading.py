"""
Reading a form that was filled in, JSON or text, whatever it is called. What is wrong is said with the field and its line.

Numbers stay text until the type of their field reads them, so no float ever exists.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from api.notification_form.lines import Path, lines_of
from domain.completeness.form import LONGEST_LIST, NotificationForm, is_blank, leaves

MOST_BYTES = 2_000_000
MOST_COMPLAINTS = 20
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with the answer to a field, or with a line that is none."""

    line: int
    field: str
    sentence: str

    def __str__(self) -> str:
        """Return the complaint as one line; a name that a file makes up must not steer a terminal."""
        name = "".join(each if each.isprintable() else "?" for each in self.field[:LONGEST_NAME])
        return f"line {self.line}{f', {name}' if name else ''}: {self.sentence}"


class FormUnreadable(Exception):
    """The file is not a form, or answers in it cannot be read; every complaint names its line."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__("\n".join(map(str, complaints)))
        self.complaints = complaints


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an answer stands, and the name of its field as the file has it; numbers of items count from 1."""

    field: str
    line: int


@dataclass(frozen=True, slots=True)
class _Filled:
    """The answers of a file, with the place of each."""

    content: Any
    places: Mapping[Path, _Place]


_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\]])")
"""How JSON begins; a field of the text form may begin with its name in square brackets."""


def read_form(raw: bytes) -> NotificationForm:
    """
    Read a form.

    Raises: FormUnreadable.
    """
    text = _text(raw)
    filled = _read_json(text) if _JSON.match(text) else _read_text(text)
    try:
        return NotificationForm.model_validate(filled.content)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)[:MOST_COMPLAINTS]
        found = [_complaint(problem, filled) for problem in problems]
        raise FormUnreadable(*sorted(found, key=lambda each: each.line)) from None


def _text(raw: bytes) -> str:
    if len(raw) > MOST_BYTES:
        raise FormUnreadable(Complaint(1, "", f"the form has {len(raw)} bytes, more than {MOST_BYTES}; send long texts as documents"))
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FormUnreadable(Complaint(line, "", "the form is not text in UTF-8")) from None


# -- JSON --------------------------------------------------------------------------


class _Number:
    """A JSON number that no field takes: exact numbers are written as text."""

    def __init__(self, text: str) -> None:
        self.text = text


def _read_json(text: str) -> _Filled:
    try:
        content = json.loads(text, parse_float=_Number, parse_int=lambda t: int(t) if len(t) < 16 else _Number(t), parse_constant=_Number)
    except json.JSONDecodeError as error:
        raise FormUnreadable(Complaint(error.lineno, "", f"is not JSON: {error.msg}")) from None
    except RecursionError:
        raise FormUnreadable(Complaint(1, "", "is nested too deeply to be a form")) from None
    if not isinstance(content, dict):
        raise FormUnreadable(Complaint(1, "", "a form is one JSON object"))
    places: dict[Path, _Place] = {}
    for path, line in lines_of(text):
        place = _Place(".".join(str(part + 1) if isinstance(part, int) else part for part in path), line)
        if path in places:
            raise FormUnreadable(Complaint(line, place.field, f"stands twice, first in line {places[path].line}"))
        places[path] = place
    return _Filled(content, places)


# -- Text --------------------------------------------------------------------------

_FIELD = re.compile(r"[^\[\]]*\[\s*(?P<key>[A-Za-z0-9_.]+)\s*\]\s*:(?P<answer>.*)")
_MORE = re.compile(r"[ \t]*\| ?(?P<answer>.*)")
_NUMBER = re.compile(r"\.(\d+)(?=\.)", re.ASCII)
NEITHER = "is neither an answer, Label [name]: answer, nor its continuation, which begins with |, nor help, which begins with #"


@dataclass
class _Answer:
    key: str
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        """The whole answer, without what is blank at its ends."""
        return "\n".join(self.lines).strip()


def _read_text(text: str) -> _Filled:
    several = {leaf.path: leaf.several for leaf in leaves()}
    content: dict[str, Any] = {}
    places: dict[Path, _Place] = {}
    wrong: list[Complaint] = []
    for answer in _answers(text, wrong):
        shape = _NUMBER.sub("[]", answer.key)
        if shape not in several:
            wrong.append(_unknown(answer, several))
        elif answer.text:
            _put(answer, several[shape], content, places, wrong)
    if wrong:
        raise FormUnreadable(*sorted(wrong, key=lambda each: each.line)[:MOST_COMPLAINTS])
    return _in_order(content, places)


def _answers(text: str, wrong: list[Complaint]) -> Iterator[_Answer]:
    open_one: _Answer | None = None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith(("#", "==")):
            continue
        if (more := _MORE.fullmatch(line)) and open_one:
            open_one.lines.append(more["answer"])
        elif field := _FIELD.fullmatch(line):
            if open_one:
                yield open_one
            open_one = _Answer(field["key"], number, [field["answer"].strip()])
        else:
            wrong.append(Complaint(number, "", NEITHER))
    if open_one:
        yield open_one


def _unknown(answer: _Answer, known: Mapping[str, bool]) -> Complaint:
    near = get_close_matches(_NUMBER.sub("[]", answer.key), known, n=1)
    return Complaint(answer.line, answer.key, f"is not a field of the form{f'; did you mean {near[0]}?' if near else ''}")


def _put(answer: _Answer, several: bool, content: dict[str, Any], places: dict[Path, _Place], wrong: list[Complaint]) -> None:
    """Put an answer where it belongs; items are kept by the numbers that the file gives them."""
    *parts, name = (int(part) if part.isdigit() else part for part in answer.key.split("."))
    if any(isinstance(part, int) and not 1 <= part <= LONGEST_LIST for part in parts):
        wrong.append(Complaint(answer.line, answer.key, f"items are numbered from 1 to {LONGEST_LIST}"))
        return
    found: dict[Any, Any] = content
    for depth, part in enumerate(parts, start=1):
        found = found.setdefault(part, {})
        places.setdefault(tuple(parts[:depth]), _Place(".".join(map(str, parts[:depth])), answer.line))
    path: Path = (*parts, name)
    if several:
        found.setdefault(name, []).append(answer.text)
        places[(*path, len(found[name]) - 1)] = _Place(answer.key, answer.line)
    elif name in found:
        wrong.append(Complaint(answer.line, answer.key, f"stands twice, first in line {places[path].line}"))
    else:
        found[name] = answer.text
    places.setdefault(path, _Place(answer.key, answer.line))


def _in_order(content: dict[str, Any], places: Mapping[Path, _Place]) -> _Filled:
    """Turn numbered items into lists, in the order of their numbers."""
    moved: dict[Path, _Place] = {}

    def ordered(value: Any, before: Path, now: Path) -> Any:
        if before in places:
            moved[now] = places[before]
        if isinstance(value, list):
            return [ordered(each, (*before, n), (*now, n)) for n, each in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if value and all(isinstance(key, int) for key in value):
            return [ordered(value[key], (*before, key), (*now, n)) for n, key in enumerate(sorted(value))]
        return {key: ordered(each, (*before, key), (*now, key)) for key, each in value.items()}

    return _Filled(ordered(content, (), ()), moved)


# -- Complaints ----------------------------------------------------------------------

_PATTERNS = {"^[A-Z]{2}$": "must be two capital letters, such as FR", "^[0-9a-f]{64}$": "must be 64 lower-case hexadecimal digits"}
_SENTENCES = {
    "missing": "is missing",
    "model_type": "must be an object with the fields of this part",
    "tuple_type": "must be a list",
    "string_type": "must be text",
    "string_unicode": "must be text in Unicode",
    "string_too_short": "must not be empty; leave it blank (in JSON: null) instead",
}


def _complaint(problem: Any, filled: _Filled) -> Complaint:
    path = _as_in_the_file(problem["loc"], filled.content)
    place = next((filled.places[path[:n]] for n in range(len(path), 0, -1) if path[:n] in filled.places), _Place("", 1))
    shown = place.field if path in filled.places else ".".join(str(p + 1) if isinstance(p, int) else p for p in path)
    return Complaint(place.line, shown, _sentence(problem, path))


def _as_in_the_file(loc: Path, content: Any) -> Path:
    """Return where the file has what a list without its blank items has at a place."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(part, int) and isinstance(content, list):
            filled = [n for n, item in enumerate(content) if not is_blank(item)]
            part = filled[part] if part < len(filled) else part
        path.append(part)
        content = _inside(content, part)
    return tuple(path)


def _inside(content: Any, part: str | int) -> Any:
    if isinstance(content, list) and isinstance(part, int) and part < len(content):
        return content[part]
    return content.get(part) if isinstance(content, dict) else None


def _sentence(problem: Any, path: Path) -> str:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind == "extra_forbidden":
        names = [leaf.path for leaf in leaves()]
        near = get_close_matches(".".join(str(part) for part in path), names, n=1)
        return f"is not a field of the form{f'; did you mean {near[0]}?' if near else ''}"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(context["pattern"], f"must have the form {context['pattern']}")
    if kind == "too_long":
        return f"must have at most {context['max_length']} items"
    if kind == "string_too_long":
        return f"must have at most {context['max_length']} characters; send a longer text as a document"
    return _SENTENCES.get(kind, str(problem["msg"]).removeprefix("Value error, "))
