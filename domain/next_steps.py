"""
What may be recorded on a case now, and the refusal that every other act would meet.

Worked out from the decisions themselves, never from a second list: for each event type the most favourable data that the case allows are made up and
put to the very guards that will decide.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain, islice, product
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID, uuid5

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from domain.actors import Actor
from domain.corrections import RecordCorrected
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Refused
from domain.events import EVENTS
from domain.ids import STREAMS
from domain.law.provisions import CHAPTER_V
from domain.list_entry import ENTRY_EVENTS, EntryFact
from domain.listing import Records, refuse_change
from domain.model_case.case import CommissionDecision, ModelCase, Submission, decisions
from domain.model_case.provider import AuthorisedRepresentativeAppointed, providers_on
from domain.public import CONTENT_FIELDS
from domain.publication import PublicationContentProposed
from domain.record import Act, Fact, Facts, History, decide
from domain.rulings import Inadmissible
from domain.types import ALL_POINTS, Named

NEW = uuid5(STREAMS, "next:new")
"""Stands for an identifier that would be made when the event is recorded."""
DRAFTER = uuid5(STREAMS, "next:drafter")
MOST_TRIES = 200
MOST_KNOWN = 6
"""Identifiers of a kind, and events, of which the most recent are tried."""
UNSAID_BY = {"ThresholdFoundNeverMet": "compute_flop"}
UNSAID = frozenset(
    {"replaces", "hearing_omitted_reason", "hearing_omitted_text_hash", "before_deadline_reason_hash", "effective_from", "effects_until"}
)
"""Optional fields that the most favourable data leave out."""
OWN_NUMBER = {
    "DraftDecisionCommunicated": "hearing_id",
    "DesignationProceedingOpened": "proceeding_id",
    "ReassessmentRequestReceived": "request_id",
    "SupplementaryInformationRequested": "information_request_id",
    "AnnulmentActionLodged": "action_id",
    "FailureToActActionLodged": "action_id",
    "DecisionAnnulled": "judgment_id",
    "ActionDismissed": "judgment_id",
    "FailureToActFound": "judgment_id",
    "FollowUpMeasureSet": "measure_id",
    "OwnMotionReviewOpened": "review_id",
    "QualifiedAlertReceived": "submission_id",
    "ConfidentialityClaimLodged": "claim_id",
    "PublicationOrdered": "order_id",
}
"""The number that an event gives to what it begins; decisions and filings give their own too."""
PERSONS = ("provider_ref", "from_provider_ref", "addressee", "representative_ref")
"""Fields of which everybody on the file who may be meant is tried."""
ALTERNATIVES = ("basis",)
"""Fields of which every reading is tried, because the right one depends on what they speak of."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """
    An event type with what recording it now would meet.

    Possible with a code: it would be recorded, and ruled inadmissible. Not possible: the refusal with its Article, or what the record lacks.
    """

    event: str
    recorded_by: tuple[str, ...]
    possible: bool
    code: str | None = None
    article: str | None = None
    message: str | None = None


Met = Facts | Refused | NotInRegister | AlreadyInRegister | Malformed
"""What a trial met: the facts that would be recorded, or why not."""


def next_steps(records: Records, act: Act) -> list[NextStep]:
    """Return every event of a case and of its list entry with what recording it now would meet."""
    kinds = [kind for kind in EVENTS.values() if "case" in kind.STREAMS]
    on_case = [_step(kind, _case_trials(kind, records.case, act)) for kind in kinds]
    return [*on_case, *(_step(kind, _entry_trials(kind, records, act)) for kind in ENTRY_EVENTS)]


def _step(kind: type[Fact], trials: Iterator[Met]) -> NextStep:
    by = tuple(sorted(kind.RECORDED_BY))
    met = min(islice(trials, MOST_TRIES), key=_how_telling)
    if isinstance(met, tuple):
        ruling = next((fact for fact in met[1:] if isinstance(fact, Inadmissible)), None)
        return NextStep(kind.TOPIC, by, True, ruling.cause_code if ruling else None, ruling.article if ruling else None)
    if isinstance(met, Refused):
        return NextStep(kind.TOPIC, by, False, met.rule.code, met.rule.article, met.detail)
    return NextStep(kind.TOPIC, by, False, message=str(met))


def _how_telling(met: Met) -> int:
    """Prefer what is recorded without a ruling, then with one, then a refusal, which has its Article, then a gap in the record."""
    if isinstance(met, tuple):
        return int(any(isinstance(fact, Inadmissible) for fact in met[1:]))
    return 2 if isinstance(met, Refused) else 3


def _case_trials(kind: type[Fact], case: ModelCase, act: Act) -> Iterator[Met]:
    # Let the event be recorded by a role that may: here it is the case that is asked, not a person.
    then = Act(Actor(NEW, sorted(kind.RECORDED_BY)[0]), act.at, act.law)
    corrections = _corrections(case) if kind is RecordCorrected else ()
    for fact in chain(plausible(kind, case, act), corrections):
        yield _tried(partial(decide, case, then, fact))


def _entry_trials(kind: type[EntryFact], records: Records, act: Act) -> Iterator[Met]:
    proposed = records.publication.last(PublicationContentProposed)
    content = {name: getattr(proposed.fact, name) for name in CONTENT_FIELDS} if proposed else {}
    for fact in plausible(kind, records.case, act, content):
        yield _tried(partial(_would_change, records, act, fact))


def _would_change(records: Records, act: Act, fact: Fact) -> Facts:
    refuse_change(records, act, fact)  # type: ignore[arg-type]  # made of an EntryFact
    return (fact,)


def _tried(attempt: Callable[[], Facts]) -> Met:
    try:
        return attempt()
    except (Refused, NotInRegister, AlreadyInRegister, Malformed) as failure:
        return failure


# -- The most favourable data ---------------------------------------------------------


def plausible(kind: type[Fact], case: ModelCase, act: Act, given: dict[str, Any] | None = None) -> Iterator[Fact]:
    """Yield facts of a type over the identifiers that the case has, most recent first."""
    choices = {
        name: _choices(kind, name, info, case, act)
        for name, info in kind.model_fields.items()
        if name not in UNSAID and UNSAID_BY.get(kind.TOPIC) != name
    }
    choices |= {name: [value] for name, value in (given or {}).items() if name in choices}
    for values in product(*choices.values()):
        yield kind.model_construct(**dict(zip(choices, values, strict=True)))


def _corrections(case: ModelCase) -> Iterator[Fact]:
    """Yield corrections of every field of the last events, to what it says already: which fields may be touched the guard knows."""
    for event in reversed(case.all(Fact)[-MOST_KNOWN:]):  # type: ignore[type-abstract,unused-ignore]
        for field, value in event.fact.model_dump(mode="json", exclude_none=True).items():
            said = str(value)
            yield RecordCorrected.model_construct(
                target_event_id=event.event_id, field=field, old_value=said, new_value=said, authentic_doc_hash=""
            )  # fmt: skip


def _choices(kind: type[Fact], name: str, info: FieldInfo, case: ModelCase, act: Act) -> list[Any]:
    named = identifier_kind(info)
    if named and named != "ref":
        return _identifiers(kind, name, named, case)
    if name in PERSONS:
        return _persons(name, case, act)
    if name in ALTERNATIVES:
        return list(get_args(info.annotation))
    special = _special(name, act)
    return [special] if special is not None else [_value(info.annotation, case, act)]


def gives_number(kind: type[Fact], name: str) -> bool:
    """Tell whether a field holds the number that an event gives to what it begins, and none that is in use."""
    return (
        OWN_NUMBER.get(kind.TOPIC) == name
        or (name == "decision_id" and issubclass(kind, CommissionDecision))
        or (name == "submission_id" and issubclass(kind, Submission))
    )


def _identifiers(kind: type[Fact], name: str, named: str, case: ModelCase) -> list[UUID]:
    known = [] if gives_number(kind, name) else sorted(recorded_identifiers(case, named), key=lambda item: -item[0])
    return [identifier for _, identifier in known][:MOST_KNOWN] or [NEW]


def _persons(name: str, case: ModelCase, act: Act) -> list[UUID]:
    """Return who may be meant: the providers of the day, whoever a decision was addressed to (procedure 7.4), or the representatives (Article 54)."""
    if name == "representative_ref":
        return [e.fact.representative_ref for e in case.of(AuthorisedRepresentativeAppointed)] or [NEW]
    addressed = [ref for e in decisions(case) for ref in e.fact.addressees]
    return list(dict.fromkeys([*sorted(providers_on(case, act.day)), *addressed])) or [NEW]


def recorded_identifiers(record: History, named: str) -> set[tuple[int, UUID]]:
    """Return the identifiers of a kind that a record has, with the version at which each first stood there."""
    first: dict[UUID, int] = {}
    for event in sorted((e for found in record.by_topic.values() for e in found), key=lambda e: e.version):
        if named == "event":
            first.setdefault(event.event_id, event.version)
        for name, info in type(event.fact).model_fields.items():
            value = getattr(event.fact, name)
            if identifier_kind(info) == named and isinstance(value, UUID):
                first.setdefault(value, event.version)
    return {(version, identifier) for identifier, version in first.items()}


def identifier_kind(info: FieldInfo) -> str | None:
    """Return of which kind the one identifier in a field is."""
    marks = [*info.metadata, *(mark for inner in get_args(info.annotation) for mark in getattr(inner, "__metadata__", ()))]
    return next((mark.kind for mark in marks if isinstance(mark, Named)), None) if get_origin(info.annotation) is not tuple else None


def _special(name: str, act: Act) -> Any:
    """Return a value that the law makes the favourable one, by the name of its field."""
    threshold, annex = act.law.threshold_on(max(act.day, CHAPTER_V)), act.law.annex_on(act.day)
    favourable: dict[str, Any] = {
        "points_considered": ALL_POINTS,
        "condition_met_on": CHAPTER_V,
        "drafted_by_ref": DRAFTER,
        "corrected_fields": ("TEXT",),
        "called_upon_on": act.day - timedelta(days=1),
    }
    if threshold:
        above = threshold.value_flop + 1
        favourable |= {"compute_flop": above, "estimate_flop": above, "threshold_version": threshold.version}
    if annex:
        favourable["annex_xiii_version"] = annex.version
    return favourable.get(name)


def _value(annotation: Any, case: ModelCase, act: Act) -> Any:
    """Return a value of a type that says yes, today, once."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, UnionType):
        return _value(inner[0], case, act)
    if origin is Literal:
        return inner[0]
    if origin is tuple:
        return (_value(inner[0], case, act),)
    if hasattr(annotation, "__metadata__"):
        return _value(annotation.__origin__, case, act)
    if issubclass(annotation, BaseModel):
        return annotation.model_construct(**{name: _value(i.annotation, case, act) for name, i in annotation.model_fields.items()})
    plain: dict[Any, Any] = {bool: True, int: 1, str: "", Decimal: Decimal(1), UUID: NEW, datetime: act.at, date: act.day}
    return plain.get(annotation)
