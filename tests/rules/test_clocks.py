"""The clocks of procedure 2.3 at both sides of every limit. Which events start and stop them is for the dockets."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from domain.clocks import Clock, Start, State, action, alert, confidentiality, deciding, hearing, information, notify, waiting
from domain.law.periods import Calendars, HolidayCalendar
from domain.law.provisions import CalendarVersion, Law
from domain.law.settings import Settings
from tests.scenario import brussels, named

DAY = timedelta(days=1)
ABOUT = named("what it is about")
NO_HOLIDAYS = HolidayCalendar(2026, frozenset(), frozenset(), 1, "test")
DOUBTFUL = HolidayCalendar(2026, frozenset(), frozenset({date(2026, 3, 16)}), 1, "test")
LAW = Law(holidays=(CalendarVersion(NO_HOLIDAYS, brussels("2025-01-01")),))


def start(day: str) -> Start:
    return Start(named("what started it"), "ThresholdMet", date.fromisoformat(day))


def done(day: date) -> Start:
    return Start(UUID(int=2), "NotificationReceived", day)


# -- D1: Article 52(1) -----------------------------------------------------------------


def duty(today: date, received: Start | None = None, *, calendar: HolidayCalendar = NO_HOLIDAYS, on: str = "2026-03-02") -> Clock:
    return notify(start(on), received, legacy=False, calendars=Calendars.of([calendar]), today=today)


def test_two_weeks_run_out_at_the_end_of_their_last_day() -> None:
    last = date(2026, 3, 16)
    assert (duty(last).state, duty(last).days_late, duty(last).due) == (State.RUNNING, None, last)
    assert (duty(last + DAY).state, duty(last + DAY).days_late) == (State.EXPIRED, 1)
    assert duty(last + DAY).provisional is False
    in_time, late = duty(last + DAY, done(last)), duty(last + DAY, done(last + DAY))
    assert (in_time.state, in_time.days_late, in_time.satisfied_by) == (State.WITHIN_OUTER_LIMIT, None, done(last))
    assert (late.state, late.days_late, late.satisfied_by) == (State.LATE, 1, done(last + DAY))


def test_nobody_is_late_on_a_doubtful_day() -> None:
    last = date(2026, 3, 16)
    assert [duty(last + n * DAY, calendar=DOUBTFUL).state for n in (0, 1)] == [State.RUNNING, State.PROVISIONAL]
    received = duty(last + DAY, done(last + DAY), calendar=DOUBTFUL)
    assert (received.state, received.days_late, received.provisional) == (State.PROVISIONAL, None, True)


@pytest.mark.parametrize(
    ("on", "due", "floored"), [("2025-06-01", "2025-08-18", True), ("2025-08-01", "2025-08-18", True), ("2025-08-02", "2025-08-18", False)]
)
def test_what_happened_before_chapter_v_counts_from_its_first_day_and_the_arithmetic_says_so(on: str, due: str, floored: bool) -> None:
    clock = duty(date(2025, 8, 2), on=on)
    assert clock.due == date.fromisoformat(due)
    assert ("when Chapter V began to apply" in clock.arithmetic[0]) is floored


@pytest.mark.parametrize(("day", "state"), [(date(2027, 8, 2), State.RUNNING), (date(2027, 8, 3), State.EXPIRED)])
def test_a_legacy_model_has_until_2_august_2027(day: date, state: State) -> None:
    clock = notify(start("2026-03-02"), None, legacy=True, calendars=Calendars(), today=day)
    assert (clock.clock, clock.state, clock.due, clock.provisional) == ("D1-L", state, date(2027, 8, 2), False)


# -- D2, D8 ------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "state"), [(date(2026, 3, 16), State.RUNNING), (date(2026, 3, 17), State.EXPIRED)])
def test_an_alert_is_to_be_processed_within_two_weeks(day: date, state: State) -> None:
    assert alert(start("2026-03-02"), None, calendars=LAW.calendars, today=day, about=ABOUT).state is state


@pytest.mark.parametrize(("day", "state"), [(date(2026, 3, 14), State.RUNNING), (date(2026, 3, 15), State.EXPIRED)])
def test_a_request_for_information_sets_its_own_day_even_on_a_weekend(day: date, state: State) -> None:
    assert information(start("2026-03-02"), date(2026, 3, 14), None, today=day, about=ABOUT).state is state


# -- D3: Charter, Article 41 --------------------------------------------------------------


def draft(today: date, comment_until: str = "2026-03-05", answered: Start | None = None, *, days: str = "10") -> Clock:
    law = Law(holidays=LAW.holidays, settings=Settings(1, {"HEARING_MIN_WORKING_DAYS": days}))
    return hearing(start("2026-03-02"), date.fromisoformat(comment_until), answered, law=law, today=today, about=ABOUT)


@pytest.mark.parametrize(("comment_until", "last"), [("2026-03-05", date(2026, 3, 16)), ("2026-03-20", date(2026, 3, 20))])
def test_a_hearing_lasts_until_the_later_of_the_tenth_working_day_and_the_day_stated(comment_until: str, last: date) -> None:
    running, over = draft(last, comment_until), draft(last + DAY, comment_until)
    assert (running.state, running.due, running.first_admissible) == (State.RUNNING, date(2026, 3, 16), last + DAY)
    assert (over.state, over.satisfied_by) == (State.EXPIRED, None)
    assert draft(last, comment_until, done(last)).state is State.CLOSED


@pytest.mark.parametrize(("days", "due"), [("0", date(2026, 3, 2)), ("1", date(2026, 3, 3))])
def test_a_hearing_without_a_minimum_ends_on_the_day_stated(days: str, due: date) -> None:
    clock = draft(date(2026, 3, 3), "2026-03-02", days=days)
    assert (clock.due, clock.first_admissible, clock.provisional) == (due, due + DAY, False)


# -- D4, D5: Article 52(5) -----------------------------------------------------------------


def test_a_waiting_period_bars_until_the_day_after_six_months() -> None:
    def bar(day: date, ended: Start | None = None) -> Clock:
        return waiting("D4", start("2026-03-31"), ended=ended, law=LAW, today=day, about=ABOUT)

    first = date(2026, 10, 1)
    assert (bar(first).first_admissible, bar(first).due) == (first, None)
    assert [bar(first - DAY).state, bar(first).state] == [State.BARRED, State.OPEN]
    assert bar(first - DAY, done(first - DAY)).state is State.CLOSED


# -- D6: Article 263(6) TFEU ---------------------------------------------------------------


@pytest.mark.parametrize(("notified", "last"), [("2026-03-03", date(2026, 5, 13)), ("2026-12-31", date(2027, 3, 10))])
def test_an_action_can_be_brought_for_two_months_and_ten_days(notified: str, last: date) -> None:
    def clock(day: date, lodged: Start | None = None) -> Clock:
        return action(start(notified), lodged=lodged, today=day, about=ABOUT)

    assert (clock(last).due, clock(last).state, clock(last + DAY).state) == (last, State.RUNNING, State.EXPIRED)
    assert (clock(last, done(last)).state, clock(last, done(last)).satisfied_by) == (State.CLOSED, done(last))
    excluded, months, distance = clock(last).arithmetic
    assert "is not part of the period" in excluded
    assert months.startswith("2 months after it")
    assert distance.startswith("Ten days are added on account of distance")


# -- D7: Charter, Article 41(1) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "said"), [("2026-03-03", "Open for 1 day on"), ("2026-03-04", "Open for 2 days on"), ("2026-03-02", "Open for 0 days on")]
)
def test_a_question_is_open_for_exact_days_and_never_due(day: str, said: str) -> None:
    clock = deciding(start("2026-03-02"), None, today=date.fromisoformat(day), about=ABOUT)
    assert clock.arithmetic[0].startswith(said)
    assert (clock.state, clock.due, clock.first_admissible, clock.days_late) == (State.RUNNING, None, None, None)


# -- D9: Article 78 ----------------------------------------------------------------------------


def claims(day: date, claimed: Start | None = None, *refused: Start, decided: bool = False, standstill: str = "10") -> Clock:
    law = Law(holidays=LAW.holidays, settings=Settings(1, {"CLAIM_REFUSED_STANDSTILL": standstill}))
    return confidentiality(start("2026-03-02"), claimed, refused, law=law, today=day, decided=decided)


def test_silence_lets_what_is_proposed_be_published_after_ten_working_days() -> None:
    last = date(2026, 3, 16)
    assert [claims(last).state, claims(last + DAY).state] == [State.RUNNING, State.EXPIRED]
    assert claims(last).due == last


def test_a_claim_holds_publication_until_it_is_decided() -> None:
    claimed, much_later = done(date(2026, 3, 4)), date(2026, 9, 1)
    assert claims(much_later, claimed).state is State.RUNNING
    granted = claims(date(2026, 3, 5), claimed, decided=True)
    assert (granted.state, granted.satisfied_by) == (State.CLOSED, claimed)
    assert claims(much_later, claimed, decided=True).state is State.CLOSED


def test_a_refused_claim_holds_publication_for_ten_working_days_more() -> None:
    claimed, refused = done(date(2026, 3, 4)), done(date(2026, 3, 10))
    last = date(2026, 3, 24)
    running, over = (claims(day, claimed, refused, decided=True) for day in (last, last + DAY))
    assert (running.due, running.state, over.state, over.satisfied_by) == (last, State.RUNNING, State.CLOSED, claimed)


@pytest.mark.parametrize(
    ("standstill", "due"), [("0", date(2026, 3, 16)), ("3", date(2026, 3, 16)), ("4", date(2026, 3, 16)), ("5", date(2026, 3, 17))]
)
def test_a_standstill_never_shortens_the_time_to_claim(standstill: str, due: date) -> None:
    """Refused on 10 March: three working days end on the 13th, four on the 16th like the time to claim, five on the 17th."""
    clock = claims(date(2026, 3, 11), done(date(2026, 3, 4)), done(date(2026, 3, 10)), decided=True, standstill=standstill)
    assert clock.due == due
    assert any("publication stands still" in sentence for sentence in clock.arithmetic) is (standstill in ("4", "5"))
