"""The verb `compute`: training compute by hardware, by architecture, or as a sum of components; exact, in FLOP."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import yaml
from pydantic import Field, ValidationError

from domain import compute
from domain.types import ComponentKind, Flop, Payload, exact, plain

if TYPE_CHECKING:
    from argparse import _SubParsersAction

SECONDS_PER_HOUR = 3600
KINDS: tuple[ComponentKind, ...] = get_args(ComponentKind)
TRIGGERS: tuple[compute.Trigger, ...] = get_args(compute.Trigger)

_HARDWARE = """\
examples:
  registry compute hardware --units 25000 --seconds 7776000 --peak 989e12 --utilisation 0.4
  registry compute hardware --units 1 --hours 1720320 --peak 312e12 --utilisation 0.4        (chip-hours: one unit)
  registry compute hardware --period units=8000,hours=700,peak=312e12,utilisation=0.38 \\
                            --period units=8000/2000,hours=900,peak=312e12/989e12,utilisation=0.41

Numbers are written digits[.digits][e[+]digits]. A slash separates kinds of units that trained in the same period."""
_ARCHITECTURE = """\
examples:
  registry compute architecture --parameters 70e9 --tokens 2e12
  registry compute architecture --passes 14.8e12 --operations-per-pass 222e9 --json

The first form is C = 6 x parameters x tokens, an approximation for some dense transformer language models. Repeated
epochs count as tokens; of a mixture of experts, give the active parameters."""
_SUM = """\
examples:
  registry compute sum PRETRAINING=3.29e24 FINE_TUNING=1e22 --margin 30 --reported 3.3e24 --threshold 1e25
  registry compute sum --file components.yaml --json

The file (YAML or JSON) has the same names:
  components:
    - {kind: PRETRAINING, flop: 3.29e24}
    - {kind: SYNTHETIC_DATA_NON_PUBLIC, flop: 1e22, discarded_included: true}
    - {kind: EVALUATION_OR_RED_TEAMING, flop: 2e21, counted: false}
  margin: 30
  reported: 3.3e24
  threshold: 1e25

kinds that count:
  %s
kinds that do not count:
  %s"""


class _Usage(Exception):
    """A wrong option, in one sentence that names it."""


# -- Parsers ----------------------------------------------------------------------


def add_parser(subparsers: "_SubParsersAction[ArgumentParser]") -> None:
    """Add `compute` with its three methods."""
    text = "Compute training compute in FLOP, exactly."
    example = "example:\n  registry compute architecture --parameters 70e9 --tokens 2e12"
    form = RawDescriptionHelpFormatter
    verb = subparsers.add_parser("compute", help="training compute, exact", description=text, epilog=example, formatter_class=form)
    methods = verb.add_subparsers(dest="method", required=True, metavar="hardware|architecture|sum")
    _add_hardware(_method(methods, "hardware", "C = sum of units x seconds x peak x utilisation", _HARDWARE, _hardware))
    _add_architecture(_method(methods, "architecture", "C = passes x operations per pass", _ARCHITECTURE, _architecture))
    kinds = ("\n  ".join(k for k in KINDS if compute.TREATMENT[k].counted is counts) for counts in (True, False))
    _add_sum(_method(methods, "sum", "add up components and report", _SUM % tuple(kinds), _sum))


def _method(methods: "_SubParsersAction[ArgumentParser]", name: str, text: str, epilog: str, answer: Callable[[Namespace], int]) -> ArgumentParser:
    parser = methods.add_parser(name, help=text, description=text + ".", epilog=epilog, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--threshold", type=_number, metavar="FLOP", help="say whether the compute is greater than this")
    parser.add_argument("--json", action="store_true", help="print one JSON object; numbers are text")
    parser.set_defaults(func=_guarded(answer))
    return parser


def _add_hardware(parser: ArgumentParser) -> None:
    parser.add_argument("--units", metavar="N", help="number of chips")
    parser.add_argument("--seconds", metavar="L", help="duration in seconds")
    parser.add_argument("--hours", metavar="L", help="duration in hours, in place of --seconds")
    parser.add_argument("--peak", metavar="H", help="peak of one chip in FLOP/s")
    parser.add_argument("--utilisation", metavar="U", help="average share of the peak that was used, above 0 and at most 1")
    parser.add_argument("--period", action="append", default=[], metavar="units=…,seconds=…,peak=…,utilisation=…", help="repeatable")


def _add_architecture(parser: ArgumentParser) -> None:
    parser.add_argument("--parameters", type=_number, metavar="P", help="(active) parameters")
    parser.add_argument("--tokens", type=_number, metavar="D", help="training tokens seen, epochs included")
    parser.add_argument("--operations", type=_number, metavar="K", help="operations per parameter and token (default: 6)")
    parser.add_argument("--passes", type=_number, metavar="N", help="number of full passes")
    parser.add_argument("--operations-per-pass", type=_number, metavar="N", help="operations of one full pass")


def _add_sum(parser: ArgumentParser) -> None:
    parser.add_argument("components", nargs="*", type=_component, metavar="KIND=FLOP", help="a component of the estimate")
    parser.add_argument("--file", type=Path, metavar="FILE", help="read the components from YAML or JSON")
    parser.add_argument("--discarded-included", action=BooleanOptionalAction, default=False, help="synthetic data: with discarded samples")
    parser.add_argument("--margin", type=_number, metavar="PERCENT", help="stated error margin")
    parser.add_argument("--reported", metavar="FLOP", help="figure reported in two significant figures")
    parser.add_argument("--trigger", choices=TRIGGERS, help="trigger of the notification")


def _guarded(answer: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Turn wrong usage into one sentence and exit code 2."""

    def guarded(args: Namespace) -> int:
        try:
            return answer(args)
        except _Usage as wrong:
            print(f"registry compute {args.method}: {wrong}", file=sys.stderr)
            return 2

    return guarded


