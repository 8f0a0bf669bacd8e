"""The whole service with a provider of sign-ins that answers as a test wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from httpx2 import Response

from api.stores.identities import Identities, Identity
from tests.interfaces.office_house import Browser, House, served, words
from tests.interfaces.wrong_provider import CLIENT, SECRET, WrongProvider, answering, parameters

BACK = "/sign-in/openid/back"


@dataclass
class Setting:
    """A served register and its provider, and the last row of the access log before a test."""

    house: House
    provider: WrongProvider
    before: int

    def link(self, name: str, subject: str = "person-1", claim: str = "sub") -> None:
        Identities(self.house.database).link(name, Identity(self.provider.issuer, claim, subject))

    def go(self, browser: Browser, **fields: str) -> Response:
        token = browser.token("/workbench/" if "fingerprint" in fields else "/sign-in")
        return browser.post("/sign-in/openid", {"form_token": token, **fields})

    def gone(self, browser: Browser, **fields: str) -> dict[str, str]:
        """Go to the provider; return what a browser takes along."""
        answer = self.go(browser, **fields)
        assert answer.status_code == 200, words(answer)
        found = re.search(r'<a class="govuk-link" href="([^"]+/auth[^"]+)"', answer.text)
        assert found
        assert answer.headers["refresh"] == f"0; url={unescape(found[1])}"
        asked = parameters(unescape(found[1]))
        self.provider.challenge = asked["code_challenge"]
        self.provider.claims.setdefault("nonce", asked["nonce"])
        return asked

    def come_back(self, browser: Browser, asked: dict[str, str], **changes: str | None) -> Response:
        brought = {"code": "good", "state": asked["state"], "iss": self.provider.issuer} | changes
        return browser.get(f"{BACK}?{urlencode({name: value for name, value in brought.items() if value is not None})}")

    def sign_in(self, browser: Browser, **fields: str) -> Response:
        return self.come_back(browser, self.gone(browser, **fields))


def settings(provider: WrongProvider, **more: str) -> dict[str, Any]:
    known = {"openid_issuer": provider.issuer, "openid_client_id": CLIENT, "openid_client_secret": SECRET, "public_address": "127.0.0.1"}
    return known | more


@contextmanager
def vouched_for(folder: Path, *dockets: str, **more: str) -> Iterator[Setting]:
    with answering() as provider, served(folder, *dockets, **settings(provider, **more)) as house:
        yield Setting(house, provider, house.log.head()[0])


def outcomes(setting: Setting) -> list[tuple[str, str, str]]:
    return [(row.act.value, row.outcome, row.by.partition(":")[0]) for row in setting.house.noted(setting.before)]


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/workbench/").status_code == 200
