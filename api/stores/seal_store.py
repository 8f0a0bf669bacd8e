"""The secrets of the daily seals, in the store of the logs: salts, seeds, places. Whoever has them can open the seals."""

import struct
from datetime import date

from sqlalchemy import Row, insert, select

from api.stores.log_store import LogStore
from api.stores.log_tables import seals
from projections.transparency.seals import SealSecrets


class SealsKept:
    """Satisfies `projections.transparency.seals.SealStore`."""

    def __init__(self, store: LogStore) -> None:
        self.store = store

    def seal(self, day: date) -> SealSecrets | None:
        """Return the secrets of a day."""
        with self.store.engine.connect() as rows:
            row = rows.execute(select(seals).where(seals.c.day == day.isoformat())).first()
        return _read(row) if row else None

    def covering(self, index: int) -> SealSecrets | None:
        """Return the secrets of the seal that covers a leaf."""
        # Of several that begin with the same leaf, all but the last cover nothing.
        query = select(seals).where(seals.c.first <= index).order_by(seals.c.first.desc(), seals.c.day.desc()).limit(1)
        with self.store.engine.connect() as rows:
            row = rows.execute(query).first()
        kept = _read(row) if row else None
        return kept if kept and index < kept.end else None

    def last_seal(self) -> SealSecrets | None:
        """Return the secrets of the last day that has some."""
        with self.store.engine.connect() as rows:
            row = rows.execute(select(seals).order_by(seals.c.day.desc()).limit(1)).first()
        return _read(row) if row else None

    def keep_seal(self, kept: SealSecrets) -> bool:
        """Keep the secrets of the next day, unless that day or a later one has some, or another act was sealed first."""
        with self.store.writing() as rows:
            row = rows.execute(select(seals).order_by(seals.c.day.desc()).limit(1)).first()
            last = _read(row) if row else None
            if last and (last.day >= kept.day or last.end != kept.first):
                return False
            places = struct.pack(f">{len(kept.places)}H", *kept.places)
            values = {"salt": kept.salt, "checkpoint": kept.checkpoint, "seed": kept.seed, "first": kept.first, "places": places}
            rows.execute(insert(seals).values(day=kept.day.isoformat(), **values))
        return True


def _read(row: Row[tuple[object, ...]]) -> SealSecrets:
    places = struct.unpack(f">{len(row.places) // 2}H", row.places)
    return SealSecrets(date.fromisoformat(row.day), row.salt, row.checkpoint, row.seed, row.first, places)
