"""
The letter of a decision, adopted or still a draft: only what the record holds.

A letter says what was recorded of the decision and known then; what became of it since stands in the file of the case. So its text is fixed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from babel import Locale

from api.stores.drafts import Draft, Outcome
from domain.law.provisions import Law
from domain.model_case.case import CommissionDecision, ModelCase, decision_of
from domain.model_case.decision import FileAccessGranted, answer_in, draft_of
from domain.model_case.effects import clocks
from domain.model_case.undoing import DecisionRectified
from domain.record import Fact
from projections.office.questions import EventRow
from registry_site.office.acts import provision
from registry_site.office.fields import choice_name, fields_of
from registry_site.office.filled import data_of
from registry_site.office.letters.content import Attached, Code, Items, Pairs, Paper, Paragraph, Section, Words, coded, said
from registry_site.office.letters.kinds import KINDS, Kind
from registry_site.office.letters.wording import addressee, clock_part, digest, law_applied, name_of, notes, pairs_of, place_in_record
from registry_site.office.words import instant_in_words, role_name
from registry_site.ui.words import day_in_words

LANGUAGES = ("en",)
"""Languages in which letters can be written."""
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Said:
    """What a letter is made from: the decision, and the case and the law as they were known when it was recorded or frozen."""

    fact: Fact
    case: ModelCase
    law: Law
    invented: bool
    adopted: bool = True

    @property
    def decision(self) -> CommissionDecision | None:
        """The decision that the letter is about, for a rectification the one that is rectified."""
        if isinstance(self.fact, CommissionDecision):
            return self.fact
        found = decision_of(self.case, self.fact.decision_id) if isinstance(self.fact, DecisionRectified) else None
        return found.fact if found else None

    @property
    def kind(self) -> Kind:
        """The kind of decision in words."""
        return KINDS[type(self.fact)]


def letter(about: Said, row: EventRow, leaf: int | None) -> Paper:
    """Return the letter of an adopted decision, with the event's bytes attached."""
    event = row.event
    attached = Attached("decision.json", JSON, f"The event {event.topic} exactly as the register stores it (RFC 8785)", row.state)
    mine = [clock for clock in clocks(about.case, about.law, event.recorded_at) if clock.started_by.event_id == event.event_id]
    dates = [Section("Dates that follow from it", (), tuple(map(clock_part, mine)))] if mine else []
    law = (law_applied(event.law, about.law, event.settings_version),)
    recorded = f"Recorded by: {role_name(event.role)}, reference "
    record = (
        place_in_record(row, leaf),
        Paragraph((recorded, Code(str(event.actor_ref)), ".")),
        Paragraph(("To verify it:",)),
        _verify(attached.name, digest(row.state), leaf),
    )
    sections = (*_substance(about, law), *dates, _remedies(about), Section("The record, and how to verify it", record), _field_by_field(about))
    since = f"It says what was recorded up to {instant_in_words(event.recorded_at)} (Brussels). What came later is in the file of the case."
    return _paper(about, sections, event.recorded_at, attached, notes(since, *_language(about), invented=about.invented))


def draft_letter(about: Said, draft: Draft) -> Paper:
    """Return the letter that a draft would become, marked as what it is, with the frozen bytes attached."""
    attached = Attached("draft.json", JSON, "The frozen draft (RFC 8785), whose SHA-256 is its fingerprint", draft.content)
    rejected = draft.outcome is Outcome.REJECTED
    mark = "Draft: rejected, not adopted" if rejected else "Draft: not adopted"
    frozen = Pairs(
        (
            ("Fingerprint", coded(draft.fingerprint)),
            ("Frozen", said(f"{instant_in_words(draft.drafted_at)} (Brussels)")),
            ("Drafted by", (("reference ", Code(str(draft.drafted_by))),)),
            ("Case as it stood", said(f"version {draft.seen}")),
        )
    )
    verify: Words = ("The fingerprint is the SHA-256 of the file ", Code(attached.name), ", which is attached.")
    sections = (*_substance(about, ()), _remedies(about), Section("The draft", (frozen, Paragraph(verify))), _field_by_field(about))
    warning = f"{mark}. It binds nobody and nothing of it is recorded. Its fingerprint is {draft.fingerprint}."
    return _paper(about, sections, draft.drafted_at, attached, (warning, *notes(*_language(about), invented=about.invented)), mark)


def _paper(about: Said, sections: tuple[Section, ...], at: datetime, attached: Attached, said_first: tuple[str, ...], mark: str = "") -> Paper:
    caption = f"{'Draft of a decision' if mark else 'Letter of a decision'}: {_reference(about.fact)}"
    return Paper(about.kind.title, caption, LANGUAGES[0], said_first, sections, at, attached, mark, about.invented)


def _reference(fact: Fact) -> str:
    return str(getattr(fact, "commission_ref", ""))


def _language(about: Said) -> Iterator[str]:
    """Say so when the decision is authentic in a language in which no letter can be written yet."""
    decision = about.decision
    if decision and decision.authentic_language not in LANGUAGES:
        code = decision.authentic_language
        name = Locale.parse(LANGUAGES[0]).languages.get(code, code)
        yield f"The authentic language of this decision is {name} ({code}). Letters are written in English only so far, so this is for information."


# -- Its parts ---------------------------------------------------------------------------------


