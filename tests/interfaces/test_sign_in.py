"""Signing in and out as a browser does it; every refusal leaves nothing but its row in the access log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from api.auth import MOST_FOR_A_NAME_FROM_ONE_PLACE, MOST_FROM_ONE_PLACE, MOST_NOTED
from api.stores.access_log import AccessAct
from api.stores.sessions import ABSOLUTE, IDLE
from domain.actors import Role
from projections.store import microseconds
from tests.interfaces.office_house import OFFICERS, PASSWORD, Browser, House, name_of, served, title, way, words

WRONG = "Name and password do not go together."
STAFF = "/staff/graphql"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "flow-arguments-rejected.yaml") as house:
        yield house


@pytest.fixture
def house(opened: House) -> House:
    """The house, where nobody has tried anything yet."""
    with opened.database.writing() as rows:
        rows.execute(text("DELETE FROM attempts"))
    return opened


@pytest.fixture
def before(house: House) -> int:
    """Number of the last row of the access log."""
    return house.log.head()[0]


def outcomes(house: House, before: int) -> list[tuple[str, str]]:
    return [(row.act.value, row.outcome) for row in house.noted(before)]


# -- In and out ----------------------------------------------------------------------------


@pytest.mark.parametrize("role", OFFICERS)
def test_every_role_signs_in_and_out(house: House, role: Role, before: int) -> None:
    browser = house.browser()
    assert way(browser.get("/workbench/")) == "/sign-in?next=%2Fworkbench%2F"
    assert way(browser.sign_in(role)) == "/workbench/"
    shown = browser.get("/workbench/")
    account = house.accounts.find(name_of(role))
    assert account
    assert shown.status_code == 200
    assert f"reference {str(account.actor.ref)[:8]} ." in words(shown)
    assert way(browser.post("/sign-out", {"form_token": browser.token("/sign-out")})) == "/sign-in?signed-out"
    assert browser.cookies == {}
    assert "You are signed out." in words(browser.get("/sign-in?signed-out"))
    assert way(browser.get("/workbench/")).startswith("/sign-in")
    signed_in, signed_out = [row for row in house.noted(before) if row.act in (AccessAct.SIGNED_IN, AccessAct.SIGNED_OUT)]
    assert (signed_in.act, signed_out.act) == (AccessAct.SIGNED_IN, AccessAct.SIGNED_OUT)
    assert signed_in.actor == signed_out.actor == account.actor.ref
    assert signed_in.by == signed_out.by
    assert signed_in.by.startswith("session:")


def test_the_way_back_is_kept(house: House) -> None:
    browser = house.browser()
    asked = way(browser.get("/workbench/cases/x?sort=due&known_at=2026-03-31"))
    assert asked == "/sign-in?next=%2Fworkbench%2Fcases%2Fx%3Fsort%3Ddue%26known_at%3D2026-03-31"
    assert 'value="/workbench/cases/x?sort=due&amp;known_at=2026-03-31"' in browser.get(asked).text
    assert way(browser.sign_in(next="/workbench/cases/x?sort=due")) == "/workbench/cases/x?sort=due"


@pytest.mark.parametrize(
    "elsewhere",
    ["https://elsewhere.eu/", "//elsewhere.eu", "/\\elsewhere.eu", "/", "/workbenchmark", "/workbench/\r\nx", "workbench", "/workbench/a b", ""],
)
def test_nobody_is_sent_elsewhere(house: House, elsewhere: str) -> None:
    assert way(house.browser().sign_in(next=elsewhere)) == "/workbench/"


def test_a_name_is_read_as_people_write_it(house: House) -> None:
    assert way(house.browser().sign_in(name="  Case-Officer ")) == "/workbench/"


def test_office_pages_are_kept_by_nobody_and_make_no_text_a_script(house: House) -> None:
    browser = house.browser()
    answers = [browser.get("/sign-in"), browser.get("/workbench/"), browser.sign_in(), browser.get("/workbench/"), browser.get("/workbench/nowhere")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
    assert [answer.status_code for answer in answers] == [200, 303, 303, 200, 404]


# -- Cookies -------------------------------------------------------------------------------


def test_over_https_the_cookie_goes_to_this_host_alone(house: House) -> None:
    browser = house.browser("https://register.example.eu")
    given = browser.sign_in().headers["set-cookie"]
    assert given.startswith("__Host-sid=")
    assert {part.strip().lower() for part in given.split(";")[1:]} == {"httponly", "path=/", "samesite=lax", "secure"}
    assert browser.get("/workbench/").status_code == 200


def test_on_this_machine_a_cookie_of_another_name_does(house: House) -> None:
    given = house.browser().sign_in().headers["set-cookie"]
    assert given.startswith("sid-on-this-machine=")
    assert {part.strip().lower() for part in given.split(";")[1:]} == {"httponly", "path=/", "samesite=lax"}


@pytest.mark.parametrize("base", ["http://register.example.eu", "http://192.0.2.7:8000"])
def test_over_plain_http_nobody_signs_in_and_no_session_counts(house: House, base: str, before: int) -> None:
    browser = house.browser(base)
    answer = browser.get("/sign-in")
    assert (answer.status_code, title(answer)) == (403, "Nobody signs in over this connection")
    assert "set-cookie" not in answer.headers
    browser.client.cookies.update(house.browser().signed_in().cookies)
    assert browser.get("/workbench/").status_code == 303
    assert browser.get(STAFF, query="{ __typename }").status_code == 401
    assert browser.post("/sign-in", {"name": "case-officer", "password": PASSWORD}).status_code == 403
    assert outcomes(house, before) == [("SIGNED_IN", "DONE"), ("REFUSED", "FORM_TOKEN")]


# -- Sessions that are not ------------------------------------------------------------------


def test_signing_in_changes_the_identifier_and_the_one_before_is_nobodys(house: House) -> None:
    browser = house.browser()
    browser.get("/sign-in")
    planted = browser.cookies
    first = browser.signed_in().cookies
    second = browser.signed_in().cookies
    assert len({*planted.values(), *first.values(), *second.values()}) == 3
    for stolen in (planted, first):
        assert way(browser.copy_of(stolen).get("/workbench/")).startswith("/sign-in")
    assert browser.get("/workbench/").status_code == 200


@pytest.mark.parametrize(("column", "age"), [("used_at", IDLE), ("signed_in_at", ABSOLUTE)])
def test_a_session_that_is_too_old_is_nobodys(house: House, column: str, age: timedelta) -> None:
    browser = house.browser().signed_in()
    assert browser.get("/workbench/").status_code == 200
    for aged, shown in ((age - timedelta(minutes=1), 200), (age, 303)):
        with house.database.writing() as rows:
            # An account knows no session that is older than itself.
            rows.execute(text("UPDATE accounts SET sessions_from = 0"))
            rows.execute(text(f"UPDATE sessions SET {column} = :at"), {"at": microseconds(datetime.now(UTC) - aged)})
        assert browser.get("/workbench/").status_code == shown


@pytest.mark.parametrize("change", ["disable", "sign_out"])
def test_a_session_whose_account_is_closed_is_nobodys_at_once(house: House, change: str) -> None:
    house.accounts.add(f"to-{change.replace('_', '-')}", Role.CASE_OFFICER, PASSWORD)
    browser = house.browser()
    assert way(browser.sign_in(name=f"to-{change.replace('_', '-')}")) == "/workbench/"
    getattr(house.accounts, change)(f"to-{change.replace('_', '-')}")
    assert browser.get("/workbench/").status_code == 303
    assert browser.get(STAFF).status_code == 401


def test_a_copied_cookie_is_nobodys_after_signing_out(house: House) -> None:
    browser = house.browser().signed_in()
    thief = browser.copy_of(browser.cookies)
    assert thief.get("/workbench/").status_code == 200
    browser.post("/sign-out", {"form_token": browser.token("/sign-out")})
    assert thief.get("/workbench/").status_code == 303


def test_what_was_written_is_not_lost_with_the_session(house: House, before: int) -> None:
    answer = house.browser().post("/workbench/cases/x", {"reasons": "A long <text>.", "form_token": "secret", "password": "secret"})
    assert (answer.status_code, title(answer)) == (403, "Your session has ended")
    assert "A long &lt;text&gt;." in answer.text
    assert "secret" not in answer.text
    assert house.noted(before) == []


# -- Wrong passwords -------------------------------------------------------------------------


def test_a_wrong_password_an_unknown_and_a_disabled_account_look_the_same(house: House, before: int) -> None:
    house.accounts.add("left", Role.AUDITOR, PASSWORD)
    house.accounts.disable("left")
    browser, seen = house.browser(), set()
    for name, password in (("auditor", "not the password"), ("nobody", PASSWORD), ("left", PASSWORD)):
        answer = browser.sign_in(name=name, password=password)
        assert (answer.status_code, title(answer)) == (422, "Error: Sign in")
        assert WRONG in words(answer)
        assert password not in answer.text
        seen.add(answer.text.replace(f'value="{name}"', "").replace(browser.token(), ""))
    assert len(seen) == 1
    assert browser.get("/workbench/").status_code == 303
    rows = house.noted(before)
    assert [(row.act.value, row.outcome) for row in rows] == [
        ("SIGN_IN_REFUSED", reason) for reason in ("WRONG_PASSWORD", "UNKNOWN_ACCOUNT", "DISABLED_ACCOUNT")
    ]
    assert [bool(row.actor) for row in rows] == [True, False, True]
    assert {row.by for row in rows} == {"password"}


@pytest.mark.parametrize("name", ["\x00", "x" * 5000, "' OR 1=1 --", "<script>", "Ünïcode"])
def test_odd_names_are_unknown_names(house: House, name: str) -> None:
    answer = house.browser().sign_in(name=name)
    assert (answer.status_code, WRONG in words(answer)) == (422, True)
    assert "<script>" not in answer.text


@pytest.mark.parametrize(("missing", "said"), [("name", "Enter the name of your account"), ("password", "Enter your password")])
def test_what_is_missing_is_said_where_it_is_missing(house: House, missing: str, said: str, before: int) -> None:
    answer = house.browser().sign_in(**{missing: " " if missing == "name" else ""})
    assert answer.status_code == 422
    assert answer.text.count(said) == 2
    assert f'href="#{missing}"' in answer.text
    assert house.noted(before) == []


def test_after_too_many_attempts_even_the_right_password_waits(house: House, before: int) -> None:
    browser = house.browser()
    for _ in range(MOST_FOR_A_NAME_FROM_ONE_PLACE):
        assert browser.sign_in(password="not the password").status_code == 422
    for _ in range(3):
        answer = browser.sign_in()
        assert answer.status_code == 429
        assert "There were too many attempts. Try again at" in words(answer)
        assert 0 < int(answer.headers["retry-after"]) <= 15 * 60 + 1
    assert outcomes(house, before)[-2:] == [("SIGN_IN_REFUSED", "WRONG_PASSWORD"), ("SIGN_IN_REFUSED", "TOO_MANY_ATTEMPTS")]
    assert way(browser.sign_in(Role.AUDITOR)) == "/workbench/"
    assert way(house.browser(address="192.0.2.9").sign_in()) == "/workbench/"


def test_the_right_password_forgets_the_wrong_ones(house: House) -> None:
    for _ in range(3):
        for _ in range(MOST_FOR_A_NAME_FROM_ONE_PLACE - 1):
            assert house.browser().sign_in(password="not the password").status_code == 422
        assert house.browser().sign_in().status_code == 303


def test_one_place_tries_a_few_names_only(house: House, before: int) -> None:
    tried = [house.browser(address=f"2001:db8:0:1::{n}").sign_in(name=f"name-{n}").status_code for n in range(MOST_FROM_ONE_PLACE + 2)]
    assert tried == [422] * MOST_FROM_ONE_PLACE + [429] * 2
    assert house.browser(address="2001:db8:0:2::1").sign_in().status_code == 303
    assert outcomes(house, before).count(("SIGN_IN_REFUSED", "TOO_MANY_ATTEMPTS")) == 1


def test_whoever_signs_in_takes_nothing_from_others_at_the_same_place(house: House) -> None:
    office = "2001:db8:0:3::1"
    assert [house.browser(address=office).sign_in().status_code for _ in range(MOST_FROM_ONE_PLACE + 1)] == [303] * (MOST_FROM_ONE_PLACE + 1)
    tried = [house.browser(address=office).sign_in(name=f"name-{n}").status_code for n in range(MOST_FROM_ONE_PLACE - 1)]
    assert tried == [422] * (MOST_FROM_ONE_PLACE - 1)
    assert house.browser(address=office).sign_in().status_code == 303, "one success makes no room for further guesses, and takes none"
    assert [house.browser(address=office).sign_in(name=f"other-{n}").status_code for n in range(2)] == [422, 429]


# -- Forms of others ----------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "form", "form.x", "x" * 500])
def test_a_form_without_the_token_of_its_session_is_refused(house: House, token: str, before: int) -> None:
    answer = house.browser().sign_in(form_token=token)
    assert (answer.status_code, title(answer)) == (403, "The form was not taken")
    assert "Open the page again" in words(answer)
    assert outcomes(house, before) == [("REFUSED", "FORM_TOKEN")]


def test_the_token_of_another_session_does_not_fit(house: House) -> None:
    mine, other = house.browser().signed_in(), house.browser().signed_in(Role.AUDITOR)
    assert mine.post("/sign-out", {"form_token": other.token("/sign-out")}).status_code == 403
    assert mine.post("/workbench/nowhere", {"form_token": other.token("/sign-out")}).status_code == 403
    assert mine.get("/workbench/").status_code == 200
    assert house.browser().post("/sign-in", {"name": "auditor", "password": PASSWORD, "form_token": mine.token()}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.eu"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site", "origin": "http://127.0.0.1"},
    ],
)
def test_a_page_of_another_origin_is_told_what_to_do(house: House, headers: dict[str, str], before: int) -> None:
    browser = house.browser().signed_in()
    for address in ("/sign-in", "/sign-out", "/workbench/", "/workbench/cases/x"):
        answer = browser.post(address, {"form_token": browser.token("/sign-out")}, **headers)
        assert (answer.status_code, title(answer)) == (403, "This was sent from another website")
        assert "open the page in the register and send it from there" in words(answer)
    for address in (STAFF, "/api/v1/cases/x/case-closed"):
        answer = browser.client.post(address, json={"query": "{ __typename }"}, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert browser.get("/workbench/").status_code == 200
    assert outcomes(house, before)[1:] == [("REFUSED", "CROSS_ORIGIN")] * 6


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "http://127.0.0.1"}])
def test_our_own_pages_and_programs_are_let_through(house: House, headers: dict[str, str]) -> None:
    browser = house.browser().signed_in()
    assert browser.client.post(STAFF, json={"query": "{ __typename }"}, headers=headers).status_code == 200
    assert way(browser.post("/sign-out", {"form_token": browser.token("/sign-out")}, **headers)) == "/sign-in?signed-out"


def test_the_public_side_and_tokens_do_not_mind_other_origins(house: House) -> None:
    elsewhere = {"sec-fetch-site": "cross-site", "origin": "https://elsewhere.eu"}
    assert house.browser().client.post("/graphql", json={"query": "{ __typename }"}, headers=elsewhere).status_code == 200
    assert house.browser().client.post(STAFF, json={"query": "{ __typename }"}, headers=elsewhere).status_code == 401


def test_reading_across_origins_is_only_a_link(house: House) -> None:
    browser = house.browser().signed_in()
    assert browser.get("/workbench/", **{"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("media", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
def test_another_media_type_is_no_form(house: House, media: str) -> None:
    browser = house.browser().signed_in()
    for address in ("/sign-in", "/sign-out", "/workbench/nowhere"):
        answer = browser.client.post(address, content=b"name=x", headers={"content-type": media})
        assert (answer.status_code, title(answer)) == (403, "The form was not taken")


@pytest.mark.parametrize("body", [b"name=%ff", b"name=\xff", b"&".join(b"a=1" for _ in range(501))])
def test_what_cannot_be_read_is_no_form(house: House, body: bytes) -> None:
    answer = house.browser().client.post("/sign-in", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 403


@pytest.mark.parametrize(("length", "status"), [(256 * 1024, 403), (256 * 1024 + 1, 413)])
def test_a_form_has_an_end(house: House, length: int, status: int) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    assert house.browser().client.post("/sign-in", content=b"a=" + b"x" * (length - 2), headers=headers).status_code == status


def test_strangers_do_not_fill_the_access_log(house: House, before: int) -> None:
    browser = house.browser()
    for n in range(MOST_NOTED + 5):
        assert browser.get("/api/v1/law", authorization=f"Bearer unknown{n}").status_code == 401
    assert outcomes(house, before) == [("REFUSED", "UNKNOWN_TOKEN")] * MOST_NOTED
    browser.get("/api/v1/law", authorization="Bearer unknown")
    house.browser(address="192.0.2.8").get("/api/v1/law", authorization="Bearer unknown")
    assert len(house.noted(before)) == MOST_NOTED + 1


# -- What a session opens ---------------------------------------------------------------------


def test_a_session_reads_and_records_as_a_token_does(house: House, before: int) -> None:
    browser = house.browser().signed_in(Role.AUDITOR)
    account = house.accounts.find("auditor")
    assert account
    case = house.cases["alpha"]
    assert browser.client.post(STAFF, json={"query": f'{{ case(id: "{case}") {{ internalName }} }}'}).json()["data"]["case"]
    assert browser.get(f"/api/v1/cases/{case}").json()["stream"] == f"case/{case}"
    signed_in, by_graphql, by_rest = house.noted(before)
    assert {row.subjects for row in (by_graphql, by_rest)} == {(f"case/{case}",)}
    assert {row.actor for row in (signed_in, by_graphql, by_rest)} == {account.actor.ref}
    assert {row.by for row in (signed_in, by_graphql, by_rest)} == {signed_in.by}
    refused = browser.client.post(f"/api/v1/cases/{case}/case-closed", json={}, headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "R33")


def test_a_token_that_is_refused_is_not_saved_by_a_session(house: House) -> None:
    browser = house.browser().signed_in(Role.AUDITOR)
    assert browser.get("/api/v1/law").status_code == 200
    assert browser.get("/api/v1/law", authorization="Bearer unknown").status_code == 401
    assert browser.get("/api/v1/law", authorization="Basic YTpi").status_code == 401


def test_an_address_of_the_office_is_asked_for_by_those_who_are_signed_in(house: House) -> None:
    for address in ("/workbench/nowhere", "/workbench", "/workbench/cases/x"):
        assert way(house.browser().get(address)).startswith("/sign-in?next=")
    browser: Browser = house.browser().signed_in()
    answer = browser.get("/workbench/nowhere")
    assert (answer.status_code, title(answer)) == (404, "Page not found")


def test_the_public_pages_still_set_no_cookie(house: House) -> None:
    for address in ("/", "/about", "/nowhere"):
        assert "set-cookie" not in house.browser().get(address).headers


@pytest.mark.parametrize("host", ["[", "a b", "127.0.0.1:x", "[::1", '"', "127.0.0.1/x"])
def test_where_the_host_cannot_be_read_the_address_that_was_reached_counts(house: House, host: str) -> None:
    assert house.browser().get("/sign-in", host=host).status_code == 200
    assert house.browser("http://192.0.2.7").get("/sign-in", host=host).status_code == 403
