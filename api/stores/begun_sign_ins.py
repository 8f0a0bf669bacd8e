"""
Who has gone on to an OpenID provider and has not come back yet: what they take along, and where they were going.

Only the hashes of `state` and of the browser's own identifier are kept. Whoever comes back is taken once, in the browser in which they went, within
ten minutes.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, insert, select

from api.stores.access_database import AccessDatabase
from api.stores.access_log import server_time
from api.stores.access_tables import begun_sign_ins
from projections.store import microseconds, moment_of

MAY_TAKE = timedelta(minutes=10)
RANDOM_BYTES = 48


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that was begun: `nonce` and `verifier` (PKCE) bind the answer to it; a fingerprint is that of the draft to be adopted by it."""

    nonce: str
    verifier: str
    way_back: str
    begun_at: datetime
    fingerprint: str | None = None


class BegunSignIns:
    """Begins sign-ins, and takes whoever comes back."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def begin(self, browser: str, way_back: str, fingerprint: str | None = None) -> tuple[str, Begun]:
        """Begin a sign-in in a browser; return the state that goes along with it. What nobody came back for goes."""
        state, nonce, verifier = (secrets.token_urlsafe(RANDOM_BYTES) for _ in range(3))
        begun = Begun(nonce, verifier, way_back, self._clock(), fingerprint)
        at = microseconds(begun.begun_at)
        kept = {"nonce": nonce, "verifier": verifier, "way_back": way_back, "fingerprint": fingerprint, "begun_at": at}
        with self._database.writing() as rows:
            rows.execute(delete(begun_sign_ins).where(begun_sign_ins.c.begun_at < microseconds(begun.begun_at - MAY_TAKE)))
            rows.execute(insert(begun_sign_ins).values(state=_hash(state), browser=_hash(browser), **kept))
        return state, begun

    def take(self, state: str, browser: str) -> Begun | None:
        """Return what was begun, and forget it; None for a state that is unknown, too old, of another browser or taken before."""
        since = microseconds(self._clock() - MAY_TAKE)
        own = (begun_sign_ins.c.state == _hash(state), begun_sign_ins.c.browser == _hash(browser))
        with self._database.writing() as rows:
            row = rows.execute(select(begun_sign_ins).where(*own, begun_sign_ins.c.begun_at >= since)).first()
            rows.execute(delete(begun_sign_ins).where(*own))
        return Begun(row.nonce, row.verifier, row.way_back, moment_of(row.begun_at), row.fingerprint) if row else None


def _hash(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
