"""From the start of the process to the first answer, and the memory of the web process."""

from pathlib import Path
from statistics import median

from bench import servers
from bench.content import FIRST_DAY
from bench.measure import Line, Section, in_turns, number, ratio

RUNS = 5


def measure(database_url: str, empty_url: str, folder: Path, *, listed: int) -> Section:
    answer = ([("content-type", "text/plain")], b"alive\n")

    def ours() -> float:
        with servers.register(database_url) as server:
            return server.ready_after

    def public() -> float:
        with servers.public_alone(database_url) as server:
            return server.ready_after

    def bare() -> float:
        with servers.bare(folder, answer) as server:
            return server.ready_after

    whole, alone, theirs = in_turns(ours, public, bare, rounds=RUNS)
    beside = f"{number(median(theirs), 's')} (bare)"
    starts = [
        Line("start to first list page, whole service", number(median(whole), "s"), beside, ratio(whole, theirs)),
        Line("start to first list page, public side alone", number(median(alone), "s"), beside, ratio(alone, theirs)),
    ]
    return Section("Start and memory of the web process", [*starts, *_memory(database_url, empty_url, listed)])


def _memory(database_url: str, empty_url: str, listed: int) -> list[Line]:
    pages = [f"/entries/{1 + n * listed // 1000}" for n in range(1000)] + [f"/?valid_at={FIRST_DAY}&page={n}" for n in range(1, 40)]
    with servers.register(empty_url) as server:
        empty = server.megabytes()
    with servers.register(database_url) as server:
        full = server.megabytes()
        server.load(pages, seconds=6)
        warm = server.megabytes()
    beside = f"{number(empty, 'MB')} (a register with no models)"
    return [
        Line("memory after the start", number(full, "MB"), beside, full / empty),
        Line("memory with 1,000 pages prepared", number(warm, "MB"), beside, warm / empty),
        _crowded(database_url),
    ]


def _crowded(database_url: str) -> Line:
    """Fill the memory for prepared answers with searches that nobody repeats, then ask as many again."""
    with servers.served("api.main:create", "/", DATABASE_URL=database_url, PREPARED_BYTES=str(4 * 1024 * 1024)) as server:
        taken = []
        for wave in range(3):
            server.load([f"/?search={wave}x{n}" for n in range(4_000)], seconds=8)
            taken.append(server.megabytes())
    beside = f"{number(taken[0], 'MB')} (after a third of them)"
    return Line("memory after 24 s of searches never repeated, 4 MB kept", number(taken[-1], "MB"), beside, taken[-1] / taken[0])
