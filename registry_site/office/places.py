"""Where something is recorded in the workbench: which record, which event, who may, and on which version."""

from dataclasses import dataclass

from api.recording.addresses import Address, events_of, kebab, stream_at
from api.recording.commands import OPENINGS, version_of
from domain.actors import Actor, Role
from domain.errors import NotInRegister
from domain.ids import Stream
from domain.model_case.case import CommissionDecision, Filing
from domain.record import Fact
from registry_site.office.desk import RECORDING, WORKBENCH, Desk, NotForRole, NotThere, Visit

DRAFTERS = frozenset({Role.CASE_OFFICER, Role.DECISION_OFFICER})
"""Who drafts decisions; only decision officers adopt them (procedure section 1)."""
PEOPLE = frozenset(Role) - {Role.SYSTEM, Role.PUBLIC}


@dataclass(frozen=True, slots=True)
class Place:
    """An event to be recorded on a record, as its address names it."""

    collection: str
    address: Address

    @property
    def stream(self) -> Stream:
        """The record."""
        return self.address.stream

    @property
    def kind(self) -> type[Fact]:
        """The event."""
        return self.address.kind

    @property
    def path(self) -> str:
        """The address of the form."""
        return f"{home(self.collection, self.stream.key)}{RECORDING}{kebab(self.kind.TOPIC)}"

    @property
    def back(self) -> str:
        """The address of the page of the record; of an entry that is the publication desk of its case."""
        return home("publications" if self.collection == "entries" else self.collection, self.stream.key)

    @property
    def is_drafted(self) -> bool:
        """Tell whether this is a decision, which a second officer adopts (R31)."""
        return issubclass(self.kind, CommissionDecision)


def home(collection: str, key: str) -> str:
    """Return the address of the page of a record."""
    return f"{WORKBENCH}{collection}/{key}" if key else f"{WORKBENCH}{collection}"


def place_of(visit: Visit) -> Place:
    """
    Return what the address of a form names, for a role that may fill it in.

    Raises: NotThere; NotForRole for an event that others record.
    """
    given = visit.request.path_params
    collection = given["collection"]
    try:
        stream = stream_at(collection, given.get("key", ""))
    except NotInRegister:
        raise NotThere from None
    kind = events_of(stream.kind).get(given["event"])
    if kind is None:
        raise NotThere
    if visit.session.actor.role not in fillers(kind):
        raise NotForRole
    return Place(collection, Address(stream, kind))


def fillers(kind: type[Fact]) -> frozenset[Role]:
    """Return the roles that fill in the form of an event: who records it, and who drafts it."""
    return (kind.RECORDED_BY | (DRAFTERS if issubclass(kind, CommissionDecision) else frozenset())) & PEOPLE


def version_at(desk: Desk, place: Place, actor: Actor) -> int:
    """
    Return the version of a record as somebody sees it: 0 for one that this very event would open.

    Raises: NotThere for a record that is not there, or not for them.
    """
    try:
        return version_of(desk.register, place.stream, actor, desk.clock())
    except NotInRegister:
        opens = place.kind in OPENINGS or (issubclass(place.kind, Filing) and not desk.register.registry.case(place.stream))
        if not opens:
            raise NotThere from None
        return 0
