"""Which model, and whether it is on the Union market: Articles 3(9) and 3(10); Guidelines 2.2."""

from datetime import date
from typing import ClassVar, Literal

from domain.actors import Role
from domain.errors import AlreadyInRegister, NotInRegister
from domain.law.provisions import CHAPTER_V
from domain.model_case.case import OFFICER, CaseFact, Filed, ModelCase
from domain.record import Act, Facts, decides
from domain.rulings import RULED_BY
from domain.types import Bool, CaseId, Day, Sha256, Text

# -- The case ---------------------------------------------------------------------


class ModelCaseOpened(CaseFact):
    """A case was opened for a model lineage: one large pre-training run and what its provider does to it afterwards."""

    RECORDED_BY: ClassVar[frozenset[Role]] = RULED_BY

    lineage_key: Text
    internal_name: Text
    above_1e23: Bool | None = None
    modalities: tuple[Text, ...] = ()
    pretraining_started_on: Day | None = None
    derived_from: CaseId | None = None


@decides(ModelCaseOpened)
def open_case(case: ModelCase, act: Act, fact: ModelCaseOpened) -> Facts:
    """
    Open the case of a lineage.

    Raises: AlreadyInRegister when this case is open; the registry adds the same for a lineage that another case has.
    """
    if case:
        raise AlreadyInRegister("This case is open already.")
    return (fact,)


class CorrespondenceRecorded(CaseFact):
    """A letter that is no filing: informal warnings, consultations."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    direction: Literal["IN", "OUT"]
    subject: Literal["GENERAL", "INFORMAL_WARNING", "CONSULTATION", "SUCCESSION", "OTHER"]
    documents: tuple[Sha256, ...] = ()


# -- The market, Articles 3(9) and 3(10) ------------------------------------------


class ModelPlacedOnUnionMarket(Filed):
    """The model was first made available on the Union market. No effect on grounds; it opens the way to publication."""

    on: Day
    manner: Literal["API", "DOWNLOAD", "OWN_SYSTEM", "INTERNAL_ESSENTIAL_USE", "OTHER"]
    marketed_names: tuple[Text, ...] = ()


class ModelPubliclyAnnounced(CaseFact):
    """The provider itself made the model public; this too opens the way to publication."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    on: Day
    marketed_names: tuple[Text, ...] = ()
    source_hash: Sha256


class ModelWithdrawnFromUnionMarket(Filed):
    """The model is no longer made available. No ground ends: copies stay in use (Guidelines 2.2)."""

    on: Day
    requested_by_commission: Bool
    copies_remain_in_use: Bool


class ModelReturnedToUnionMarket(Filed):
    """The model is made available again."""

    on: Day


class MarketedNameAdded(CaseFact):
    """The model, or a later version of it, is marketed under one more name."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    marketed_name: Text
    on: Day


@decides(ModelWithdrawnFromUnionMarket, ModelReturnedToUnionMarket)
def leave_or_return(case: ModelCase, act: Act, fact: ModelWithdrawnFromUnionMarket | ModelReturnedToUnionMarket) -> Facts:
    """
    Record that a placed model left the market, or that one that had left came back.

    Law: Articles 3(10), 93(1)(c). Raises: NotInRegister when it was never placed, AlreadyInRegister when nothing would change.
    """
    if not case.of(ModelPlacedOnUnionMarket):
        raise NotInRegister("the model was never placed on the Union market: record ModelPlacedOnUnionMarket first")
    if off_market_since(case, act.day) is None and isinstance(fact, ModelReturnedToUnionMarket):
        raise AlreadyInRegister("The model is on the Union market.")
    return (fact,)


def placed_on(case: ModelCase) -> date | None:
    """Return the day of the first making available on the Union market (Article 3(9))."""
    return min((e.fact.on for e in case.of(ModelPlacedOnUnionMarket)), default=None)


def off_market_since(case: ModelCase, day: date) -> date | None:
    """Return since when the model has not been on the Union market, or None while it is (or never was)."""
    moves = [e.fact for e in case.among(ModelWithdrawnFromUnionMarket, ModelReturnedToUnionMarket) if e.fact.on <= day]
    last = sorted(moves, key=lambda fact: fact.on)[-1:]
    return last[0].on if last and isinstance(last[0], ModelWithdrawnFromUnionMarket) else None


def is_legacy(case: ModelCase) -> bool:
    """Tell whether the model was placed on the market before Chapter V applied (Article 111(3))."""
    placed = placed_on(case)
    return placed is not None and placed < CHAPTER_V


def announced(case: ModelCase) -> bool:
    """Tell whether the model is placed on the market, or public by its provider's own statement."""
    return bool(case.of(ModelPlacedOnUnionMarket) or case.of(ModelPubliclyAnnounced))
