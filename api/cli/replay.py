"""`registry replay`: run dockets, by default into a private store of which nothing is kept."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TextIO

from api.dockets.files import Docket, DocketError, Step, read_docket
from api.dockets.runner import Result, Runner
from api.settings import Settings
from api.wiring import Register, open_register
from domain.actors import Actor, Role
from domain.errors import Malformed
from domain.ids import REGISTER
from domain.law.settings import SWITCHES
from domain.register import JudgementSettingChanged
from domain.registry import Command
from domain.types import YEARS, instant

EXAMPLE = "example:\n  registry replay tests/dockets/late-notification.yaml --format json"
FROM_THE_BEGINNING = date(YEARS[0], 1, 1)
"""A docket's settings are the readings of its whole history."""
TOO_LATE = (
    "`settings` hold from the beginning of a store, and this store has begun: replay into a new one, "
    "or leave `settings` out and record JudgementSettingChanged on register"
)
SETTINGS_REASONS = "0" * 64
"""A docket gives no document with reasons for its settings."""


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser("replay", help="run a docket", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter)
    verb.add_argument("dockets", nargs="+", type=Path, metavar="DOCKET", help="a .yaml, .json or .jsonl file")
    verb.add_argument("--database", metavar="URL", help="a demonstration store to record into (default: a private one in memory)")
    verb.add_argument("--format", choices=("table", "json"), default="table")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Run the dockets; 1 when an expectation does not hold."""
    results = [_run_one(path, given) for path in given.dockets]
    return max(results)


def _run_one(path: Path, given: argparse.Namespace) -> int:
    try:
        with path.open(encoding="utf-8-sig") as text:
            docket = read_docket(path, text)
            register = _open(given.database)
            try:
                writer = _Json(sys.stdout) if given.format == "json" else _Table(sys.stdout)
                return 0 if play(register, docket, writer) else 1
            finally:
                register.close()
    except OSError as error:
        print(f"registry replay: {path} cannot be read: {error.strerror}", file=sys.stderr)
        return 2
    except DocketError as error:
        print(f"registry replay: {error}", file=sys.stderr)
        return 2


def _open(database: str | None) -> Register:
    register = open_register(Settings(database_url=database or "sqlite://"))
    if register.registry.is_created and not register.demonstration:
        register.close()
        raise DocketError("this store is no demonstration: only such a store takes the time of recording from a docket")
    return register


def play_file(path: Path) -> Iterator[Result]:
    """Run one docket in a private store and yield what comes of each step."""
    with path.open(encoding="utf-8-sig") as text:
        docket = read_docket(path, text)
        register = _open(None)
        try:
            yield from _results(register, docket, register.runner(docket.name))
        finally:
            register.close()


def play(register: Register, docket: Docket, writer: "_Table | _Json") -> bool:
    """
    Run one docket against a register and write what comes of it; True when everything was as expected.

    Raises: DocketError for settings where the store exists already: they are the readings of a whole history, and this one has its own.
    """
    if docket.settings and register.registry.is_created:
        raise DocketError(f"{docket.name}: {TOO_LATE}")
    runner = register.runner(docket.name)
    writer.begin(docket.title)
    good = True
    for result in _results(register, docket, runner):
        good = good and result.as_expected
        writer.step(result)
    writer.end(good)
    return good


def _results(register: Register, docket: Docket, runner: Runner) -> Iterator[Result]:
    created = register.registry.is_created
    for step in docket.steps:
        if not created:
            _create(register, docket, step)
            created = True
        yield runner.step(step)


def _create(register: Register, docket: Docket, first: Step) -> None:
    """Create the store at the time of the first step, under the docket's settings."""
    try:
        at = instant(first.body.get("at")) if "at" in first.body else instant("2025-08-02T00:00:00+02:00")
    except ValueError as error:
        raise DocketError(f"{docket.name}, line {first.line}: at {error}") from None
    register.create(at, demonstration=True)
    officer = Actor(register.runner("settings").names.namespace, Role.LAW_OFFICER)
    for number, (switch, value) in enumerate(docket.settings.items(), start=2):
        old = SWITCHES[switch].default if switch in SWITCHES else "?"
        changed = JudgementSettingChanged(
            settings_version=number, switch=switch, old_value=old, new_value=value, applies_from=FROM_THE_BEGINNING, reasons_hash=SETTINGS_REASONS
        )  # fmt: skip
        if old == value:
            continue
        try:
            register.registry.record(Command(REGISTER, officer, changed, at))
        except Malformed as error:
            raise DocketError(f"{docket.name}: settings, {switch}: {error.sentence}") from None


