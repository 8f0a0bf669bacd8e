"""What every structure is made of: texts, evidence, and its own canonical document."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Literal

import rfc8785
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from domain.types import Payload, Sha256, Text

LONGEST_PROSE = 20_000
_NOT_PROSE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _plain_ends(text: object) -> object:
    return text.replace("\r\n", "\n") if isinstance(text, str) else text


def _prose(text: str) -> str:
    if _NOT_PROSE.search(text):
        raise ValueError("must not contain control characters")
    if text.strip() != text:
        raise ValueError("must not begin or end with a space or an empty line")
    return text


Prose = Annotated[str, BeforeValidator(_plain_ends), StringConstraints(min_length=1, max_length=LONGEST_PROSE), AfterValidator(_prose)]
"""Free text of several lines; it is kept as a document, and an event carries its hash."""


def document_of(text: str) -> tuple[str, bytes]:
    """Return a text as it is stored: its hash and its bytes."""
    stored = text.encode()
    return sha256(stored).hexdigest(), stored


class Evidence(Payload):
    """A stored document that something rests on."""

    title: Text
    document: Sha256


def hashes(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    """Return the hashes of some evidence, each once."""
    return tuple(dict.fromkeys(each.document for each in evidence))


class Structure(Payload):
    """A structure that is stored as one canonical JSON document (RFC 8785)."""

    schema_version: Literal[1] = 1

    @property
    def document(self) -> bytes:
        """The bytes that are stored."""
        return rfc8785.dumps(self.model_dump(mode="json", exclude_none=True))

    @property
    def digest(self) -> str:
        """The hash by which events name the document."""
        return sha256(self.document).hexdigest()

    def to_store(self) -> dict[str, bytes]:
        """Return every document that the events of this structure name, by hash; evidence is stored already."""
        return {self.digest: self.document}
