"""`registry bundle`: the file of a case for an auditor, with proofs and the script that verifies them."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.archive import open_archive
from api.bundle.contents import CaseFile
from api.settings import Settings
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
    archive = open_archive(Settings().database_url)
    try:
        written = 0
        with new_file(given.file) as opened, ZipFile(opened, "w", ZIP_DEFLATED) as packed:
            for name, content in CaseFile(archive, Stream("case", str(given.case)), lambda digest: None).files():
                packed.writestr(ZipInfo(name), content, ZIP_DEFLATED)  # without a time: the same file gives the same bytes
                written += 1
    finally:
        archive.close()
    print(f"{given.file}: {written} files. It is confidential. To verify it: unzip it and run its verify.py.", file=sys.stderr)
    return 0


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
