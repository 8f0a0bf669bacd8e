"""The folder of an export: nothing of anybody else is touched, and a killed export is completed by the next."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from api.export import folder as folder_room
from api.export.folder import JOURNAL, ExportFolder, FolderRefused, export_folder


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.name != JOURNAL}


def times(folder: Path) -> dict[str, tuple[int, int]]:
    return {path.relative_to(folder).as_posix(): (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, **files: str) -> ExportFolder:
    with export_folder(folder) as opened:
        for name, text in files.items():
            opened.put(name.replace("__", "/"), text.encode())
        opened.finish()
        return opened


def test_what_is_gone_is_removed_with_its_folders_and_what_others_put_there_stays(tmp_path: Path) -> None:
    put(tmp_path / "a" / "mirror", a="1", b__c__d="2")
    root = tmp_path / "a" / "mirror"
    (root / "CNAME").write_text("register.example.eu")
    opened = put(root, a="1", e="3")
    assert tree(root) == {"a": b"1", "e": b"3", "CNAME": b"register.example.eu"}
    assert (opened.written, opened.removed, (root / "b").exists()) == (1, 1, False)


def test_a_folder_with_other_things_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(FolderRefused, match="not empty and not an export"):
        put(tmp_path, a="1")
    with pytest.raises(FolderRefused, match="is a file"):
        put(tmp_path / "thesis.txt", a="1")
    assert tree(tmp_path) == {"thesis.txt": b"years of work"}
    assert not (tmp_path / JOURNAL).exists()


def test_a_file_of_somebody_else_in_an_export_is_not_overwritten(tmp_path: Path) -> None:
    put(tmp_path, a="1")
    (tmp_path / "b").write_text("mine")
    with pytest.raises(FolderRefused, match="in the way"):
        put(tmp_path, a="1", b="2")
    assert tree(tmp_path) == {"a": b"1", "b": b"mine"}


@pytest.mark.parametrize("line", ["../precious", "/etc/precious", "a/../../precious"])
def test_a_journal_that_names_files_elsewhere_is_refused(line: str, tmp_path: Path) -> None:
    put(tmp_path / "mirror", a="1")
    (tmp_path / "precious").write_text("kept")
    with (tmp_path / "mirror" / JOURNAL).open("a") as journal:
        journal.write(f"{line}\n")
    with pytest.raises(FolderRefused, match="no journal"):
        put(tmp_path / "mirror", a="1")
    assert (tmp_path / "precious").read_text() == "kept"


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    with export_folder(tmp_path), pytest.raises(FolderRefused, match="another process"):
        put(tmp_path, a="1")


def die_before_line(number: int) -> None:
    """Kill this process before a line of the room that writes; lines are counted as they run."""
    lines = count(1)

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename != folder_room.__file__:
            return None
        if event == "line" and next(lines) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    sys.settrace(trace)


def killed_before(number: int, work: Any) -> bool:
    """Do some work in a process that is killed before a line; False when it ended before it came to that line."""
    process = os.fork()
    if process == 0:
        die_before_line(number)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == -signal.SIGKILL


@pytest.mark.slow
def test_whoever_is_killed_before_any_line_is_completed_by_running_again(tmp_path: Path) -> None:
    old, new = {"a": "1", "b__c": "2", "d": "3"}, {"a": "1", "b__e": "4", "d": "5"}
    for number in count(1):
        root = tmp_path / str(number)
        root.mkdir()
        killed = killed_before(number, partial(put, root, **old))
        put(root, **old)
        assert tree(root) == {"a": b"1", "b/c": b"2", "d": b"3"}
        killed = killed_before(number, partial(put, root, **new)) or killed
        assert {name: text for name, text in tree(root).items() if name in ("a", "d")} in ({"a": b"1", "d": b"3"}, {"a": b"1", "d": b"5"})
        put(root, **new)
        assert tree(root) == {"a": b"1", "b/e": b"4", "d": b"5"}
        if not killed:
            break
    assert number > 50
