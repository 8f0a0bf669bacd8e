"""The calculator's page: exact by the three methods, on both sides of every limit, and nothing of what was typed is kept anywhere."""

import json
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from domain.compute import TREATMENT
from registry_site.public.compute_question import KINDS, KNOWN, MOST_PERIODS
from registry_site.public.sent import MOST_BYTES_OF_A_FORM as MOST_BYTES
from tests.interfaces.published_in_memory import PublishedInMemory
from tests.interfaces.test_public_pages import visitor

CASES = json.loads((Path(__file__).parents[1] / "data" / "compute_cases.json").read_text(encoding="utf-8"))["cases"]
FORM = {"content-type": "application/x-www-form-urlencoded"}
PERIOD = {"units_1": "1", "peak_1": "1", "time_1": "1", "measured_in_1": "seconds", "utilisation_1": "1"}


@pytest.fixture
def client() -> TestClient:
    return visitor(PublishedInMemory())


def sent(client: TestClient, method: str, status: int = 200, **typed: str) -> str:
    answer = client.post("/compute", data={"method": method, **typed})
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return unescape(answer.text)


def refused(client: TestClient, method: str, **typed: str) -> str:
    page = sent(client, method, 422, **typed)
    assert "This cannot be computed yet" in page
    assert "<title>Error:" in page
    assert "Exact estimate" not in page
    return page


# -- Exact by three methods -----------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "typed", "exact"),
    [
        ("architecture", {"parameters": "3.8e9", "tokens": "3.3e12"}, "75240000000000000000000"),
        ("architecture", {"parameters": "70e9", "tokens": "2e12"}, "840000000000000000000000"),
        ("architecture", {"parameters": "1e9", "tokens": "1e12", "operations": "2"}, "2000000000000000000000"),
        ("architecture", {"passes": "14.8e12", "operations_per_pass": "222e9"}, "3285600000000000000000000"),
        ("hardware", {"units_1": "1", "time_1": "200000", "peak_1": "300e12", "utilisation_1": "0.5"}, "108000000000000000000000"),
        ("hardware", {"units_1": "1", "time_1": "370000", "peak_1": "989e12", "utilisation_1": "50 %"}, "658674000000000000000000"),
        ("hardware", {**PERIOD, "units_1": "8/2", "peak_1": "3/5", "time_1": "1", "measured_in_1": "days"}, str(34 * 86_400)),
        ("sum", {"flop_PRETRAINING": "9e24; 1e24", "counted_PRETRAINING": "true"}, "1" + "0" * 25),
        ("sum", {"flop_PRETRAINING": "1.1E25 FLOP", "counted_PRETRAINING": "true"}, "11" + "0" * 24),
        ("sum", {"flop_FINE_TUNING": "2.3×10^25", "counted_FINE_TUNING": "true"}, "23" + "0" * 24),
    ],
)
def test_a_figure_is_exact_to_the_last_digit(client: TestClient, method: str, typed: dict[str, str], exact: str):
    assert f"<code>{exact}</code> FLOP" in sent(client, method, **typed)


@pytest.mark.parametrize("case", [case for case in CASES if case["method"] == "architecture_6ND" and set(case["inputs"]) == {"parameters", "tokens"}])
def test_published_cases_come_out_on_the_right_side_of_the_threshold(client: TestClient, case: dict[str, Any]):
    page = sent(client, "architecture", **case["inputs"])
    assert ("Greater than the threshold" in page) is case["above_1e25"]


def test_the_threshold_is_met_by_one_operation_more_and_not_by_the_figure_itself(client: TestClient):
    at, above = "1" + "0" * 25, "1" + "0" * 24 + "1"
    assert "Not greater than the threshold" in sent(client, "sum", flop_PRETRAINING=at, counted_PRETRAINING="true")
    page = sent(client, "sum", flop_PRETRAINING=above, counted_PRETRAINING="true")
    assert "Greater than the threshold" in page
    assert "<code>1.0x10^25</code>" in page


def test_the_day_decides_which_threshold_counts(client: TestClient):
    figure = {"flop_PRETRAINING": "2e25", "counted_PRETRAINING": "true"}
    assert "No threshold applied on" in sent(client, "sum", on="2025-08-01", **figure)
    assert "Greater than the threshold" in sent(client, "sum", on="2025-08-02", **figure)


def test_only_what_is_ticked_is_added_and_the_rest_is_named(client: TestClient):
    page = sent(client, "sum", flop_PRETRAINING="5", counted_PRETRAINING="true", flop_EXPLORATORY_RESEARCH="7")
    assert "<code>5</code> FLOP" in page
    assert TREATMENT["EXPLORATORY_RESEARCH"].label in page


