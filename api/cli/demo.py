"""`registry demo`: load the demonstration, invented from end to end, through the ordinary use cases."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from api.cli.storage import progress
from api.dockets.files import Step, merged
from api.settings import Settings
from api.wiring import Register, open_register
from domain.types import instant

EXAMPLE = "example:\n  DATABASE_URL=sqlite:///trial registry migrate && DATABASE_URL=sqlite:///trial registry demo"


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "demo", help="load the demonstration", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("--if-empty", action="store_true", help="do nothing when the store has events")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Load the demonstration into an empty store; 2 when it has events."""
    register = open_register(Settings())
    try:
        if register.registry.is_created:
            return _already(quiet=given.if_empty)
        return load(register)
    finally:
        register.close()


def _already(*, quiet: bool) -> int:
    if quiet:
        return 0
    print("registry demo: this store has events; the demonstration is loaded into an empty one only", file=sys.stderr)
    return 2


def load(register: Register) -> int:
    """Load every docket of the demonstration, merged by time; 1 when a step is not recorded as expected."""
    with ExitStack() as opened:
        steps = merged(demonstration_files(opened), opened)
        first = next(steps)
        register.create(instant(first.body["at"]), demonstration=True)
        wrong = 0
        runner = register.runner("demonstration")
        for step in progress(_records(first, steps), "demonstration", "steps"):
            result = runner.step(step)
            if not result.as_expected:
                wrong += 1
                print(f"{step.file}, line {step.line}: {result.outcome} {result.says or result.refusal}", file=sys.stderr)
    register.follower.catch_up()
    return 1 if wrong else 0


def _records(first: Step, rest: Iterator[Step]) -> Iterator[Step]:
    """Leave the questions to the tests."""
    yield first
    yield from (step for step in rest if "record" in step.body)


def demonstration_files(opened: ExitStack) -> list[Path]:
    """Return the dockets of the demonstration, in the order of their names."""
    folder = opened.enter_context(as_file(files("api") / "demonstration"))
    return sorted(folder.glob("*.yaml"))
