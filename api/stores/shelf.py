"""
The shelf of documents: bytes under their SHA-256, whole or not there at all. A primary store, backed up with the events and never rebuilt.

In a folder the bytes with the hash `abcdef…` are the file `ab/cd/abcdef…`. No name comes from outside, so no name can lead anywhere else. Bytes that
arrive are written to `arriving/` under a random name; once they are on the disk, one rename puts them in their place. Whoever is killed before it
leaves a file in `arriving/`, which the next start sweeps; nobody ever sees half of a document.
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

READ_AT_ONCE = 1024 * 1024
"""Bytes that are read from the disk at a time."""
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ARRIVING = "arriving"
_LOCK = ".lock"


class Arrival(Protocol):
    """Bytes on their way to the shelf."""

    def write(self, part: bytes) -> None:
        """Add bytes."""
        ...

    def keep(self) -> str:
        """Put the bytes in their place and return their SHA-256; on the disk before this returns."""
        ...


class Shelf(Protocol):
    """Where the bytes of documents are; a folder now, and as well any store of objects by key (S3)."""

    def arriving(self) -> AbstractContextManager[Arrival]:
        """Take bytes; what was not kept at the end is gone."""
        ...

    def size(self, digest: str) -> int | None:
        """Return how many bytes a document has; None when it is not there."""
        ...

    def open(self, digest: str) -> BinaryIO | None:
        """Open a document for reading; None when it is not there."""
        ...

    def digests(self) -> Iterator[str]:
        """Yield the hash of every document that is there."""
        ...

    def sweep(self) -> int:
        """Remove what was left by whoever was killed; return how many leftovers there were."""
        ...


def is_hash(text: str) -> bool:
    """Tell whether a text is a SHA-256 as events write it."""
    return _HASH.fullmatch(text) is not None


def default_folder(database_url: str) -> Path:
    """Return where documents are unless somebody says otherwise: beside the stores of a folder, else in `var`."""
    return Path(database_url.removeprefix("sqlite:///") if database_url.startswith("sqlite:///") else "var") / "documents"


class FolderShelf:
    """A shelf in a folder, which only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self) -> None:
        """Create the folder unless it is there."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.folder / _ARRIVING).mkdir(mode=0o700, exist_ok=True)

    @contextmanager
    def arriving(self) -> Iterator["FileArrival"]:
        """Take bytes; what was not kept at the end is gone."""
        self.create()
        with self._lock(fcntl.LOCK_SH):
            arrival = FileArrival(self, self.folder / _ARRIVING / secrets.token_hex(16))
            try:
                yield arrival
            finally:
                arrival.abandon()

    def size(self, digest: str) -> int | None:
        """Return how many bytes a document has; None when it is not there."""
        try:
            return self.place(digest).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, digest: str) -> BinaryIO | None:
        """Open a document for reading; None when it is not there."""
        try:
            return self.place(digest).open("rb")
        except FileNotFoundError:
            return None

    def digests(self) -> Iterator[str]:
        """Yield the hash of every document that is there, in order."""
        for file in sorted(self.folder.glob("??/??/*")):
            if is_hash(file.name) and file == self.place(file.name):
                yield file.name

    def sweep(self) -> int:
        """Remove what was left by whoever was killed. While others write nothing is swept: what arrives and what was left look alike."""
        if not (self.folder / _ARRIVING).exists():
            return 0
        try:
            with self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                left = [file for file in (self.folder / _ARRIVING).iterdir() if file.name != _LOCK]
                for file in left:
                    file.unlink()
                return len(left)
        except BlockingIOError:
            return 0

    def place(self, digest: str) -> Path:
        """
        Return the file of a document.

        Raises: ValueError for what is no hash: nothing else is ever looked up.
        """
        if not is_hash(digest):
            raise ValueError("a document is named by its SHA-256")
        return self.folder / digest[:2] / digest[2:4] / digest

    @contextmanager
    def _lock(self, how: int) -> Iterator[None]:
        # The lock goes with the process, however that ends.
        with (self.folder / _ARRIVING / _LOCK).open("w", encoding="ascii") as held:
            fcntl.flock(held, how)
            yield


class FileArrival:
    """Bytes on their way into a folder."""

    def __init__(self, shelf: FolderShelf, file: Path) -> None:
        self._shelf = shelf
        self._path = file
        self._hash = sha256()
        self._file = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb")

    def write(self, part: bytes) -> None:
        """Add bytes."""
        self._file.write(part)
        self._hash.update(part)

    def keep(self) -> str:
        """Put the bytes in their place and return their SHA-256; on the disk before this returns."""
        digest = self._hash.hexdigest()
        place = self._shelf.place(digest)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        for folder in (place.parent.parent, place.parent):
            folder.mkdir(mode=0o700, exist_ok=True)
        # Commit point. What stood there has the same bytes, or was altered and is whole again.
        self._path.replace(place)
        for folder in (place.parent, place.parent.parent, self._shelf.folder):
            _sync(folder)
        return digest

    def abandon(self) -> None:
        """Remove what was not kept."""
        try:
            self._file.close()  # a full disk may refuse the last bytes once more
        finally:
            self._path.unlink(missing_ok=True)


class MemoryShelf:
    """A shelf in memory, for `sqlite://`: nothing of it is kept when the process ends."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    @contextmanager
    def arriving(self) -> Iterator["MemoryArrival"]:
        """Take bytes; what was not kept at the end is gone."""
        yield MemoryArrival(self._kept)

    def size(self, digest: str) -> int | None:
        """Return how many bytes a document has; None when it is not there."""
        found = self._kept.get(digest)
        return None if found is None else len(found)

    def open(self, digest: str) -> BinaryIO | None:
        """Open a document for reading; None when it is not there."""
        found = self._kept.get(digest)
        return None if found is None else BytesIO(found)

    def digests(self) -> Iterator[str]:
        """Yield the hash of every document that is there, in order."""
        yield from sorted(self._kept)

    def sweep(self) -> int:
        """Whoever is killed takes its memory along."""
        return 0


class MemoryArrival:
    """Bytes on their way into memory."""

    def __init__(self, kept: dict[str, bytes]) -> None:
        self._kept = kept
        self._bytes = bytearray()

    def write(self, part: bytes) -> None:
        """Add bytes."""
        self._bytes += part

    def keep(self) -> str:
        """Put the bytes in their place and return their SHA-256."""
        digest = sha256(self._bytes).hexdigest()
        self._kept[digest] = bytes(self._bytes)
        return digest


def parts_of(opened: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of an open document, a part at a time."""
    while part := opened.read(READ_AT_ONCE):
        yield part


def hash_of(opened: BinaryIO) -> str:
    """Return the SHA-256 of an open document."""
    found = sha256()
    for part in parts_of(opened):
        found.update(part)
    return found.hexdigest()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
