"""Dry runs, repeated requests and simultaneous ones: whatever is asked how often, it is recorded at most once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from httpx2 import Response

from domain.actors import Role
from tests.interfaces.test_rest_service import ALPHA, BETA, OPENING, THRESHOLD_MET, Service, identifier, refused, served

MET = f"cases/{ALPHA}/threshold-met"
OPENED = f"cases/{ALPHA}/model-case-opened"
NAMED = f"cases/{ALPHA}/marketed-name-added"


@pytest.fixture
def service() -> Iterator[Service]:
    yield from served()


# -- Dry runs ----------------------------------------------------------------------


def without_identifiers(answer: Response) -> str:
    """The body with one word for the identifier of the event, which is new every time."""
    return answer.text.replace(answer.json()["events"][0]["event_id"], "EVENT")


@pytest.mark.parametrize(
    ("path", "data", "version"), [(f"cases/{BETA}/model-case-opened", {**OPENING, "lineage_key": "b"}, 0), (MET, THRESHOLD_MET, 1)]
)
def test_a_dry_run_answers_the_same_and_leaves_no_trace(service: Service, path: str, data: Any, version: int) -> None:
    service.open_case()
    before = service.trace()
    tried = service.post(f"{path}?dry_run=true", data, version, **{"Idempotency-Key": "once"})
    assert service.trace() == before
    assert "ETag" not in tried.headers
    done = service.post(f"{path}?dry_run=false", data, version, **{"Idempotency-Key": "once"})
    assert (tried.status_code, without_identifiers(tried)) == (201, without_identifiers(done))
    assert service.trace() != before


def test_a_dry_run_is_refused_the_same(service: Service) -> None:
    service.open_case()
    low = {**THRESHOLD_MET, "compute_flop": "1e25"}
    assert service.post(f"{MET}?dry_run=true", low, 1).json() == service.post(MET, low, 1).json()
    assert service.post(f"{MET}?dry_run=true", low, 5).json() == service.post(MET, low, 5).json()


@pytest.mark.parametrize(
    ("query", "field"), [("dryrun=true", "dryrun"), ("dry_run=1", "dry_run"), ("dry_run=true&dry_run=true", "dry_run"), ("dry_run=", "dry_run")]
)
def test_a_misspelt_dry_run_records_nothing(service: Service, query: str, field: str) -> None:
    before = service.trace()
    assert refused(service.post(f"{OPENED}?{query}", OPENING), 422)["field"] == field
    assert service.trace() == before


# -- Repeated requests -------------------------------------------------------------


def test_a_repeated_request_is_given_the_first_answer_and_records_nothing(service: Service) -> None:
    first = service.post(OPENED, OPENING, **{"Idempotency-Key": "a"})
    service.post(MET, THRESHOLD_MET, 1)
    before = service.trace()
    again = service.post(OPENED, dict(reversed(OPENING.items())), **{"Idempotency-Key": "a"})
    assert again.status_code == 201
    assert again.headers["ETag"] == first.headers["ETag"] == '"1"'
    assert (again.json()["events"], again.json()["version"]) == (first.json()["events"], first.json()["version"])
    assert service.trace() == before


@pytest.mark.parametrize(
    ("path", "data"), [(OPENED, {**OPENING, "internal_name": "Other"}), (f"cases/{BETA}/model-case-opened", OPENING), (MET, THRESHOLD_MET)]
)
def test_a_key_that_comes_back_with_another_request_is_refused(service: Service, path: str, data: Any) -> None:
    service.post(OPENED, OPENING, **{"Idempotency-Key": "a"})
    before = service.trace()
    refused(service.post(path, data, **{"Idempotency-Key": "a"}), 422)
    assert service.trace() == before


def test_a_key_belongs_to_whoever_sent_it(service: Service) -> None:
    service.open_case()
    placed = {"on": "2026-03-03", "manner": "API"}
    path = f"cases/{ALPHA}/model-placed-on-union-market"
    assert service.post(path, placed, 1, Role.PROVIDER, **{"Idempotency-Key": "a"}).json()["version"] == 2
    assert service.post(path, placed, 1, Role.CASE_OFFICER, **{"Idempotency-Key": "a"}).status_code == 412


@pytest.mark.parametrize(("key", "status"), [("k", 201), ("k" * 255, 201), ("k" * 256, 400), ("", 400), ("a b", 400), ("schlüssel", 400)])
def test_a_key_has_a_length(service: Service, key: str, status: int) -> None:
    headers = [*service.headers(Role.CASE_OFFICER, 0).items(), ("Idempotency-Key", key.encode())]
    assert service.client.post(f"/api/v1/{OPENED}", json=OPENING, headers=headers).status_code == status


# -- At the same time --------------------------------------------------------------


def at_once(count: int, ask: Any) -> list[Any]:
    """Ask from several threads that start together."""
    barrier = Barrier(count)

    def wait_and_ask(number: int) -> Any:
        barrier.wait()
        return ask(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(wait_and_ask, range(count)))


def test_two_requests_with_one_key_at_the_same_time_record_once(service: Service) -> None:
    service.open_case()
    for version in range(1, 11):
        added = {"marketed_name": f"Alpha {version}", "on": "2026-03-03"}
        key = {"Idempotency-Key": f"name {version}".replace(" ", "-")}
        first, second = at_once(2, lambda _, version=version, added=added, key=key: service.post(NAMED, added, version, **key))
        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json()["events"] == second.json()["events"]
    assert service.get(f"cases/{ALPHA}").json()["version"] == 11


def test_of_several_who_saw_the_same_version_one_records(service: Service) -> None:
    service.open_case()
    answers = at_once(8, lambda number: service.post(NAMED, {"marketed_name": f"Alpha {number}", "on": "2026-03-03"}, 1))
    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 7
    assert service.get(f"cases/{ALPHA}").json()["version"] == 2


def test_eight_threads_on_one_case_lose_nothing(service: Service) -> None:
    service.open_case()

    def insist(number: int) -> list[int]:
        versions = []
        for turn in range(4):
            seen, answer = 1, None
            while answer is None or answer.status_code == 412:
                seen = answer.json()["version"] if answer is not None else seen
                answer = service.post(NAMED, {"marketed_name": f"{number}-{turn}", "on": "2026-03-03"}, seen)
            versions.append(answer.json()["version"])
        return versions

    versions = [version for found in at_once(8, insist) for version in found]
    assert sorted(versions) == list(range(2, 34))
    names = {event.fact.marketed_name for event in recorded_on(service) if event.topic == "MarketedNameAdded"}
    assert names == {f"{number}-{turn}" for number in range(8) for turn in range(4)}


def recorded_on(service: Service) -> list[Any]:
    return [row.event for row in service.register.office.history(UUID(ALPHA))]


def test_cases_opened_at_the_same_time_meet_only_in_their_lineage(service: Service) -> None:
    service.open_case()

    def open_one(number: int, lineage: str) -> Response:
        return service.post(f"cases/{identifier(number)}/model-case-opened", {**OPENING, "lineage_key": lineage})

    answers = at_once(8, lambda number: open_one(100 + number, f"lineage {number}"))
    assert {answer.status_code for answer in answers} == {201}
    again = at_once(8, lambda number: open_one(200 + number, "one lineage"))
    assert sorted(answer.status_code for answer in again) == [201] + [409] * 7
