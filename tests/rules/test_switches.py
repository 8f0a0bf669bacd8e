"""
Every judgement switch: its default, its other readings, and a docket in which they differ; a change later never changes what stood before.

A docket named `switch-…` either changes its switch on the way (the default before, the other reading from its day on) or is set to the other reading
from the start, where the reading is one of facts and not of an act; its first comment then names the docket of the default.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest

from api.dockets.questions import moment
from domain.errors import AlreadyInRegister, Malformed
from domain.ids import REGISTER
from domain.law.periods import legal_day
from domain.law.settings import SWITCHES, Settings
from domain.record import Fact
from domain.registry import Command
from domain.types import instant
from tests.rules.replaying import DOCKETS, ROOT, WatchedRegister, played, steps_of, watched
from tests.scenario import CREATED, Role, actor, brussels, document, fact, given, opened

SECTION_14 = (
    "REASSESSMENT_CLOCK_FROM WAITING_PERIOD_FIRST_DAY WAITING_PERIOD_ROLLS LEGAL_TZ HOLIDAY_LIST NOTIFICATION_REPLACEMENT INCOMPLETE_NOTICE "
    "HEARING_MIN_WORKING_DAYS ALERT_90_1_B_ORIGIN RAISED_THRESHOLD_EFFECT LOWERED_THRESHOLD_D1 LIST_WHILE_ARGUMENTS_PENDING LIST_REJECTION_DECISIONS "
    "DECLINED_REASSESSMENT_BAR ACCEPTANCE_MULTI_PROVIDER HEARING_FOR_52_5_AND_UNDOING ARGUMENTS_AFTER_52_1_DESIGNATION NOTIFICATION_WITHDRAWAL "
    "EARLY_52_1_DESIGNATION SUSPENDED_ENDING SERVICE_FICTION CLAIM_REFUSED_STANDSTILL LIST_SHOW_52_1 LEGACY_LISTING PUBLICATION_SLOT "
    "LEGAL_DAY_IN_QUERIES FOUR_EYES"
).split()
NOT_YET: set[str] = set()
"""Switches of section 14 of which the register knows the default reading only."""
DEFAULTS = {
    "REASSESSMENT_CLOCK_FROM": "adopted_on", "WAITING_PERIOD_FIRST_DAY": "day_after", "WAITING_PERIOD_ROLLS": "no",
    "NOTIFICATION_REPLACEMENT": "until_D1", "INCOMPLETE_NOTICE": "cured_in_time", "HEARING_MIN_WORKING_DAYS": "10",
    "ALERT_90_1_B_ORIGIN": "EX_OFFICIO", "RAISED_THRESHOLD_EFFECT": "lapses", "LIST_WHILE_ARGUMENTS_PENDING": "hold",
    "DECLINED_REASSESSMENT_BAR": "none", "HEARING_FOR_52_5_AND_UNDOING": "yes", "ARGUMENTS_AFTER_52_1_DESIGNATION": "inadmissible",
    "NOTIFICATION_WITHDRAWAL": "no_effect", "EARLY_52_1_DESIGNATION": "refused", "SUSPENDED_ENDING": "operates_again",
    "CLAIM_REFUSED_STANDSTILL": "10", "LIST_SHOW_52_1": "no", "LEGACY_LISTING": "hold", "PUBLICATION_SLOT": "next_working_day",
    "FOUR_EYES": "drafter_differs", "LEGAL_TZ": "Brussels", "HOLIDAY_LIST": "Brussels", "LOWERED_THRESHOLD_D1": "publication",
    "LIST_REJECTION_DECISIONS": "no", "ACCEPTANCE_MULTI_PROVIDER": "first_notification", "SERVICE_FICTION": "none", "LEGAL_DAY_IN_QUERIES": "end",
}  # fmt: skip
"""The defaults of section 14, in the words of the register."""
OF_SWITCHES = [path for path in DOCKETS if path.stem.startswith("switch-")]


def settings_of(path: Path) -> dict[str, str]:
    """Return the readings that a docket sets from the start."""
    line = next((line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("settings: ")), "settings: {}")
    return dict(re.findall(r"(\w+): ([\w.]+)", line.removeprefix("settings: ")))


def changes_of(path: Path) -> list[dict[str, Any]]:
    """Return the changes that a docket records on the way."""
    return [step["data"] for step in steps_of(path) if step.get("record") == "JudgementSettingChanged"]


def readings_of(path: Path) -> set[tuple[str, str]]:
    return set(settings_of(path).items()) | {(change["switch"], change["new_value"]) for change in changes_of(path)}


def without_the_switch(path: Path) -> str:
    """Return a docket without its settings and without its change."""
    text = re.sub(r"^settings: .*\n", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return "".join(part for part in re.split(r"(?m)^(?=  - )", text) if "record: JudgementSettingChanged" not in part)


# -- The switches themselves ---------------------------------------------------------------


def test_every_switch_of_section_14_is_a_switch_or_stands_in_the_list_of_those_that_are_not_yet() -> None:
    assert len(SECTION_14) == 27
    assert set(SECTION_14) - set(SWITCHES) == NOT_YET
    assert set(SWITCHES) - set(SECTION_14) == set()


@pytest.mark.parametrize("switch", DEFAULTS)
def test_the_default_is_that_of_the_law(switch: str) -> None:
    assert SWITCHES[switch].default == DEFAULTS[switch]
    assert Settings()[switch] == DEFAULTS[switch]


@pytest.mark.parametrize("switch", SWITCHES)
def test_every_other_reading_has_a_docket(switch: str) -> None:
    shown = {value for path in OF_SWITCHES for name, value in readings_of(path) if name == switch}
    assert shown >= set(SWITCHES[switch].others)
    assert shown - {SWITCHES[switch].default}


@pytest.mark.parametrize("path", OF_SWITCHES, ids=lambda path: path.stem)
def test_a_docket_is_about_one_switch_and_names_it(path: Path) -> None:
    (switch,) = {name for name, _ in readings_of(path)}
    heading = path.read_text(encoding="utf-8").partition("title:")[0]
    assert switch in heading
    defaults = re.findall(r"tests/dockets/[\w-]+\.yaml", heading.replace("\n# ", " "))
    assert all((ROOT / name).exists() for name in defaults)
    assert defaults or changes_of(path)


@pytest.mark.parametrize("path", OF_SWITCHES, ids=lambda path: path.stem)
def test_the_readings_differ(path: Path) -> None:
    """Under the default reading alone, what the docket expects does not come out."""
    with watched(lambda step: False) as register:
        assert not all(result.as_expected for result in played(register, path, without_the_switch(path)))


# -- A change applies from its day on --------------------------------------------------------

ON_THE_WAY = [path for path in OF_SWITCHES if changes_of(path)]


@pytest.mark.parametrize("path", ON_THE_WAY, ids=lambda path: path.stem)
def test_every_event_names_the_settings_of_its_day(path: Path) -> None:
    (change,) = changes_of(path)
    with watched(lambda step: False) as register:
        played(register, path)
        stored = [orjson.loads(state) for _, _, state in register.recorder.raw_events(0, 1_000_000)]
    later = {str(legal_day(instant(event["recorded_at"]))) >= change["applies_from"]: event["settings_version"] for event in stored}
    assert later == {False: 1, True: int(change["settings_version"])}
    assert all((str(legal_day(instant(e["recorded_at"]))) >= change["applies_from"]) == (e["settings_version"] > 1) for e in stored)


@pytest.mark.parametrize("path", ON_THE_WAY, ids=lambda path: path.stem)
def test_the_default_is_shown_between_the_recording_of_the_change_and_its_day(path: Path) -> None:
    steps, (change,) = steps_of(path), changes_of(path)
    at = next(n for n, step in enumerate(steps) if step.get("record") == "JudgementSettingChanged")
    between = [step for step in steps[at + 1 :] if step.get("at", "9999")[:10] < change["applies_from"]]
    assert between, "what is recorded after the change and before its day meets the default"


@pytest.mark.parametrize("path", OF_SWITCHES, ids=lambda path: path.stem)
def test_a_change_later_leaves_what_was_known_before(path: Path) -> None:
    """Run to its end and then change the switch: every event stands, and every question about what was known before has its old answer."""
    ((switch, value),) = readings_of(path)
    text = without_the_switch(path)
    with watched(lambda step: False) as register:
        played(register, path, text)
        register.follower.catch_up()
        before, answers = list(register.recorder.raw_events(0, 1_000_000)), list(asked_again(register, path))
        change_now(register, switch, value)
        register.follower.catch_up()
        assert list(register.recorder.raw_events(0, 1_000_000))[: len(before)] == before
        assert list(asked_again(register, path)) == answers


def change_now(register: WatchedRegister, switch: str, value: str) -> None:
    """Change a switch after the last event, for the day after it."""
    last = register.office.last_recorded_at()
    assert last is not None
    changed = setting(switch, value, str(legal_day(last).replace(year=legal_day(last).year + 1)))
    at = last.replace(year=last.year + 1)
    register.registry.record(Command(REGISTER, actor(Role.LAW_OFFICER), changed, at))


def asked_again(register: WatchedRegister, path: Path) -> Iterator[Any]:
    """Ask the status, the clocks and the list at the time of every step, as known then."""
    office, runner = register.office, register.runner(path.name)
    for step in (step for step in steps_of(path) if "at" in step and step["stream"].startswith("case/")):
        at = moment(step["at"], "at")
        case_id = UUID(runner.names.identifier("case", step["stream"].removeprefix("case/")))
        yield office.standing(case_id, at, at), office.clocks(case_id, at, at), office.status(case_id, at, at)


# -- The change itself -------------------------------------------------------------------------


def setting(switch: str, value: str, applies_from: str, *, version: int = 2, old: str | None = None) -> Fact:
    return fact(
        "JudgementSettingChanged", settings_version=version, switch=switch, old_value=SWITCHES[switch].default if old is None else old,
        new_value=value, applies_from=applies_from, reasons_hash=document("reasons"),
    )  # fmt: skip


def test_a_change_is_in_force_from_the_first_hour_of_its_day() -> None:
    scenario = given(CREATED, opened()).given(brussels("2026-03-02"), setting("FOUR_EYES", "none", "2026-03-10"), on=REGISTER)
    readings = {at: scenario.registry.law(at).settings["FOUR_EYES"] for at in (brussels("2026-03-09", 23, 59), brussels("2026-03-10", 0))}
    assert list(readings.values()) == ["drafter_differs", "none"]


def test_of_two_changes_the_later_day_counts_whatever_the_order_of_recording() -> None:
    scenario = given(CREATED, opened()).given(
        brussels("2026-03-02"),
        setting("HEARING_MIN_WORKING_DAYS", "5", "2026-06-01"),
        setting("HEARING_MIN_WORKING_DAYS", "8", "2026-04-01", version=3),
        on=REGISTER,
    )
    days = ["2026-03-31", "2026-04-01", "2026-05-31", "2026-06-01"]
    assert [scenario.registry.law(brussels(day)).settings.number("HEARING_MIN_WORKING_DAYS") for day in days] == [10, 8, 8, 5]


@pytest.mark.parametrize(
    ("given_values", "field"),
    [
        ({"switch": "LIST_EVERYTHING", "old_value": "no", "new_value": "yes"}, "switch"),
        ({"switch": "FOUR_EYES", "old_value": "drafter_differs", "new_value": "six_eyes"}, "new_value"),
        ({"switch": "FOUR_EYES", "old_value": "none", "new_value": "none"}, "old_value"),
        ({"switch": "HEARING_MIN_WORKING_DAYS", "old_value": "10", "new_value": "ten"}, "new_value"),
        ({"switch": "HEARING_MIN_WORKING_DAYS", "old_value": "10", "new_value": "-1"}, "new_value"),
    ],
)
def test_what_is_no_reading_is_malformed(given_values: dict[str, str], field: str) -> None:
    changed = fact("JudgementSettingChanged", settings_version=2, applies_from="2026-03-10", reasons_hash=document("reasons"), **given_values)
    given(CREATED, opened()).when(brussels("2026-03-02"), changed, on=REGISTER).then_fails(Malformed, match=f"^{field}")


def test_a_version_of_the_settings_is_used_once() -> None:
    scenario = given(CREATED, opened()).given(brussels("2026-03-02"), setting("FOUR_EYES", "none", "2026-03-10"), on=REGISTER)
    again = setting("WAITING_PERIOD_ROLLS", "yes", "2026-03-10")
    scenario.when(brussels("2026-03-03"), again, on=REGISTER).then_fails(AlreadyInRegister)
    third = setting("WAITING_PERIOD_ROLLS", "yes", "2026-03-10", version=3)
    scenario.when(brussels("2026-03-03"), third, on=REGISTER).then("JudgementSettingChanged")
