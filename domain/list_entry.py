"""One entry of the public list (Article 52(6)). Everything in these events is public; nothing else about a case is."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain import public
from domain.actors import Role
from domain.ids import Kind
from domain.record import Event, Fact, History


@dataclass(frozen=True, slots=True)
class PublicListEntry(History):
    """An entry with its history, under its number in the list's own sequence."""


class EntryFact(Fact):
    """An event of the list; it says what the public reads."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("entry",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLICATION_OFFICER, Role.SYSTEM})


class ListEntryPublished(EntryFact, public.ListEntryPublished):
    """A model was put on the list."""


class ListEntryUpdated(EntryFact, public.ListEntryUpdated):
    """An entry was brought up to date."""


class ListEntryRemoved(EntryFact, public.ListEntryRemoved):
    """A model was taken off the list."""


class ListEntryCorrected(EntryFact, public.ListEntryCorrected):
    """A misprint of the list was corrected."""


ENTRY_EVENTS = (ListEntryPublished, ListEntryUpdated, ListEntryRemoved, ListEntryCorrected)
DATES = {
    "ListEntryPublished": "listed_on",
    "ListEntryUpdated": "updated_on",
    "ListEntryRemoved": "removed_on",
    "ListEntryCorrected": "corrected_on",
}
"""The field that dates each event of the list: the day of its slot."""


def history_of(entry: PublicListEntry) -> tuple[Event[Any], ...]:
    """Return the events of an entry in order."""
    return entry.among(*ENTRY_EVENTS)


def is_listed(entry: PublicListEntry) -> bool:
    """Tell whether the entry is on the list now."""
    last = history_of(entry)[-1:]
    return bool(last) and not isinstance(last[0].fact, ListEntryRemoved)


def content_of(entry: PublicListEntry) -> dict[str, Any]:
    """Return what the entry says now, by field, misprints corrected."""
    content: dict[str, Any] = {}
    for event in history_of(entry):
        if isinstance(event.fact, public.EntryContent):
            content = {name: getattr(event.fact, name) for name in public.CONTENT_FIELDS}
        elif isinstance(event.fact, ListEntryCorrected):
            content[event.fact.field] = public.from_text(event.fact.field, event.fact.new_value)
    return content
