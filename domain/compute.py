"""
Training compute in FLOP, exact: two methods, the table of what counts, the sum, its report and its warnings.

Law: Article 51(2); Commission Guidelines C(2025) 5045, sections 2.3.2 and 3.2 and annex.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import MAX_EMAX, MIN_EMIN, ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, PlainSerializer, model_validator

from domain.types import Bool, Component, ComponentKind, Flop, Payload, exact, plain

# A result that had to be rounded is a bug, never an answer. Inputs have at most 120 digits each.
_EXACT = Context(prec=10_000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])

# A tie is rounded up: 1.05·10^25 reads "1.1x10^25", as people expect, and a crossing is rather shown than hidden.
_TWO_FIGURES = Context(prec=2, rounding=ROUND_HALF_UP, Emax=MAX_EMAX, Emin=MIN_EMIN)

MOST_ERROR_MARGIN_PCT = Decimal(30)
"""Error margin of a good estimate, in per cent of it (Guidelines, annex)."""
PF_DAY = Decimal(10**15 * 86_400)
"""FLOP of one petaFLOP/s in one day."""
OPERATIONS_PER_PARAMETER_AND_TOKEN = Decimal(6)
"""Factor of C = 6·P·D: two for the forward pass, four for the backward pass (Guidelines, annex)."""

Positive = Annotated[Flop, Field(gt=0)]
Share = Annotated[Flop, Field(gt=0, le=1)]
Exact = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An exact result; a sum or a product may need more digits than an input may have."""


# -- Comparisons ------------------------------------------------------------------


def above(flop: Decimal, threshold: Decimal) -> bool:
    """
    Tell whether the unrounded compute (FLOP) is strictly greater than the threshold.

    Law: Article 51(2).
    """
    return _EXACT.compare(flop, threshold) > 0


def exceeds_one_third(modification: Decimal, original: Decimal) -> bool:
    """
    Tell whether a modification's compute is strictly greater than a third of the original model's; nothing is ever divided by three.

    Law: Guidelines, section 3.2.
    """
    return above(_EXACT.multiply(3, modification), original)


# -- Methods ----------------------------------------------------------------------


class Units(Payload):
    """A number of equal chips and the peak of each, in FLOP/s."""

    number: Positive
    peak: Positive


class Period(Payload):
    """A time in which the same hardware trained, and the average share of its peak that was used."""

    units: tuple[Units, ...] = Field(min_length=1)
    seconds: Positive
    utilisation: Share


def hardware(periods: Iterable[Period]) -> Decimal:
    """
    Compute C = Σ N·L·H·U over the periods, in FLOP.

    With units of several kinds H is their average weighted by number, so that N·H is the sum of the peaks of all units.
    Law: Guidelines, annex (hardware-based approach).
    """
    return added(_of_period(period) for period in periods)


def _of_period(period: Period) -> Decimal:
    peak_of_all = added(_EXACT.multiply(units.number, units.peak) for units in period.units)
    return product(peak_of_all, period.seconds, period.utilisation)


def architecture(passes: Decimal, ops_per_pass: Decimal) -> Decimal:
    """
    Compute C = passes · operations per full (forward and backward) pass, in FLOP.

    Law: Guidelines, annex (architecture-based approach).
    """
    return product(passes, ops_per_pass)


def dense_transformer(parameters: Decimal, tokens: Decimal, k: Decimal = OPERATIONS_PER_PARAMETER_AND_TOKEN) -> Decimal:
    """
    Compute C ≈ k·P·D in FLOP: an approximation for some dense transformer language models.

    Repeated epochs count as tokens; of a mixture of experts, the active parameters count.
    Law: Guidelines, annex (architecture-based approach).
    """
    return product(k, parameters, tokens)


def pf_days(number: Decimal) -> Decimal:
    """Convert petaFLOP/s-days to FLOP."""
    return product(number, PF_DAY)


def product(*factors: Decimal) -> Decimal:
    """Multiply exactly."""
    result = Decimal(1)
    for factor in factors:
        result = _EXACT.multiply(result, factor)
    return result


