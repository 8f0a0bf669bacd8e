"""Attempts of strangers, counted for a quarter of an hour in all processes together, so that nobody can guess a password or fill the access log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Connection, delete, func, insert, select

from api.stores.access_database import AccessDatabase
from api.stores.access_log import server_time
from api.stores.access_tables import attempts
from projections.store import microseconds, moment_of

WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts of a kind may be made within the window; only a hash of `what` is kept, and no longer than that."""

    what: str
    most: int


@dataclass(frozen=True, slots=True)
class TooMany:
    """An attempt too many: when the next one may be made, and whether this is the first that was refused."""

    until: datetime
    first: bool


class Attempts:
    """Counts attempts."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def count(self, *limits: Limit) -> TooMany | None:
        """Count an attempt under every limit before it is made, so that many at once are not let through together; tell when it is one too many."""
        now = self._clock()
        with self._database.writing() as rows:
            rows.execute(delete(attempts).where(attempts.c.at <= microseconds(now - WINDOW)))
            found = [_over(rows, limit, now) for limit in limits]
            refused = [too_many for too_many in found if too_many]
            for limit, over in zip(limits, found, strict=True):
                # One attempt over the limit is kept too: by it the first refusal is told from those after it.
                if over.first if over else not refused:
                    rows.execute(insert(attempts).values(key=_key(limit), at=microseconds(now)))
        return TooMany(max(each.until for each in refused), any(each.first for each in refused)) if refused else None

    def forget(self, *limits: Limit) -> None:
        """Forget what was counted, after an attempt that succeeded."""
        with self._database.writing() as rows:
            rows.execute(delete(attempts).where(attempts.c.key.in_([_key(limit) for limit in limits])))

    def take_back(self, limit: Limit) -> None:
        """Count one attempt less, the last: it succeeded, and those before it stay what they were."""
        mine = attempts.c.key == _key(limit)
        with self._database.writing() as rows:
            last = rows.execute(select(func.max(attempts.c.at)).where(mine)).scalar()
            rows.execute(delete(attempts).where(mine, attempts.c.at == last))


def _over(rows: Connection, limit: Limit, now: datetime) -> TooMany | None:
    """Tell whether a limit is reached, and if so when it will not be any more."""
    query = select(attempts.c.at).where(attempts.c.key == _key(limit)).order_by(attempts.c.at)
    times = list(rows.execute(query).scalars())
    if len(times) < limit.most:
        return None
    first = len(times) == limit.most
    times += [microseconds(now)] if first else []
    return TooMany(moment_of(times[len(times) - limit.most]) + WINDOW, first)


def _key(limit: Limit) -> bytes:
    return sha256(limit.what.encode("utf-8", "surrogatepass")).digest()
