"""
The types of every field of every event, exact and strict.

Values come from dockets, forms and JSON as text and are read by the type of their field; no float ever exists. Each identifier type carries a mark
(`Named`), by which a docket's names are mapped to the store's own identifiers.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainSerializer, StringConstraints, WithJsonSchema

MOST_DIGITS = 60
"""Digits before and after the point that an exact number may need; 10^25 needs 26."""

YEARS = range(1950, 2200)
"""Years that a fact or a term can lie in; outside them a date is a slip of the pen."""

# What JSON schemas say of each: they are written for any reader, so without the abbreviations in which readers differ.
_DATE = "(19[5-9][0-9]|2[01][0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_DIGITS = r"^[0-9]{1,60}(\.[0-9]{1,60})?$"
_EXACT = rf"{_DIGITS}|^[0-9]{{1,30}}(\.[0-9]{{1,30}})?e\+?[0-2]?[0-9]$"
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(?:e(\+?)(\d{1,3}))?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII)
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
BLANKS = r" \u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""Spaces of all scripts, as a part of a pattern."""
CONTROLS = r"\u0000-\u001f\u007f-\u009f\u2028\u2029"
"""Characters that no text of the register has, as a part of a pattern."""
_CONTROL = re.compile(rf"[{CONTROLS}\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Named:
    """Mark of a field that holds an identifier of a kind; a docket may write any name there."""

    kind: str


class Payload(BaseModel):
    """A frozen value with exactly the fields that are declared."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings", hide_input_in_errors=True)


# -- Exact numbers ---------------------------------------------------------------


def exact(text: object) -> Decimal:
    """
    Read an exact non-negative number: digits[.digits][e[+]digits].

    Raises: ValueError for anything else, with a sentence that says what to write.
    """
    if isinstance(text, Decimal):
        return _bounded(text)
    if not isinstance(text, str):
        raise ValueError("must be text such as 1.1e25, not a JSON number: a number in JSON may already have been rounded")
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise ValueError("must be written digits[.digits][e[+]digits], for example 11000000000000000000000000 or 1.1e25")
    whole, fraction, _, exponent = match.groups()
    if len(whole) + len(fraction or "") > 2 * MOST_DIGITS:
        raise ValueError(f"must have at most {MOST_DIGITS} digits before and after the point")
    return _bounded(Decimal((0, tuple(map(int, whole + (fraction or ""))), int(exponent or 0) - len(fraction or ""))))


def _bounded(number: Decimal) -> Decimal:
    _, digits, exponent = number.as_tuple()
    if not isinstance(exponent, int) or number < 0:
        raise ValueError("must be a number of zero or more")
    if len(digits) + exponent > MOST_DIGITS or -exponent > MOST_DIGITS:
        raise ValueError(f"must have at most {MOST_DIGITS} digits before and after the point")
    return Decimal(plain(number))


def plain(number: Decimal) -> str:
    """Write an exact number in plain digits, without exponent and without idle zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


_as_text = PlainSerializer(plain, return_type=str)
Flop = Annotated[Decimal, BeforeValidator(exact), _as_text, WithJsonSchema({"type": "string", "pattern": _EXACT})]
"""Floating-point operations, exact."""


def _decimal(text: object) -> Decimal:
    if isinstance(text, str) and "e" in text:
        raise ValueError("must be written digits[.digits], for example 12.5")
    return exact(text)


DecimalText = Annotated[Decimal, BeforeValidator(_decimal), _as_text, WithJsonSchema({"type": "string", "pattern": _DIGITS})]


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"\d{1,15}", value, re.ASCII):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 10**15:
        raise ValueError("must be a whole number of zero or more, for example 3")
    return value


Int = Annotated[int, BeforeValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 10**15 - 1})]


def _truth(value: object) -> object:
    if value in ("true", "false"):
        return value == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


Bool = Annotated[bool, BeforeValidator(_truth)]

# -- Time ------------------------------------------------------------------------


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("must be a day written YYYY-MM-DD, for example 2026-03-01")
    try:
        return _within_reach(date.fromisoformat(value))
    except ValueError:
        raise ValueError(f"is not a day of the calendar between {YEARS[0]} and {YEARS[-1]}: {value}") from None


