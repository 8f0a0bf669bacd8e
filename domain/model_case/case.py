"""What the events of a case have in common: filings from outside, rulings on them, and decisions of the Commission."""

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeVar
from uuid import UUID

from domain.actors import FILERS, Role
from domain.errors import Malformed, NotInRegister, require
from domain.ids import Kind
from domain.law.rules import R06, R31, R39
from domain.record import Act, Event, Fact, Facts, History
from domain.rulings import RULED_BY
from domain.status import Outcome
from domain.types import Bool, Day, DecisionId, HearingId, Instant, Language, Ref, Sha256, SubmissionId, Text


@dataclass(frozen=True, slots=True)
class ModelCase(History):
    """Everything the register knows about one model lineage (Guidelines 2.2)."""

    @property
    def is_closed(self) -> bool:
        """Tell whether the case was closed and not opened again."""
        closed, reopened = (self.by_topic.get(topic, ())[-1:] for topic in ("CaseClosed", "CaseReopened"))
        return bool(closed) and (not reopened or reopened[0].version < closed[0].version)

    def admit(self, act: Act, fact: Fact) -> None:
        """Refuse an act of the Commission on a closed case (R39)."""
        require(not (self.is_closed and isinstance(fact, CommissionStep)), R39, "The case is closed; reopen it first.")

    def follow(self, act: Act, fact: Fact) -> Facts:
        """Reopen a closed case for what arrives from outside (Charter, Article 41)."""
        return (CaseReopened(on=act.day),) if self.is_closed and isinstance(fact, Arriving) else ()


OFFICER = frozenset({Role.CASE_OFFICER})
E = TypeVar("E", bound=Fact)


class CaseFact(Fact):
    """An event of a case. Nothing of a case is public (Article 78)."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("case",)


class CaseReopened(CaseFact):
    """A closed case was opened again, by an officer or by what arrived for it."""

    RECORDED_BY: ClassVar[frozenset[Role]] = RULED_BY

    on: Day
    note_hash: Sha256 | None = None


def must_be_open(case: ModelCase) -> None:
    """Raise NotInRegister for a case without events."""
    if not case:
        raise NotInRegister("the case has no events yet: open it with ModelCaseOpened")


# -- Filings ---------------------------------------------------------------------

FilerRole = Literal["PROVIDER", "AUTHORISED_REPRESENTATIVE", "LAWYER", "OTHER"]
Channel = Literal["EU_SEND", "OTHER"]


class CommissionStep(CaseFact):
    """A step or an act of the Commission, which a closed case does not take."""


class Arriving(CaseFact):
    """What arrives from outside, or becomes known, for a closed case too: it opens the case again."""


class Filed(Arriving):
    """What the filer records, or a case officer who names the filer."""

    RECORDED_BY: ClassVar[frozenset[Role]] = FILERS

    filer_ref: Ref | None = None
    filer_role: FilerRole | None = None


class Filing(Arriving):
    """What arrived from outside, at the instant of its receipt by the Commission. Never refused for what it says, only ruled upon."""

    RECORDED_BY: ClassVar[frozenset[Role]] = FILERS

    received_at: Instant
    provider_ref: Ref
    filer_ref: Ref
    filer_role: FilerRole
    channel: Channel
    documents: tuple[Sha256, ...] = ()


class Submission(Filing):
    """A filing with a number of its own."""

    submission_id: SubmissionId


# -- Decisions of the Commission -------------------------------------------------

LegalBasis = Literal["52(1)", "52(3)", "52(4)", "52(5)", "OTHER"]


class CommissionDecision(CommissionStep):
    """
    An adopted decision. It binds nobody and changes nothing until the provider is informed (Article 297(2) TFEU).

    What the law demands of every decision is nullable here, because its absence is a refusal with its provision (R06), not a malformed value.
    """

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.DECISION_OFFICER})
    OUTCOME: ClassVar[Outcome]
    ACTS: ClassVar[frozenset[str]] = frozenset({"adopted_on"})

    decision_id: DecisionId
    legal_basis: LegalBasis | None = None
    commission_ref: Text
    adopted_on: Day | None = None
    addressees: tuple[Ref, ...]
    reasons_hash: Sha256 | None = None
    authentic_language: Language
    signatory_ref: Ref
    drafted_by_ref: Ref
    hearing_id: HearingId | None = None
    hearing_omitted_reason: Literal["FAVOURABLE", "URGENCY"] | None = None
    hearing_omitted_text_hash: Sha256 | None = None
    remedies_stated: Bool | None = None
    replaces: DecisionId | None = None


def refuse_formal_defects(case: ModelCase, act: Act, fact: CommissionDecision) -> None:
    """
    Hold a decision against what every decision must state, and against the four-eyes rule.

    Law: Article 296 TFEU; Charter, Article 41(2)(c); Regulation (EU) 2019/1020, Article 18(1) and (2).
    Refuses: R06, R31. Raises: Malformed for a number already used, or nobody addressed.
    """
    stated = {"legal_basis": fact.legal_basis, "adopted_on": fact.adopted_on, "reasons_hash": fact.reasons_hash}
    missing = [name for name, value in stated.items() if value is None] + ([] if fact.remedies_stated else ["remedies_stated"])
    require(not missing, R06, f"Missing: {', '.join(missing)}.")
    require(fact.drafted_by_ref != act.actor.ref or act.law.settings["FOUR_EYES"] == "none", R31)
    if decision_of(case, fact.decision_id):
        raise Malformed("decision_id", "belongs to a decision that is already recorded")
    if not fact.addressees:
        raise Malformed("addressees", "must name whom the decision is addressed to")


def decisions(case: ModelCase) -> tuple[Event[CommissionDecision], ...]:
    """Return every adopted decision of a case, in the order of recording."""
    return case.all(CommissionDecision)  # type: ignore[type-abstract,unused-ignore]


def decision_of(case: ModelCase, decision_id: UUID) -> Event[CommissionDecision] | None:
    """Return a decision by its number."""
    return next((e for e in decisions(case) if e.fact.decision_id == decision_id), None)
