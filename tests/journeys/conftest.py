"""A real browser for the journeys: one Chromium for all of them, a fresh context for each visit."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright

from api.cli.account import let_in

ROOT = Path(__file__).resolve().parents[2]
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The editor of the query explorer is the work of others and named in the accessibility statement.
NOT_OURS = ".graphiql-container"

expect.set_options(timeout=30_000)  # ms; five seconds are too few for a machine that does other things as well

NO_BROWSER = "Chromium is missing: apt-get install chromium, or name one in CHROMIUM"


@pytest.fixture(scope="module")  # no longer: while it is open, its event loop runs in this thread and no other test may run one
def browser() -> Iterator[Browser]:
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail(NO_BROWSER) if os.environ.get("CI") == "true" else pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=SWITCHES)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """Give axe-core as the lock file names it, else the one that came with its Python package."""
    ours = ROOT / "node_modules" / "axe-core" / "axe.min.js"
    packed = next(Path(axe_playwright_python.__file__).parent.rglob("axe.min.js"))
    return (ours if ours.is_file() else packed).read_text(encoding="utf-8")


@dataclass
class Visit:
    """A page with everything that its browser complained about or asked of others."""

    page: Page
    base: str
    axe: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def open(self, address: str) -> Response:
        answer = self.page.goto(urljoin(self.base, address), wait_until="load")
        assert answer is not None
        return answer

    def violations(self) -> list[str]:
        """Give what axe finds, one line for each rule and place."""
        self.page.evaluate(self.axe)
        options = {"runOnly": RULES, "resultTypes": ["violations"]}
        found = self.page.evaluate(
            "([leave, options]) => axe.run({exclude: [[leave]]}, options).then(result => result.violations)", [NOT_OURS, options]
        )
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture
def visit(browser: Browser, live_server: str, axe: str):
    """Give a function that opens a context: width, scripts or none, and further options of the browser."""

    @contextmanager
    def start(width: int = 1280, *, scripts: bool = True, **options: object) -> Iterator[Visit]:
        context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=scripts, **options)
        here = Visit(context.new_page(), live_server, axe)
        here.page.on("console", lambda message: here.complaints.append(message.text))
        here.page.on("pageerror", lambda error: here.complaints.append(str(error)))
        here.page.on("request", lambda request: here.hosts.add(urlsplit(request.url).netloc))
        yield here
        context.close()

    return start


def _wait_for_the_log(live_server: str) -> None:
    """Wait until the log, which follows on its own, has published what the pages show."""
    for _ in range(300):
        try:
            return urlopen(urljoin(live_server, "/log/entry/7")).close()
        except HTTPError:
            time.sleep(0.1)
    pytest.fail("the log was not published within 30 seconds")


def _answered(base: str) -> str:
    """Find the challenge of the demonstration's first entry."""
    with urlopen(urljoin(base, "/challenge/1")) as answer:
        found = re.search(r'href="(/challenge/1/[^"]+)"', answer.read().decode())
    assert found, "The demonstration needs a challenge of its first entry."
    return found[1]


@pytest.fixture(scope="session")
def addresses(live_server: str) -> dict[str, str]:
    """Name the pages to look at; entries are found on the list itself."""
    _wait_for_the_log(live_server)
    with urlopen(urljoin(live_server, "/?include_removed=true&sort=listed")) as answer:
        rows = answer.read().decode().split("<tr")[1:]
    entries = {"Removed" in row: found[1] for row in rows if (found := re.search(r'href="(/entries/[^"]+)"', row))}
    assert set(entries) == {True, False}, "The demonstration needs an entry on the list and a removed one."
    return {
        "list": "/",
        "filtered list": "/?include_removed=true&search=a&sort=name",
        "list of another day": "/?valid_at=2026-06-30&known_at=2026-07-31",
        "entry": entries[False],
        "removed entry": entries[True],
        "entry before its time": f"{entries[False]}?valid_at=2024-08-01",
        "changes": "/changes",
        "law": "/law",
        "compare": "/compare",
        "two days compared": "/compare?from=2026-01-31",
        "two days compared as shown": "/compare?from=2026-01-31&to=2026-09-30&axis=known",
        "statistics": "/statistics",
        "statistics of another day": "/statistics?valid_at=2026-06-30&known_at=2026-07-31",
        "estimates": "/estimates",
        "calculator": "/compute",
        "calculator by hardware": "/compute?method=hardware",
        "calculator, sum": "/compute?method=sum",
        "about": "/about",
        "accessibility": "/accessibility",
        "privacy": "/privacy",
        "verify": "/verify",
        "checked entry": "/verify?entry=7&from=3",
        "what cannot be checked": "/verify?entry=-1&from=9&to=3",
        "data": "/data",
        "fold": "/data/fold",
        "explorer": "/data/explorer",
        "bad question": "/?valid_at=soon",
        "challenge": entries[False].replace("/entries/", "/challenge/"),
        "answered challenge": _answered(live_server),
        "nowhere": "/nowhere",
    }


@pytest.fixture(scope="session")
def password(live_server: str, live_store: str) -> str:
    """The password that `make run` prints: made once, because making another one ends every session."""
    return let_in(live_store)[1]


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """The cookies of whoever signed in already: nobody signs in thirty times within a quarter of an hour."""
    return {}


@pytest.fixture
def enter(password: str, sessions: dict[str, Any]) -> Callable[..., None]:
    """Give a function that opens an address as somebody else than whoever was there, signing in where their session has ended."""

    def entering(here: Visit, name: str, address: str = "/workbench/") -> None:
        here.page.context.clear_cookies()
        here.page.context.add_cookies(sessions.get(name, []))
        here.open(address)
        if urlsplit(here.page.url).path == "/sign-in":
            sign_in(here, name, password)
            sessions[name] = here.page.context.cookies()

    return entering


def sign_in(here: Visit, name: str, secret: str) -> None:
    """Fill in the form of the page for signing in, and wait for the page that was asked for."""
    here.page.get_by_label("Name of the account").fill(name)
    here.page.get_by_label("Password", exact=True).fill(secret)
    here.page.get_by_role("button", name="Sign in", exact=True).click()
    here.page.get_by_text("Signed in as").wait_for()
