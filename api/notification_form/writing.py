"""
Writing the form, blank or filled in: as JSON, or as plain text with labels and help.

In the text form a field is `Label [name]: answer`, an answer of several lines goes on below with `|`, help begins with `#`, a heading with `==`.
"""

import json
from collections.abc import Iterator
from importlib.resources import files
from textwrap import wrap
from typing import Any, get_args

import yaml

from domain.completeness.check import LEVELS, Expectation, Expectations, PartLabel
from domain.completeness.form import Leaf, NotificationForm, leaves
from domain.types import ComponentKind

ROOM = {"estimate.components": 4, "arguments.claims": 2, "documents": 3}
"""Blank items that a blank text form leaves room for."""
WIDTH = 110
TITLE = "Notification of a general-purpose AI model, Article 52(1) of Regulation (EU) 2024/1689"
HEAD = f"""\
== {TITLE} ==
# Write each answer behind the colon of its line. An answer of several lines goes on below, each line beginning
# with | like this:
#
#   Assumptions and uncertainties [estimate.assumptions]: The utilisation was measured on
#   | the first 200 hours and taken for the whole run.
#
# Lines that begin with # are help and are not read. Leave blank what does not apply. The names in square brackets
# are fixed. Numbered items can be continued with the next number. Nothing in this form is public by itself: it is
# treated as confidential (Article 78).
"""


def load_expectations() -> Expectations:
    """Read what is looked for in a notification, as it ships with the program."""
    return Expectations.model_validate(yaml.safe_load((files("domain.law") / "data" / "expectations.yaml").read_text(encoding="utf-8")))


# -- JSON --------------------------------------------------------------------------


def blank_json() -> str:
    """Write the form with every field blank."""
    blank: dict[str, Any] = {}
    for leaf in leaves():
        _put(blank, leaf)
    return _json({**blank, "schema_version": 1})


def _put(blank: dict[str, Any], leaf: Leaf) -> None:
    *parts, name = leaf.path.split(".")
    for part in parts:
        key = part.removesuffix("[]")
        blank = blank.setdefault(key, [{}])[0] if part.endswith("[]") else blank.setdefault(key, {})
    blank[name] = [] if leaf.several else None


def write_json(form: NotificationForm) -> str:
    """Write a form as it was filled in."""
    return _json(form.model_dump(mode="json", exclude_none=True))


def _json(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


# -- Text --------------------------------------------------------------------------


def blank_text(expectations: Expectations) -> str:
    """Write the form with every field blank, with labels and help."""
    return write_text(NotificationForm(schema_version=1), expectations)


def write_text(form: NotificationForm, expectations: Expectations) -> str:
    """Write a form as text; read back it is the same form."""
    content = form.model_dump(mode="json", exclude_none=True)
    lines = [HEAD, *_written(expectations.fields[0], "schema_version", content)]
    for number, part in enumerate(expectations.parts, start=1):
        fields = [each for each in expectations.fields if each.field.split(".")[0].removesuffix("[]") == part.key]
        lines += ["", "", f"== {number}. {part.label} ==", *_help(part), *_part(part, fields, content)]
    return "\n".join(lines) + "\n"


def _help(part: PartLabel) -> Iterator[str]:
    if part.help:
        yield from _comment(part.help)
    if part.key == "estimate":
        yield from _comment(f"Kinds of components: {', '.join(get_args(ComponentKind))}")


def _comment(text: str) -> list[str]:
    return wrap(text, WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _part(part: PartLabel, fields: list[Expectation], content: dict[str, Any]) -> Iterator[str]:
    inside = [each for each in fields if "[]" in each.field]
    for each in fields:
        if any(other.field.startswith(f"{each.field}[].") for other in inside):
            yield from ("", *_asked(each))
            yield from _items(each.field, inside, content)
        elif each not in inside:
            yield from ("", *_asked(each), *_written(each, each.field, content))


def _asked(field: Expectation) -> Iterator[str]:
    if field.level:
        yield from _comment(f"{LEVELS[field.level]} ({field.source})")
    if field.help:
        yield from _comment(field.help)


def _items(path: str, inside: list[Expectation], content: dict[str, Any]) -> Iterator[str]:
    """Write the items of a list, each field with its number, and blank ones up to the room there is."""
    fields = [each for each in inside if each.field.startswith(f"{path}[].")]
    for each in fields:
        if each.help:
            yield from _comment(f"{each.label}: {each.help}")
    for number in range(1, max(len(_at(path, content) or ()), ROOM[path]) + 1):
        yield ""
        for each in fields:
            numbered = each.model_copy(update={"label": each.label.replace(":", f" {number}:", 1)})
            yield from _written(numbered, each.field.replace("[]", f".{number}"), content)


def _written(field: Expectation, key: str, content: dict[str, Any]) -> list[str]:
    value = _at(key, content)
    answers = value if isinstance(value, list) else [value]
    return [line for each in answers or [None] for line in _answer(f"{field.label} [{key}]:", each)]


def _at(key: str, content: dict[str, Any]) -> Any:
    found: Any = content
    for name in key.split("."):
        found = _item(found, int(name)) if isinstance(found, list) else (found or {}).get(name)
    return found


def _item(items: list[Any], number: int) -> Any:
    return items[number - 1] if number <= len(items) else None


def _answer(head: str, value: Any) -> Iterator[str]:
    text = str(value).lower() if isinstance(value, bool) else "" if value is None else str(value)
    if "\n" not in text:
        yield f"{head} {text}" if text else head
        return
    yield head
    yield from (f"  | {line}" if line else "  |" for line in text.split("\n"))
