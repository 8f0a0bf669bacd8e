"""What REST reads: JSON without a float, fields by their types, and not a byte more than an event needs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from api.rest.requests import MOST_BYTES
from api.stores.event_store.mapper import MOST_BYTES as MOST_STORED
from domain.actors import Role
from tests.interfaces.test_rest_service import ALPHA, OPENING, THRESHOLD_MET, Service, identifier, served

MET = f"cases/{ALPHA}/threshold-met"
OPENED = f"cases/{ALPHA}/model-case-opened"
LETTER = {"on": "2026-03-03", "direction": "IN", "subject": "GENERAL"}


@pytest.fixture
def service() -> Iterator[Service]:
    for service in served():
        service.open_case()
        yield service


@pytest.fixture(scope="module")
def standing() -> Iterator[Service]:
    for service in served():
        service.open_case()
        yield service


@pytest.fixture
def opened(standing: Service) -> Iterator[Service]:
    """A service with one case, for refusals, which leave no trace."""
    before = standing.trace()
    yield standing
    assert standing.trace() == before


def met_with(flop: str) -> str:
    """The body of ThresholdMet with some JSON for its FLOP."""
    return json.dumps({**THRESHOLD_MET, "compute_flop": "?"}).replace('"?"', flop)


@pytest.mark.parametrize(
    "flop",
    [
        "1e25", "1.1e25", "11000000000000000000000000", "10000000000000000000000001.0", "1e999", "NaN", "Infinity", "-Infinity", "-1", "0", "1",
        "true", "null", "[]", "{}",
        '"1e25 "', '" 1.1e25"', '"-1"', '"+1.1e25"', '"NaN"', '"Infinity"', '"1e999"', '"1e-3"', '"10**25"', '"1_000"', '"1,1e25"', '"0x1p83"',
        '"١١e24"', '"1.1E25"', '""', '"1e"', '".5e26"', '"11 000"', '"1e25\\u0000"', "9" * 5000,
    ],
)  # fmt: skip
def test_flop_is_exact_text_and_nothing_else(opened: Service, flop: str) -> None:
    answer = opened.post(MET, None, 1, text=met_with(flop))
    assert (answer.status_code, answer.json().get("field")) == (422, "compute_flop")


@pytest.mark.parametrize("flop", ["1e25", "10000000000000000000000000", "1.0e+25", "10e24"])
def test_flop_on_the_threshold_is_read_and_then_refused_by_the_law(opened: Service, flop: str) -> None:
    answer = opened.post(MET, {**THRESHOLD_MET, "compute_flop": flop}, 1)
    assert (answer.status_code, answer.json()["code"]) == (409, "R01")


@pytest.mark.parametrize("flop", ["10000000000000000000000001", "1.00000000000000000000000001e25", "10000000000000000000000000.000000001"])
def test_the_smallest_step_above_the_threshold_is_kept(service: Service, flop: str) -> None:
    answer = service.post(MET, {**THRESHOLD_MET, "compute_flop": flop}, 1)
    assert (answer.status_code, answer.json()["status"]) == (201, "CLASSIFIED")


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"comput_flop": "1.1e25"}, "comput_flop", "did you mean compute_flop?"),
        ({"kind": "COMPUTED"}, "kind", "must be"),
        ({"on": "2026-02-30"}, "on", "not a day"),
        ({"on": "2026-03-02T00:00:00Z"}, "on", "YYYY-MM-DD"),
        ({"threshold_version": 1.0}, "threshold_version", "whole number"),
        ({"threshold_version": 10**15}, "threshold_version", "whole number"),
        ({"threshold_version": True}, "threshold_version", "whole number"),
        ({"threshold_version": -1}, "threshold_version", "whole number"),
        ({"original_case_id": "alpha"}, "original_case_id", "identifier"),
    ],
)
def test_a_wrong_field_is_named(opened: Service, change: dict[str, Any], field: str, says: str) -> None:
    answer = opened.post(MET, {**THRESHOLD_MET, **change}, 1)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert says in answer.json()["detail"]


def test_text_that_is_no_unicode_is_answered_in_ascii(opened: Service) -> None:
    twice = opened.post(MET, None, 1, text='{"\\ud800": 1, "\\ud800": 2}')
    assert (twice.status_code, json.loads(twice.content)["field"]) == (422, "\ud800")
    for strange in ({"\ud800": 1}, {"compute_flop": "\ud800"}, {"kind": "\ud800"}):
        assert opened.post(MET, {**THRESHOLD_MET, **strange}, 1).status_code == 422


def test_a_missing_field_is_named(opened: Service) -> None:
    answer = opened.post(MET, {name: value for name, value in THRESHOLD_MET.items() if name != "on"}, 1)
    assert (answer.status_code, answer.json()["field"]) == (422, "on")


@pytest.mark.parametrize("received", ["2026-03-03T10:00:00", "2026-03-03", "2026-03-03 10:00:00+01:00", "1772532000"])
def test_an_instant_carries_its_offset(opened: Service, received: str) -> None:
    notified = {
        "submission_id": identifier(5), "received_at": received, "provider_ref": identifier(6), "filer_ref": identifier(6), "filer_role": "PROVIDER",
        "channel": "EU_SEND", "trigger": "MET", "trigger_on": "2026-03-02", "arguments_included": False,
    }  # fmt: skip
    answer = opened.post(f"cases/{ALPHA}/notification-received", notified, 1)
    assert (answer.status_code, answer.json()["field"]) == (422, "received_at")


# -- JSON --------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "{", "{'on': 1}", '{"on": 01}', '{"on": 1,}', "\ufeff{}", "[" * 200_000, '"\n"', "undefined"])
def test_what_is_no_json_cannot_be_read(opened: Service, text: str) -> None:
    assert opened.post(MET, None, 1, text=text).status_code == 400


@pytest.mark.parametrize("content", [b"\xff\xfe{\x00}\x00", b'{"on": "\xe9"}'])
def test_json_is_utf_8(opened: Service, content: bytes) -> None:
    headers = {**opened.headers(Role.CASE_OFFICER, 1), "Content-Type": "application/json"}
    assert opened.client.post(f"/api/v1/{MET}", content=content, headers=headers).status_code == 400


@pytest.mark.parametrize("text", ["[]", "null", '"ThresholdMet"', "1", "1.5", "NaN"])
def test_the_data_of_an_event_are_an_object(opened: Service, text: str) -> None:
    assert (opened.post(MET, None, 1, text=text).json()["status"], opened.post(MET, None, 1, text=text).json()["field"]) == (422, "body")


def test_a_field_given_twice_is_refused(opened: Service) -> None:
    answer = opened.post(MET, None, 1, text='{"compute_flop": "1e26", ' + json.dumps(THRESHOLD_MET)[1:])
    assert (answer.status_code, answer.json()["field"]) == (422, "compute_flop")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 409), ("application/json; charset=utf-8", 409), ("Application/JSON;charset=UTF-8", 409),
        ("application/json; charset=latin-1", 415), ("application/jsonp", 415), ("application/json, text/plain", 415),
        ("text/json", 415), ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("text/plain", 415),
    ],
)  # fmt: skip
def test_content_is_said_to_be_json(opened: Service, media_type: str, status: int) -> None:
    low = {**THRESHOLD_MET, "compute_flop": "1"}
    assert opened.post(MET, low, 1, **{"Content-Type": media_type}).status_code == status


def test_content_of_no_type_or_compressed_is_not_read(opened: Service) -> None:
    headers = opened.headers(Role.CASE_OFFICER, 1)
    assert opened.client.post(f"/api/v1/{MET}", content=b"{}", headers=headers).status_code == 415
    assert opened.post(MET, {}, 1, **{"Content-Encoding": "gzip"}).status_code == 415


# -- Sizes -------------------------------------------------------------------------


@pytest.mark.parametrize(("more", "status"), [(0, 409), (1, 413)])
def test_content_has_a_limit(opened: Service, more: int, status: int) -> None:
    text = json.dumps({**THRESHOLD_MET, "compute_flop": "1"})
    assert opened.post(MET, None, 1, text=text + " " * (MOST_BYTES + more - len(text))).status_code == status


@pytest.mark.parametrize(("more", "status"), [(0, 413), (-1, 409)])
def test_content_of_unknown_length_has_the_same_limit(opened: Service, more: int, status: int) -> None:
    text = json.dumps({**THRESHOLD_MET, "compute_flop": "1"}).encode()
    parts = iter([text, b" " * (MOST_BYTES - len(text)), b" " * (1 + more)])
    headers = {**opened.headers(Role.CASE_OFFICER, 1), "Content-Type": "application/json"}
    assert opened.client.post(f"/api/v1/{MET}", content=parts, headers=headers).status_code == status


def letter(documents: int) -> dict[str, Any]:
    return {**LETTER, "documents": [f"{number:064x}" for number in range(documents)]}


def test_an_event_has_a_limit_too_and_a_dry_run_says_so(service: Service) -> None:
    path = f"cases/{ALPHA}/correspondence-recorded"
    assert service.post(path, letter(1), 1).status_code == 201
    one = len(service.trace()[-1][2])
    most = 1 + (MOST_STORED - one) // len(f',"{0:064x}"')
    before = service.trace()
    for query in ("?dry_run=true", ""):
        answer = service.post(f"{path}{query}", letter(most + 1), 2)
        assert (answer.status_code, answer.json()["field"]) == (422, "body")
        assert "61440" in answer.json()["detail"]
    assert service.trace() == before
    assert service.post(path, letter(most), 2).status_code == 201


def test_an_opening_with_only_what_is_needed_is_enough(service: Service) -> None:
    answer = service.post(f"cases/{identifier(3)}/model-case-opened", {**OPENING, "lineage_key": "gamma"})
    assert answer.status_code == 201
