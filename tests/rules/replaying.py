"""Dockets run under watch: what stood in the stores before and after every step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from api.cli.replay import play
from api.dockets.files import Step, read_docket
from api.dockets.runner import Result, Runner
from api.settings import Settings
from api.wiring import Register, open_register
from domain.types import instant

ROOT = Path(__file__).parents[2]
DOCKETS = sorted((ROOT / "tests" / "dockets").glob("*.yaml"))
DEMONSTRATION = sorted((ROOT / "api" / "demonstration").glob("*.yaml"))
Stored = list[tuple[int, str, bytes]]


def steps_of(path: Path) -> list[dict[str, Any]]:
    """Return the steps of a docket as they are written, every value as text."""
    steps: list[dict[str, Any]] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CBaseLoader)["steps"]
    return steps


def expected(step: dict[str, Any], what: str) -> str | None:
    """Return what a recorded step expects: the code of its refusal, or the name of a ruling."""
    return (step.get("expect") or {}).get(what) if "record" in step else None


@dataclass
class Seen:
    """A step with what came of it, and what was stored before and after."""

    step: Step
    result: Result
    events_before: Stored
    events_after: Stored
    rows_before: dict[str, list[str]] = field(repr=False)
    rows_after: dict[str, list[str]] = field(repr=False)


Wanted = Callable[[Step], bool]


class Watch(Runner):
    """A runner that looks at the stores around the steps that are wanted."""

    def __init__(self, inner: Runner, register: Register, wanted: Wanted, seen: list[Seen]) -> None:
        super().__init__(inner.registry, inner.answers, inner.names, inner.read_up)
        self.register, self.wanted, self.seen = register, wanted, seen

    def step(self, step: Step) -> Result:
        if not self.wanted(step):
            return super().step(step)
        self.run_slots(instant(step.body["at"]))  # what time itself brings is not the step's doing
        before = self._stored()
        result = super().step(step)
        after = self._stored()
        self.seen.append(Seen(step, result, before[0], after[0], before[1], after[1]))
        return result

    def _stored(self) -> tuple[Stored, dict[str, list[str]]]:
        self.register.follower.catch_up()
        return list(self.register.recorder.raw_events(0, 1_000_000)), rows_of(self.register)


def rows_of(register: Register) -> dict[str, list[str]]:
    """Return every row of every table of both read stores, positions included."""
    found = {}
    for track in register.follower.tracks:
        with track.store.reading() as rows:
            for table in track.store.metadata.sorted_tables:
                found[f"{track.store.name}.{table.name}"] = sorted(map(repr, rows.execute(select(table)).all()))
    return found


@dataclass
class WatchedRegister(Register):
    """A register whose runners watch."""

    wanted: Wanted = field(default=lambda step: True)
    seen: list[Seen] = field(default_factory=list)

    def runner(self, namespace: str) -> Runner:
        return Watch(super().runner(namespace), self, self.wanted, self.seen)


@contextmanager
def watched(wanted: Wanted) -> Iterator[WatchedRegister]:
    """Open a register in memory that watches the steps wanted."""
    register = open_register(Settings(database_url="sqlite://"))
    try:
        yield WatchedRegister(**vars(register), wanted=wanted)
    finally:
        register.close()


class Collected:
    """Collects what comes of a docket."""

    def __init__(self) -> None:
        self.results: list[Result] = []

    def begin(self, title: str) -> None: ...

    def step(self, result: Result) -> None:
        self.results.append(result)

    def end(self, good: bool) -> None: ...


def played(register: Register, path: Path, text: str | None = None) -> list[Result]:
    """Run a docket, or another text under its name, and return what came of each step."""
    collected = Collected()
    play(register, read_docket(path, StringIO(text if text is not None else path.read_text(encoding="utf-8"))), collected)  # type: ignore[arg-type]
    return collected.results
