"""
The forms of an answer that need no graph: JSON, JSON Lines and CSV. Pure functions of what the log says.

JSON is the canonical form of RFC 8785, so that whoever folds the log gets the same bytes. CSV is RFC 4180; nothing in it is a formula.
"""

import re
from collections.abc import Iterable
from datetime import date
from operator import attrgetter
from typing import Any

import orjson

from projections.public.questions import EntrySnapshot, Known, Listed, Snapshot
from projections.transparency.notes import Checkpoint
from registry_site.public.data.corrections import told
from registry_site.public.data.fields import FIELDS, SEPARATOR
from registry_site.public.data.fold import description, tree
from registry_site.public.data.question import DataQuestion

NAMES = tuple(field.name for field in FIELDS)
_values = attrgetter(*NAMES)

# A spreadsheet calculates a cell that begins so; where it separates cells by semicolons or tabs, a cell may begin within one of ours.
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=['=+\-@＇＝＋－＠])")
_QUOTED = re.compile(r'[",\r\n;\t]')


def canonical(document: object) -> bytes:
    """Write the canonical form of RFC 8785: orjson does, for text, whole numbers and plain ASCII names."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def fields_of(entry: Listed) -> dict[str, Any]:
    """Give an entry by the names of its fields."""
    return dict(zip(NAMES, _values(entry), strict=True))


def log_of(found: Checkpoint | None, known: Known) -> dict[str, Any] | None:
    """Name the part of the log that an answer follows from; null where no log is published."""
    return tree(found.origin, found.size, found.root, known.position) if found else None


def heading(question: DataQuestion, known: Known, log: Checkpoint | None, *, demonstration: bool) -> dict[str, Any]:
    """Say what every form says of itself: what it is, under which licence, what was asked, and what it follows from."""
    return {**description(demonstration), "asked": question.times, "log": log_of(log, known), "changed_on": known.changed_on}


def list_heading(question: DataQuestion, found: Snapshot, log: Checkpoint | None, *, demonstration: bool) -> dict[str, Any]:
    """Say what a file of the list says of itself."""
    about = heading(question, found.known, log, demonstration=demonstration)
    return {**about, "asked": {**question.times, "include_removed": question.include_removed}, "count": len(found.entries)}


def list_json(about: dict[str, Any], found: Snapshot) -> bytes:
    """Write the list as one document."""
    return canonical({**about, "entries": [fields_of(entry) for entry in found.entries]})


def list_ndjson(about: dict[str, Any], found: Snapshot) -> bytes:
    """Write the list as lines: the first says what the file is, every other is an entry."""
    return b"\n".join([canonical(about), *(canonical(fields_of(entry)) for entry in found.entries), b""])


def entry_json(about: dict[str, Any], found: EntrySnapshot) -> bytes:
    """Write an entry with its history, corrections pointing both ways."""
    assert found.entry is not None, "an entry that the list does not carry has no document"
    return canonical({**about, "entry": fields_of(found.entry), "history": told(found.history)})


# -- CSV -------------------------------------------------------------------------


def list_csv(found: Iterable[Listed]) -> bytes:
    """Write the list as a table with a header, UTF-8, lines ending as RFC 4180 says."""
    rows = [",".join(NAMES), *(",".join(map(_cell, _values(entry))) for entry in found), ""]
    return "\r\n".join(rows).encode()


def _cell(value: object) -> str:
    if value is None or isinstance(value, date):
        return value.isoformat() if value else ""
    text = harmless(SEPARATOR.join(value) if isinstance(value, tuple) else str(value))
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def harmless(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would calculate, and before an apostrophe there, so that it can be taken off again."""
    return _FORMULA.sub(r"\1\2'", text)
