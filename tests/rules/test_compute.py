"""Training compute: every published case, the legal boundaries, what counts, the report and its warnings."""

import argparse
import json
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.cli import compute as verb
from domain import compute
from domain.types import Component, ComponentKind, exact

CASES: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "data" / "compute_cases.json").read_text(encoding="utf-8"), parse_float=Decimal, parse_int=Decimal
)
TEN_TO_25, TEN_TO_23 = exact("1e25"), exact("1e23")


def period(units: str, seconds: Decimal | str, peak: str, utilisation: str) -> compute.Period:
    return compute.Period.model_validate({"units": [{"number": units, "peak": peak}], "seconds": seconds, "utilisation": utilisation})


def stage(kind: str, flop: str, **more: Any) -> compute.Stage:
    return compute.Stage.model_validate({"kind": kind, "flop": flop, **more})


def by_method(method: str, given: dict[str, Any]) -> Decimal:
    """Compute a published case by the method it names."""
    number = {name: exact(text) for name, text in given.items() if isinstance(text, str)}
    match method:
        case "architecture_6ND":
            return compute.dense_transformer(number["parameters"], number["tokens"], number.get("flop_per_param_token", Decimal(6)))
        case "architecture_moe":
            return compute.dense_transformer(number["active_parameters"], number["tokens"])
        case "architecture_custom":
            per_token = compute.added([compute.product(number["a"], number["active_parameters"]), number["b"]])
            return compute.architecture(number["tokens"], per_token)
        case "hardware" if "chip_hours" in given:
            seconds = compute.product(number["chip_hours"], Decimal(3600))
            return compute.hardware([period("1", seconds, given["peak_flops"], given["utilisation"])])
        case "hardware":
            return compute.hardware([period(given["chips"], given["seconds"], given["peak_flops"], given["utilisation"])])
        case "pf_days":
            return compute.pf_days(number["pf_days"])
        case "sum":
            return compute.total([stage("PRETRAINING", text) for text in given["stages"]]).estimate
        case "product":
            return compute.product(*map(exact, given["factors"]))
        case "reported":
            return number["reported"]
    raise AssertionError(method)


# -- Published cases ------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["id"])
def test_a_published_case(case: dict[str, Any]) -> None:
    flop = by_method(case["method"], case["inputs"])
    expected = exact(case["expected_flop"])
    assert abs(flop - expected) <= expected * case["rel_tolerance"]
    assert Context(prec=7, rounding=ROUND_HALF_EVEN).plus(flop) == Decimal(case["formula_value"])
    assert compute.above(flop, TEN_TO_25) is case["above_1e25"]
    assert compute.above(flop, TEN_TO_23) is case["above_1e23"]


@pytest.mark.parametrize("case", CASES["legal_boundary_cases"], ids=lambda case: case["id"])
def test_a_legal_boundary_case(case: dict[str, Any]) -> None:
    flop = exact(case["value"].lower())
    threshold = TEN_TO_25 if "presumed" in case else TEN_TO_23
    assert compute.above(flop, threshold) is case.get("presumed", case.get("gpai_indicative"))


@pytest.mark.parametrize(
    ("flop", "expected"),
    [
        (compute.dense_transformer(exact("3.8e9"), exact("3.3e12")), "7.524e22"),
        (compute.hardware([period("200000", "3600", "300e12", "0.5")]), "1.08e23"),
        (compute.hardware([period("370000", "3600", "989e12", "0.5")]), "6.58674e23"),
        (compute.dense_transformer(exact("70e9"), exact("2e12")), "8.4e23"),
    ],
)
def test_the_known_vectors_of_the_procedure_are_exact(flop: Decimal, expected: str) -> None:
    assert flop == exact(expected)


# -- Exactness ------------------------------------------------------------------------


def test_no_digit_is_lost() -> None:
    long = exact("123456789012345678901234567890.123456789")
    assert compute.product(long, long) == Decimal(int("123456789012345678901234567890123456789") ** 2).scaleb(-18, Context(prec=200))
    assert compute.above(compute.added([TEN_TO_25, exact("0.000000000001")]), TEN_TO_25)


def test_a_result_has_ten_thousand_digits_or_is_a_bug() -> None:
    assert compute.product(Decimal("1" * 10_000)) == Decimal("1" * 10_000)
    with pytest.raises(Inexact):
        compute.product(Decimal("1" * 10_001))


