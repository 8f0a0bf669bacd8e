"""
Where webhooks may go: to public addresses by https, and to nothing of ours.

A name is resolved here, every address that it has is checked, and the connection is made to one of those: a name that means another machine a
moment later (DNS rebinding) is not asked again.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from httpx2 import URL, InvalidURL

LONGEST = 500
Address = IPv4Address | IPv6Address
_HOST = re.compile(r"[a-z0-9._:-]+", re.ASCII)

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""All that IANA has given out of IPv6; mapped, translated (64:ff9b::/96), local and multicast addresses lie outside."""
NOT_PUBLIC = (
    IPv4Network("192.88.99.0/24"),  # relays of 6to4 (RFC 7526)
    IPv6Network("2001::/23"),  # protocol assignments, Teredo and ORCHID among them (RFC 2928)
    IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    IPv6Network("2002::/16"),  # 6to4: leads to the IPv4 address that it carries (RFC 3056)
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)
"""What some versions of Python take for global, and is not."""


class AddressRefused(Exception):
    """Nothing is sent there; the text says why."""


async def system_addresses(host: str, port: int) -> Sequence[str]:
    """
    Return the addresses of a name, as the system knows them, in the order in which it prefers them.

    Raises: OSError, UnicodeError.
    """
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far webhooks may reach. With `loopback` also to this machine, at any port and by http: for demonstrations and tests."""

    ports: tuple[int, ...] = (443,)
    loopback: bool = False
    addresses_of: Callable[[str, int], Awaitable[Sequence[str]]] = system_addresses

    def url(self, text: str) -> URL:
        """
        Read an address.

        Raises: AddressRefused.
        """
        try:
            url = URL(text)
        except InvalidURL as error:
            raise AddressRefused(f"this is no address: {error}") from None
        if fault := self._fault(text, url):
            raise AddressRefused(fault)
        return url

    def _fault(self, text: str, url: URL) -> str:
        if len(text) > LONGEST or not text.isascii() or not text.isprintable() or " " in text:
            return f"an address has at most {LONGEST} characters, all of them ASCII; write a name of another alphabet as xn--…"
        if url.scheme not in ("https", "http") or not _HOST.fullmatch(host_of(url)):
            return "write the whole address, for example https://receiver.example/hook"
        if url.userinfo or "#" in text:
            return "leave out user name, password and what follows a #: none of them is sent"
        if self.loopback and _is_this_machine(host_of(url)):
            return ""
        if url.scheme != "https":
            return "only https is used"
        return "" if port_of(url) in self.ports else f"only these ports are used: {', '.join(map(str, self.ports))}"

    def check(self, found: Iterable[str]) -> Sequence[str]:
        """
        Return the addresses that a name has.

        Raises: AddressRefused when one of them is not public: whoever names two kinds of machines means the other one.
        """
        addresses = list(dict.fromkeys(found))
        for each in addresses:
            address = ip_address(each)
            if not (is_public(address) or (self.loopback and address.is_loopback)):
                raise AddressRefused(f"{each} is no public address")
        return addresses

    async def resolve(self, url: URL) -> Sequence[str]:
        """
        Look up a name, this one time, and return its addresses.

        Raises: AddressRefused.
        """
        try:
            found = await self.addresses_of(host_of(url), port_of(url))
        except (OSError, UnicodeError):
            found = ()
        if not found:
            raise AddressRefused(f"the name {host_of(url)} has no address")
        return self.check(found)


def host_of(url: URL) -> str:
    """Return the host as it is looked up and as certificates name it: in ASCII."""
    return url.raw_host.decode("ascii")


def port_of(url: URL) -> int:
    """Return the port, said or not."""
    return url.port if url.port is not None else 443 if url.scheme == "https" else 80


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_public(address: Address) -> bool:
    """Tell whether an address belongs to one machine on the public internet."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC if network.version == address.version)
