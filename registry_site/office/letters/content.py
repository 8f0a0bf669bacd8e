"""What a letter or a file says, as typed content that the page and the PDF share. Texts are data: neither reads markup in them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import orjson


@dataclass(frozen=True, slots=True)
class Code:
    """A hash, an identifier or an address, to be copied: written in letters of one width."""

    code: str


Words = tuple[str | Code, ...]
"""A run of words."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph."""

    words: Words
    kind: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Items:
    """A list, numbered as the operative part of a decision is."""

    items: tuple[Words, ...]
    kind: Literal["items"] = "items"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names, each with what is said under it; several values stand under each other."""

    rows: tuple[tuple[str, tuple[Words, ...]], ...]
    kind: Literal["pairs"] = "pairs"


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption and a header; `widths` are the shares of its columns."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    widths: tuple[int, ...]
    kind: Literal["table"] = "table"


Block = Paragraph | Items | Pairs | Table


@dataclass(frozen=True, slots=True)
class Section:
    """A part under a heading, with the parts below it."""

    title: str
    blocks: tuple[Block, ...]
    parts: tuple["Section", ...] = ()


@dataclass(frozen=True, slots=True)
class Attached:
    """The record that a paper was made from, attached to its PDF: exactly these bytes."""

    name: str
    media_type: str
    description: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Paper:
    """
    A letter or a file, whole.

    `mark` says what it is not, such as adopted, on every page. `dated_at` is a time of the record, never that of making: the same record gives the
    same bytes.
    """

    title: str
    caption: str
    language: str
    notes: tuple[str, ...]
    sections: tuple[Section, ...]
    dated_at: datetime
    attached: Attached
    mark: str = ""
    invented: bool = False

    def content(self) -> bytes:
        """Return all that is printed as JSON, without what is attached."""
        said = {name: getattr(self, name) for name in ("title", "caption", "language", "notes", "sections", "mark", "invented")}
        said["attached"] = {name: getattr(self.attached, name) for name in ("name", "media_type", "description")}
        return orjson.dumps(said)


def said(text: str) -> tuple[Words, ...]:
    """Return one value in plain words."""
    return ((text,),)


def coded(text: str) -> tuple[Words, ...]:
    """Return one value to be copied."""
    return ((Code(text),),)
