"""Rebuilding both read stores from the first event on, beside reading the events alone. Processor time, in a process of its own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import orjson

from api.published import published
from api.read_models import tracks, views
from api.stores.event_store.factory import Recorder, open_recorder
from api.stores.event_store.mapper import EventDecoder
from api.wiring import set_up
from bench.measure import Line, Section, most_memory, number
from bench.servers import ROOT
from projections.follower import BATCH, Track, collector_at_rest

RUNS = 3


def measure(database_url: str) -> Section:
    runs = [_in_a_process(database_url) for _ in range(RUNS)]
    read, parsed, decoded, whole = (_rates(runs, *names) for names in (("read",), ("parsed",), ("decoded",), ("views", "public")))
    ratios = {name: median(mine / theirs for mine, theirs in zip(whole, rates, strict=True)) for name, rates in
              (("read", read), ("parsed", parsed), ("decoded", decoded))}  # fmt: skip
    ours = number(median(whole))
    parts = " + ".join(f"{median(run[name] for run in runs):.1f} s {name}" for name in ("views", "public"))
    return Section(f"Rebuild of {runs[0]['events']:,} events, events a second of processor time", [
        Line(f"both read stores ({parts})", ours, f"{number(median(read))} (bare read of the recorder)", ratios["read"]),
        Line("the same", ours, f"{number(median(parsed))} (read and parsed as JSON)", ratios["parsed"]),
        Line("the same", ours, f"{number(median(decoded))} (read and decoded to events)", ratios["decoded"]),
        Line("  most memory", f"{median(run['megabytes'] for run in runs):,.0f} MB"),
    ])  # fmt: skip


def _rates(runs: list[dict[str, Any]], *names: str) -> list[float]:
    return [run["events"] / sum(run[name] for name in names) for run in runs]


def _in_a_process(database_url: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "bench.rebuild", database_url], cwd=ROOT, capture_output=True, check=True, timeout=900)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


# -- In the process --------------------------------------------------------------------


def run(database_url: str) -> dict[str, float]:
    """Read, read and decode, and rebuild into fresh stores; processor seconds of each."""
    recorder, decoder = open_recorder(database_url), EventDecoder()
    fresh = _fresh(database_url)
    office, public = tracks(views(fresh), published(fresh), decoder)
    with collector_at_rest():
        found = {
            "events": recorder.head(),
            "read": _seconds(lambda: _each(recorder, lambda topic, state: None)),
            "parsed": _seconds(lambda: _each(recorder, lambda topic, state: orjson.loads(state))),
            "decoded": _seconds(lambda: _each(recorder, decoder.event)),
            "views": _seconds(lambda: _fold(office, recorder)),
            "public": _seconds(lambda: _fold(public, recorder)),
        }
    return {**found, "megabytes": most_memory()}


def _fresh(database_url: str) -> str:
    folder = Path(database_url.removeprefix("sqlite:///")) / "rebuilt"
    shutil.rmtree(folder, ignore_errors=True)
    set_up(f"sqlite:///{folder}")
    return f"sqlite:///{folder}"


def _seconds(action: Callable[[], None]) -> float:
    began = process_time()
    action()
    return process_time() - began


def _each(recorder: Recorder, take: Callable[[str, bytes], object]) -> None:
    position = 0
    while raw := recorder.raw_events(position, BATCH):
        for _, topic, state in raw:
            take(topic, state)
        position = raw[-1][0]


def _fold(track: Track, recorder: Recorder) -> None:
    while track.step(recorder):
        pass


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
