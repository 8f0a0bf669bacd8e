"""Who records what: the table of events, typed as data, against the code, in both directions (R33)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from api.stores.event_store.mapper import EventDecoder
from api.wiring import Register
from domain.actors import Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister, Refused
from domain.events import EVENTS
from domain.ids import LAW, REGISTER, Stream
from domain.law.rules import R33
from domain.record import Fact
from domain.registry import Command
from tests.scenario import ALPHA, CREATED, Scenario, actor, brussels, fact, given, named, notified, opened, publication, threshold_met

DATA = Path(__file__).parents[1] / "data"
TABLE: dict[str, Any] = yaml.safe_load((DATA / "roles.yaml").read_text(encoding="utf-8"))
ROWS: list[dict[str, Any]] = TABLE["events"]
NOW = brussels("2026-11-20")
STREAMS = {
    "case": ALPHA,
    "publication": publication(),
    "entry": Stream("entry", ALPHA.key),
    "alert": Stream("alert", str(named("alert"))),
    "challenge": Stream("challenge", str(named("challenge"))),
    "law": LAW,
    "register": REGISTER,
}


def recorders(row: dict[str, Any]) -> set[str]:
    return set(TABLE["filer"] if row["by"] == "filer" else row["by"])


def label(row: dict[str, Any]) -> str:
    return f"{row['event']}-on-{row['stream']}"


def stored_fact(topic: str) -> Fact:
    """A fact of a type, as one was once stored."""
    found: Fact = EventDecoder().event(topic, (DATA / "golden" / f"{topic}.1.json").read_bytes()).fact
    return found


@pytest.fixture(scope="module")
def register() -> Scenario:
    """A register with one case, so that no command fails for want of a record."""
    return given(CREATED, opened())


# -- The table and the code ----------------------------------------------------------


def test_the_roles_are_those_of_the_table() -> None:
    assert set(TABLE["roles"]) == set(Role)


def test_the_table_has_every_event_and_no_other() -> None:
    assert {row["event"] for row in ROWS} == set(EVENTS)


def test_every_event_is_recorded_on_the_streams_of_the_table() -> None:
    streams: dict[str, set[str]] = {}
    for row in ROWS:
        streams.setdefault(row["event"], set()).update({row["stream"], *row.get("also", ())})
    assert {topic: set(kind.STREAMS) for topic, kind in EVENTS.items()} == streams


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_every_event_is_recorded_by_the_roles_of_the_table(row: dict[str, Any]) -> None:
    assert set(EVENTS[row["event"]].RECORDED_BY) == recorders(row)


# -- What the register does -----------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_any_other_role_is_refused_and_leaves_no_trace(register: Scenario, row: dict[str, Any]) -> None:
    what, before = stored_fact(row["event"]), register.stored()
    for stream in (row["stream"], *row.get("also", ())):
        for role in sorted(set(Role) - recorders(row)):
            with pytest.raises(Refused) as refused:
                register.registry.record(Command(STREAMS[stream], actor(role), what, NOW))
            assert refused.value.rule is R33, role
            assert register.stored() == before, role


@pytest.mark.parametrize("row", ROWS, ids=label)
def test_a_role_of_the_table_meets_every_rule_but_this_one(register: Scenario, row: dict[str, Any]) -> None:
    what = stored_fact(row["event"])
    for role in sorted(recorders(row)):
        command = Command(STREAMS[row["stream"]], actor(Role(role)), what, NOW)
        assert all(refusal.rule is not R33 for refusal in met(register, command)), role


def met(register: Scenario, command: Command) -> Iterator[Refused]:
    """Try a command and yield its refusal, if it meets one; nothing is recorded."""
    try:
        register.registry.record(command, dry_run=True)
    except Refused as refused:
        yield refused
    except (NotInRegister, AlreadyInRegister, Malformed):
        return


def test_every_event_of_the_demonstration_bears_a_role_of_the_table(demonstration: Register) -> None:
    table = {(row["event"], stream): recorders(row) for row in ROWS for stream in (row["stream"], *row.get("also", ()))}
    stored = [orjson.loads(state) for _, _, state in demonstration.recorder.raw_events(0, 100_000)]
    strange = [
        (event["topic"], event["role"])
        for event in stored
        if event["topic"] in EVENTS and event["role"] not in table[(event["topic"], event["stream"].partition("/")[0])]
    ]
    assert len(stored) > 500
    assert strange == []


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.CASE_OFFICER])
def test_a_ruling_on_a_filing_bears_the_role_of_who_may_rule(role: Role) -> None:
    """Whoever files does not rule: a ruling made with the filing is the register's own, unless an officer recorded the filing."""
    scenario = given(brussels("2026-03-05"), opened(), threshold_met("2026-03-01"))
    filing = fact("RenotificationReceived", **renotice())
    recorded = scenario.registry.record(Command(ALPHA, actor(role), filing, brussels("2026-03-06", 13)))
    assert [(event.topic, event.role) for event in recorded.events] == [
        ("RenotificationReceived", role),
        ("SubmissionRuledInadmissible", Role.SYSTEM if role is Role.PROVIDER else role),
    ]


def renotice() -> dict[str, Any]:
    return {
        "submission_id": named("renotice"), "received_at": "2026-03-06T12:00:00+01:00", "provider_ref": named("alpha-ai"),
        "filer_ref": named("alpha-ai"), "filer_role": "PROVIDER", "channel": "EU_SEND", "target_decision_id": named("acceptance"),
        "change": "SUBSTANTIAL_CHANGE_OCCURRED", "fact": "context length", "became_known_on": "2026-03-05", "arguments_included": False,
    }  # fmt: skip


@pytest.mark.parametrize("role", [Role.PROVIDER, Role.CASE_OFFICER])
def test_a_filing_reopens_a_closed_case_in_the_name_of_who_may(role: Role) -> None:
    """Law: procedure 5.1; events.md: CaseReopened is recorded by CASE_OFFICER, or by SYSTEM with a filing."""
    closed = fact("CaseClosed", on="2026-03-05", closing_reason="NEVER_CLASSIFIED")
    scenario = given(brussels("2026-03-05"), opened(), closed)
    filing = notified(brussels("2026-03-06"))
    recorded = scenario.registry.record(Command(ALPHA, actor(role), filing, brussels("2026-03-06", 13)))
    reopened = next(event for event in recorded.events if event.topic == "CaseReopened")
    assert reopened.role in reopened.fact.RECORDED_BY
