"""The commands that the page offers, run as they stand there: an honest receipt is accepted, each tampering is not."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from projections.transparency.proofs import Receipt
from tests.proofs.tampered_receipts import TAMPERED, UNREADABLE

pytestmark = pytest.mark.slow

ACCEPTED = {"Python": ("The receipt holds.",), "openssl": ("Signature Verified Successfully", "\nequal")}
TOOLS = ("curl", "openssl", "sh")


@pytest.fixture(autouse=True)
def _tools() -> None:
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not here: {', '.join(missing)}")


@pytest.fixture(scope="module")
def commands(addresses: dict[str, str], live_server: str) -> dict[str, str]:
    with urlopen(urljoin(live_server, "/verify?entry=7")) as answer:
        page = answer.read().decode()
    return {name: unescape(found) for name, found in re.findall(r'aria-label="Commands with (\w+)"><code>(.*?)</code>', page, re.DOTALL)}


def run(commands: str, folder: Path) -> str:
    """Run commands in a folder, with the Python of these tests, and return everything they said."""
    with_python = commands.replace("python3 ", f"{sys.executable} ")
    done = subprocess.run(["sh", "-c", with_python], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def accepts(name: str, said: str) -> bool:
    return all(words in said for words in ACCEPTED[name])


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_commands_accept_the_honest_receipt(commands: dict[str, str], tmp_path: Path, name: str) -> None:
    said = run(commands[name], tmp_path)
    assert accepts(name, said), said


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_commands_accept_nothing_else(commands: dict[str, str], tmp_path: Path, name: str) -> None:
    run(commands[name], tmp_path)
    (file,) = [path for path in tmp_path.iterdir() if path.name in ("receipt", "7.tlog-proof")]
    honest = file.read_bytes()
    # From here on nothing is fetched: the files are those that were, but for the receipt and what it carries.
    again = "\n".join(line for line in commands[name].split("\n") if not line.startswith("curl"))
    assert accepts(name, run(again, tmp_path))
    for how, raw in tamperings(honest).items():
        file.write_bytes(raw)
        if name == "openssl" and how == "entry":
            file.write_bytes(honest)
            (tmp_path / "entry").write_bytes(Receipt.parse(raw).entry or b"")
        said = run(again, tmp_path)
        assert not accepts(name, said), (how, said)
        assert "Traceback" not in said, (how, said)


def tamperings(honest: bytes) -> dict[str, bytes]:
    found = {how: change(Receipt.parse(honest)).write() for how, change in TAMPERED.items()}
    return found | {how: change(honest) for how, change in UNREADABLE.items() if how in ("cut in the path", "binary", "no text", "empty lines")}