def _within_reach(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError
    return day


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date", "pattern": f"^{_DATE}$"})]
"""A civil day in Brussels."""


def instant(value: object) -> datetime:
    """
    Read an instant with its offset; the result is in UTC.

    Raises: ValueError for a naive or malformed one.
    """
    if isinstance(value, str):
        if not _INSTANT.fullmatch(value):
            raise ValueError("must be an instant with offset, for example 2026-03-10T09:00:00+01:00")
        try:
            value = datetime.fromisoformat(value)
            _within_reach(value)
        except ValueError:
            raise ValueError(f"is not a time of the calendar between {YEARS[0]} and {YEARS[-1]}: {value}") from None
    if not isinstance(value, datetime):
        raise ValueError("must be an instant with offset, for example 2026-03-10T09:00:00+01:00")
    if value.tzinfo is None:
        raise ValueError("must carry its offset from UTC, for example +01:00: without it nobody can tell the legal day")
    return value.astimezone(UTC)


def utc_text(moment: datetime) -> str:
    """Write an instant in UTC with the offset Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


_DESCRIBED = WithJsonSchema({"type": "string", "format": "date-time", "pattern": f"^{_DATE}{_TIME}$"})
Instant = Annotated[datetime, BeforeValidator(instant), PlainSerializer(utc_text, return_type=str, when_used="json"), _DESCRIBED]

# -- Text, hashes, identifiers ---------------------------------------------------


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not contain control characters or line breaks")
    if text.strip() != text:
        raise ValueError("must not begin or end with a space")
    return text


_WRITTEN = WithJsonSchema(
    {"type": "string", "minLength": 1, "maxLength": 500, "pattern": rf"^[^{BLANKS}{CONTROLS}]([^{CONTROLS}]*[^{BLANKS}{CONTROLS}])?$"}
)
Text = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_clean), _WRITTEN]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Named("hash")]


def _uuid(value: object) -> object:
    if isinstance(value, UUID):
        return value
    try:
        return UUID(value) if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else UUID("?")
    except ValueError:
        raise ValueError("must be an identifier of the register, for example 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10") from None


_id = BeforeValidator(_uuid)
EventId = Annotated[UUID, _id, Named("event")]
CaseId = Annotated[UUID, _id, Named("case")]
AlertId = Annotated[UUID, _id, Named("alert")]
DecisionId = Annotated[UUID, _id, Named("decision")]
SubmissionId = Annotated[UUID, _id, Named("submission")]
RequestId = Annotated[UUID, _id, Named("request")]
InformationRequestId = Annotated[UUID, _id, Named("information_request")]
HearingId = Annotated[UUID, _id, Named("hearing")]
ProceedingId = Annotated[UUID, _id, Named("proceeding")]
ActionId = Annotated[UUID, _id, Named("action")]
JudgmentId = Annotated[UUID, _id, Named("judgment")]
ClaimId = Annotated[UUID, _id, Named("claim")]
OrderId = Annotated[UUID, _id, Named("order")]
ReviewId = Annotated[UUID, _id, Named("review")]
MeasureId = Annotated[UUID, _id, Named("measure")]
ChallengeRef = Annotated[UUID, _id, Named("challenge")]
Ref = Annotated[UUID, _id, Named("ref")]
"""A random reference: to a provider, a representative, a person in the vault, an officer."""
ListId = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$"), Named("list")]
"""Number of an entry in the list's own sequence."""

# -- Enumerations shared by several events ---------------------------------------

Point = Literal["a", "b", "c", "d", "e", "f", "g"]
"""A point of Annex XIII."""
ALL_POINTS: tuple[Point, ...] = ("a", "b", "c", "d", "e", "f", "g")
ComponentKind = Literal[
    "PRETRAINING",
    "CONTINUED_PRETRAINING",
    "FINE_TUNING",
    "PREFERENCE_OR_RL_UPDATES",
    "SYNTHETIC_DATA_NON_PUBLIC",
    "MERGED_OR_INITIALISING_WEIGHTS",
    "SYNTHETIC_DATA_PUBLIC",
    "EVALUATION_OR_RED_TEAMING",
    "EXPLORATORY_RESEARCH",
    "FAILED_AND_DISCARDED_EXPERIMENT",
    "DISTILLATION_PARENT_TRAINING",
    "AUXILIARY_MODEL_TRAINING",
    "ACTIVATION_RECOMPUTATION",
]


class Component(Payload):
    """One part of a model's training compute (procedure section 8; Guidelines, annex A.1)."""

    kind: ComponentKind
    flop: Flop
    counted: Bool
    note_hash: Sha256 | None = None


class Reason(Payload):
    """One reason of a reassessment request, with the day it arose (Article 52(5))."""

    text_hash: Sha256
    arose_on: Day
    point: Point | None = None
    documents: tuple[Sha256, ...] = ()
