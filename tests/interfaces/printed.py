"""Letters and files read by a program that nobody here wrote (pypdf), and made from golden events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from api.stores.event_store.mapper import EventDecoder
from domain.law.provisions import Law
from domain.model_case.case import ModelCase
from domain.record import evolve
from projections.office.questions import EventRow
from registry_site.office.letters.content import Code, Items, Pairs, Paper, Paragraph, Section, Table, Words
from registry_site.office.letters.letter import Said, letter
from registry_site.office.letters.press import Press

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PRESS = Press(8 * 1024 * 1024, 30)


def golden(topic: str) -> bytes:
    return (GOLDEN / f"{topic}.1.json").read_bytes()


def letter_of(state: bytes, leaf: int | None = 41) -> Paper:
    """The letter of a decision that is alone in its case."""
    event = EventDecoder().event(orjson.loads(state)["topic"], state)
    case = evolve(ModelCase(event.stream), event)
    return letter(Said(event.fact, case, Law(), invented=True), EventRow(42, event, state), leaf)


def with_data(topic: str, **data: object) -> bytes:
    """A golden event that says something else."""
    plain = orjson.loads(golden(topic))
    return orjson.dumps({**plain, "data": {**plain["data"], **data}})


# -- What a paper says --------------------------------------------------------------------------


def texts(paper: Paper, *, numbered: bool = False) -> Iterator[str]:
    """Every text of a paper, in the order of reading, with the numbers of lists where they are written out."""
    yield from (paper.title, paper.caption, *paper.notes)
    for section in paper.sections:
        yield from _of_section(section, numbered=numbered)


def _of_section(section: Section, *, numbered: bool) -> Iterator[str]:
    yield section.title
    for block in section.blocks:
        yield from _of_block(block, numbered=numbered)
    for part in section.parts:
        yield from _of_section(part, numbered=numbered)


def _of_block(block: Paragraph | Items | Pairs | Table, *, numbered: bool) -> Iterator[str]:
    if isinstance(block, Paragraph):
        yield _plain(block.words)
    elif isinstance(block, Items):
        yield from (f"{number}. {_plain(item)}" if numbered else _plain(item) for number, item in enumerate(block.items, start=1))
    elif isinstance(block, Pairs):
        for name, values in block.rows:
            yield from (name, *map(_plain, values))
    else:
        yield from (block.caption, *block.header, *(_plain(cell) for row in block.rows for cell in row))


def _plain(words: Words) -> str:
    return "".join(part.code if isinstance(part, Code) else part for part in words)


# -- What a PDF says ----------------------------------------------------------------------------


def opened(content: bytes) -> PdfReader:
    return PdfReader(BytesIO(content), strict=True)


def body(content: bytes) -> str:
    """All words of a PDF without spaces, page by page, without what stands above and below on every page."""
    pages = []
    for page in opened(content).pages:
        lines = page.extract_text().splitlines()
        pages.append("".join(line for line in lines if not re.match(r"Systemic-risk model register:|Independent demonstration\.|DRAFT$", line)))
    return squeezed("".join(pages))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def structure(content: bytes) -> Iterator[DictionaryObject]:
    """Every element of the structure tree, in the order of reading."""
    root: Any = opened(content).trailer["/Root"]
    yield from _elements(root["/StructTreeRoot"].get("/K"))


def _elements(found: Any) -> Iterator[DictionaryObject]:
    found = found.get_object() if hasattr(found, "get_object") else found
    if isinstance(found, list):
        for each in found:
            yield from _elements(each)
    elif isinstance(found, DictionaryObject) and "/S" in found:
        yield found
        yield from _elements(found.get("/K", []))


def attribute(element: DictionaryObject, name: str) -> object:
    found: Any = element.get("/A")
    found = found.get_object() if found is not None else []
    owners = found if isinstance(found, list) else [found]
    return next((owner.get_object()[name] for owner in owners if name in owner.get_object()), None)
