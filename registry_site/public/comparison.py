"""Two days of the list side by side: what was added, what changed and how, what was removed (Article 52(6))."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from domain.public import CONTENT_FIELDS, as_text
from projections.public.page_questions import PageQuestions
from projections.public.questions import FieldChange, Listed
from registry_site.public.asked import AnotherDay, BadQuestion, Problem, another_day, choice_asked, day_asked

Axis = Literal["valid", "known"]
AXES: dict[str, Axis] = {"valid": "valid", "known": "known"}
MOST_CHANGES = 2_000
"""List events between two days that one page compares; beyond, it asks for days closer together."""
COMPARED = ("listed_on", *CONTENT_FIELDS)


@dataclass(frozen=True, slots=True)
class TwoDays:
    """Two days, and whether they are days of the list or days of what the register showed."""

    axis: Axis
    before: AnotherDay
    after: AnotherDay
    since: date
    until: date

    @property
    def still_to_come(self) -> bool:
        """Tell whether one of the days has not come yet."""
        return self.before.still_to_come or self.after.still_to_come


@dataclass(frozen=True, slots=True)
class Changed:
    """An entry that stood on the list on both days and did not say the same."""

    entry: Listed
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two days; None in place of it means more than one page tells."""

    added: tuple[Listed, ...]
    changed: tuple[Changed, ...]
    removed: tuple[Listed, ...]


def two_days_asked(given: Mapping[str, str], now: datetime) -> TwoDays | None:
    """
    Read the two days and the axis; None when no day is given.

    Raises: BadQuestion for what is no day, for a last day alone, and for days the wrong way round.
    """
    axis = choice_asked("axis", given.get("axis", "valid"), AXES)
    if "from" not in given and "to" not in given:
        return None
    if "from" not in given:
        raise BadQuestion(Problem("from", "DAY_MISSING"))
    since, until = day_asked("from", given["from"]), day_asked("to", given["to"]) if "to" in given else None
    before = another_day({f"{axis}_at": given["from"]}, now)
    after = another_day({f"{axis}_at": given.get("to", "")}, now)
    until = until or after.today or since
    if since > until:
        raise BadQuestion(Problem("to", "DAYS_REVERSED", given.get("to", "")))
    return TwoDays(axis, before, after, since, until)


def compared(questions: PageQuestions, days: TwoDays) -> Comparison | None:
    """Compare the list of two days; only entries with a list event between them can differ, and only those are read."""
    following = days.since + timedelta(days=1)
    first, last = questions.changes(following, days.until, first=1), questions.changes(following, days.until, first=1, newest_first=True)
    if first and last[0].number - first[0].number >= MOST_CHANGES:
        return None
    touched = tuple(dict.fromkeys(change.list_id for change in questions.changes(following, days.until, first=MOST_CHANGES)))
    return _told(questions.entries(touched, days.before.when), questions.entries(touched, days.after.when), touched)


def _told(before: Mapping[str, Listed], after: Mapping[str, Listed], list_ids: tuple[str, ...]) -> Comparison:
    added, changed, removed = [], [], []
    for old, new in ((before.get(list_id), after.get(list_id)) for list_id in list_ids):
        was, stands = _stands(old), _stands(new)
        if stands and not was:
            added.append(stands)
        elif was and new and not stands:
            removed.append(new)
        elif was and stands and (fields := tuple(_differences(was, stands))):
            changed.append(Changed(stands, fields))
    return Comparison(tuple(added), tuple(changed), tuple(sorted(removed, key=lambda entry: entry.removed_on or date.max)))


def _stands(entry: Listed | None) -> Listed | None:
    return entry if entry is not None and entry.removed_on is None else None


def _differences(before: Listed, after: Listed) -> Iterator[FieldChange]:
    for name in COMPARED:
        old, new = as_text(getattr(before, name)), as_text(getattr(after, name))
        if old != new:
            yield FieldChange(name, old, new)
