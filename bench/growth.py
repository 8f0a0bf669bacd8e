"""How answers grow with the register: the questions behind list, entry and another day, asked of a small and a large one in turns."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from itertools import cycle
from statistics import median

from api.published import published
from bench.content import DAYS_OF_OPENING, FIRST_DAY
from bench.measure import Line, Section, cpu_us, in_turns, number, ratio
from projections.public.answers import PublicList
from projections.public.questions import Filters, When

TIMES = 100
Ask = Callable[[], object]


def measure(small_url: str, small_events: int, large_url: str, large_events: int) -> Section:
    small, large = PublicList(published(small_url)), PublicList(published(large_url))
    try:
        lines = [_line(what, of(small), of(large)) for what, of in QUESTIONS.items()]
    finally:
        small.store.close()
        large.store.close()
    return Section(f"Processor time of an answer at {large_events:,} events (ours), and at {small_events:,} (beside it)", lines)


def _line(what: str, small: Ask, large: Ask) -> Line:
    for ask in (small, large):
        cpu_us(ask, times=TIMES // 2)  # not counted
    big, little = in_turns(lambda: cpu_us(large, times=TIMES), lambda: cpu_us(small, times=TIMES))
    return Line(what, number(median(big), "us"), number(median(little), "us"), ratio(big, little), "<= 1.3")


def alone(database_url: str) -> Section:
    """Give the same questions without a second register beside them."""
    public = PublicList(published(database_url))
    try:
        lines = [Line(what, number(median(cpu_us(of(public), times=TIMES) for _ in range(3)), "us")) for what, of in QUESTIONS.items()]
    finally:
        public.store.close()
    return Section("Questions behind the pages, processor time without rendering", lines)


# -- Questions -------------------------------------------------------------------------


def _list_now(public: PublicList) -> Ask:
    return lambda: public.list_at(When(), Filters())


def _list_by_name(public: PublicList) -> Ask:
    return lambda: public.list_at(When(), Filters(sort="name", descending=False))


def _list_as_of(part: float) -> Callable[[PublicList], Ask]:
    first = FIRST_DAY + timedelta(days=75 + round(part * DAYS_OF_OPENING))
    days = cycle([first + timedelta(days=n) for n in range(10)])
    return lambda public: lambda: public.list_at(When(valid_at=next(days)), Filters())


def _list_as_known(public: PublicList) -> Ask:
    known = datetime.combine(FIRST_DAY + timedelta(days=75 + DAYS_OF_OPENING // 2), time(12), tzinfo=UTC)
    return lambda: public.list_at(When(known_at=known), Filters())


def _entry(public: PublicList) -> Ask:
    numbers = cycle(str(n) for n in range(1, 300, 7))
    return lambda: public.entry(next(numbers), When())


def _history(public: PublicList) -> Ask:
    numbers = cycle(str(n) for n in range(1, 300, 7))
    return lambda: public.history(next(numbers), When())


def _changed_since(public: PublicList) -> Ask:
    first = FIRST_DAY + timedelta(days=75 + round(0.3 * DAYS_OF_OPENING))
    days = cycle([first + timedelta(days=n) for n in range(10)])
    return lambda: public.count_changes(next(days), None)


def _last_changes(public: PublicList) -> Ask:
    last = FIRST_DAY + timedelta(days=DAYS_OF_OPENING + 60)
    return lambda: public.changes(last, None, first=100)


QUESTIONS: dict[str, Callable[[PublicList], Ask]] = {
    "list of today, 100 rows": _list_now,
    "list of today by name": _list_by_name,
    "list as of an early day": _list_as_of(0.3),
    "list as of a day in the middle": _list_as_of(0.5),
    "list as of a late day": _list_as_of(0.9),
    "list as known half-way": _list_as_known,
    "one entry": _entry,
    "history of an entry": _history,
    "100 late changes": _last_changes,
    "changes since an early day, counted": _changed_since,
    "one word searched": lambda public: lambda: public.list_at(When(), Filters(search="veltra")),
}
