"""
The judgement switches: where the law is silent, the reading in force and the other one, as named and recorded settings.

A change applies from its day on; what was decided under another reading stands (procedure section 14).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date


@dataclass(frozen=True, slots=True)
class Switch:
    """One judgement call: its default reading, the others, and the question it answers. No other readings: a whole number."""

    default: str
    others: tuple[str, ...]
    question: str

    def admits(self, value: str) -> bool:
        """Tell whether a value is one of the readings."""
        return value in (self.default, *self.others) if self.others else value.isascii() and value.isdigit() and len(value) <= 3


SWITCHES: dict[str, Switch] = {
    "REASSESSMENT_CLOCK_FROM": Switch("adopted_on", ("notified_at",), "From when do the six months of Article 52(5) run?"),
    "WAITING_PERIOD_FIRST_DAY": Switch("day_after", ("same_date",), "Which day is the first on which reassessment may be requested?"),
    "WAITING_PERIOD_ROLLS": Switch("no", ("yes",), "Does a waiting period that ends on a holiday move to the next working day?"),
    "NOTIFICATION_REPLACEMENT": Switch("until_D1", ("never",), "Until when may a notification be replaced, with its arguments?"),
    "INCOMPLETE_NOTICE": Switch("cured_in_time", ("never_timely",), "Is an incomplete notice timely once completed within the time set?"),
    "HEARING_MIN_WORKING_DAYS": Switch("10", (), "How many working days has the provider to comment on a draft?"),
    "RAISED_THRESHOLD_EFFECT": Switch("lapses", ("never_lapses",), "Does a raised threshold end a presumption that no decision confirms?"),
    "LIST_WHILE_ARGUMENTS_PENDING": Switch("hold", ("list",), "Is a model listed while its provider's arguments are pending?"),
    "LEGACY_LISTING": Switch("hold", ("list",), "Is a legacy model listed before it is notified or 2 August 2027?"),
    "LIST_SHOW_52_1": Switch("no", ("yes",), "Does the list name Article 52(1) as a ground?"),
    "DECLINED_REASSESSMENT_BAR": Switch("none", ("six_months",), "Does a refusal to reassess start a new waiting period?"),
    "HEARING_FOR_52_5_AND_UNDOING": Switch("yes", ("no",), "Is the provider heard before maintaining, declining and undoing a favourable act?"),
    "ARGUMENTS_AFTER_52_1_DESIGNATION": Switch("inadmissible", ("admissible",), "Are arguments open after a designation under Article 52(1)?"),
    "NOTIFICATION_WITHDRAWAL": Switch("no_effect", ("as_if_never",), "Does withdrawing a notification undo it?"),
    "EARLY_52_1_DESIGNATION": Switch("refused", ("open",), "May a model be designated under Article 52(1) before D1 has expired?"),
    "SUSPENDED_ENDING": Switch("operates_again", ("stays_ended",), "Does a ground operate while the act that ended it is suspended?"),
    "CLAIM_REFUSED_STANDSTILL": Switch("10", (), "How many working days does a refused confidentiality claim hold publication?"),
    "PUBLICATION_SLOT": Switch("next_working_day", ("at_once",), "When does what is ordered become public?"),
    "ALERT_90_1_B_ORIGIN": Switch("EX_OFFICIO", ("QUALIFIED_ALERT",), "May a designation name an alert under Article 90(1)(b) as its origin?"),
    "LEGAL_TZ": Switch("Brussels", ("provider",), "In which place does the day change for what a provider files?"),
    "HOLIDAY_LIST": Switch("Brussels", ("Luxembourg",), "Which of the Commission's lists of holidays counts?"),
    "LOWERED_THRESHOLD_D1": Switch("publication", ("application",), "From when does D1 run when a threshold is lowered?"),
    "LIST_REJECTION_DECISIONS": Switch("no", ("reference_and_date",), "Does the list show a decision rejecting arguments?"),
    "ACCEPTANCE_MULTI_PROVIDER": Switch("first_notification", ("last_notification",), "When does an acceptance addressed to several end the ground?"),
    "SERVICE_FICTION": Switch("none", ("after_two_attempts",), "Is a decision deemed served when it could not be?"),
    "LEGAL_DAY_IN_QUERIES": Switch("end", ("start",), "Which moment does a bare day mean in a question of the office?"),
    "FOUR_EYES": Switch("drafter_differs", ("none",), "May the drafter of a decision record its adoption?"),
}


def applying(changes: tuple[tuple[date, str, str], ...], day: date) -> dict[str, str]:
    """Return the readings that recorded changes give on a day; of two that apply from one day the last recorded counts."""
    return {switch: value for since, switch, value in sorted(changes, key=lambda change: change[0]) if since <= day}


@dataclass(frozen=True, slots=True)
class Settings:
    """
    The readings in force on a day, the version they have in the record, and every recorded change with the day from which it applies.

    A decision or ruling asks for the readings of its own day. The fold of the status asks for those of the day of the fact (`on`), so that a change
    of reading never moves what lay before it.
    """

    version: int = 1
    values: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[tuple[date, str, str], ...] = ()

    def on(self, day: date) -> "Settings":
        """Return the readings that apply on another day."""
        return replace(self, values=applying(self.changes, day)) if self.changes else self

    def __getitem__(self, switch: str) -> str:
        """Return the reading of a switch."""
        return self.values.get(switch, SWITCHES[switch].default)

    def number(self, switch: str) -> int:
        """Return the reading of a switch that is a whole number."""
        return int(self[switch])
