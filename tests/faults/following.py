"""Histories to be followed, and what an undisturbed follower makes of them."""

from datetime import timedelta
from typing import Any

from domain.ids import LAW
from domain.record import Event
from tests.read_models.cases import events_of
from tests.read_models.folding import ReadSide, Told
from tests.scenario import brussels, case, decided, informed, notified, opened, provider, threshold_amended, threshold_met

START = brussels("2026-03-02")
MINUTE = timedelta(minutes=1)


def history(cases: int, *, first: int = 0) -> list[Event[Any]]:
    """Return cases that are classified, notified and cleared, each act a minute after the one before; the law moves in between."""
    happened: list[Any] = [] if first else [(START, LAW, threshold_amended(1, "1e25", "2025-08-02", published_on="2024-07-12"))]
    for n in range(first, first + cases):
        at, stream = START + 10 * n * MINUTE, case(f"model {n}")
        happened += [(at, stream, opened(f"model {n}")), (at, stream, provider())]
        happened += [(at + MINUTE, stream, threshold_met("2026-03-01", "1.1e25")), (at + 2 * MINUTE, stream, notified(at, f"notice {n}"))]
        happened += [(at + 3 * MINUTE, stream, decided("ArgumentsAccepted", f"acceptance {n}", "2026-03-02"))]
        happened += [(at + 4 * MINUTE, stream, informed(f"acceptance {n}", at))]
    return [event for event in events_of(happened) if first == 0 or event.stream.kind == "case"]


def clean(events: list[Event[Any]]) -> dict[str, Any]:
    """Return the rows that a worker leaves who folds everything at once."""
    side = ReadSide("sqlite://").fold(Told.of(events))
    rows = side.rows()
    side.close()
    return rows
