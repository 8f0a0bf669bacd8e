"""The folder of an export: each file appears whole or not at all, is touched only when it changes, and goes when its address is gone."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

JOURNAL = ".export"
UNFINISHED = ".unfinished"
HEADING = "Files of an export of the Systemic-Risk Register, form 1. Whatever else lies in this folder is left alone."


class FolderRefused(Exception):
    """A folder that is not ours to write into; the text says what to do."""


class ExportFolder:
    """
    A folder with the files of an export, and the journal that names them.

    A file is named in the journal before it is made. So a run that was killed leaves nothing that the next one does not know.
    """

    def __init__(self, root: Path, names: set[str]) -> None:
        self.written = 0
        self.removed = 0
        self._root = root
        self._known = names
        self._kept: set[str] = set()

    @property
    def names(self) -> frozenset[str]:
        """Give the names of all files, those of earlier runs too."""
        return frozenset(self._known)

    def put(self, name: str, body: bytes) -> None:
        """Keep a file; one that has these bytes already is not touched. Raises: FolderRefused for a file that somebody else put there."""
        path = self._root / name
        self._kept.add(name)
        if name not in self._known:
            if path.exists():
                raise FolderRefused(f"{path} is in the way and not from an export: move it elsewhere")
            self._note(name)
        elif path.is_file() and path.read_bytes() == body:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._root / UNFINISHED
        unfinished.write_bytes(body)
        unfinished.replace(path)
        self.written += 1

    def begin(self) -> None:
        """Forget what was kept: everything is put again."""
        self._kept.clear()

    def finish(self) -> None:
        """Remove the files that were not put again, and the journal's lines about them."""
        (self._root / UNFINISHED).unlink(missing_ok=True)
        gone = self._known - self._kept
        for name in sorted(gone):
            self._remove(name)
        if gone:
            self._known = set(self._kept)
            _write_journal(self._root, self._known)

    def _note(self, name: str) -> None:
        with (self._root / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(f"{name}\n")
        self._known.add(name)

    def _remove(self, name: str) -> None:
        path = self._root / name
        self.removed += path.is_file()
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self._root or not folder.is_dir() or any(folder.iterdir()):
                return
            folder.rmdir()


@contextmanager
def export_folder(root: Path) -> Iterator[ExportFolder]:
    """
    Open the folder of an export, made unless it is there; one process writes at a time.

    Raises: FolderRefused for a folder with other things in it, and while another process writes.
    """
    if root.exists() and not root.is_dir():
        raise FolderRefused(f"{root} is a file: name a folder")
    journal = root / JOURNAL
    if root.is_dir() and any(path.name != UNFINISHED for path in root.iterdir()) and not journal.is_file():
        raise FolderRefused(f"{root} is not empty and not an export: name another folder, or empty this one")
    root.mkdir(parents=True, exist_ok=True)
    held = os.open(root, os.O_RDONLY)
    try:
        _take(held, root)
        if not journal.is_file():
            _write_journal(root, set())
        yield ExportFolder(root, _names(root))
    finally:
        os.close(held)


def _take(held: int, root: Path) -> None:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # given back when closed, also by a process that is killed
    except BlockingIOError:
        raise FolderRefused(f"another process is writing to {root}: wait until it has ended") from None


def _names(root: Path) -> set[str]:
    """Read the journal. A line that was not finished names a file that was not made."""
    text = (root / JOURNAL).read_text(encoding="utf-8")
    heading, *names = text.split("\n")
    if heading != HEADING or any(PurePosixPath(name).is_absolute() or ".." in name.split("/") for name in names):
        raise FolderRefused(f"{root / JOURNAL} is no journal of this program: name another folder, or empty this one")
    if names.pop():
        _write_journal(root, set(names))
    return set(names)


def _write_journal(root: Path, names: set[str]) -> None:
    unfinished = root / UNFINISHED
    unfinished.write_text("".join(f"{line}\n" for line in (HEADING, *sorted(names))), encoding="utf-8")
    unfinished.replace(root / JOURNAL)
