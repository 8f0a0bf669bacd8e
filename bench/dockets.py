"""Running a long docket, with the memory it takes: ten times as many steps beside a tenth of them."""

import contextlib
import io
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from api.cli.main import main
from bench.measure import Line, Section, most_memory, number
from bench.servers import ROOT

CASES = 25_000
STEPS_OF_A_CASE = 4
BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
BY = {"role": "CASE_OFFICER", "id": "officer-1"}
PROVIDER = {"provider_kind": "LEGAL_PERSON", "legal_name": "A provider", "country": "FR", "in_union": "true", "from_on": "2020-01-01"}
MET = {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": "1", "source": "PROVIDER", "kind": "COMPUTE"}
LETTER = {"on": "2026-03-01", "direction": "IN", "subject": "OTHER"}


def written(form: str, cases: Iterable[int]) -> Iterator[str]:
    """Return the lines of a docket, as JSON Lines (`jsonl`) or as YAML (`yaml`), of four steps for each case."""
    begin, before = ("", "") if form == "jsonl" else ("title: A long docket\nsteps:\n", "  - ")
    yield begin
    yield from (f"{before}{json.dumps(step)}\n" for n in cases for step in _steps(n))


def _steps(n: int) -> Iterator[dict[str, Any]]:
    given = {"at": (BEGIN + timedelta(seconds=20 * n)).isoformat(), "by": BY, "stream": f"case/model-{n}"}
    yield {**given, "record": "ModelCaseOpened", "data": {"lineage_key": f"model-{n}", "internal_name": f"Model {n}"}}
    yield {**given, "record": "ProviderIdentified", "data": {**PROVIDER, "provider_ref": f"provider-{n % 100}"}}
    yield {**given, "record": "ThresholdMet", "data": MET}
    yield {**given, "record": "CorrespondenceRecorded", "data": {**LETTER, "documents": [f"letter-{n}"]}}


def measure(folder: Path) -> Section:
    lines = [line for form in ("jsonl", "yaml") for line in _lines(folder, form)]
    return Section("Dockets, run step by step", lines)


def _lines(folder: Path, form: str) -> Iterator[Line]:
    tenth, whole = (_run(folder, form, cases) for cases in (CASES // 10, CASES))
    steps, name = CASES * STEPS_OF_A_CASE, {"jsonl": "JSON Lines", "yaml": "YAML"}[form]
    beside = f"{steps // 10:,} steps"
    rates = [found["steps"] / found["seconds"] for found in (tenth, whole)]
    yield Line(f"{steps:,} steps of {name}, a second", number(rates[1]), f"{number(rates[0])} ({beside})", rates[1] / rates[0])
    memory = [found["megabytes"] for found in (tenth, whole)]
    yield Line("  most memory", number(memory[1], "MB"), f"{number(memory[0], 'MB')} ({beside})", memory[1] / memory[0])


def _run(folder: Path, form: str, cases: int) -> dict[str, float]:
    path = folder / f"docket.{form}"
    with path.open("w") as file:
        file.writelines(written(form, range(cases)))
    done = subprocess.run([sys.executable, "-m", "bench.dockets", path], cwd=ROOT, capture_output=True, check=True, timeout=900)
    found: dict[str, float] = json.loads(done.stdout)
    return {**found, "steps": cases * STEPS_OF_A_CASE}


# -- In a process of its own -----------------------------------------------------------


def run(path: str) -> dict[str, float]:
    """Run a docket as from a shell; seconds and the most memory that it took (Linux)."""
    began = perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["replay", path]) == 0
    seconds = perf_counter() - began
    return {"seconds": seconds, "megabytes": most_memory()}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1])))