def test_periods_are_added_and_empty_ones_left_out(client: TestClient):
    second = {name.replace("_1", "_2"): value for name, value in PERIOD.items()}
    page = sent(client, "hardware", **PERIOD, **second, periods="3")
    assert "<code>2</code> FLOP" in page
    assert "Period 2" in page


def test_a_result_can_be_put_into_the_sum(client: TestClient):
    page = sent(client, "architecture", parameters="70e9", tokens="2e12")
    assert 'name="flop_PRETRAINING" value="840000000000000000000000"' in page
    shown = sent(client, "sum", act="show", flop_PRETRAINING="840000000000000000000000", counted_PRETRAINING="true")
    assert 'value="840000000000000000000000"' in shown
    assert "Exact estimate" not in shown


# -- Report and warnings ----------------------------------------------------------------


def test_a_margin_gives_an_interval_and_warns_above_thirty_per_cent(client: TestClient):
    figure = {"parameters": "1e10", "tokens": "1e10"}
    assert "4.2 × 10" in sent(client, "architecture", margin="30", **figure)
    assert "wider than" not in sent(client, "architecture", margin="30 %", **figure)
    assert "The stated error margin of 30.1 % is wider than 30 %." in sent(client, "architecture", margin="30.1", **figure)


def test_a_reported_figure_is_checked_in_two_significant_figures(client: TestClient):
    figure = {"flop_PRETRAINING": "1.04e25", "counted_PRETRAINING": "true"}
    assert "significant figures is" not in sent(client, "sum", reported="1.0x10^25", **figure)
    assert "significant figures is 1.0x10^25, not 1.1e25" in sent(client, "sum", reported="1.1e25", **figure)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"flop_EXPLORATORY_RESEARCH": "1", "counted_EXPLORATORY_RESEARCH": "true"}, "need not be included"),
        ({"flop_PRETRAINING": "1"}, "belongs to the estimate"),
        ({"flop_SYNTHETIC_DATA_NON_PUBLIC": "1", "counted_SYNTHETIC_DATA_NON_PUBLIC": "true"}, "does not say whether discarded samples"),
        ({"flop_PRETRAINING": "1", "counted_PRETRAINING": "true", "trigger": "MET"}, "a voluntary notice, without effect"),
    ],
)
def test_a_warning_is_a_sentence_beside_the_result(client: TestClient, typed: dict[str, str], says: str):
    page = sent(client, "sum", **typed)
    assert says in page
    assert "Exact estimate" in page


# -- The form ----------------------------------------------------------------------------


def test_the_form_ticks_what_counts_and_shows_every_kind(client: TestClient):
    page = client.get("/compute?method=sum").text
    assert all(f'name="flop_{kind}"' in page for kind in KINDS)
    ticked = [kind for kind in KINDS if f'name="counted_{kind}" type="checkbox" value="true" checked' in page]
    assert ticked == [kind for kind in KINDS if TREATMENT[kind].counted]


def test_another_period_keeps_what_was_typed_and_there_is_an_end_to_it(client: TestClient):
    page = sent(client, "hardware", act="another_period", periods="1", units_1="8000", measured_in_1="days")
    assert 'name="units_2"' in page
    assert 'value="8000"' in page
    assert '<option value="days" selected>' in page
    last = sent(client, "hardware", act="another_period", periods=str(MOST_PERIODS))
    assert f'name="units_{MOST_PERIODS + 1}"' not in last
    assert "Add another period" not in last


@pytest.mark.parametrize("method", ["architecture", "hardware", "sum"])
def test_an_empty_form_says_what_to_fill_in(client: TestClient, method: str):
    page = refused(client, method)
    assert 'aria-describedby="' in page
    assert "-error" in page


@pytest.mark.parametrize(
    "typed", ["1,5", "1 000", "1e", "-1", "nan", "inf", "0x10", "１", "1_000", "1e61", "9" * 121, "<script>alert(1)</script>", "1e25.0", "'"]
)
def test_what_is_no_number_is_named_beside_its_field_and_kept(client: TestClient, typed: str):
    answer = client.post("/compute", data={"method": "architecture", "parameters": typed, "tokens": "2e12"})
    assert answer.status_code == 422
    page = unescape(answer.text)
    assert 'href="#parameters"' in page
    assert 'id="parameters-error"' in page
    assert "is not a number. Write digits" in page
    assert "<script>alert" not in answer.text
    assert 'value="2e12"' in page


