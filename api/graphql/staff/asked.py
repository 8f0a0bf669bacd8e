"""Who asks the staff schema, and what each role may read (the table of roles stands with the events)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension

from api.auth import Caller
from api.graphql.common.errors import FORBIDDEN
from api.graphql.common.scalars import Moment
from api.stores.access_log import AccessAct, AccessLog
from api.stores.documents import DocumentStore
from domain.actors import READS_EVERYTHING, Actor, Role
from domain.ids import Stream
from domain.law.periods import meant_by
from domain.model_case.case import ModelCase
from domain.record import evolve
from projections.office.questions import EventRow, Office


@dataclass
class StaffContext:
    """What the resolvers of the staff schema may know: the questions, who asks, and the time of the request. It notes what was read."""

    office: Office
    documents: DocumentStore
    caller: Caller
    log: AccessLog
    clock: Callable[[], datetime]
    address: str = "/staff/graphql"
    touched: set[str] = field(default_factory=set)
    """Streams that the answer tells something of."""
    refused: bool = False
    """Something was asked for that this role does not read."""
    _histories: dict[tuple[UUID, datetime], tuple[EventRow, ...]] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """Who asks."""
        return self.caller.actor

    @cached_property
    def now(self) -> datetime:
        """The time of the request, one for all its fields."""
        return self.clock()

    @cached_property
    def reading(self) -> str:
        """What a bare day means now (switch LEGAL_DAY_IN_QUERIES)."""
        return self.office.law(self.now).settings["LEGAL_DAY_IN_QUERIES"]

    def at(self, asked: Moment | None) -> datetime:
        """Return the instant asked for, now by default."""
        if asked is None or isinstance(asked, datetime):
            return asked or self.now
        return meant_by(asked, self.reading)

    def history(self, case_id: UUID, known_at: datetime) -> tuple[EventRow, ...]:
        """Return the events of a case as known at an instant, loaded once for all fields that need them."""
        key = (case_id, known_at)
        if key not in self._histories:
            self._histories[key] = self.office.history(case_id, known_at)
        return self._histories[key]

    def case(self, case_id: UUID, known_at: datetime) -> ModelCase:
        """Return the state of a case as known at an instant."""
        state = ModelCase(Stream("case", str(case_id)))
        for row in self.history(case_id, known_at):
            state = evolve(state, row.event) if row.event.stream.kind == "case" else state
        return state

    def note(self) -> None:
        """Note in the access log what was read, one row for the request, and what was refused."""
        if self.touched:
            self.log.note(AccessAct.READ, by=self.caller.by, actor=self.actor, subjects=self.touched)
        if self.refused:
            self.log.note(AccessAct.REFUSED, "ROLE", by=self.caller.by, actor=self.actor, subjects=[self.address])


Info = strawberry.Info[StaffContext, None]


class ReadBy(BasePermission):
    """Lets some roles read a field, and tells others so."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self._roles = roles
        self.message = f"This is read by {', '.join(sorted(roles))}."
        self.error_extensions = {"code": FORBIDDEN}

    def has_permission(self, source: Any, info: strawberry.Info[Any, Any], **kwargs: Any) -> bool:
        """Tell whether whoever asks may read the field."""
        allowed = info.context.actor.role in self._roles
        info.context.refused |= not allowed
        return allowed


CASE_FILES = READS_EVERYTHING
"""Case files are read by those who work on them, and by auditors."""
AUDITORS = frozenset({Role.AUDITOR})
"""The access log is read by auditors alone."""
STATUS = READS_EVERYTHING | {Role.PUBLICATION_OFFICER}
"""Status, providers and market of a case are read by those who publish it too."""


def read_by(roles: frozenset[Role]) -> list[FieldExtension]:
    """Return what makes a field one of some roles only."""
    return [PermissionExtension([ReadBy(roles)])]
