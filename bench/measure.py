"""Runs in turns, medians, and lines of a table with ratios. Nothing here judges: floors are printed beside what was found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

ROUNDS = 5


@dataclass(frozen=True)
class Line:
    """One line of the table: what was measured, ours, what stands beside it, and ours to it, run by run."""

    what: str
    ours: str
    beside: str = ""
    ratio: float | None = None
    floor: str = ""

    def cells(self) -> tuple[str, ...]:
        return (self.what, self.ours, self.beside, "" if self.ratio is None else f"{self.ratio:.2f}", self.floor)


@dataclass(frozen=True)
class Section:
    """A table with its title."""

    title: str
    lines: Sequence[Line]


HEAD = ("what", "ours", "beside it", "ratio", "target")


def in_turns(*runs: Callable[[], float], rounds: int = ROUNDS) -> list[list[float]]:
    """Run in turns, every second round in the other order, so that a machine that drifts is the same for all; figures by run."""
    found: list[list[float]] = [[] for _ in runs]
    for number in range(rounds):
        order = list(range(len(runs)))
        for which in order if number % 2 == 0 else reversed(order):
            found[which].append(runs[which]())
    return found


def ratio(ours: Sequence[float], beside: Sequence[float]) -> float:
    """Return the median of the ratios, pair by pair."""
    return median(mine / theirs for mine, theirs in zip(ours, beside, strict=True))


def cpu_us(action: Callable[[], object], *, times: int) -> float:
    """Return the processor time of one of several runs of an action, in microseconds."""
    began = process_time()
    for _ in range(times):
        action()
    return 1e6 * (process_time() - began) / times


def number(value: float, unit: str = "") -> str:
    """Write a figure with three digits that count."""
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}{f' {unit}' if unit else ''}"


def table(section: Section) -> str:
    """Return a section as a table in Markdown, readable as plain text."""
    rows = [HEAD, *(line.cells() for line in section.lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    written = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([f"### {section.title}", "", *written, ""])


def most_memory() -> float:
    """Return the most memory that this process took, in megabytes (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
