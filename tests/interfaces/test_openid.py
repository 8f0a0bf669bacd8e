"""Signing in through a provider: whom it vouches for comes in under their account here; what does not hold lets nobody in and leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import quote

import pytest
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import text

from api.openid import LEEWAY, ProviderUnfit, open_provider
from api.settings import Settings
from api.stores.access_log import AccessAct
from api.stores.begun_sign_ins import MAY_TAKE
from api.stores.identities import Identities, Identity
from api.stores.sessions import Sessions
from domain.actors import Role
from projections.store import microseconds
from tests.interfaces.office_house import Browser, name_of, served, title, way, words
from tests.interfaces.openid_house import BACK, Setting, is_signed_in, outcomes, vouched_for
from tests.interfaces.wrong_provider import CLIENT, SECRET, new_key, parameters, part


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    with vouched_for(tmp_path_factory.mktemp("house")) as setting:
        yield setting


@pytest.fixture
def setting(shared: Setting, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Setting]:
    """The shared house, where nobody is linked and nobody has tried anything yet; or one of its own, with settings of its own."""
    if hasattr(request, "param"):
        with vouched_for(tmp_path, **request.param) as own:
            yield own
        return
    with shared.house.database.writing() as rows:
        for table in ("attempts", "begun_sign_ins", "identities", "sessions"):
            rows.execute(text(f"DELETE FROM {table}"))
    shared.provider.forget()
    yield Setting(shared.house, shared.provider, shared.house.log.head()[0])


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Setting]:
    """A house of its own, whose provider was asked nothing yet."""
    with vouched_for(tmp_path) as setting:
        setting.link("case-officer")
        yield setting


@pytest.fixture
def linked(setting: Setting) -> Setting:
    setting.link("case-officer")
    return setting


def refused(setting: Setting, browser: Browser, answer: Response, outcome: str, status: int = 403) -> None:
    """Nobody is let in, nothing is recorded, and one row says so."""
    assert answer.status_code == status, words(answer)
    assert "Nothing was recorded." in words(answer)
    assert "set-cookie" not in answer.headers
    assert not is_signed_in(browser)
    assert outcomes(setting) == [("SIGN_IN_REFUSED", outcome, "openid")]


# -- In and out -------------------------------------------------------------------------


def test_whoever_is_linked_comes_in_under_their_account(linked: Setting) -> None:
    browser = linked.house.browser()
    browser.get("/sign-in")
    before = browser.cookies
    asked = linked.gone(browser)
    assert (asked["response_type"], asked["scope"], asked["client_id"]) == ("code", "openid", CLIENT)
    assert (asked["code_challenge_method"], asked["redirect_uri"]) == ("S256", f"http://127.0.0.1{BACK}")
    assert "prompt" not in asked
    assert way(linked.come_back(browser, asked)) == "/workbench/"
    assert browser.cookies != before
    assert is_signed_in(browser)
    account = linked.house.accounts.find("case-officer")
    (row,) = (row for row in linked.house.noted(linked.before) if row.act is AccessAct.SIGNED_IN)
    assert account
    assert (row.outcome, row.actor, row.by.partition(":")[0]) == ("OPENID", account.actor.ref, "session")


def test_the_role_is_given_here_whatever_the_provider_says(linked: Setting) -> None:
    linked.provider.claims |= {"role": "DECISION_OFFICER", "roles": ["AUDITOR"], "groups": ["admins"], "name": "Jane Doe", "email": "jane@example.eu"}
    browser = linked.house.browser()
    linked.sign_in(browser)
    assert "Signed in as Case officer" in words(browser.get("/workbench/"))
    stored = b"".join(file.read_bytes() for file in Path(linked.house.url.removeprefix("sqlite:///")).iterdir() if file.is_file())
    assert [said for said in (b"Jane Doe", b"jane@example.eu", b"person-1") if said in stored] == []


@pytest.mark.parametrize("value", ["person-2", "<script>x</script>", "x" * 255])
def test_whoever_is_not_linked_is_told_by_what_they_are_known(linked: Setting, value: str) -> None:
    linked.provider.claims["sub"] = value
    browser = linked.house.browser()
    answer = linked.sign_in(browser)
    assert title(answer) == "You have no account here"
    assert value in words(answer)
    assert "<script>x" not in answer.text
    refused(linked, browser, answer, "UNKNOWN_PERSON")


def test_whose_account_is_disabled_has_none(own: Setting) -> None:
    own.house.accounts.disable("case-officer")
    browser = own.house.browser()
    refused(own, browser, own.sign_in(browser), "DISABLED_ACCOUNT")


def test_whose_account_is_unlinked_is_out_at_once(linked: Setting) -> None:
    browser = linked.house.browser()
    linked.sign_in(browser)
    assert is_signed_in(browser)
    Identities(linked.house.database).unlink("case-officer")
    assert not is_signed_in(browser)


@pytest.mark.parametrize(
    ("back", "goes"), [("/workbench/law", "/workbench/law"), ("//elsewhere.eu", "/workbench/"), ("https://elsewhere.eu/", "/workbench/")]
)
def test_the_way_back_leads_nowhere_else(linked: Setting, back: str, goes: str) -> None:
    assert way(linked.sign_in(linked.house.browser(), next=back)) == goes


def test_signing_out_ends_the_session_here_and_goes_on_to_the_provider(linked: Setting) -> None:
    browser = linked.house.browser()
    linked.sign_in(browser)
    answer = browser.post("/sign-out", {"form_token": browser.token("/sign-out")})
    assert (answer.status_code, title(answer)) == (200, "Signing out")
    out = answer.headers["refresh"].removeprefix("0; url=")
    assert out.startswith(f"{linked.provider.issuer}/out?")
    assert parameters(out) == {"client_id": CLIENT, "post_logout_redirect_uri": "http://127.0.0.1/sign-in?signed-out"}
    assert browser.cookies == {}
    assert not is_signed_in(browser)
    assert outcomes(linked)[-1] == ("SIGNED_OUT", "DONE", "session")


def test_where_the_provider_offers_no_sign_out_it_ends_here(own: Setting) -> None:
    own.provider.discovered["end_session_endpoint"] = None
    browser = own.house.browser()
    own.sign_in(browser)
    assert way(browser.post("/sign-out", {"form_token": browser.token("/sign-out")})) == "/sign-in?signed-out"


def test_accounts_of_the_register_sign_in_and_out_as_before(linked: Setting) -> None:
    browser = linked.house.browser().signed_in(Role.AUDITOR)
    assert way(browser.post("/sign-out", {"form_token": browser.token("/sign-out")})) == "/sign-in?signed-out"


def test_without_a_provider_nothing_of_it_is_there(tmp_path: Path) -> None:
    with served(tmp_path) as house:
        browser = house.browser()
        assert "through" not in words(browser.get("/sign-in"))
        assert browser.post("/sign-in/openid", {"form_token": browser.token()}).status_code == 404
        assert browser.get(f"{BACK}?code=good&state=x").status_code == 404


# -- Answers that do not hold -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"state": "x"}, "STATE"),
        ({"state": None}, "STATE"),
        ({"iss": "https://elsewhere.eu"}, "ISSUER"),
        ({"iss": None}, "ISSUER"),
        ({"code": "bad"}, "CODE"),
        ({"code": None}, "CODE"),
        ({"code": None, "error": "access_denied"}, "CANCELLED"),
        ({"error": "server_error"}, "PROVIDER_REFUSED"),
    ],
)
def test_an_answer_that_is_not_the_one_asked_for_lets_nobody_in(linked: Setting, changes: dict[str, str | None], outcome: str) -> None:
    browser = linked.house.browser()
    refused(linked, browser, linked.come_back(browser, linked.gone(browser), **changes), outcome)


def test_a_parameter_that_is_given_twice_is_no_answer(linked: Setting) -> None:
    browser = linked.house.browser()
    asked = linked.gone(browser)
    twice = f"{BACK}?code=bad&code=good&state={asked['state']}&iss={quote(linked.provider.issuer)}"
    refused(linked, browser, browser.get(twice), "STATE")


def test_an_answer_is_taken_once_and_in_the_browser_that_asked(linked: Setting) -> None:
    asking, other = linked.house.browser(), linked.house.browser()
    other.get("/sign-in")
    asked = linked.gone(asking)
    refused(linked, other, linked.come_back(other, asked), "STATE")
    assert way(linked.come_back(asking, asked)) == "/workbench/"
    assert linked.come_back(linked.house.browser().copy_of(asking.cookies), asked).status_code == 403


@pytest.mark.parametrize(("age", "status"), [(MAY_TAKE - timedelta(minutes=1), 303), (MAY_TAKE + timedelta(seconds=1), 403)])
def test_whoever_stays_away_too_long_begins_again(linked: Setting, age: timedelta, status: int) -> None:
    browser = linked.house.browser()
    asked = linked.gone(browser)
    with linked.house.database.writing() as rows:
        rows.execute(text("UPDATE begun_sign_ins SET begun_at = :at"), {"at": microseconds(linked.house.log.now() - age)})
    assert linked.come_back(browser, asked).status_code == status


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "other"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"aud": "somebody-else", "azp": CLIENT},
        {"aud": [CLIENT, "somebody-else"]},
        {"azp": "somebody-else"},
        {"iss": "https://elsewhere.eu"},
        {"iss": None},
        {"sub": None},
        {"sub": ""},
        {"sub": ["person-1"]},
        {"sub": "person-1\u202e"},
        {"sub": "x" * 256},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
    ],
)
def test_an_id_token_of_somebody_else_lets_nobody_in(linked: Setting, claims: dict[str, Any]) -> None:
    browser = linked.house.browser()
    linked.provider.claims |= claims
    refused(linked, browser, linked.sign_in(browser), "ID_TOKEN")


@pytest.mark.parametrize(("beyond", "status"), [(-10, 303), (10, 403)])
def test_the_clocks_may_differ_by_a_minute_and_no_more(linked: Setting, beyond: int, status: int) -> None:
    leeway = LEEWAY.total_seconds() + beyond
    linked.provider.claims |= {"exp": int(time() - leeway)}
    assert linked.sign_in(linked.house.browser()).status_code == status
    linked.provider.claims = {"nbf": int(time() + leeway)}
    assert linked.sign_in(linked.house.browser()).status_code == status


def unsigned(setting: Setting) -> str:
    return f"{part({'alg': 'none'})}.{part(setting.provider.said())}."


def by_a_shared_secret(setting: Setting) -> str:
    return jwt.encode({"alg": "HS256"}, setting.provider.said(), OctKey.import_key(SECRET))


def by_another_key(setting: Setting) -> str:
    return jwt.encode({"alg": "ES256", "kid": "first"}, setting.provider.said(), new_key("first"))


def by_an_unknown_key(setting: Setting) -> str:
    return jwt.encode({"alg": "ES256", "kid": "unknown"}, setting.provider.said(), new_key("unknown"))


def altered(setting: Setting) -> str:
    header, _, signature = jwt.encode({"alg": "ES256", "kid": "first"}, setting.provider.said(), setting.provider.key).split(".")
    return f"{header}.{part({**setting.provider.said(), 'iat': 1})}.{signature}"


@pytest.mark.parametrize("forge", [unsigned, by_a_shared_secret, by_another_key, by_an_unknown_key, altered, lambda _: "", lambda _: "a.b.c"])
def test_an_id_token_that_the_provider_did_not_sign_lets_nobody_in(linked: Setting, forge: Any) -> None:
    browser = linked.house.browser()
    asked = linked.gone(browser)
    linked.provider.id_token = forge(linked)
    refused(linked, browser, linked.come_back(browser, asked), "ID_TOKEN")


def test_a_new_key_of_the_provider_is_asked_for(linked: Setting) -> None:
    assert linked.sign_in(linked.house.browser()).status_code == 303
    linked.provider.key, linked.provider.claims = new_key("second"), {}
    assert linked.sign_in(linked.house.browser()).status_code == 303


# -- What the settings ask for ----------------------------------------------------------------


@pytest.mark.parametrize("setting", [{"openid_acr": "eidas-high https://example.eu/strong"}], indirect=True)
@pytest.mark.parametrize(("acr", "status"), [("eidas-high", 303), ("https://example.eu/strong", 303), ("eidas", 403), (None, 403)])
def test_a_weaker_way_of_signing_in_is_not_enough(linked: Setting, acr: str | None, status: int) -> None:
    linked.provider.claims["acr"] = acr
    browser = linked.house.browser()
    asked = linked.gone(browser)
    assert asked["acr_values"] == "eidas-high https://example.eu/strong"
    answer = linked.come_back(browser, asked)
    assert answer.status_code == status
    if status == 403:
        refused(linked, browser, answer, "NOT_STRONG")


@pytest.mark.parametrize("setting", [{"openid_claim": "email", "openid_scope": "openid email"}], indirect=True)
@pytest.mark.parametrize(("verified", "status"), [(True, 303), (False, 403), ("true", 403), (None, 403)])
def test_another_claim_may_say_who_somebody_is(setting: Setting, verified: object, status: int) -> None:
    setting.link("case-officer", "intake@example.eu", "email")
    setting.provider.claims |= {"email": "intake@example.eu", "email_verified": verified}
    browser = setting.house.browser()
    asked = setting.gone(browser)
    assert asked["scope"] == "openid email"
    assert setting.come_back(browser, asked).status_code == status


def test_the_same_value_of_another_claim_or_issuer_is_nobody(setting: Setting) -> None:
    setting.link("case-officer", claim="email")
    Identities(setting.house.database).link("auditor", Identity("https://elsewhere.eu", "sub", "person-1"))
    browser = setting.house.browser()
    refused(setting, browser, setting.sign_in(browser), "UNKNOWN_PERSON")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"openid_issuer": "http://login.example.eu", "openid_client_id": "x"}, "must begin with https"),
        ({"openid_issuer": "https://login.example.eu/ x", "openid_client_id": "x"}, "is no address"),
        ({"openid_issuer": "https://login.example.eu"}, "OPENID_CLIENT_ID"),
        ({"openid_issuer": "https://login.example.eu", "openid_client_id": "x", "public_address": "http://register.example.eu"}, "PUBLIC_ADDRESS"),
    ],
)
def test_settings_that_lead_nowhere_are_refused_before_anybody_comes(given: dict[str, str], said: str) -> None:
    with pytest.raises(ProviderUnfit, match=said):
        open_provider(Settings(**given))  # type: ignore[arg-type]
    assert open_provider(Settings(openid_issuer="https://login.example.eu", openid_client_id="x"))


# -- A provider that is down ------------------------------------------------------------------


@pytest.mark.parametrize(
    "discovered",
    [
        {"issuer": "https://elsewhere.eu"},
        {"token_endpoint": "http://192.0.2.1/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:x"},
    ],
)
def test_a_provider_that_says_nothing_usable_of_itself_is_not_asked(own: Setting, discovered: dict[str, Any]) -> None:
    own.provider.discovered |= discovered
    browser = own.house.browser()
    answer = own.go(browser)
    assert title(answer) == "Nobody can sign in through your organisation now"
    refused(own, browser, answer, "PROVIDER_UNREACHABLE", 503)
    with own.house.database.reading() as rows:
        assert rows.execute(text("SELECT count(*) FROM begun_sign_ins")).scalar() == 0
    assert way(browser.sign_in()) == "/workbench/"


def test_a_provider_that_is_down_when_somebody_comes_back_lets_nobody_in(linked: Setting) -> None:
    browser = linked.house.browser()
    asked = linked.gone(browser)
    linked.provider.status = 502
    refused(linked, browser, linked.come_back(browser, asked), "PROVIDER_UNREACHABLE", 503)


def test_whoever_signs_out_while_the_provider_is_down_is_out_here(own: Setting) -> None:
    account = own.house.accounts.find("case-officer")
    assert account
    browser = own.house.browser()
    identifier, _ = Sessions(own.house.database).begin(account, by_openid=True)
    browser.client.cookies.set("sid-on-this-machine", identifier)
    assert is_signed_in(browser)
    own.provider.discovered["issuer"] = "https://elsewhere.eu"
    assert way(browser.post("/sign-out", {"form_token": browser.token("/sign-out")})) == "/sign-in?signed-out"
    assert not is_signed_in(browser)


def test_sign_ins_are_begun_from_our_own_pages_only(linked: Setting) -> None:
    browser = linked.house.browser()
    assert browser.post("/sign-in/openid", {"form_token": "x"}).status_code == 403
    token = browser.token()
    assert browser.post("/sign-in/openid", {"form_token": token}, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert name_of(Role.CASE_OFFICER) in Identities(linked.house.database).linked()
