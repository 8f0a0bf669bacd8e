"""What a request is answered: what was recorded, the new version, and how the case stands after it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from starlette.responses import Response

from api.deps import Register
from api.dockets.questions import as_answer
from api.rest.addresses import OF_A_CASE
from domain.actors import READS_EVERYTHING, Actor, Role
from domain.clocks import Clock
from domain.ids import Stream
from domain.law.periods import legal_day
from domain.model_case.case import ModelCase
from domain.model_case.effects import clocks, standing
from domain.model_case.provider import AuthorisedRepresentativeAppointed, providers_on
from domain.publication import Publication, claim_clock
from domain.record import Event, evolve
from domain.types import utc_text

READ_ONLY = READS_EVERYTHING | {Role.PUBLICATION_OFFICER}
FILING_ROLES = (Role.PROVIDER, Role.AUTHORISED_REPRESENTATIVE)


@dataclass(frozen=True, slots=True)
class View:
    """How a case stands, as far as the reader may see it; nothing while the read models are behind."""

    read_model: str
    status: str | None = None
    clocks: list[dict[str, Any]] | None = None


def json_answer(body: dict[str, Any], *, status: int = 200, version: int | None = None) -> Response:
    """Return an answer, with the version of the record as its tag. Nothing of it may be kept on the way: it is confidential (Article 78)."""
    headers = {"Cache-Control": "no-store"} | ({} if version is None else {"ETag": f'"{version}"'})
    return Response(orjson.dumps(body), status, headers, "application/json")


def shown(event: Event[Any]) -> dict[str, Any]:
    """Return an event in plain values."""
    return {
        "event_id": str(event.event_id),
        "stream": str(event.stream),
        "version": event.version,
        "topic": event.topic,
        "recorded_at": utc_text(event.recorded_at),
        "data": event.fact.model_dump(mode="json", exclude_none=True),
    }


# -- How a case stands -----------------------------------------------------------


def view(register: Register, stream: Stream, actor: Actor, at: datetime, *, imagined: tuple[Event[Any], ...] = ()) -> View:
    """Return how the case of a record stands, `imagined` events included. The read models must have caught up."""
    if stream.kind not in OF_A_CASE:
        return View("current")
    history = tuple(row.event for row in register.office.history(UUID(stream.key), at)) + imagined
    case, publication = ModelCase(Stream("case", stream.key)), Publication(Stream("publication", stream.key))
    for event in history:
        case = evolve(case, event) if event.stream == case.stream else case
        publication = evolve(publication, event) if event.stream == publication.stream else publication
    if not may_read(actor, case, at):
        return View("current")
    law = register.office.law(at)
    claim = claim_clock(publication, law, legal_day(at))
    found = [*clocks(case, law, at), *([claim] if claim else [])]
    return View("current", str(standing(case, law, at, at).status), [as_answer(clock) for clock in found if _may_see(actor, clock)])


def may_read(actor: Actor, case: ModelCase, at: datetime) -> bool:
    """
    Tell whether somebody may read how a case stands: the office, and whoever's own file it is.

    Law: Article 78(1); Charter, Article 41(2)(b).
    """
    if actor.role in READ_ONLY:
        return True
    if actor.role is Role.PROVIDER:
        return actor.ref in providers_on(case, legal_day(at))
    representatives = {event.fact.representative_ref for event in case.of(AuthorisedRepresentativeAppointed)}
    return actor.role is Role.AUTHORISED_REPRESENTATIVE and actor.ref in representatives


def _may_see(actor: Actor, clock: Clock) -> bool:
    """Of the clocks, a publication officer sees the one that publication waits for."""
    return actor.role is not Role.PUBLICATION_OFFICER or clock.clock == "D9"