def test_a_float_is_a_type_error() -> None:
    for wrong in (lambda: compute.above(1e25, TEN_TO_25), lambda: compute.product(TEN_TO_25, 1.1)):  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            wrong()


def test_units_of_several_kinds_weigh_by_their_number() -> None:
    mixed = compute.Period.model_validate(
        {"units": [{"number": "1", "peak": "100"}, {"number": "2", "peak": "400"}], "seconds": "10", "utilisation": "0.5"}
    )
    # H = (1·100 + 2·400) / 3 = 300, N·H = 900
    assert compute.hardware([mixed]) == 4500


def test_periods_add_up() -> None:
    one, other = period("2", "3", "5", "0.1"), period("7", "11", "13", "1")
    assert compute.hardware([one, other]) == compute.hardware([one]) + compute.hardware([other]) == 1004


@pytest.mark.parametrize(("utilisation", "allowed"), [("0", False), ("0.0001", True), ("1", True), ("1.0001", False), ("-0.1", False)])
def test_utilisation_is_above_zero_and_at_most_one(utilisation: str, allowed: bool) -> None:
    if allowed:
        period("1", "1", "1", utilisation)
    else:
        with pytest.raises(ValidationError):
            period("1", "1", "1", utilisation)


# -- The one-third rule -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("modification", "original", "exceeds"),
    [
        ("1e25", "3e25", False),
        ("10000000000000000000000000.1", "3e25", True),
        ("9999999999999999999999999", "3e25", False),
        ("3333333333333333333333333", "1e25", False),
        ("3333333333333333333333334", "1e25", True),
        ("0", "0", False),
    ],
)
def test_a_third_is_compared_without_dividing(modification: str, original: str, exceeds: bool) -> None:
    assert compute.exceeds_one_third(exact(modification), exact(original)) is exceeds


@given(st.integers(0, 10**27), st.integers(0, 10**27))
def test_the_one_third_rule_agrees_with_whole_numbers(modification: int, original: int) -> None:
    assert compute.exceeds_one_third(Decimal(modification), Decimal(original)) is (3 * modification > original)


# -- Two significant figures --------------------------------------------------------------


@pytest.mark.parametrize(
    ("flop", "written"),
    [
        ("2.3e25", "2.3x10^25"),
        ("1.04e25", "1.0x10^25"),
        ("1.0499999999e25", "1.0x10^25"),
        ("1.05e25", "1.1x10^25"),
        ("1.15e25", "1.2x10^25"),
        ("1.25e25", "1.3x10^25"),
        ("9.94e24", "9.9x10^24"),
        ("9.95e24", "1.0x10^25"),
        ("1e25", "1.0x10^25"),
        ("7", "7.0x10^0"),
        ("0", "0"),
    ],
)
def test_two_significant_figures(flop: str, written: str) -> None:
    assert compute.two_significant_figures(exact(flop)) == written


def test_a_figure_above_the_threshold_may_print_as_the_threshold() -> None:
    report = compute.total([stage("PRETRAINING", "1.04e25")], threshold=TEN_TO_25)
    assert (report.above_threshold, report.reported) == (True, "1.0x10^25")


@pytest.mark.parametrize("text", ["2.3e25", "2.3e+25", "2.3E25", "2.3x10^25", "2.3×10^25 FLOP", "2.3 x 10^25", "23000000000000000000000000"])
def test_a_reported_figure_is_read_in_every_usual_form(text: str) -> None:
    assert compute.reported_figure(text) == exact("2.3e25")


@given(st.integers(1, 10**30))
def test_rounding_moves_a_figure_by_at_most_five_per_cent(flop: int) -> None:
    rounded = compute.reported_figure(compute.two_significant_figures(Decimal(flop)))
    assert rounded is not None
    assert abs(rounded - flop) * 20 <= flop


# -- What counts ----------------------------------------------------------------------------

COUNTED = {
    "PRETRAINING",
    "CONTINUED_PRETRAINING",
    "FINE_TUNING",
    "PREFERENCE_OR_RL_UPDATES",
    "SYNTHETIC_DATA_NON_PUBLIC",
    "MERGED_OR_INITIALISING_WEIGHTS",
}


@pytest.mark.parametrize("kind", get_args(ComponentKind))
def test_every_kind_counts_or_not_as_the_guidelines_say(kind: str) -> None:
    report = compute.total([stage(kind, "1e24", discarded_included=True)])
    assert report.estimate == (exact("1e24") if kind in COUNTED else 0)
    assert len(report.counted) == (kind in COUNTED)
    assert len(report.not_counted) == (kind not in COUNTED)
    assert report.warnings == ()


