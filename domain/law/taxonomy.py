"""The words and the one number in which findings are made: the taxonomy of systemic risks, and the presumption of reach."""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any

from pydantic import Field, model_validator

from domain.types import Day, Int, Payload, Text

USERS_PRESUMING_REACH = 10_000
"""Registered business users established in the Union from which a high impact on the internal market is presumed (Annex XIII, point (f))."""

ASPECTS = ("risk_types", "nature", "risk_sources")
"""What a finding says of a systemic risk, by the names of the fields that say it."""


class Taxonomy(Payload):
    """One version of the words; spelled as here, or unknown."""

    version: Int
    applies_from: Day
    last_checked: Day
    source: Text
    risk_types: tuple[Text, ...] = Field(min_length=1)
    nature: tuple[Text, ...] = Field(min_length=1)
    risk_sources: tuple[Text, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _each_word_once(self) -> "Taxonomy":
        for aspect in ASPECTS:
            if len(set(self.words(aspect))) < len(self.words(aspect)):
                raise ValueError(f"{aspect} names a word twice")
        return self

    def words(self, aspect: str) -> tuple[str, ...]:
        """Return the words for an aspect of a risk."""
        found: tuple[str, ...] = getattr(self, aspect)
        return found

    def refuse_unknown(self, aspect: str, words: Sequence[str]) -> None:
        """
        Hold words against the taxonomy.

        Raises: ValueError naming the first unknown word, and the nearest known one.
        """
        unknown = next((word for word in words if word not in self.words(aspect)), None)
        if unknown is None:
            return
        near = get_close_matches(unknown.lower(), self.words(aspect), n=1)
        known = f"did you mean {near[0]!r}?" if near else f"known are: {'; '.join(self.words(aspect))}"
        raise ValueError(f"{aspect}: {unknown!r} is not a term of version {self.version} of the taxonomy; {known}")


def read_taxonomies(data: Mapping[str, Any]) -> tuple[Taxonomy, ...]:
    """Read every version from the data that ship with the program."""
    return tuple(Taxonomy.model_validate(each) for each in data["taxonomies"])


def taxonomy_on(taxonomies: Sequence[Taxonomy], day: date) -> Taxonomy | None:
    """Return the version in which a finding of a day is written; nothing before the first one applies."""
    in_force = [each for each in taxonomies if each.applies_from <= day]
    return max(in_force, key=lambda each: (each.applies_from, each.version), default=None)
