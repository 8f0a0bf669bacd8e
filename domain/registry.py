"""
The use cases of the register: load, decide, save. Shared by REST, workbench, command line, dockets and tests.

The only module that knows the event-sourcing library. Every use case appends all of its events in one save, guarded by the versions it has seen: a
lost race is decided again, or answered as stale to whoever named the version it saw.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4, uuid5

from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory, IntegrityError
from eventsourcing.utils import Environment

from domain import listing
from domain.actors import Actor
from domain.challenge import Challenge
from domain.claims import DEMONSTRATION, LIST_NUMBERS, Claimed, Written
from domain.corrections import PersonalDataEvent
from domain.envelope import SYSTEM, Plan, in_envelopes, version_of
from domain.errors import AlreadyInRegister, ClockBehind, KeyReused, Malformed, NotInRegister, Refused, Stale, TooBusy, require
from domain.ids import LAW, REGISTER, STREAMS, Stream, lineage_claim, parse_stream, request_claim
from domain.law.periods import legal_day
from domain.law.provisions import Law
from domain.law.rules import R11, R27
from domain.legal_parameters import LegalParameters, law_in_force
from domain.list_entry import EntryFact, PublicListEntry
from domain.model_case.case import Filing, ModelCase
from domain.model_case.designation import ModelDesignatedUnder52_4
from domain.model_case.follow_up import ListingRecorded, list_id_of
from domain.model_case.identity import ModelCaseOpened
from domain.persons import Retention, is_erased, refuse_erasure
from domain.publication import Publication, PublicationExecuted, PublicationOrderCancelled, PublicationOrdered, open_orders
from domain.qualified_alert import QualifiedAlert, can_carry_designation
from domain.record import Act, Event, Fact, Facts, History, decide, evolve
from domain.register import Register, SealPublished, settings_on

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATES: dict[str, type[History]] = {
    "case": ModelCase,
    "publication": Publication,
    "entry": PublicListEntry,
    "alert": QualifiedAlert,
    "challenge": Challenge,
    "law": LegalParameters,
    "register": Register,
    "claim": History,
}
MOST_TRIES = 20
H = TypeVar("H", bound=History)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asks to record: on which stream, at what time, having seen which version, under which idempotency key."""

    stream: Stream
    actor: Actor
    fact: Fact
    at: datetime
    seen: int | None = None
    key: str | None = None
    body_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded, the version of the stream addressed, and the store position after which a reader has seen it."""

    events: tuple[Event[Any], ...]
    version: int
    position: int


class Registry(Application[UUID]):
    """The register's application service."""

    name = "registry"

    def __init__(self, factory: InfrastructureFactory[Any], *, new_id: Callable[[], UUID] = uuid4) -> None:
        self._given = factory  # before super(), which asks for it
        self._new_id = new_id
        self._loaded: OrderedDict[Stream, History] = OrderedDict()
        self._lock = Lock()
        self._law: tuple[tuple[int, int, int], Law] | None = None
        super().__init__()

    def construct_factory(self, env: Environment) -> InfrastructureFactory[Any]:
        """Return the factory that wiring opened."""
        return self._given

    # -- Questions ------------------------------------------------------------------

    def case(self, stream: Stream) -> ModelCase:
        """Return a case, empty while it was never opened."""
        return self._load(stream, ModelCase)

    def law(self, at: datetime) -> Law:
        """Return the law as recorded so far, with the settings in force at a moment."""
        history, register = self._load(LAW, LegalParameters), self._load(REGISTER, Register)
        day = Act(SYSTEM, at, Law()).day
        version = (history.version, register.version, day.toordinal() if register else 0)
        if self._law is None or self._law[0] != version:
            self._law = (version, law_in_force(history, settings_on(register, day)))
        return self._law[1]

    # -- Use cases ------------------------------------------------------------------

    @property
    def is_created(self) -> bool:
        """Tell whether the law in force is recorded, the first events of every store."""
        return bool(self._load(LAW, LegalParameters))

    @property
    def is_demonstration(self) -> bool:
        """Tell whether the register was created as a demonstration: only then may a docket set the time of recording."""
        return bool(self._load(DEMONSTRATION, History))

    @property
    def created_on(self) -> date | None:
        """The day on which the register was created (Brussels)."""
        first = next((events[0] for events in self._load(LAW, LegalParameters).by_topic.values()), None)
        return legal_day(first.recorded_at) if first else None

    @property
    def sealed_up_to(self) -> date | None:
        """The last day whose seal is published."""
        last = self._load(REGISTER, Register).last(SealPublished)
        return last.fact.day if last else None

    def create(self, facts: Facts, at: datetime, *, demonstration: bool) -> Recorded:
        """
        Record the law in force, and whether this is a demonstration: the first events of every store.

        Raises: AlreadyInRegister when the store has events.
        """
        history = self._load(LAW, LegalParameters)
        if history:
            raise AlreadyInRegister("This register was created already.")
        plan: Plan = [(LAW, history, SYSTEM, facts)]
        if demonstration:
            plan.append((DEMONSTRATION, History(DEMONSTRATION), SYSTEM, (Claimed(),)))
        return self._save(Act(SYSTEM, at, Law()), plan, LAW, uuid4())

    def record(self, command: Command, *, dry_run: bool = False) -> Recorded:
        """
        Record one event, with the rulings and markers that go with it.

        Refuses: what the decision on the event refuses. Raises: Stale for another version than the one seen, KeyReused for a key that came back with
        another request, NotInRegister, AlreadyInRegister, Malformed.
        """
        if command.key and (answered := self._answered(command)):
            return answered
        try:
            return self._until_saved(command.at, lambda at: self._once(replace(command, at=at), dry_run=dry_run), command)
        except (Refused, Stale, AlreadyInRegister):
            # A twin with the same key may have been recorded since we looked: then its answer is ours.
            if command.key and (answered := self._answered(command)):
                return answered
            raise

    def run_slot(self, case_id: UUID, order_id: UUID, at: datetime) -> Recorded | None:
        """
        Carry out an order whose slot has come, or cancel it when its conditions no longer hold. None when it is done already.

        Law: Article 52(6); procedure section 5.8.
        """
        return self._until_saved(at, lambda now: self._run_slot(case_id, order_id, now))

    def record_on_files(self, files: Iterable[Stream], actor: Actor, at: datetime, fact: PersonalDataEvent, retention: Retention) -> Recorded | None:
        """
        Record what was done about a person's data on every file that names the person: all in one save.

        None when no file names them, or each says already that all was erased.
        Law: Regulation (EU) 2018/1725, Articles 18 to 20. Refuses: R33. Raises: Malformed where the law does not allow an erasure.
        """
        return self._until_saved(at, lambda now: self._record_on_files(tuple(files), Act(actor, now, self.law(now)), fact, retention))

    # -- Recording ------------------------------------------------------------------

    def _record_on_files(self, files: Sequence[Stream], act: Act, fact: PersonalDataEvent, retention: Retention) -> Recorded | None:
        states = [state for state in map(self._state, files) if not is_erased(state, fact.person_ref)]
        for state in states:
            refuse_erasure(state, act, fact, retention)
        plan: Plan = [(state.stream, state, act.actor, decide(state, act, fact)) for state in states]
        return self._save(act, plan, plan[0][0], uuid4()) if plan else None

    def _once(self, command: Command, *, dry_run: bool) -> Recorded:
        state = self._state(command.stream)
        if command.seen is not None and command.seen != state.version:
            raise Stale(command.seen, state.version)
        act = Act(command.actor, command.at, self.law(command.at))
        plan = self._plan(command, act, state)
        if command.key:
            plan.append(self._claim_of_key(command, plan))
        if dry_run:
            events = in_envelopes(act, plan, uuid4(), self._new_id)
            return Recorded(tuple(events), version_of(events, command.stream), 0)
        return self._save(act, plan, command.stream, self._correlation(command))

    def _plan(self, command: Command, act: Act, state: History) -> Plan:
        fact = command.fact
        if isinstance(fact, EntryFact):
            return self._plan_listing(command, act, fact)
        if command.stream.kind == "publication":
            self.records(UUID(command.stream.key))  # there is no publication file without its case
        opening = self._opened_by(command, act, state)
        facts = decide(evolve(state, opening[0]) if opening else state, act, fact)
        if isinstance(fact, ModelDesignatedUnder52_4) and fact.origin == "QUALIFIED_ALERT":
            self._must_carry(fact, act)
        if isinstance(fact, PublicationOrdered):
            listing.order_change(self.records(UUID(command.stream.key)), act, fact)
        plan: Plan = [(command.stream, state, SYSTEM, (event.fact,)) for event in opening]
        plan.append((command.stream, state, command.actor, facts))
        named = opening[0].fact if opening else fact
        if isinstance(named, ModelCaseOpened):
            plan.append(self._claim_lineage(named))
        return plan

    def _opened_by(self, command: Command, act: Act, state: History) -> list[Event[ModelCaseOpened]]:
        """Open a case for its first filing, in the same save: what arrives is never refused for want of a file (procedure 5.1)."""
        if state or not isinstance(command.fact, Filing):
            return []
        named = ModelCaseOpened(lineage_key=f"first filing {command.stream.key}", internal_name=f"Not named yet, filed on {act.day}")
        plan: Plan = [(command.stream, state, SYSTEM, (named,))]
        return in_envelopes(act, plan, uuid4(), self._new_id)

    def _plan_listing(self, command: Command, act: Act, fact: EntryFact) -> Plan:
        """Plan an event of the list recorded directly: its order and its execution at once (dockets)."""
        case_id = UUID(command.stream.key)
        records = self.records(case_id)
        decide(records.entry, act, fact)
        at_slot = self.is_demonstration or act.law.settings["PUBLICATION_SLOT"] == "at_once"
        require(at_slot, R27, "Order it for a slot by PublicationOrdered: everything public happens at slots.")
        fact = fact.model_copy(update={"list_id": records.entry.stream.key})
        listing.refuse_change(records, act, fact)
        order = listing.order_for(fact, act, self._new_id())
        return self._listing(records, act, order, fact, ordered=True)

    def _run_slot(self, case_id: UUID, order_id: UUID, at: datetime) -> Recorded | None:
        records = self.records(case_id)
        order = next((e.fact for e in open_orders(records.publication) if e.fact.order_id == order_id), None)
        if order is None:
            return None
        act = Act(SYSTEM, at, self.law(at))
        fact = listing.entry_fact(order, act, records.entry.stream.key)
        try:
            listing.refuse_change(records, act, fact)
        except (Refused, NotInRegister, AlreadyInRegister, Malformed):
            cancelled = PublicationOrderCancelled(order_id=order_id, on=act.day)
            plan: Plan = [(records.publication.stream, records.publication, SYSTEM, (cancelled,))]
        else:
            plan = self._listing(records, act, order, fact, ordered=False)
        return self._save(act, plan, records.publication.stream, uuid4())

    def _listing(self, records: listing.Records, act: Act, order: PublicationOrdered, fact: Fact, *, ordered: bool) -> Plan:
        """Plan the change of the list, its execution and the marker on the case: one save, guarded by all their versions."""
        number = records.entry.stream.key
        action = {"PUBLISH": "PUBLISHED", "UPDATE": "UPDATED", "REMOVE": "REMOVED", "CORRECT": "CORRECTED"}[order.action]
        executed = PublicationExecuted(order_id=order.order_id, list_id=number)
        marker = ListingRecorded(list_id=number, action=cast("Any", action))
        plan: Plan = [(records.entry.stream, records.entry, act.actor, (fact,))]
        if ordered:
            plan.append((records.publication.stream, records.publication, act.actor, (order,)))
        plan.append((records.publication.stream, records.publication, SYSTEM, (executed,)))
        plan.append((records.case.stream, records.case, SYSTEM, (marker,)))
        if list_id_of(records.case) is None:
            plan.append((LIST_NUMBERS, self._load(LIST_NUMBERS, History), SYSTEM, (Claimed(),)))
        return plan

    def records(self, case_id: UUID) -> listing.Records:
        """Return a case with its publication file, and its entry under the number it has or would be given next. Raises: NotInRegister."""
        case = self._load(Stream("case", str(case_id)), ModelCase)
        if not case:
            raise NotInRegister(f"there is no case {case_id}")
        number = list_id_of(case) or str(self._load(LIST_NUMBERS, History).version + 1)
        publication = self._load(Stream("publication", str(case_id)), Publication)
        return listing.Records(case, publication, self._load(Stream("entry", number), PublicListEntry))

    def _must_carry(self, fact: ModelDesignatedUnder52_4, act: Act) -> None:
        """Refuse a designation whose alert cannot carry it (R11)."""
        alert = self._load(Stream("alert", str(fact.alert_id)), QualifiedAlert)
        require(can_carry_designation(alert, fact.adopted_on or act.day, act.law), R11)

    # -- Claims ---------------------------------------------------------------------

    def _claim_lineage(self, fact: ModelCaseOpened) -> tuple[Stream, History, Actor, Facts]:
        stream = lineage_claim(fact.lineage_key)
        taken = self._load(stream, History)
        if taken:
            raise AlreadyInRegister("Another case has this lineage_key: one lineage is one case.")
        return (stream, taken, SYSTEM, (Claimed(),))

    def _claim_of_key(self, command: Command, plan: Plan) -> tuple[Stream, History, Actor, Facts]:
        stream = request_claim(f"{command.actor.ref}:{command.key}")
        versions: dict[Stream, tuple[int, int]] = {}
        for name, state, _, facts in plan:
            first, last = versions.get(name, (state.version + 1, state.version))
            versions[name] = (first, last + len(facts))
        written = tuple(Written(stream=str(name), first=first, last=last) for name, (first, last) in versions.items())
        return (stream, self._load(stream, History), command.actor, (Claimed(body_hash=command.body_hash, written=written),))

    def _answered(self, command: Command) -> Recorded | None:
        """Return the first answer to a repeated request."""
        claim = self._load(request_claim(f"{command.actor.ref}:{command.key}"), History).last(Claimed)
        if claim is None:
            return None
        if claim.fact.body_hash != command.body_hash:
            raise KeyReused("This Idempotency-Key was used with another request.")
        parts = [self._stretch(part) for part in claim.fact.written]
        # A plan begins with the stream that was addressed.
        return Recorded(tuple(event for part in parts for event in part), parts[0][-1].version, 0)

    def _stretch(self, part: Written) -> list[Event[Any]]:
        stream_id = parse_stream(part.stream).id
        return [cast("Event[Any]", e) for e in self.events.get(stream_id, gt=part.first - 1, lte=part.last)]

    # -- Loading and saving -----------------------------------------------------------

    def _state(self, stream: Stream) -> History:
        return self._load(stream, STATES[stream.kind]) if stream.kind != "entry" else self._load(self._addressed(stream), PublicListEntry)

    def _addressed(self, stream: Stream) -> Stream:
        """Return the stream that is written: an entry is addressed by its case and stored under its own number."""
        return self.records(UUID(stream.key)).entry.stream if stream.kind == "entry" else stream

    def _load(self, stream: Stream, kind: type[H]) -> H:
        """Return a state brought up to date: what is cached, with the events recorded since."""
        with self._lock:
            state = cast("H", self._loaded.get(stream) or kind(stream))
        for event in self.events.get(stream.id, gt=state.version or None):
            state = evolve(state, cast("Event[Any]", event))
        with self._lock:
            self._loaded[stream] = state
            self._loaded.move_to_end(stream)
            if len(self._loaded) > 4096:
                self._loaded.popitem(last=False)
        return state

    def _until_saved(self, at: datetime, attempt: Callable[[datetime], R], command: Command | None = None) -> R | Recorded:
        for _ in range(MOST_TRIES):
            try:
                return attempt(at)
            except ClockBehind as behind:
                at = EPOCH + timedelta(microseconds=behind.last)  # the known axis never runs backwards
            except IntegrityError:
                if command and command.key and (answered := self._answered(command)):
                    return answered
        raise TooBusy("Others record on the same records without pause; try again.")

    def _save(self, act: Act, plan: Plan, addressed: Stream, correlation: UUID) -> Recorded:
        events = in_envelopes(act, plan, correlation, self._new_id)
        # Commit point: all events of the act, or none.
        recordings = self.save(*events, recorded_at=(act.at - EPOCH) // timedelta(microseconds=1))
        return Recorded(tuple(events), version_of(events, addressed), recordings[-1].notification.id)

    @staticmethod
    def _correlation(command: Command) -> UUID:
        return uuid5(STREAMS, f"{command.actor.ref}:{command.key}") if command.key else uuid4()