def concerns(*components: Component, **stated: Any) -> list[str]:
    return [warning.concern for warning in compute.total(components, **stated).warnings]


def test_a_mark_against_the_table_decides_but_warns() -> None:
    excluded = stage("EVALUATION_OR_RED_TEAMING", "1e24", counted=True)
    left_out = stage("FINE_TUNING", "1e24", counted=False)
    assert compute.total([excluded, left_out]).estimate == exact("1e24")
    assert concerns(excluded, left_out) == ["EXCLUDED_KIND_COUNTED", "COUNTED_KIND_LEFT_OUT"]


def test_synthetic_data_says_whether_discarded_samples_are_included() -> None:
    assert concerns(stage("SYNTHETIC_DATA_NON_PUBLIC", "1e24")) == ["DISCARDED_SAMPLES_NOT_STATED"]
    assert concerns(stage("SYNTHETIC_DATA_NON_PUBLIC", "1e24", discarded_included=True)) == []
    recorded = Component(kind="SYNTHETIC_DATA_NON_PUBLIC", flop=exact("1e24"), counted=True, note_hash="0" * 64)
    assert concerns(recorded) == []
    assert concerns(recorded.model_copy(update={"note_hash": None})) == ["DISCARDED_SAMPLES_NOT_STATED"]


@pytest.mark.parametrize(("margin", "expected"), [("30", []), ("30.01", ["MARGIN_TOO_WIDE"]), ("0", [])])
def test_a_margin_above_thirty_per_cent_warns(margin: str, expected: list[str]) -> None:
    assert concerns(stage("PRETRAINING", "1e24"), margin=exact(margin)) == expected


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ("1.0x10^25", []),
        ("1e25", []),
        ("1.04e25", ["REPORTED_FIGURE_DIFFERS"]),
        ("1.1e25", ["REPORTED_FIGURE_DIFFERS"]),
        ("about ten", ["REPORTED_FIGURE_DIFFERS"]),
    ],
)
def test_a_reported_figure_that_is_not_the_rounding_warns(reported: str, expected: list[str]) -> None:
    assert concerns(stage("PRETRAINING", "1.04e25"), reported=reported) == expected


@pytest.mark.parametrize(
    ("flop", "trigger", "expected"),
    [
        ("1e25", "MET", ["VOLUNTARY_NOTICE"]),
        ("10000000000000000000000001", "MET", []),
        ("1e25", "WILL_BE_MET", []),
        ("1e25", "DOWNSTREAM_MODIFICATION", []),
    ],
)
def test_a_notice_at_the_threshold_is_voluntary(flop: str, trigger: str, expected: list[str]) -> None:
    assert concerns(stage("PRETRAINING", flop), threshold=TEN_TO_25, trigger=trigger) == expected


def test_the_margin_gives_an_interval_and_moves_nothing() -> None:
    report = compute.total([stage("PRETRAINING", "1.0692e25")], margin=exact("30"), threshold=TEN_TO_25)
    assert report.interval == (exact("7.4844e24"), exact("1.38996e25"))
    assert report.above_threshold is True
    assert compute.interval(TEN_TO_25, exact("150")) == (Decimal(0), exact("2.5e25"))


def test_a_report_writes_its_numbers_as_text() -> None:
    report = compute.total([stage("PRETRAINING", "1.1e25")], margin=exact("12.5"), threshold=TEN_TO_25)
    written = report.model_dump(mode="json")
    assert written["estimate"] == "11000000000000000000000000"
    assert written["interval"] == ["9625000000000000000000000", "12375000000000000000000000"]
    assert written["error_margin_pct"] == "12.5"
    assert written["threshold"] == "10000000000000000000000000"


def test_a_warning_is_written_as_its_concern_and_its_sentence() -> None:
    (warning,) = compute.total([stage("PRETRAINING", "1e24")], margin=exact("31")).warnings
    sentence = "The stated error margin of 31 % is wider than 30 %."
    assert warning.model_dump(mode="json") == {"concern": "MARGIN_TOO_WIDE", "sentence": sentence}


def test_an_empty_estimate_is_zero() -> None:
    assert compute.total([]).estimate == 0


# -- The verb ---------------------------------------------------------------------------------


