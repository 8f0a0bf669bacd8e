"""
Which files a form takes: by the ending of the name, which says what is expected, and by the first bytes, which must agree.

The name is looked at and forgotten: nothing is stored under it, so no name leads anywhere. Nothing is opened or unpacked.
"""

from pathlib import PurePosixPath

from api.stores.media_types import TypeContradicted, media_type_of

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
TYPES = {
    ".pdf": "application/pdf", ".txt": "text/plain", ".csv": "text/csv", ".json": "application/json",
    ".docx": f"{_OFFICE}wordprocessingml.document", ".xlsx": f"{_OFFICE}spreadsheetml.sheet", ".pptx": f"{_OFFICE}presentationml.presentation",
    ".odt": f"{_OPEN}text", ".ods": f"{_OPEN}spreadsheet", ".odp": f"{_OPEN}presentation",
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".tif": "image/tiff", ".tiff": "image/tiff",
}  # fmt: skip
"""What a form takes, by the ending of its name: what people read. Programs send anything else."""
KINDS = "PDF, text, CSV, JSON, Word, Excel, PowerPoint, OpenDocument, PNG, JPEG or TIFF"
ARCHIVES = frozenset(".7z .bz2 .cab .gz .iso .jar .rar .tar .tgz .xz .zip .zst".split())
_KINDS_OF_OTHERS = frozenset(
    ".bat .cmd .com .dll .doc .docm .eml .exe .gif .hta .htm .html .js .lnk .mht .msi .php .ps1 .py .rtf .scr .sh .svg .vbs .xhtml .xls .xml".split()
)
LONGEST_NAME = 255

ARCHIVE = "is an archive: unpack it and send each document by itself, so that each has its own hash"
TRICK = "has a name that leads elsewhere or cannot be read: rename it, for example to letter.pdf"
TWO_ENDINGS = "has a name with two endings, which hides what it is: rename it, for example to letter.pdf"
ANOTHER_KIND = f"is of a kind that is not taken here: send {KINDS}"


class FileRefused(Exception):
    """A file that is not taken; the text goes on after "The file"."""


def declared_by(name: bytes) -> str:
    """
    Return the media type that the name of a file promises.

    Raises: FileRefused for a name that leads elsewhere, has two endings, or promises what is not taken.
    """
    try:
        text = name.decode().lower()
    except UnicodeDecodeError:
        raise FileRefused(TRICK) from None
    if not text.isprintable() or set(text) & set('/\\:*?"<>|') or text.startswith((".", "~")) or len(text) > LONGEST_NAME:
        raise FileRefused(TRICK)
    *before, ending = ["", *PurePosixPath(text).suffixes]
    if any(each in ARCHIVES or each in TYPES or each in _KINDS_OF_OTHERS for each in before):
        raise FileRefused(TWO_ENDINGS)
    if ending not in TYPES:
        raise FileRefused(ARCHIVE if ending in ARCHIVES else ANOTHER_KIND)
    return TYPES[ending]


def check_beginning(head: bytes, declared: str) -> None:
    """
    Hold the first bytes of a file against what its name promises.

    Raises: FileRefused for other bytes, and for an archive that goes by the name of a document.
    """
    try:
        found = media_type_of(head, declared)
    except TypeContradicted:
        raise FileRefused(f"is not what its name says: its first bytes are not those of {declared}; send the document itself") from None
    if found not in TYPES.values():
        raise FileRefused(ARCHIVE)
