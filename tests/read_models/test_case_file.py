"""The case file: every event of a case with its very bytes; cases by name; clocks; orders that wait."""

from datetime import date, timedelta
from uuid import UUID

import orjson
import pytest

from api.wiring import Register
from domain.ids import LAW, Stream
from projections.office.questions import CaseFilter
from tests.read_models.cases import TICK, events_of
from tests.read_models.folding import ReadSide, Told
from tests.scenario import ALPHA, brussels, case, document, fact, named, notified, opened, provider, publication, threshold_amended, threshold_met

MARCH_2, MARCH_10 = brussels("2026-03-02"), brussels("2026-03-10")
DAY = timedelta(days=1)
ALPHA_ID = UUID(ALPHA.key)
CALENDAR = {"calendar_version": 1, "year": 2026, "days": ["2026-01-01"], "unverified_days": [], "source": "test", "published_on": "2026-01-01"}


@pytest.fixture
def side(read_side: ReadSide, demonstration: Register) -> ReadSide:
    """The demonstration, folded in batches that cut through acts."""
    return read_side.fold(Told(demonstration.recorder.raw_events(0, 1_000_000), [50, 7, 101, 1, 1, 1, 331]))


def test_the_case_file_holds_every_byte_of_every_event(side: ReadSide, demonstration: Register) -> None:
    raw = demonstration.recorder.raw_events(0, 1_000_000)
    rows = side.office.events(first=1_000_000)
    assert [(row.position, row.event.topic, row.state) for row in rows] == [(position, topic, bytes(state)) for position, topic, state in raw]
    by_page = []
    while page := side.office.events(first=100, after=by_page[-1].position if by_page else 0):
        by_page += page
    assert by_page == list(rows)


def test_the_history_of_a_case_is_all_there_is_about_it(side: ReadSide, demonstration: Register) -> None:
    """Its own stream, its publication file, and the entry of the list that its marker names; nothing of another case."""
    bodies = [orjson.loads(state) for _, _, state in demonstration.recorder.raw_events(0, 1_000_000)]
    owners = {body["data"]["list_id"]: body["stream"].partition("/")[2] for body in bodies if body["topic"] == "ListingRecorded"}
    cases = {body["stream"].partition("/")[2] for body in bodies if body["topic"] == "ModelCaseOpened"}
    assert len(cases) > 40
    for case_id in cases:
        streams = {f"case/{case_id}", f"publication/{case_id}", *(f"entry/{number}" for number, owner in owners.items() if owner == case_id)}
        expected = [body["event_id"] for body in bodies if body["stream"] in streams]
        assert [str(row.event.event_id) for row in side.office.history(UUID(case_id))] == expected


def test_the_history_of_a_case_is_what_was_known_of_it(read_side: ReadSide) -> None:
    read_side.fold(Told.of(events_of([(MARCH_2, ALPHA, opened()), (MARCH_10, ALPHA, threshold_met("2026-03-01"))])))
    topics = [row.event.topic for row in read_side.office.history(ALPHA_ID)]
    assert topics == [row.event.topic for row in read_side.office.history(ALPHA_ID, MARCH_10)] == ["ModelCaseOpened", "ThresholdMet"]
    assert [row.event.topic for row in read_side.office.history(ALPHA_ID, MARCH_10 - TICK)] == ["ModelCaseOpened"]
    assert read_side.office.history(ALPHA_ID, MARCH_2 - TICK) == ()
    assert read_side.office.history(UUID(int=1)) == ()


def test_events_are_found_by_type_actor_and_time(read_side: ReadSide) -> None:
    read_side.fold(
        Told.of(events_of([(MARCH_2, ALPHA, opened()), (MARCH_10, ALPHA, threshold_met("2026-03-01")), (MARCH_10 + DAY, ALPHA, provider())]))
    )
    events = read_side.office.events

    def topics(**wanted: object) -> list[str]:
        return [row.event.topic for row in events(first=10, **wanted)]  # type: ignore[arg-type]

    assert topics(types=["ThresholdMet", "NoSuchThing"]) == ["ThresholdMet"]
    assert topics(since=MARCH_10) == ["ThresholdMet", "ProviderIdentified"]
    assert topics(since=MARCH_10 + TICK, until=MARCH_10 + DAY) == ["ProviderIdentified"]
    assert topics(until=MARCH_10 - TICK) == ["ModelCaseOpened"]
    assert topics(actor=str(named("nobody"))) == []
    assert len(topics(actor=str(named("CASE_OFFICER")))) == 3


