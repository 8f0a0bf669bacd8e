"""What is recorded on a case without changing its status."""

from typing import ClassVar, Literal

from domain.actors import Role
from domain.model_case.case import CaseFact, ModelCase
from domain.types import ListId


class ListingRecorded(CaseFact):
    """Marker, in the same save as the entry, by which a change of the list cannot race a change of the case."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.SYSTEM})

    list_id: ListId
    action: Literal["PUBLISHED", "UPDATED", "REMOVED", "CORRECTED"]


def list_id_of(case: ModelCase) -> str | None:
    """Return the number under which the model stands, or stood, on the list."""
    last = case.last(ListingRecorded)
    return last.fact.list_id if last else None
