"""
What each kind of decision decides, in words: its operative part, when it has effect, and what is special about its remedies.

The words say what the event holds and what the law attaches to it, and nothing besides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from domain.law.provisions import CHAPTER_V
from domain.model_case.arguments import AcceptanceConverted, ArgumentsAccepted, ArgumentsRejected
from domain.model_case.case import ModelCase, decision_of
from domain.model_case.designation import ModelDesignatedUnder52_1, ModelDesignatedUnder52_4, OnAnnexXIII
from domain.model_case.reassessment import DesignationLifted, DesignationMaintained, ReassessmentDeclined
from domain.model_case.undoing import DecisionRectified, DecisionRevoked, DecisionWithdrawn, DesignationRevoked
from domain.record import Fact
from domain.types import ALL_POINTS
from registry_site.office.acts import act_name
from registry_site.office.fields import choice_name, label_of
from registry_site.office.letters.content import Code, Words
from registry_site.office.words import instant_in_words
from registry_site.ui.words import day_in_words

Sentences = Iterator[Words]
INFORMED = "It has effect from the moment at which its addressee is informed of it, and none before (Article 297(2) TFEU)."
CHANGES = {
    "SUBSTANTIAL_CHANGE_OCCURRED": "a substantial change has occurred",
    "SUBSTANTIAL_CHANGE_EXPECTED": "a substantial change is expected",
    "INFORMATION_INCOMPLETE": "the information it rested on was incomplete",
    "INFORMATION_INCORRECT_OR_MISLEADING": "the information it rested on was incorrect or misleading",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of decision in words."""

    title: str
    operative: Callable[[Any, ModelCase], Sentences]
    effect: str
    remedy: str = ""


def target(case: ModelCase, decision_id: UUID) -> Words:
    """Name another decision as the record names it: by what it is, its reference and its day."""
    found = decision_of(case, decision_id)
    if found is None:
        return "the decision with the number ", Code(str(decision_id))
    day = f" of {day_in_words(found.fact.adopted_on)}" if found.fact.adopted_on else ""
    return (f"decision {found.fact.commission_ref}{day} ({act_name(found.topic)})",)


# -- Arguments, Article 52(2) and (3) ---------------------------------------------------------


def _rejection(fact: ArgumentsRejected, case: ModelCase) -> Sentences:
    yield "The arguments of the provider in its submission ", Code(str(fact.submission_id)), " are rejected."
    if fact.not_substantiated:
        yield ("They are not sufficiently substantiated (Article 52(3)).",)
    if fact.not_demonstrated:
        yield ("The provider was not able to demonstrate that the model, due to its specific characteristics, presents no systemic risks.",)


def _acceptance(fact: ArgumentsAccepted, case: ModelCase) -> Sentences:
    yield "The arguments of the provider in its submission ", Code(str(fact.submission_id)), " are accepted (Article 52(2))."
    for relied_on in fact.facts_relied_on or ():
        yield (f"The decision relies on this fact: {relied_on}",)
    if fact.renotification_clause:
        term = f" within {fact.renotification_days} days" if fact.renotification_days is not None else ""
        yield (f"The provider is to notify again{term} if these facts change, or prove incomplete or incorrect (Guidelines, 2.3.3).",)


def _conversion(fact: AcceptanceConverted, case: ModelCase) -> Sentences:
    yield "The acceptance in ", *target(case, fact.target_decision_id), f" becomes a rejection, because {CHANGES[fact.change]}."
    if fact.effective_from:
        yield (f"The decision states an earlier effect, from {instant_in_words(fact.effective_from)} (Brussels).",)


# -- Designation, Article 52(1) and (4) --------------------------------------------------------


def _designation_52_1(fact: ModelDesignatedUnder52_1, case: ModelCase) -> Sentences:
    yield ("The model is designated as a general-purpose AI model with systemic risk of which the Commission was not notified (Article 52(1)).",)
    if fact.condition_met_on:
        yield (f"It met the condition of Article 51(1), point (a), on {day_in_words(fact.condition_met_on)}.",)


def _designation_52_4(fact: ModelDesignatedUnder52_4, case: ModelCase) -> Sentences:
    following = fact.origin == "QUALIFIED_ALERT"
    origin = "following a qualified alert of the scientific panel (Article 90(1), point (a))" if following else "ex officio"
    yield (f"The model is designated as presenting systemic risks, {origin} (Article 52(4)).",)
    yield from _points(fact)


def _points(fact: OnAnnexXIII) -> Sentences:
    considered = [point for point in ALL_POINTS if point in (fact.points_considered or ())]
    if considered:
        yield (f"Of Annex XIII, in its version {fact.annex_xiii_version}, these points were considered: {_listed(considered)}.",)
    if fact.points_not_available:
        yield (f"No data were available on these of them: {_listed(sorted(fact.points_not_available))}.",)


