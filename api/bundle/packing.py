"""Packing the file of a case: the archive piece by piece, as it is sent or written, and which documents go into it."""

from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from api.bundle.contents import File
from api.stores.documents import READ_BY, DocumentDamaged, DocumentMissing, DocumentStore
from domain.actors import Role

PIECE = 1 << 16


class _Outgoing(BytesIO):
    """What was packed and not yet taken away. It cannot be sought in, so nothing packed is ever gone back to."""

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        raise OSError("what is sent has no position")

    def taken(self) -> bytes:
        piece = self.getvalue()
        super().seek(0)
        self.truncate()
        return piece


def packed(contents: Iterable[File]) -> Iterator[bytes]:
    """Pack files into an archive and yield it piece by piece; the same files give the same bytes."""
    out = _Outgoing()
    with ZipFile(out, "w") as archive:
        for name, content in contents:
            info = ZipInfo(name)  # without a time: the same case gives the same bytes
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=True) as entry, BytesIO(content) if isinstance(content, bytes) else content as source:
                while piece := source.read(PIECE):
                    entry.write(piece)
                    yield out.taken()
            yield out.taken()
    yield out.taken()


def document_for_auditors(documents: DocumentStore, tell: Callable[[str], None], digest: str) -> BinaryIO | None:
    """Open a document that the register holds and an auditor may read; what was altered or lost is told of, and not handed out."""
    known = documents.find(digest)
    if known is None or Role.AUDITOR not in READ_BY[known.classed.access_class]:
        return None
    try:
        return documents.opened(known)
    except (DocumentMissing, DocumentDamaged) as error:
        tell(str(error))
        return None
