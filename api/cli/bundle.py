"""`registry bundle`: the file of a case for an auditor, with proofs and the script that verifies them."""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from typing import Any, BinaryIO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.archive import open_archive
from api.bundle.contents import CaseFile, File
from api.settings import Settings
from api.stores.documents import READ_BY, DocumentDamaged, DocumentMissing, DocumentStore
from api.wiring import open_documents
from domain.actors import Role
from domain.ids import Stream

EXAMPLE = "example:\n  registry bundle 7f4df69e-3d55-5c3d-9b86-2e4f0d3a5c11 case.zip && unzip -q case.zip -d case && python case/verify.py"
OWNER_ONLY = 0o600


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "bundle", help="the case file of an auditor", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("case", type=UUID, metavar="CASE", help="identifier of the case")
    verb.add_argument("file", type=Path, metavar="FILE", help="where to write; nothing is overwritten")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Write the file; 2 when there is no such case, or the file exists."""
    settings = Settings()
    with closing(open_archive(settings.database_url)) as archive, closing(open_documents(settings)) as documents, new_file(given.file) as opened:
        contents = CaseFile(archive, Stream("case", str(given.case)), partial(_document, documents)).files()
        written = _pack(contents, opened)
    print(f"{given.file}: {written} files. It is confidential. To verify it: unzip it and run its verify.py.", file=sys.stderr)
    return 0


def _pack(contents: Iterable[File], opened: BinaryIO) -> int:
    written = 0
    with ZipFile(opened, "w") as packed:
        for name, content in contents:
            info = ZipInfo(name)  # without a time: the same case gives the same bytes
            info.compress_type = ZIP_DEFLATED
            with packed.open(info, "w", force_zip64=True) as entry, BytesIO(content) if isinstance(content, bytes) else content as source:
                copyfileobj(source, entry)
            written += 1
    return written


def _document(documents: DocumentStore, digest: str) -> BinaryIO | None:
    """Open a document that the register holds and an auditor may read; what was altered is not handed out."""
    known = documents.find(digest)
    if known is None or Role.AUDITOR not in READ_BY[known.classed.access_class]:
        return None
    try:
        return documents.opened(known)
    except (DocumentMissing, DocumentDamaged) as error:
        print(f"registry bundle: {error}", file=sys.stderr)
        return None


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Write a private file that appears whole or not at all. Raises: FileExistsError."""
    if path.exists():
        raise FileExistsError(f"{path} exists; choose another name")
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "wb") as opened:
            yield opened
        os.link(unfinished, path)  # refuses what came to be meanwhile
    finally:
        unfinished.unlink(missing_ok=True)
