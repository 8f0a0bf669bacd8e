"""
The master key of the vault: AES-256, in a file outside the database that only its owner may read (`keys/vault.key`).

It wraps the key of every person. Without it nobody is readable any more, so it is backed up apart from the database; with it and an old backup of the
database erased persons are readable again, so backups of both end together.
"""

import secrets
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from api.stores.keys import KeyRefused, read_private, write_private

FILE_NAME = "vault.key"
KEY_BYTES = 32
PREFIX = "VAULT+KEY+"


class MasterKey(Protocol):
    """Where the master key comes from; a file now, and as well a module that keeps it."""

    def exists(self) -> bool:
        """Tell whether there is a master key."""
        ...

    def init(self) -> bytes:
        """Make the master key and return it."""
        ...

    def read(self) -> bytes:
        """Return the master key."""
        ...


class MemoryKey:
    """A master key for `sqlite://`: it ends with the process, like everything that it opens."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(KEY_BYTES)

    def exists(self) -> bool:
        """Tell that there is a master key."""
        return True

    def init(self) -> bytes:
        """Return the master key."""
        return self._key

    def read(self) -> bytes:
        """Return the master key."""
        return self._key


class VaultKey:
    """The file with the master key."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE_NAME

    def exists(self) -> bool:
        """Tell whether there is a master key."""
        return self.file.exists()

    def init(self) -> bytes:
        """
        Make the master key and return it.

        Raises: KeyRefused when there is one.
        """
        if self.exists():
            raise KeyRefused(f"The vault has its key {self.file} already.")
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = secrets.token_bytes(KEY_BYTES)
        write_private(self.file, f"{PREFIX}{_mark(key)}+{b64encode(key).decode()}\n")
        return key

    def read(self) -> bytes:
        """
        Return the master key.

        Raises: KeyRefused when it is missing, readable by others, or damaged.
        """
        text = read_private(self.file, "restore it from its backup; nothing else opens the vault")
        mark, _, encoded = text.removeprefix(PREFIX).partition("+")
        try:
            key = b64decode(encoded, validate=True)
        except Error:
            key = b""
        if not text.startswith(PREFIX) or len(key) != KEY_BYTES or mark != _mark(key):
            raise KeyRefused(f"{self.file} is damaged, or not a key that this program wrote: restore it from its backup.")
        return key


def _mark(key: bytes) -> str:
    return sha256(PREFIX.encode() + key).hexdigest()[:8]
