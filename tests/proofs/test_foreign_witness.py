"""
Witnesses as others run them: PyPI `aics-witness`, which needs Python 3.12, beside the minimal witness of our own.

The own one always runs. The other runs too where it can be had; the summary of the run says which did.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from projections.transparency.policy import Policy, Witness
from projections.transparency.witnesses import WitnessKey
from tests.proofs.logs import ORIGIN, SIGNER
from tests.proofs.published import LAST
from tests.proofs.witness import OwnWitness, lines, policy_of, serving, witnessed

WANTED = ("aics-witness==0.1.0", "aics-tlog==0.2.1")
NAME = "witness.example/aics"
MOST_SECONDS = 120

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Programs:
    """The programs of the two packages, in an environment of their own; without a folder only our own witness runs."""

    said: str
    folder: Path | None = None

    def run(self, program: str, *arguments: str) -> str:
        assert self.folder is not None
        return subprocess.run([self.folder / program, *arguments], capture_output=True, text=True, check=True, timeout=MOST_SECONDS).stdout


def python_312() -> str | None:
    """Return a Python of version 3.12 or later, None when there is none."""
    kept = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser().glob("versions/3.1[2-9]*/bin/python")
    named = [shutil.which(f"python3.{minor}") for minor in (12, 13, 14)]
    asked = "import sys; sys.exit(sys.version_info < (3, 12))"
    for found in filter(None, [sys.executable, *named, *map(str, sorted(kept))]):
        if subprocess.run([found, "-c", asked], capture_output=True, check=False).returncode == 0:
            return found
    return None


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Programs:
    python, folder = python_312(), tmp_path_factory.mktemp("aics")
    if python is None:
        return Programs("our own minimal witness; no Python 3.12 for aics-witness")
    install = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", *WANTED]
    for command in ([python, "-m", "venv", folder], install):
        try:
            subprocess.run(command, capture_output=True, check=True, timeout=MOST_SECONDS)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return Programs("our own minimal witness; aics-witness could not be installed")
    return Programs(f"our own minimal witness, and {WANTED[0]} from PyPI", folder / "bin")


@contextmanager
def aics_witness(programs: Programs, folder: Path) -> Iterator[Witness]:
    """Run the witness for our log on a port of its own."""
    config = str(folder / "witness.json")
    vkey = programs.run("aics-witness", "init", "--config", config, "--name", NAME, "--listen", "127.0.0.1:0").strip()
    programs.run("aics-witness", "add-log", "--config", config, "--origin", ORIGIN, "--vkey", SIGNER.verifier.vkey)
    serve = [programs.folder / "aics-witness", "serve", "--config", config] if programs.folder else []
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            listening = next(filter(None, (re.search(r"listening on (http://[\d.:]+)", line) for line in server.stderr)))
            yield Witness("aics", WitnessKey.parse(vkey), listening[1])
        finally:
            server.terminate()


@pytest.fixture
def policy(programs: Programs, tmp_path: Path, record_property: Callable[[str, object], None]) -> Iterator[Policy]:
    """The policy that asks for every witness there is."""
    record_property("witnesses", programs.said)
    with ExitStack() as running:
        found = list(running.enter_context(serving(OwnWitness())).witnesses)
        if programs.folder:
            found.append(running.enter_context(aics_witness(programs, tmp_path)))
        yield policy_of(*found)


def test_they_cosign_the_log_as_it_grows_and_across_restarts(programs: Programs, policy: Policy, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'log'}"
    for first, end in ((1, 2), (2, 6), (6, 300), (300, 301)):
        with witnessed(url, policy) as found:
            found.record(*range(first, end))
            note = found.get("checkpoint")
            assert policy.cosigned(note) == {witness.name for witness in policy.witnesses}
            assert found.answers.witnesses().is_reached
            assert found.get(LAST if end == 301 else "key")
    if programs.folder:
        keys = [text for witness in policy.witnesses for text in ("--witness-key", witness.key.vkey)]
        file = tmp_path / "checkpoint"
        file.write_bytes(note)
        given = ("--note", str(file), "--origin", ORIGIN, "--log-key", SIGNER.verifier.vkey, *keys, "--quorum", "2", "--max-age", "600")
        said = json.loads(programs.run("aics-tlog", "verify-checkpoint", *given))
        assert (said["ok"], said["size"], said["cosignatures"]) == (True, 300, 2)


def test_they_do_not_cosign_another_history(policy: Policy, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for number, events in enumerate(((1, 2, 3), (4, 5, 6, 7))):
        with witnessed(f"sqlite:///{tmp_path / str(number)}", policy) as found:
            found.record(*events)
            note = found.get("checkpoint")
            assert len(lines(note)) == (1 if number else 1 + len(policy.witnesses))
            assert found.answers.witnesses().is_reached is not bool(number)
    assert caplog.text.count("it answered 422") == len(policy.witnesses)
