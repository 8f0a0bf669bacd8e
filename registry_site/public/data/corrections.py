"""Corrections, both ways: which change first said what was a misprint, and by which change it was put right."""

from collections.abc import Iterable, Sequence
from typing import Any

from projections.public.questions import Change


def corrections(history: Sequence[Change]) -> dict[int, int]:
    """
    Give, by the number of each correction in the history of one entry, the number of the change that it corrects.

    A misprint was first said by the last change before that set the field: an update or correction that names it, or the publication, which sets all.
    """
    found: dict[int, int] = {}
    for place, change in enumerate(history):
        if change.kind == "CORRECTED":
            fields = {field.field for field in change.fields}
            found[change.number] = next(each.number for each in reversed(history[:place]) if _says(each, fields))
    return found


def _says(change: Change, fields: set[str]) -> bool:
    return change.kind == "PUBLISHED" or not fields.isdisjoint(field.field for field in change.fields)


def corrected_by(pairs: dict[int, int]) -> dict[int, list[int]]:
    """Turn the pairs round: by the number of a change, the corrections of it."""
    found: dict[int, list[int]] = {}
    for correction, corrected in pairs.items():
        found.setdefault(corrected, []).append(correction)
    return found


def told(history: Sequence[Change]) -> list[dict[str, Any]]:
    """Write the history of one entry, each change with its place in the log, its receipt, and what it corrects or was corrected by."""
    return [told_change(change, corrections(history)) for change in history]


def told_change(change: Change, pairs: dict[int, int]) -> dict[str, Any]:
    """Write one change."""
    return {
        "number": change.number,
        "kind": change.kind,
        "on": change.on,
        "list_id": change.list_id,
        "public_reason": change.public_reason,
        "fields": [{"field": each.field, "before": each.before, "after": each.after} for each in change.fields],
        "log_index": change.leaf,
        "receipt": receipt(change),
        "corrects": pairs.get(change.number),
        "corrected_by": corrected_by(pairs).get(change.number, []),
    }


def receipt(change: Change) -> str:
    """Give the address of the proof that a change stands in the log."""
    return f"/log/receipt/{change.leaf}.tlog-proof"


def all_corrections(histories: Iterable[Sequence[Change]]) -> dict[int, int]:
    """Give the pairs of several entries."""
    return {correction: corrected for history in histories for correction, corrected in corrections(history).items()}
