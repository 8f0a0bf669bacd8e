"""Words that letters and files have in common: values of events, who is addressed, which law was applied, how a record is verified."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from domain.clocks import Clock
from domain.law.provisions import Law
from domain.model_case.case import ModelCase
from domain.model_case.identity import ModelCaseOpened
from domain.model_case.provider import ProviderIdentified
from domain.record import LawVersions
from projections.office.questions import EventRow
from registry_site.office.acts import act_name
from registry_site.office.fields import Field, Sort, choice_name
from registry_site.office.letters.content import Code, Items, Pairs, Paragraph, Section, Words, coded, said
from registry_site.office.words import CLOCKS, STATES, instant_in_words
from registry_site.ui.words import country, day_in_words, flop_in_text

NOTE = (
    "This was made from the record of an independent demonstration. It is no document of the European Union or of any of its institutions, "
    "it is signed by nobody, and it replaces no decision: the authentic text is the document whose hash stands in the record."
)
INVENTED = "The models, providers, decisions and persons of this register are invented."
RECEIPT = "/audit/log/receipt/{}.tlog-proof"


def notes(*more: str, invented: bool) -> tuple[str, ...]:
    """Return what has to be known before reading."""
    return (NOTE, *([INVENTED] if invented else []), *more)


def name_of(case: ModelCase) -> str:
    """Return the working name of a case."""
    opened = case.last(ModelCaseOpened)
    return opened.fact.internal_name if opened else case.stream.key


# -- What an event says ----------------------------------------------------------------------


def pairs_of(fields: Sequence[Field], data: Mapping[str, Any]) -> Pairs:
    """Return what an event says, field by field, as its definition orders them; what is empty is left out."""
    return Pairs(tuple(_rows(fields, data)))


def _rows(fields: Sequence[Field], data: Mapping[str, Any], of: str = "") -> Iterator[tuple[str, tuple[Words, ...]]]:
    for field in fields:
        value, label = data.get(field.name), f"{of}{field.label}"
        if value is None or value == []:
            continue
        if field.sort is Sort.PARTS:
            for number, part in enumerate(value, start=1):
                yield from _rows(field.parts, part, f"{label} {number}: ")
        else:
            yield label, tuple(_value(field, field.item or field.sort, each) for each in (value if isinstance(value, list) else [value]))


def _value(field: Field, sort: Sort, value: Any) -> Words:
    match sort:
        case Sort.DAY:
            return (day_in_words(date.fromisoformat(value)),)
        case Sort.INSTANT:
            return (f"{instant_in_words(datetime.fromisoformat(value))} (Brussels)",)
        case Sort.TRUTH:
            return ("Yes" if value else "No",)
        case Sort.CHOICE | Sort.CHOICES:
            return (choice_name(str(value)),)
        case Sort.DOCUMENT | Sort.IDENTIFIER:
            return (Code(str(value)),)
        case Sort.NUMBER:
            return (str(value), f" ({flop_in_text(Decimal(value))})" if field.name.endswith("flop") else "")
    return (str(value),)


# -- Who, and under which law -----------------------------------------------------------------


def addressee(case: ModelCase, ref: UUID) -> tuple[Words, ...]:
    """Name a provider by its reference; a legal person by its name and country too. The name of a natural person stands in the vault alone."""
    known = next((event.fact for event in reversed(case.of(ProviderIdentified)) if event.fact.provider_ref == ref), None)
    reference: Words = ("reference ", Code(str(ref)))
    if known is None:
        return (reference,)
    name = known.legal_name or "a natural person, whose name is not given here"
    return ((f"{name}, {country(known.country)}",), reference)


def law_applied(versions: LawVersions, law: Law, settings_version: int) -> Pairs:
    """Return the versions of law that an act was recorded under."""
    threshold = next((found for found in law.thresholds if found.version == versions.threshold_version), None)
    value = f": more than {flop_in_text(threshold.value_flop)} FLOP, applying from {day_in_words(threshold.applies_from)}" if threshold else ""
    annex = next((found for found in law.annexes if found.version == versions.annex_xiii_version), None)
    since = f", applying from {day_in_words(annex.applies_from)}" if annex else ""
    return Pairs(
        (
            ("Threshold, Article 51(2)", said(f"version {versions.threshold_version}{value}")),
            ("Annex XIII", said(f"version {versions.annex_xiii_version}{since}")),
            ("Calendar of holidays", said(f"version {versions.calendar_version}")),
            ("Readings of the register", said(f"version {settings_version} of its settings, where the text of the law is open")),
        )
    )


# -- Clocks -------------------------------------------------------------------------------------


def clock_part(clock: Clock) -> Section:
    """Return a clock with its arithmetic."""
    day = clock.due or clock.first_admissible
    late = f", late by {clock.days_late} day{'' if clock.days_late == 1 else 's'}" if clock.days_late else ""
    stands = f"{STATES[clock.state]}{late}{', provisional' if clock.provisional else ''}"
    begun = f"Started by: {act_name(clock.started_by.event)}, {day_in_words(clock.started_by.on)}."
    words = f"{f'{day_in_words(day)}: ' if day else ''}{stands}. {begun}"
    return Section(f"{clock.clock}: {CLOCKS[clock.clock]}", (Paragraph((words,)), Items(tuple((sentence,) for sentence in clock.arithmetic))))


# -- The record --------------------------------------------------------------------------------


def digest(content: bytes) -> str:
    """Return the SHA-256 of some bytes."""
    return sha256(content).hexdigest()


def place_in_record(row: EventRow, leaf: int | None) -> Pairs:
    """Return where an event stands: in its stream, in the store, in the log of the cases."""
    event = row.event
    logged: tuple[Words, ...] = (
        ((f"leaf {leaf}; its receipt: ", Code(RECEIPT.format(leaf))),) if leaf is not None else said("this register keeps none")
    )
    return Pairs(
        (
            ("Event", coded(str(event.event_id))),
            ("Record", said(f"{event.stream.kind}, version {event.version}")),
            ("Position in the register", said(str(row.position))),
            ("Recorded", said(f"{instant_in_words(event.recorded_at)} (Brussels)")),
            ("SHA-256 of its bytes", coded(digest(row.state))),
            ("Log of the cases", logged),
        )
    )