def added(terms: Iterable[Decimal]) -> Decimal:
    """Add exactly."""
    result = Decimal(0)
    for term in terms:
        result = _EXACT.add(result, term)
    return result


# -- What counts ------------------------------------------------------------------


class Treatment(NamedTuple):
    """Whether a kind of compute counts, and what it is."""

    counted: bool
    label: str


TREATMENT: Mapping[ComponentKind, Treatment] = {
    "PRETRAINING": Treatment(True, "Pre-training"),
    "CONTINUED_PRETRAINING": Treatment(True, "Continued pre-training"),
    "FINE_TUNING": Treatment(True, "Fine-tuning by or for the provider"),
    "PREFERENCE_OR_RL_UPDATES": Treatment(True, "Updates from preferences or reinforcement learning"),
    "SYNTHETIC_DATA_NON_PUBLIC": Treatment(True, "Generation of synthetic data that is not public, discarded samples included"),
    "MERGED_OR_INITIALISING_WEIGHTS": Treatment(True, "Training of weights that were merged, averaged or used for initialisation"),
    "SYNTHETIC_DATA_PUBLIC": Treatment(False, "Generation of publicly accessible synthetic data"),
    "EVALUATION_OR_RED_TEAMING": Treatment(False, "Evaluation and red-teaming"),
    "EXPLORATORY_RESEARCH": Treatment(False, "Exploratory research"),
    "FAILED_AND_DISCARDED_EXPERIMENT": Treatment(False, "Failed experiments whose results were discarded"),
    "DISTILLATION_PARENT_TRAINING": Treatment(False, "Training of parent models used in distillation"),
    "AUXILIARY_MODEL_TRAINING": Treatment(False, "Training of auxiliary models, such as reward models"),
    "ACTIVATION_RECOMPUTATION": Treatment(False, "Recomputation of activations"),
}
"""By the Guidelines' annex. All operations count equally, whatever their precision."""


class Stage(Component):
    """A component that may say that discarded samples are included, and counts as the Guidelines say unless stated otherwise."""

    discarded_included: Bool = False

    @model_validator(mode="before")
    @classmethod
    def _counted_by_the_table(cls, given: Any) -> Any:
        if isinstance(given, dict) and "counted" not in given and str(given.get("kind")) in TREATMENT:
            return {**given, "counted": TREATMENT[given["kind"]].counted}
        return given


# -- Report -----------------------------------------------------------------------

Trigger = Literal["MET", "WILL_BE_MET", "DOWNSTREAM_MODIFICATION"]
CONCERNS: Mapping[str, str] = {
    "EXCLUDED_KIND_COUNTED": "“{}” is marked counted, but by the Guidelines it need not be included.",
    "COUNTED_KIND_LEFT_OUT": "“{}” is marked not counted, but by the Guidelines it belongs to the estimate.",
    "DISCARDED_SAMPLES_NOT_STATED": "“{}” does not say whether discarded samples are included; they count.",
    "MARGIN_TOO_WIDE": "The stated error margin of {} % is wider than {} %.",
    "REPORTED_FIGURE_DIFFERS": "The estimate in two significant figures is {}, not {}.",
    "VOLUNTARY_NOTICE": "The estimate is not greater than the threshold: a voluntary notice, without effect.",
}


class ComputeWarning(Payload):
    """Something an officer should look at; it refuses nothing."""

    concern: str
    sentence: str
    words: tuple[str, ...] = Field(default=(), exclude=True)
    """What fills the sentence of the concern, for who says it in another language."""


class Report(Payload):
    """
    The estimate in FLOP with what led to it; the unrounded point estimate decides.

    `interval` is the estimate less and plus the stated margin; it does not move the threshold.
    """

    estimate: Exact
    reported: str
    counted: tuple[Stage | Component, ...]
    not_counted: tuple[Stage | Component, ...]
    error_margin_pct: Exact | None
    interval: tuple[Exact, Exact] | None
    threshold: Exact | None
    above_threshold: bool | None
    warnings: tuple[ComputeWarning, ...]


