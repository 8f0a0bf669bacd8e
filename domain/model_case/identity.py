"""Which model, whose, and whether it is on the Union market: Articles 3(3), 3(9), 54; Guidelines 2.2 and 3.1."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_V
from domain.model_case.case import OFFICER, RULED_BY, CaseFact, Filed, Filing, ModelCase
from domain.record import Act, Facts, decides
from domain.types import Bool, CaseId, Country, Day, Ref, Sha256, Text

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


# -- The provider, Article 3(3) ---------------------------------------------------

PersonKind = Literal["LEGAL_PERSON", "NATURAL_PERSON"]


class ProviderIdentified(CaseFact):
    """Somebody was found to be a provider of the model, from a day on."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    provider_ref: Ref
    provider_kind: PersonKind
    legal_name: Text | None = None
    person_ref: Ref | None = None
    legal_form: Text | None = None
    country: Country
    in_union: Bool
    contact_person_ref: Ref | None = None
    from_on: Day


@decides(ProviderIdentified)
def identify_provider(case: ModelCase, act: Act, fact: ProviderIdentified) -> Facts:
    """
    Record who the provider is: a legal person by its name, a natural person by a reference only.

    Law: Article 3(3); Guidelines 3.1.1; Regulation (EU) 2018/1725. Raises: Malformed for the wrong kind of name.
    """
    _must_be_open(case)
    refuse_names(fact.provider_kind, fact.legal_name, fact.person_ref)
    return (fact,)


def refuse_names(kind: str, legal_name: str | None, person_ref: UUID | None) -> None:
    """Keep the names of natural persons out of events; they stand in the vault."""
    if kind == "LEGAL_PERSON" and legal_name is None:
        raise Malformed("legal_name", "must name the legal person")
    if kind == "NATURAL_PERSON" and (person_ref is None or legal_name is not None):
        raise Malformed("legal_name", "must be left out for a natural person, who is named by person_ref only")


def providers_on(case: ModelCase, day: date) -> frozenset[UUID]:
    """Return who is a provider of the model on a day; nobody while none is identified."""
    return frozenset(e.fact.provider_ref for e in case.of(ProviderIdentified) if e.fact.from_on <= day)


def is_provider(case: ModelCase, ref: UUID, day: date) -> bool:
    """Tell whether somebody is a provider on a day. While nobody is identified, whoever acts as provider is taken for one."""
    return not case.of(ProviderIdentified) or ref in providers_on(case, day)


# -- The authorised representative, Article 54 ------------------------------------


class AuthorisedRepresentativeAppointed(Filed):
    """A provider gave a mandate to a representative in the Union (Article 54(1))."""

    provider_ref: Ref
    representative_ref: Ref
    representative_kind: PersonKind
    legal_name: Text | None = None
    person_ref: Ref | None = None
    mandate_scope: tuple[Literal["ARTICLE_52", "ARTICLES_53_55", "ALL"], ...]
    mandate_hash: Sha256
    from_on: Day


@decides(AuthorisedRepresentativeAppointed)
def appoint_representative(case: ModelCase, act: Act, fact: AuthorisedRepresentativeAppointed) -> Facts:
    """
    Record a mandate.

    Law: Article 54(1), (3). Raises: Malformed for a provider established in the Union, who needs none, or for the wrong kind of name.
    """
    _must_be_open(case)
    refuse_names(fact.representative_kind, fact.legal_name, fact.person_ref)
    if any(e.fact.provider_ref == fact.provider_ref and e.fact.in_union for e in case.of(ProviderIdentified)):
        raise Malformed("provider_ref", "is established in the Union; only a provider in a third country appoints a representative (Article 54(1))")
    return (fact,)


def is_mandated(case: ModelCase, filing: Filing) -> bool:
    """Tell whether a filing by a representative is covered by its mandate (Article 54(3)); others need none."""
    if filing.filer_role != "AUTHORISED_REPRESENTATIVE":
        return True
    day = legal_day(filing.received_at)
    mandates = (e.fact for e in case.of(AuthorisedRepresentativeAppointed) if e.fact.representative_ref == filing.filer_ref)
    return any({"ARTICLE_52", "ALL"} & set(m.mandate_scope) and m.from_on <= day and m.provider_ref == filing.provider_ref for m in mandates)


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
    _must_be_open(case)
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


def _must_be_open(case: ModelCase) -> None:
    if not case:
        raise NotInRegister("the case has no events yet: open it with ModelCaseOpened")
