"""Letters as PDF: the claims of PDF/A-3a and PDF/UA-1 read by another program, the same bytes everywhere, texts that stay texts, and bounds."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from threading import BoundedSemaphore
from typing import Any

import orjson
import pytest

from domain.events import EVENTS
from domain.model_case.case import CommissionDecision
from domain.model_case.undoing import DecisionRectified
from registry_site.office.fields import fields_of
from registry_site.office.letters.content import Code, Items, Paragraph, Section, Table
from registry_site.office.letters.kinds import KINDS, OF_LETTERS
from registry_site.office.letters.press import HIDDEN, SHOWN, Overloaded, Press, TooLarge
from tests.interfaces.printed import PRESS, attribute, body, golden, letter_of, opened, squeezed, structure, texts, with_data

TOPICS = sorted(kind.TOPIC for kind in OF_LETTERS)
DESIGNATION = "ModelDesignatedUnder52_4"
WRITE_IT = (
    "import sys; from tests.interfaces.printed import *; sys.stdout.buffer.write(PRESS.printed('decision.typ', letter_of(golden(sys.argv[1]))))"
)


@pytest.fixture(scope="module")
def pdf() -> bytes:
    return PRESS.printed("decision.typ", letter_of(golden(DESIGNATION)))


@pytest.fixture(scope="module")
def root(pdf: bytes) -> Any:
    return opened(pdf).trailer["/Root"]


# -- What is in a letter ------------------------------------------------------------------------


def test_every_decision_and_every_rectification_has_a_letter():
    decisions = {kind for kind in EVENTS.values() if issubclass(kind, CommissionDecision)}
    assert set(KINDS) == decisions | {DecisionRectified}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_letter_says_all_that_the_event_holds(topic):
    said = list(texts(letter_of(golden(topic))))
    event = EVENTS[topic].model_validate(orjson.loads(golden(topic))["data"])
    for field in fields_of(EVENTS[topic]):
        value = getattr(event, field.name)
        assert value in (None, ()) or field.label in said, field.name
    assert f"decision {event.commission_ref}" in " ".join(said) or event.commission_ref in said


@pytest.mark.parametrize("topic", TOPICS)
def test_the_printed_letter_says_the_words_of_the_letter_in_their_order(topic):
    paper = letter_of(golden(topic))
    assert body(PRESS.printed("decision.typ", paper)) == squeezed("".join(texts(paper, numbered=True)))


def test_a_letter_in_a_language_that_cannot_be_written_yet_says_so():
    foreign = [note for note in letter_of(with_data(DESIGNATION, authentic_language="mt")).notes if "language" in note]
    assert foreign == [
        "The authentic language of this decision is Maltese (mt). Letters are written in English only so far, so this is for information."
    ]
    assert not [note for note in letter_of(with_data(DESIGNATION, authentic_language="en")).notes if "language" in note]


def test_remedies_are_said_to_be_stated_only_when_the_record_says_so():
    stated = "As recorded, the decision states the remedies that are open against it."
    assert stated in texts(letter_of(with_data(DESIGNATION, remedies_stated=True)))
    assert stated not in texts(letter_of(with_data(DESIGNATION, remedies_stated=False)))
    assert stated.replace("states", "is not said to state") in texts(letter_of(with_data(DESIGNATION, remedies_stated=False)))


def test_a_register_without_a_log_names_no_leaf():
    assert "leaf 41; its receipt: /audit/log/receipt/41.tlog-proof" in texts(letter_of(golden(DESIGNATION)))
    without = " ".join(texts(letter_of(golden(DESIGNATION), None)))
    assert "this register keeps none" in without
    assert "leaf" not in without


# -- PDF/A-3a and PDF/UA-1, as far as another program can read them ---------------------------------


def test_it_claims_both_standards(root):
    xmp = root["/Metadata"].get_data().decode()
    for claim in ("<pdfaid:part>3</pdfaid:part>", "<pdfaid:conformance>A</pdfaid:conformance>", "<pdfuaid:part>1</pdfuaid:part>"):
        assert claim in xmp


def test_it_is_marked_has_a_language_and_shows_its_title(root, pdf):
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    title = opened(pdf).metadata
    assert title is not None
    assert title.title == "Designation under Article 52(4), Letter of a decision: DEMO C(2026) 133"
    assert root["/OutputIntents"]


def test_its_structure_has_headings_without_gaps_and_lists_with_labels(pdf):
    kinds = [str(element["/S"]) for element in structure(pdf)]
    assert kinds[:3] == ["/Document", "/Title", "/P"]
    levels = [int(kind[2:]) for kind in kinds if kind[:2] == "/H"]
    assert levels[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    assert kinds.count("/LI") == kinds.count("/LBody") == kinds.count("/Lbl") > 10


def test_every_page_is_read_in_the_order_of_its_structure(pdf):
    assert [page["/Tabs"] for page in opened(pdf).pages] == ["/S"] * len(opened(pdf).pages)


def test_every_font_is_embedded(pdf):
    fonts = {str(font["/BaseFont"]): font for page in opened(pdf).pages for font in map(_object, page["/Resources"]["/Font"].values())}
    assert fonts
    for font in fonts.values():
        (below,) = font["/DescendantFonts"]
        assert {"/FontFile2", "/FontFile3"} & set(_object(_object(below)["/FontDescriptor"]))
        assert "/ToUnicode" in font


def _object(found: Any) -> Any:
    return found.get_object()


def test_a_table_has_headers_with_their_scope():
    table = Table("Three", ("One", "Two"), ((("a",), (Code("b"),)),) * 3, (1, 2))
    paper = replace(letter_of(golden(DESIGNATION)), sections=(Section("Table", (table,)),))
    found = list(structure(PRESS.printed("decision.typ", paper)))
    headers = [element for element in found if element["/S"] == "/TH"]
    assert [str(attribute(element, "/Scope")) for element in headers] == ["/Column", "/Column"]
    assert [str(element["/S"]) for element in found].count("/TD") == 6
    assert "/Caption" in [element["/S"] for element in found]


@pytest.mark.parametrize("topic", TOPICS)
def test_the_record_is_attached_with_its_relation_and_exactly_its_bytes(topic):
    reader = opened(PRESS.printed("decision.typ", letter_of(golden(topic))))
    assert reader.attachments == {"decision.json": [golden(topic)]}
    root: Any = reader.trailer["/Root"]
    (file,) = map(_object, root["/AF"])
    assert (file["/AFRelationship"], file["/UF"]) == ("/Source", "decision.json")
    assert topic in file["/Desc"]
    assert _object(file["/EF"]["/F"])["/Subtype"] == "/application/json"


# -- The same bytes everywhere ------------------------------------------------------------------------


def test_two_processes_write_the_same_bytes_and_another_record_others(pdf):
    written = [subprocess.run([sys.executable, "-c", WRITE_IT, DESIGNATION], capture_output=True, check=True).stdout for _ in range(2)]
    assert [sha256(each).hexdigest() for each in written] == [sha256(pdf).hexdigest()] * 2
    assert PRESS.printed("decision.typ", letter_of(with_data(DESIGNATION, commission_ref="Another"))) != pdf


# -- Texts are data -------------------------------------------------------------------------------------

MARKUP = [
    '#panic("x")',
    "*bold* _emphasis_ `raw`",
    "$x^2$ \\ @ref <label>",
    "= Heading",
    "- item",
    "<b>&amp;</b>",
    '#include "/etc/passwd"',
    "[U+0041] ~ -- //",
]


@pytest.mark.parametrize("text", MARKUP)
def test_markup_in_a_field_is_printed_as_it_was_written(text):
    state = with_data("ArgumentsAccepted", commission_ref=text, facts_relied_on=[text])
    said = body(PRESS.printed("decision.typ", letter_of(state)))
    assert f"Thedecisionreliesonthisfact:{squeezed(text)}" in said
    assert said.count(squeezed(text)) >= 4


def test_what_no_font_shows_or_nobody_sees_is_written_by_its_number_and_said_to_be():
    text = "中 Ελλάδα България A\u202egro.exe Z\u00adY ā ſ → ≥ 𝔘 🙂"
    state = with_data(DESIGNATION, commission_ref=text)
    content = PRESS.printed("decision.typ", letter_of(state))
    assert squeezed("[U+4E2D] Ελλάδα България A[U+202E]gro.exe Z[U+00AD]Y ā ſ → ≥ [U+1D518] [U+1F642]") in body(content)
    assert "TheattachedrecordhasthemastheyareX".rstrip("X") in body(content)
    assert opened(content).attachments == {"decision.json": [state]}
    assert "Theattachedrecordhasthemastheyare" not in body(PRESS.printed("decision.typ", letter_of(golden(DESIGNATION))))


def test_every_character_that_counts_as_shown_is_shown():
    numbers = [number for first, last in SHOWN for number in range(first, last + 1)]
    shown = [chr(number) for number in numbers if unicodedata.category(chr(number)) not in HIDDEN]
    lines = tuple(
        (f"a{' a'.join(shown[place : place + 60])}", Code(f"a{' a'.join(shown[place : place + 60])}")) for place in range(0, len(shown), 60)
    )
    paper = replace(letter_of(golden(DESIGNATION)), sections=(Section("All", (Items(lines),)),))
    assert PRESS.printed("decision.typ", paper).startswith(b"%PDF-1.7")


def test_a_word_longer_than_a_line_is_printed_whole():
    word = "Donaudampfschiff" * 31
    content = PRESS.printed("decision.typ", letter_of(with_data(DESIGNATION, commission_ref=word)))
    assert squeezed(word) in body(content).replace("\u200b", "")


# -- Bounds ------------------------------------------------------------------------------------------------


def size_of(paper: Any) -> int:
    with pytest.raises(TooLarge, match=r"\d+ bytes to print, at most 1") as refused:
        Press(1, 30).printed("decision.typ", paper)
    return int(str(refused.value).split()[0])


def test_a_record_of_just_the_most_bytes_is_printed_and_one_more_is_refused(pdf):
    paper = letter_of(golden(DESIGNATION))
    most = size_of(paper)
    assert Press(most, 30).printed("decision.typ", paper) == pdf
    with pytest.raises(TooLarge):
        Press(most - 1, 30).printed("decision.typ", paper)


def test_a_paper_that_takes_too_long_is_given_up_and_the_press_is_free_again():
    press = Press(PRESS.most_bytes, 0.01)
    for _ in range(3):
        with pytest.raises(Overloaded):
            press.printed("decision.typ", letter_of(golden(DESIGNATION)))
    assert press.free.acquire(blocking=False)


def test_a_busy_press_takes_no_more():
    press = Press(PRESS.most_bytes, 0.01, free=BoundedSemaphore(1))
    with press.free, pytest.raises(Overloaded):
        press.printed("decision.typ", letter_of(golden(DESIGNATION)))


def test_a_paper_that_is_being_set_for_too_long_is_given_up():
    huge = Paragraph(tuple(Code("x") for _ in range(400_000)))
    paper = replace(letter_of(golden(DESIGNATION)), sections=(Section("Huge", (huge,)),))
    with pytest.raises(Overloaded):
        Press(10**9, 2).printed("decision.typ", paper)


def test_a_paper_that_needs_more_memory_than_it_has_is_given_up():
    with pytest.raises(Overloaded):
        Press(PRESS.most_bytes, 30, memory=48 * 1024**2).printed("decision.typ", letter_of(golden(DESIGNATION)))
