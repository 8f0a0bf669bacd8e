"""Whose model it is, and who may act for its provider: Articles 3(3), 3(5) and 54; Guidelines 3.1."""

from datetime import date, datetime
from typing import ClassVar, Literal
from uuid import UUID

from domain.actors import Role
from domain.errors import Malformed, NotInRegister
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.law.zones import day_in
from domain.model_case.case import OFFICER, CaseFact, Filed, Filing, ModelCase, must_be_open
from domain.record import Act, Event, Facts, decides
from domain.types import Bool, Country, Day, Ref, Sha256, Text

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
    must_be_open(case)
    refuse_names(fact.provider_kind, fact.legal_name, fact.person_ref)
    return (fact,)


def refuse_names(kind: str, legal_name: str | None, person_ref: UUID | None) -> None:
    """Keep the names of natural persons out of events; they stand in the vault."""
    if kind == "LEGAL_PERSON" and legal_name is None:
        raise Malformed("legal_name", "must name the legal person")
    if kind == "NATURAL_PERSON" and (person_ref is None or legal_name is not None):
        raise Malformed("legal_name", "must be left out for a natural person, who is named by person_ref only")


class ProviderChange(CaseFact):
    """The model has another provider from a day on. Grounds and clocks stay with the model; duties pass."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    from_provider_ref: Ref
    provider_ref: Ref
    effective_on: Day
    evidence_hash: Sha256


class ProviderSucceeded(ProviderChange):
    """A provider was succeeded by another in law, for example by merger; a running D1 continues against the successor."""


class ModelTransferred(ProviderChange):
    """A provider sold or gave the model to another."""


@decides(ProviderSucceeded, ModelTransferred)
def change_provider(case: ModelCase, act: Act, fact: ProviderChange) -> Facts:
    """
    Record that another provider took over.

    Law: procedure 5.1 and 10.9. Raises: NotInRegister unless the former is a provider on that day; Malformed for a day before the last change.
    """
    if fact.from_provider_ref not in providers_on(case, fact.effective_on):
        raise NotInRegister("from_provider_ref is no provider of this model on that day: identify it first")
    last = max((e.fact.effective_on for e in case.all(ProviderChange)), default=fact.effective_on)
    if fact.effective_on < last:
        raise Malformed("effective_on", f"must not lie before the last change of provider, {last}")
    return (fact,)


def providers_on(case: ModelCase, day: date) -> frozenset[UUID]:
    """Return who is a provider of the model on a day; nobody while none is identified."""
    found = {e.fact.provider_ref for e in case.of(ProviderIdentified) if e.fact.from_on <= day}
    changes = [e.fact for e in case.all(ProviderChange) if e.fact.effective_on <= day]
    for change in sorted(changes, key=lambda fact: fact.effective_on):
        found = (found - {change.from_provider_ref}) | {change.provider_ref}
    return frozenset(found)


def is_known_provider(case: ModelCase, ref: UUID) -> bool:
    """Tell whether somebody is, was or will be a provider of the model; while nobody is identified, whoever acts as one is taken for it."""
    return not case.of(ProviderIdentified) or any(ref in line for line in lines_of_providers(case))


def may_argue(case: ModelCase, ref: UUID, day: date) -> bool:
    """Tell whether somebody is a provider of the model and had not handed it over by a day (Article 52(2))."""
    handed_over = any(e.fact.from_provider_ref == ref and e.fact.effective_on <= day for e in case.all(ProviderChange))
    return is_known_provider(case, ref) and (not handed_over or ref in providers_on(case, day))


def lines_of_providers(case: ModelCase) -> list[list[UUID]]:
    """Return each provider with those who took over from it: a duty that runs passes along the line (procedure 7.4, 10.9)."""
    changes = [e.fact for e in case.all(ProviderChange)]
    followers = {change.provider_ref for change in changes}
    lines = [[ref] for ref in dict.fromkeys(e.fact.provider_ref for e in case.of(ProviderIdentified)) if ref not in followers]
    for change in sorted(changes, key=lambda fact: fact.effective_on):
        for line in lines:
            if line[-1] == change.from_provider_ref:
                line.append(change.provider_ref)
    return lines


def is_provider(case: ModelCase, ref: UUID, day: date) -> bool:
    """Tell whether somebody is a provider on a day. While nobody is identified, whoever acts as provider is taken for one."""
    return not case.of(ProviderIdentified) or ref in providers_on(case, day)


def day_of_filing(case: ModelCase, ref: UUID, at: datetime, law: Law) -> date:
    """Return the day on which a filing arrived: the day in Brussels, or where the provider is established (switch LEGAL_TZ)."""
    countries = [e.fact.country for e in case.of(ProviderIdentified) if e.fact.provider_ref == ref]
    return day_in(countries[-1], at) if countries and law.settings.on(legal_day(at))["LEGAL_TZ"] == "provider" else legal_day(at)


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
    must_be_open(case)
    refuse_names(fact.representative_kind, fact.legal_name, fact.person_ref)
    if any(e.fact.provider_ref == fact.provider_ref and e.fact.in_union for e in case.of(ProviderIdentified)):
        raise Malformed("provider_ref", "is established in the Union; only a provider in a third country appoints a representative (Article 54(1))")
    return (fact,)


class MandateTerminated(Filed):
    """A mandate ended (Article 54(5) obliges the representative to say so)."""

    representative_ref: Ref
    on: Day
    reasons_hash: Sha256


@decides(MandateTerminated)
def terminate_mandate(case: ModelCase, act: Act, fact: MandateTerminated) -> Facts:
    """Record the end of a mandate. Raises: NotInRegister for an unknown representative."""
    if all(e.fact.representative_ref != fact.representative_ref for e in case.of(AuthorisedRepresentativeAppointed)):
        raise NotInRegister("representative_ref names no representative of this case")
    return (fact,)


class RepresentativeFoundMissing(CaseFact):
    """A provider in a third country has no representative. It files and is addressed itself; its rights do not depend on one."""

    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    provider_ref: Ref
    on: Day


def is_mandated(case: ModelCase, filing: Filing) -> bool:
    """Tell whether a filing by a representative is covered by its mandate (Article 54(3)); others need none."""
    if filing.filer_role != "AUTHORISED_REPRESENTATIVE":
        return True
    mandates = [e.fact for e in mandates_on(case, legal_day(filing.received_at)) if e.fact.representative_ref == filing.filer_ref]
    return any({"ARTICLE_52", "ALL"} & set(m.mandate_scope) and m.provider_ref == filing.provider_ref for m in mandates)


def mandates_on(case: ModelCase, day: date) -> list[Event[AuthorisedRepresentativeAppointed]]:
    """Return the mandates that run on a day: begun, and not ended since (Article 54(1), (5))."""
    ended = [e.fact for e in case.of(MandateTerminated) if e.fact.on <= day]
    return [
        e
        for e in case.of(AuthorisedRepresentativeAppointed)
        if e.fact.from_on <= day and all(end.on < e.fact.from_on for end in ended if end.representative_ref == e.fact.representative_ref)
    ]
