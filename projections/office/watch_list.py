"""The watch list: published compute estimates beside the cases whose models carry the same names. For staff only (Article 78)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from domain.events import EVENTS
from projections.office.questions import CaseRow, Office

Alike = Literal["SAME_NAME", "SAME_BUT_FOR_THE_VERSION"]
NAMES = ("internal_name", "marketed_name", "marketed_names")
NAMING = [topic for topic, fact in EVENTS.items() if "case" in fact.STREAMS and not {*NAMES}.isdisjoint(fact.model_fields)]
_VERSION = re.compile(r"\s*\([^()]*\)\s*$")
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Match:
    """A case whose model is called as an estimate's is; whether it is the same model is for an officer to say."""

    case: CaseRow
    alike: Alike


class WatchList:
    """Matches estimates with cases, by the names that the events of cases give."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def matched(self, models: Iterable[str]) -> tuple[tuple[Match, ...], ...]:
        """Return for each name of a model the cases it may be about, in the order of opening."""
        named = self._cases_by_name()
        return tuple(tuple(_matches(model, named)) for model in models)

    def _cases_by_name(self) -> dict[str, dict[str, CaseRow]]:
        found: dict[str, dict[str, CaseRow]] = {}
        rows: dict[str, CaseRow | None] = {}
        for case_id, name in self._names():
            if case_id not in rows:
                rows[case_id] = self._office.case_row(UUID(case_id))
            if row := rows[case_id]:
                found.setdefault(spelling(name), {})[case_id] = row
        return found

    def _names(self) -> Iterator[tuple[str, str]]:
        after = 0
        while page := self._office.events(first=PAGE, after=after, types=NAMING):
            for row in page:
                yield from ((row.event.stream.key, name) for name in _named_by(row.event.fact))
            after = page[-1].position


def _named_by(fact: object) -> Iterator[str]:
    for field in NAMES:
        value = getattr(fact, field, None) or ()
        yield from (value,) if isinstance(value, str) else value


def _matches(model: str, named: dict[str, dict[str, CaseRow]]) -> Iterator[Match]:
    same = named.get(spelling(model), {})
    yield from (Match(row, "SAME_NAME") for row in same.values())
    bare = named.get(spelling(_VERSION.sub("", model)), {})
    yield from (Match(row, "SAME_BUT_FOR_THE_VERSION") for case_id, row in bare.items() if case_id not in same)


def spelling(name: str) -> str:
    """Reduce a name to its letters and digits, whatever its case, accents, spaces and signs."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in plain if letter.isalnum()) or name
