"""The access log as auditors read it: filtered, page by page, its chain computed anew; the same rows that GraphQL answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import rfc8785
from httpx2 import Response

from api.stores.access_log import AccessAct
from domain.actors import Role
from tests.interfaces.office_house import Browser, House, opened_today, served, words
from tests.tampering import Change, tampered


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with served(tmp_path_factory.mktemp("house"), "corrections.yaml") as house:
        officer = house.browser().signed_in()
        for name in ("alpha", "beta", "alpha"):
            officer.get(f"/workbench/cases/{house.cases[name]}")
        officer.get("/audit/access")
        yield house


@pytest.fixture(scope="module")
def auditor(house: House) -> Browser:
    return house.browser().signed_in(Role.AUDITOR)


def numbers(answer: Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return list(map(int, re.findall(r'id="entry-(\d+)"', answer.text)))


def exported(browser: Browser, query: str = "") -> list[dict[str, Any]]:
    answer = browser.get(f"/audit/access.ndjson{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
    return [json.loads(line) for line in answer.content.splitlines()]


def test_the_latest_entry_is_that_this_page_was_read(house: House, auditor: Browser) -> None:
    answer = auditor.get("/audit/access")
    last, _ = house.log.head()
    assert numbers(answer)[0] == last
    assert numbers(answer) == sorted(numbers(answer), reverse=True)
    (row,) = house.noted(last - 1)
    assert (row.act, row.role, row.subjects) == (AccessAct.READ, Role.AUDITOR, ("access-log",))
    assert re.search(rf"{last} \S+ \S+ \S+, \S+ Auditor {str(row.actor)[:8]} Read access-log ", words(answer))


def test_the_chain_is_computed_and_said_in_words(house: House, auditor: Browser) -> None:
    answer = auditor.get("/audit/access")
    assert re.search(rf"Intact up to entry {house.log.head()[0]}\b", words(answer))
    assert 'class="outcome outcome--good"' in answer.text


def test_entries_are_filtered_by_who_which_case_what_and_when(house: House, auditor: Browser) -> None:
    officer = next(row.actor for row in house.log.rows() if row.role is Role.CASE_OFFICER)
    rows = {row.number: row for row in house.log.rows(first=1_000)}
    mine = numbers(auditor.get(f"/audit/access?actor={officer}"))
    assert mine == [number for number in reversed(rows) if rows[number].actor == officer]
    alpha = f"case/{house.cases['alpha']}"
    found = numbers(auditor.get(f"/audit/access?actor={officer}&case={house.cases['alpha']}&kind=READ"))
    assert found == [number for number in mine if rows[number].subjects == (alpha,)]
    assert len(found) == 2
    assert [rows[number].outcome for number in numbers(auditor.get(f"/audit/access?actor={officer}&kind=REFUSED"))] == ["ROLE"]
    day = rows[1].at.date().isoformat()
    assert numbers(auditor.get(f"/audit/access?actor={officer}&from={day}")) == mine
    assert numbers(auditor.get("/audit/access?to=2026-01-01")) == []
    first, second = (quote(rows[number].at.isoformat()) for number in mine[:2])
    assert numbers(auditor.get(f"/audit/access?actor={officer}&to={second}")) == mine[1:]
    assert numbers(auditor.get(f"/audit/access?actor={officer}&from={first}")) == mine[:1]


def test_the_log_goes_on_page_by_page_without_a_gap_and_keeps_the_filter(house: House, auditor: Browser) -> None:
    for _ in range(110):
        house.log.note(AccessAct.READ, by="session:abc", subjects=[f"case/{house.cases['beta']}"])
    seen, address = [], f"/audit/access?case={house.cases['beta']}"
    while address:
        answer = auditor.get(address)
        seen.append(numbers(answer))
        further = re.search(r'href="([^"]+)" rel="next"', answer.text)
        address = unescape(further[1]) if further else ""
    assert [len(page) for page in seen] == [50, 50, 11]
    whole = [number for page in seen for number in page]
    assert whole == sorted(set(whole), reverse=True)
    assert 'id="chain"' not in answer.text  # only the first page computes the chain
    assert f'href="/audit/access?case={house.cases["beta"]}">The latest entries' in answer.text


def test_it_is_the_same_log_that_graphql_answers(house: House, auditor: Browser) -> None:
    query = "query ($case: String) { accessLog(subject: $case, first: 100) { edges { node { number at act outcome actor role by subjects hash } } } }"
    subject = f"case/{house.cases['alpha']}"
    answered = auditor.client.post("/staff/graphql", json={"query": query, "variables": {"case": subject}}).json()
    nodes = [edge["node"] for edge in answered["data"]["accessLog"]["edges"]]
    rows = exported(auditor, f"?case={house.cases['alpha']}")
    assert len(rows) >= 2
    plain = ("act", "outcome", "actor", "role", "by", "subjects", "hash")
    assert [[row[name] for name in plain] for row in rows] == [[node[name] for name in plain] for node in nodes]
    assert [row["number"] for row in rows] == [int(node["number"]) for node in nodes]
    assert numbers(auditor.get(f"/audit/access?case={house.cases['alpha']}")) == [row["number"] for row in reversed(rows)]


def test_anybody_can_compute_the_chain_of_what_was_taken_away(house: House, auditor: Browser) -> None:
    rows, before = exported(auditor), bytes(32)
    assert [row["number"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        said = row.pop("hash")
        before = sha256(before + rfc8785.dumps(row)).digest()
        assert said == before.hex()
    assert (rows[-1]["act"], rows[-1]["subjects"]) == ("DOWNLOADED", ["access-log"])


@pytest.mark.parametrize("page", ["/audit/access", "/audit/access.ndjson"])
@pytest.mark.parametrize(
    "query",
    [
        "actor=somebody", "actor=7f4d", "case=alpha", "kind=LOOKED", "from=soon", "to=2026-13-01", "from=2026-03-10T09:00:00", "from=9999-12-32",
        "to=9999-12-31", "kind=READ&kind=READ", "search=x",
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told_and_not_noted(house: House, auditor: Browser, page: str, query: str) -> None:
    before, _ = house.log.head()
    assert auditor.get(f"{page}?{query}").status_code == 400
    assert house.noted(before) == []


@pytest.mark.parametrize("cursor", ["0", "-1", "x", "1e3", "1.5", "YWNjZXNzLzE", "9999999999999999999", "%C2%B2"])
def test_a_place_that_there_is_not_is_told(house: House, auditor: Browser, cursor: str) -> None:
    assert auditor.get(f"/audit/access?before={cursor}").status_code == 400
    assert numbers(auditor.get("/audit/access?before=1")) == []


FAULTS: list[tuple[Change, str]] = [
    ("UPDATE access_log SET outcome = 'LATER' WHERE number = 3", "Access log, row 3: its hash is not that of its content after the row before."),
    ("DELETE FROM access_log WHERE number = 2", "Access log: row 3 follows row 1."),
    ("UPDATE access_subjects SET subject = 'case/other' WHERE number = (SELECT min(number) FROM access_subjects)", "its hash is not that of"),
]


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A register in which no seal vouches for rows that a test takes away again."""
    folder = tmp_path_factory.mktemp("quiet")
    opened_today(folder).close()
    with served(folder) as house:
        yield house


