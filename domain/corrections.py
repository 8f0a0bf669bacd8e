"""Errors of our own record, and the rights of persons; both concern case, alert and publication files alike (procedure section 4 and 5.10)."""

from typing import Any, ClassVar, Literal, get_args
from uuid import UUID

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from domain.actors import Role
from domain.errors import Malformed, NotInRegister, Refused, require
from domain.ids import Kind
from domain.law.rules import R41
from domain.record import Act, Event, Fact, Facts, History, corrected, decides, recorded
from domain.types import Day, EventId, Named, Ref, Sha256, Text

FILES: tuple[Kind, ...] = ("case", "alert", "publication")
OFFICER = frozenset({Role.CASE_OFFICER})
OUTCOMES = ("not_substantiated", "not_demonstrated", "legal_basis", "origin", "basis", "outcome", "remedies_stated", "ground_falls", "extent")
"""Fields that say what was decided; an error there is not one of our record."""


class RecordCorrected(Fact):
    """Our entry differed from the authentic document. The old entry stays visible; every derived date is worked out anew."""

    STREAMS: ClassVar[tuple[Kind, ...]] = FILES
    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    target_event_id: EventId
    field: Text
    old_value: Text
    new_value: Text
    authentic_doc_hash: Sha256

    def corrects(self, history: History) -> UUID:
        """Return the event that is corrected."""
        return self.target_event_id

    def changes(self) -> dict[str, Any]:
        """Return the field as it should have been recorded."""
        return {self.field: self.new_value}


class PersonalDataEvent(Fact):
    """What was done about a person's data in the vault; the events of a file do not change (Regulation (EU) 2018/1725)."""

    STREAMS: ClassVar[tuple[Kind, ...]] = FILES
    RECORDED_BY: ClassVar[frozenset[Role]] = OFFICER

    person_ref: Ref
    on: Day
    legal_ground: Text
    scope: Literal["CONTACT", "ALL"]


class PersonalDataRestricted(PersonalDataEvent):
    """The data of a person were restricted (Article 20)."""


class PersonalDataRectified(PersonalDataEvent):
    """The data of a person were rectified (Article 18)."""


class PersonalDataErased(PersonalDataEvent):
    """The data of a person were erased (Article 19)."""


@decides(PersonalDataErased)
def erase_person(history: History, act: Act, fact: PersonalDataErased) -> Facts:
    """
    Record that a person's data were erased.

    Law: Regulation (EU) 2018/1725, Article 19(3)(b), (d), (e). Raises: Malformed for more than contact data while the file is open: they may be
    rectified or restricted.
    """
    if fact.scope == "ALL" and not history.is_closed:
        raise Malformed("scope", "must be CONTACT while the file is open; else rectify or restrict (Regulation 2018/1725, Article 19(3))")
    return recorded(history, act, fact)


@decides(RecordCorrected)
def correct_record(history: History, act: Act, fact: RecordCorrected) -> Facts:
    """
    Record a correction of our own entry.

    Refuses: R41 an identifier, a hash, the envelope, or what a decision decided. Raises: NotInRegister for an unknown event, Malformed for a field
    it does not have, another old value, or a new one that is none.
    """
    target = next((e for found in history.by_topic.values() for e in found if e.event_id == fact.target_event_id), None)
    if target is None:
        raise NotInRegister("target_event_id names no event of this record")
    _refuse_fixed_field(target, fact.field)
    now = next(e for e in history.of(type(target.fact)) if e.event_id == target.event_id)
    stands = now.fact.model_dump(mode="json")[fact.field]
    if _as_written(stands) != _as_read(now, fact.field, fact.old_value):
        raise Malformed("old_value", f"must be what the record says now: {_as_written(stands)}")
    _as_read(now, fact.field, fact.new_value, name="new_value")
    return (fact,)


def _refuse_fixed_field(target: Event[Any], field: str) -> None:
    info = type(target.fact).model_fields.get(field)
    if info is None:
        raise Refused(R41, f"{field} is no field of {target.topic} that a correction may touch.")
    fixed = _is_identifier(info) or field in OUTCOMES
    require(not fixed, R41, f"{field} is an identifier, a hash, or what was decided.")


def _is_identifier(info: FieldInfo) -> bool:
    """Tell whether a field holds an identifier, a reference or a hash, however deep in its type."""
    marks = [*info.metadata, *(mark for inner in get_args(info.annotation) for mark in getattr(inner, "__metadata__", ()))]
    return any(isinstance(mark, Named) for mark in marks)


def _as_read(event: Event[Any], field: str, text: str, name: str = "old_value") -> str:
    """Return a value as the record would write it."""
    try:
        return _as_written(corrected(event, {field: text}).fact.model_dump(mode="json")[field])
    except ValidationError:
        raise Malformed(name, f"is not a value of {field}") from None


def _as_written(value: Any) -> str:
    return str(value)
