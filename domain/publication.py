"""
What is to be published about a case, what the provider claims, what is held and ordered. Confidential (Article 52(6), last half; Article 78).

The list itself is another record; this one may know what that one must not.
"""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import WithJsonSchema

from domain import public
from domain.actors import FILERS, Role
from domain.clocks import Clock, Start, confidentiality
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import Kind
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.record import Act, Event, Fact, Facts, History, decides, recorded
from domain.types import CaseId, ClaimId, Country, Day, Instant, ListId, OrderId, Ref, Sha256, Text

Hold = Literal["ARGUMENTS_PENDING", "CLAIM_OPEN", "STANDSTILL", "COURT", "UNRELEASED", "OTHER"]
Action = Literal["PUBLISH", "UPDATE", "REMOVE", "CORRECT"]


@dataclass(frozen=True, slots=True)
class Publication(History):
    """The publication file of one case."""


class PublicationFact(Fact):
    """An event of the publication file. Nothing of it is public."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("publication",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLICATION_OFFICER})


class PublicationContentProposed(PublicationFact, public.EntryContent):
    """The provider received the exact content proposed for the list; it may claim confidentiality (clock D9)."""

    case_id: CaseId
    proposed_at: Instant


class ConfidentialityClaimLodged(PublicationFact):
    """The provider claimed that fields are confidential."""

    RECORDED_BY: ClassVar[frozenset[Role]] = FILERS | {Role.PUBLICATION_OFFICER}

    claim_id: ClaimId
    received_at: Instant
    filer_ref: Ref
    filer_role: Literal["PROVIDER", "AUTHORISED_REPRESENTATIVE", "LAWYER", "OTHER"] | None = None
    claimed_fields: Annotated[tuple[Text, ...], WithJsonSchema({"type": "array", "items": {"enum": list(public.CONTENT_FIELDS)}, "minItems": 1})]
    reasons_hash: Sha256


class ConfidentialityClaimDecided(PublicationFact):
    """A claim was granted or refused, field by field; a refusal holds publication so that a judge can be reached."""

    claim_id: ClaimId
    notified_at: Instant
    granted_fields: tuple[Text, ...] = ()
    refused_fields: tuple[Text, ...] = ()
    reasons_hash: Sha256


class PublicationHeld(PublicationFact):
    """Publication was put on hold."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLICATION_OFFICER, Role.SYSTEM})

    hold: Hold
    on: Day
    reasons_hash: Sha256 | None = None


class PublicationHoldOverridden(PublicationFact):
    """A hold was overridden with reasons; only those that protect by default can be."""

    hold: Literal["ARGUMENTS_PENDING", "OTHER"]
    on: Day
    reasons_hash: Sha256


class PublicationOrdered(PublicationFact):
    """A change of the list was ordered for a slot."""

    AHEAD: ClassVar[frozenset[str]] = frozenset({"slot_at"})

    order_id: OrderId
    action: Action
    slot_at: Instant
    list_id: ListId | None = None
    marketed_names: tuple[Text, ...] = ()
    provider_name: Text | None = None
    provider_name_digest: Sha256 | None = None
    provider_country: Country | None = None
    representative_name: Text | None = None
    public_grounds: tuple[public.PublicGround, ...] = ()
    decision_ref: Text | None = None
    decision_date: Day | None = None
    note: public.Note | None = None
    note_ref: Text | None = None
    note_on: Day | None = None
    public_reason: public.PublicReason | None = None
    field: Text | None = None
    old_value: Text | None = None
    new_value: Text | None = None


class PublicationOrderCancelled(PublicationFact):
    """An order was cancelled: by the officer, or at its slot because the conditions no longer held."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLICATION_OFFICER, Role.SYSTEM})

    order_id: OrderId
    on: Day
    reasons_hash: Sha256 | None = None


class PublicationExecuted(PublicationFact):
    """An order was carried out at its slot, in the same save as the change of the list."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.SYSTEM})

    order_id: OrderId
    list_id: ListId


# -- Questions ---------------------------------------------------------------------


def claim_of(publication: Publication, claim_id: UUID) -> Event[ConfidentialityClaimLodged] | None:
    """Return a claim by its number."""
    return next((e for e in publication.of(ConfidentialityClaimLodged) if e.fact.claim_id == claim_id), None)


def decision_on(publication: Publication, claim_id: UUID) -> Event[ConfidentialityClaimDecided] | None:
    """Return what was decided on a claim."""
    return next((e for e in publication.of(ConfidentialityClaimDecided) if e.fact.claim_id == claim_id), None)


def claim_clock(publication: Publication, law: Law, today: date) -> Clock | None:
    """Return clock D9 of the last proposed content."""
    proposed = publication.last(PublicationContentProposed)
    return clock_of(publication, proposed, law, today) if proposed else None