def test_cases_are_found_by_their_names_page_by_page(read_side: ReadSide) -> None:
    names = ("alpha", "beta", "gamma")
    happened = [(MARCH_2 + n * DAY, case(name), opened(name)) for n, name in enumerate(names)]
    named_later = (MARCH_10, case("beta"), provider(name="Ångström 100%"))
    read_side.fold(Told.of(events_of([*happened, named_later]), [2, 1]))

    def found(search: str = "", **more: object) -> list[str]:
        return [row.internal_name for _, row in read_side.office.cases(CaseFilter(MARCH_10, search=search, **more), first=10)]  # type: ignore[arg-type]

    assert found() == ["Alpha", "Beta", "Gamma"]
    assert found("ÅNGSTRÖM") == found("100%") == found("beta-1") == found(case("beta").key) == ["Beta"]
    assert found("%%") == found("al_ha") == found("\x00") == []
    assert found(known_at=MARCH_2 + DAY) == ["Alpha", "Beta"]
    assert found(known_at=MARCH_2 + DAY - TICK) == ["Alpha"]
    ((number, first),) = read_side.office.cases(CaseFilter(MARCH_10), first=1)
    assert (number, first.internal_name, first.version, first.opened_at) == (1, "Alpha", 1, MARCH_2)
    assert [row.internal_name for _, row in read_side.office.cases(CaseFilter(MARCH_10), first=10, after=1)] == ["Beta", "Gamma"]
    row = read_side.office.case_row(UUID(case("beta").key))
    assert row
    assert (row.version, row.list_id) == (2, None)
    assert read_side.office.case_row(UUID(int=1)) is None


# -- Clocks ------------------------------------------------------------------------------


def due(side: ReadSide, day: str) -> list[str]:
    return [row.internal_name for _, row in side.office.cases(CaseFilter(MARCH_10, clock_due_before=date.fromisoformat(day)), first=10)]


HOLIDAYS = (MARCH_2, LAW, fact("HolidayCalendarPublished", **CALENDAR))
MET = (MARCH_2, ALPHA, threshold_met("2026-03-01"))


@pytest.mark.parametrize("size", [1, 100])
def test_a_case_is_due_until_its_clock_is_satisfied(read_side: ReadSide, size: int) -> None:
    history = [HOLIDAYS, (MARCH_2, ALPHA, opened()), MET]
    read_side.fold(Told.of(events_of(history), [size]))
    (clock,) = read_side.office.clocks(ALPHA_ID, MARCH_2)
    assert (clock.clock, clock.due, clock.state) == ("D1", date(2026, 3, 16), "RUNNING")
    assert (due(read_side, "2026-03-16"), due(read_side, "2026-03-17")) == ([], ["Alpha"])
    read_side.fold(Told.of(events_of([*history, (MARCH_10, ALPHA, notified(MARCH_10))]), [size]))
    assert due(read_side, "2027-01-01") == []
    (clock,) = read_side.office.clocks(ALPHA_ID, MARCH_10)
    assert clock.state == "WITHIN_OUTER_LIMIT"
    (clock,) = read_side.office.clocks(ALPHA_ID, MARCH_10, MARCH_10 - TICK)
    assert clock.state == "RUNNING"


@pytest.mark.parametrize("size", [1, 100])
def test_a_clock_that_turns_into_another_leaves_nothing_behind(read_side: ReadSide, size: int) -> None:
    legacy = (MARCH_10, ALPHA, fact("ModelPlacedOnUnionMarket", on="2025-07-01", manner="API", marketed_names=["Alpha"]))
    read_side.fold(Told.of(events_of([HOLIDAYS, (MARCH_2, ALPHA, opened()), MET, legacy]), [size]))
    assert [row[1] for row in read_side.rows()["clocks"]] == ["D1-L"]
    assert (due(read_side, "2027-08-02"), due(read_side, "2027-08-03")) == ([], ["Alpha"])


@pytest.mark.parametrize("size", [1, 100])
def test_a_calendar_moves_the_clocks_of_every_case(read_side: ReadSide, size: int) -> None:
    """Also of a case in which no condition was ever met: only known that it will be."""
    known = (MARCH_2, ALPHA, fact("ThresholdExpectedToBeMet", became_known_on="2026-03-01", basis="ESTIMATE"))
    holiday = fact("HolidayCalendarPublished", **{**CALENDAR, "calendar_version": 2, "days": ["2026-03-16"]})
    read_side.fold(Told.of(events_of([HOLIDAYS, (MARCH_2, ALPHA, opened()), known, (MARCH_10, LAW, holiday)]), [size]))
    assert (due(read_side, "2026-03-17"), due(read_side, "2026-03-18")) == ([], ["Alpha"])


CONTENT = {"provider_name": "Alpha AI", "provider_country": "FR", "marketed_names": ["Alpha"], "public_grounds": ["51(1)(a)"]}
PROPOSED = (MARCH_2, publication(), fact("PublicationContentProposed", case_id=ALPHA.key, proposed_at=MARCH_2.isoformat(), **CONTENT))
CLAIMED = fact(
    "ConfidentialityClaimLodged", claim_id=named("claim"), received_at=MARCH_10.isoformat(), filer_ref=named("alpha-ai"),
    claimed_fields=["provider_name"], reasons_hash=document("claim"),
)  # fmt: skip
GRANTED = fact(
    "ConfidentialityClaimDecided", claim_id=named("claim"), notified_at=MARCH_10.isoformat(), granted_fields=["provider_name"],
    reasons_hash=document("granted"),
)  # fmt: skip
ORDERED = fact("PublicationOrdered", order_id=named("order"), action="REMOVE", slot_at=brussels("2026-03-18"), public_reason="ANNULLED")


