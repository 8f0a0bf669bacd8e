"""
The keys of the logs: Ed25519, in files outside the database that only their owner may read. The key of the vault stands beside them.

For each log a folder holds `NAME.key`, the private key in use as Go's note package writes it (PRIVATE+KEY+name+identifier+seed), and `NAME.vkeys`,
every verifier key that was ever in use, a line each, oldest first. The name of a key is the origin of its log: it cannot sign for another one.
"""

import os
import secrets
import stat
from base64 import b64decode, b64encode
from binascii import Error
from pathlib import Path

from projections.transparency.notes import ED25519, NoteRefused, Signer, Verifier, checked_name

PRIVATE = "PRIVATE+KEY+"
SEED_BYTES = 32
OWNER_ONLY = 0o600


def default_folder(database_url: str) -> Path:
    """Return where keys are unless somebody says otherwise: beside the stores of a folder, else in `var`."""
    return Path(database_url.removeprefix("sqlite:///") if database_url.startswith("sqlite:///") else "var") / "keys"


class KeyRefused(Exception):
    """A key file is missing, readable by others, or damaged; the text says what to do."""


def new_signer(name: str) -> Signer:
    """
    Make a key.

    Raises: NoteRefused for a name that no key can have.
    """
    return Signer(checked_name(name), secrets.token_bytes(SEED_BYTES))


class KeyFolder:
    """The folder with the keys of the logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def init(self, log: str, name: str) -> Signer:
        """
        Make the first key of a log.

        Raises: KeyRefused when the log has one; NoteRefused for a name that no key can have.
        """
        if self.exists(log):
            raise KeyRefused(f"The log `{log}` has a key already; `registry keys rotate` makes another one.")
        return self._add(log, new_signer(name))

    def rotate(self, log: str) -> Signer:
        """
        Make the next key of a log under the same name. The old one is removed; its verifier key stays, so that old checkpoints can be verified.

        Raises: KeyRefused when there is no usable key.
        """
        return self._add(log, new_signer(self.signer(log).name))

    def exists(self, log: str) -> bool:
        """Tell whether a log has a key."""
        return self._private(log).exists()

    def refuse_lost(self, log: str, *, has_signed: bool) -> None:
        """
        Refuse to go on without the key of a log that had one: making another is for somebody to decide, and to announce.

        Raises: KeyRefused.
        """
        if not self.exists(log) and (has_signed or self._public(log).exists()):
            raise KeyRefused(
                f"The key {self._private(log)} is lost: restore it from the backup, together with {self._public(log)}. Is there none, then"
                f" `registry keys init --log {log}` makes another one; docs/operations.md says what else to do."
            )

    def signer(self, log: str) -> Signer:
        """
        Read the private key of a log.

        Raises: KeyRefused when it is missing, readable by others, damaged, or not the last one of the list.
        """
        signer = _parsed(self._read_private(log), self._private(log))
        if signer.verifier not in self.verifiers(log):
            raise KeyRefused(f"{self._public(log)} does not name the key in {self._private(log)}: restore the two files together.")
        return signer

    def verifiers(self, log: str) -> list[Verifier]:
        """
        Read every verifier key of a log, oldest first.

        Raises: KeyRefused when there is no list, or a line of it is no verifier key.
        """
        try:
            return [Verifier.parse(line) for line in self._public(log).read_text(encoding="utf-8").splitlines()]
        except FileNotFoundError:
            raise KeyRefused(f"There is no list of verifier keys {self._public(log)}: run `registry keys init`.") from None
        except NoteRefused as refused:
            raise KeyRefused(f"A line of {self._public(log)} is no verifier key: {refused}.") from None

    # -- Files -------------------------------------------------------------------------

    def _private(self, log: str) -> Path:
        return self.folder / f"{log}.key"

    def _public(self, log: str) -> Path:
        return self.folder / f"{log}.vkeys"

    def _add(self, log: str, signer: Signer) -> Signer:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        known = self.verifiers(log) if self._public(log).exists() else []
        # The verifier key first: after a crash between the two, no key is in use that nobody can verify.
        write_private(self._public(log), "".join(f"{verifier.vkey}\n" for verifier in [*known, signer.verifier]))
        write_private(self._private(log), _written(signer) + "\n")
        return signer

    def _read_private(self, log: str) -> str:
        return read_private(self._private(log), "run `registry keys init`")


def read_private(file: Path, otherwise: str) -> str:
    """
    Read a private file.

    Raises: KeyRefused when it is missing (`otherwise` says what to do then), readable by others, or not text.
    """
    try:
        with file.open(encoding="ascii") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)  # of what was opened, not of what the name means by now
            if mode & ~OWNER_ONLY:
                raise KeyRefused(f"{file} can be read by others (mode {mode:04o}): make it private with `chmod 600`, or rotate the key.")
            return opened.read().strip()
    except FileNotFoundError:
        raise KeyRefused(f"There is no key {file}: {otherwise}.") from None
    except UnicodeDecodeError:
        raise KeyRefused(f"{file} is not a key that this program wrote.") from None


def _written(signer: Signer) -> str:
    return f"{PRIVATE}{signer.name}+{signer.verifier.id.hex()}+{b64encode(ED25519 + signer.seed).decode()}"


def _parsed(text: str, file: Path) -> Signer:
    name, _, rest = text.removeprefix(PRIVATE).partition("+")
    shown, _, encoded = rest.partition("+")
    try:
        material = b64decode(encoded, validate=True)
    except Error:
        material = b""
    if not text.startswith(PRIVATE) or len(material) != 1 + SEED_BYTES or material[:1] != ED25519:
        raise KeyRefused(f"{file} is not a key that this program wrote.")
    signer = Signer(name, material[1:])
    if signer.verifier.id.hex() != shown:
        raise KeyRefused(f"{file} is damaged: the key is not the one its identifier names.")
    return signer


def write_private(file: Path, text: str) -> None:
    """Write a private file so that a crash leaves the old or the new one, whole."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(descriptor)
    fresh.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
