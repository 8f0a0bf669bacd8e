"""
Reading docket files, step by step, so that a file of any length streams.

Every scalar is read as text and later parsed by the type of its field: `1.1e+25` and `"1.1e+25"` mean the same, and no float ever exists.
"""

import heapq
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from domain.types import instant

Loader = getattr(yaml, "CLoader", yaml.Loader)
HALVES_OR_ESCAPE = re.compile(r"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\.")
NOTHING = ("", "~", "null", "Null", "NULL")


class DocketError(Exception):
    """The file is not a docket; the sentence says where and what to write."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a docket, with its number and the line it stands on."""

    n: int
    line: int
    body: dict[str, Any]
    file: str = ""


@dataclass
class Docket:
    """An open docket: what it says of itself, and its steps as they are read."""

    name: str
    title: str
    settings: dict[str, str] = field(default_factory=dict)
    steps: Iterator[Step] = field(default_factory=lambda: iter(()))


def read_docket(path: Path, text: TextIO) -> Docket:
    """
    Read a docket: YAML (or JSON) with `title` and `steps`, or JSON Lines of steps.

    Raises: DocketError, also while the steps are read.
    """
    if path.suffix == ".jsonl":
        return Docket(path.name, path.stem, {}, _readable(path, _json_lines(path, text)))
    docket = _Yaml(path, _paired(path, text) if path.suffix == ".json" else text).docket()
    return replace(docket, steps=_readable(path, docket.steps))


def _paired(path: Path, text: TextIO) -> TextIO:
    """Write out the characters that JSON escapes in two halves, as YAML does not know them (RFC 8259, section 7)."""
    try:
        return StringIO(HALVES_OR_ESCAPE.sub(lambda found: json.loads(f'"{found[0]}"') if found[1] else found[0], text.read()))
    except UnicodeDecodeError as error:
        raise DocketError(f"{path.name}: is not written in UTF-8: {error}") from None


def _readable(path: Path, steps: Iterator[Step]) -> Iterator[Step]:
    """Say of a file that is no text, or too deep to be read, what it is."""
    try:
        yield from steps
    except UnicodeDecodeError as error:
        raise DocketError(f"{path.name}: is not written in UTF-8: {error}") from None
    except RecursionError:
        raise DocketError(f"{path.name}: a value is nested too deeply") from None


def merged(paths: Sequence[Path], files: ExitStack) -> Iterator[Step]:
    """Return the steps of several dockets in the order of their times, as if they were one; a question stays behind the step before it."""
    dockets = [read_docket(path, files.enter_context(path.open(encoding="utf-8-sig"))) for path in paths]
    timed = [_timed(docket, order) for order, docket in enumerate(dockets)]
    for n, (_, _, step) in enumerate(heapq.merge(*timed, key=lambda item: item[:2]), start=1):
        yield Step(n, step.line, step.body, step.file)


def _timed(docket: Docket, order: int) -> Iterator[tuple[datetime, int, Step]]:
    at = datetime.min.replace(tzinfo=UTC)
    for step in docket.steps:
        if "at" in step.body:
            at = instant(step.body["at"])
        yield at, order, Step(step.n, step.line, step.body, docket.name)


def _json_lines(path: Path, text: TextIO) -> Iterator[Step]:
    n = 0
    for line, content in enumerate(text, start=1):
        if not content.strip():
            continue
        n += 1
        try:
            body = json.loads(content, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_unique)
            if "\\u" in content:
                json.dumps(body, ensure_ascii=False).encode()  # half a character cannot be written anywhere
        except ValueError as error:
            raise DocketError(f"{path.name}, line {line}: not a JSON object: {error}") from None
        if not isinstance(body, dict):
            raise DocketError(f"{path.name}, line {line}: a step must be a JSON object")
        yield Step(n, line, body)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) < len(keys):
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return {key: value for key, value in pairs if value is not None}


