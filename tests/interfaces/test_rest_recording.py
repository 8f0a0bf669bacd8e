"""Recording by REST: what is answered, what is refused, and that a refusal leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from domain.actors import Role
from tests.interfaces.test_rest_service import ALPHA, BETA, NOW, OPENING, THRESHOLD_MET, Service, refused, served

MET = f"cases/{ALPHA}/threshold-met"
OPENED = f"cases/{ALPHA}/model-case-opened"


@pytest.fixture
def service() -> Iterator[Service]:
    yield from served()


@pytest.fixture
def demonstration() -> Iterator[Service]:
    yield from served(demonstration=True)


# -- What is answered --------------------------------------------------------------


def test_a_case_is_opened_under_an_identifier_of_the_clients(service: Service) -> None:
    answer = service.post(OPENED, OPENING)
    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    [event] = answer.json().pop("events")
    assert event.pop("event_id")
    assert event.pop("recorded_at") == "2026-03-10T08:00:00Z"
    assert event == {"stream": f"case/{ALPHA}", "version": 1, "topic": "ModelCaseOpened", "data": {**OPENING, "modalities": []}}
    assert answer.json() == {"events": answer.json()["events"], "version": 1, "status": "NOT_CLASSIFIED", "clocks": [], "read_model": "current"}


def test_a_fact_answers_with_the_status_and_the_clocks_that_follow(service: Service) -> None:
    service.open_case()
    answer = service.post(MET, THRESHOLD_MET, 1).json()
    assert answer["status"] == "CLASSIFIED"
    [clock] = answer["clocks"]
    assert (clock["clock"], clock["due"], clock["state"]) == ("D1", "2026-03-16", "RUNNING")
    assert answer["events"][0]["data"]["compute_flop"] == "11000000000000000000000000"
    assert service.get(f"cases/{ALPHA}").json() == {"stream": f"case/{ALPHA}"} | {k: v for k, v in answer.items() if k != "events"}


def test_a_record_that_has_no_case_answers_without_status(service: Service) -> None:
    changed = {
        "settings_version": 2, "switch": "PUBLICATION_SLOT", "old_value": "next_working_day", "new_value": "at_once", "applies_from": "2026-03-10",
        "reasons_hash": "0" * 64,
    }  # fmt: skip
    answer = service.post("register/judgement-setting-changed", changed, 0, Role.LAW_OFFICER)
    assert (answer.status_code, answer.json()["version"], answer.json()["status"], answer.json()["clocks"]) == (201, 1, None, None)


def test_whoever_may_not_read_the_case_records_without_learning_how_it_stands(service: Service) -> None:
    service.open_case()
    service.post(MET, THRESHOLD_MET, 1)
    placed = {"on": "2026-03-03", "manner": "API", "marketed_names": ["Alpha"]}
    answer = service.post(f"cases/{ALPHA}/model-placed-on-union-market", placed, 2, Role.PROVIDER)
    assert (answer.status_code, answer.json()["status"], answer.json()["clocks"]) == (201, None, None)


@pytest.mark.parametrize("patience", [0, 0.05])
def test_an_answer_does_not_wait_for_ever_for_the_read_models(patience: float) -> None:
    for service in served(follows=False, patience=patience):
        answer = service.post(OPENED, OPENING)
        assert answer.status_code == 201
        assert (answer.json()["version"], answer.json()["read_model"], answer.json()["status"]) == (1, "behind", None)
        assert service.get(f"cases/{ALPHA}").json()["read_model"] == "behind"
        assert service.get(f"cases/{ALPHA}").headers["ETag"] == '"1"'


def test_the_time_of_recording_never_runs_backwards(service: Service) -> None:
    service.open_case()
    service.client.app.state.clock = lambda: NOW - timedelta(days=3)  # type: ignore[attr-defined]
    answer = service.post(MET, THRESHOLD_MET, 1)
    assert answer.json()["events"][0]["recorded_at"] == "2026-03-10T08:00:00Z"
    assert answer.json()["status"] == "CLASSIFIED"


# -- What is refused ---------------------------------------------------------------


def test_what_the_law_does_not_allow_is_refused_with_its_rule(service: Service) -> None:
    service.open_case()
    before = service.trace()
    found = refused(service.post(MET, {**THRESHOLD_MET, "compute_flop": "1e25"}, 1), 409)
    assert (found["code"], found["article"]) == ("R01", "51(2)")
    assert "not greater than the threshold" in found["detail"]
    assert service.trace() == before


@pytest.mark.parametrize("version", [0, 1, 7])
def test_another_role_is_refused_before_it_learns_anything_about_the_record(service: Service, version: int) -> None:
    service.open_case()
    before = service.trace()
    answers = [service.post(f"cases/{case}/threshold-met", None, version, Role.AUDITOR) for case in (ALPHA, BETA)]
    found = [refused(answer, 403) for answer in answers]
    assert found[0] == found[1]
    assert found[0]["code"] == "R33"
    assert service.trace() == before


def test_what_only_the_register_records_is_open_to_nobody(service: Service) -> None:
    service.open_case()
    answer = service.post(f"cases/{ALPHA}/listing-recorded", {"list_id": "1", "action": "PUBLISHED"}, 1)
    assert refused(answer, 403)["code"] == "R33"


def test_a_case_that_was_never_opened_is_not_found_whatever_version_was_seen(service: Service) -> None:
    before = service.trace()
    for version in (0, 1):
        refused(service.post(MET, THRESHOLD_MET, version), 404)
    assert service.trace() == before


def test_a_lineage_that_has_a_case_is_a_conflict_without_a_rule(service: Service) -> None:
    service.open_case()
    before = service.trace()
    found = refused(service.post(f"cases/{BETA}/model-case-opened", OPENING), 409)
    assert "code" not in found
    assert service.trace() == before


def test_a_change_of_the_list_is_ordered_for_a_slot(service: Service) -> None:
    service.open_case()
    before = service.trace()
    removed = {"list_id": "1", "removed_on": "2026-03-10", "public_reason": "ANNULLED"}
    found = refused(service.post(f"entries/{ALPHA}/list-entry-removed", removed, 0, Role.PUBLICATION_OFFICER), 409)
    assert found["code"] == "R27"
    assert "Order it for a slot" in found["detail"]
    assert service.trace() == before


def test_a_register_that_publishes_at_once_takes_changes_of_its_list(service: Service) -> None:
    service.open_case()
    changed = {
        "settings_version": 2, "switch": "PUBLICATION_SLOT", "old_value": "next_working_day", "new_value": "at_once", "applies_from": "2026-03-10",
        "reasons_hash": "0" * 64,
    }  # fmt: skip
    assert service.post("register/judgement-setting-changed", changed, 0, Role.LAW_OFFICER).status_code == 201
    removed = {"list_id": "1", "removed_on": "2026-03-10", "public_reason": "ANNULLED"}
    found = refused(service.post(f"entries/{ALPHA}/list-entry-removed", removed, 0, Role.PUBLICATION_OFFICER), 404)
    assert "not on the list" in found["detail"]


def test_a_demonstration_changes_its_list_directly(demonstration: Service) -> None:
    demonstration.open_case()
    removed = {"list_id": "1", "removed_on": "2026-03-10", "public_reason": "ANNULLED"}
    found = refused(demonstration.post(f"entries/{ALPHA}/list-entry-removed", removed, 0, Role.PUBLICATION_OFFICER), 404)
    assert "not on the list" in found["detail"]


# -- Versions ----------------------------------------------------------------------


def test_a_version_must_be_named(service: Service) -> None:
    before = service.trace()
    refused(service.post(OPENED, OPENING, None), 428)
    assert service.trace() == before


@pytest.mark.parametrize("seen", [0, 2])
def test_a_stale_version_is_told_the_last_one(service: Service, seen: int) -> None:
    service.open_case()
    before = service.trace()
    assert refused(service.post(MET, THRESHOLD_MET, seen), 412)["version"] == 1
    assert service.trace() == before


def test_a_case_is_opened_once(service: Service) -> None:
    service.open_case()
    refused(service.post(OPENED, OPENING), 412)


@pytest.mark.parametrize("tag", ["1", 'W/"1"', "*", '"1", "2"', '""', '"01"', '"-1"', '"1e0"', '"١"', '"1234567890"', ""])
def test_a_version_is_one_strong_tag(service: Service, tag: str) -> None:
    service.open_case()
    before = service.trace()
    headers = [*service.headers(Role.CASE_OFFICER, None).items(), ("If-Match", tag.encode())]
    refused(service.client.post(f"/api/v1/{MET}", json=THRESHOLD_MET, headers=headers), 400)
    assert service.trace() == before


def test_two_versions_are_none(service: Service) -> None:
    service.open_case()
    headers = [*service.headers(Role.CASE_OFFICER, 1).items(), ("If-Match", '"1"')]
    refused(service.client.post(f"/api/v1/{MET}", json=THRESHOLD_MET, headers=headers), 400)
