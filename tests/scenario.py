"""
Scenarios over the real register in memory: given events, when something is recorded, then what was appended, or why nothing was.

The past is given as events, appended without asking any rule, so that no test hangs on another rule.
"""

from __future__ import annotations

import weakref
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Self
from uuid import UUID, uuid5

import pytest

from api.stores.event_store.factory import RecorderFactory, open_recorder
from api.stores.event_store.mapper import RegisterMapper
from api.wiring import law_at_creation
from domain.actors import Actor, Role
from domain.errors import Refused
from domain.events import event_type, read
from domain.ids import Stream
from domain.law.periods import BRUSSELS
from domain.law.rules import Rule
from domain.model_case.case import ModelCase
from domain.record import Event, Fact, Facts, LawVersions
from domain.registry import Command, Registry
from projections.store import microseconds

NAMES = UUID("0b9f8f3e-0000-5000-8000-000000000001")
CREATED = datetime(2025, 8, 2, tzinfo=BRUSSELS)
MINUTE = timedelta(minutes=1)


def named(name: str) -> UUID:
    """Return the identifier that a name stands for, the same in every test."""
    return uuid5(NAMES, name)


def document(name: str) -> str:
    """Return the hash of a document."""
    return sha256(name.encode()).hexdigest()


def brussels(day: date | str, hour: int = 12, minute: int = 0) -> datetime:
    """Return a time of day in Brussels."""
    on = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(on.year, on.month, on.day, hour, minute, tzinfo=BRUSSELS)


def actor(role: Role) -> Actor:
    """Return the one person of a role."""
    return Actor(named(role), role)


def case(name: str = "alpha") -> Stream:
    """Return the stream of a case."""
    return Stream("case", str(named(name)))


def publication(name: str = "alpha") -> Stream:
    """Return the stream of a case's publication file."""
    return Stream("publication", str(named(name)))


ALPHA = case()
PROVIDER = named("alpha-ai")


# -- Facts -------------------------------------------------------------------------


def fact(topic: str, **data: Any) -> Fact:
    """Read a fact as every interface does: from text."""
    return read(event_type(topic), data)


def opened(name: str = "alpha") -> Fact:
    """A case is opened."""
    return fact("ModelCaseOpened", lineage_key=f"{name}-1", internal_name=name.capitalize())


def provider(ref: UUID = PROVIDER, *, since: date | str = "2020-01-01", name: str = "Alpha AI", country: str = "FR") -> Fact:
    """Somebody is the provider from a day on."""
    return fact(
        "ProviderIdentified", provider_ref=ref, provider_kind="LEGAL_PERSON", legal_name=name, country=country, in_union=True, from_on=str(since)
    )  # fmt: skip


def threshold_met(on: date | str, flop: str = "1.1e25", *, version: str = "1", kind: str = "COMPUTE") -> Fact:
    """The condition was met on a day."""
    return fact("ThresholdMet", on=str(on), compute_flop=flop, threshold_version=version, source="PROVIDER", kind=kind, **_modified(kind))


def _modified(kind: str) -> dict[str, str]:
    return {"modification_flop": "5e24"} if kind == "DOWNSTREAM_MODIFICATION" else {}


def notified(at: datetime, name: str = "notice", *, trigger: str = "MET", on: date | str | None = None, arguments: bool = False) -> Fact:
    """A complete notification arrived."""
    return fact(
        "NotificationReceived", submission_id=named(name), received_at=at, provider_ref=PROVIDER, filer_ref=PROVIDER, filer_role="PROVIDER",
        channel="EU_SEND", trigger=trigger, trigger_on=str(on or at.date()), estimate_flop="1.1e25", estimate_method="HARDWARE",
        method_description_hash=document("method"), arguments_included=arguments,
    )  # fmt: skip


def withdrawn(at: datetime, name: str = "notice") -> Fact:
    """A notification was withdrawn."""
    return fact("NotificationWithdrawn", submission_id=named(name), received_at=at, filer_ref=PROVIDER)


def argued(at: datetime, name: str = "notice") -> Fact:
    """Arguments arrived with a notification."""
    return fact(
        "ArgumentsReceived", submission_id=named(name), received_at=at, claims=["NO_HIGH_IMPACT_CAPABILITIES"], relies_on_mitigations=False
    )  # fmt: skip


def decided(topic: str, name: str, adopted_on: date | str, **more: Any) -> Fact:
    """The Commission adopted a decision, complete in form and with the hearing left out for urgency."""
    data = {
        "decision_id": named(name), "legal_basis": BASES[topic], "commission_ref": f"C(2026) {name}", "adopted_on": str(adopted_on),
        "addressees": [PROVIDER], "reasons_hash": document("reasons"), "authentic_language": "fr", "signatory_ref": named("commissioner"),
        "drafted_by_ref": named("drafter"), "remedies_stated": True, "hearing_omitted_reason": "URGENCY",
        "hearing_omitted_text_hash": document("urgency"),
    }  # fmt: skip
    return fact(topic, **{**data, **ADDED.get(topic, {}), **more})


