"""What a form says before anybody writes into it, and what it offers to choose from: all from the record and the definitions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from api.recording.views import stands
from domain.actors import Actor
from domain.list_entry import is_listed
from domain.listing import Records, next_slot
from domain.model_case.case import ModelCase
from domain.model_case.provider import AuthorisedRepresentativeAppointed, ProviderIdentified, providers_on
from domain.next_steps import recorded_identifiers
from domain.public import CONTENT_FIELDS
from domain.publication import PublicationContentProposed, PublicationOrdered
from domain.record import Act, Event, History
from domain.register import JudgementSettingChanged
from projections.office.questions import SOMEBODY
from registry_site.office.acts import act_name, happened_on
from registry_site.office.desk import Desk
from registry_site.office.fields import GIVEN_REFERENCE, Field, Sort, fields_of
from registry_site.office.filled import data_of, written_of
from registry_site.office.places import Place
from registry_site.ui.words import day_in_words

Options = dict[str, list[tuple[str, str]]]
"""For each field the identifiers that the record has, each with what it is."""
STREAM_OF = {"alert": "alert", "challenge": "challenge", "publication": "case"}
"""The kind of identifier by which a record's own events name it."""


def prefilled(desk: Desk, place: Place, at: datetime) -> dict[str, str]:
    """Return what a new form says: numbers that it gives, the record it belongs to, the law in force, and what was proposed for the list."""
    law, fields = desk.office.law(at), fields_of(place.kind)
    threshold, annex = law.threshold_on(Act(SOMEBODY, at, law).day), law.annex_on(Act(SOMEBODY, at, law).day)
    data: dict[str, Any] = {field.name: str(uuid4()) for field in fields if field.own}
    data |= {field.name: place.stream.key for field in fields if field.named == STREAM_OF.get(place.stream.kind) and not field.optional}
    if place.stream.kind == "case":
        data |= {"threshold_version": threshold.version} if threshold else {}
        data |= {"annex_xiii_version": annex.version} if annex else {}
        data |= {"authentic_language": "en"} | _provider(desk.office.records(UUID(place.stream.key), at).case, Act(SOMEBODY, at, law))
    if place.kind is JudgementSettingChanged:
        data |= {"settings_version": _next_settings(desk.office.stream(place.stream, at))}
    if place.kind.TOPIC in GIVEN_REFERENCE:
        data |= {GIVEN_REFERENCE[place.kind.TOPIC]: str(uuid4())}
    if place.kind is PublicationOrdered:
        data |= _order(desk.office.records(UUID(place.stream.key), at), Act(SOMEBODY, at, law))
    return written_of(fields, data)


def _next_settings(events: Iterable[Event[Any]]) -> int:
    """Return the version that the next change of a setting gets, after all that were recorded, in force already or not."""
    return max((event.fact.settings_version for event in events if isinstance(event.fact, JudgementSettingChanged)), default=1) + 1


def _provider(case: ModelCase, act: Act) -> dict[str, Any]:
    """Return the provider where a case has a single one: nobody is asked what the record knows."""
    found = providers_on(case, act.day)
    return {"provider_ref": str(*found)} if len(found) == 1 else {}


def _order(records: Records, act: Act) -> dict[str, Any]:
    """Return the order that the last proposed content calls for, at the next slot."""
    proposed = records.publication.last(PublicationContentProposed)
    content = {name: value for name, value in data_of(proposed.fact).items() if name in CONTENT_FIELDS} if proposed else {}
    action = "UPDATE" if is_listed(records.entry) else "PUBLISH"
    number = {"list_id": records.entry.stream.key} if is_listed(records.entry) else {}
    return {"action": action, "slot_at": next_slot(act).isoformat(), **number, **content}


def options_of(desk: Desk, place: Place, actor: Actor, at: datetime) -> Options:
    """Return what each field that names something may choose from; nothing for whoever does not read the record."""
    if stands(desk.register, place.stream, actor, at) is None:
        return {}
    records = desk.office.records(UUID(place.stream.key), at)
    known: dict[str, list[tuple[str, str]]] = {}
    for field in _all(fields_of(place.kind)):
        if field.named and field.named != "hash" and not field.own and field.named not in known:
            known[field.named] = _known(field.named, records.case, records.publication)
    return {name: found for name, found in known.items() if found}


def _all(fields: tuple[Field, ...]) -> list[Field]:
    return [each for field in fields for each in (field, *field.parts) if each.sort in (Sort.IDENTIFIER, Sort.LINES)]


def _known(named: str, *records: History) -> list[tuple[str, str]]:
    names = _names(records[0])
    found = [
        (version, str(identifier), names.get(identifier) or _told(record, version))
        for record in records
        for version, identifier in recorded_identifiers(record, named)
    ]
    return [(identifier, told) for _, identifier, told in sorted(found, key=lambda each: -each[0])]


def _told(record: History, version: int) -> str:
    """Say what stands at a version of a record."""
    event = next(event for events in record.by_topic.values() for event in events if event.version == version)
    day = happened_on(event.fact)
    return f"{act_name(event.topic)}, {day_in_words(day)}" if day else act_name(event.topic)


def _names(case: History) -> dict[UUID, str]:
    """Return the names of providers and representatives that are legal persons; others are references only."""
    providers = {event.fact.provider_ref: event.fact.legal_name for event in case.of(ProviderIdentified) if event.fact.legal_name}
    mandated = case.of(AuthorisedRepresentativeAppointed)
    return {**{event.fact.representative_ref: event.fact.legal_name for event in mandated if event.fact.legal_name}, **providers}