def registry(*words: str) -> int:
    parser = argparse.ArgumentParser(prog="registry")
    verb.add_parser(parser.add_subparsers(required=True))
    args = parser.parse_args(words)
    code: int = args.func(args)
    return code


def answer(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert registry("compute", *words, "--json") == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_the_verb_by_hardware(capsys: pytest.CaptureFixture[str]) -> None:
    one = ("hardware", "--units", "25000", "--seconds", "7776000", "--peak", "989e12", "--utilisation", "0.4")
    assert answer(capsys, *one)["estimate"] == "76904640000000000000000000"
    two = ("--period", "units=1/2,hours=1,peak=100/400,utilisation=0.5", "--period", "units=1,seconds=1,peak=7,utilisation=1")
    assert answer(capsys, "hardware", *two, "--threshold", "1620007")["estimate"] == "1620007"
    assert answer(capsys, "hardware", *two, "--threshold", "1620007")["above_threshold"] is False
    assert answer(capsys, "hardware", *two, "--threshold", "1620006.9")["above_threshold"] is True


def test_the_verb_by_architecture(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "architecture", "--parameters", "70e9", "--tokens", "2e12")["reported"] == "8.4x10^23"
    assert answer(capsys, "architecture", "--parameters", "2", "--tokens", "5", "--operations", "3")["estimate"] == "30"
    assert answer(capsys, "architecture", "--passes", "5", "--operations-per-pass", "7")["estimate"] == "35"


def test_the_verb_by_sum(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    words = ("PRETRAINING=3.29e24", "FINE_TUNING=1e22", "EVALUATION_OR_RED_TEAMING=1e24", "--margin", "30", "--reported", "3.3e24")
    found = answer(capsys, "sum", *words)
    assert (found["estimate"], found["warnings"]) == ("3300000000000000000000000", [])
    file = tmp_path / "components.json"
    file.write_text('{"components": [{"kind": "PRETRAINING", "flop": 1.000000000000000000000000001e25}], "threshold": 1e25}')
    assert answer(capsys, "sum", "--file", str(file))["above_threshold"] is True
    assert answer(capsys, "sum", "--file", str(file), "--threshold", "2e25")["above_threshold"] is False
    file = tmp_path / "components.yaml"
    file.write_text("components:\n- {kind: FINE_TUNING, flop: 1.1e+25, counted: false}\ntrigger: MET\nthreshold: 1e25\n")
    assert [w["concern"] for w in answer(capsys, "sum", "--file", str(file))["warnings"]] == ["COUNTED_KIND_LEFT_OUT", "VOLUNTARY_NOTICE"]


def test_the_verb_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert registry("compute", "sum", "PRETRAINING=1e25", "EVALUATION_OR_RED_TEAMING=2e24", "--threshold", "1e25", "--trigger", "MET") == 0
    assert capsys.readouterr().out.splitlines() == [
        "Component                                        FLOP  Counted",
        "PRETRAINING                10000000000000000000000000  yes",
        "EVALUATION_OR_RED_TEAMING   2000000000000000000000000  no",
        "",
        "Estimate                 10000000000000000000000000 FLOP",
        "Two significant figures  1.0x10^25 FLOP",
        "Threshold                10000000000000000000000000 FLOP: the estimate is not greater than it",
        "Warning                  The estimate is not greater than the threshold: a voluntary notice, without effect.",
    ]


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("hardware",), "--units"),
        (("hardware", "--units", "1", "--seconds", "1", "--peak", "1", "--utilisation", "1.1"), "--utilisation"),
        (("hardware", "--units", "1", "--seconds", "1", "--hours", "1", "--peak", "1", "--utilisation", "1"), "--seconds"),
        (("hardware", "--period", "units=1/2,seconds=1,peak=1,utilisation=1"), "--period units=1/2"),
        (("architecture", "--parameters", "1"), "--tokens"),
        (("sum",), "--file"),
        (("sum", "--file", "no-such-file.yaml"), "--file no-such-file.yaml"),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_option(capsys: pytest.CaptureFixture[str], words: tuple[str, ...], option: str) -> None:
    assert registry("compute", *words) == 2
    told = capsys.readouterr().err
    assert option in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("words", [("architecture", "--tokens", "1_000"), ("sum", "PRETRAINING=1e-3"), ("sum", "WARM_UP=1e3"), ("sum", "x")])
def test_a_malformed_number_or_kind_is_wrong_usage(words: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as left:
        registry("compute", *words)
    assert left.value.code == 2
