from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswire.guard import BlockedUrl, Guard, Target, host_key, parse_url, public_address, without_userinfo
from newswire.outcomes import FetchReason

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.216.34",
    "192.0.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "223.255.255.255",
    "2606:4700::1111",
    "2a00::1",
]
PUBLIC += ["::ffff:8.8.8.8"]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.255",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "100:0:0:1::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "fe80::1%eth0",
    "2606:4700::1111%eth0",
    "localhost",
    "2130706433",
    "0x7f000001",
    "127.1",
    "0177.0.0.1",
    "1.2.3",
    "256.1.1.1",
]

SPECIAL: list[IPv4Network | IPv6Network] = [
    *map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24")),
    *map(IPv4Network, ("192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3")),
    *map(IPv6Network, ("::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "4000::/2", "8000::/1")),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_passes(address: str) -> None:
    assert public_address(address)
    assert Guard().check_addresses("a.example", [address]) is None


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_form_of_an_inner_address_passes(address: str) -> None:
    assert not public_address(address)
    blocked = Guard().check_addresses("a.example", [address])
    assert blocked is not None
    assert blocked.reason is FetchReason.BLOCKED_ADDRESS


@given(
    st.sampled_from(SPECIAL).flatmap(
        lambda network: st.integers(int(network.network_address), int(network.broadcast_address)).map(lambda number: (network, number))
    )
)
def test_any_address_of_a_special_range_is_refused(drawn: tuple[IPv4Network | IPv6Network, int]) -> None:
    network, number = drawn
    if network.version == 4:
        assert not public_address(IPv4Address(number))
        assert not public_address(IPv6Address((0xFFFF << 32) | number))
    else:
        address = IPv6Address(number)
        mapped = address.ipv4_mapped
        assert public_address(address) == (mapped is not None and public_address(mapped))


@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_what_python_does_not_call_global_is_not_public(address: IPv4Address) -> None:
    assert not public_address(address) or address.is_global


def test_one_bad_answer_refuses_the_name() -> None:
    blocked = Guard().check_addresses("mixed.example", ["8.8.8.8", "10.0.0.7"])
    assert blocked is not None
    assert (
        blocked.detail
        == "mixed.example resolves to 10.0.0.7, which is a private address, not a public one; NEWSWIRE_ALLOW_NETWORKS can allow it"
    )


def test_an_operator_opens_networks_and_ports() -> None:
    guard = Guard([ip_network("10.1.0.0/16"), ip_network("fd00::/8")], [8080])
    assert guard.check_addresses("intranet", ["10.1.2.3", "fd00::1", "::ffff:10.1.2.3"]) is None
    assert guard.check_addresses("intranet", ["10.2.0.1"]) is not None
    assert guard.check_addresses("intranet", ["fd00::1%eth0"]) is not None
    assert guard.check_url("http://10.1.2.3:8080/feed") == "http://10.1.2.3:8080/feed"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", FetchReason.BAD_URL),
        ("feed", FetchReason.BAD_URL),
        ("//host/feed", FetchReason.BAD_URL),
        ("file:///etc/passwd", FetchReason.BAD_URL),
        ("gopher://host/", FetchReason.BAD_URL),
        ("javascript:alert(1)", FetchReason.BAD_URL),
        ("https:ok", FetchReason.BAD_URL),
        ("http://", FetchReason.BAD_URL),
        ("http:///feed", FetchReason.BAD_URL),
        ("http://good.example@127.0.0.1/", FetchReason.BAD_URL),
        ("http://user:secret@host.example/", FetchReason.BAD_URL),
        ("http://a\u200bb.example/", FetchReason.BAD_URL),
        ("http://a.example/\n", FetchReason.BAD_URL),
        ("http://a\tb.example/", FetchReason.BAD_URL),
        ("http://127.0.0.1%00.example/", FetchReason.BAD_URL),
        ("http://a b.example/", FetchReason.BAD_URL),
        ("http://a.example:port/", FetchReason.BAD_URL),
        ("http://[::1/", FetchReason.BAD_URL),
        ("http://0177.0.0.1/", FetchReason.BAD_URL),
        ("http://①②⑦.⓪.⓪.①/", FetchReason.BAD_URL),
        ("http://a.example/" + "x" * 2048, FetchReason.BAD_URL),
        ("http://\ud800.example/", FetchReason.BAD_URL),
        ("http://a.example:22/", FetchReason.BLOCKED_PORT),
        ("http://a.example:-1/", FetchReason.BLOCKED_PORT),
        ("http://a.example:99999/", FetchReason.BLOCKED_PORT),
        ("http://a.example:0/", FetchReason.BLOCKED_PORT),
        ("http://127.0.0.1/", FetchReason.BLOCKED_ADDRESS),
        ("http://127.0.0.1./", FetchReason.BLOCKED_ADDRESS),
        ("http://127。0。0。1/", FetchReason.BLOCKED_ADDRESS),
        ("http://[::1]/", FetchReason.BLOCKED_ADDRESS),
        ("http://[::ffff:7f00:1]/", FetchReason.BLOCKED_ADDRESS),
        ("http://[64:ff9b::7f00:1]/", FetchReason.BLOCKED_ADDRESS),
        ("http://[fe80::1%25eth0]/", FetchReason.BLOCKED_ADDRESS),
        ("http://169.254.169.254/latest/meta-data/", FetchReason.BLOCKED_ADDRESS),
    ],
)
def test_a_url_that_is_not_fetched_says_why(url: str, reason: FetchReason) -> None:
    blocked = Guard().check_url(url)
    assert isinstance(blocked, BlockedUrl), blocked
    assert blocked.reason is reason
    assert blocked.detail.isprintable()
    assert "secret" not in blocked.detail


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0", "017700000001"])
def test_a_number_that_the_resolver_reads_as_an_address_is_a_name_until_it_is_resolved(host: str) -> None:
    # What they resolve to is refused where they are dialled: test_http has that half.
    checked = Guard().check_url(f"http://{host}/")
    assert isinstance(checked, str) or checked.reason is FetchReason.BAD_URL


@pytest.mark.parametrize(
    ("url", "normalised", "slot"),
    [
        ("http://Example.COM", "http://example.com/", "example.com"),
        ("https://example.com:443/a?b=c#d", "https://example.com/a?b=c", "example.com"),
        ("http://example.com./x", "http://example.com/x", "example.com"),
        ("https://аpple.com/", "https://xn--pple-43d.com/", "xn--pple-43d.com"),
        ("http://example.com/دنیا", "http://example.com/%D8%AF%D9%86%DB%8C%D8%A7", "example.com"),
        ("http://[2606:4700::1111]/", "http://[2606:4700::1111]/", "[2606:4700::1111]"),
    ],
)
def test_a_url_is_normalised_with_its_host_as_punycode(url: str, normalised: str, slot: str) -> None:
    assert Guard().check_url(url) == normalised
    assert host_key(url) == slot


def test_a_host_is_known_with_its_port_where_that_is_not_the_schemes_own() -> None:
    assert host_key("http://a.example:8080/x") == "a.example:8080"
    assert host_key("https://a.example:80/x") == "a.example:80"
    assert host_key("http://[::1]:8080/x") == "[::1]:8080"
    assert host_key("mailto:somebody@a.example") is None


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://", "http://a.example/", "//", "http://[", "http://a.example:"]))
def test_no_text_makes_the_guard_raise_and_what_passes_is_stable(text: str, prefix: str) -> None:
    target = parse_url(prefix + text)
    if isinstance(target, Target):
        assert target.url.isascii()
        assert target.url.isprintable()
        assert parse_url(target.url) == target or len(target.url) > 2048


def test_no_password_reaches_a_message() -> None:
    assert without_userinfo("http://user:secret@host/a@b") == "http://host/a@b"
    assert without_userinfo("//user:secret@host/") == "//host/"
    assert without_userinfo("http://host/\x1b[31m") == "http://host/?[31m"
