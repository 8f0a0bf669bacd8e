"""
The public allow-list: the payloads of the public events, and the only classes of the records that public code may know.

A field is public because it stands here; every event and field that does not is confidential (Article 78; procedure section 9).
"""

from typing import Literal

from domain.types import Bool, ChallengeRef, Country, Day, Flop, Int, ListId, Payload, Sha256, Text

PublicGround = Literal["51(1)(a)", "52(4)", "52(1)"]
Note = Literal["SUSPENDED", "OFF_MARKET", "MAINTAINED"]
PublicReason = Literal["NO_LONGER_CLASSIFIED", "ANNULLED", "ENTERED_IN_ERROR"]


class EntryContent(Payload):
    """What an entry of the list says (Article 52(6))."""

    marketed_names: tuple[Text, ...]
    provider_name: Text | None = None
    provider_name_digest: Sha256 | None = None
    provider_country: Country
    representative_name: Text | None = None
    public_grounds: tuple[PublicGround, ...]
    decision_ref: Text | None = None
    decision_date: Day | None = None
    note: Note | None = None
    note_ref: Text | None = None
    note_on: Day | None = None


CONTENT_FIELDS = tuple(EntryContent.model_fields)
"""The fields of an entry, by name."""


class ListEntryPublished(EntryContent):
    """A model was put on the list."""

    list_id: ListId
    listed_on: Day


class ListEntryUpdated(EntryContent):
    """An entry was brought up to date; all its fields as they now stand."""

    list_id: ListId
    updated_on: Day


class ListEntryRemoved(Payload):
    """A model was taken off the list, with a neutral reason."""

    list_id: ListId
    removed_on: Day
    public_reason: PublicReason


class ListEntryCorrected(Payload):
    """A misprint of the list was corrected: the field said something it should never have said."""

    list_id: ListId
    corrected_on: Day
    field: Text
    old_value: Text
    new_value: Text


class ThresholdAmended(Payload):
    """A compute threshold of Article 51(2), (3) was published."""

    threshold_version: Int
    value_flop: Flop
    oj_ref: Text
    published_on: Day
    applies_from: Day
    presumptions_kept: Bool
    transitional_rule: Text | None = None


class AnnexXIIIAmended(Payload):
    """A version of Annex XIII was published (Article 52(4), second subparagraph)."""

    annex_xiii_version: Int
    oj_ref: Text
    published_on: Day
    applies_from: Day
    text_hash: Sha256


class HolidayCalendarPublished(Payload):
    """The Commission's holidays of one year, with the days not yet checked (Regulation 1182/71, Article 2(1))."""

    calendar_version: Int
    year: Int
    days: tuple[Day, ...]
    unverified_days: tuple[Day, ...]
    oj_ref: Text | None = None
    source: Text
    published_on: Day


class BenchmarkOrIndicatorAdded(Payload):
    """Another way to meet Article 51(1)(a) was added by delegated act (Article 51(3))."""

    indicator_version: Int
    name: Text
    oj_ref: Text
    published_on: Day
    applies_from: Day


ChallengedField = Literal[
    "marketed_names", "provider_name", "provider_name_digest", "provider_country", "representative_name", "public_grounds", "decision_ref",
    "decision_date", "note", "note_ref", "note_on", "list_id", "listed_on", "OTHER",
]  # fmt: skip


class ChallengeReceived(Payload):
    """Somebody questioned a published field; the free text stays confidential."""

    challenge_ref: ChallengeRef
    list_id: ListId
    field: ChallengedField
    on: Day


class ChallengeAnswered(Payload):
    """A challenge was answered."""

    challenge_ref: ChallengeRef
    on: Day
    outcome: Literal["CORRECTED", "NOT_CORRECTED", "OUT_OF_SCOPE"]


class ChallengeClosed(Payload):
    """A challenge was closed."""

    challenge_ref: ChallengeRef
    on: Day


class SealPublished(Payload):
    """The day's commitment to the confidential file was published; it tells nothing of number or time."""

    day: Day
    commitment_hash: Sha256
    day_tree_root_hash: Sha256


class MaterialWithdrawn(Payload):
    """Something was taken out of public view: on which ground, and when."""

    list_id: ListId | None = None
    material_digest: Sha256
    legal_ground: Literal["18", "19", "20", "78(2)", "COURT_ORDER", "OTHER"]
    on: Day


PUBLIC: dict[str, type[Payload]] = {
    payload.__name__: payload
    for payload in (
        ListEntryPublished,
        ListEntryUpdated,
        ListEntryRemoved,
        ListEntryCorrected,
        ThresholdAmended,
        AnnexXIIIAmended,
        HolidayCalendarPublished,
        BenchmarkOrIndicatorAdded,
        ChallengeReceived,
        ChallengeAnswered,
        ChallengeClosed,
        SealPublished,
        MaterialWithdrawn,
    )
}
"""Every public event by its topic."""

SEVERAL = ("marketed_names", "public_grounds")
"""Fields of an entry that hold several values."""


def as_text(value: object) -> str | None:
    """Write a field of an entry as a correction names it: several values with a semicolon between them."""
    if isinstance(value, tuple | list):
        return "; ".join(map(str, value))
    return None if value is None else str(value)


def from_text(field: str, text: str) -> object:
    """
    Read a field of an entry from a correction.

    Raises: ValueError (pydantic's) when the text is not a value of that field.
    """
    value = text.split("; ") if field in SEVERAL else text
    return getattr(EntryContent.model_validate({**_ANY, field: value}), field)


_ANY = {"marketed_names": ("any",), "provider_country": "BE", "public_grounds": ("52(4)",)}
"""Fills the required fields while one field is read."""
