"""`registry bundle`: the file of a case for an auditor, with proofs and the script that verifies them."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from zipfile import ZipFile

from api.archive import open_archive
from api.bundle.contents import CaseFile
from api.bundle.packing import document_for_auditors, packed
from api.settings import Settings
from api.wiring import open_documents
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
        for piece in packed(CaseFile(archive, Stream("case", str(given.case)), partial(document_for_auditors, documents, _tell)).files()):
            opened.write(piece)
    with ZipFile(given.file) as written:
        print(f"{given.file}: {len(written.namelist())} files. It is confidential. To verify it: unzip it and run its verify.py.", file=sys.stderr)
    return 0


def _tell(fault: str) -> None:
    print(f"registry bundle: {fault}", file=sys.stderr)


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
