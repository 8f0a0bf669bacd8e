"""
The question behind the calculator: what was typed, read field by field, with what is wrong with each.

Figures are read as exact decimals and kept as typed, to be shown again; no float ever exists.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Literal, cast, get_args

from pydantic import ValidationError

from domain import compute
from domain.types import ComponentKind
from registry_site.public.asked import BadQuestion, choice_asked, day_asked

Method = Literal["hardware", "architecture", "sum"]
Complaint = Literal[
    "MISSING", "NOT_A_NUMBER", "NOT_ABOVE_ZERO", "NOT_A_SHARE", "NOT_A_DAY", "UNITS_AND_PEAKS", "ONE_WAY", "NOTHING_TO_ADD", "OUT_OF_REACH"
]

METHODS: dict[str, Method] = {method: method for method in get_args(Method)}
TRIGGERS: dict[str, compute.Trigger] = {trigger: trigger for trigger in get_args(compute.Trigger)}
KINDS: tuple[ComponentKind, ...] = get_args(ComponentKind)
SECONDS: dict[str, Decimal] = {"hours": Decimal(3600), "days": Decimal(86_400), "seconds": Decimal(1)}

MOST_PERIODS = 12
MOST_FIGURES = 20  # of one kind, with semicolons between them
LONGEST_FIGURE = 200
MOST_FIELDS = 100

OF_A_PERIOD = ("units", "peak", "time", "measured_in", "utilisation")
DENSE, GENERAL = ("parameters", "tokens"), ("passes", "operations_per_pass")
ALIKE = ("method", "act", "margin", "reported", "on", "trigger")
KNOWN = frozenset(
    [
        *ALIKE,
        "periods",
        *(f"{name}_{n}" for name in OF_A_PERIOD for n in range(1, MOST_PERIODS + 1)),
        *DENSE,
        "operations",
        *GENERAL,
        *(f"{name}_{kind}" for name in ("flop", "counted") for kind in KINDS),
        "discarded_included",
    ]
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field; the words are the page's."""

    field: str
    complaint: Complaint
    given: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the arithmetic: exact factors and their product in FLOP."""

    factors: tuple[Decimal, ...]
    flop: Decimal


@dataclass(slots=True)
class Reading:
    """Reads fields one by one; what cannot be read is None here and a fault there."""

    given: Mapping[str, str]
    faults: dict[str, Fault] = field(default_factory=dict)

    def fault(self, name: str, complaint: Complaint, given: str = "") -> None:
        """Note what is wrong with a field; the first complaint about it stays."""
        self.faults.setdefault(name, Fault(name, complaint, given[:LONGEST_FIGURE]))

    def figure(self, name: str, text: str) -> Decimal | None:
        """Read an exact number as people write it: 11000, 1.1e25, 2.3x10^25 FLOP."""
        number = compute.reported_figure(text) if len(text) <= LONGEST_FIGURE else None
        if number is None:
            self.fault(name, "NOT_A_NUMBER", text)
        return number

    def above_zero(self, name: str, *, text: str | None = None) -> Decimal | None:
        """Read an exact number greater than zero that must be there."""
        text = self.given.get(name, "") if text is None else text
        if not text:
            self.fault(name, "MISSING")
            return None
        number = self.figure(name, text)
        if number == 0:
            self.fault(name, "NOT_ABOVE_ZERO", text)
        return number or None

    def share(self, name: str) -> Decimal | None:
        """Read a share of a whole, as 0.4 or as 40 %."""
        text = self.given.get(name, "")
        number = self.above_zero(name, text=text.removesuffix("%").strip() if text != "%" else text)
        share = compute.product(number, Decimal("0.01")) if number and text.endswith("%") else number
        if share is not None and compute.above(share, Decimal(1)):
            self.fault(name, "NOT_A_SHARE", text)
            return None
        return share

    def several(self, name: str) -> tuple[Decimal, ...]:
        """Read figures with semicolons between them; none if the field is empty."""
        texts = [text.strip() for text in self.given.get(name, "").split(";", MOST_FIGURES) if text.strip()]
        found = [self.figure(name, text) for text in texts]
        return tuple(number for number in found if number is not None)


@dataclass(frozen=True, slots=True)
class Computed:
    """What the calculator worked out."""

    steps: tuple[Step, ...]
    report: compute.Report


# -- The three methods --------------------------------------------------------------


def method_asked(given: Mapping[str, str]) -> Method:
    """
    Read the method; the architecture-based one is offered first.

    Raises: BadQuestion for one that does not exist.
    """
    return choice_asked("method", given.get("method", "architecture"), METHODS)


def periods_asked(given: Mapping[str, str]) -> int:
    """
    Give how many periods the form shows: one more when that was asked for.

    Raises: BadQuestion for a number that the form never sends.
    """
    shown = choice_asked("periods", given.get("periods", "1"), {str(n): n for n in range(1, MOST_PERIODS + 1)})
    return min(shown + (given.get("act") == "another_period"), MOST_PERIODS)


def computed(method: Method, reading: Reading, threshold: Decimal | None) -> Computed | None:
    """Compute what was asked for; None when something cannot be read, which the reading then says."""
    steps, parts = _METHODS[method](reading)
    margin = reading.figure("margin", reading.given["margin"].removesuffix("%").strip()) if "margin" in reading.given else None
    trigger = choice_asked("trigger", reading.given["trigger"], TRIGGERS) if "trigger" in reading.given else None
    reported = reading.given.get("reported")
    if reported is not None:
        reading.figure("reported", reported)
    if reading.faults:
        return None
    return Computed(tuple(steps), compute.total(parts, margin=margin, reported=reported, threshold=threshold, trigger=trigger))


Worked = tuple[list[Step], list[compute.Stage]]


def _hardware(reading: Reading) -> Worked:
    steps, parts = [], []
    for n in _periods_filled(reading):
        found = _period(reading, n)
        if found is not None:
            peaks = compute.added(compute.product(units.number, units.peak) for units in found.units)
            steps.append(Step((peaks, found.seconds, found.utilisation), compute.hardware([found])))
            parts += _part(reading, f"units_{n}", "PRETRAINING", steps[-1].flop)
    return steps, parts


def _periods_filled(reading: Reading) -> Iterator[int]:
    """Give the periods to read: the first, and every other that has anything typed into it."""
    for n in range(1, periods_asked(reading.given) + 1):
        if n == 1 or any(f"{name}_{n}" in reading.given for name in OF_A_PERIOD if name != "measured_in"):
            yield n


def _period(reading: Reading, n: int) -> compute.Period | None:
    unit = choice_asked(f"measured_in_{n}", reading.given.get(f"measured_in_{n}", "hours"), SECONDS)
    time, utilisation = reading.above_zero(f"time_{n}"), reading.share(f"utilisation_{n}")
    kinds = list(_units(reading, n))
    if time is None or utilisation is None or None in kinds:
        return None
    units = tuple(cast("list[compute.Units]", kinds))
    try:
        return compute.Period(units=units, seconds=compute.product(time, unit), utilisation=utilisation)
    except ValidationError:
        reading.fault(f"time_{n}", "OUT_OF_REACH")
        return None


def _units(reading: Reading, n: int) -> Iterator[compute.Units | None]:
    """Read chips and their peaks; a slash separates kinds that trained at the same time."""
    numbers, peaks = (reading.given.get(f"{name}_{n}", "").split("/", MOST_FIGURES) for name in ("units", "peak"))
    if len(numbers) != len(peaks):
        reading.fault(f"units_{n}", "UNITS_AND_PEAKS")
    for number, peak in zip_longest(numbers, peaks, fillvalue="1"):
        units, each = reading.above_zero(f"units_{n}", text=number.strip()), reading.above_zero(f"peak_{n}", text=peak.strip())
        yield None if units is None or each is None else compute.Units(number=units, peak=each)


def _architecture(reading: Reading) -> Worked:
    dense = [name for name in (*DENSE, "operations") if name in reading.given]
    general = [name for name in GENERAL if name in reading.given]
    if dense and general:
        reading.fault(general[0], "ONE_WAY", reading.given[general[0]])
        return [], []
    factors = [reading.above_zero(name) for name in (GENERAL if general else DENSE)]
    if not general:
        operations = reading.above_zero("operations") if "operations" in reading.given else compute.OPERATIONS_PER_PARAMETER_AND_TOKEN
        factors.append(operations)
    if None in factors:
        return [], []
    exact = cast("list[Decimal]", factors)
    step = Step(tuple(exact), compute.architecture(*exact) if general else compute.dense_transformer(*exact))
    return [step], _part(reading, "passes" if general else "parameters", "PRETRAINING", step.flop)


def _part(reading: Reading, name: str, kind: ComponentKind, flop: Decimal, **more: bool) -> list[compute.Stage]:
    """Make a component of the estimate; none when it has more digits than an exact figure may have."""
    try:
        return [compute.Stage.model_validate({"kind": kind, "flop": flop, **more})]
    except ValidationError:
        reading.fault(name, "OUT_OF_REACH")
        return []


def _sum(reading: Reading) -> Worked:
    discarded = reading.given.get("discarded_included") == "true"
    parts = [
        part
        for kind in KINDS
        for flop in reading.several(f"flop_{kind}")
        for part in _part(reading, f"flop_{kind}", kind, flop, counted=reading.given.get(f"counted_{kind}") == "true", discarded_included=discarded)
    ]
    if not parts and not reading.faults:
        reading.fault(f"flop_{KINDS[0]}", "NOTHING_TO_ADD")
    return [], parts


_METHODS: dict[Method, Callable[[Reading], Worked]] = {"hardware": _hardware, "architecture": _architecture, "sum": _sum}


def day_of_the_threshold(reading: Reading, today: date) -> date:
    """Give the day whose threshold counts, today if none was typed."""
    text = reading.given.get("on")
    if text is None:
        return today
    try:
        return day_asked("on", text)
    except BadQuestion:
        reading.fault("on", "NOT_A_DAY", text)
        return today


def checked_act(given: Mapping[str, str]) -> bool:
    """
    Tell whether the form asks for a result, not only to be shown again.

    Raises: BadQuestion for another button than the form has.
    """
    return choice_asked("act", given.get("act", "compute"), {"compute": True, "another_period": False, "show": False})
