"""The changes of the list as a feed has them: in pages of a hundred, with the corrections that join one change to another, and in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from projections.public.questions import Change, Known, When
from registry_site.public.data.corrections import all_corrections
from registry_site.public.data.room import NoSuchForm, Room

PER_PAGE = 100

REASONS = {
    "NO_LONGER_CLASSIFIED": "the model is no longer classified as one with systemic risk",
    "ANNULLED": "the decision was annulled",
    "ENTERED_IN_ERROR": "it had been entered in error",
}


@dataclass(frozen=True, slots=True)
class News:
    """
    A page of changes, newest first. `archive` is the number of a complete page, None for the page of the newest.

    Complete pages are numbered from 1, and page n always holds the changes n·100-99 to n·100: the newest and all complete pages are every change.
    """

    changes: tuple[Change, ...]
    pairs: dict[int, int]
    archive: int | None
    complete: int
    known: Known
    logged: bool

    @property
    def older(self) -> int | None:
        """Give the number of the page that goes on where this one ends."""
        last = self.complete if self.archive is None else self.archive - 1
        return last or None

    @property
    def newer(self) -> int | None:
        """Give the number of the complete page before which this one stands."""
        return self.archive + 1 if self.archive is not None and self.archive < self.complete else None


def newest(room: Room) -> News:
    """Give the newest changes that the published log covers."""
    return _news(room, None)


def complete_page(room: Room, number: int, current: str) -> News:
    """
    Give a complete page.

    Raises: NoSuchForm, naming the page of the newest, for one that is not complete.
    """
    found = _news(room, number)
    if not 1 <= number <= found.complete:
        raise NoSuchForm({"current": current})
    return found


def following(room: Room, number: int) -> News:
    """Give the one change after a number, once the published log covers it."""
    published = room.published()
    known = room.snapshots.known(When(), published)
    found = [change for change in room.questions.changes(None, None, first=1, after=number) if published and change.number <= known.changes]
    return News(tuple(found), _pairs(room, found, known), None, known.changes // PER_PAGE, known, published is not None)


def _news(room: Room, archive: int | None) -> News:
    published = room.published()
    known = room.snapshots.known(When(), published)
    after = max(0, known.changes - PER_PAGE) if archive is None else (archive - 1) * PER_PAGE
    found = [change for change in room.questions.changes(None, None, first=PER_PAGE, after=after) if change.number <= known.changes]
    return News(tuple(reversed(found)), _pairs(room, found, known), archive, known.changes // PER_PAGE, known, published is not None)


def _pairs(room: Room, found: Sequence[Change], known: Known) -> dict[int, int]:
    histories = room.questions.histories(sorted({change.list_id for change in found}), When())
    covered = [[change for change in history if change.number <= known.changes] for history in histories.values()]
    return all_corrections(covered)


def title_of(change: Change) -> str:
    """Say in a few words what happened."""
    names = ", ".join(change.marketed_names)
    match change.kind:
        case "PUBLISHED":
            return f"Added: {names}"
        case "UPDATED":
            return f"Updated: {names}"
        case "CORRECTED":
            return f"Corrected: {names}"
    return f"Removed: {names}"


def summary_of(change: Change) -> str:
    """Say in sentences what happened."""
    if change.kind == "PUBLISHED":
        said = f"{', '.join(change.marketed_names)}{f' of {change.provider_name}' if change.provider_name else ''} was added to the list."
    elif change.kind == "REMOVED":
        said = f"The entry was removed because {REASONS[str(change.public_reason)]}."
    else:
        said = "A misprint was corrected." if change.kind == "CORRECTED" else "The entry was updated."
    fields = [f" {each.field}: {each.before or 'nothing'} → {each.after or 'nothing'}." for each in change.fields]
    return said + "".join(fields)
