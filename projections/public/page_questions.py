"""What pages ask beside `projections.public.questions`: many entries at once, the list in numbers, and estimates of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from projections.public.estimates import Estimates
from projections.public.questions import Listed, PublicGround, PublicQuestions, When


@dataclass(frozen=True, slots=True)
class Figures:
    """The list in numbers at a pair of times: nothing but what its entries say, counted."""

    days: tuple[tuple[date, int, int], ...]
    """Each day on which entries were added or removed, with how many of each."""
    countries: tuple[tuple[str, int], ...]
    """Entries on the list by country of the provider (ISO 3166)."""
    grounds: tuple[tuple[PublicGround, int], ...]
    """Entries on the list by legal ground; one with two grounds is counted under both."""
    standing: tuple[tuple[date, int], ...]
    """Entries on the list by the day they came on it."""
    gone: tuple[tuple[date, date, int], ...]
    """Removed entries by the day they came on the list and the day they were removed."""


class PageQuestions(PublicQuestions, Protocol):
    """The questions of the public pages. Sync; called from worker threads."""

    def entries(self, list_ids: Sequence[str], when: When) -> dict[str, Listed]:
        """Return several entries at a pair of times, by their numbers; what the list never carried by then is left out."""
        ...

    def figures(self, when: When) -> Figures:
        """Return the list in numbers at a pair of times."""
        ...

    def estimates(self) -> Estimates | None:
        """Return the published estimates of others, None before the first import."""
        ...

    def webhook_keys(self) -> tuple[str, ...]:
        """Return every public key that ever signed a webhook, as Standard Webhooks writes them, the one in use first; none before the first."""
        ...
