"""
Published estimates of training compute, by others: shown beside the register, and never a part of it.

All that were imported and are large enough are shown, whether or not the register has anything to do with the model: an estimate left out
because its model has a case would disclose the case (Article 78).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, cast, get_args

import orjson
from sqlalchemy import Connection, RowMapping, delete, insert, select

from domain.types import exact, plain
from projections.public.tables import about, estimates
from projections.store import ReadStore, upsert

Confidence = Literal["Confident", "Likely", "Speculative", "Unknown"]
CONFIDENCES: tuple[Confidence, ...] = get_args(Confidence)
LINES = (Decimal(10**23), Decimal(10**24), Decimal(10**25))
"""FLOP at which lines are drawn: the Guidelines' indication of a general-purpose model, the watch line, the first threshold of Article 51(2)."""
LEAST_SHOWN = Decimal(10**22)
MOST_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A published estimate of a model's training compute, exact as it was published, in FLOP."""

    model: str
    organisation: str
    published_on: date | None
    flop: Decimal
    confidence: Confidence


@dataclass(frozen=True, slots=True)
class Imported:
    """An import: its number, from 1, and the day of the snapshot it took."""

    number: int
    snapshot_on: date


@dataclass(frozen=True, slots=True)
class Estimates:
    """What was imported last, largest first; `counted` is how many the snapshot has in all, those too small to be shown included."""

    imported: Imported
    counted: int
    shown: tuple[Estimate, ...]


def largest_first(found: Sequence[Estimate]) -> list[Estimate]:
    """Order estimates by their figure, those of one figure by the name of the model."""
    return sorted(found, key=lambda each: (-each.flop, each.model))


def as_row(estimate: Estimate) -> dict[str, Any]:
    """Write an estimate as plain values."""
    day = estimate.published_on.isoformat() if estimate.published_on else None
    return {
        "model": estimate.model,
        "organisation": estimate.organisation,
        "published_on": day,
        "flop": plain(estimate.flop),
        "confidence": estimate.confidence,
    }


def from_row(row: RowMapping) -> Estimate:
    """Read an estimate from plain values that were written by `as_row`."""
    day = date.fromisoformat(row["published_on"]) if row["published_on"] else None
    return Estimate(row["model"], row["organisation"], day, exact(row["flop"]), cast("Confidence", row["confidence"]))


# -- In the public read store -------------------------------------------------------

HEADER = select(about.c.value).where(about.c.name == "estimates")


def show(store: ReadStore, imported: Imported, found: Sequence[Estimate]) -> None:
    """Put the estimates of an import in place of those shown before, in one transaction."""
    shown = [each for each in largest_first(found) if each.flop >= LEAST_SHOWN][:MOST_SHOWN]
    header = {"number": imported.number, "snapshot_on": imported.snapshot_on.isoformat(), "counted": len(found)}
    with store.engine.begin() as rows:
        rows.execute(delete(estimates))
        if shown:
            rows.execute(insert(estimates), [{"place": place, **as_row(each)} for place, each in enumerate(shown)])
        upsert(rows, about, [{"name": "estimates", "value": orjson.dumps(header).decode()}])


def shown_in(rows: Connection) -> Estimates | None:
    """Return what is shown, None before the first import."""
    header = _header(rows)
    if header is None:
        return None
    found = rows.execute(select(estimates).order_by(estimates.c.place)).mappings()
    imported = Imported(header["number"], date.fromisoformat(header["snapshot_on"]))
    return Estimates(imported, header["counted"], tuple(map(from_row, found)))


def number_shown(rows: Connection) -> int:
    """Return the number of the import that is shown, 0 before the first."""
    header = _header(rows)
    return int(header["number"]) if header else 0


def _header(rows: Connection) -> dict[str, Any] | None:
    value = rows.execute(HEADER).scalar()
    return cast("dict[str, Any]", orjson.loads(value)) if value else None