def _substance(about: Said, law: tuple[Pairs, ...]) -> tuple[Section, ...]:
    decision = about.decision
    who = [Section("Addressees", tuple(_addressees(about.case, ref) for ref in decision.addressees))] if decision else []
    operative = tuple(about.kind.operative(about.fact, about.case))
    basis = Pairs((("Legal basis", said(provision(about.fact) or "none is stated" if decision is about.fact else "that of the decision")),))
    return (
        Section("The act", (_head(about),)),
        *who,
        Section("Operative part", (Items(operative), Paragraph((about.kind.effect,)))),
        Section("Reasons and hearing", (Pairs(tuple(_reasons(about))),)),
        Section("Law applied", (basis, *law)),
    )


def _head(about: Said) -> Pairs:
    day = getattr(about.fact, "adopted_on" if about.decision is about.fact else "corrected_on", None)
    return Pairs(
        (
            ("Reference", said(_reference(about.fact))),
            (_day_of(about), said(day_in_words(day) if day else "no day is stated")),
            ("Model", said(name_of(about.case))),
            ("Case", coded(about.case.stream.key)),
        )
    )


def _day_of(about: Said) -> str:
    name = "Adopted on" if about.decision is about.fact else "Corrected on"
    return name if about.adopted else f"To be {name.lower()}"


def _addressees(case: ModelCase, ref: UUID) -> Pairs:
    return Pairs((("Provider", addressee(case, ref)),))


def _reasons(about: Said) -> Iterator[tuple[str, tuple[Words, ...]]]:
    """Yield where the reasons stand, and how the provider was heard (Charter, Article 41(2))."""
    fact = about.fact
    if isinstance(fact, DecisionRectified):
        yield "Corrigendum", _document(fact.corrigendum_hash)
    elif isinstance(fact, CommissionDecision):
        yield "Reasons", _document(fact.reasons_hash)
        yield from _heard(about.case, fact)


def _heard(case: ModelCase, fact: CommissionDecision) -> Iterator[tuple[str, tuple[Words, ...]]]:
    if fact.hearing_id:
        yield from _hearing(case, fact.hearing_id)
    elif fact.hearing_omitted_reason:
        yield "Hearing", said(f"left out: {choice_name(fact.hearing_omitted_reason).lower()}")
        if fact.hearing_omitted_text_hash:
            yield "Why it was left out", _document(fact.hearing_omitted_text_hash)
    else:
        yield "Hearing", said("none is stated")


def _hearing(case: ModelCase, hearing_id: UUID) -> Iterator[tuple[str, tuple[Words, ...]]]:
    draft, answer = draft_of(case, hearing_id), answer_in(case, hearing_id)
    if draft:
        until = day_in_words(draft.fact.comment_until)
        yield "Draft received by the provider", said(f"{instant_in_words(draft.fact.received_by_provider_at)} (Brussels); comments until {until}")
    heard = f"{choice_name(answer.fact.form).lower()}, {instant_in_words(answer.fact.at)} (Brussels)" if answer else "none before the decision"
    yield "Answer of the provider", said(heard)
    for access in (event for event in case.of(FileAccessGranted) if event.fact.hearing_id == hearing_id):
        yield "Access to the file", said(f"{instant_in_words(access.fact.at)} (Brussels)")


def _document(found: str | None) -> tuple[Words, ...]:
    return (("the document with the SHA-256",), (Code(found),)) if found else said("none are stated")


def _remedies(about: Said) -> Section:
    """Say which remedies there are, and whether the record says that the decision states them (Article 18(1) of Regulation (EU) 2019/1020)."""
    decision, special = about.fact, [about.kind.remedy] if about.kind.remedy else []
    words = (
        [*_general_remedies(decision, "As recorded" if about.adopted else "As drafted"), *special]
        if isinstance(decision, CommissionDecision)
        else special
    )
    return Section("Remedies", tuple(Paragraph((each,)) for each in words))


def _general_remedies(decision: CommissionDecision, known: str) -> Iterator[str]:
    stated = "states" if decision.remedies_stated else "is not said to state"
    yield f"{known}, the decision {stated} the remedies that are open against it."
    yield (
        "An action for annulment may be brought before the General Court of the European Union within two months of the notification of the decision "
        "to its addressee, extended by ten days on account of distance (Article 263(6) TFEU; Rules of Procedure of the General Court, Article 60)."
    )
    yield "An action has no suspensory effect; the Court may order that the act be suspended (Articles 278 and 279 TFEU)."


def _verify(name: str, sha256: str, leaf: int | None) -> Items:
    steps: list[Words] = [("Save ", Code(name), ", which is attached to the PDF. Its SHA-256 must be ", Code(sha256), ".")]
    if leaf is not None:
        steps.append(
            (
                "Who may read the case asks for its bundle (",
                Code("registry bundle"),
                ") and runs the ",
                Code("verify.py"),
                f" in it: leaf {leaf} must hold the same bytes.",
            )
        )
    steps.append(("Ask for this letter again: the same record gives the same bytes.",))
    return Items(tuple(steps))


def _field_by_field(about: Said) -> Section:
    return Section(
        f"What the {'record' if about.adopted else 'draft'} says, field by field", (pairs_of(fields_of(type(about.fact)), data_of(about.fact)),)
    )
