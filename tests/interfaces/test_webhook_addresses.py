"""Where webhooks may go: both sides of every range that is not public, names with two faces, and addresses that are no addresses of a receiver."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from api.webhooks.addresses import LONGEST, AddressRefused, Reach, is_public

# The last address before a range, its first and last address, and the first one after it.
EDGES = {
    "this network": ("", "0.0.0.0", "0.255.255.255", "1.0.0.0"),
    "private 10": ("9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0"),
    "shared by carriers": ("100.63.255.255", "100.64.0.0", "100.127.255.255", "100.128.0.0"),
    "loopback": ("126.255.255.255", "127.0.0.0", "127.255.255.255", "128.0.0.0"),
    "link-local, where clouds tell secrets": ("169.253.255.255", "169.254.0.0", "169.254.255.255", "169.255.0.0"),
    "private 172": ("172.15.255.255", "172.16.0.0", "172.31.255.255", "172.32.0.0"),
    "documentation 1": ("192.0.1.255", "192.0.2.0", "192.0.2.255", "192.0.3.0"),
    "relays of 6to4": ("192.88.98.255", "192.88.99.0", "192.88.99.255", "192.88.100.0"),
    "private 192": ("192.167.255.255", "192.168.0.0", "192.168.255.255", "192.169.0.0"),
    "benchmarks": ("198.17.255.255", "198.18.0.0", "198.19.255.255", "198.20.0.0"),
    "documentation 2": ("198.51.99.255", "198.51.100.0", "198.51.100.255", "198.51.101.0"),
    "documentation 3": ("203.0.112.255", "203.0.113.0", "203.0.113.255", "203.0.114.0"),
    "multicast, reserved and broadcast": ("223.255.255.255", "224.0.0.0", "255.255.255.255", ""),
    "all of IPv6 before global unicast": ("", "::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2000::"),
    "protocols, Teredo and ORCHID": ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::"),
    "documentation of IPv6": ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"),
    "6to4": ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"),
    "newer documentation": ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"),
    "all of IPv6 after global unicast": ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", ""),
}
WITHIN = {
    "itself": "::1",
    "mapped": "::ffff:8.8.8.8",
    "mapped and private": "::ffff:10.0.0.1",
    "compatible": "::8.8.8.8",
    "NAT64": "64:ff9b::8.8.8.8",
    "local NAT64": "64:ff9b:1::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "unique local": "fd00:ec2::254",
    "link-local": "fe80::1",
    "link-local with its interface": "fe80::1%eth0",
    "site-local": "fec0::1",
    "multicast": "ff02::1",
    "6to4 of a private address": "2002:a00:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "a cloud's own": "169.254.169.254",
}


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES)
def test_both_sides_of_a_range(edges: tuple[str, str, str, str]) -> None:
    before, first, last, after = edges
    assert [is_public(ip_address(each)) for each in (first, last)] == [False, False]
    assert all(is_public(ip_address(each)) for each in (before, after) if each)


@pytest.mark.parametrize("address", WITHIN.values(), ids=WITHIN)
def test_what_only_looks_public_is_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a01:4f8::1"])
def test_what_is_public_is(address: str) -> None:
    assert is_public(ip_address(address))


# -- Names -------------------------------------------------------------------------------


def resolved(*addresses: str, reach: Reach | None = None) -> Sequence[str]:
    async def known(host: str, port: int) -> Sequence[str]:
        return addresses

    found = reach or Reach(addresses_of=known)
    return asyncio.run(found.resolve(found.url("https://receiver.example/hook")))


def test_a_name_gives_its_addresses_each_once_in_their_order() -> None:
    assert resolved("2a01:4f8::1", "93.184.215.14", "2a01:4f8::1") == ["2a01:4f8::1", "93.184.215.14"]


def test_a_name_that_means_a_machine_of_ours_too_is_refused_whole() -> None:
    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 is no public address"):
        resolved("93.184.215.14", "10.0.0.1")


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(AddressRefused, match=r"receiver\.example has no address"):
        resolved()


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(AddressRefused, match="no public address"):
        asyncio.run(Reach().resolve(Reach().url(f"https://{host}/")))


def test_a_label_that_no_name_can_have_is_no_bug() -> None:
    with pytest.raises(AddressRefused, match="has no address"):
        asyncio.run(Reach().resolve(Reach().url(f"https://{'a' * 64}.example/")))


# -- Addresses as they are written --------------------------------------------------------

REFUSED = {
    "plain http": ("http://receiver.example/", "only https"),
    "http to this machine": ("http://127.0.0.1/", "only https"),
    "another scheme": ("ftp://receiver.example/", "write the whole address"),
    "a file": ("file:///etc/passwd", "write the whole address"),
    "no scheme": ("receiver.example/hook", "write the whole address"),
    "no host": ("https:///hook", "write the whole address"),
    "a password": ("https://me:secret@receiver.example/", "user name"),
    "a fragment": ("https://receiver.example/#hook", "#"),
    "another port": ("https://receiver.example:8443/", "only these ports are used: 443"),
    "port 0": ("https://receiver.example:0/", "only these ports"),
    "no port at all": ("https://receiver.example:x/", "no address"),
    "a blank": ("https://receiver.example/a b", "ASCII"),
    "a line break": ("https://receiver.example/\nhost: x", "ASCII"),
    "another alphabet": ("https://empfänger.example/", "xn--"),
    "an escaped host": ("https://receiver%2eexample/", "write the whole address"),
}


@pytest.mark.parametrize(("url", "why"), REFUSED.values(), ids=REFUSED)
def test_an_address_that_is_refused_says_why(url: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why):
        Reach().url(url)


def test_the_longest_address() -> None:
    start = "https://receiver.example/"
    assert Reach().url(start + "a" * (LONGEST - len(start)))
    with pytest.raises(AddressRefused, match=str(LONGEST)):
        Reach().url(start + "a" * (LONGEST + 1 - len(start)))


@pytest.mark.parametrize("url", ["https://receiver.example/hook?key=1", "https://receiver.example:443/", "https://xn--empfnger-2za.example/"])
def test_an_address_that_is_taken(url: str) -> None:
    assert str(Reach().url(url)).startswith("https://")


def test_the_operator_may_allow_other_ports() -> None:
    assert Reach(ports=(443, 8443)).url("https://receiver.example:8443/")
    with pytest.raises(AddressRefused, match="443, 8443"):
        Reach(ports=(443, 8443)).url("https://receiver.example:8444/")


# -- A demonstration ------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["http://127.0.0.1:8340/", "https://localhost:8340/", "http://[::1]/"])
def test_a_demonstration_may_reach_this_machine(url: str) -> None:
    assert Reach(loopback=True).url(url)


@pytest.mark.parametrize("url", ["http://receiver.example/", "http://10.0.0.1/", "https://receiver.example:8340/", "http://localhost.example/"])
def test_a_demonstration_reaches_no_further(url: str) -> None:
    with pytest.raises(AddressRefused):
        Reach(loopback=True).url(url)


def test_a_demonstration_reaches_no_neighbours() -> None:
    assert Reach(loopback=True).check(["127.0.0.1", "::1"]) == ["127.0.0.1", "::1"]
    for address in ("10.0.0.1", "169.254.169.254", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"):
        with pytest.raises(AddressRefused):
            Reach(loopback=True).check(["127.0.0.1", address])