def _number(text: str) -> Decimal:
    try:
        return exact(text)
    except ValueError as wrong:
        raise ArgumentTypeError(str(wrong)) from None


def _component(text: str) -> compute.Stage:
    kind, _, flop = text.partition("=")
    try:
        return compute.Stage.model_validate({"kind": kind, "flop": flop})
    except ValidationError as wrong:
        raise ArgumentTypeError(f"{text!r} must be written KIND=FLOP, for example PRETRAINING=3.29e24: {_first(wrong)}") from None


def _first(wrong: ValidationError) -> str:
    """Name the first wrong value, and say what is wrong with it."""
    error = wrong.errors(include_url=False)[0]
    place = " ".join(str(part + 1) if isinstance(part, int) else part for part in error["loc"])
    known = "must be one of the names that --help gives"
    return f"{place}: {known if error['type'] == 'literal_error' else error['msg'].removeprefix('Value error, ')}"


# -- Hardware ---------------------------------------------------------------------


def _hardware(args: Namespace) -> int:
    options = {name: getattr(args, name) for name in _Stated.model_fields if getattr(args, name) is not None}
    stated = [("--", options)] if options else []
    stated += [(f"--period {text}: ", _pairs(text)) for text in args.period]
    if not stated:
        raise _Usage("give --units, --seconds (or --hours), --peak and --utilisation, or at least one --period.")
    periods = [_period(place, values) for place, values in stated]
    return _result(args, "HARDWARE", compute.hardware(periods), {"periods": [period.model_dump(mode="json") for period in periods]})


