"""What an address names: a record, which is read, or an event of a record, which is recorded."""

from collections.abc import Callable

from api.errors import WrongMethod
from api.recording.addresses import Address, address_at, stream_at
from domain.errors import NotInRegister
from domain.ids import Stream


def record_at(path: str) -> Stream:
    """
    Return the record that a path names.

    Raises: NotInRegister; WrongMethod where it names an event.
    """
    try:
        return _record(path)
    except NotInRegister:
        if _is_there(address_at, path):
            raise WrongMethod("POST") from None
        raise


def event_at(path: str) -> Address:
    """
    Return the record and the event that a path names.

    Raises: NotInRegister; WrongMethod where it names a record alone.
    """
    try:
        return address_at(path)
    except NotInRegister:
        if _is_there(_record, path):
            raise WrongMethod("GET, HEAD") from None
        raise


def _record(path: str) -> Stream:
    collection, _, key = path.partition("/")
    return stream_at(collection, key)


def _is_there(named: Callable[[str], object], path: str) -> bool:
    try:
        named(path)
    except NotInRegister:
        return False
    return True