ASSESSED = {"annex_xiii_version": 1, "points_considered": list("abcdefg"), "findings_hash": document("findings")}
BASES = {
    "ArgumentsRejected": "52(3)", "ArgumentsAccepted": "52(3)", "AcceptanceConverted": "52(3)", "ModelDesignatedUnder52_1": "52(1)",
    "ModelDesignatedUnder52_4": "52(4)", "DesignationLifted": "52(5)", "DesignationMaintained": "52(5)", "ReassessmentDeclined": "52(5)",
    "DesignationRevoked": "OTHER", "DecisionRevoked": "OTHER", "DecisionWithdrawn": "OTHER",
}  # fmt: skip
ADDED: dict[str, dict[str, Any]] = {
    "ArgumentsRejected": {"submission_id": named("notice"), "not_substantiated": True, "not_demonstrated": True},
    "ArgumentsAccepted": {"submission_id": named("notice"), "facts_relied_on": ["a fact"], "renotification_clause": True},
    "AcceptanceConverted": {"change": "SUBSTANTIAL_CHANGE_OCCURRED"},
    "ModelDesignatedUnder52_4": {**ASSESSED, "origin": "EX_OFFICIO"},
    "DesignationLifted": {**ASSESSED, "request_id": named("request")},
    "DesignationMaintained": {**ASSESSED, "request_id": named("request")},
    "ReassessmentDeclined": {"request_id": named("request")},
}


def informed(name: str, at: datetime, addressee: UUID = PROVIDER) -> Fact:
    """An addressee was informed of a decision."""
    return fact("DecisionNotified", decision_id=named(name), addressee=addressee, at=at, means="EU_SEND", proof_hash=document("proof"))


def threshold_amended(version: int, flop: str, applies_from: date | str, *, kept: bool = False, published_on: date | str = "2025-12-01") -> Fact:
    """A delegated act moved the threshold."""
    return fact(
        "ThresholdAmended", threshold_version=version, value_flop=flop, oj_ref=f"OJ L {version}", published_on=str(published_on),
        applies_from=str(applies_from), presumptions_kept=kept,
    )  # fmt: skip


# -- Given, when, then ---------------------------------------------------------------


class Scenario:
    """A register in memory, created with the law in force on 2 August 2025."""

    def __init__(self) -> None:
        recorder = open_recorder("sqlite://")
        weakref.finalize(self, recorder.close)
        self.recorder = recorder
        self.registry = Registry(RecorderFactory(recorder, RegisterMapper()))
        self.registry.create(_law(), CREATED, demonstration=True)

    def given(self, at: datetime, *facts: Fact, on: Stream = ALPHA) -> Self:
        """Append events of the past, a minute apart, without asking whether they are allowed."""
        for n, each in enumerate(facts):
            moment = at + n * MINUTE
            self.registry.save(self._event(_stream(on, each), moment, each), recorded_at=microseconds(moment))
        return self

    def when(self, at: datetime, what: Fact, *, by: Role | None = None, on: Stream = ALPHA) -> Then:
        """Record something through the use cases."""
        return Then(self, Command(_stream(on, what), actor(by or _recorder_of(what)), what, at))

    def case(self, stream: Stream = ALPHA) -> ModelCase:
        """Return a case as it stands."""
        return self.registry.case(stream)

    def stored(self) -> list[tuple[int, str, bytes]]:
        """Return everything that is stored, byte for byte."""
        return list(self.recorder.raw_events(0, 1_000_000))

    def _event(self, stream: Stream, at: datetime, what: Fact) -> Event[Any]:
        version = len(self.recorder.select_events(stream.id)) + 1
        by = actor(_recorder_of(what))
        return Event(named(f"{stream} {version}"), stream, version, at, by.ref, by.role, named("correlation"), None, LawVersions(1, 1, 1), 1, what)


def given(at: datetime, *facts: Fact, on: Stream = ALPHA) -> Scenario:
    """Begin a scenario with events of the past."""
    return Scenario().given(at, *facts, on=on)


class Then:
    """What comes of recording something."""

    def __init__(self, scenario: Scenario, command: Command) -> None:
        self.scenario = scenario
        self.command = command

    def then(self, *topics: str) -> Scenario:
        """Expect that exactly these events were appended, markers and rulings included."""
        before = len(self.scenario.stored())
        recorded = self.scenario.registry.record(self.command)
        assert [topic for _, topic, _ in self.scenario.stored()[before:]] == list(topics)
        assert [event.topic for event in recorded.events] == list(topics)
        return self.scenario

    def then_refused(self, rule: Rule) -> Scenario:
        """Expect a refusal under a rule, and nothing appended."""
        before = self.scenario.stored()
        with pytest.raises(Refused) as refused:
            self.scenario.registry.record(self.command)
        assert refused.value.rule.code == rule.code
        assert self.scenario.stored() == before
        return self.scenario

    def then_fails(self, error: type[Exception], *, match: str | None = None) -> Scenario:
        """Expect an error that is no refusal, and nothing appended."""
        before = self.scenario.stored()
        with pytest.raises(error, match=match):
            self.scenario.registry.record(self.command)
        assert self.scenario.stored() == before
        return self.scenario


@cache
def _law() -> Facts:
    return law_at_creation(CREATED)


def _stream(stream: Stream, what: Fact) -> Stream:
    """Return the stream itself when the fact belongs there, else the one stream of its kind."""
    return stream if stream.kind in what.STREAMS else Stream(what.STREAMS[0], "" if what.STREAMS[0] in ("law", "register") else stream.key)


def _recorder_of(what: Fact) -> Role:
    """Return a role that may record a fact: an officer where there is a choice."""
    officers = (Role.CASE_OFFICER, Role.DECISION_OFFICER, Role.LAW_OFFICER, Role.PUBLICATION_OFFICER)
    return next((role for role in officers if role in what.RECORDED_BY), next(iter(what.RECORDED_BY)))
