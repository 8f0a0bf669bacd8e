"""
What kind of document some bytes are, by the way they begin, and whether that contradicts what they are said to be.

Signatures come from the library `filetype`. Nothing is ever opened, unpacked or rendered: an archive is its bytes, however much it would unpack to.
"""

import codecs
import re

import filetype

HEAD_BYTES = 8192
"""How many of the first bytes are looked at."""
UNKNOWN = "application/octet-stream"
TEXT = "text/plain"
ZIP = "application/zip"

_FORM = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}) *(;.*)?", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_WRITTEN_AS_TEXT = frozenset({"application/pdf", "application/rtf", "application/postscript"})
"""Signatures that texts do not begin with by accident, of formats that may be written in letters alone."""
_ALIASES = {
    "application/acrobat": "application/pdf",
    "application/zip-compressed": ZIP,
    "audio/mp3": "audio/mpeg",
    "image/jpg": "image/jpeg",
    "text/rtf": "application/rtf",
}
"""Other names of a type, without the `x-` that many bear."""
_IN_ZIP = ("application/vnd.openxmlformats-", "application/vnd.oasis.opendocument.", "application/epub+zip")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
"""Begins every document of the older Office formats; which of them does not always show at the beginning."""
_OLE_TYPES = frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"})


class TypeContradicted(ValueError):
    """The bytes are not what they are said to be."""


def media_type_of(head: bytes, declared: str) -> str:
    """
    Return the media type of a document by its first bytes; what these leave open is as declared. A text is of the kind it is said to be.

    Raises: TypeContradicted, with a sentence that says what to send.
    """
    said, found = declared_type(declared), found_type(head)
    if said == UNKNOWN:
        return found or UNKNOWN
    if not _agree(_plain(said), found and _plain(found), head):
        raise TypeContradicted(f"This is said to be {said}, but its first bytes are those of {found or 'something else'}: name the type it has.")
    return said if found in (None, TEXT) else found


def declared_type(header: str) -> str:
    """
    Return the media type that a `Content-Type` names, in lower case, without parameters; none is any.

    Raises: TypeContradicted for what is no media type.
    """
    if not header:
        return UNKNOWN
    form = _FORM.fullmatch(header.strip())
    if form is None:
        raise TypeContradicted("Name one media type, for example `Content-Type: application/pdf`; or application/octet-stream.")
    return form[1].lower()


def found_type(head: bytes) -> str | None:
    """Return the type that the first bytes show, `text/plain` for any text; None when they show none."""
    found: str | None = filetype.guess_mime(head)
    if _reads_as_text(head):
        return found if found in _WRITTEN_AS_TEXT else TEXT
    return found


def _agree(said: str, found: str | None, head: bytes) -> bool:
    if said == found or (found == ZIP and _may_be_zipped(said)) or (said == ZIP and found is not None and found.startswith(_IN_ZIP)):
        return True
    if found is None and said.startswith("text/"):
        return b"\x00" not in head
    if found is None or found == TEXT:
        return said not in KNOWN or (said in _OLE_TYPES and head.startswith(_OLE))
    both = {said.partition("/")[0], found.partition("/")[0]}
    return both <= {"audio", "video"}  # one container holds either


def _may_be_zipped(said: str) -> bool:
    """Tell whether a type may be a zip: those of the known formats, and any that the library has no signature of."""
    return said.startswith(_IN_ZIP) or (said.startswith("application/") and said not in KNOWN)


def _reads_as_text(head: bytes) -> bool:
    """Tell whether bytes are text: UTF-8, or UTF-16 with its mark, without control characters. A letter may be cut off at the end."""
    encoding = "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False
    return not _CONTROL.search(text)


def _plain(media_type: str) -> str:
    kind, _, name = media_type.partition("/")
    plain = f"{kind}/{name.removeprefix('x-')}"
    return _ALIASES.get(plain, plain)


KNOWN = frozenset(_plain(kind.mime) for kind in filetype.types)
"""Types whose bytes would have shown it."""
