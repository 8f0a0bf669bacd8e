"""Streams and their identifiers. The namespaces are frozen: stored streams are found by them for ever."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from uuid import UUID, uuid5

STREAMS = UUID("6f1f1f55-9b0e-5a8e-8d5c-52060f524755")
"""Namespace of stream identifiers: UUIDv5 over the stream's name."""

Kind = Literal["case", "alert", "law", "publication", "entry", "challenge", "register", "claim"]
ALONE = ("law", "register")
"""Kinds of which there is one stream in the register."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Name of a record's stream of events, such as `case/3f2b8a1e-…` or `law`."""

    kind: Kind
    key: str = ""

    def __str__(self) -> str:
        """Return the name as it is stored."""
        return f"{self.kind}/{self.key}" if self.key else self.kind

    @property
    def id(self) -> UUID:
        """Identifier of the stream in the event store."""
        return _stream_id(str(self))


@lru_cache(maxsize=65_536)
def _stream_id(name: str) -> UUID:
    return uuid5(STREAMS, name)


def parse_stream(name: str) -> Stream:
    """Read a stored stream name."""
    kind, _, key = name.partition("/")
    return Stream(kind, key)  # type: ignore[arg-type]  # stored names were written by us


LAW = Stream("law")
REGISTER = Stream("register")


def lineage_claim(lineage_key: str) -> Stream:
    """Return the claim that makes a model's lineage belong to one case only, whatever its spelling."""
    return Stream("claim", f"lineage:{' '.join(lineage_key.casefold().split())}")


def request_claim(key: str) -> Stream:
    """Return the claim of an idempotency key."""
    return Stream("claim", f"request:{key}")