@pytest.mark.parametrize("size", [1, 100])
def test_what_is_to_be_published_is_due_until_its_provider_claims(read_side: ReadSide, size: int) -> None:
    """Clock D9 is on the publication file, and is found like the clocks of the case (procedure 2.3)."""
    history = [HOLIDAYS, (MARCH_2, ALPHA, opened()), PROPOSED, (MARCH_10, ALPHA, provider())]
    read_side.fold(Told.of(events_of(history), [size]))
    assert (due(read_side, "2026-03-16"), due(read_side, "2026-03-17")) == ([], ["Alpha"])
    read_side.fold(Told.of(events_of([*history, (MARCH_10, publication(), CLAIMED), (MARCH_10, publication(), GRANTED)]), [size]))
    assert due(read_side, "2027-01-01") == []


@pytest.mark.parametrize("size", [1, 100])
def test_what_is_to_be_published_is_due_until_the_time_passed_in_silence(read_side: ReadSide, size: int) -> None:
    history = [HOLIDAYS, (MARCH_2, ALPHA, opened()), PROPOSED, (brussels("2026-03-16", 23), publication(), ORDERED)]
    read_side.fold(Told.of(events_of(history), [size]))
    assert due(read_side, "2026-03-17") == ["Alpha"]
    executed = fact("PublicationExecuted", order_id=named("order"), list_id="1")
    read_side.fold(Told.of(events_of([*history, (brussels("2026-03-17", 0), publication(), executed)]), [size]))
    assert due(read_side, "2027-01-01") == []


@pytest.mark.parametrize("size", [1, 100])
def test_a_calendar_moves_the_clock_of_what_is_to_be_published(read_side: ReadSide, size: int) -> None:
    holiday = fact("HolidayCalendarPublished", **{**CALENDAR, "calendar_version": 2, "days": ["2026-03-16"]})
    read_side.fold(Told.of(events_of([HOLIDAYS, (MARCH_2, ALPHA, opened()), PROPOSED, (MARCH_10, LAW, holiday)]), [size]))
    assert (due(read_side, "2026-03-17"), due(read_side, "2026-03-18")) == ([], ["Alpha"])


def test_the_law_and_its_readings_are_those_known_at_a_moment(read_side: ReadSide) -> None:
    raised = (MARCH_10, LAW, threshold_amended(2, "1e26", "2027-01-01"))
    switched = fact(
        "JudgementSettingChanged", settings_version=2, switch="HEARING_MIN_WORKING_DAYS", old_value="10", new_value="12",
        applies_from=str(MARCH_10.date()), reasons_hash=document("reasons"),
    )  # fmt: skip
    first = (MARCH_2, LAW, threshold_amended(1, "1e25", "2025-08-02"))
    read_side.fold(Told.of(events_of([first, raised, (MARCH_10, Stream("register"), switched)])))
    office = read_side.office
    assert [t.version for t in office.law(MARCH_10).thresholds] == [1, 2]
    assert [t.version for t in office.law(MARCH_10 - TICK).thresholds] == [1]
    assert office.law(MARCH_10).settings.number("HEARING_MIN_WORKING_DAYS") == 12
    assert office.law(MARCH_10 - TICK).settings.number("HEARING_MIN_WORKING_DAYS") == 10


# -- Orders ------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 100])
def test_an_order_waits_until_it_is_carried_out_or_cancelled(read_side: ReadSide, size: int) -> None:
    slots = {name: MARCH_10 + n * DAY for n, name in enumerate(("first", "second", "third"))}
    ordered = [
        (MARCH_2, publication(), fact("PublicationOrdered", order_id=named(name), action="REMOVE", slot_at=slot, public_reason="ANNULLED"))
        for name, slot in reversed(slots.items())
    ]
    done = (MARCH_10, publication(), fact("PublicationExecuted", order_id=named("first"), list_id="1"))
    cancelled = (MARCH_10, publication(), fact("PublicationOrderCancelled", order_id=named("third"), on="2026-03-10"))
    read_side.fold(Told.of(events_of(ordered), [size]))
    assert [order for _, _, order in read_side.office.due_orders()] == [named("first"), named("second"), named("third")]
    assert read_side.office.due_orders(MARCH_10) == ((MARCH_10, named("alpha"), named("first")),)
    assert read_side.office.due_orders(MARCH_10 - TICK) == ()
    read_side.fold(Told.of(events_of([*ordered, done, cancelled]), [size]))
    assert [order for _, _, order in read_side.office.due_orders()] == [named("second")]
    assert read_side.office.last_recorded_at() == MARCH_10


def test_an_empty_store_answers(read_side: ReadSide) -> None:
    office = read_side.office
    assert office.history(ALPHA_ID) == office.cases(CaseFilter(MARCH_10), first=10) == office.events(first=10) == office.due_orders() == ()
    assert office.case_row(ALPHA_ID) is office.last_recorded_at() is None
    assert office.clocks(ALPHA_ID, MARCH_2) == ()
    assert office.standing(ALPHA_ID, MARCH_2, MARCH_2).status == "NOT_CLASSIFIED"
