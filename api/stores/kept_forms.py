"""
What somebody wrote into a form whose session had ended: kept for its account until they sign in again, a day at most.

It may be confidential, so it lies with what is primary and is shown to its own account alone.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import orjson
from sqlalchemy import delete, insert, select

from api.stores.access_database import AccessDatabase
from api.stores.access_log import server_time
from api.stores.access_tables import kept_forms
from projections.store import microseconds

KEPT_FOR = timedelta(days=1)


class KeptForms:
    """Keeps and gives back what was written, one form for each account and address."""

    def __init__(self, database: AccessDatabase, clock: Callable[[], datetime] = server_time) -> None:
        self._database = database
        self._clock = clock

    def keep(self, account: str, address: str, written: Mapping[str, str]) -> None:
        """Keep a form, in place of what was kept for the same address before; what is older than a day goes."""
        now = self._clock()
        content = orjson.dumps(dict(written))
        with self._database.writing() as rows:
            rows.execute(delete(kept_forms).where(kept_forms.c.kept_at < microseconds(now - KEPT_FOR)))
            rows.execute(delete(kept_forms).where(kept_forms.c.account == account, kept_forms.c.address == address))
            rows.execute(insert(kept_forms).values(account=account, address=address, written=content, kept_at=microseconds(now)))

    def find(self, account: str, address: str) -> dict[str, str] | None:
        """Return what was kept of a form within the last day."""
        since = microseconds(self._clock() - KEPT_FOR)
        query = select(kept_forms.c.written).where(kept_forms.c.account == account, kept_forms.c.address == address, kept_forms.c.kept_at >= since)
        with self._database.reading() as rows:
            found = rows.execute(query).scalar()
        written: dict[str, str] | None = None if found is None else orjson.loads(found)
        return written

    def forget(self, account: str, address: str) -> None:
        """Forget a form: its author has it again."""
        if self.find(account, address) is not None:
            with self._database.writing() as rows:
                rows.execute(delete(kept_forms).where(kept_forms.c.account == account, kept_forms.c.address == address))
