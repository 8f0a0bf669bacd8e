"""Running a docket: each step through the same use cases as everybody's, each answer from the same read models."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from api.dockets.expectations import answered_as_expected, check_shape, ruled_as_expected
from api.dockets.files import Step
from api.dockets.names import Names, UnknownName
from api.dockets.questions import Answers, Ask, moment
from api.stores.event_store.mapper import EventTooLarge
from domain.actors import Actor, Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Refused
from domain.events import event_type, read
from domain.ids import ALONE, LAW, REGISTER, Stream
from domain.law.periods import legal_day
from domain.list_entry import DATES, EntryFact
from domain.publication import PublicationOrdered
from domain.record import Event
from domain.registry import Command, Recorded, Registry
from domain.types import instant

RECORD_KEYS = {"at", "by", "stream", "record", "data", "as", "expect", "ask"}
ASK_KEYS = {"at", "ask", "stream", "clock", "valid_at", "known_at", "expect"}


@dataclass
class Result:
    """What came of a step."""

    n: int
    outcome: str
    as_expected: bool
    events: list[dict[str, Any]] = field(default_factory=list)
    refusal: dict[str, str] | None = None
    answer: Any = None
    says: str = ""
    expected: Any = None

    def plain(self) -> dict[str, Any]:
        """Return the result as `--format json` prints it."""
        found: dict[str, Any] = {"n": self.n, "outcome": self.outcome, "events": self.events, "as_expected": self.as_expected}
        if self.refusal is not None:
            found["refusal"] = self.refusal
        if self.outcome == "answered":
            found["answer"] = self.answer
        if self.outcome == "error":
            found["error"] = self.says
        return found


class Runner:
    """Runs steps against a register. `read_up` brings the read models up to date; `now` is the docket's time, once it has one."""

    def __init__(self, registry: Registry, answers: Answers, names: Names, read_up: Callable[[], None]) -> None:
        self.registry = registry
        self.answers = answers
        self.names = names
        self.read_up = read_up
        self.now: datetime | None = None
        self._slots: list[tuple[datetime, UUID, UUID]] = list(answers.office.due_orders())
        self._behind = True

    def run(self, steps: Iterable[Step]) -> Iterator[Result]:
        """Run steps in order, yielding what came of each."""
        for step in steps:
            yield self.step(step)

    def step(self, step: Step) -> Result:
        """Run one step."""
        result = self._result(step)
        result.expected = step.body.get("expect")
        return result

    def _result(self, step: Step) -> Result:
        try:
            return self._ask(step) if "ask" in step.body and "record" not in step.body else self._record(step)
        except Refused as refused:
            return _refused(step, refused)
        except (Malformed, NotInRegister, AlreadyInRegister, UnknownName, EventTooLarge) as error:
            field_of = f", field {error.field}: {error.sentence}" if isinstance(error, Malformed) else f": {error}"
            return Result(step.n, "error", False, says=f"step {step.n} ({step.file + ', ' if step.file else ''}line {step.line}){field_of}")

    # -- Recording --------------------------------------------------------------------

    def _record(self, step: Step) -> Result:
        _refuse_keys(step.body, RECORD_KEYS - {"ask"}, ("at", "by", "stream", "record"))
        if "expect" in step.body:
            check_shape(step.body["expect"], question=False)
        if "as" in step.body:
            _text(step.body, "as")  # before anything is recorded
        self._pass_time(step.body["at"])
        command = self._command(step.body)
        recorded = self.registry.record(command)
        self._behind = True
        self._remember(step.body, command, recorded)
        events = [self._shown(event) for event in recorded.events if event.stream.kind != "claim"]
        return Result(step.n, "recorded", _ruled(step.body.get("expect"), events), events)

    def _command(self, body: dict[str, Any]) -> Command:
        kind = event_type(_text(body, "record"))
        stream = self._stream(_text(body, "stream"))
        if stream.kind not in kind.STREAMS:
            raise Malformed("stream", f"{kind.TOPIC} is recorded on {' or '.join(kind.STREAMS)}, not on {stream.kind}")
        data = body.get("data") or {}
        if not isinstance(data, dict):
            raise Malformed("data", "must be a mapping of fields")
        if issubclass(kind, EntryFact):
            data = {DATES[kind.TOPIC]: str(legal_day(self._time())), "list_id": "1", **data}
        return Command(stream, self._actor(body["by"]), read(kind, self.names.data(kind, data)), self._time())

    def _stream(self, name: str) -> Stream:
        kind, _, key = name.partition("/")
        if kind in ALONE and not key:
            return LAW if kind == "law" else REGISTER
        if kind not in ("case", "publication", "entry", "alert", "challenge") or not key:
            raise Malformed("stream", "must be case/NAME, alert/NAME, publication/NAME, entry/NAME, challenge/NAME, law or register")
        named = "case" if kind in ("publication", "entry") else kind
        return Stream(kind, self.names.identifier(named, key))  # type: ignore[arg-type]

    def _actor(self, by: Any) -> Actor:
        if not isinstance(by, dict) or by.keys() != {"role", "id"}:
            raise Malformed("by", "must be {role: CASE_OFFICER, id: officer-1}")
        if not isinstance(by["role"], str) or by["role"] not in Role.__members__:
            raise Malformed("by.role", f"must be one of {', '.join(Role)}")
        return Actor(UUID(self.names.identifier("ref", str(by["id"]))), Role(by["role"]))

    def _remember(self, body: dict[str, Any], command: Command, recorded: Recorded) -> None:
        if "as" in body:
            own = next(event for event in recorded.events if event.fact.TOPIC == command.fact.TOPIC)
            self.names.name_event(_text(body, "as"), own.event_id)
        for event in recorded.events:
            if isinstance(event.fact, PublicationOrdered) and event.fact.slot_at >= event.recorded_at:
                heapq.heappush(self._slots, (event.fact.slot_at, UUID(event.stream.key), event.fact.order_id))
            if isinstance(event.fact, EntryFact):
                name = (body.get("data") or {}).get("list_id") or body["stream"].partition("/")[2]
                self.names.name_entry(str(name), event.stream.key)

    def _shown(self, event: Event[Any]) -> dict[str, Any]:
        data = event.fact.model_dump(mode="json", exclude_none=True)
        return {"event_id": str(event.event_id), "stream": self._named(event.stream), "topic": event.topic, "version": event.version, "data": data}

    def _named(self, stream: Stream) -> str:
        return f"{stream.kind}/{self.names.back(stream.key)}" if stream.key else stream.kind

    # -- Time -------------------------------------------------------------------------

    def _pass_time(self, at: Any) -> None:
        """Let time pass up to a step, running the slots that fall due before it."""
        try:
            then = instant(at)
        except ValueError as error:
            raise Malformed("at", str(error)) from None
        if self.now is not None and then < self.now:
            raise Malformed("at", f"lies before the step before it ({self.now.isoformat()}); steps stand in the order of recording")
        self.run_slots(then)
        self.now = then

    def run_slots(self, until: datetime) -> None:
        """Carry out the orders whose slot has come."""
        while self._slots and self._slots[0][0] <= until:
            slot_at, case_id, order_id = heapq.heappop(self._slots)
            recorded = self.registry.run_slot(case_id, order_id, slot_at)
            self._behind = True
            for event in recorded.events if recorded else ():
                if isinstance(event.fact, EntryFact):
                    self.names.name_entry(self.names.back(str(case_id)), event.stream.key)

    def _time(self) -> datetime:
        if self.now is None:
            raise Malformed("at", "is missing")
        return self.now

    # -- Asking -----------------------------------------------------------------------

    def _ask(self, step: Step) -> Result:
        body = step.body
        _refuse_keys(body, ASK_KEYS, ("ask",))
        if "at" in body:
            self._pass_time(body["at"])
        if self._behind:
            self.read_up()
            self._behind = False
        now = self.now or self.answers.office.last_recorded_at() or datetime.now(UTC)
        reading = self.registry.law(now).settings["LEGAL_DAY_IN_QUERIES"]
        ask = Ask(
            _text(body, "ask"),
            self._stream(_text(body, "stream")) if "stream" in body else None,
            moment(body["valid_at"], "valid_at", reading) if "valid_at" in body else now,
            min(moment(body["known_at"], "known_at", reading), now) if "known_at" in body else now,
            body,
        )
        answer = self.names.back(self.answers.answer(ask))
        return Result(step.n, "answered", "expect" not in body or answered_as_expected(ask.question, body["expect"], answer), answer=answer)


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    if not isinstance(value, str):
        raise Malformed(key, "must be a word")
    return value


def _refuse_keys(body: dict[str, Any], allowed: set[str], needed: tuple[str, ...]) -> None:
    for key in body:
        if key not in allowed:
            raise Malformed(key, f"is not a key of a step; write {', '.join(sorted(allowed))}")
    for key in needed:
        if key not in body:
            raise Malformed(key, "is missing")


def _ruled(expect: Any, events: list[dict[str, Any]]) -> bool:
    if expect is None:
        return True
    return "ruled" in expect and ruled_as_expected(expect, events)


def _refused(step: Step, refused: Refused) -> Result:
    rule = refused.rule
    expect = step.body.get("expect")
    expected = isinstance(expect, dict) and expect.get("refused") == rule.code
    if isinstance(expect, dict) and "article" in expect:
        expected = expected and str(expect["article"]) in rule.article
    return Result(step.n, "refused", expected, refusal={"code": rule.code, "article": rule.article, "message": refused.detail})
