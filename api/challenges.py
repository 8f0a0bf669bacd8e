"""
Challenges of visitors: taken from the public form, bounded, and recorded by the use cases (procedure section 5.12).

The free text becomes a confidential document that the event names by its hash. Nothing is kept of who sent it: attempts are counted under a hash of
the network address with a salt that no store has, and that is drawn anew every day.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import blake2b
from threading import Lock
from uuid import uuid4

from starlette.requests import Request

from api.auth import place
from api.browsers import is_cross_origin
from api.stores.access_log import server_time
from api.stores.attempts import Attempts, Limit
from api.stores.documents import Classification, DocumentStore
from domain.challenge import ANYBODY, ChallengeReceived
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.public import ChallengedField
from domain.registry import Command, Registry
from projections.follower import Follower
from registry_site.public.challenge import NotTaken

PLAIN = "text/plain"
MOST_BYTES = 64 * 1024


@dataclass
class Salted:
    """Names network addresses so that nobody can tell them, and otherwise every day."""

    _day: date = date.min
    _salt: bytes = b""
    _lock: Lock = field(default_factory=Lock)

    def name(self, place: str, today: date) -> str:
        """Name an address today."""
        with self._lock:
            if today != self._day:
                self._day, self._salt = today, secrets.token_bytes(32)
            return blake2b(place.encode(), key=self._salt, digest_size=16).hexdigest()


@dataclass(frozen=True)
class Challenges:
    """Takes challenges, as many as the limits allow from one place and altogether."""

    registry: Registry
    follower: Follower
    documents: DocumentStore
    attempts: Attempts
    clock: Callable[[], datetime]
    from_one_place: int
    altogether: int
    patience: float
    """Seconds in which the list may catch up, so that the page of the challenge is there."""
    salted: Salted = field(default_factory=Salted)

    def receive(self, request: Request, list_id: str, questioned: ChallengedField, text: str) -> str:
        """
        Record a challenge of a visitor, and return its reference.

        Raises: NotTaken for a page of another origin, and for one too many; then nothing is kept.
        """
        if is_cross_origin(request):
            raise NotTaken("OTHER_ORIGIN")
        now = self.clock()
        self._count(place(request), legal_day(now))
        ref = uuid4()
        # The heading makes the hash one that nobody can guess, and the bytes a text whatever it begins with.
        digest = self._kept(f"Challenge {ref}: {questioned} of entry {list_id}\n\n{text}\n", now)
        fact = ChallengeReceived(challenge_ref=ref, list_id=list_id, field=questioned, on=legal_day(now), document_hash=digest)
        recorded = self.registry.record(Command(Stream("challenge", str(ref)), ANYBODY, fact, now))
        self.follower.wait_for(recorded.position, self.patience)
        return str(ref)

    def _count(self, place: str, today: date) -> None:
        limits = (
            Limit(f"challenge from {self.salted.name(place, today)}", self.from_one_place),
            Limit("challenge from anybody", self.altogether),
        )
        if too_many := self.attempts.count(*limits):
            raise NotTaken("TOO_MANY", (too_many.until - server_time()).total_seconds())

    def _kept(self, text: str, now: datetime) -> str:
        """Keep the text as a document of a third party, and return its hash."""
        with self.documents.uploading(PLAIN, MOST_BYTES) as arriving:
            arriving.write(text.encode())
            stored = arriving.keep()
        self.documents.add(stored, ANYBODY.ref, now, Classification(third_party=True))
        return stored.hash
