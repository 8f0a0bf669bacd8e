"""What auditors take away: what a page shows as NDJSON, the file of a case, and the GraphQL query that asks for the same."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import rfc8785

from api.cli.main import main
from api.stores.access_log import AccessAct
from domain.actors import Role
from projections.transparency.merkle import verify_inclusion
from tests.interfaces.office_house import Browser, House, served

PAIRS = ["", "?valid_at=2026-03-09&known_at=2026-03-31"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "corrections.yaml") as house:
        yield house


@pytest.fixture(scope="module")
def auditor(house: House) -> Browser:
    return house.browser().signed_in(Role.AUDITOR)


def case_of(house: House) -> str:
    return f"/audit/cases/{house.cases['alpha']}"


def lines(browser: Browser, address: str) -> list[dict[str, Any]]:
    answer = browser.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    assert answer.headers["content-disposition"].startswith('attachment; filename="case-')
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.endswith(b"\n")
    return [json.loads(line) for line in answer.content.splitlines()]


# -- As NDJSON ---------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_the_lines_say_what_the_page_shows_and_prove_it(house: House, auditor: Browser, pair: str) -> None:
    page = auditor.get(case_of(house) + pair).text
    case, *events = lines(auditor, f"{case_of(house)}/events.ndjson{pair}")
    assert [event["number"] for event in events] == list(map(int, re.findall(r'id="event-(\d+)"', page)))
    assert [f"leaf {event['leaf']['index']}" for event in events] == re.findall(r"leaf \d+", page)
    assert (case["kind"], case["gaps"], case["expected"], case["present"]) == ("case", [], 5, 5)
    assert case["recorded_later"] == 5 - len(events)
    root, size = bytes.fromhex(case["checkpoint"]["root"]), case["checkpoint"]["size"]
    for event in events:
        assert sha256(rfc8785.dumps(event["event"])).hexdigest() == event["sha256"]
        leaf = event["leaf"]
        assert verify_inclusion(bytes.fromhex(leaf["hash"]), leaf["index"], size, [bytes.fromhex(node) for node in leaf["path"]], root)
        assert event["equal"] is True


def test_the_lines_of_another_pair_of_times_say_what_was_known_then(house: House, auditor: Browser) -> None:
    now, *events = lines(auditor, f"{case_of(house)}/events.ndjson")
    then, *earlier = lines(auditor, f"{case_of(house)}/events.ndjson{PAIRS[1]}")
    assert (events[2]["corrected_by"], events[4]["corrects"]) == ([5], 3)
    assert [event["corrected_by"] for event in earlier] == [[], [], [], []]
    assert now["grounds"]["PRESUMED"] == [["2026-03-09T23:00:00Z", None]]
    assert then["grounds"]["PRESUMED"] == [["2026-02-28T23:00:00Z", None]]
    assert (then["valid_at"], then["known_at"]) == ("2026-03-09T22:59:59.999999Z", "2026-03-31T21:59:59.999999Z")


# -- The file of the case ----------------------------------------------------------------


def test_the_file_of_the_case_is_the_one_that_the_command_writes_and_verifies(
    house: House, auditor: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = auditor.get(f"{case_of(house)}/bundle.zip")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert "content-length" not in answer.headers  # piece by piece
    with ZipFile(io.BytesIO(answer.content)) as sent:
        assert sent.testzip() is None
        sent.extractall(tmp_path / "case")
        events = {name: sent.read(name) for name in sent.namelist() if name.startswith("events/")}
    assert len(events) == 5
    done = subprocess.run([sys.executable, "case/verify.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{Path(house.database.engine.url.database or '').parent}")
    assert main(["bundle", house.cases["alpha"], str(tmp_path / "case.zip")]) == 0
    with ZipFile(tmp_path / "case.zip") as written:
        assert {name: written.read(name) for name in written.namelist() if name.startswith("events/")} == events


# -- As GraphQL --------------------------------------------------------------------------


@pytest.mark.parametrize("pair", PAIRS)
def test_the_query_on_the_page_is_answered_with_what_the_page_shows(house: House, auditor: Browser, pair: str) -> None:
    page = auditor.get(case_of(house) + pair).text
    query, variables = (unescape(re.findall(rf'<code id="{name}">(.*?)</code>', page, re.DOTALL)[0]) for name in ("query", "variables"))
    sent = auditor.client.post("/staff/graphql", json={"query": query, "variables": json.loads(variables)})
    answered = sent.json()
    assert "errors" not in answered, answered
    found = answered["data"]["case"]
    case, *events = lines(auditor, f"{case_of(house)}/events.ndjson{pair}")
    nodes = [edge["node"] for edge in found["history"]["edges"]]
    assert [json.loads(node["stored"]) for node in nodes] == [event["event"] for event in events]
    assert (found["caseId"], found["internalName"], found["status"]["status"]) == (case["case_id"], case["internal_name"], case["status"])
    assert [clock["clock"] for clock in found["clocks"]] == [clock["clock"] for clock in case["clocks"]]
    assert [clock["arithmetic"] for clock in found["clocks"]] == [clock["arithmetic"] for clock in case["clocks"]]
    assert found["history"]["pageInfo"]["hasNextPage"] is False
    link = re.search(r'href="(/staff/graphql\?[^"]+)"', page)
    assert link
    assert auditor.get(unescape(link[1]), accept="text/html").json() == answered


# -- Noted -------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["/events.ndjson", "/bundle.zip"])
def test_what_is_taken_away_is_noted_as_that(house: House, auditor: Browser, taken: str) -> None:
    before, _ = house.log.head()
    auditor.get(case_of(house) + taken)
    (row,) = house.noted(before)
    assert (row.act, row.outcome, row.subjects) == (AccessAct.DOWNLOADED, "DONE", (f"case/{house.cases['alpha']}",))


@pytest.mark.parametrize("address", ["/bundle.zip?known_at=2026-03-31", "/bundle.zip?x=1", "/events.ndjson?first=1"])
def test_what_cannot_be_taken_away_so_is_told_and_nothing_is_noted(house: House, auditor: Browser, address: str) -> None:
    before, _ = house.log.head()
    assert auditor.get(case_of(house) + address).status_code == 400
    assert auditor.get(f"/audit/cases/00000000-0000-0000-0000-000000000000{address.partition('?')[0]}").status_code == 404
    assert house.noted(before) == []
