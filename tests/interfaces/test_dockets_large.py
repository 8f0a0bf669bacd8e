"""A long docket: read step by step, however long it is, and run to its end. What memory a hundred thousand steps take is measured in the bench."""

import io
from itertools import count, islice
from pathlib import Path

import pytest

from api.cli.main import main
from api.dockets.files import read_docket
from bench.dockets import written

STEPS = 10_000
FORMS = pytest.mark.parametrize("form", ["jsonl", "yaml"])


class Endless(io.RawIOBase):
    """A file without an end."""

    def __init__(self, form: str) -> None:
        self._lines = written(form, count())
        self._read = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] - what every caller gives
        while len(self._read) < len(buffer):
            self._read += next(self._lines).encode()
        buffer[:], self._read = self._read[: len(buffer)], self._read[len(buffer) :]
        return len(buffer)


@FORMS
def test_a_docket_is_read_step_by_step(form: str) -> None:
    text = io.TextIOWrapper(io.BufferedReader(Endless(form)), encoding="utf-8")
    steps = list(islice(read_docket(Path(f"docket.{form}"), text).steps, 1_000))
    assert [step.n for step in steps] == list(range(1, 1_001))


@pytest.mark.slow
@FORMS
def test_ten_thousand_steps_run_to_the_end(tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"docket.{form}"
    with path.open("w") as file:
        file.writelines(written(form, range(STEPS // 4)))
    assert main(["replay", str(path)]) == 0
    assert capsys.readouterr().out.endswith(f"{STEPS} steps, as expected\n\n")
