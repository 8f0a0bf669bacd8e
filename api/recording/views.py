"""How a case stands, as far as somebody may see it: after what was recorded, or after what would be."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from api.deps import Register
from api.dockets.questions import as_answer
from api.recording.addresses import OF_A_CASE
from domain.actors import READS_EVERYTHING, Actor, Role
from domain.clocks import Clock
from domain.ids import Kind, Stream
from domain.law.periods import legal_day
from domain.model_case.case import ModelCase
from domain.model_case.decision import informed_at
from domain.model_case.effects import Standing, clocks, standing
from domain.model_case.provider import mandates_on, providers_on
from domain.publication import Publication, claim_clock
from domain.record import Event, evolve

READ_ONLY = READS_EVERYTHING | {Role.PUBLICATION_OFFICER}
FILING_ROLES = (Role.PROVIDER, Role.AUTHORISED_REPRESENTATIVE)
EVERYBODY = frozenset(Role)
READERS: dict[Kind, frozenset[Role]] = {
    "case": READ_ONLY.union(FILING_ROLES),
    "publication": READ_ONLY.union(FILING_ROLES),
    "entry": READ_ONLY,
    "alert": READS_EVERYTHING | {Role.PANEL},
    "challenge": EVERYBODY,
    "law": EVERYBODY,
    "register": EVERYBODY,
}
"""Which roles learn the version of a record; of the filing roles only those whose own file it is."""


@dataclass(frozen=True, slots=True)
class View:
    """How a case stands, as far as the reader may see it; nothing while the read models are behind."""

    read_model: str
    status: str | None = None
    clocks: list[dict[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Stands:
    """Status with its grounds, and clocks, as far as the reader may see them."""

    standing: Standing
    clocks: tuple[Clock, ...]


def view(register: Register, stream: Stream, actor: Actor, at: datetime, *, imagined: tuple[Event[Any], ...] = ()) -> View:
    """Return how the case of a record stands, `imagined` events included, in plain values. The read models must have caught up."""
    found = stands(register, stream, actor, at, imagined=imagined)
    if found is None:
        return View("current")
    return View("current", str(found.standing.status), [as_answer(clock) for clock in found.clocks])


def stands(register: Register, stream: Stream, actor: Actor, at: datetime, *, imagined: tuple[Event[Any], ...] = ()) -> Stands | None:
    """Return how the case of a record stands, `imagined` events included; None where there is no case, or none that somebody may read."""
    if stream.kind not in OF_A_CASE:
        return None
    history = tuple(row.event for row in register.office.history(UUID(stream.key), at)) + imagined
    case, publication = ModelCase(Stream("case", stream.key)), Publication(Stream("publication", stream.key))
    for event in history:
        case = evolve(case, event) if event.stream == case.stream else case
        publication = evolve(publication, event) if event.stream == publication.stream else publication
    if not may_read(actor, case, at):
        return None
    law = register.office.law(at)
    claim = claim_clock(publication, law, legal_day(at))
    found = (*clocks(case, law, at), *([claim] if claim else []))
    return Stands(standing(case, law, at, at), tuple(clock for clock in found if _may_see(actor, case, clock)))


def may_read(actor: Actor, case: ModelCase, at: datetime) -> bool:
    """
    Tell whether somebody may read how a case stands: the office, and whoever's own file it is.

    Law: Article 78(1); Charter, Article 41(2)(b).
    """
    if actor.role in READ_ONLY:
        return True
    if actor.role is Role.PROVIDER:
        return actor.ref in providers_on(case, legal_day(at))
    return actor.role is Role.AUTHORISED_REPRESENTATIVE and actor.ref in represented_by(case, legal_day(at))


def represented_by(case: ModelCase, day: date) -> frozenset[UUID]:
    """
    Return who has a mandate of a provider on a day that the office or a provider recorded: nobody lets themselves into a file.

    Law: Article 54(1), (3) and (5).
    """
    providers = providers_on(case, day)
    vouched_for = [e.fact for e in mandates_on(case, day) if e.role is Role.CASE_OFFICER or e.actor_ref in providers]
    return frozenset(mandate.representative_ref for mandate in vouched_for if mandate.provider_ref in providers)


def _may_see(actor: Actor, case: ModelCase, clock: Clock) -> bool:
    """
    Tell whether somebody who may read a case sees a clock of it.

    A publication officer sees the one that publication waits for; a party no waiting period of a decision that nobody was informed of yet, which
    can be opposed to nobody (Article 297(2) TFEU).
    """
    if actor.role is Role.PUBLICATION_OFFICER:
        return clock.clock == "D9"
    unheard_of = clock.clock in ("D4", "D5") and (clock.about is None or informed_at(case, clock.about) is None)
    return not (actor.role in FILING_ROLES and unheard_of)
