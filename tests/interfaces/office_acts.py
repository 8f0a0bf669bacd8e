"""What officers do in the workbench, as a browser without scripts does it: fill in, check, record; and a session that ends meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID, uuid4

from httpx2 import Response
from sqlalchemy import update

from api.stores.access_tables import sessions
from domain.events import EVENTS
from projections.store import microseconds
from registry_site.office.fields import fields_of
from registry_site.office.filled import written_of
from tests.interfaces.office_house import Browser, House, title, way, words

HASH = "0" * 64
MET = {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": 1, "source": "PROVIDER", "kind": "COMPUTE"}
NAMED = {"marketed_name": "Alpha", "on": "2026-03-10"}
DESIGNATION: dict[str, object] = {
    "legal_basis": "52(4)", "commission_ref": "C(2026) 1", "adopted_on": "2026-09-01", "addressees": [str(UUID(int=1))], "reasons_hash": HASH,
    "authentic_language": "en", "signatory_ref": str(uuid4()), "hearing_omitted_reason": "URGENCY", "hearing_omitted_text_hash": HASH,
    "remedies_stated": True, "origin": "EX_OFFICIO", "annex_xiii_version": 1, "points_considered": list("abcdefg"), "findings_hash": HASH,
}  # fmt: skip


def place(case: str, event: str, collection: str = "cases") -> str:
    return f"/workbench/{collection}/{case}/record/{event}"


def hidden(answer: Response) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text)
    return {name: unescape(value) for name, value in found}


def send(browser: Browser, address: str, topic: str, data: dict[str, object], **more: str) -> Response:
    """Fill in a form that was opened just now, and send it."""
    carried = hidden(browser.get(address))
    written = written_of(fields_of(EVENTS[topic]), data)
    prefilled = {field.name for field in fields_of(EVENTS[topic]) if field.own}
    own = {name: unescape(value) for name, value in re.findall(r'id="(fact-\w+)"[^>]*value="([^"]*)"', browser.get(address).text)}
    kept = {name: text for name, text in own.items() if name.removeprefix("fact-") in prefilled}
    return browser.post(address, {**kept, **written, "form_token": carried["form_token"], "seen": carried["seen"], "act": "check", **more})


def go_on(browser: Browser, address: str, checked: Response, act: str) -> Response:
    assert checked.status_code == 200, words(checked)
    assert title(checked).startswith("Check your answers"), words(checked)
    return browser.post(address, {**hidden(checked), "act": act})


def recorded(browser: Browser, address: str, topic: str, data: dict[str, object]) -> Response:
    return browser.get(way(go_on(browser, address, send(browser, address, topic, data), "record")))


def end_for_want_of_use(house: House) -> None:
    long_ago = microseconds(house.log.now() - timedelta(minutes=31))
    with house.database.writing() as rows:
        rows.execute(update(sessions).values(used_at=long_ago, signed_in_at=long_ago))
