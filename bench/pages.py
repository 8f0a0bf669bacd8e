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

PACKED = {"accept-encoding": "gzip, br"}
ASKED_BY_SOMEBODY = {"cookie": "asked=anew"}
"""With a mark of a person no prepared answer is sent, so that every request is worked out anew."""
DAYS_ASKED = 200
FROM_NOTHING = 10.0
"""Seconds in which a service that has just started is asked for any day."""

PREPARED: tuple[tuple[str, str, Headers], ...] = (
    ("list page", "/", {}),
    ("list page packed", "/", PACKED),
    ("list as of a day", f"/?valid_at={FIRST_DAY + timedelta(days=200)}", PACKED),
    ("list as JSON", "/list.json", {}),
    ("list as JSON packed", "/list.json", PACKED),
    ("list as CSV packed", "/list.csv", PACKED),
    ("entry page with history", "/entries/7", {}),
    ("entry with history as JSON", "/entries/7.json", {}),
    ("one word searched", "/?search=veltra", PACKED),
    ("changes as Atom", "/feed.atom", PACKED),
    ("changes as JSON Feed", "/feed.json", PACKED),
)
"""What many ask: prepared once for a state of the record."""


def measure(database_url: str, folder: Path, *, seconds: float, listed: int, events: int) -> list[Section]:
    with servers.public_alone(database_url) as ours:
        prepared = [line for what in PREPARED for line in _against_bare(ours, folder, *what, seconds)]
        prepared += [*_unchanged(ours, folder, seconds), _asked_before(ours, seconds), _any_day(database_url, ours, seconds)]
        worked_out = _worked_out(ours, listed, seconds)
    size = f"{events:,} events, requests a second"
    return [Section(f"Prepared pages, {size}", prepared), Section(f"Pages worked out anew, {size}", worked_out)]


def _against_bare(ours: Server, folder: Path, what: str, path: str, headers: Headers, seconds: float) -> list[Line]:
    status, sent, body = ours.get(path, headers)
    assert status == 200, f"{path} answered {status}"
    with servers.bare(folder, (sent, body)) as theirs:
        return _pair(f"{what}, {_size(len(body))}", ours, theirs, path, headers, seconds, ">= 0.8")


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


def _size(count: int) -> str:
    return f"{count / 1000:,.0f} kB" if count >= 1000 else f"{count} bytes"


def _rate(server: Server, path: str, headers: Headers, seconds: float) -> float:
    return float(_loaded(server, [path], headers, seconds)["rate"])


def _loaded(server: Server, paths: list[str], headers: Headers, seconds: float) -> dict[str, Any]:
    found = server.load(paths, seconds=seconds, headers=headers)
    strange = set(found["statuses"]) - {"200", "304"}
    assert not strange, f"{paths[0]}: {found}"
    return found


def _asked_before(ours: Server, seconds: float) -> Line:
    """Measure the list as of many days, each of which somebody asked for before."""
    paths = [f"/?valid_at={FIRST_DAY + timedelta(days=75 + n)}" for n in range(DAYS_ASKED)]
    ours.load(paths, seconds=15)  # not counted: prepares them
    mine, today = in_turns(lambda: float(_loaded(ours, paths, {}, seconds)["rate"]), lambda: _rate(ours, "/", {}, seconds), rounds=3)
    beside = f"{number(median(today))} (list of today)"
    return Line(f"list as of {DAYS_ASKED} days, asked before", number(median(mine)), beside, ratio(mine, today), ">= 0.7")


def _any_day(database_url: str, ours: Server, seconds: float) -> Line:
    """Measure the list as of any day, asked of a service that has just started: each day is worked out once, and prepared from then on."""
    paths = [f"/?valid_at={FIRST_DAY + timedelta(days=n)}" for n in range(DAYS_OF_OPENING + 100)]
    Random(2).shuffle(paths)

    def run() -> float:
        with servers.public_alone(database_url) as fresh:
            return float(_loaded(fresh, paths, {}, FROM_NOTHING)["rate"])

    mine, today = in_turns(run, lambda: _rate(ours, "/", {}, seconds), rounds=3)
    what = f"list as of any of {len(paths)} days, from nothing, in {FROM_NOTHING:.0f} s"
    return Line(what, number(median(mine)), f"{number(median(today))} (list of today)", ratio(mine, today))


# -- Not prepared --------------------------------------------------------------------


def _worked_out(ours: Server, listed: int, seconds: float) -> list[Line]:
    chance = Random(1)
    days = [FIRST_DAY + timedelta(days=chance.randrange(DAYS_OF_OPENING + 100)) for _ in range(200)]
    numbers = [chance.randrange(1, listed + 1) for _ in range(200)]
    kinds = {
        "list as of a random day, as known on another": [_as_of(day, chance) for day in days],
        "list as of an early day": [f"/?valid_at={FIRST_DAY + timedelta(days=80 + n % 20)}" for n in range(40)],
        "list as of a late day": [f"/?valid_at={FIRST_DAY + timedelta(days=DAYS_OF_OPENING + 60 + n % 20)}" for n in range(40)],
        "list sorted by name": ["/?sort=name"],
        "list, one word searched": [f"/?search={word}" for word in ("veltra", "miradun", "quannix", "pelton")],
        "entry page with history": [f"/entries/{number}" for number in numbers],
        "entry with history as JSON": [f"/entries/{number}.json" for number in numbers],
        "changes as Atom": ["/feed.atom"],
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
