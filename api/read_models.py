"""The read models of a register: which there are, what of an event each side sees, and building them anew."""

from contextlib import ExitStack

from api.published import PUBLISHED, published
from api.stores.event_store.factory import open_recorder
from api.stores.event_store.mapper import EventDecoder
from domain.public import PUBLIC
from projections.follower import Track
from projections.office import tables as office_tables
from projections.office.case_file import CaseFile, Cases, PublicationDesk
from projections.office.status import StatusSpans
from projections.public.challenges import Challenges
from projections.public.changes import Changes, PublishedLaw, Sequence
from projections.public.published_list import PublicEvent, PublishedList
from projections.rebuild import Show, rebuild_track
from projections.store import Decoder, ReadStore, Seen, open_store

VIEWS = "views"
"""The office's read store: a file, or a schema."""


def views(database_url: str, suffix: str = "") -> ReadStore:
    """Open the office's read store."""
    return open_store(database_url, VIEWS, office_tables.METADATA, suffix=suffix)


def create_read_models(database_url: str) -> tuple[ReadStore, ReadStore]:
    """Create the read stores of office and public unless they are there; those of another version are built anew from the events."""
    stores = views(database_url), published(database_url)
    behind = any(store.is_created() and not store.is_current() for store in stores)
    for store in stores:
        store.create()
    if behind:
        rebuild(database_url)
    return stores


def open_read_models(database_url: str) -> tuple[ReadStore, ReadStore]:
    """
    Open the read stores of office and public; in memory they are made now.

    Raises: OtherVersion.
    """
    if database_url == "sqlite://":
        return create_read_models(database_url)
    with ExitStack() as refused:
        stores = views(database_url), published(database_url)
        for store in stores:
            refused.callback(store.close)
        for store in stores:
            store.require_current()
        refused.pop_all()
    return stores


def tracks(office_store: ReadStore, public_store: ReadStore, decoder: EventDecoder) -> list[Track]:
    """Return the two sides, each with its projections in the order in which they fold."""
    office = [CaseFile(), Cases(), PublicationDesk(), StatusSpans(decoder.event)]
    public = [Changes(), PublishedList(), PublishedLaw(), Challenges(), Sequence()]
    return [Track(office_store, office, office_decoder(decoder)), Track(public_store, public, public_decoder(decoder))]


PROJECTIONS = {
    "case_file": VIEWS,
    "cases": VIEWS,
    "publication_desk": VIEWS,
    "status": VIEWS,
    "changes": PUBLISHED,
    "published_list": PUBLISHED,
    "law": PUBLISHED,
    "challenges": PUBLISHED,
    "sequence": PUBLISHED,
}
"""Every projection with the read store it is rebuilt with."""


def rebuild(database_url: str, projection: str | None = None, show: Show = lambda position, head: None) -> int:
    """
    Rebuild read stores beside the old ones and switch over; return how many events were folded.

    `show` is told the position reached and the position of the last event.
    """
    recorder = open_recorder(database_url)
    decoder = EventDecoder()
    try:
        live = tracks(views(database_url), published(database_url), decoder)
        fresh = tracks(views(database_url, "_rebuilt"), published(database_url, "_rebuilt"), decoder)
        for old, new in zip(live, fresh, strict=True):
            if projection is None or PROJECTIONS[projection] == (VIEWS if old is live[0] else PUBLISHED):
                rebuild_track(old, new, recorder, show)
            old.store.close()
        return recorder.head()
    finally:
        recorder.close()


def office_decoder(decoder: EventDecoder) -> Decoder:
    """Let the office see every event."""
    return lambda position, topic, state: Seen(position, topic, decoder.event(topic, state), state)


def public_decoder(decoder: EventDecoder) -> Decoder:
    """
    Let the public side see the payloads on the allow-list, and nothing else: neither the envelope nor the stored bytes.

    Law: Article 78. A new event is confidential until somebody lists it.
    """

    def decode(position: int, topic: str, state: bytes) -> Seen | None:
        payload = PUBLIC.get(topic)
        if payload is None:
            return None
        event = decoder.event(topic, state)
        shown = payload.model_validate({name: getattr(event.fact, name) for name in payload.model_fields})
        return Seen(position, topic, PublicEvent(shown, event.recorded_at), b"")

    return decode
