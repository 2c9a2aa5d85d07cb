"""Which addresses a server may dial on behalf of somebody else (the SSRF guard), as pure functions.

The check is made on the *resolved* address at the moment of connecting, never on the host name:
names lie (``127.0.0.1.nip.io``), literals hide (``0x7f.1``), and a second lookup may answer
differently from the first.
"""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and successors).
# Written out rather than left to ``ipaddress.is_global``, whose answer differs between Python
# versions; both have to agree before an address counts as public.
NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relay anycast
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated (SIIT)
        "64:ff9b:1::/48",  # local-use NAT64
        "100::/64",  # discard only
        "100:0:0:1::/64",  # dummy prefix
        "2001::/23",  # IETF protocol assignments, Teredo, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, deprecated
        "ff00::/8",  # multicast
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# Ports that speak something other than HTTP: bytes we send there could be read as commands.
# Sources: the WHATWG Fetch "bad ports" list, and the default ports of common data stores.
NOT_HTTP_PORTS = frozenset({
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668,
    6669, 6679, 6697, 10080,
    1433, 1521, 2181, 2375, 2376, 2379, 2380, 3306, 3389, 5432, 5672, 5900, 5985, 5986, 6379,
    9042, 9092, 9200, 9300, 11211, 27017,
})  # fmt: skip


def parse_address(text: str) -> IPAddress | None:
    """The address written in ``text`` (a zone such as ``%eth0`` is ignored), or None."""
    try:
        return ipaddress.ip_address(text.strip("[]").split("%", 1)[0])
    except ValueError:
        return None


def is_public(address: IPAddress) -> bool:
    """True when the address is one that anybody on the internet could reach."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            # On IPv6-only lines every IPv4 site has such an address, so look inside.
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    if any(address.version == net.version and address in net for net in NOT_PUBLIC):
        return False
    return address.is_global and not address.is_multicast


def may_dial(address: IPAddress, *, internal: bool) -> bool:
    """Whether to connect; an ``internal`` source may see private and loopback addresses too.

    Link-local stays closed even then: that is where clouds keep their metadata and keys.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if is_public(address):
        return True
    return internal and (address.is_loopback or address.is_private) and not _never(address)


def _never(address: IPAddress) -> bool:
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or (address.is_reserved and not address.is_loopback)
    )


def is_http_port(port: int) -> bool:
    """True for 80, 443 and the unprivileged ports that no other known service owns."""
    return port in {80, 443} or (1024 <= port <= 65535 and port not in NOT_HTTP_PORTS)
