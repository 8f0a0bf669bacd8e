"""The page of a case: where it stands at a pair of times, why, what runs, what was recorded, and what may be recorded next."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.responses import Response

from api.stores.documents import Document
from domain.actors import READS_EVERYTHING, Role
from domain.clocks import State
from domain.events import EVENTS, documents_named
from domain.law.periods import legal_day
from domain.law.provisions import FOREVER
from domain.model_case import identity, provider, threshold
from domain.model_case.case import CommissionDecision, ModelCase
from domain.model_case.effects import MOVES_STATUS, Standing
from domain.next_steps import NextStep
from projections.office.questions import CaseRow
from registry_site.office.acts import Line, lines_of
from registry_site.office.asked import parameters
from registry_site.office.desk import Desk, NotThere, Visit
from registry_site.office.grounds_picture import Mark, grounds_picture
from registry_site.office.letters.kinds import OF_LETTERS
from registry_site.office.places import fillers
from registry_site.office.times import TIMES, Times, times_of

OF_PUBLICATION = ("publication", "entry")
"""Records of a case whose events a publication officer reads (the table of roles in events.md)."""
RUNS = frozenset({State.RUNNING, State.BARRED, State.PROVISIONAL})


@dataclass(frozen=True, slots=True)
class Reference:
    """A document that an event names, with what is stored of it; an event may name what nobody stored."""

    line: Line
    field: str
    hash: str
    stored: Document | None


@dataclass(frozen=True, slots=True)
class Steps:
    """What may be recorded next: by the reader, by others, and not at all now."""

    mine: list[NextStep]
    others: list[NextStep]
    refused: list[NextStep]


def case(desk: Desk, visit: Visit) -> Response:
    """
    Show a case at a pair of times, now by default; that it was read is noted.

    Of the clocks, a publication officer sees the one that publication waits for, and of the history what concerns the list.
    Law: Article 78(1). Raises: NotThere, BadQuestion.
    """
    row, now = case_row_of(desk, visit), desk.clock()
    times = times_of(parameters(visit.request.url.query, TIMES), now, desk.office.law(now).settings["LEGAL_DAY_IN_QUERIES"])
    role = visit.session.actor.role
    answer = shown(desk, row, times, role)
    steps = None if times.asked else _steps(desk.office.next_steps(UUID(row.case_id), now), role)
    desk.note_read(visit, [f"case/{row.case_id}"])
    return desk.page("case.html", visit.request, visit.session, case=row, times=times, steps_found=steps, forever=FOREVER, **answer)


def case_row_of(desk: Desk, visit: Visit) -> CaseRow:
    """Return the case that an address names. Raises: NotThere."""
    try:
        row = desk.office.case_row(UUID(visit.request.path_params["case_id"]))
    except ValueError:
        raise NotThere from None
    if row is None:
        raise NotThere
    return row


def shown(desk: Desk, row: CaseRow, times: Times, role: Role) -> dict[str, Any]:
    """Return what a page tells of a case at a pair of times, as far as a role reads it."""
    whole, case_id = role in READS_EVERYTHING, UUID(row.case_id)
    standing = desk.office.standing(case_id, times.valid_at, times.known_at)
    found = [clock for clock in desk.office.clocks(case_id, times.valid_at, times.known_at) if whole or clock.clock == "D9"]
    lines = [line for line in lines_of(desk.office.history(case_id, times.known_at)) if whole or line.event.stream.kind in OF_PUBLICATION]
    state = desk.office.records(case_id, times.known_at).case
    return {
        "whole": whole,
        "standing": standing,
        "clocks_found": found,
        "running": [clock for clock in found if clock.state in RUNS and clock.satisfied_by is None],
        "lines": lines,
        "providers": providers(state, times),
        "model_facts": facts(state, times, whole=whole),
        "references": references(desk, lines),
        "letters": OF_LETTERS,
        "picture": picture_of(standing, lines, times) if whole else None,
    }


def _steps(found: list[NextStep], role: Role) -> Steps:
    """Sort what may come next, drafts of decisions among the reader's own; whoever does not read the whole file is told of their own acts only."""
    mine = [step for step in found if role in fillers(EVENTS[step.event])]
    others = [step for step in found if step not in mine and set(step.recorded_by) != {Role.SYSTEM}] if role in READS_EVERYTHING else []
    possible = [step for step in others if step.possible]
    refused = [step for step in (*mine, *others) if not step.possible]
    return Steps([step for step in mine if step.possible], possible, refused)


# -- Facts -------------------------------------------------------------------------------


def providers(state: ModelCase, times: Times) -> list[tuple[str, str]]:
    """Return name and country of each provider on the day; a natural person is a reference, the name stands in the vault."""
    known = {event.fact.provider_ref: event.fact for event in state.of(provider.ProviderIdentified)}
    refs = sorted(provider.providers_on(state, legal_day(times.valid_at)))
    return [(known[ref].legal_name or str(ref), known[ref].country) if ref in known else (str(ref), "") for ref in refs]


def facts(state: ModelCase, times: Times, *, whole: bool) -> list[tuple[str, Any]]:
    """Return what is recorded of the model itself, by the name of its kind."""
    day, placed = legal_day(times.valid_at), identity.placed_on(state)
    announced = min((event.fact.on for event in state.of(identity.ModelPubliclyAnnounced)), default=None)
    found: list[tuple[str, Any]] = [
        ("names", marketed_names(state)),
        ("placed", placed if placed and placed <= day else None),
        ("announced", announced),
        ("off_market", identity.off_market_since(state, day)),
    ]
    if whole:
        found += [("lineage", event.fact.lineage_key) for event in state.of(identity.ModelCaseOpened)]
        found += [("compute", event.fact) for event in state.of(threshold.ThresholdMet)]
    return [(name, value) for name, value in found if value]


def marketed_names(state: ModelCase) -> list[str]:
    """Return every name under which the model is marketed or announced, in the order of recording."""
    named = state.among(identity.ModelPlacedOnUnionMarket, identity.ModelPubliclyAnnounced)
    names = [name for event in named for name in event.fact.marketed_names]
    return list(dict.fromkeys([*names, *(event.fact.marketed_name for event in state.of(identity.MarketedNameAdded))]))


def references(desk: Desk, lines: list[Line]) -> list[Reference]:
    """Return every reference to a document, in the order of recording."""
    named = [(line, field, digest) for line in lines for field, digest in documents_named(line.event.fact)]
    known = desk.documents.known({digest for _, _, digest in named})
    return [Reference(line, field, digest, known.get(digest)) for line, field, digest in named]


# -- Grounds over time ---------------------------------------------------------------------


def picture_of(standing: Standing, lines: list[Line], times: Times) -> Any:
    """Draw the grounds, with the events that can move them."""
    moving = [line for line in lines if line.event.topic in MOVES_STATUS or isinstance(line.event.fact, CommissionDecision)]
    begun = [legal_day(span[0]) for spans in standing.spans.values() for span in spans] + [legal_day(line.event.recorded_at) for line in lines[:1]]
    # What happened long before, such as the founding of the provider, would push all that matters to the edge.
    marks = [Mark(line.number, line.happened_on) for line in moving if line.happened_on and line.happened_on >= min(begun)]
    number = sum(map(len, standing.spans.values()))
    active = ", ".join(str(ground).lower() for ground, _ in standing.active) or "none"
    finding = f"{number} period{'' if number == 1 else 's'} of classification in all; active on the day asked about: {active}."
    return grounds_picture(standing.spans, marks, legal_day(times.valid_at), title="Grounds of classification over time", finding=finding)
