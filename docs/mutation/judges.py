"""Who judges a mutant: tests under tests/rules, each mutant in a process of its own."""

import gc
import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from importlib.machinery import SourceFileLoader
from time import monotonic
from types import CodeType, FunctionType
from typing import Any

import pytest
from mutants import Module, Mutant
from probes import Probe

LONGEST = 60
"""Seconds of computing that a mutant may take."""
Functions = dict[tuple[str, str, int], list[FunctionType]]


def in_a_process(work: Callable[[], Any], seconds: int) -> tuple[int, Any]:
    """Do work in a fork, and return the signal that ended it, 0 if none did, and what it returned."""
    read, write = os.pipe()
    if pid := os.fork():
        os.close(write)
        with os.fdopen(read, encoding="utf-8") as answer:
            text = answer.read()
        return os.waitpid(pid, 0)[1] & 0x7F, json.loads(text) if text else None
    signal.setitimer(signal.ITIMER_PROF, seconds)  # of its own time, however busy the machine is
    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(silent, stream)
    try:
        with os.fdopen(write, "w", encoding="utf-8") as answer:
            json.dump(work(), answer)
    finally:
        os._exit(0)


def run_in_a_process(work: Callable[[], Any]) -> None:
    """Do work in a fork that may take its time, so that nothing stays imported here."""
    if pid := os.fork():
        os.waitpid(pid, 0)
        return
    try:
        work()
    finally:
        os._exit(0)


def outcome(work: Callable[[], Any]) -> tuple[str, str]:
    """Return how a mutant fared, and the test that killed it."""
    ended_by, killer = in_a_process(work, LONGEST)
    if ended_by == signal.SIGPROF:
        return "timed out", ""
    if killer is None:
        return "failed to run", f"signal {ended_by}"
    return ("killed", killer) if killer else ("survived", "")


class Failures:
    """A pytest plugin that remembers which tests failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


class Judge(Failures):
    """A pytest plugin that puts mutants before the tests that were collected."""

    def __init__(self, mutants: list[Mutant], report: Callable[[Mutant, str, str], None]) -> None:
        super().__init__()
        self.mutants = mutants
        self.report = report

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        functions = live_functions()
        told = self._told(session.items, functions)
        gc.freeze()
        kills: Counter[str] = Counter()
        for n, mutant in enumerate(self.mutants):
            judges = [item for item in session.items if n in told[item][1]]
            judges.sort(key=lambda item: (-kills[item.nodeid], told[item][0]))
            found = outcome(lambda mutant=mutant, judges=judges: self._judged(mutant, judges, functions)) if judges else ("survived", "")
            kills[found[1]] += 1
            self.report(mutant, *found)
        return True

    def _told(self, items: list[pytest.Item], functions: Functions) -> dict[pytest.Item, tuple[float, set[int]]]:
        """Return for every test how long it takes, and which mutants make a difference to a statement that it runs."""
        _, answers = in_a_process(lambda: self._probed(items, functions), LONGEST * len(items))
        for item, answer in zip(items, answers, strict=True):
            if answer is None or not answer[1]:
                raise SystemExit(f"{item.nodeid} fails without any change")
        return {item: (seconds, set(seen)) for item, (seconds, _, seen) in zip(items, answers, strict=True)}

    def _probed(self, items: list[pytest.Item], functions: Functions) -> list[Any]:
        probe = Probe(self.mutants)
        for module in {mutant.module.path: mutant.module for mutant in self.mutants}.values():
            swap(functions, module, module.code(), {mutant.function for mutant in self.mutants if mutant.module is module})
        gc.freeze()
        return [in_a_process(lambda item=item: self._timed(item, probe), LONGEST)[1] for item in items]

    def _timed(self, item: pytest.Item, probe: Probe) -> tuple[float, bool, list[int]]:
        began = monotonic()
        passes = self._passes(item)
        return monotonic() - began, passes, sorted(probe.seen)

    def _judged(self, mutant: Mutant, judges: list[pytest.Item], functions: Functions) -> str:
        swap(functions, mutant.module, mutant.code(), {mutant.function})
        return next((item.nodeid for item in judges if not self._passes(item)), "")

    def _passes(self, item: pytest.Item) -> bool:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return not self.failed


def swap(functions: Functions, module: Module, code: CodeType, wanted: Collection[tuple[str, int] | None]) -> None:
    """Put the code of functions in place of what they were imported with."""
    for each in codes(code):
        if (each.co_qualname, each.co_firstlineno) in wanted:
            for function in functions[(str(module.path), each.co_qualname, each.co_firstlineno)]:
                function.__code__ = each


def live_functions() -> Functions:
    """Return the functions alive by file, name and first line, however they are wrapped."""
    found = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found[(each.__code__.co_filename, each.__code__.co_qualname, each.__code__.co_firstlineno)].append(each)
    return found


def codes(code: CodeType) -> Iterator[CodeType]:
    """Yield a code and all that it holds."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from codes(each)


def tests(rules: Iterable[str]) -> list[str]:
    """Return what pytest is told to collect: slow tests too, for they are chosen by name."""
    return ["-q", "-s", "-p", "no:cacheprovider", "-m", "not postgres", *(f"tests/rules/test_{rule}.py" for rule in rules)]


def judged_from_import(mutant: Mutant, judges: list[str]) -> str:
    """Import the domain with the change in it, and run every judge."""
    code, path, plain = mutant.code(), str(mutant.module.path), SourceFileLoader.get_code
    SourceFileLoader.get_code = lambda loader, name: code if loader.path == path else plain(loader, name)  # type: ignore[method-assign]
    failures = Failures()
    ended = pytest.main([*judges, "-x"], plugins=[failures])
    return (*failures.failed, "at import")[0] if ended else ""
