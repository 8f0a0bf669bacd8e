"""Earlier states by date (RFC 7089): the gate, the mementos with their neighbours, the time map."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from starlette.testclient import TestClient

from domain.law.periods import BRUSSELS
from tests.interfaces.data_stack import ADDRESS, HISTORY, Stack, stack

LINK = re.compile(r'<([^>]*)>((?:; ?[a-z]+="[^"]*")+)')
MARCH, APRIL, MAY, JUNE, OCTOBER = "2026-03-02", "2026-04-20", "2026-05-11", "2026-06-08", "2026-10-05"


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def client(published: Stack) -> TestClient:
    return published.client()


def links(text: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Read links by each of their relations."""
    found = {}
    for address, rest in LINK.findall(text):
        attributes = dict(re.findall(r'([a-z]+)="([^"]*)"', rest))
        for rel in attributes["rel"].split():
            found[rel] = (address, attributes)
    return found


def ends(day: str) -> str:
    end = datetime.fromisoformat(f"{day}T23:59:59").replace(tzinfo=BRUSSELS)
    return format_datetime(end.astimezone(UTC), usegmt=True)


def at(client: TestClient, moment: str, address: str = "/", **headers: str) -> tuple[int, str]:
    answer = client.get(address, headers={"accept-datetime": moment, **headers})
    return answer.status_code, answer.headers.get("location", "").removeprefix(ADDRESS)


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("Thu, 01 Jan 2026 00:00:00 GMT", MARCH),  # before all: the first
        (ends(MARCH), MARCH),
        ("Mon, 20 Apr 2026 21:59:58 GMT", MARCH),  # the day of the change is not over for one second more
        ("Mon, 20 Apr 2026 21:59:59 GMT", APRIL),
        ("Mon, 20 Apr 2026 23:59:59 +0200", APRIL),
        ("Wed, 01 Jul 2026 12:00:00 GMT", JUNE),
        ("Thu, 01 Jan 2099 00:00:00 GMT", OCTOBER),
    ],
)
def test_the_gate_leads_to_the_last_state_not_later_than_wished(client: TestClient, moment: str, day: str) -> None:
    assert at(client, moment) == (302, f"/?known_at={day}")


def test_the_gate_of_an_entry_and_of_a_file_leads_to_their_own_states(client: TestClient) -> None:
    moment = "Fri, 01 May 2026 00:00:00 GMT"
    assert at(client, moment, "/entries/1") == (302, f"/entries/1?known_at={MARCH}")
    assert at(client, moment, "/entries/2.json") == (302, f"/entries/2.json?known_at={APRIL}")
    assert at(client, moment, "/list.csv?include_removed=true") == (302, f"/list.csv?include_removed=true&known_at={APRIL}")
    assert at(client, moment, "/?sort=name", accept="application/json") == (302, f"/list.json?sort=name&known_at={APRIL}")


def test_the_gate_says_that_it_is_one(client: TestClient) -> None:
    answer = client.get("/", headers={"accept-datetime": "Fri, 01 May 2026 00:00:00 GMT"})
    assert "Accept-Datetime" in answer.headers["vary"]
    assert answer.headers["cache-control"] == "no-store"
    found = links(answer.headers["link"])
    assert found["original"][0] == found["timegate"][0] == f"{ADDRESS}/"
    assert found["timemap"] == (f"{ADDRESS}/timemap", {"rel": "timemap", "type": "application/link-format"})
    assert found["first"][0] == f"{ADDRESS}/?known_at={MARCH}"
    assert found["last"][0] == f"{ADDRESS}/?known_at={OCTOBER}"


def test_a_memento_says_when_it_was_and_which_are_its_neighbours(client: TestClient) -> None:
    answer = client.get(f"/?known_at={MAY}")
    assert answer.headers["memento-datetime"] == ends(MAY)
    found = links(answer.headers["link"])
    assert found["original"][0] == f"{ADDRESS}/"
    assert {rel: (found[rel][0], found[rel][1]["datetime"]) for rel in ("first", "prev", "next", "last")} == {
        rel: (f"{ADDRESS}/?known_at={day}", ends(day)) for rel, day in (("first", MARCH), ("prev", APRIL), ("next", JUNE), ("last", OCTOBER))
    }


@pytest.mark.parametrize(("day", "before", "after"), [(MARCH, None, APRIL), (OCTOBER, JUNE, None), ("2026-04-01", MARCH, APRIL)])
def test_the_first_has_none_before_and_the_last_none_after(client: TestClient, day: str, before: str | None, after: str | None) -> None:
    found = links(client.get(f"/?known_at={day}").headers["link"])
    assert [found[rel][0][-10:] if rel in found else None for rel in ("prev", "next")] == [before, after]


