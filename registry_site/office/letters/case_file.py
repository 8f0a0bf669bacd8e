"""The file of a case at a pair of times: where it stands, its clocks with their arithmetic, and every event with its documents and receipts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.events import documents_named
from domain.law.periods import legal_day
from domain.law.provisions import FOREVER
from domain.model_case.provider import providers_on
from domain.record import Fact
from domain.types import utc_text
from registry_site.office.acts import Line, act_name, lines_of, provision
from registry_site.office.fields import fields_of
from registry_site.office.filled import data_of
from registry_site.office.letters.content import Attached, Code, Items, Pairs, Paper, Paragraph, Section, Table, Words, coded, said
from registry_site.office.letters.known import Known
from registry_site.office.letters.wording import addressee, clock_part, digest, name_of, notes, pairs_of
from registry_site.office.times import Times
from registry_site.office.words import GROUNDS, SHOWN_DIGITS, STATUSES, flag_words, instant_in_words, role_name
from registry_site.ui.words import day_in_words

NDJSON = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class CaseAsked:
    """What the file of a case is made from: all of it as the register knew it at one moment."""

    times: Times
    position: int
    then: Known
    leaves: list[int | None]
    invented: bool

    @property
    def lines(self) -> list[Line]:
        """The events, each with its number."""
        return lines_of(self.then.rows)


def case_file(about: CaseAsked) -> Paper:
    """Return the file of a case, with the stored bytes of its events attached, one to a line."""
    name, times, clocks = name_of(about.then.case), about.times, about.then.clocks(about.times.valid_at)
    events = b"".join(line.row.state + b"\n" for line in about.lines)
    attached = Attached(
        "events.ndjson", NDJSON, "The events of the case in order, each exactly as the register stores it (RFC 8785), one to a line", events
    )
    asked = f"What was true on {instant_in_words(times.valid_at)}, as the register knew it on {instant_in_words(times.known_at)} (Brussels)."
    secret = "It is confidential (Article 78). Nothing of it is public but what the list shows."
    sections = (
        Section("Where the case stands", tuple(_standing(about))),
        Section("Clocks", () if clocks else (Paragraph(("None runs or ran.",)),), tuple(map(clock_part, clocks))),
        Section("Events in order", (_events(about.lines),)),
        Section("What each event says", (), tuple(map(_event, about.lines))),
        Section("Documents", (_documents(about.lines),)),
        Section("Receipts, and how to verify this file", tuple(_receipts(about, digest(events)))),
    )
    return Paper(
        f"Case file: {name}",
        f"Case {about.then.case.stream.key}",
        "en",
        notes(asked, secret, invented=about.invented),
        sections,
        times.known_at,
        attached,
        "",
        about.invented,
    )


def _standing(about: CaseAsked) -> Iterator[Paragraph | Pairs | Table]:
    standing, day = about.then.standing(about.times.valid_at), legal_day(about.times.valid_at)
    flags = [said(words)[0] for words in flag_words(standing.flags)]
    refs: list[UUID] = sorted(providers_on(about.then.case, day))
    yield Pairs(
        (
            ("Legally true at", coded(utc_text(about.times.valid_at))),
            ("As known at", coded(utc_text(about.times.known_at))),
            ("At position", said(str(about.position))),
            ("Status", said(STATUSES[standing.status])),
            *([("With it", tuple(flags))] if flags else []),
            *((("Provider", addressee(about.then.case, ref)) for ref in refs) if refs else [("Provider", said("not identified"))]),
            ("Events", said(str(len(about.lines)))),
        )
    )
    spans = [(GROUNDS[ground], *span) for ground, found in standing.spans.items() for span in found]
    rows = tuple(((name,), (instant_in_words(begin),), (_end(end),)) for name, begin, end in spans)
    if rows:
        yield Table("Grounds over time", ("Ground", "From", "To"), rows, (5, 4, 4))
    else:
        yield Paragraph(("No ground of classification has been active.",))


def _end(moment: datetime) -> str:
    return "no end known" if moment >= FOREVER else instant_in_words(moment)


def _events(lines: list[Line]) -> Table:
    rows = tuple(
        (
            (str(line.number),),
            (instant_in_words(line.event.recorded_at),),
            (day_in_words(line.happened_on) if line.happened_on else "",),
            (act_name(line.event.topic),),
            (provision(line.event.fact),),
            _by(line),
        )
        for line in lines
    )
    return Table("Every event that concerns the case", ("No.", "Recorded at", "Happened on", "Act", "Provision", "By"), rows, (2, 9, 8, 10, 9, 9))


def _by(line: Line) -> Words:
    return (f"{role_name(line.event.role)}, ", Code(str(line.event.actor_ref)[:SHOWN_DIGITS]))


def _event(line: Line) -> Section:
    event, law = line.event, _law(line)
    fact: Fact = event.fact
    where = f"{event.stream.kind}, version {event.version}; recorded {instant_in_words(event.recorded_at)} (Brussels) as {event.topic}; {law}."
    pairs = pairs_of(fields_of(type(fact)), data_of(fact))
    return Section(f"{line.number}. {act_name(event.topic)}", (Paragraph((where,)), *([pairs] if pairs.rows else [])))


def _law(line: Line) -> str:
    """Say in a few words which versions of law an event was recorded under."""
    law, settings = line.event.law, line.event.settings_version
    return f"threshold {law.threshold_version}, Annex XIII {law.annex_xiii_version}, calendar {law.calendar_version}, settings {settings}"


def _documents(lines: list[Line]) -> Table | Paragraph:
    named = [(line, field, sha256) for line in lines for field, sha256 in documents_named(line.event.fact)]
    rows = tuple(((Code(sha256),), (f"{line.number}, {field}",)) for line, field, sha256 in named)
    return Table("Documents that the events name", ("SHA-256", "Event and field"), rows, (13, 6)) if rows else Paragraph(("No event names one.",))


def _receipts(about: CaseAsked, sha256: str) -> Iterator[Paragraph | Items | Table]:
    rows = tuple(
        ((str(line.number),), (str(line.row.position),), ("none" if leaf is None else str(leaf),), (Code(digest(line.row.state)),))
        for line, leaf in zip(about.lines, about.leaves, strict=True)
    )
    if rows:
        yield Table(
            "Bytes of each event, and its leaf in the log of the cases", ("No.", "Position", "Leaf", "SHA-256 of its bytes"), rows, (1, 2, 2, 12)
        )
    yield Paragraph(("To verify it:",))
    yield Items(
        (
            (
                "Save ",
                Code("events.ndjson"),
                ", which is attached to the PDF. Its SHA-256 must be ",
                Code(sha256),
                "; each line without its end is an event.",
            ),
            (
                "The receipt of a leaf is at ",
                Code("/audit/log/receipt/LEAF.tlog-proof"),
                " for auditors; the script ",
                Code("verify.py"),
                " of the bundle (",
                Code("registry bundle"),
                ") checks them all.",
            ),
            ("Ask for this file again at the same pair of times and position: the same record gives the same bytes.",),
        )
    )
