"""A docket of a hundred thousand steps: read and run step by step, in bounded memory."""

import json
import resource
import sys
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import main
from tests.scenario import brussels

STEPS = 100_000
MOST_MEGABYTES = 300
PROCESSES = get_context("spawn")
BY = {"role": "CASE_OFFICER", "id": "officer-1"}


def steps() -> Iterator[dict[str, Any]]:
    """Return cases of four steps each."""
    for n in range(STEPS // 4):
        given = {"at": (brussels("2026-03-02") + timedelta(seconds=20 * n)).isoformat(), "by": BY, "stream": f"case/model-{n}"}
        yield {**given, "record": "ModelCaseOpened", "data": {"lineage_key": f"model-{n}", "internal_name": f"Model {n}"}}
        yield {**given, "record": "ProviderIdentified", "data": {**PROVIDER, "provider_ref": f"provider-{n % 100}"}}
        yield {**given, "record": "ThresholdMet", "data": MET}
        yield {
            **given,
            "record": "CorrespondenceRecorded",
            "data": {"on": "2026-03-01", "direction": "IN", "subject": "OTHER", "documents": [f"letter-{n}"]},
        }


PROVIDER = {"provider_kind": "LEGAL_PERSON", "legal_name": "A provider", "country": "FR", "in_union": "true", "from_on": "2020-01-01"}
MET = {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": "1", "source": "PROVIDER", "kind": "COMPUTE"}


def replay(path: Path, out: Path, told: Connection) -> None:
    """Run a docket as from a shell, and tell how it ended and how much memory it took."""
    with out.open("w") as sys.stdout:
        code = main(["replay", str(path)])
    told.send((code, most_megabytes()))


def most_megabytes() -> int:
    """How much memory this process took at most; what `getrusage` says begins, on Linux, with what its parent took."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return next(int(line.split()[1]) // 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["jsonl", "yaml"])
def test_a_hundred_thousand_steps_run_in_bounded_memory(tmp_path: Path, form: str) -> None:
    path, out = tmp_path / f"docket.{form}", tmp_path / "out"
    with path.open("w") as file:
        file.write("" if form == "jsonl" else "title: A long docket\nsteps:\n")
        file.writelines(f"{'' if form == 'jsonl' else '  - '}{json.dumps(step)}\n" for step in steps())
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=replay, args=(path, out, theirs), daemon=True)
    process.start()
    theirs.close()
    code, megabytes = ours.recv()
    process.join()
    assert code == 0
    assert out.read_text().endswith(f"{STEPS} steps, as expected\n\n")
    assert megabytes < MOST_MEGABYTES
