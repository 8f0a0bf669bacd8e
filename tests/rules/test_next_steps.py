"""What may be recorded next is worked out by the guards themselves: what a docket then records was possible, what is refused was not."""

from pathlib import Path

import pytest

from api.dockets.files import Step, read_docket
from api.dockets.runner import Result
from api.settings import Settings
from api.wiring import Register, open_register
from domain.ids import Stream
from domain.next_steps import NextStep
from domain.types import instant
from tests.rules.test_dockets import DOCKETS

NAMED = (
    "conversion second-reassessment closing revocation corrections succession mandate-terminated acceptance-served-on-the-former-provider"
).split()
FLOWS = [path for path in DOCKETS if path.stem.startswith("flow-") or path.stem in NAMED]


def steps_with_what_was_possible(path: Path) -> list[tuple[Step, Result, dict[str, NextStep]]]:
    """Run a docket, asking before each step on a case what may be recorded at its time."""
    register = open_register(Settings(database_url="sqlite://"))
    with path.open(encoding="utf-8") as text:
        docket = read_docket(path, text)
        found = []
        runner = None
        for step in docket.steps:
            if runner is None:
                register.create(instant(step.body["at"]), demonstration=True)
                runner = register.runner(docket.name)
            before = possible_at(register, step, runner.names.identifier)
            found.append((step, runner.step(step), before))
    register.close()
    return found


def possible_at(register: Register, step: Step, identifier: object) -> dict[str, NextStep]:
    stream = str(step.body.get("stream", ""))
    if "record" not in step.body or not stream.startswith("case/"):
        return {}
    register.follower.catch_up()
    case_id = identifier("case", stream.partition("/")[2])  # type: ignore[operator]
    steps = register.office.next_steps(Stream("case", case_id).key, instant(step.body["at"]))  # type: ignore[arg-type]
    return {one.event: one for one in steps}


@pytest.mark.slow
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_what_is_recorded_was_possible(path: Path) -> None:
    for step, result, before in steps_with_what_was_possible(path):
        exceptional = "hearing_omitted_reason" in step.body.get("data", {})  # urgency is an exception, not a possibility
        if before and result.outcome == "recorded" and not exceptional:
            assert before[step.body["record"]].possible, (step.n, before[step.body["record"]])


@pytest.mark.slow
@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_what_is_impossible_says_why(path: Path) -> None:
    for _, _, before in steps_with_what_was_possible(path):
        for one in before.values():
            assert one.recorded_by
            assert one.possible or one.message
            assert (one.code is None) == (one.article is None)
