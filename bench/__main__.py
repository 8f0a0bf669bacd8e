"""`python -m bench`: measure, print tables with ratios, and with --write keep them in docs/benchmarks.md."""

import argparse
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import perf_counter

from api.logs import open_logs
from api.settings import Settings
from api.wiring import open_register
from bench import dockets, growth, log, pages, rebuild, starts, store, writes
from bench.content import EVENTS_IN_A_BLOCK, MODELS_IN_A_BLOCK
from bench.measure import Section, table

MODELS = 5_000
LISTED = MODELS * 8 // 10
EVENTS = MODELS * EVENTS_IN_A_BLOCK[False] // MODELS_IN_A_BLOCK
SMALL, LARGE = 500, 50_000  # models with 20 events each, to see how answers grow
PARTS = ("pages", "questions", "writes", "rebuild", "starts", "dockets", "log")
ENTRIES = {False: 100_000, True: 1_000_000}  # of the public log
REPORT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def main() -> int:
    given = _parser().parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        sections = [shown(section) for section in measured(given, folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.write:
        _write(sections)
    return 0


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    found.add_argument("--only", choices=PARTS, action="append", help="measure this part alone (may be given again)")
    found.add_argument("--seconds", type=float, default=1.5, help="length of one run under load (default 1.5)")
    found.add_argument(
        "--large",
        action="store_true",
        help="also 1,000,000 events beside 10,000, and a log of as many entries (some minutes, 3 GB of disk)",
    )
    found.add_argument("--write", action="store_true", help="put the tables measured into docs/benchmarks.md")
    return found


def measured(given: argparse.Namespace, folder: Path) -> Iterator[Section]:
    """Fill the stores and measure each part that is asked for."""
    print(f"content checked against the use cases: {store.check()} events alike", file=sys.stderr)
    url, empty = filled(folder / "full", MODELS), filled(folder / "empty", 0)
    seconds = min(given.seconds, 10)
    parts: dict[str, Callable[[], list[Section]]] = {
        "pages": lambda: pages.measure(url, folder, seconds=seconds, listed=LISTED, events=EVENTS),
        "questions": lambda: [growth.alone(url)],
        "rebuild": lambda: [rebuild.measure(url)],
        "starts": lambda: [starts.measure(url, empty, folder, listed=LISTED)],
        "dockets": lambda: [dockets.measure(folder)],
        "log": lambda: [log.measure(folder, ENTRIES[given.large])],
        "writes": lambda: [writes.measure(url, folder)],  # last: it adds to the store
    }
    for name, part in parts.items():
        if given.only is None or name in given.only:
            yield from part()
    if given.large:
        small, large = (filled(folder / str(models), models, long=True) for models in (SMALL, LARGE))
        events = [models * EVENTS_IN_A_BLOCK[True] // MODELS_IN_A_BLOCK for models in (SMALL, LARGE)]
        yield growth.measure(small, events[0], large, events[1])
        yield from pages.measure(large, folder, seconds=seconds, listed=LARGE * 8 // 10, events=events[1])


def filled(folder: Path, models: int, *, long: bool = False) -> str:
    """Create a register with content, read models folded; return its address."""
    began, url = perf_counter(), f"sqlite:///{folder}"
    events = store.fill(url, models, long=long)
    settings = Settings(database_url=url)
    register = open_register(settings)
    register.follower.catch_up()
    logs = open_logs(settings, register)
    while logs.public.step(register.recorder):
        pass  # the public side names the log that its answers follow from
    logs.close()
    register.close()
    print(f"{events:,} events written and folded in {perf_counter() - began:.1f} s", file=sys.stderr)
    return url


def shown(section: Section) -> Section:
    print(table(section), flush=True)
    return section


def _machine() -> str:
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"Last run: {date.today()}, {platform.system()} with {os.cpu_count()} processors, {versions}.\n"  # noqa: DTZ011 - a note for readers


def _write(sections: list[Section]) -> None:
    """Put the tables into the page; those of parts that were not measured stay."""
    before, _, rest = REPORT.read_text(encoding="utf-8").partition(BEGIN)
    results, _, after = rest.partition(END)
    tables = {text.partition("\n")[0]: f"### {text.strip()}\n" for text in results.split("### ")[1:]}
    tables |= {section.title: table(section) for section in sections}
    parts = [_machine(), *tables.values()]
    REPORT.write_text(f"{before}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