@pytest.mark.parametrize(
    ("method", "typed", "field", "says"),
    [
        ("architecture", {"parameters": "0", "tokens": "1"}, "parameters", "greater than zero"),
        ("architecture", {"parameters": "1", "passes": "1"}, "passes", "not both"),
        ("architecture", {"passes": "1"}, "operations_per_pass", "Fill this in"),
        ("architecture", {"parameters": "1e59", "tokens": "1e59"}, "parameters", "more than 60 digits"),
        ("hardware", {**PERIOD, "utilisation_1": "1.0000001"}, "utilisation_1", "more than the whole"),
        ("hardware", {**PERIOD, "utilisation_1": "100.1 %"}, "utilisation_1", "more than the whole"),
        ("hardware", {**PERIOD, "utilisation_1": "%"}, "utilisation_1", "is not a number"),
        ("hardware", {**PERIOD, "utilisation_1": "0"}, "utilisation_1", "greater than zero"),
        ("hardware", {**PERIOD, "units_1": "1/2"}, "units_1", "with a slash between them"),
        ("hardware", {**PERIOD, "time_1": "1e59", "measured_in_1": "days"}, "time_1", "more than 60 digits"),
        ("hardware", {**PERIOD, "periods": "2", "units_2": "1"}, "peak_2", "Fill this in"),
        ("sum", {"flop_PRETRAINING": "1;x"}, "flop_PRETRAINING", "“x” is not a number"),
        ("sum", {"flop_PRETRAINING": ";".join("1" * 30)}, "flop_PRETRAINING", "is not a number"),
        ("sum", {"flop_PRETRAINING": "1", "margin": "a third"}, "margin", "is not a number"),
        ("sum", {"flop_PRETRAINING": "1", "reported": "about 2"}, "reported", "is not a number"),
        ("sum", {"flop_PRETRAINING": "1", "on": "2026-02-30"}, "on", "is not a day"),
    ],
)
def test_each_complaint_stands_beside_its_field(client: TestClient, method: str, typed: dict[str, str], field: str, says: str):
    page = refused(client, method, **typed)
    assert f'href="#{field}"' in page
    assert says in page


def test_a_utilisation_of_exactly_one_is_allowed(client: TestClient):
    assert "<code>1</code> FLOP" in sent(client, "hardware", **PERIOD)
    assert "<code>1</code> FLOP" in sent(client, "hardware", **{**PERIOD, "utilisation_1": "100%"})


# -- What is not a form of ours ------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"method=guess", FORM, 400),
        (b"method=sum&method=sum", FORM, 400),
        (b"method=sum&salary=1", FORM, 400),
        (b"method=hardware&periods=99", FORM, 400),
        (b"method=hardware&units_1=1&measured_in_1=fortnights", FORM, 400),
        (b"method=sum&act=print", FORM, 400),
        (b"method=sum&flop_PRETRAINING=1&trigger=PERHAPS", FORM, 400),
        (b"method=sum&reported=%ff", FORM, 400),
        (b"\xff\xfe", FORM, 400),
        (b"{}", {"content-type": "application/json"}, 415),
        (b"", {}, 415),
        (b"method=sum&flop_PRETRAINING=" + b"1" * MOST_BYTES, FORM, 413),
    ],
)
def test_anything_else_gets_a_clear_page_that_nobody_keeps(client: TestClient, body: bytes, headers: dict[str, str], status: int):
    answer = client.post("/compute", content=body, headers=headers)
    assert answer.status_code == status
    assert "<h1" in answer.text
    assert "Something went wrong" not in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_a_body_of_the_longest_size_is_read(client: TestClient):
    body = urlencode({"method": "sum", "flop_PRETRAINING": "1"})
    padded = body + "+" * (MOST_BYTES - len(body))
    assert client.post("/compute", content=padded, headers=FORM).status_code == 200


@pytest.mark.parametrize("address", ["/compute?method=guess", "/compute?flop_PRETRAINING=1e25"])
def test_no_figure_is_taken_from_an_address(client: TestClient, address: str):
    assert client.get(address).status_code == 400


def test_no_other_verb_is_known(client: TestClient):
    assert client.put("/compute").status_code == 405
    assert client.head("/compute").status_code == 200


TYPED = st.one_of(
    st.sampled_from(["", "0", "1", "1e25", "1e59", "9" * 60, "40 %", "1/2", "1;2", "true", "2026-01-01", "hours", "3"]), st.text(max_size=12)
)


@given(st.sampled_from(["architecture", "hardware", "sum"]), st.dictionaries(st.sampled_from(sorted(KNOWN - {"method", "act"})), TYPED, max_size=12))
@settings(derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_typed_gets_a_page(client: TestClient, method: str, typed: dict[str, str]):
    body = urlencode({"method": method, **typed}, errors="surrogatepass")
    answer = client.post("/compute", content=body, headers=FORM)
    assert answer.status_code in (200, 400, 422)
    assert ("Exact estimate" in answer.text) is (answer.status_code == 200)
