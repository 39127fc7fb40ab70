"""What may be dialled: URLs, ports and addresses, judged by our own table. Pure: no socket, no DNS.

Python's `ipaddress.is_global` passes forms that lead inside (NAT64, 6to4, multicast, the Azure wire server), and differently by version.
A filter on the text of a host is useless, since `getaddrinfo` reads `0x7f.1` as loopback: only the dialled address counts.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpx2

from newswire.outcomes import FetchReason

URL_LIMIT: Final = 2048
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_HOST: Final = re.compile(r"[a-z0-9_]([a-z0-9._-]{0,252})")
_USERINFO: Final = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@")

# IANA's special-purpose registries (RFC 6890 and what came after), and what the words for a person are.
_IPV4_REFUSED: Final = tuple(
    (IPv4Network(network), words)
    for network, words in (
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a carrier's inner"),
        ("127.0.0.0/8", "a loopback"),
        ("168.63.129.16/32", "a cloud provider's inner"),  # Azure's wire server
        ("169.254.0.0/16", "a link-local"),  # the metadata servers of clouds
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a special-purpose"),
        ("192.0.2.0/24", "a documentation"),
        ("192.88.99.0/24", "a special-purpose"),  # 6to4 relays
        ("192.168.0.0/16", "a private"),
        ("198.18.0.0/15", "a benchmarking"),
        ("198.51.100.0/24", "a documentation"),
        ("203.0.113.0/24", "a documentation"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
    )
)
_IPV6_GLOBAL: Final = IPv6Network("2000::/3")
_IPV6_REFUSED: Final = tuple(IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


@dataclass(frozen=True, slots=True)
class BlockedUrl:
    """Why a URL or the addresses behind its name are not dialled: a closed reason, and words for a person."""

    reason: FetchReason
    detail: str


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart once, so that what is checked and what is dialled cannot differ."""

    scheme: str
    host: str  # in lower case, as punycode; an IPv6 address without its brackets
    port: int
    path: bytes  # percent-encoded, with the query

    @property
    def url(self) -> str:
        """The normalised URL: no fragment, no userinfo, no port that goes without saying."""
        return f"{self.scheme}://{self.slot}{self.path.decode('ascii')}"

    @property
    def slot(self) -> str:
        """The host as the `Host` header and politeness know it: with its port where that is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_url(url: str) -> Target | BlockedUrl:
    """Return the parts of an http(s) URL, or why it is none that we could fetch."""
    if len(url) > URL_LIMIT:
        return BlockedUrl(FetchReason.BAD_URL, f"the URL has {len(url)} characters; {URL_LIMIT} are allowed")
    try:
        parsed = httpx2.URL(url)
        host = parsed.raw_host.decode("ascii").rstrip(".")
    except (httpx2.InvalidURL, ValueError, TypeError) as error:
        return BlockedUrl(FetchReason.BAD_URL, f"the URL cannot be read: {printable(str(error))[:200]}")
    if parsed.scheme not in DEFAULT_PORTS:
        return BlockedUrl(FetchReason.BAD_URL, f"the URL must begin with http:// or https://, not {printable(parsed.scheme)[:20]!r}")
    if parsed.userinfo:
        return BlockedUrl(FetchReason.BAD_URL, "the URL carries a user name or password before the host; neither is ever sent")
    if _literal(host) is None and not _HOST.fullmatch(host):
        return BlockedUrl(FetchReason.BAD_URL, f"{printable(host)[:100]!r} is not the name of a host")
    port = DEFAULT_PORTS[parsed.scheme] if parsed.port is None else parsed.port
    return Target(parsed.scheme, host, port, parsed.raw_path)


def host_key(url: str) -> str | None:
    """Return the name under which the store's `hosts` table knows the host of a URL, or None where the URL cannot be fetched."""
    target = parse_url(url)
    return target.slot if isinstance(target, Target) else None


def public_address(address: str | IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to the public internet. An IPv4-mapped one is judged as its IPv4."""
    try:
        return _why_not_public(ip_address(address) if isinstance(address, str) else address) is None
    except ValueError:
        return False


class Guard:
    """Lets public addresses on ports 80 and 443 through, and what an operator allowed beside them."""

    def __init__(self, allow_networks: Iterable[IPv4Network | IPv6Network] = (), allow_ports: Iterable[int] = ()) -> None:
        self._networks = tuple(allow_networks)
        self._ports = frozenset(allow_ports) | set(DEFAULT_PORTS.values())

    def check_url(self, url: str) -> str | BlockedUrl:
        """Return the normalised URL, its host as punycode, or why it is not fetched."""
        target = self.target(url)
        return target.url if isinstance(target, Target) else target

    def target(self, url: str) -> Target | BlockedUrl:
        """Return the URL's parts where its form, its port and, where the host is a literal address, that address may be dialled."""
        target = parse_url(url)
        if isinstance(target, BlockedUrl):
            return target
        if target.port not in self._ports:
            detail = f"port {target.port} is not one of {', '.join(map(str, sorted(self._ports)))}; NEWSWIRE_ALLOW_PORTS can allow it"
            return BlockedUrl(FetchReason.BLOCKED_PORT, detail)
        if _literal(target.host) is not None:
            return self.check_addresses(target.host, [target.host]) or target
        return target

    def check_addresses(self, host: str, addresses: Iterable[str]) -> BlockedUrl | None:
        """Return why a name that resolves to these addresses is not dialled: any single one that is not allowed refuses the name."""
        for text in addresses:
            try:
                address = ip_address(text)
            except ValueError:
                return BlockedUrl(FetchReason.BLOCKED_ADDRESS, f"{printable(text)[:60]!r} is not an address")
            why = _why_not_public(address)
            if why is None or self._allowed(address):
                continue
            found = text if host == text else f"{printable(host)[:100]} resolves to {text}, which"
            detail = f"{found} is {why} address, not a public one; NEWSWIRE_ALLOW_NETWORKS can allow it"
            return BlockedUrl(FetchReason.BLOCKED_ADDRESS, detail)
        return None

    def _allowed(self, address: IPv4Address | IPv6Address) -> bool:
        if isinstance(address, IPv6Address):
            if address.scope_id is not None:
                return False
            address = address.ipv4_mapped or address
        return any(address.version == network.version and address in network for network in self._networks)


def without_userinfo(url: str) -> str:
    """Return a URL fit for a log or a message: no user name, no password, nothing unprintable, not endless."""
    return printable(_USERINFO.sub(r"\1//", url[:URL_LIMIT]))


def printable(text: str) -> str:
    """Return the text with `?` for each character that a terminal would obey or not show."""
    return text if text.isprintable() else "".join(character if character.isprintable() else "?" for character in text)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except (AddressValueError, ValueError):
        return None


def _why_not_public(address: IPv4Address | IPv6Address) -> str | None:
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return "a zone-bound"
        if address.ipv4_mapped is None:
            public = address in _IPV6_GLOBAL and not any(address in network for network in _IPV6_REFUSED)
            return None if public else "a special-purpose"
        address = address.ipv4_mapped
    return next((words for network, words in _IPV4_REFUSED if address in network), None)