def _listed(points: list[Any]) -> str:
    return ", ".join(f"({point})" for point in points)


def _revoked_designation(fact: DesignationRevoked, case: ModelCase) -> Sentences:
    yield f"The designation under Article {fact.basis} in ", *target(case, fact.target_decision_id), " is revoked, for the future."


# -- Reassessment, Article 52(5) ---------------------------------------------------------------


def _declined(fact: ReassessmentDeclined, case: ModelCase) -> Sentences:
    yield "The designation is not reassessed at the request ", Code(str(fact.request_id)), " (Article 52(5))."


def _maintained(fact: DesignationMaintained, case: ModelCase) -> Sentences:
    yield (
        "Following the reassessment at the request ",
        Code(str(fact.request_id)),
        ", the designation in ",
        *target(case, fact.target_decision_id),
        " is maintained.",
    )
    yield from _points(fact)


def _lifted(fact: DesignationLifted, case: ModelCase) -> Sentences:
    yield (
        "Following the reassessment at the request ",
        Code(str(fact.request_id)),
        ", the designation in ",
        *target(case, fact.target_decision_id),
        " is lifted.",
    )
    yield from _points(fact)


# -- Acts about acts (procedure section 4) -------------------------------------------------------


def _revoked(fact: DecisionRevoked, case: ModelCase) -> Sentences:
    yield (*_the(target(case, fact.target_decision_id)), " is revoked, for the future.")


def _withdrawn(fact: DecisionWithdrawn, case: ModelCase) -> Sentences:
    yield (*_the(target(case, fact.target_decision_id)), " is withdrawn as unlawful, from the start.")


def _rectified(fact: DecisionRectified, case: ModelCase) -> Sentences:
    named = ", ".join(choice_name(name) if name.isupper() else label_of(name) for name in fact.corrected_fields)
    yield (*_the(target(case, fact.decision_id)), f" is rectified in its text: {named}.")
    for name, text in fact.changes().items():
        yield (f"{label_of(name)} reads: {text}",)


def _the(words: Words) -> Words:
    first, *rest = words
    return (f"{str(first)[:1].upper()}{str(first)[1:]}", *rest)


KINDS: dict[type[Fact], Kind] = {
    ArgumentsRejected: Kind(
        "Rejection of arguments",
        _rejection,
        "It confirms the classification that Article 51(1), point (a), gives by itself, and has no date of its own.",
        "There is no reassessment of a rejection: Article 52(5) speaks of designations under Article 52(4) alone.",
    ),
    ArgumentsAccepted: Kind(
        "Acceptance of arguments", _acceptance, "The presumption of Article 51(2) ends when the provider is informed; other grounds are untouched."
    ),
    AcceptanceConverted: Kind(
        "Conversion of an acceptance into a rejection",
        _conversion,
        "The presumption of Article 51(2) operates again from the later of the day on which the provider is informed and the day on which the "
        "condition is met; earlier only where the information was incorrect or misleading.",
    ),
    ModelDesignatedUnder52_1: Kind(
        "Designation under Article 52(1)",
        _designation_52_1,
        "Once the provider is informed it reaches back to the day on which the condition was met, "
        f"not before {day_in_words(CHAPTER_V)} (Article 113(b)).",
        "There is no reassessment of this designation: Article 52(5) speaks of designations under Article 52(4) alone.",
    ),
    ModelDesignatedUnder52_4: Kind(
        "Designation under Article 52(4)",
        _designation_52_4,
        INFORMED,
        "The provider may request a reassessment, with reasons that arose since, at the earliest six months after the decision (Article 52(5)).",
    ),
    DesignationRevoked: Kind("Revocation of a designation", _revoked_designation, INFORMED),
    ReassessmentDeclined: Kind(
        "Refusal to reassess a designation", _declined, "The designation stays as it is; no new waiting period starts by the Act."
    ),
    DesignationMaintained: Kind(
        "Designation maintained after reassessment",
        _maintained,
        "The designation stays as it is.",
        "The provider may request another reassessment at the earliest six months after the decision (Article 52(5)).",
    ),
    DesignationLifted: Kind("Designation lifted after reassessment", _lifted, f"{INFORMED} Other grounds of classification are untouched."),
    DecisionRevoked: Kind("Revocation of a decision", _revoked, INFORMED),
    DecisionWithdrawn: Kind(
        "Withdrawal of an unlawful decision", _withdrawn, "Once its addressee is informed, the act withdrawn is void from the start."
    ),
    DecisionRectified: Kind(
        "Rectification of a decision",
        _rectified,
        "The text is right from the start: no date and no clock is new, except what follows from the true day of adoption where that was misprinted.",
        "A rectification is no new decision: the time for an action against the decision runs from the notification of the decision itself.",
    ),
}
OF_LETTERS = tuple(KINDS)
"""The events that have a letter."""
