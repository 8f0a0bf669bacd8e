"""The way from a paper to its PDF: a process for each, few at once, and bounds to what goes in and how long it takes."""

import re
import subprocess
import sys
import unicodedata
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import orjson

from registry_site.office.letters.content import Paper

WORKER = Path(__file__).with_name("typeset.py")
AT_ONCE = 2
ENVIRONMENT = {"RAYON_NUM_THREADS": "1"}
SHOWN = ((0x20, 0x7E), (0xA0, 0x484), (0x487, 0x4FF), (0x1E00, 0x1FFF), (0x2010, 0x2027), (0x2030, 0x2040), (0x2070, 0x20BF), (0x2190, 0x22FF))
"""Stretches of Unicode that the fonts of typst show wherever a character is assigned: Latin, Greek, Cyrillic, signs, figures, arrows."""
HIDDEN = frozenset({"Cn", "Cc", "Cf"})
"""Categories of what is not assigned, or cannot be seen: a mark that turns the direction of reading would make a letter say something else."""

LONG = re.compile(r"[^\s/]{40,}")
HASH = re.compile(r"[0-9a-f]{64}")
BREAK = "\u200b"


class TooLarge(Exception):
    """There is more to print than the press takes; the numbers are bytes."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"{size} bytes to print, at most {most}")


class Overloaded(Exception):
    """The press was busy, or a paper needed more time or memory than it has."""


@dataclass(frozen=True)
class Press:
    """Makes PDFs; `most_bytes` may go into one, and each has `seconds` and `memory` (bytes of address space)."""

    most_bytes: int
    seconds: float
    memory: int = 1024**3
    free: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(AT_ONCE))

    def printed(self, template: str, paper: Paper) -> bytes:
        """
        Return a paper as PDF; the same paper gives the same bytes on every machine.

        Raises: TooLarge, Overloaded.
        """
        content = orjson.loads(paper.content())
        readable = _readable(content)
        readable = {**_breakable(readable), "unshown": readable != content}
        inputs = {"content": orjson.dumps(readable).decode(), "record": paper.attached.content.decode()}
        asked = {"template": template, "inputs": inputs, "at": int(paper.dated_at.timestamp()), "seconds": ceil(self.seconds), "memory": self.memory}
        size = sum(len(text.encode()) for text in inputs.values())
        if size > self.most_bytes:
            raise TooLarge(size, self.most_bytes)
        if not self.free.acquire(timeout=self.seconds):
            raise Overloaded
        try:
            return self._run(orjson.dumps(asked))
        finally:
            self.free.release()

    def _run(self, asked: bytes) -> bytes:
        command = [sys.executable, "-I", str(WORKER)]
        try:
            done = subprocess.run(command, input=asked, capture_output=True, timeout=self.seconds, check=False, env=ENVIRONMENT)
        except subprocess.TimeoutExpired:
            raise Overloaded from None
        if done.returncode < 0 or b"MemoryError" in done.stderr:  # ended by one of its own bounds
            raise Overloaded
        if done.returncode:
            raise RuntimeError(f"typst: {done.stderr.decode(errors='replace')[-2000:]}")
        return done.stdout


def _readable(value: Any) -> Any:
    """Write what no font shows, or nobody sees, by its number: [U+4E2D]. The record that is attached has it as it is."""
    if isinstance(value, dict):
        return {name: _readable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_readable(each) for each in value]
    return "".join(map(_shown, value)) if isinstance(value, str) else value


def _shown(character: str) -> str:
    number = ord(character)
    visible = any(first <= number <= last for first, last in SHOWN) and unicodedata.category(character) not in HIDDEN
    return character if visible else f"[U+{number:04X}]"


def _breakable(value: Any) -> Any:
    """Let a word longer than a line break anywhere: text that runs off the page is lost. Hashes fit, and stay whole to be copied."""
    if isinstance(value, dict):
        return {name: _breakable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_breakable(each) for each in value]
    return LONG.sub(_broken, value) if isinstance(value, str) else value


def _broken(found: re.Match[str]) -> str:
    return found[0] if HASH.fullmatch(found[0]) else BREAK.join(found[0])