@pytest.mark.parametrize(("change", "fault"), FAULTS)
def test_a_broken_chain_is_told_in_red(quiet: House, change: Change, fault: str) -> None:
    auditor = quiet.browser().signed_in(Role.AUDITOR)
    while "Intact up to entry" not in words(auditor.get("/audit/access")):
        pass  # the log of the cases, which would vouch for it, follows in a thread of its own
    assert "No seal vouches for it yet: the next one does." in words(auditor.get("/audit/access"))
    with tampered(Path(quiet.database.engine.url.database or ""), change):
        answer = auditor.get("/audit/access")
    assert 'class="outcome outcome--bad"' in answer.text
    assert fault in words(answer)
    assert "Intact" not in words(answer)
    assert "Intact up to entry" in words(auditor.get("/audit/access"))


def test_a_seal_vouches_for_the_chain_and_tells_when_its_end_was_made_anew(house: House, auditor: Browser) -> None:
    found = re.search("the seal of .{5,20} vouches for it up to entry ([0-9]+)", words(auditor.get("/audit/access")))
    assert found
    access, number = Path(house.database.engine.url.database or ""), int(found[1])
    with tampered(access, "DELETE FROM access_subjects"), tampered(access, "DELETE FROM access_log"):
        answer = auditor.get("/audit/access")
    assert 'class="outcome outcome--bad"' in answer.text
    assert re.search(r"Row \d+ is not the one that the seal of [0-9-]+ vouches for: rows were cut off or exchanged.", words(answer))
    assert number >= 1
