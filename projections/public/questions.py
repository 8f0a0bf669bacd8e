"""
What the public may ask of the published list, as a protocol and its plain answers.

Pages and the public GraphQL schema know only this module of the read side. Nothing here names a case, an actor, a store position or an instant of an
act: the list has day precision, and its positions are those of the public sequence (Article 52(6), Article 78).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Protocol

Kind = Literal["PUBLISHED", "UPDATED", "REMOVED", "CORRECTED"]
PublicGround = Literal["51(1)(a)", "52(4)", "52(1)"]
Sort = Literal["name", "provider", "listed", "changed"]


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of the list as it stood; `removed_on` set means a tombstone."""

    list_id: str
    listed_on: date
    updated_on: date | None
    removed_on: date | None
    public_reason: str | None
    marketed_names: tuple[str, ...]
    provider_name: str | None
    provider_name_digest: str | None
    provider_country: str
    representative_name: str | None
    public_grounds: tuple[PublicGround, ...]
    decision_ref: str | None
    decision_date: date | None
    note: Literal["SUSPENDED", "OFF_MARKET", "MAINTAINED"] | None
    note_ref: str | None
    note_on: date | None
    changed_on: date
    """Day of the last list event about this entry."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, in the words of the list."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """One public event about one entry. `number` counts public list events from 1, densely; `leaf` is its place in the public log, from 0."""

    number: int
    kind: Kind
    on: date
    list_id: str
    marketed_names: tuple[str, ...]
    provider_name: str | None
    fields: tuple[FieldChange, ...]
    public_reason: str | None
    leaf: int


Place = tuple[date, int]
"""A place in the order of listing: the day of listing, then the number of the entry."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of the list; `total` counts all matches, `on_list` all entries on the list at that pair of times."""

    entries: tuple[Listed, ...]
    total: int
    on_list: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the visitor asked for; empty means everything."""

    search: str = ""
    ground: PublicGround | None = None
    country: str | None = None
    include_removed: bool = False
    sort: Sort = "listed"
    descending: bool = True


@dataclass(frozen=True, slots=True)
class When:
    """
    A pair of times: the list as it stood on `valid_at`, as known at `known_at`. None means now.

    `valid_at` is a listing day (Brussels); `known_at` an aware instant (a bare day is its end).
    """

    valid_at: date | None = None
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Threshold:
    """A version of the compute threshold of Article 51(2), in FLOP."""

    version: int
    value_flop: Decimal
    oj_ref: str
    published_on: date
    applies_from: date


@dataclass(frozen=True, slots=True)
class HolidayCalendar:
    """The Commission's holidays of one year as published in the register, with the days not yet checked."""

    version: int
    year: int
    days: tuple[date, ...]
    unverified_days: tuple[date, ...]
    source: str


@dataclass(frozen=True, slots=True)
class LawInForce:
    """The law as dated data on one day."""

    on: date
    threshold: Threshold | None
    annex_xiii_version: int | None
    calendars: tuple[HolidayCalendar, ...]


@dataclass(frozen=True, slots=True)
class PublicState:
    """Where the public sequence stands: its length and the Brussels day of its last event. Beside it: the import of estimates that is shown."""

    position: int
    day: date | None
    demonstration: bool
    estimates: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """
    From how much of the public log an answer follows.

    `size` entries of it are both folded and published, `position` of them reach up to the last that changed the list as known then, which is change
    number `changes`, of the day `changed_on`. Until list and published log have caught up with each other, the answer may change without an event.
    """

    size: int
    position: int
    changes: int
    changed_on: date | None
    caught_up: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole list at a pair of times, in the order of listing."""

    entries: tuple[Listed, ...]
    known: Known


@dataclass(frozen=True, slots=True)
class EntrySnapshot:
    """One entry at a pair of times with its history as far as it was known; None for an entry that the list did not carry by then."""

    entry: Listed | None
    history: tuple[Change, ...]
    known: Known


class SnapshotQuestions(Protocol):
    """
    The questions whose answers leave the register as data. Sync; called from worker threads.

    `published` is how many entries the published log has; an answer never goes beyond them. None where no log is kept.
    """

    def known(self, when: When, published: int | None) -> Known:
        """Return from how much of the log an answer at a pair of times follows."""
        ...

    def snapshot(self, when: When, published: int | None, *, include_removed: bool = False) -> Snapshot:
        """Return the whole list at a pair of times."""
        ...

    def entry_snapshot(self, list_id: str, when: When, published: int | None) -> EntrySnapshot:
        """Return one entry at a pair of times."""
        ...

    def change_days(self, list_id: str | None = None) -> tuple[date, ...]:
        """Return the days on which the list changed, or one entry of it, in order."""
        ...


class PublicQuestions(Protocol):
    """The questions the public side answers. Sync; called from worker threads."""

    def state(self) -> PublicState:
        """Return where the public sequence stands."""
        ...

    def list_at(self, when: When, filters: Filters, *, first: int = 100, offset: int = 0, after: Place | None = None) -> Listing:
        """
        Return the list at a pair of times. An unknown future day answers with what is known now.

        `after` leaves out everything up to a place of the order of listing, whether or not an entry still stands there.
        Raises: ValueError for a place in a list sorted otherwise.
        """
        ...

    def entry(self, list_id: str, when: When) -> Listed | None:
        """Return one entry at a pair of times, or None when the list never carried it by then."""
        ...

    def history(self, list_id: str, when: When) -> tuple[Change, ...]:
        """Return an entry's public events in order: those of the days up to `valid_at`, as far as they were known at `known_at`."""
        ...

    def histories(self, list_ids: Sequence[str], when: When) -> dict[str, tuple[Change, ...]]:
        """Return the histories of several entries at once, each as `history` does; of an unknown entry the empty one."""
        ...

    def changes(self, since: date | None, until: date | None, *, first: int = 100, after: int = 0, newest_first: bool = False) -> tuple[Change, ...]:
        """Return list events of the days since..until (both included) with `number` > after, in order or newest first."""
        ...

    def count_changes(self, since: date | None, until: date | None) -> dict[Kind, int]:
        """Return how many list events of each kind fell on the days since..until (both included)."""
        ...

    def countries(self) -> tuple[str, ...]:
        """Return the provider countries (ISO 3166) that ever stood on the list, sorted."""
        ...

    def law(self, on: date) -> LawInForce:
        """Return the law in force on a day."""
        ...
