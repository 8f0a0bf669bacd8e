"""
The statutory clocks D1 to D9, each with its arithmetic.

Plain dates go in, a clock comes out; which events start and stop it is worked out by the records. A clock speaks of outer limits: "without delay"
(Article 52(1)) may be broken inside the two weeks, so nothing here ever says "compliant". A term is read under the settings of the day that started
it, so that no later reading moves its end; a waiting period under those of the day on which it is opposed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from domain.law.periods import (
    Calendars,
    LegalDate,
    first_day_after_months,
    in_words,
    last_day_within_weeks,
    nth_working_day_after,
)
from domain.law.provisions import CHAPTER_V, LEGACY_TERM, Law

ClockId = Literal["D1", "D1-L", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9"]
WEEKS_TO_NOTIFY = 2
"""Article 52(1): in any event within two weeks."""
MONTHS_OF_WAITING = 6
"""Article 52(5): at the earliest six months after."""
WEEKS_TO_PROCESS_ALERT = 2
"""Implementing Regulation (EU) 2025/454, Article 19(2)."""
MONTHS_FOR_ACTION = 2
DAYS_OF_DISTANCE = 10
"""Article 263(6) TFEU, with the ten days of the rules of procedure."""
DAYS_TO_CLAIM = 10
"""House rule: working days in which a provider may claim confidentiality (by analogy with 1049/2001, Article 4(4))."""


class State(StrEnum):
    """How a clock stands at a moment."""

    RUNNING = "RUNNING"
    WITHIN_OUTER_LIMIT = "WITHIN_OUTER_LIMIT"
    PROVISIONAL = "PROVISIONAL"
    LATE = "LATE"
    EXPIRED = "EXPIRED"
    BARRED = "BARRED"
    OPEN = "OPEN"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class Start:
    """The event that started a clock, and the day it speaks of."""

    event_id: UUID
    event: str
    on: date


@dataclass(frozen=True, slots=True)
class Clock:
    """
    A clock at a moment. `due` is the last day of a term, `first_admissible` the first day after a waiting period.

    `about` is what the clock is about: a provider, a hearing, a decision, a filing. `days_late` and `days_open` count calendar days; the latter is
    for what has no term at all.
    """

    clock: ClockId
    state: State
    started_by: Start
    due: date | None = None
    first_admissible: date | None = None
    satisfied_by: Start | None = None
    days_late: int | None = None
    days_open: int | None = None
    provisional: bool = False
    arithmetic: tuple[str, ...] = ()
    about: UUID | None = None


# -- D1 and D1-L: to notify, Articles 52(1) and 111(3) ---------------------------


def notify(start: Start, received: Start | None, *, legacy: bool, calendars: Calendars, today: date) -> Clock:
    """
    Return the clock of the duty to notify.

    `start.on` is the earlier of the day the condition was met and the day it became known that it will be; a model placed on the market before
    2 August 2025 has until 2 August 2027, whenever the condition is met.

    Law: Article 52(1); Article 111(3); Regulation 1182/71, Article 3.
    """
    term = _legacy_term() if legacy else _two_weeks(start.on, calendars)
    running = Clock("D1-L" if legacy else "D1", State.RUNNING, start, due=term.day, provisional=term.provisional, arithmetic=term.arithmetic)
    return _within(running, received, today)


def _two_weeks(event_day: date, calendars: Calendars) -> LegalDate:
    floored = max(event_day, CHAPTER_V)
    term = last_day_within_weeks(floored, WEEKS_TO_NOTIFY, calendars)
    if floored == event_day:
        return term
    since = f"The event of {in_words(event_day)} counts from {in_words(CHAPTER_V)}, when Chapter V began to apply (Article 113(b))."
    return replace(term, arithmetic=(since, *term.arithmetic))


def _legacy_term() -> LegalDate:
    sentence = f"The model was placed on the market before {in_words(CHAPTER_V)}: the term is {in_words(LEGACY_TERM)}, 24:00 (Article 111(3))."
    return LegalDate(LEGACY_TERM, provisional=False, arithmetic=(sentence,))


# -- D3: to be heard, Charter Article 41 and Article 94 --------------------------


def hearing(start: Start, comment_until: date, answered: Start | None, *, law: Law, today: date, about: UUID) -> Clock:
    """
    Return the clock of a hearing on a draft: at least ten working days, and not before the day stated in the draft.

    `first_admissible` is the first day on which the act may be adopted without an answer. Where a holiday is doubtful the later reading binds the
    Commission.

    Law: Charter, Article 41(2)(a); Article 94 with Article 18(3) of Regulation (EU) 2019/1020.
    """
    law = law.under(start.on)
    tenth = _working_days(start.on, law.settings.number("HEARING_MIN_WORKING_DAYS"), law.calendars)
    last = max(tenth.day, comment_until)
    words = f"The provider may comment until {in_words(last)}; without an answer the act can be adopted from the day after."
    clock = Clock(
        "D3", State.RUNNING, start, due=tenth.day, first_admissible=_day_after(last), provisional=tenth.provisional, about=about,
        arithmetic=(*tenth.arithmetic, words),
    )  # fmt: skip
    if answered:
        return replace(clock, state=State.CLOSED, satisfied_by=answered)
    return clock if today <= last else replace(clock, state=State.EXPIRED)


def _working_days(event_day: date, n: int, calendars: Calendars) -> LegalDate:
    if n == 0:
        return LegalDate(event_day, provisional=False, arithmetic=("No minimum number of working days is set.",))
    return nth_working_day_after(event_day, n, calendars.later_reading())


def _day_after(day: date) -> date:
    return date.fromordinal(day.toordinal() + 1)


# -- D4 and D5: to wait before a reassessment, Article 52(5) ---------------------


def waiting(clock: Literal["D4", "D5"], start: Start, *, ended: Start | None, law: Law, today: date, about: UUID) -> Clock:
    """
    Return the bar that a designation (D4) or a decision maintaining it (D5) puts on a request for reassessment.

    Law: Article 52(5), third and fourth sentence; Regulation 1182/71, Articles 3(1), 3(2)(c) and 5(1).
    """
    first = first_day_after_months(
        start.on,
        MONTHS_OF_WAITING,
        rolls=law.settings["WAITING_PERIOD_ROLLS"] == "yes",
        first_day_next=law.settings["WAITING_PERIOD_FIRST_DAY"] == "day_after",
        calendars=law.calendars,
    )
    state = State.CLOSED if ended else State.BARRED if today < first.day else State.OPEN
    return Clock(
        clock, state, start, first_admissible=first.day, satisfied_by=ended, provisional=first.provisional, arithmetic=first.arithmetic, about=about
    )  # fmt: skip


# -- D2: to process an alert; D6: to bring an action; D8: to inform ----------------


def alert(start: Start, processed: Start | None, *, calendars: Calendars, today: date, about: UUID) -> Clock:
    """
    Return the clock of a complete qualified alert: two weeks, started afresh when requested information arrives.

    Law: Implementing Regulation (EU) 2025/454, Article 19(2).
    """
    term = last_day_within_weeks(start.on, WEEKS_TO_PROCESS_ALERT, calendars)
    clock = Clock("D2", State.RUNNING, start, due=term.day, provisional=term.provisional, arithmetic=term.arithmetic, about=about)
    return _within(clock, processed, today)


def information(start: Start, supply_by: date, received: Start | None, *, today: date, about: UUID) -> Clock:
    """Return the clock of a request for information: the day set in it (Article 91(4))."""
    words = f"The request sets {in_words(supply_by)} as the last day (Article 91(4))."
    return _within(Clock("D8", State.RUNNING, start, due=supply_by, arithmetic=(words,), about=about), received, today)


def _within(clock: Clock, done: Start | None, today: date) -> Clock:
    """Return how a term stands that is kept by doing something in time."""
    day = done.on if done else today
    late = (day - clock.due).days if clock.due else 0
    if late <= 0:
        return replace(clock, state=State.WITHIN_OUTER_LIMIT if done else State.RUNNING, satisfied_by=done)
    if clock.provisional:
        return replace(clock, state=State.PROVISIONAL, satisfied_by=done)
    return replace(clock, state=State.LATE if done else State.EXPIRED, satisfied_by=done, days_late=late)


def action(start: Start, *, lodged: Start | None, today: date, about: UUID) -> Clock:
    """
    Return the time in which an action for annulment can be brought, for information: two months and ten days on account of distance.

    Law: Article 263(6) TFEU; Rules of Procedure of the General Court.
    """
    two_months = first_day_after_months(start.on, MONTHS_FOR_ACTION, first_day_next=False)
    last = date.fromordinal(two_months.day.toordinal() + DAYS_OF_DISTANCE)
    words = (*two_months.arithmetic[:2], f"Ten days are added on account of distance: {in_words(last)}. Shown for information; the Court decides.")
    state = State.CLOSED if lodged else State.RUNNING if today <= last else State.EXPIRED
    return Clock("D6", state, start, due=last, satisfied_by=lodged, arithmetic=words, about=about)


# -- D7: to decide on arguments and requests, Charter Article 41(1) ----------------


def deciding(start: Start, decided: Start | None, *, today: date, about: UUID) -> Clock:
    """
    Return how long arguments or a request for reassessment have been open, in days since receipt; there is no day by which to decide.

    Law: Charter, Article 41(1); Article 265 TFEU.
    """
    until = decided.on if decided else today
    days = (until - start.on).days
    since = f"counted from receipt on {in_words(start.on)}"
    so_many = f"{days} day" if days == 1 else f"{days} days"
    how_long = f"Decided after {so_many}, on {in_words(until)}" if decided else f"Open for {so_many} on {in_words(until)}"
    words = (f"{how_long}, {since}.", "The Act sets no time limit for the decision: it is due in a reasonable time (Charter, Article 41(1)).")
    return Clock("D7", State.CLOSED if decided else State.RUNNING, start, satisfied_by=decided, days_open=days, arithmetic=words, about=about)


# -- D9: to claim confidentiality, Article 78 ------------------------------------


def confidentiality(start: Start, claimed: Start | None, refused: Sequence[Start], *, law: Law, today: date, decided: bool) -> Clock:
    """
    Return the clock of the provider's say on what is to be published, with the standstill after a refused claim.

    House rule, by analogy with Article 4(4) of Regulation (EC) No 1049/2001: ten working days; a refusal holds publication for ten more.
    """
    term = _working_days(start.on, DAYS_TO_CLAIM, law.under(start.on).calendars)
    for refusal in refused:
        then = law.under(refusal.on)
        standstill = _working_days(refusal.on, then.settings.number("CLAIM_REFUSED_STANDSTILL"), then.calendars)
        if standstill.day >= term.day:
            words = f"A claim was refused on {in_words(refusal.on)}: publication stands still, so that a judge can be reached."
            term = LegalDate(standstill.day, standstill.provisional, (*term.arithmetic, words, *standstill.arithmetic))
    clock = Clock("D9", State.RUNNING, start, due=term.day, provisional=term.provisional, arithmetic=term.arithmetic)
    if claimed and not decided:
        return replace(clock, satisfied_by=claimed)
    if today > term.day:
        return replace(clock, state=State.CLOSED if claimed else State.EXPIRED, satisfied_by=claimed)
    done = claimed is not None and not refused
    return replace(clock, state=State.CLOSED if done else State.RUNNING, satisfied_by=claimed)
