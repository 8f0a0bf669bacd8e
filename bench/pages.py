"""Pages: prepared ones against a bare application that sends the same bytes; those not prepared against the list of today."""

from datetime import date, timedelta
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from bench import servers
from bench.content import DAYS_OF_OPENING, FIRST_DAY
from bench.measure import ROUNDS, Line, Section, in_turns, number, ratio
from bench.servers import Headers, Server

GZIP = {"accept-encoding": "gzip"}
ASKED_BY_SOMEBODY = {"cookie": "asked=anew"}
"""With a mark of a person no prepared answer is sent, so that every request is worked out anew."""


def measure(database_url: str, folder: Path, *, seconds: float, listed: int) -> list[Section]:
    with servers.register(database_url) as ours:
        prepared = [
            *_against_bare(ours, folder, "list page", "/", {}, seconds),
            *_against_bare(ours, folder, "list page compressed", "/", GZIP, seconds),
            *_unchanged(ours, folder, seconds),
            *_against_bare(ours, folder, "entry page with history", "/entries/7", {}, seconds),
            _asked_before(ours, seconds),
        ]
        worked_out = _worked_out(ours, listed, seconds)
    return [Section("Prepared pages, requests a second", prepared), Section("Pages worked out anew, requests a second", worked_out)]


def _against_bare(ours: Server, folder: Path, what: str, path: str, headers: Headers, seconds: float) -> list[Line]:
    status, sent, body = ours.get(path, headers)
    assert status == 200, f"{path} answered {status}"
    with servers.bare(folder, (sent, body)) as theirs:
        return _pair(f"{what}, {len(body) / 1000:,.0f} kB", ours, theirs, path, headers, seconds, ">= 0.8")


def _unchanged(ours: Server, folder: Path, seconds: float) -> list[Line]:
    _, sent, body = ours.get("/")
    headers = {"if-none-match": dict(sent)["etag"]}
    with servers.bare(folder, (sent, body)) as theirs:
        against_bare = _pair("list page, 304 Not Modified", ours, theirs, "/", headers, seconds, ">= 0.8")
    mine, full = in_turns(lambda: _rate(ours, "/", headers, seconds), lambda: _rate(ours, "/", {}, seconds), rounds=3)
    return [*against_bare, Line("304 beside 200", number(median(mine)), number(median(full)), ratio(mine, full), ">= 1.2")]


def _pair(what: str, ours: Server, theirs: Server, path: str, headers: Headers, seconds: float, target: str) -> list[Line]:
    costs: dict[int, list[float]] = {ours.port: [], theirs.port: []}

    def run(server: Server) -> float:
        found = _loaded(server, [path], headers, seconds)
        costs[server.port].append(found["cpu_us"])
        return float(found["rate"])

    for server in (ours, theirs):
        _loaded(server, [path], headers, 0.3)  # not counted
    mine, bare = in_turns(lambda: run(ours), lambda: run(theirs), rounds=ROUNDS)
    cpu = costs[ours.port], costs[theirs.port]
    return [
        Line(what, number(median(mine)), number(median(bare)), ratio(mine, bare), target),
        Line("  processor time of a request", number(median(cpu[0]), "us"), number(median(cpu[1]), "us"), ratio(*cpu)),
    ]


def _rate(server: Server, path: str, headers: Headers, seconds: float) -> float:
    return float(_loaded(server, [path], headers, seconds)["rate"])


def _loaded(server: Server, paths: list[str], headers: Headers, seconds: float) -> dict[str, Any]:
    found = server.load(paths, seconds=seconds, headers=headers)
    strange = set(found["statuses"]) - {"200", "304"}
    assert not strange, f"{paths[0]}: {found}"
    return found


def _asked_before(ours: Server, seconds: float) -> Line:
    """Measure the list as of any of 200 days, each of which somebody asked for before."""
    paths = [f"/?valid_at={FIRST_DAY + timedelta(days=75 + n)}" for n in range(200)]
    ours.load(paths, seconds=15)  # not counted: prepares them
    mine, today = in_turns(lambda: float(_loaded(ours, paths, {}, seconds)["rate"]), lambda: _rate(ours, "/", {}, seconds), rounds=3)
    return Line("list as of 200 days, asked before", number(median(mine)), f"{number(median(today))} (list of today)", ratio(mine, today), ">= 0.7")


# -- Not prepared --------------------------------------------------------------------


def _worked_out(ours: Server, listed: int, seconds: float) -> list[Line]:
    chance = Random(1)
    days = [FIRST_DAY + timedelta(days=chance.randrange(DAYS_OF_OPENING + 100)) for _ in range(200)]
    kinds = {
        "list as of a random day, as known on another": [_as_of(day, chance) for day in days],
        "list as of an early day": [f"/?valid_at={FIRST_DAY + timedelta(days=80 + n % 20)}" for n in range(40)],
        "list as of a late day": [f"/?valid_at={FIRST_DAY + timedelta(days=DAYS_OF_OPENING + 60 + n % 20)}" for n in range(40)],
        "list sorted by name": ["/?sort=name"],
        "list, one word searched": [f"/?search={word}" for word in ("veltra", "miradun", "quannix", "pelton")],
        "entry page with history": [f"/entries/{chance.randrange(1, listed + 1)}" for _ in range(200)],
    }
    return [_beside_list(ours, what, paths, seconds) for what, paths in kinds.items()]


def _as_of(day: date, chance: Random) -> str:
    return f"/?valid_at={day}&known_at={day + timedelta(days=chance.randrange(90))}"


def _beside_list(ours: Server, what: str, paths: list[str], seconds: float) -> Line:
    def run(asked: list[str]) -> float:
        return float(_loaded(ours, asked, ASKED_BY_SOMEBODY, seconds)["rate"])

    mine, today = in_turns(lambda: run(paths), lambda: run(["/"]), rounds=3)
    target = ">= 0.7" if "as of" in what else ""
    return Line(what, number(median(mine)), f"{number(median(today))} (list of today)", ratio(mine, today), target)