def clock_of(publication: Publication, proposed: Event[PublicationContentProposed], law: Law, today: date) -> Clock:
    """Return clock D9 of some proposed content, with the claims lodged since."""
    claims = [e for e in publication.of(ConfidentialityClaimLodged) if e.version > proposed.version]
    decided = [d for claim in claims if (d := decision_on(publication, claim.fact.claim_id))]
    refused = [Start(d.event_id, d.topic, legal_day(d.fact.notified_at)) for d in decided if d.fact.refused_fields]
    claimed = Start(claims[0].event_id, claims[0].topic, legal_day(claims[0].fact.received_at)) if claims else None
    start = Start(proposed.event_id, proposed.topic, legal_day(proposed.fact.proposed_at))
    return confidentiality(start, claimed, refused, law=law, today=today, decided=len(decided) == len(claims))


def is_overridden(publication: Publication, hold: Hold) -> bool:
    """Tell whether the last word on a hold was to override it."""
    last = max((e.version for e in publication.of(PublicationHeld) if e.fact.hold == hold), default=0)
    return any(e.fact.hold == hold and e.version > last for e in publication.of(PublicationHoldOverridden))


def is_held(publication: Publication, hold: Hold) -> bool:
    """Tell whether a hold was recorded and not overridden since."""
    return any(e.fact.hold == hold for e in publication.of(PublicationHeld)) and not is_overridden(publication, hold)


def withheld_fields(publication: Publication) -> frozenset[str]:
    """Return the fields for which a claim was granted."""
    return frozenset(field for e in publication.of(ConfidentialityClaimDecided) for field in e.fact.granted_fields)


def order_of(publication: Publication, order_id: UUID) -> Event[PublicationOrdered] | None:
    """Return an order by its number."""
    return next((e for e in publication.of(PublicationOrdered) if e.fact.order_id == order_id), None)


def open_orders(publication: Publication) -> tuple[Event[PublicationOrdered], ...]:
    """Return the orders neither carried out nor cancelled."""
    done = {e.fact.order_id for e in publication.among(PublicationOrderCancelled, PublicationExecuted)}
    return tuple(e for e in publication.of(PublicationOrdered) if e.fact.order_id not in done)


# -- Decisions ---------------------------------------------------------------------


@decides(PublicationContentProposed)
def propose_content(publication: Publication, act: Act, fact: PublicationContentProposed) -> Facts:
    """
    Record what the provider was shown; this opens the publication file.

    Law: Article 52(6); Article 78. Raises: Malformed for another case, no name or no ground.
    """
    if str(fact.case_id) != publication.stream.key:
        raise Malformed("case_id", "must be the case this publication file belongs to")
    refuse_empty(fact)
    return (fact,)


def refuse_empty(content: public.EntryContent) -> None:
    """Refuse content that names no model, no provider or no ground."""
    for name in ("marketed_names", "public_grounds"):
        if not getattr(content, name):
            raise Malformed(name, "must not be empty")
        if len(set(getattr(content, name))) < len(getattr(content, name)):
            raise Malformed(name, "must not say the same twice")


@decides(PublicationHeld, PublicationHoldOverridden)
def hold_or_override(publication: Publication, act: Act, fact: PublicationHeld | PublicationHoldOverridden) -> Facts:
    """Record a hold, or that it is overridden; also before any content is proposed."""
    return (fact,)


@decides(ConfidentialityClaimLodged)
def lodge_claim(publication: Publication, act: Act, fact: ConfidentialityClaimLodged) -> Facts:
    """Record a claim. Raises: AlreadyInRegister for a number in use, Malformed for what is no public field."""
    if claim_of(publication, fact.claim_id):
        raise AlreadyInRegister("This claim_id belongs to a claim already recorded.")
    _refuse_strange_fields("claimed_fields", fact.claimed_fields)
    return recorded(publication, act, fact)


@decides(ConfidentialityClaimDecided)
def decide_claim(publication: Publication, act: Act, fact: ConfidentialityClaimDecided) -> Facts:
    """Record what was decided on a claim. Raises: NotInRegister for an unknown one, AlreadyInRegister for one decided."""
    claim = claim_of(publication, fact.claim_id)
    if claim is None:
        raise NotInRegister("claim_id names no claim of this publication file")
    if decision_on(publication, fact.claim_id):
        raise AlreadyInRegister("This claim is decided already.")
    if sorted({*fact.granted_fields, *fact.refused_fields}) != sorted(set(claim.fact.claimed_fields)):
        raise Malformed("granted_fields", "and refused_fields must together be the claimed fields")
    return recorded(publication, act, fact)


def _refuse_strange_fields(name: str, fields: tuple[str, ...]) -> None:
    strange = sorted(set(fields) - set(public.CONTENT_FIELDS))
    if strange or not fields:
        raise Malformed(name, f"must name fields of the list: {', '.join(public.CONTENT_FIELDS)}")


@decides(PublicationOrderCancelled)
def cancel_order(publication: Publication, act: Act, fact: PublicationOrderCancelled) -> Facts:
    """Record that an order was cancelled. Raises: NotInRegister unless it is open."""
    if fact.order_id not in {e.fact.order_id for e in open_orders(publication)}:
        raise NotInRegister("order_id names no open order of this publication file")
    return recorded(publication, act, fact)
