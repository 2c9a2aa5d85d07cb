"""Every family of address, as the SSRF guard sees it."""

from __future__ import annotations

import pytest

from rongmei.kernel.addresses import is_http_port, is_public, may_dial, parse_address

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.1.2.3",
    "169.254.169.254",
    "169.254.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "192.168.255.255",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "febf::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "126.255.255.255",
    "128.0.0.1",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "192.169.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2001:4860:4860::8888",
    "2400:3200::1",
    "240e::1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
]
NEVER = [
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "240.0.0.1",
    "::",
    "fe80::1",
    "ff02::1",
    "::ffff:169.254.169.254",
]
INTERNAL = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.5.5",
    "192.168.1.1",
    "::1",
    "fd12::1",
    "::ffff:10.0.0.1",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_not_public(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert not is_public(address)
    assert not may_dial(address, internal=False)


@pytest.mark.parametrize("text", PUBLIC)
def test_public(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert is_public(address)
    assert may_dial(address, internal=True)


@pytest.mark.parametrize("text", INTERNAL)
def test_internal_sources_may_see_the_inside(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert may_dial(address, internal=True)
    assert not may_dial(address, internal=False)


@pytest.mark.parametrize("text", NEVER)
def test_even_internal_sources_never_see(text: str) -> None:
    address = parse_address(text)
    assert address is not None
    assert not may_dial(address, internal=True)


@pytest.mark.parametrize("text", ["", "example.org", "1.2.3", "1.2.3.4.5", "::g", "0x7f.1"])
def test_not_an_address(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    ("port", "fit"),
    [(80, True), (443, True), (8080, True), (8000, True), (30001, True), (65535, True),
     (0, False), (22, False), (25, False), (53, False), (445, False), (6379, False), (5432, False),
     (11211, False), (2375, False), (6667, False), (65536, False)],
)  # fmt: skip
def test_ports(port: int, fit: bool) -> None:
    assert is_http_port(port) is fit
