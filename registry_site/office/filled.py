"""A form that somebody filled in: what was written becomes the data that the definition of the event reads, and back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from pydantic import ValidationError

from domain.events import complaints
from domain.law.periods import BRUSSELS
from domain.record import Fact
from registry_site.office.fields import Field, Sort, fields_of, label_of

PREFIX = "fact-"
"""Names of a form's inputs that hold what the event says begin with this."""
MOST_PARTS = 40
DAY_PARTS = ("day", "month", "year")
NO_DAY = "must be a day, month and year in figures, for example 27 3 2026"
NO_TIME = "must be a time such as 14:05"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field: the input to go to, and a sentence."""

    href: str
    field: str
    text: str


class _Unreadable(Exception):
    """What was written is no value at all; the text says what to write."""


# -- From what was written to data -----------------------------------------------------


def read_form(kind: type[Fact], written: Mapping[str, str]) -> tuple[Fact | None, list[Wrong]]:
    """Read a form strictly, as its event is read everywhere; return the fact, or everything that is wrong, in the order of the fields."""
    data, unreadable = read_data(fields_of(kind), written)
    try:
        fact = kind.model_validate(data)
    except ValidationError as error:
        found = {field: sentence for field, sentence, _ in complaints(kind, error)}
    else:
        if not unreadable:
            return fact, []
        found = {}
    return None, list(wrongs(kind, {**found, **unreadable}))


def read_data(fields: Sequence[Field], written: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what some fields of a form say, and a sentence for each that cannot be read."""
    unreadable: dict[str, str] = {}
    return _group(fields, written, PREFIX, "", unreadable), unreadable


def data_of(fact: Fact) -> dict[str, Any]:
    """Return a fact as plain data."""
    return fact.model_dump(mode="json", exclude_none=True)


def _group(fields: Sequence[Field], written: Mapping[str, str], prefix: str, path: str, unreadable: dict[str, str]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for field in fields:
        try:
            value = _value(field, written, f"{prefix}{field.name}", f"{path}{field.name}", unreadable)
        except _Unreadable as error:
            unreadable[f"{path}{field.name}"] = str(error)
            continue
        if value not in (None, "", []):
            data[field.name] = value
    return data


def _value(field: Field, written: Mapping[str, str], name: str, path: str, unreadable: dict[str, str]) -> Any:
    if field.sort in (Sort.DAY, Sort.INSTANT):
        return _dated(field.sort, written, name)
    if field.sort in (Sort.LINES, Sort.CHOICES):
        return [line.strip() for line in written.get(name, "").splitlines() if line.strip()]
    if field.sort is Sort.PARTS:
        groups = [
            _group(field.parts, written, f"{name}-{number}-", f"{path}.{number - 1}.", unreadable)
            for number in range(1, parts_in(written, name) + 1)
            if is_begun(written, f"{name}-{number}-")
        ]
        return groups
    return written.get(name, "").strip()


def parts_in(written: Mapping[str, str], name: str) -> int:
    """Return how many groups a form has of a field that may be repeated."""
    text = written.get(f"{name}-count", "1")
    return min(max(int(text), 1), MOST_PARTS) if text.isascii() and text.isdigit() and len(text) < 4 else 1


def is_begun(written: Mapping[str, str], prefix: str) -> bool:
    """Tell whether anything was written into a group."""
    return any(text.strip() for name, text in written.items() if name.startswith(prefix))


def _dated(sort: Sort, written: Mapping[str, str], name: str) -> str:
    parts = [written.get(f"{name}-{part}", "").strip() for part in DAY_PARTS]
    clock = written.get(f"{name}-time", "").strip() if sort is Sort.INSTANT else ""
    if not any([*parts, clock]):
        return ""
    day = _day(parts)
    return day.isoformat() if sort is Sort.DAY else _instant(day, clock)


def _day(parts: Sequence[str]) -> date:
    if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
        raise _Unreadable(NO_DAY)
    day, month, year = map(int, parts)
    try:
        return date(year, month, day)
    except ValueError:
        raise _Unreadable("must be a day of the calendar") from None


def _instant(day: date, clock: str) -> str:
    """Return an instant with its offset: the one written, else that of Brussels, where an hour that comes twice is the first of the two."""
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        raise _Unreadable(NO_TIME) from None
    if at.tzinfo is not None:
        return datetime.combine(day, at).isoformat()
    local = datetime.combine(day, at, tzinfo=BRUSSELS)
    if local.astimezone(UTC).astimezone(BRUSSELS).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise _Unreadable("must be a time that there was: the clocks were put forward in that hour")
    return local.isoformat()


# -- What is wrong, in the order of the form --------------------------------------------


def wrongs(kind: type[Fact], found: Mapping[str, str]) -> Iterator[Wrong]:
    """Yield a sentence for each field that is wrong, with the input it is about."""
    order = {field.name: (number, field) for number, field in enumerate(fields_of(kind))}
    for path, sentence in sorted(found.items(), key=lambda item: order.get(item[0].partition(".")[0], (len(order), None))[0]):
        top = path.partition(".")[0]
        if top not in order:
            yield Wrong("#main-content", path, f"{label_of(path)} {sentence}")
            continue
        yield _wrong(order[top][1], path, sentence)


def _wrong(field: Field, path: str, sentence: str) -> Wrong:
    _, *rest = path.split(".")
    name, label = f"{PREFIX}{field.name}", field.label
    if field.sort is Sort.PARTS and rest:
        part = next((each for each in field.parts if each.name in rest), field.parts[0])
        name, label = f"{name}-{int(rest[0]) + 1}-{part.name}", f"{field.label}, {int(rest[0]) + 1}: {part.label}"
        field = part
    elif rest:
        sentence = f"{sentence} (line {int(rest[0]) + 1})" if rest[0].isdigit() else sentence
    dated = field.sort in (Sort.DAY, Sort.INSTANT)
    return Wrong(f"#{name}-day" if dated else f"#{name}", name, f"{label} {sentence}")


# -- From data to what stands in a form ---------------------------------------------------


def written_of(fields: Sequence[Field], data: Mapping[str, Any], prefix: str = PREFIX) -> dict[str, str]:
    """Return what stands in the inputs of a form that says some data."""
    found: dict[str, str] = {}
    for field in fields:
        if data.get(field.name) is not None:
            found |= dict(_inputs(field, data[field.name], f"{prefix}{field.name}"))
    return found


def _inputs(field: Field, value: Any, name: str) -> Iterator[tuple[str, str]]:
    if field.sort is Sort.DAY:
        yield from zip((f"{name}-{part}" for part in DAY_PARTS), _figures(date.fromisoformat(value)), strict=True)
    elif field.sort is Sort.INSTANT:
        local = datetime.fromisoformat(value).astimezone(BRUSSELS)
        yield from zip((f"{name}-{part}" for part in DAY_PARTS), _figures(local.date()), strict=True)
        yield f"{name}-time", local.strftime("%H:%M:%S.%f").removesuffix(".000000").removesuffix(":00") + local.strftime("%z")[:3] + ":00"
    elif field.sort is Sort.PARTS:
        yield f"{name}-count", str(len(value))
        for number, part in enumerate(value, start=1):
            yield from written_of(field.parts, part, f"{name}-{number}-").items()
    elif isinstance(value, list):
        yield name, "\n".join(map(str, value))
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


def _figures(day: date) -> tuple[str, str, str]:
    return str(day.day), str(day.month), str(day.year)
