"""What a provider files, item by item: arguments against the classification, and reasons for a reassessment (Article 52(2) and (5))."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from domain.assessment.documents import Evidence, Prose, Structure, document_of, hashes
from domain.law.periods import in_words, legal_day
from domain.law.rules import Rule
from domain.model_case import reassessment
from domain.model_case.arguments import ArgumentsReceived, Claim, ClaimItem
from domain.model_case.case import ModelCase
from domain.model_case.designation import designation_of
from domain.model_case.reassessment import ReassessmentRequestReceived
from domain.model_case.reassessment_acts import bar_to_reassessment, has_new_reason
from domain.record import Act, Fact
from domain.types import Bool, Day, Payload, Point, Reason

# -- Arguments, Article 52(2) --------------------------------------------------------

MITIGATIONS = (
    "The arguments rely on mitigations already or planned to be implemented: these are not suitable grounds for a model being excluded from "
    "classification (Guidelines 2.3.3). What counts is whether the model lacks high-impact capabilities."
)
UNSUPPORTED = "Claim {} names no evidence: arguments must be sufficiently substantiated (Article 52(2))."


class ArgumentClaim(Payload):
    """One claim with the evidence it rests on."""

    claim: Claim
    text: Prose
    evidence: tuple[Evidence, ...] = ()


class ProviderArguments(Structure):
    """The provider's arguments that, exceptionally, the model presents no systemic risk."""

    claims: tuple[ArgumentClaim, ...]
    capabilities: Literal["ACHIEVED", "FORECAST"] | None = None
    relies_on_mitigations: Bool
    evidence: tuple[Evidence, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What an officer should look at; none of it makes the arguments inadmissible."""
        bare = (UNSUPPORTED.format(number) for number, each in enumerate(self.claims, start=1) if not each.evidence)
        return (*([MITIGATIONS] if self.relies_on_mitigations else []), *bare)

    def fields(self) -> dict[str, Any]:
        """Return what the event says of the arguments themselves."""
        return {
            "claims": tuple(dict.fromkeys(each.claim for each in self.claims)),
            "claim_items": tuple(
                ClaimItem(claim=each.claim, text_hash=document_of(each.text)[0], documents=hashes(each.evidence)) for each in self.claims
            ),
            "capabilities": self.capabilities,
            "relies_on_mitigations": self.relies_on_mitigations,
            "documents": (self.digest, *hashes(self.evidence)),
        }

    def to_events(self, **filing: Any) -> tuple[Fact, ...]:
        """Return the event that records the arguments with the notification they came with: its `submission_id` and `received_at`."""
        return (ArgumentsReceived(**filing, **self.fields()),)

    def to_store(self) -> dict[str, bytes]:
        return {**super().to_store(), **dict(document_of(each.text) for each in self.claims)}


# -- Reasons for a reassessment, Article 52(5) ---------------------------------------


class ReasonGiven(Payload):
    """One reason, with the day it arose."""

    text: Prose
    arose_on: Day
    point: Point | None = None
    evidence: tuple[Evidence, ...] = ()


class ReassessmentReasons(Structure):
    """The reasons of a request for reassessment: objective, detailed, and arisen since the designation."""

    reasons: tuple[ReasonGiven, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return what the event says of the reasons themselves."""
        given = (
            Reason(text_hash=document_of(each.text)[0], arose_on=each.arose_on, point=each.point, documents=hashes(each.evidence))
            for each in self.reasons
        )
        return {"reasons": tuple(given), "documents": (self.digest, *hashes(self.evidence))}

    def to_events(self, **filing: Any) -> tuple[Fact, ...]:
        """Return the event that records the request: `request_id`, `target_decision_id`, and the filing's own fields."""
        return (ReassessmentRequestReceived(**filing, **self.fields()),)

    def to_store(self) -> dict[str, bytes]:
        return {**super().to_store(), **dict(document_of(each.text) for each in self.reasons)}


@dataclass(frozen=True, slots=True)
class Admissibility:
    """Whether a request has effect, under which rule not, and the sentences that lead there."""

    rule: Rule | None
    first_admissible_on: date | None
    sentences: tuple[str, ...]

    @property
    def admissible(self) -> bool:
        """Whether nothing bars the request."""
        return self.rule is None


def explain_admissibility(case: ModelCase, act: Act, request: ReassessmentRequestReceived) -> Admissibility:
    """
    Explain how a request would be ruled upon: the waiting periods with their arithmetic, each reason, the result.

    `case` is the case as it stands before the request is recorded. Law: Article 52(5); Regulation 1182/71.
    """
    bar = bar_to_reassessment(case, act, request)
    first = reassessment.first_admissible_day(case, request.target_decision_id, act.law, request.received_at)
    words = (*_waiting(case, act, request), *_reasons(case, act, request), _result(bar))
    return Admissibility(bar, first, words)


def _waiting(case: ModelCase, act: Act, request: ReassessmentRequestReceived) -> Iterator[str]:
    day = legal_day(request.received_at)
    for clock in reassessment.bars(case, request.target_decision_id, act.law, request.received_at):
        if clock.first_admissible is None:
            continue
        reached = "so it is not too early" if day >= clock.first_admissible else "so it is too early, and stays inadmissible when the day comes"
        yield f"{clock.clock}: {' '.join(clock.arithmetic)}"
        yield f"The request was received on {in_words(day)}, and the first admissible day is {in_words(clock.first_admissible)}, {reached}."


def _reasons(case: ModelCase, act: Act, request: ReassessmentRequestReceived) -> Iterator[str]:
    designation = designation_of(case, request.target_decision_id)
    adopted_on = designation.fact.adopted_on if designation else None
    if adopted_on is None:
        yield "The request names no designation under Article 52(4)."
        return
    if not request.reasons:
        yield "The request gives no reason."
    for number, reason in enumerate(request.reasons, start=1):
        alone = request.model_copy(update={"reasons": (reason,)})
        yield f"Reason {number} arose on {in_words(reason.arose_on)}{_newness(has_new_reason(case, alone, act.law), adopted_on, reason)}"


def _newness(is_new: bool, adopted_on: date, reason: Reason) -> str:
    since = f"the designation was adopted on {in_words(adopted_on)}"
    if is_new:
        return f", and {since}: it has arisen since."
    if reason.arose_on <= adopted_on:
        return f", and {since}: it has not arisen since."
    return ": it lies after the receipt of the request, or was examined with an earlier one."


def _result(bar: Rule | None) -> str:
    if bar is None:
        return "Nothing bars the request. The Commission takes it into account and may decide to reassess (Article 52(5), first sentence)."
    return f"The request would be ruled inadmissible. {bar.sentence} (Article {bar.article}; {bar.code})"
