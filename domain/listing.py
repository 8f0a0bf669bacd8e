"""
What may stand on the public list: the conditions of procedure section 9, tested when a change is ordered and again at its slot.

Law: Article 52(6) ("without prejudice to … confidential business information or trade secrets"); Article 78.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from domain import public
from domain.clocks import State
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, require
from domain.law.periods import BRUSSELS, in_words
from domain.law.provisions import LEGACY_TERM
from domain.law.rules import R27
from domain.list_entry import (
    DATES,
    EntryFact,
    ListEntryCorrected,
    ListEntryPublished,
    ListEntryRemoved,
    ListEntryUpdated,
    PublicListEntry,
    content_of,
    is_listed,
)
from domain.model_case import arguments, identity, provider, reassessment
from domain.model_case.case import ModelCase
from domain.model_case.decision import informed_at, is_in_force
from domain.model_case.designation import ModelDesignatedUnder52_4, is_designated_by
from domain.model_case.effects import flags, is_notified, standing
from domain.publication import (
    Hold,
    Publication,
    PublicationContentProposed,
    PublicationOrdered,
    clock_of,
    is_held,
    is_overridden,
    open_orders,
    order_of,
    refuse_empty,
    withheld_fields,
)
from domain.record import Act, Event, Fact, Facts
from domain.status import Ground, Status

SLOT = time(10, 0)
"""The hour of every publication in Brussels, so that the hour of an act cannot be read off."""
PROPOSED_FIELDS = ("provider_name", "provider_name_digest", "provider_country", "representative_name")
"""Fields that the provider must have been shown; names are compared one by one."""
SHOWN_AS = {Ground.PRESUMED: "51(1)(a)", Ground.DECLARED: "51(1)(a)", Ground.DESIGNATED: "52(4)"}
"""How a ground is shown: naming Article 52(1) would disclose a failure to notify."""


@dataclass(frozen=True, slots=True)
class Records:
    """The three records that a change of the list concerns."""

    case: ModelCase
    publication: Publication
    entry: PublicListEntry


# -- The conditions, procedure section 9 -------------------------------------------


def refuse_listing(records: Records, act: Act, content: public.EntryContent) -> None:
    """
    Refuse to publish or update unless every condition holds.

    Refuses: R27, naming the condition that fails.
    """
    for condition in CONDITIONS:
        condition(records, act, content)


def _is_classified(records: Records, act: Act, content: public.EntryContent) -> None:
    now = standing(records.case, act.law, act.at, act.at)
    require(now.status is Status.CLASSIFIED, R27, f"The model's status is {now.status}.")
    shown = {SHOWN_AS[ground] for ground, _ in now.active}
    if act.law.settings["LIST_SHOW_52_1"] == "yes" and any(ground is Ground.DECLARED for ground, _ in now.active):
        shown = {ground for ground in content.public_grounds if ground == "52(1)"} | shown
    require(set(content.public_grounds) == shown, R27, f"The grounds to be shown are {', '.join(sorted(shown))}.")


def _is_released(records: Records, act: Act, content: public.EntryContent) -> None:
    require(identity.announced(records.case), R27, "The model is neither on the Union market nor announced by its provider (Article 78(1)(a)).")


def _was_proposed(records: Records, act: Act, content: public.EntryContent) -> None:
    proposals = records.publication.of(PublicationContentProposed)
    require(proposals, R27, "The content was not proposed to the provider (clock D9).")
    last = clock_of(records.publication, proposals[-1], act.law, act.day)
    require(
        last.state not in (State.RUNNING, State.PROVISIONAL),
        R27,
        f"The provider may claim confidentiality, or reach a judge, until {in_words(last.due)} (clock D9)." if last.due else "",
    )
    _must_have_been_shown(proposals, content)
    withheld = sorted(name for name in withheld_fields(records.publication) if getattr(content, name))
    require(not withheld, R27, f"A claim of confidentiality was granted for {', '.join(withheld)}.")


def _must_have_been_shown(proposals: tuple[Event[PublicationContentProposed], ...], content: public.EntryContent) -> None:
    names = {name for e in proposals for name in e.fact.marketed_names}
    strange = sorted(set(content.marketed_names) - names)
    require(not strange, R27, f"Not proposed to the provider: {', '.join(strange)}.")
    for field in PROPOSED_FIELDS:
        value = getattr(content, field)
        require(value is None or any(getattr(e.fact, field) == value for e in proposals), R27, f"Not proposed to the provider: {field}.")


def _is_not_held(records: Records, act: Act, content: public.EntryContent) -> None:
    for hold in holds(records, act):
        require(False, R27, f"Publication is held: {hold}.")


def _names_persons_lawfully(records: Records, act: Act, content: public.EntryContent) -> None:
    providers = [e.fact for e in records.case.of(provider.ProviderIdentified)]
    natural = bool(providers) and all(p.provider_kind == "NATURAL_PERSON" for p in providers)
    require(not (natural and content.provider_name), R27, "The provider is a natural person, whose name stands in the vault.")
    representatives = [e.fact for e in records.case.of(provider.AuthorisedRepresentativeAppointed)]
    named = {r.legal_name for r in representatives if r.representative_kind == "LEGAL_PERSON"}
    known = content.representative_name is None or content.representative_name in named
    require(known, R27, "Only a representative that is a legal person is named.")


def _shows_public_decisions_only(records: Records, act: Act, content: public.EntryContent) -> None:
    shown = (content.decision_ref, content.decision_date)
    if shown == (None, None):
        return
    require(
        shown in _public_decisions(records.case, act),
        R27,
        "Only the reference and date of a designation under Article 52(4) in force, or of a decision maintaining it, are shown.",
    )


def _public_decisions(case: ModelCase, act: Act) -> set[tuple[str, object]]:
    """
    Return reference and date of the designation in force and of the notified decisions that maintained it.

    Rejections of arguments are shown only by the switch LIST_REJECTION_DECISIONS: one would tell of a notification.
    """
    designations = [e.fact for e in case.of(ModelDesignatedUnder52_4) if is_designated_by(case, e.fact.decision_id, act.at, act.law)]
    current = {d.decision_id for d in designations}
    maintained = [
        e.fact for e in case.of(reassessment.DesignationMaintained) if e.fact.target_decision_id in current and informed_at(case, e.fact.decision_id)
    ]
    shown = act.law.settings["LIST_REJECTION_DECISIONS"] == "reference_and_date"
    rejections = [e.fact for e in case.of(arguments.ArgumentsRejected) if shown and is_in_force(case, e.fact.decision_id, act)]
    return {(d.commission_ref, d.adopted_on) for d in [*designations, *maintained, *rejections]}


def _notes_what_is_so(records: Records, act: Act, content: public.EntryContent) -> None:
    maintained = any(informed_at(records.case, e.fact.decision_id) for e in records.case.of(reassessment.DesignationMaintained))
    if content.note == "OFF_MARKET":
        require(identity.off_market_since(records.case, act.day), R27, "The model is on the Union market.")
    require(content.note != "MAINTAINED" or maintained, R27, "No decision maintaining the designation was notified.")
    suspended = flags(records.case, act.law, act.at).operation_suspended_by_court
    shown = content.note == "SUSPENDED"
    require(suspended or not shown, R27, "No suspension by the Court is recorded.")
    require(shown or not suspended, R27, "The Court suspended the operation of the decision: the entry must show it (note SUSPENDED).")


CONDITIONS: tuple[Callable[[Records, Act, public.EntryContent], None], ...] = (
    _is_classified,
    _is_released,
    _was_proposed,
    _is_not_held,
    _names_persons_lawfully,
    _shows_public_decisions_only,
    _notes_what_is_so,
)


def holds(records: Records, act: Act) -> list[Hold]:
    """Return the holds in force: those of the law by default, and those that an officer recorded."""
    found: list[Hold] = []
    waiting = bool(arguments.pending(records.case, act.law, act.at)) and act.law.settings["LIST_WHILE_ARGUMENTS_PENDING"] == "hold"
    if waiting and not is_overridden(records.publication, "ARGUMENTS_PENDING"):
        found.append("ARGUMENTS_PENDING")
    legacy = identity.is_legacy(records.case) and not is_notified(records.case, act.law) and act.day < LEGACY_TERM
    by_default = legacy and act.law.settings["LEGACY_LISTING"] == "hold"
    if is_held(records.publication, "OTHER") or (by_default and not is_overridden(records.publication, "OTHER")):
        found.append("OTHER")
    return found


# -- One change of the list ----------------------------------------------------------


def refuse_change(records: Records, act: Act, fact: EntryFact) -> None:
    """
    Hold one event of the list against the law and against the entry as it stands.

    Refuses: R27. Raises: AlreadyInRegister, NotInRegister, Malformed where the entry itself contradicts it.
    """
    date_field = DATES[fact.TOPIC]
    if getattr(fact, date_field) != act.day:
        raise Malformed(date_field, f"must be the day of the slot, {act.day}: the list is never dated back or ahead")
    listed = is_listed(records.entry)
    if fact.TOPIC == "ListEntryPublished" and listed:
        raise AlreadyInRegister("The model is on the list; record ListEntryUpdated.")
    if fact.TOPIC != "ListEntryPublished" and not listed:
        raise NotInRegister("the model is not on the list")
    if isinstance(fact, ListEntryPublished | ListEntryUpdated):
        refuse_empty(fact)
        refuse_listing(records, act, fact)
    elif isinstance(fact, ListEntryRemoved):
        _refuse_removal(records, act, fact)
    elif isinstance(fact, ListEntryCorrected):
        _refuse_correction(records, fact)


def _refuse_removal(records: Records, act: Act, fact: public.ListEntryRemoved) -> None:
    now = standing(records.case, act.law, act.at, act.at)
    gone = now.status is not Status.CLASSIFIED or fact.public_reason == "ENTERED_IN_ERROR"
    require(gone, R27, "The model is classified; only an entry made in error can be removed.")


def _refuse_correction(records: Records, fact: ListEntryCorrected) -> None:
    """Refuse a correction unless it touches one public field that really says what it is said to say."""
    if fact.field not in public.CONTENT_FIELDS:
        raise Malformed("field", f"must be a field of the list: {', '.join(public.CONTENT_FIELDS)}")
    stands = public.as_text(content_of(records.entry).get(fact.field))
    if stands != fact.old_value:
        raise Malformed("old_value", f"must be what the entry says now: {stands}")
    try:
        public.from_text(fact.field, fact.new_value)
    except ValidationError:
        raise Malformed("new_value", f"is not a value of {fact.field}") from None


# -- Orders and slots ----------------------------------------------------------------

EVENT_OF: dict[str, type[EntryFact]] = {
    "PUBLISH": ListEntryPublished,
    "UPDATE": ListEntryUpdated,
    "REMOVE": ListEntryRemoved,
    "CORRECT": ListEntryCorrected,
}
ACTION_OF = {event.TOPIC: action for action, event in EVENT_OF.items()}


def next_slot(act: Act) -> datetime:
    """Return the next slot: 10:00 in Brussels on the working day after the order (switch PUBLICATION_SLOT)."""
    if act.law.settings["PUBLICATION_SLOT"] == "at_once":
        return act.at
    day = act.day + timedelta(days=1)
    while not act.law.calendars.is_working(day):
        day += timedelta(days=1)
    return datetime.combine(day, SLOT, tzinfo=BRUSSELS)


def order_change(records: Records, act: Act, fact: PublicationOrdered) -> Facts:
    """
    Record an order, after testing at once what will be tested again at its slot.

    Refuses: R27. Raises: Malformed for a slot that is none; AlreadyInRegister for a number in use, or a second open order.
    """
    if order_of(records.publication, fact.order_id) or open_orders(records.publication):
        raise AlreadyInRegister("This order_id is in use, or another order for this entry is open: cancel it first.")
    _refuse_slot(act, fact.slot_at)
    refuse_change(records, act, entry_fact(fact, act, fact.list_id or "1"))
    return (fact,)


def _refuse_slot(act: Act, slot_at: datetime) -> None:
    local = slot_at.astimezone(BRUSSELS)
    first = next_slot(act)
    if act.law.settings["PUBLICATION_SLOT"] == "at_once":
        # A moment of today that has just gone by is at once too: between reading a form and sending it, time passes.
        if local.date() < act.day:
            raise Malformed("slot_at", f"must not lie before {act.day}: what is ordered now becomes public at once, or later")
    elif slot_at < first or local.time() != SLOT or not act.law.calendars.is_working(local.date()):
        raise Malformed("slot_at", f"must be 10:00 in Brussels on a working day; the next one is {first.isoformat()}")


def entry_fact(order: PublicationOrdered, act: Act, list_id: str) -> EntryFact:
    """Return the event of the list that an order asks for, dated on the day of the act."""
    kind = EVENT_OF[order.action]
    given: dict[str, Any] = {name: getattr(order, name) for name in kind.model_fields if name in PublicationOrdered.model_fields}
    try:
        return kind.model_validate({**given, "list_id": list_id, DATES[kind.TOPIC]: act.day})
    except ValidationError as error:
        raise Malformed(str(error.errors()[0]["loc"][0]), f"is needed to {order.action.lower()} an entry") from None


def order_for(fact: Fact, act: Act, order_id: UUID) -> PublicationOrdered:
    """Return the order that a directly recorded event of the list stands for: its execution is at the same time."""
    given = {name: getattr(fact, name) for name in type(fact).model_fields if name in PublicationOrdered.model_fields}
    return PublicationOrdered.model_validate({**given, "order_id": order_id, "action": ACTION_OF[fact.TOPIC], "slot_at": act.at})