class _Yaml:
    """Walks YAML events and builds one step at a time."""

    def __init__(self, path: Path, text: TextIO) -> None:
        self.path = path
        self.events = yaml.parse(text, Loader=Loader)
        self.event: Any = None
        self.line = 1

    def docket(self) -> Docket:
        head: dict[str, Any] = {}
        self._next()  # the stream begins
        if not isinstance(self._next(), DocumentStartEvent):
            raise self._error("the file is empty")
        if not isinstance(self._next(), MappingStartEvent):
            raise self._error("a docket is a mapping with `title` and `steps`")
        while not isinstance(self._next(), MappingEndEvent):
            key = self._key()
            if key == "steps":
                return Docket(self.path.name, self._title(head), self._settings(head), self._steps())
            if key not in ("title", "settings") or key in head:
                raise self._error(f"unknown or repeated key {key!r}; a docket has `title`, `settings` and, last, `steps`")
            self._next()
            head[key] = self._value()
        raise self._error("the docket has no `steps`")

    def _title(self, head: dict[str, Any]) -> str:
        title = head.get("title")
        if not isinstance(title, str):
            raise self._error("`title` is missing, or stands after `steps`; write it first")
        return title

    def _settings(self, head: dict[str, Any]) -> dict[str, str]:
        settings = head.get("settings") or {}
        if not isinstance(settings, dict) or not all(isinstance(value, str) for value in settings.values()):
            raise self._error("`settings` is a mapping from switches to readings")
        return settings

    def _steps(self) -> Iterator[Step]:
        if not isinstance(self._next(), SequenceStartEvent):
            raise self._error("`steps` is a list")
        n = 0
        while not isinstance(self._next(), SequenceEndEvent):
            n += 1
            line = self.line
            body = self._value()
            if not isinstance(body, dict):
                raise self._error(f"step {n} is not a mapping")
            yield Step(n, line, body)
        if not isinstance(self._next(), MappingEndEvent):
            raise self._error("nothing may follow `steps`")
        if not (isinstance(self._next(), DocumentEndEvent) and isinstance(self._next(), StreamEndEvent)):
            raise self._error("nothing may follow the docket: a file holds one")

    def _value(self) -> Any:
        if isinstance(self.event, ScalarEvent):
            plain = self.event.implicit[0] and not self.event.style
            return None if plain and self.event.value in NOTHING else self.event.value
        if isinstance(self.event, SequenceStartEvent):
            return self._sequence()
        if isinstance(self.event, MappingStartEvent):
            return self._mapping()
        raise self._error("write the value out: anchors, aliases and tags are not read")

    def _sequence(self) -> list[Any]:
        values = []
        while not isinstance(self._next(), SequenceEndEvent):
            values.append(self._value())
        return values

    def _mapping(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(self._next(), MappingEndEvent):
            key = self._key()
            if key in values:
                raise self._error(f"the key {key!r} stands twice")
            self._next()
            values[key] = self._value()
        return {key: value for key, value in values.items() if value is not None}

    def _key(self) -> str:
        if not isinstance(self.event, ScalarEvent):
            raise self._error("a key is a word")
        return str(self.event.value)

    def _next(self) -> Any:
        try:
            self.event = next(self.events)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            raise DocketError(f"{self.path.name}, line {mark.line + 1 if mark else '?'}: {error.problem or error}") from None
        except yaml.YAMLError as error:
            raise DocketError(f"{self.path.name}: {error}") from None
        except UnicodeDecodeError as error:
            raise DocketError(f"{self.path.name}: is not written in UTF-8: {error}") from None
        except StopIteration:
            raise self._error("the file ends too early") from None
        self.line = self.event.start_mark.line + 1
        if isinstance(self.event, AliasEvent) or getattr(self.event, "anchor", None) or getattr(self.event, "tag", None) is not None:
            raise self._error("write the value out: anchors, aliases and tags are not read")
        return self.event

    def _error(self, sentence: str) -> DocketError:
        return DocketError(f"{self.path.name}, line {self.line}: {sentence}")