def total(
    components: Sequence[Component],
    *,
    margin: Decimal | None = None,
    reported: str | None = None,
    threshold: Decimal | None = None,
    trigger: Trigger | None = None,
) -> Report:
    """
    Add up the components marked counted and report.

    Law: Guidelines, section 2.3.2 (two significant figures) and annex.
    """
    counted = tuple(each for each in components if each.counted)
    estimate = added(each.flop for each in counted)
    over = None if threshold is None else above(estimate, threshold)
    return Report(
        estimate=estimate,
        reported=two_significant_figures(estimate),
        counted=counted,
        not_counted=tuple(each for each in components if not each.counted),
        error_margin_pct=margin,
        interval=None if margin is None else interval(estimate, margin),
        threshold=threshold,
        above_threshold=over,
        warnings=(*_of_components(components), *_of_figures(estimate, margin, reported), *_of_trigger(over, trigger)),
    )


def interval(estimate: Decimal, margin_pct: Decimal) -> tuple[Decimal, Decimal]:
    """Give the estimate less and plus a margin in per cent of it, never below zero."""
    width = _EXACT.scaleb(_EXACT.multiply(estimate, margin_pct), -2)
    return max(Decimal(0), _EXACT.subtract(estimate, width)), _EXACT.add(estimate, width)


def two_significant_figures(flop: Decimal) -> str:
    """
    Write a figure as the Commission wants it, "2.3x10^25", a tie rounded up.

    Law: Guidelines, section 2.3.2. For reading only: 1.04·10^25 is above 10^25 and prints as "1.0x10^25".
    """
    rounded = _TWO_FIGURES.plus(flop)
    if not rounded:
        return "0"
    power = rounded.adjusted()
    return f"{rounded.scaleb(-power):.1f}x10^{power}"


_REPORTED = re.compile(r"(\d+(?:\.\d+)?) ?[x×*·] ?10\^?(\d{1,2})", re.ASCII)


def reported_figure(text: str) -> Decimal | None:
    """Read a reported figure, such as "2.3e25", "2.3x10^25" or "2.3×10^25 FLOP"; nothing if it cannot be read."""
    written = text.strip().removesuffix("FLOP").strip()
    match = _REPORTED.fullmatch(written)
    try:
        return exact(f"{match[1]}e{match[2]}" if match else written.lower())
    except ValueError:
        return None


def _of_components(components: Iterable[Component]) -> Iterator[ComputeWarning]:
    for each in components:
        by_table, label = TREATMENT[each.kind]
        if each.counted and not by_table:
            yield _warning("EXCLUDED_KIND_COUNTED", label)
        if by_table and not each.counted:
            yield _warning("COUNTED_KIND_LEFT_OUT", label)
        if each.kind == "SYNTHETIC_DATA_NON_PUBLIC" and not _states_discarded(each):
            yield _warning("DISCARDED_SAMPLES_NOT_STATED", label)


def _states_discarded(component: Component) -> bool:
    """Take a recorded note for a statement: what it says is for the officer to read."""
    return component.note_hash is not None or (isinstance(component, Stage) and component.discarded_included)


def _of_figures(estimate: Decimal, margin: Decimal | None, reported: str | None) -> Iterator[ComputeWarning]:
    if margin is not None and margin > MOST_ERROR_MARGIN_PCT:
        yield _warning("MARGIN_TOO_WIDE", plain(margin), plain(MOST_ERROR_MARGIN_PCT))
    rounded = two_significant_figures(estimate)
    if reported is not None and reported_figure(reported) != reported_figure(rounded):
        yield _warning("REPORTED_FIGURE_DIFFERS", rounded, reported)


def _of_trigger(over: bool | None, trigger: Trigger | None) -> Iterator[ComputeWarning]:
    if trigger == "MET" and over is False:
        yield _warning("VOLUNTARY_NOTICE")


def _warning(concern: str, *words: str) -> ComputeWarning:
    return ComputeWarning(concern=concern, sentence=CONCERNS[concern].format(*words), words=words)
