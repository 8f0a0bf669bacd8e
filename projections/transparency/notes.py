"""
Signed notes and checkpoints, as C2SP signed-note and tlog-checkpoint write them.

A note is a text, an empty line, and signature lines. Signed is the text with its last line break. Keys are Ed25519; keys of other types and unknown
keys are ignored, a known key whose signature fails rejects the note.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_ID_BYTES = 4
MOST_SIGNATURES = 100
"""Lines that are looked at; the specification asks for 16 at least."""
_DECIMAL = re.compile(r"0|[1-9]\d{0,18}", re.ASCII)


class Refusal(ValueError):
    """Says why something is not what it should be; the sentence and what fills it stay apart, so that a page can say it in another language."""

    def __init__(self, sentence: str, *filled: object) -> None:
        super().__init__(sentence.format(*filled))
        self.said = (sentence, *filled)


class NoteRefused(Refusal):
    """A note, key or checkpoint is malformed, or not signed by a key that the reader knows."""


# -- Keys ----------------------------------------------------------------------------


def key_id(name: str, public_key: bytes, kind: bytes = ED25519) -> bytes:
    """Return the whole digest whose first four bytes are the key's identifier."""
    return sha256(name.encode() + b"\n" + kind + public_key).digest()


def checked_name(name: str) -> str:
    """
    Return the name of a key.

    Raises: NoteRefused for an empty one, and one with a space or a plus sign.
    """
    if not name or "+" in name or any(character.isspace() for character in name) or not name.isprintable():
        raise NoteRefused("the name of a key has one or more characters, none of them a space or a plus sign")
    return name


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key under its name."""

    kind: ClassVar[bytes] = ED25519
    kind_name: ClassVar[str] = "an Ed25519 verifier key"

    name: str
    public_key: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that signature lines begin with."""
        return key_id(self.name, self.public_key, self.kind)[:KEY_ID_BYTES]

    @property
    def vkey(self) -> str:
        """Return the key as one writes it down."""
        return f"{self.name}+{self.id.hex()}+{_base64(self.kind + self.public_key)}"

    @classmethod
    def parse(cls, vkey: str) -> Self:
        """
        Read a written key.

        Raises: NoteRefused when it is malformed, of another type, or not the key its identifier names.
        """
        name, _, rest = vkey.partition("+")
        shown, _, key = rest.partition("+")
        material = _bytes_of(key)
        if material[:1] != cls.kind or len(material) != 33:
            raise NoteRefused("this is not {}, name+identifier+key", cls.kind_name)
        verifier = cls(checked_name(name), material[1:])
        if shown != verifier.id.hex():
            raise NoteRefused("the identifier in this verifier key belongs to another name or key")
        return verifier

    def accepts(self, text: str, signature: bytes) -> bool:
        """Tell whether a signature over a text is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A private key under its name; its seed is never shown."""

    name: str
    seed: bytes

    @property
    def verifier(self) -> Verifier:
        """Return the public half."""
        return Verifier(self.name, self._key.public_key().public_bytes_raw())

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def line(self, text: str) -> str:
        """Return the signature line for a text."""
        return Signature(self.name, self.verifier.id, self._key.sign(text.encode())).line

    def __repr__(self) -> str:
        return f"Signer({self.name!r})"


# -- Notes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and identifier, and what it signed with."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """Return the line, as it is written once and for all."""
        return f"— {self.name} {_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text."""

    text: str
    signatures: tuple[Signature, ...]


def signed(text: str, *signers: Signer) -> bytes:
    """Sign a text that ends with a line break."""
    return (text + "\n" + "".join(signer.line(text) for signer in signers)).encode()


def parse_note(raw: bytes) -> Note:
    """
    Read a note; nothing is verified.

    Raises: NoteRefused when it is malformed.
    """
    try:
        whole = raw.decode()
    except UnicodeDecodeError:
        raise NoteRefused("the note is not UTF-8 text") from None
    if any(character < " " and character != "\n" for character in whole):
        raise NoteRefused("the note has control characters")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise NoteRefused("the note has no signatures after an empty line")
    found = lines.removesuffix("\n").split("\n")
    if len(found) > MOST_SIGNATURES:
        raise NoteRefused("the note has more than {} signatures", MOST_SIGNATURES)
    return Note(text + "\n", tuple(map(_signature, found)))


def _signature(line: str) -> Signature:
    mark, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if mark != "—":
        raise NoteRefused("a signature line begins with a dash and a space")
    material = _bytes_of(encoded)
    if len(material) <= KEY_ID_BYTES:
        raise NoteRefused("a signature line ends with a key identifier and a signature")
    return Signature(checked_name(name), material[:KEY_ID_BYTES], material[KEY_ID_BYTES:])


def open_note(raw: bytes, verifiers: Iterable[Verifier]) -> Note:
    """
    Read a note and verify it with the keys that are known.

    Raises: NoteRefused when it is malformed, when a known key's signature fails, and when no known key signed.
    """
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    note = parse_note(raw)
    ours = [(known.get((s.name, s.key_id)), s.signature) for s in note.signatures]
    accepted = [verifier.accepts(note.text, signature) for verifier, signature in ours if verifier is not None]
    if not all(accepted):
        raise NoteRefused("the signature of a known key does not fit the text")
    if not accepted:
        raise NoteRefused("none of the known keys signed this note")
    return note


# -- Checkpoints -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How long a log is and what its root is."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Return the text that is signed."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read the text of a checkpoint. Extension lines are refused: this register writes none, and monitors cannot audit them.

        Raises: NoteRefused when it is malformed.
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteRefused("a checkpoint has three lines: origin, size, root")
        origin, size, root = lines[:3]
        if not _DECIMAL.fullmatch(size):
            raise NoteRefused("the size of a checkpoint is a decimal number without leading zeros")
        material = _bytes_of(root)
        if len(material) != 32:
            raise NoteRefused("the root of a checkpoint has 32 bytes")
        return cls(origin, int(size), material)


def open_checkpoint(raw: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """
    Read a signed checkpoint and verify it.

    Raises: NoteRefused when it is malformed, not signed by a known key, or of another log than the key's name says.
    """
    checkpoint = Checkpoint.parse(open_note(raw, verifiers).text)
    if checkpoint.origin not in {verifier.name for verifier in verifiers}:
        raise NoteRefused("the checkpoint is of another log than the known keys sign for")
    return checkpoint


def _base64(material: bytes) -> str:
    return b64encode(material).decode()


def _bytes_of(text: str) -> bytes:
    """Read padded standard base64 in its one canonical spelling."""
    try:
        material = b64decode(text.encode(), validate=True)
    except ValueError:
        raise NoteRefused("this is not padded base64") from None
    if _base64(material) != text:
        raise NoteRefused("this is not padded base64 as it is written once and for all")
    return material
