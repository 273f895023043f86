"""What is typed in as an address, what a server says of its file, and where addresses lie."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from operator import add

from hypothesis import given
from hypothesis import strategies as st

from separation.audio.names import MAX_NAME_BYTES, clean_name
from separation.errors import InvalidUrl
from separation.net.addresses import Address, is_allowed, is_public
from separation.net.url_address import MAX_URL_CHARACTERS, checked_url
from separation.net.url_download import disposition_name

INSIDE: list[IPv4Network | IPv6Network] = [
    *map(IPv4Network, ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8")),
    *map(IPv4Network, ("169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/4")),
    *map(IPv4Network, ("192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "168.63.129.16/32")),
    *map(IPv6Network, ("::/96", "fc00::/7", "fe80::/10", "ff00::/8", "2001:db8::/32", "2001::/32")),
]
URL_PIECES = [
    *("http:", "https:", "HTTP:", "file:", "ftp:", "javascript:", "data:", "//", "/", "\\", "///"),
    *(
        "localhost",
        "127.0.0.1",
        "example.org",
        "[::1]",
        "[",
        "]",
        "0x7f.1",
        "münchen.de",
        "xn--",
        ".",
    ),
    *("user", "user:secret", "@", ":", ":80", ":0", ":65536", ":99999999999", "?", "#", "%", "%zz"),
    *("\x00", "\t", "\r\n", " ", "\u3002", "\u200b", "\ud800", "é", "a" * 64, "a" * 3000),
]
DISPOSITION_PIECES = [
    *("attachment", "inline", ";", "; ", "filename=", "filename*=", "filename*0*=", "filename*1="),
    *('"', "\\", "'", "''", "UTF-8''", "utf-16''", "undefined''", "idna''", "punycode''", "hex''"),
    *(
        "a.wav",
        "../../etc/passwd",
        "%2e%2e%2f",
        "%ff%fe",
        "%",
        "=?utf-8?b?YQ==?=",
        "\x00",
        "\r\n x",
    ),
    *("\ud800", "\udcff", "é", "\u202e", ",", "(", "<", "99999999999999999999", "x" * 500),
]


def text_of(pieces: list[str], *starts: str) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(st.sampled_from(pieces), max_size=8).map("".join),
        st.builds(add, st.sampled_from(starts), st.lists(st.sampled_from(pieces)).map("".join)),
        st.text(st.characters(), max_size=60),
    )


def _in(network: IPv4Network | IPv6Network) -> st.SearchStrategy[Address]:
    first, last = int(network.network_address), int(network.broadcast_address)
    return st.integers(first, last).map(type(network.network_address))


v4 = st.one_of(
    st.ip_addresses(v=4), *(_in(net) for net in INSIDE if isinstance(net, IPv4Network))
).map(lambda address: IPv4Address(int(address)))


@given(text_of(URL_PIECES, "http://", "https://example.org"))
def test_an_address_is_refused_or_is_one_of_http_with_a_host_and_nobody_s_name(text: str) -> None:
    try:
        url = checked_url(text)
    except InvalidUrl as refusal:
        assert refusal.detail.isprintable()
        return
    assert url.scheme in ("http", "https")
    assert url.host and not url.userinfo
    assert len(text) <= MAX_URL_CHARACTERS
    # What is asked is what was looked at: no second reading of it means another host.
    assert checked_url(str(url)).host.lower() == url.host.lower()


@given(text_of(DISPOSITION_PIECES, "a; filename=", "a; filename*="))
def test_whatever_a_server_calls_its_file_the_name_is_clean(disposition: str) -> None:
    name = disposition_name(disposition)

    assert not name or clean_name(name) == name
    assert len(name.encode()) <= MAX_NAME_BYTES


@given(st.one_of(*map(_in, INSIDE)))
def test_no_address_inside_is_public_however_it_is_written(address: Address) -> None:
    assert not is_public(address)
    if isinstance(address, IPv4Address):
        assert not any(map(is_public, _spelled(address)))


@given(v4)
def test_an_address_in_another_s_clothes_is_judged_as_itself(address: IPv4Address) -> None:
    mapped, nat64, six_to_four = _spelled(address)

    assert is_public(mapped) == is_public(nat64) == is_public(address)
    assert is_public(address) or not is_public(six_to_four)


@given(v4, st.integers(8, 32))
def test_a_network_that_is_named_may_be_asked_and_no_other(address: IPv4Address, bits: int) -> None:
    allowed = IPv4Network((address, bits), strict=False)
    other = IPv4Address(int(address) ^ 1 << 32 - bits)

    assert is_allowed(address, [allowed])
    assert all(is_allowed(spelled, [allowed]) for spelled in _spelled(address)[:2])
    assert is_allowed(other, [allowed]) == is_public(other)


def _spelled(address: IPv4Address) -> tuple[IPv6Address, IPv6Address, IPv6Address]:
    """Mapped (RFC 4291), through NAT64 (RFC 6052) and 6to4 (RFC 3056)."""
    number = int(address)
    return (
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64FF9B << 96 | number),
        IPv6Address(0x2002 << 112 | number << 80),
    )
