"""Importing published estimates: kept row for row, compared with the import before, shown to the public without a word about any case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from importlib.resources import files

from sqlalchemy import inspect

from api.estimates.differences import Difference, differences
from api.estimates.reading import Snapshot
from api.stores.estimates import EstimateStore, Import
from api.stores.event_store import StoreNotMigrated
from projections.public.answers import PublicList
from projections.public.estimates import LINES, number_shown, show
from projections.store import ReadStore

SHIPPED = "epoch_notable_ai_models_2026-07-19.csv"
"""The snapshot that ships with the program (Epoch AI, CC BY 4.0; see LICENCE.txt beside it)."""
SHIPPED_DAY = date(2026, 7, 19)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an import did: itself, the one before it, and what differs between them."""

    made: Import
    before: Import | None
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file to be imported: its name, its bytes, and the day of its snapshot."""

    name: str
    content: bytes
    snapshot_on: date

    @property
    def sha256(self) -> str:
        """Give the hash by which the file is known again, in hex."""
        return sha256(self.content).hexdigest()


def shipped() -> File:
    """Return the snapshot that ships with the program."""
    return File(SHIPPED, (files("api.estimates") / "data" / SHIPPED).read_bytes(), SHIPPED_DAY)


def import_snapshot(store: EstimateStore, shown: ReadStore, file: File, snapshot: Snapshot, at: datetime) -> Outcome:
    """
    Keep a snapshot, compare it with the one before, and show it in its place.

    Raises: StoreNotMigrated when the public read store cannot show it yet; nothing is kept then.
    """
    require_place(shown)
    known = store.imports()
    before = known[-1] if known else None
    earlier = store.estimates(before.number) if before else {}
    # The commit point: what comes after it is done again by `show_last` if it is lost.
    made = store.add(at, file.name, file.sha256, file.snapshot_on, snapshot.estimates)
    show(shown, made.imported, list(snapshot.estimates.values()))
    return Outcome(made, before, differences(earlier, snapshot.estimates, threshold_on(shown, file.snapshot_on)) if before else ())


def last_differences(store: EstimateStore, shown: ReadStore, imports: Sequence[Import]) -> tuple[Difference, ...]:
    """Compare the last import with the one before it; nothing while there is one alone."""
    if len(imports) < 2:
        return ()
    before, last = imports[-2:]
    return differences(store.estimates(before.number), store.estimates(last.number), threshold_on(shown, last.snapshot_on))


def show_last(store: EstimateStore, shown: ReadStore) -> None:
    """Show the last import where the public read store shows an earlier one, or none because it was made anew."""
    imports = store.imports()
    with shown.reading() as rows:
        number = number_shown(rows)
    if imports and number < imports[-1].number:
        show(shown, imports[-1].imported, list(store.estimates(imports[-1].number).values()))


def threshold_on(shown: ReadStore, day: date) -> Decimal:
    """Return the threshold of Article 51(2) in force on a day (FLOP); before the first one applied, that one."""
    threshold = PublicList(shown).law(day).threshold
    return threshold.value_flop if threshold else LINES[-1]


def require_place(shown: ReadStore) -> None:
    """
    Check that the public read store has a place for estimates.

    Raises: StoreNotMigrated when it was set up before there was one, or not at all.
    """
    with shown.reading() as rows:
        if not inspect(rows).has_table("estimates", schema=shown.schema):
            raise StoreNotMigrated("the public read store has no place for estimates yet; run `registry migrate`")