def _pairs(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    return {name.strip(): value.strip() for name, _, value in pairs}


class _Stated(Payload):
    """A period as written; a slash separates kinds of units."""

    units: str
    peak: str
    seconds: compute.Positive | None = None
    hours: compute.Positive | None = None
    utilisation: compute.Share


def _period(place: str, values: dict[str, str]) -> compute.Period:
    try:
        stated = _Stated.model_validate(values)
        seconds = stated.seconds if stated.hours is None else compute.product(stated.hours, Decimal(SECONDS_PER_HOUR))
        if seconds is None or None not in (stated.seconds, stated.hours):
            raise _Usage(f"{place}seconds: give either seconds or hours.")
        pairs = zip_longest(stated.units.split("/"), stated.peak.split("/"), fillvalue="")
        units = [{"number": number, "peak": peak} for number, peak in pairs]
        return compute.Period.model_validate({"units": units, "seconds": seconds, "utilisation": stated.utilisation})
    except ValidationError as wrong:
        raise _Usage(f"{place}{_first(wrong)}.") from None


# -- Architecture -----------------------------------------------------------------


def _architecture(args: Namespace) -> int:
    dense, general = (args.parameters, args.tokens), (args.passes, args.operations_per_pass)
    if None not in dense and general == (None, None):
        factor = compute.OPERATIONS_PER_PARAMETER_AND_TOKEN if args.operations is None else args.operations
        inputs = {"parameters": plain(dense[0]), "tokens": plain(dense[1]), "operations": plain(factor)}
        return _result(args, "ARCHITECTURE", compute.dense_transformer(*dense, factor), inputs)
    if None not in general and (*dense, args.operations) == (None, None, None):
        inputs = {"passes": plain(general[0]), "operations_per_pass": plain(general[1])}
        return _result(args, "ARCHITECTURE", compute.architecture(*general), inputs)
    raise _Usage("give --parameters and --tokens (and --operations), or --passes and --operations-per-pass.")


def _result(args: Namespace, method: str, flop: Decimal, inputs: dict[str, Any]) -> int:
    over = None if args.threshold is None else compute.above(flop, args.threshold)
    answer: dict[str, Any] = {"method": method, **inputs, "estimate": plain(flop), "reported": compute.two_significant_figures(flop)}
    answer |= {"threshold": None if over is None else plain(args.threshold), "above_threshold": over}
    _print(answer, _summary(answer), as_json=args.json)
    return 0


# -- Sum --------------------------------------------------------------------------


class _Estimate(Payload):
    """What a file may state; options come before it."""

    components: tuple[compute.Stage, ...] = Field(min_length=1)
    margin: Flop | None = None
    reported: str | None = None
    threshold: Flop | None = None
    trigger: compute.Trigger | None = None


def _sum(args: Namespace) -> int:
    estimate = _estimate(args)
    settings = {name: getattr(estimate, name) for name in ("margin", "reported", "threshold", "trigger")}
    report = compute.total(estimate.components, **settings)
    answer = {"method": "SUM", **report.model_dump(mode="json")}
    _print(answer, [*_table(report), "", *_summary(answer)], as_json=args.json)
    return 0


def _estimate(args: Namespace) -> _Estimate:
    stated = _read(args.file) if args.file else {}
    options = {name: getattr(args, name) for name in ("margin", "reported", "threshold", "trigger") if getattr(args, name) is not None}
    given = [each.model_copy(update={"discarded_included": args.discarded_included}) for each in args.components]
    listed = stated.get("components", [])
    if not given and not listed:
        raise _Usage("give at least one KIND=FLOP, or --file.")
    try:
        return _Estimate.model_validate({**stated, **options, "components": [*given, *listed] if isinstance(listed, list) else listed})
    except ValidationError as wrong:
        raise _Usage(f"--file {args.file}: {_first(wrong)}.") from None


def _read(file: Path) -> dict[str, Any]:
    """Read a file whose scalars stay text, so that no float ever exists."""
    try:
        text = file.read_text(encoding="utf-8")
        stated = json.loads(text, parse_float=str, parse_int=str) if file.suffix == ".json" else yaml.load(text, Loader=yaml.BaseLoader)
    except OSError as wrong:
        raise _Usage(f"--file {file}: {wrong.strerror}.") from None
    except (ValueError, yaml.YAMLError):
        raise _Usage(f"--file {file}: not YAML or JSON in UTF-8.") from None
    if not isinstance(stated, dict):
        raise _Usage(f"--file {file}: must hold `components`.")
    return stated


# -- Output -----------------------------------------------------------------------


def _table(report: compute.Report) -> list[str]:
    parts = [(each, "yes") for each in report.counted] + [(each, "no") for each in report.not_counted]
    rows = [("Component", "FLOP", "Counted"), *((each.kind, plain(each.flop), counted) for each, counted in parts)]
    kind, flop, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    return [f"{row[0]:<{kind}}  {row[1]:>{flop}}  {row[2]}" for row in rows]


def _summary(answer: dict[str, Any]) -> list[str]:
    lines = [("Estimate", f"{answer['estimate']} FLOP"), ("Two significant figures", f"{answer['reported']} FLOP")]
    if answer["threshold"] is not None:
        word = "greater than" if answer["above_threshold"] else "not greater than"
        lines.append(("Threshold", f"{answer['threshold']} FLOP: the estimate is {word} it"))
    if answer.get("interval"):
        low, high = answer["interval"]
        lines.append((f"Error margin {answer['error_margin_pct']} %", f"{low} to {high} FLOP; the point estimate decides"))
    lines += [("Warning", warning["sentence"]) for warning in answer.get("warnings", [])]
    return _aligned(lines)


def _aligned(lines: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(label) for label, _ in lines)
    return [f"{label:<{width}}  {text}" for label, text in lines]


def _print(answer: dict[str, Any], lines: Iterable[str], *, as_json: bool) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2) if as_json else "\n".join(lines))
