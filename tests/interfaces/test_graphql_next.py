"""What may be recorded next, and what binds whom, asked of the staff schema."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.interfaces.graphql_stack import Stack

STAFF = "/staff/graphql"


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """A register with a case whose arguments were rejected."""
    found = Stack().replay("flow-arguments-rejected.yaml")
    yield found
    found.register.close()


def of_alpha(stack: Stack, selection: str) -> Any:
    return stack.data(f'{{ case(id: "{stack.case("alpha")}") {{ {selection} }} }}', path=STAFF)["case"]


def test_next_is_what_the_guards_say(stack: Stack) -> None:
    found = {one["event"]: one for one in of_alpha(stack, "next { event possible code article message recordedBy }")["next"]}
    steps = stack.register.office.next_steps(UUID(stack.case("alpha")), stack.now)
    assert {name: one["possible"] for name, one in found.items()} == {step.event: step.possible for step in steps}
    assert (found["ArgumentsRejected"]["possible"], found["ArgumentsRejected"]["code"]) == (False, "R04")
    request = found["ReassessmentRequestReceived"]
    assert (request["possible"], request["code"], request["article"]) == (True, "R13", "52(5)")


def test_the_duties_of_systemic_risk_bind_from_classification(stack: Stack) -> None:
    (provider,) = of_alpha(stack, "obligations { providerRef obligations { article fromDay because } }")["obligations"]
    systemic = [one for one in provider["obligations"] if one["article"].startswith("55")]
    assert systemic
    assert {(one["fromDay"], *one["because"]) for one in systemic} == {("2026-03-01", "PRESUMED")}
