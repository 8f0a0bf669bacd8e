"""Running dockets: names, time, expectations, and mistakes that record nothing."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from typing import Any

import pytest

from api.dockets.files import Step
from api.dockets.runner import Result
from api.wiring import Register
from tests.scenario import CREATED

OFFICER = {"role": "CASE_OFFICER", "id": "officer-1"}
AT = "2026-03-10T09:00:00+01:00"
LATER = "2026-03-11T09:00:00+01:00"
OPEN = {"at": AT, "by": OFFICER, "stream": "case/alpha", "record": "ModelCaseOpened", "data": {"lineage_key": "alpha-1", "internal_name": "Alpha"}}
MET = {
    "at": AT,
    "by": OFFICER,
    "stream": "case/alpha",
    "record": "ThresholdMet",
    "data": {"on": "2026-03-01", "compute_flop": "1.1e+25", "threshold_version": "1", "source": "PROVIDER", "kind": "COMPUTE"},
}
Runs = Callable[..., list[Result]]


@pytest.fixture
def register(opened: Callable[[str], Register]) -> Register:
    found = opened("sqlite://")
    found.create(CREATED, demonstration=True)
    return found


@pytest.fixture
def run(register: Register) -> Runs:
    runner, numbers = register.runner("test"), count(1)
    return lambda *bodies: [runner.step(Step(n, 10 * n, deepcopy(body))) for body, n in zip(bodies, numbers, strict=False)]


def stored(register: Register) -> list[Any]:
    return register.recorder.raw_events(0, 1_000_000)


def without(body: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != key}


def saying(body: dict[str, Any], **data: Any) -> dict[str, Any]:
    return {**body, "data": {**body["data"], **data}}


# -- Mistakes: each names the step, the line and the field, and records nothing ---------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (without(MET, "at"), "field at: is missing"),
        (without(MET, "by"), "field by: is missing"),
        (without(MET, "stream"), "field stream: is missing"),
        (without(MET, "record"), "field record: is missing"),
        ({}, "is missing"),
        ({**MET, "byy": "x"}, "field byy: is not a key of a step; write as, at, by, data, expect, record, stream"),
        ({**MET, "ask": "status"}, "field ask: is not a key of a step"),
        ({**MET, "at": "2026-03-10T09:00:00"}, "field at: must carry its offset from UTC"),
        ({**MET, "at": "2026-03-10"}, "field at: must be an instant with offset"),
        ({**MET, "at": "2026-02-30T09:00:00Z"}, "field at: is not a time of the calendar"),
        ({**MET, "at": ["x"]}, "field at: must be an instant with offset"),
        ({**MET, "at": "2026-03-10T08:59:59+01:00"}, "field at: lies before the step before it (2026-03-10T08:00:00+00:00)"),
        ({**MET, "by": "officer-1"}, "field by: must be {role: CASE_OFFICER, id: officer-1}"),
        ({**MET, "by": {"role": "CASE_OFFICER"}}, "field by: must be {role: CASE_OFFICER, id: officer-1}"),
        ({**MET, "by": {**OFFICER, "name": "x"}}, "field by: must be {role: CASE_OFFICER, id: officer-1}"),
        ({**MET, "by": {"role": "OFFICER", "id": "x"}}, "field by.role: must be one of PROVIDER, AUTHORISED_REPRESENTATIVE, CASE_OFFICER"),
        ({**MET, "by": {"role": "case_officer", "id": "x"}}, "field by.role: must be one of"),
        ({**MET, "by": {"role": ["CASE_OFFICER"], "id": "x"}}, "field by.role: must be one of"),
        ({**MET, "stream": "alpha"}, "field stream: must be case/NAME, alert/NAME, publication/NAME"),
        ({**MET, "stream": "case/"}, "field stream: must be case/NAME"),
        ({**MET, "stream": "claim/x"}, "field stream: must be case/NAME"),
        ({**MET, "stream": "law/x"}, "field stream: must be case/NAME"),
        ({**MET, "stream": {"case": "alpha"}}, "field stream: must be a word"),
        ({**MET, "stream": "law"}, "field stream: ThresholdMet is recorded on case, not on law"),
        ({**MET, "stream": "publication/alpha"}, "field stream: ThresholdMet is recorded on case, not on publication"),
        ({**MET, "record": "ThresholdMat"}, "there is no event type 'ThresholdMat'; did you mean ThresholdMet?"),
        ({**MET, "record": "Nothing like it"}, "there is no event type 'Nothing like it'"),
        ({**MET, "record": "Claimed"}, "there is no event type 'Claimed'"),
        ({**MET, "record": ["ThresholdMet"]}, "field record: must be a word"),
        ({**MET, "data": ["x"]}, "field data: must be a mapping of fields"),
        ({**MET, "data": "x"}, "field data: must be a mapping of fields"),
        ({**MET, "as": ["x"]}, "field as: must be a word"),
        (without(MET, "data"), "field on: is missing"),
        (saying(MET, compute_flops="1e26"), "field compute_flops: is not a field of ThresholdMet; did you mean compute_flop?"),
        (saying(MET, zzz="1"), "field zzz: is not a field of ThresholdMet"),
        (saying(MET, compute_flop="1E26"), "field compute_flop: must be written digits[.digits][e[+]digits]"),
        (saying(MET, compute_flop=["1e26"]), "field compute_flop: must be text such as 1.1e25"),
        (saying(MET, on="yesterday"), "field on: must be a day written YYYY-MM-DD"),
        (saying(MET, on={"day": "x"}), "field on: must be a day written YYYY-MM-DD"),
        (saying(MET, source="ROVIDER"), "field source: must be 'PROVIDER' or 'COMMISSION'"),
        (saying(MET, threshold_version="one"), "field threshold_version: must be a whole number"),
        (saying(MET, threshold_version="2"), "field threshold_version: must be 1, the version in force"),
        (saying(OPEN, modalities="text"), "field modalities:"),
        (saying(OPEN, modalities=["text", ["x"]]), "field modalities.1:"),
        (saying(OPEN, internal_name="x" * 501), "field internal_name:"),
        ({**MET, "expect": "R01"}, "field expect: of a recorded step is {refused: R08} or {ruled: NAME, article: ARTICLE}"),
        ({**MET, "expect": {"status": "CLASSIFIED"}}, "field expect: of a recorded step is"),
        ({**MET, "expect": {"refused": "R01", "why": "x"}}, "field expect: of a recorded step is"),
        ({**MET, "stream": "case/beta"}, "case has no events yet"),
        ({**OPEN}, "This case is open already"),
        ({**OPEN, "stream": "case/beta"}, "Another case has this lineage_key"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_step_line_and_field_and_records_nothing(register: Register, run: Runs, body: dict[str, Any], says: str) -> None:
    run(OPEN)
    before = stored(register)
    (result,) = run(body)
    assert (result.n, result.outcome, result.as_expected, result.events) == (2, "error", False, [])
    assert result.says.startswith("step 2 (line 20)")
    assert says in result.says
    assert stored(register) == before


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"ask": "state"}, "field ask: must be one of status, clock, clocks, published, history"),
        ({"ask": ["status"]}, "field ask: must be a word"),
        ({"ask": "status", "strem": "case/alpha"}, "field strem: is not a key of a step"),
        ({"ask": "status"}, "field stream: must name"),
        ({"ask": "clocks", "stream": "law"}, "field stream: must name"),
        ({"ask": "clock", "stream": "case/alpha"}, "field clock: must be one of D1, D1-L"),
        ({"ask": "clock", "stream": "case/alpha", "clock": "D99"}, "field clock: must be one of D1, D1-L"),
        ({"ask": "clock", "stream": "case/alpha", "clock": ["D1"]}, "field clock: must be one of"),
        ({"ask": "status", "stream": "case/alpha", "valid_at": "2026-02-30"}, "field valid_at:"),
        ({"ask": "status", "stream": "case/alpha", "valid_at": "2026-03-10T09:00:00"}, "field valid_at: must carry its offset"),
        ({"ask": "status", "stream": "case/alpha", "known_at": "yesterday"}, "field known_at: must be an instant with offset"),
        ({"ask": "status", "stream": "case/alpha", "known_at": ["2026-03-10"]}, "field known_at: must be an instant with offset"),
        ({"ask": "status", "stream": "case/alpha", "valid_at": "9999-12-31"}, "field valid_at:"),
        ({"ask": "status", "stream": "case/alpha", "at": "2026-03-10T08:59:59+01:00"}, "field at: lies before the step before it"),
        ({"ask": "status", "stream": "entry"}, "field stream: must be case/NAME"),
    ],
)  # fmt: skip
def test_a_question_that_is_none_is_named_likewise(register: Register, run: Runs, body: dict[str, Any], says: str) -> None:
    run(OPEN)
    before = stored(register)
    (result,) = run(body)
    assert (result.outcome, result.as_expected) == ("error", False)
    assert result.says.startswith("step 2 (line 20)")
    assert says in result.says
    assert stored(register) == before


ODD: tuple[Any, ...] = (
    "",
    " ",
    "\x00",
    "x" * 100_000,
    "-1",
    "null",
    "1e999",
    [],
    {},
    [[]],
    [{}],
    {"a": []},
    ["\x00"],
    True,
    "../..",
    "%s{0}",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to every value inside a step."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


NOTICE = {
    "at": AT, "by": OFFICER, "stream": "case/alpha", "record": "ReassessmentRequestReceived",
    "data": {
        "request_id": "r", "received_at": AT, "provider_ref": "p", "filer_ref": "p", "filer_role": "PROVIDER", "channel": "OTHER", "documents": ["d"],
        "target_decision_id": "x", "reasons": [{"text_hash": "t", "arose_on": "2026-03-01", "point": "a", "documents": ["d"]}],
    },
}  # fmt: skip


QUESTION = {"ask": "status", "stream": "case/alpha", "valid_at": "0001-01-01", "known_at": "2026-03-10"}


@pytest.mark.parametrize("body", [OPEN, MET, NOTICE, QUESTION], ids=["opening", "condition", "request", "question"])
def test_no_odd_value_anywhere_makes_the_runner_fail_or_record_in_part(register: Register, run: Runs, body: dict[str, Any]) -> None:
    run({**OPEN, "data": {"lineage_key": "other", "internal_name": "Other"}, "stream": "case/other"})
    for path in list(places(body)):
        for odd in ODD:
            changed = deepcopy(body)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = odd
            before = stored(register)
            (result,) = run(changed)
            assert result.outcome in ("recorded", "refused", "answered", "error")
            assert (len(stored(register)) > len(before)) == (result.outcome == "recorded"), (path, odd)
            json.dumps(result.plain())


@pytest.mark.parametrize(("reasons", "outcome"), [(100, "recorded"), (900, "error")])
def test_an_event_too_large_for_the_archive_is_an_error(register: Register, run: Runs, reasons: int, outcome: str) -> None:
    run(OPEN)
    before = stored(register)
    (result,) = run(saying(NOTICE, reasons=[{"text_hash": str(n), "arose_on": "2026-03-01"} for n in range(reasons)]))
    assert result.outcome == outcome
    assert ("put the text into a document" in result.says) == (outcome == "error") == (stored(register) == before)


# -- Names ---------------------------------------------------------------------------------


def test_the_names_of_a_docket_are_identifiers_of_the_store_and_names_again_in_answers(register: Register, run: Runs) -> None:
    notice = {
        **NOTICE,
        "record": "CorrespondenceRecorded",
        "data": {"on": "2026-03-10", "direction": "IN", "subject": "OTHER", "documents": ["letter", "0" * 64]},
    }
    opening, letter, asked = run(OPEN, notice, {"ask": "history", "stream": "case/alpha"})
    assert opening.events[0]["stream"] == "case/alpha"
    assert letter.events[0]["data"]["documents"][1] == "0" * 64
    assert len(letter.events[0]["data"]["documents"][0]) == 64
    assert asked.answer == ["ModelCaseOpened", "CorrespondenceRecorded"]
    assert b"alpha-1" in stored(register)[-2][2]
    assert b'"case/alpha"' not in b"".join(state for _, _, state in stored(register))


def test_the_same_docket_in_the_same_store_has_the_same_names(register: Register) -> None:
    first, second, other = register.runner("a"), register.runner("a"), register.runner("b")
    assert first.names.identifier("case", "alpha") == second.names.identifier("case", "alpha") != other.names.identifier("case", "alpha")
    assert first.names.identifier("case", "alpha") != first.names.identifier("decision", "alpha")


ESTABLISHED = {
    "at": AT, "by": OFFICER, "stream": "case/alpha", "record": "ConditionDateEstablished",
    "data": {"target_event_id": "met", "condition_met_on": "2026-02-01", "evidence_hash": "e"},
}  # fmt: skip


def test_a_step_names_its_event_for_later_steps(run: Runs) -> None:
    results = run(OPEN, {**MET, "as": "met"}, ESTABLISHED, {"ask": "status", "stream": "case/alpha", "valid_at": "2026-02-01"})
    assert [result.outcome for result in results] == ["recorded", "recorded", "recorded", "answered"]
    assert results[-1].answer["status"] == "CLASSIFIED"


def test_a_name_that_no_step_has_given_is_an_error(register: Register, run: Runs) -> None:
    run(OPEN, MET)
    before = stored(register)
    (result,) = run(ESTABLISHED)
    assert "no earlier step carries `as: met`" in result.says
    assert stored(register) == before


# -- Time ------------------------------------------------------------------------------------


def test_the_time_of_recording_is_the_dockets(run: Runs, register: Register) -> None:
    run(OPEN, {**MET, "at": LATER})
    register.follower.catch_up()
    times = [row.event.recorded_at.isoformat() for row in register.office.events(first=100) if row.event.stream.kind == "case"]
    assert times == ["2026-03-10T08:00:00+00:00", "2026-03-11T08:00:00+00:00"]


@pytest.mark.parametrize(("valid_at", "status"), [("2026-03-01", "CLASSIFIED"), ("2026-02-28", "NOT_CLASSIFIED")])
def test_a_bare_day_of_a_question_is_its_end_in_brussels(run: Runs, valid_at: str, status: str) -> None:
    (_, _, asked) = run(OPEN, MET, {"ask": "status", "stream": "case/alpha", "valid_at": valid_at})
    assert asked.answer["status"] == status


@pytest.mark.parametrize(("known_at", "status"), [("2026-03-09", "NOT_CLASSIFIED"), ("2026-03-10", "CLASSIFIED"), ("2099-01-01", "CLASSIFIED")])
def test_what_is_asked_is_answered_as_known_then_and_never_later_than_now(run: Runs, known_at: str, status: str) -> None:
    (_, _, asked) = run(OPEN, MET, {"ask": "status", "stream": "case/alpha", "known_at": known_at})
    assert asked.answer["status"] == status


# -- Expectations ------------------------------------------------------------------------------

TOO_LITTLE = saying(MET, compute_flop="1e25")


@pytest.mark.parametrize(
    ("body", "outcome", "as_expected"),
    [
        (MET, "recorded", True),
        ({**MET, "expect": {"refused": "R01"}}, "recorded", False),
        ({**MET, "expect": {"ruled": "SubmissionRuledInadmissible"}}, "recorded", False),
        (TOO_LITTLE, "refused", False),
        ({**TOO_LITTLE, "expect": {"refused": "R01"}}, "refused", True),
        ({**TOO_LITTLE, "expect": {"refused": "R01", "article": "51(2)"}}, "refused", True),
        ({**TOO_LITTLE, "expect": {"refused": "R01", "article": "52(5)"}}, "refused", False),
        ({**TOO_LITTLE, "expect": {"refused": "R02"}}, "refused", False),
        ({"ask": "published", "expect": []}, "answered", True),
        ({"ask": "published", "expect": [{}]}, "answered", False),
        ({"ask": "published"}, "answered", True),
        ({"ask": "status", "stream": "case/alpha", "expect": {"status": "NOT_CLASSIFIED"}}, "answered", True),
        ({"ask": "status", "stream": "case/alpha", "expect": {"status": "CLASSIFIED"}}, "answered", False),
        ({"ask": "status", "stream": "case/alpha", "expect": {"status": "NOT_CLASSIFIED", "no_such_flag": "true"}}, "answered", False),
        ({"ask": "status", "stream": "case/alpha", "expect": {"on_union_market": "false", "grounds": []}}, "answered", True),
        ({"ask": "history", "stream": "case/alpha", "expect": ["ModelCaseOpened"]}, "answered", True),
        ({"ask": "history", "stream": "case/alpha", "expect": ["ModelCaseOpened", "ThresholdMet"]}, "answered", False),
        ({"ask": "clocks", "stream": "case/alpha", "expect": []}, "answered", True),
        ({"ask": "clock", "stream": "case/alpha", "clock": "D1", "expect": {"due": "2026-03-16"}}, "answered", False),
    ],
)
def test_what_was_expected_is_held_against_what_came(run: Runs, body: dict[str, Any], outcome: str, as_expected: bool) -> None:
    (_, result) = run(OPEN, body)
    assert (result.outcome, result.as_expected) == (outcome, as_expected)


def test_a_refusal_appends_nothing_and_says_code_article_and_sentence(register: Register, run: Runs) -> None:
    run(OPEN)
    before = stored(register)
    (result,) = run(TOO_LITTLE)
    assert result.refusal
    assert (result.refusal["code"], result.refusal["article"]) == ("R01", "51(2)")
    assert "10000000000000000000000000 FLOP" in result.refusal["message"]
    assert stored(register) == before


def test_instants_are_compared_as_moments_and_lists_of_mappings_in_any_order(run: Runs) -> None:
    spans = {"PRESUMED": [{"from": "2026-02-28T23:00:00Z"}]}
    grounds = [{"ground": "PRESUMED", "from": "2026-02-28T18:00:00-05:00"}]
    (_, _, asked) = run(OPEN, MET, {"ask": "status", "stream": "case/alpha", "expect": {"spans": spans, "grounds": grounds}})
    assert asked.as_expected
