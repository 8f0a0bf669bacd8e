"""Changing a store behind the register's back, as somebody with its file in hand can, and putting everything back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

Change = str | Callable[[sqlite3.Connection], object]


def read(file: Path, query: str) -> Any:
    with closing(sqlite3.connect(file)) as opened:
        return opened.execute(query).fetchone()[0]


@contextmanager
def tampered(file: Path, change: Change) -> Iterator[None]:
    """Make a change that the store's own triggers would refuse."""
    with closing(sqlite3.connect(file)) as opened, closing(sqlite3.connect(":memory:")) as before:
        opened.backup(before)
        for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            opened.execute(f'DROP TRIGGER "{name}"')
        changed = opened.execute(change).rowcount if isinstance(change, str) else change(opened)
        assert changed, "nothing was changed"
        opened.commit()
        try:
            yield
        finally:
            before.backup(opened)


def replaced(table: str, column: str, old: str, new: str) -> str:
    """The statement that replaces a text within stored bytes; a condition may follow."""
    return f"UPDATE {table} SET {column} = CAST(replace(CAST({column} AS TEXT), '{old}', '{new}') AS BLOB)"