# -- Writing ------------------------------------------------------------------------


class _Json:
    """Writes one object, step by step."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.first = True

    def begin(self, title: str) -> None:
        self.out.write(f'{{"title": {json.dumps(title, ensure_ascii=False)}, "steps": [')

    def step(self, result: Result) -> None:
        self.out.write(("" if self.first else ",") + "\n" + json.dumps(result.plain(), ensure_ascii=False))
        self.first = False

    def end(self, good: bool) -> None:
        self.out.write(f'\n], "ok": {json.dumps(good)}}}\n')


class _Table:
    """Writes a line for each step, and everything about what was not as expected."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        self.count = 0
        self.wrong = 0

    def begin(self, title: str) -> None:
        self.out.write(f"{title}\n")

    def step(self, result: Result) -> None:
        self.count += 1
        self.wrong += not result.as_expected
        mark = " " if result.as_expected else "✗"
        self.out.write(f"{mark} {result.n:>4}  {result.outcome:<9}  {_says(result)}\n")

    def end(self, good: bool) -> None:
        verdict = "as expected" if good else f"{self.wrong} not as expected"
        self.out.write(f"       {self.count} steps, {verdict}\n\n")


def _says(result: Result) -> str:
    if result.refusal:
        said = f"{result.refusal['code']}  Article {result.refusal['article']}: {result.refusal['message']}"
    elif result.events:
        said = " + ".join(dict.fromkeys(event["topic"] for event in result.events))
    else:
        said = _in_words(result.answer) if result.outcome == "answered" else result.says
    if result.as_expected or result.expected is None:
        return said
    return f"{said}\n              expected: {json.dumps(result.expected, ensure_ascii=False)}"


def _in_words(answer: Any) -> str:
    """Return an answer as a person reads it; `--format json` has all of it."""
    if isinstance(answer, list):
        return "; ".join(_in_words(part) for part in answer) or "nothing"
    if not isinstance(answer, dict):
        return "nothing" if answer is None else str(answer)
    if "status" in answer:
        return _status_in_words(answer)
    if "clock" in answer:
        return _clock_in_words(answer)
    if "marketed_names" in answer:
        return f"#{answer['list_id']} {', '.join(answer['marketed_names'])} ({', '.join(answer['public_grounds'])})"
    if "possible" in answer:
        return f"{len(answer['possible'])} acts are possible now, {len(answer['refused'])} are not"
    return json.dumps(answer, ensure_ascii=False)


def _status_in_words(answer: dict[str, Any]) -> str:
    grounds = [f"{ground['ground']} from {ground['from'][:10]}" for ground in answer["grounds"]]
    flags = [name.replace("_", " ") for name, value in answer.items() if value is True]
    return "  ".join([answer["status"], *([f"({', '.join(grounds)})"] if grounds else []), *([f"[{', '.join(flags)}]"] if flags else [])])


def _clock_in_words(answer: dict[str, Any]) -> str:
    parts = [f"{answer['clock']} {answer['state']}"]
    parts += [f"{words} {answer[name]}" for name, words in (("due", "due"), ("first_admissible", "from")) if name in answer]
    parts += [f"late by {answer['days_late']} days"] if answer.get("days_late") else []
    parts += [f"open for {answer['days_open']} days"] if "days_open" in answer else []
    return ", ".join([*parts, *(["provisional"] if answer["provisional"] else [])])
