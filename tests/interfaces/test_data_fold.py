"""The published fold: the very file that visitors download, run over the downloaded log, gives the published list byte for byte."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from domain.law.periods import legal_day
from domain.record import Event
from registry_site.public.data import fold
from tests.interfaces.data_stack import Stack, stack
from tests.read_models.listing import histories, listed
from tests.scenario import brussels

FOLD = Path(fold.__file__)
DAY = timedelta(days=1)
QUESTIONS = (
    {},
    {"include_removed": "true"},
    {"valid_at": "2026-04-30"},
    {"known_at": "2026-05-10"},
    {"valid_at": "2026-04-30", "known_at": "2026-06-07"},
    {"valid_at": "2026-06-30", "known_at": "2026-10-05", "include_removed": "true"},
)


@pytest.fixture(scope="module")
def published() -> Iterator[Stack]:
    with stack() as found:
        yield found


@pytest.fixture(scope="module")
def mirror(published: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published.mirror(tmp_path_factory.mktemp("mirror"))


def run(folder: Path, **asked: str) -> subprocess.CompletedProcess[bytes]:
    """Run the file alone: no package of ours, no package of others."""
    switches = [part for name, text in asked.items() for part in switch(name, text)]
    return subprocess.run([sys.executable, "-I", "-S", str(FOLD), str(folder), *switches], capture_output=True, check=False)


def switch(name: str, text: str) -> list[str]:
    return ["--include-removed"] if name == "include_removed" else [f"--{name.replace('_', '-')}", text]


@pytest.mark.parametrize("asked", QUESTIONS, ids=str)
def test_the_fold_of_the_downloaded_log_is_the_published_list(published: Stack, mirror: Path, asked: dict[str, str]) -> None:
    folded = run(mirror, **asked)
    assert folded.returncode == 0, folded.stderr.decode()
    assert folded.stdout == published.client().get("/list.json", params=asked).content


def test_the_fold_reads_logs_of_several_bundles(tmp_path: Path) -> None:
    many = [listed(brussels("2026-03-02", 10) + timedelta(minutes=n), str(n + 1), marketed_names=[f"Model {n}"]) for n in range(515)]
    with stack(many) as found:
        assert run(found.mirror(tmp_path)).stdout == found.client().get("/list.json").content


def test_bundles_are_named_as_a_log_names_them() -> None:
    assert [fold.place(number) for number in (0, 999, 1000, 1234067)] == ["000", "999", "x001/000", "x001/x234/067"]


def test_another_entry_than_was_signed_is_refused(mirror: Path, tmp_path: Path) -> None:
    for file in mirror.rglob("*"):
        if file.is_file():
            (tmp_path / file.relative_to(mirror)).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file.relative_to(mirror)).write_bytes(file.read_bytes().replace(b"Aurelia 3 mini", b"Aurelia 3 maxi"))
    refused = run(tmp_path)
    assert refused.returncode == 1
    assert refused.stdout == b""
    assert b"do not have the root that the checkpoint names" in refused.stderr


def test_a_day_that_is_none_is_wrong_usage(mirror: Path) -> None:
    assert run(mirror, valid_at="2026-02-30").returncode == 2


@pytest.mark.slow
@given(histories())
@settings(derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_the_fold_of_any_history_is_the_published_list_on_any_day(events: list[Event[Any]]) -> None:
    with stack(followed=False) as found, TemporaryDirectory() as folder:
        found.events, found.now = events, events[-1].recorded_at + 2 * DAY
        found.fold()
        found.publish()
        client, source = found.client(), str(found.mirror(Path(folder)))
        days = [None, *sorted({legal_day(event.recorded_at).isoformat() for event in events})]
        for valid_at, known_at in product(days, days):
            asked = {name: day for name, day in (("valid_at", valid_at), ("known_at", known_at)) if day}
            expected = client.get("/list.json", params={**asked, "include_removed": "true"}).content
            assert fold.snapshot(source, valid_at, known_at, include_removed=True) == expected, asked
