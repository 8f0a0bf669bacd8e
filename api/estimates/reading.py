"""
Reading a file of published compute estimates: Epoch AI's notable models and its relatives.

Columns are known by their names, in any order, among any others. A row that cannot be used is skipped and reported with its line and the reason;
figures are exact decimals from text, and no float ever exists.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from domain.types import exact
from projections.public.estimates import CONFIDENCES, Confidence, Estimate

Reason = Literal["NO_COMPUTE", "NOT_A_NUMBER", "NO_NAME", "NAME_UNFIT", "NAMED_TWICE", "WRONG_NUMBER_OF_CELLS"]
Gap = Literal["DAY_UNREADABLE", "CONFIDENCE_UNKNOWN"]
Column = Literal["model", "flop", "organisation", "published_on", "confidence"]

# Names that columns of the family have had, oldest last.
COLUMNS: Mapping[Column, tuple[str, ...]] = {
    "model": ("model", "system", "model name"),
    "flop": ("training compute (flop)", "training compute (flops)", "training compute"),
    "organisation": ("organization", "organisation", "organization(s)"),
    "published_on": ("publication date", "date"),
    "confidence": ("confidence",),
}
NEEDED: tuple[Column, ...] = ("model", "flop")
DELIMITERS = (",", ";", "\t", "|")
LONGEST_NAME = 500
LONGEST_CELL = 100_000
MOST_BYTES = 256 * 1024 * 1024
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


class Unreadable(ValueError):
    """The file as a whole cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out: its line in the file, its model if it has one, why, and the text that was the reason."""

    line: int
    model: str
    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A row that was taken without one of its values."""

    line: int
    model: str
    gap: Gap
    text: str


@dataclass(slots=True)
class Snapshot:
    """What a file says: estimates by the key of their model, and everything that was left out."""

    encoding: str
    lacking: tuple[str, ...]
    rows: int = 0
    estimates: dict[str, Estimate] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)


def key_of(model: str) -> str:
    """Give what one model is known by from snapshot to snapshot: its name, whatever its spelling."""
    return " ".join(model.casefold().split())


# -- The file -------------------------------------------------------------------------


Row = tuple[int, list[str]]
"""The line on which a row ends, and its cells."""


def read_estimates(content: bytes, passing: Callable[[Iterator[Row]], Iterator[Row]] = iter) -> Snapshot:
    """
    Read a file; every row goes by `passing`, which may count them.

    Raises: Unreadable when it is no text, no table, or has no model or compute column.
    """
    text, encoding = _text(content)
    header, rows = _table(text)
    places = _places(header)
    snapshot = Snapshot(encoding, tuple(COLUMNS[name][0] for name in COLUMNS if name not in places))
    try:
        for line, row in passing(rows):
            snapshot.rows += 1
            _take(snapshot, line, row, len(header), places)
    except csv.Error as error:
        raise Unreadable(f"the table breaks off after {snapshot.rows} rows: {error}") from None
    return snapshot


def _text(content: bytes) -> tuple[str, str]:
    """Decode the file: by its mark, as UTF-8, or as what spreadsheets of Western Europe write."""
    if len(content) > MOST_BYTES:
        raise Unreadable(f"the file has more than {MOST_BYTES // 1024 // 1024} MB; export fewer columns")
    marked = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text, encoding.removesuffix("-sig")
    raise Unreadable("the file is no text in UTF-8, UTF-16 or Windows-1252; export it as CSV in UTF-8")


def _rows(reader: Any) -> Iterator[Row]:
    """Yield the rows that say something; the library's own limit on a cell is the process's, and others may have lifted it."""
    for row in reader:
        if any(len(cell) > LONGEST_CELL for cell in row):
            raise csv.Error(f"a cell has more than {LONGEST_CELL} characters; is a quotation mark never closed?")
        if any(cell.strip() for cell in row):
            yield reader.line_num, row


def _table(text: str) -> tuple[list[str], Iterator[Row]]:
    """Find what separates the cells: whatever makes the first row have the columns we need."""
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            header = next(reader, [])
        except csv.Error:
            continue
        if set(NEEDED) <= _places(header).keys():
            return header, _rows(reader)
    first = text.partition("\n")[0].strip()[:200]
    needed = " and ".join(f"`{COLUMNS[name][0]}`" for name in NEEDED)
    raise Unreadable(f"the first row needs columns named {needed} (in any order, upper or lower case); it says: {first or 'nothing'}")


def _places(header: Sequence[str]) -> dict[Column, int]:
    names = [key_of(cell) for cell in header]
    found = {column: next((names.index(name) for name in known if name in names), -1) for column, known in COLUMNS.items()}
    return {column: place for column, place in found.items() if place >= 0}


# -- A row ------------------------------------------------------------------------------


def _take(snapshot: Snapshot, line: int, row: list[str], width: int, places: Mapping[Column, int]) -> None:
    """Take a row into the snapshot, or note why not; of two rows about one model the first stays."""
    cells = {column: " ".join(row[place].split()) if place < len(row) else "" for column, place in places.items()}
    model = cells["model"]
    reason, text = _unfit(cells) if len(row) == width else ("WRONG_NUMBER_OF_CELLS", f"{len(row)} instead of {width}")
    if reason is None and key_of(model) in snapshot.estimates:
        reason = "NAMED_TWICE"
    if reason is not None:
        snapshot.skipped.append(Skipped(line, model[:LONGEST_NAME], reason, text[:LONGEST_NAME]))
        return
    day, confidence = _day(snapshot, line, cells), _confidence(snapshot, line, cells)
    snapshot.estimates[key_of(model)] = Estimate(model, _organisation(cells), day, exact(cells["flop"].lower()), confidence)


def _unfit(cells: Mapping[Column, str]) -> tuple[Reason | None, str]:
    """Tell why a row cannot be used, with the text that is the reason."""
    if not cells["model"]:
        return "NO_NAME", ""
    if not cells["model"].isprintable() or len(cells["model"]) > LONGEST_NAME:
        return "NAME_UNFIT", ""
    if not cells["flop"]:
        return "NO_COMPUTE", ""
    return ("NOT_A_NUMBER", cells["flop"]) if not _above_zero(cells["flop"]) else (None, "")


def _above_zero(text: str) -> Decimal | None:
    try:
        return exact(text.lower()) or None
    except ValueError:
        return None


def _organisation(cells: Mapping[Column, str]) -> str:
    """Give who made the model; a list of hundreds of them is cut, and what cannot be printed becomes a space."""
    text = "".join(letter if letter.isprintable() else " " for letter in cells.get("organisation", ""))
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def _day(snapshot: Snapshot, line: int, cells: Mapping[Column, str]) -> date | None:
    text = cells.get("published_on", "")
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # written like a day, and none of the calendar
    _without(snapshot, line, cells, "DAY_UNREADABLE", text)
    return None


def _confidence(snapshot: Snapshot, line: int, cells: Mapping[Column, str]) -> Confidence:
    text = cells.get("confidence", "")
    for known in CONFIDENCES:
        if text.casefold() == known.casefold():
            return known
    _without(snapshot, line, cells, "CONFIDENCE_UNKNOWN", text)
    return "Unknown"


def _without(snapshot: Snapshot, line: int, cells: Mapping[Column, str], gap: Gap, text: str) -> None:
    """Note a value that could not be read; an empty one says nothing that is worth a note."""
    if text:
        snapshot.incomplete.append(Incomplete(line, cells["model"], gap, text[:LONGEST_NAME]))
