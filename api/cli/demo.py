"""`registry demo`: load the demonstration, invented from end to end, through the ordinary use cases."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from api.cli.storage import progress
from api.clocks import server_clock
from api.dockets.files import Step, merged
from api.dockets.runner import Runner
from api.estimates.importing import import_snapshot, shipped
from api.estimates.reading import read_estimates
from api.logs import Logs, open_logs
from api.settings import Settings
from api.wiring import Register, open_register, open_watch_list
from domain.types import instant
from projections.transparency.seals import sealed_at

EXAMPLE = "example:\n  DATABASE_URL=sqlite:///trial registry migrate && DATABASE_URL=sqlite:///trial registry demo"


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "demo", help="load the demonstration", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("--if-empty", action="store_true", help="record nothing when the store has events")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Load the demonstration into an empty store; 2 when it has events."""
    settings = Settings()
    register = open_register(settings)
    try:
        if register.registry.is_created:
            quiet = given.if_empty
            return load_estimates(settings.database_url) if quiet and register.demonstration else _already(quiet=quiet)
        return load(register, lambda: open_logs(settings, register)) or load_estimates(settings.database_url)
    except KeyboardInterrupt:
        print("registry demo: the demonstration is not whole. Remove the store that DATABASE_URL names, and run this again.", file=sys.stderr)
        raise
    finally:
        register.close()


def _already(*, quiet: bool) -> int:
    if quiet:
        return 0
    print("registry demo: this store has events; the demonstration is loaded into an empty one only", file=sys.stderr)
    return 2


def load(register: Register, logs_of: Callable[[], Logs] | None = None) -> int:
    """
    Load the dockets of the demonstration, merged by time; 1 when a step is not recorded as expected.

    With `logs_of`, which opens the logs once the register is created, every day has its seal over what was recorded by then.
    """
    with ExitStack() as opened:
        steps = merged(demonstration_files(opened), opened)
        first = next(steps)
        register.create(instant(first.body["at"]), demonstration=True)
        logs = logs_of() if logs_of else None
        if logs:
            opened.callback(logs.close)
        wrong = 0
        runner = register.runner("demonstration")
        for step in progress(_records(first, steps), "demonstration", "steps"):
            if logs:
                _seal(logs, runner, instant(step.body["at"]))
            result = runner.step(step)
            if not result.as_expected:
                wrong += 1
                print(f"{step.file}, line {step.line}: {result.outcome} {result.says or result.refusal}", file=sys.stderr)
    register.follower.catch_up()
    return 1 if wrong else 0


def _seal(logs: Logs, runner: Runner, until: datetime) -> None:
    """Let the hours pass at which days are sealed, and the slots before each of them."""
    for day in logs.days_due(until):
        runner.run_slots(sealed_at(day))
        logs.publish_seals(sealed_at(day))


def load_estimates(database_url: str) -> int:
    """Import the published estimates that ship with the program, unless some were imported."""
    if database_url != "sqlite://":
        with open_watch_list(database_url) as (store, shown):
            if not store.imports():
                file = shipped()
                import_snapshot(store, shown, file, read_estimates(file.content), server_clock())
    return 0


def _records(first: Step, rest: Iterator[Step]) -> Iterator[Step]:
    """Leave the questions to the tests."""
    yield first
    yield from (step for step in rest if "record" in step.body)


def demonstration_files(opened: ExitStack) -> list[Path]:
    """Return the dockets of the demonstration, in the order of their names."""
    folder = opened.enter_context(as_file(files("api") / "demonstration"))
    return sorted(folder.glob("*.yaml"))