@pytest.mark.parametrize("address", ["/", "/list.json", "/list.csv", "/list.ttl", "/entries/1", "/entries/1.json", "/list.csv-metadata.json"])
def test_the_memento_is_what_the_gate_promised(client: TestClient, address: str) -> None:
    _, place = at(client, ends(MAY), address)
    answer = client.get(place)
    assert answer.status_code == 200
    assert parsedate_to_datetime(answer.headers["memento-datetime"]) == parsedate_to_datetime(ends(MAY))
    assert links(answer.headers["link"])["original"][0] == ADDRESS + address


def test_the_licence_of_a_file_stands_beside_its_mementos(client: TestClient) -> None:
    assert {"license", "original", "timegate", "prev"} <= set(links(client.get(f"/list.json?known_at={MAY}").headers["link"]))


def test_an_instant_is_a_memento_of_its_own(client: TestClient) -> None:
    answer = client.get("/list.json?known_at=2026-05-11T09:00:00Z")
    assert answer.headers["memento-datetime"] == "Mon, 11 May 2026 09:00:00 GMT"
    assert links(answer.headers["link"])["prev"][0].endswith(APRIL)
    assert links(answer.headers["link"])["next"][0].endswith(MAY)


@pytest.mark.parametrize("address", ["/", "/?known_at=2026-11-21", "/?valid_at=2026-04-30", "/entries/1"])
def test_the_current_state_is_no_memento_but_names_its_gate(client: TestClient, address: str) -> None:
    answer = client.get(address)
    assert "memento-datetime" not in answer.headers
    assert "timegate" in links(answer.headers["link"])


def test_with_a_known_time_in_the_address_the_wish_is_not_heard(client: TestClient) -> None:
    assert client.get(f"/?known_at={MAY}", headers={"accept-datetime": ends(MARCH)}).headers["memento-datetime"] == ends(MAY)


@pytest.mark.parametrize("wish", ["soon", "", "2026-05-01", "Fri, 01 May 2026 00:00:00", "Fri, 31 Feb 2026 00:00:00 GMT", "x" * 9000])
def test_a_wish_that_is_no_date_is_refused_with_an_example(client: TestClient, wish: str) -> None:
    answer = client.get("/", headers={"accept-datetime": wish})
    assert answer.status_code == 400
    assert "Tue, 31 Mar 2026 12:00:00 GMT" in answer.json()["choices"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_day_that_is_not_over_has_no_memento() -> None:
    with stack(HISTORY[:1]) as found:
        found.now = datetime(2026, 3, 2, 23, 59, tzinfo=BRUSSELS)
        assert at(found.client(), ends(MARCH))[0] == 404
        found.now += timedelta(minutes=1)
        assert at(found.client(), ends(MARCH)) == (302, f"/?known_at={MARCH}")


def test_bad_addresses_are_answered_as_without_mementos(client: TestClient) -> None:
    for address, status in (
        ("/?known_at=soon", 400),
        ("/entries/99", 404),
        ("/?" + "&".join(f"a{n}=1" for n in range(50)), 400),
        ("/?valid_at=%ff", 400),
    ):
        answer = client.get(address)
        assert answer.status_code == status
        assert "memento-datetime" not in answer.headers
    assert at(client, ends(MARCH), "/entries/99")[0] == 404


# -- The time map ------------------------------------------------------------------


def test_the_time_map_has_every_memento(client: TestClient) -> None:
    answer = client.get("/timemap")
    assert answer.headers["content-type"] == "application/link-format"
    lines = answer.text.rstrip("\n").split(",\n")
    assert len(lines) == 7
    assert lines[0] == f'<{ADDRESS}/>; rel="original timegate"'
    own = links(lines[1])["self"]
    assert own[0] == f"{ADDRESS}/timemap"
    assert (own[1]["from"], own[1]["until"]) == (ends(MARCH), ends(OCTOBER))
    assert [links(line)["memento"][0][-10:] for line in lines[2:]] == [MARCH, APRIL, MAY, JUNE, OCTOBER]
    assert ("first" in links(lines[2]), "last" in links(lines[-1])) == (True, True)
    for line in lines[2:]:
        address, attributes = links(line)["memento"]
        assert client.get(address).headers["memento-datetime"] == attributes["datetime"]


def test_an_entry_has_a_time_map_of_its_own(client: TestClient) -> None:
    assert re.findall(r"known_at=([0-9-]*)", client.get("/timemap/entries/2").text) == [APRIL, JUNE]
    assert links(client.get("/entries/2").headers["link"])["timemap"][0] == f"{ADDRESS}/timemap/entries/2"
    assert client.get("/timemap/entries/99").status_code == 404
    assert client.get("/timemap?colour=red").status_code == 400


def test_a_single_memento_is_first_and_last() -> None:
    with stack(HISTORY[:1]) as found:
        assert 'rel="first last memento"' in found.client().get("/timemap").text
    with stack([]) as found:
        assert found.client().get("/timemap").text.count("\n") == 2
