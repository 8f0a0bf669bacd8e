"""The law's own record: thresholds, Annex XIII, holiday calendars, benchmarks (Articles 51(3), 52(4), 97; Regulation 1182/71, Article 2)."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from domain import public
from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed
from domain.ids import Kind
from domain.law.periods import HolidayCalendar
from domain.law.provisions import CHAPTER_V, AnnexVersion, CalendarVersion, Law, ThresholdVersion
from domain.law.settings import Settings
from domain.record import Act, Fact, Facts, History, decides


@dataclass(frozen=True, slots=True)
class LegalParameters(History):
    """The law as it was published, version by version."""


class LawFact(Fact):
    """An event of the law. All of them are public; drafts before publication stay outside the register."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("law",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.LAW_OFFICER, Role.SYSTEM})
    AHEAD: ClassVar[frozenset[str]] = frozenset({"applies_from"})


class ThresholdAmended(LawFact, public.ThresholdAmended):
    """A compute threshold was published."""


class AnnexXIIIAmended(LawFact, public.AnnexXIIIAmended):
    """A version of Annex XIII was published."""


class HolidayCalendarPublished(LawFact, public.HolidayCalendarPublished):
    """The Commission's holidays of a year were published, or derived and marked as not verified."""


class BenchmarkOrIndicatorAdded(LawFact, public.BenchmarkOrIndicatorAdded):
    """A benchmark or indicator was added."""


@decides(ThresholdAmended, AnnexXIIIAmended, HolidayCalendarPublished, BenchmarkOrIndicatorAdded)
def amend(law: LegalParameters, act: Act, fact: LawFact) -> Facts:
    """
    Record a version of the law, once it is published.

    Refuses: R37 a publication that lies ahead. Raises: AlreadyInRegister for a version that exists; Malformed for days of another year.
    """
    number = next(name for name in type(fact).model_fields if name.endswith("_version"))
    if any(getattr(e.fact, number) == getattr(fact, number) for e in law.of(type(fact))):
        raise AlreadyInRegister(f"This {number} is recorded already; the next one is {len(law.of(type(fact))) + 1}.")
    if isinstance(fact, HolidayCalendarPublished):
        _refuse_other_years(fact)
    return (fact,)


def _refuse_other_years(fact: HolidayCalendarPublished) -> None:
    for name, days in (("days", fact.days), ("unverified_days", fact.unverified_days)):
        strangers = [day for day in days if day.year != fact.year]
        if strangers:
            raise Malformed(name, f"must lie in {fact.year}; {strangers[0]} does not")


def law_in_force(history: LegalParameters, settings: Settings) -> Law:
    """Return the law as recorded, as decisions and questions take it."""
    return Law(
        tuple(
            ThresholdVersion(f.threshold_version, f.value_flop, f.published_on, f.applies_from, f.presumptions_kept, e.recorded_at)
            for e in history.of(ThresholdAmended)
            for f in [e.fact]
        ),
        tuple(AnnexVersion(e.fact.annex_xiii_version, e.fact.applies_from, e.recorded_at) for e in history.of(AnnexXIIIAmended)),
        tuple(CalendarVersion(_calendar(e.fact), e.recorded_at) for e in history.of(HolidayCalendarPublished)),
        settings,
    )


def _calendar(fact: HolidayCalendarPublished) -> HolidayCalendar:
    return HolidayCalendar(fact.year, frozenset(fact.days), frozenset(fact.unverified_days), fact.calendar_version, fact.source)


# -- At creation ---------------------------------------------------------------------


def first_law(day: date, calendars: list[dict[str, Any]], annex_text_hash: str) -> Facts:
    """Return the law in force when a register is created: the first events of every store."""
    act = date(2024, 7, 12)  # publication of Regulation (EU) 2024/1689, OJ L, 2024/1689
    threshold = ThresholdAmended(
        threshold_version=1,
        value_flop=Decimal(10**25),
        oj_ref="OJ L, 2024/1689",
        published_on=act,
        applies_from=CHAPTER_V,
        presumptions_kept=False,
    )
    annex = AnnexXIIIAmended(annex_xiii_version=1, oj_ref="OJ L, 2024/1689", published_on=act, applies_from=CHAPTER_V, text_hash=annex_text_hash)
    holidays = [
        HolidayCalendarPublished(
            calendar_version=number, year=each["year"], days=tuple(each["days"]), unverified_days=tuple(each["unverified_days"]),
            source=each["source"], published_on=day,
        )
        for number, each in enumerate(calendars, start=1)
    ]  # fmt: skip
    return (threshold, annex, *holidays)
