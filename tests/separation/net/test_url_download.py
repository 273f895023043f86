"""Fetching a file by its address, from a real server on this machine."""

import socket
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from separation.errors import DeadlineExceeded, InvalidUrl, TooLarge, UrlFailed, UrlRefused
from separation.net.url_download import Download, DownloadLimits, downloading
from tests.separation.file_server import FileServer, drip, endless, file, redirect, status

HERE = (ip_network("127.0.0.0/8"),)
SECRET = b"the-password-of-the-router"


@pytest.fixture
def server() -> Iterator[FileServer]:
    server = FileServer()
    yield server
    server.close()


def limits(**changes: Any) -> DownloadLimits:
    return DownloadLimits(**{"max_bytes": 100_000, "total_s": 20.0, "networks": HERE, **changes})


def fetched(url: str, **changes: Any) -> tuple[Download, bytes]:
    with downloading(url, limits(**changes)) as download:
        return download, b"".join(download.blocks)


def test_a_file_arrives_whole_with_its_name_and_size(server: FileServer) -> None:
    body = bytes(range(256)) * 300
    server.answers["/music/Night%20train.wav"] = file(body)
    download, received = fetched(f"{server.url}/music/Night%20train.wav?key=1")
    assert received == body
    assert (download.name, download.size_bytes) == ("Night train.wav", len(body))
    assert server.asked[0]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ('attachment; filename="A song.flac"', "A song.flac"),
        ("attachment; filename*=UTF-8''M%C3%BCller.wav", "Müller.wav"),
        ('attachment; filename="../../etc/pass\u00ffwd"', "pass\u00ffwd"),
        ("attachment; filename*=nonsense''%ff%fe", "\u00ff\u00fe"),
        ("attachment; filename*=undefined''a.wav", "file"),
        ("attachment; filename*=a; filename*0=b", "file"),
        ("attachment", "file"),
        (";;;=\x7f", "file"),
    ],
)
def test_the_name_is_cleaned_whatever_the_server_calls_it(
    server: FileServer, told: str, name: str
) -> None:
    server.answers["/file"] = file(b"x", Content_Disposition=told)
    assert fetched(f"{server.url}/file")[0].name == name


def test_redirects_are_followed_up_to_a_limit(server: FileServer) -> None:
    for hop in range(6):
        server.answers[f"/{hop}"] = redirect(f"{server.url}/{hop + 1}" if hop % 2 else str(hop + 1))
    server.answers["/6"] = file(b"song")
    assert fetched(f"{server.url}/1")[1] == b"song"
    with pytest.raises(UrlFailed):
        fetched(f"{server.url}/0")


def test_a_circle_of_redirects_ends(server: FileServer) -> None:
    server.answers["/round"] = redirect("/round")
    with pytest.raises(UrlFailed):
        fetched(f"{server.url}/round")
    assert len(server.asked) == 6


def spelled(port: int) -> list[str]:
    hosts = [
        *("127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost"),
        *("0.0.0.0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]", "[::1]"),
        *("10.0.0.1", "169.254.169.254", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]"),
    ]
    return [f"http://{host}:{port}/file" for host in hosts]


def test_no_spelling_of_an_address_inside_is_asked_and_all_get_one_sentence(
    server: FileServer,
) -> None:
    server.answers["/file"] = file(SECRET)
    told = set()
    for url in [*spelled(server.port), "http://no-such-name.invalid/file"]:
        with pytest.raises(UrlRefused) as caught:
            fetched(url, networks=())
        told.add(caught.value.detail)
    assert server.asked == []
    assert len(told) == 1


def test_ipv6_is_refused_like_ipv4_and_reached_where_it_is_allowed() -> None:
    server = FileServer("::1")
    try:
        server.answers["/file"] = file(b"song")
        with pytest.raises(UrlRefused):
            fetched(f"{server.url}/file")
        assert server.asked == []
        assert fetched(f"{server.url}/file", networks=(ip_network("::1/128"),))[1] == b"song"
    finally:
        server.close()


@pytest.mark.parametrize("target", ["http://127.0.0.2:{port}/file", "//127.0.0.2:{port}/file"])
def test_a_redirect_out_of_the_allowed_network_is_refused(server: FileServer, target: str) -> None:
    inside = FileServer("127.0.0.2")
    try:
        inside.answers["/file"] = file(SECRET)
        server.answers["/file"] = redirect(target.format(port=inside.port))
        with pytest.raises(UrlRefused):
            fetched(f"{server.url}/file", networks=(ip_network("127.0.0.1/32"),))
        assert len(server.asked) == 1
        assert inside.asked == []
    finally:
        inside.close()


def test_a_name_that_moves_after_the_check_gains_nothing(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is asked for once; the second answer of a rebinding server is never heard."""
    server.answers["/file"] = file(SECRET)
    honest, asked = socket.getaddrinfo, []

    def rebinding(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "rebind.example":
            return honest(host, *args, **kwargs)
        asked.append(host)
        # A reserved address that is no one's on the first look, this machine ever after.
        return honest("127.0.0.9" if len(asked) == 1 else "127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with pytest.raises(UrlRefused):
        fetched(f"http://rebind.example:{server.port}/file", networks=(ip_network("127.0.0.9"),))
    assert asked == ["rebind.example"]
    assert server.asked == []


def test_one_address_inside_spoils_a_name(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/file"] = file(b"song")
    honest = socket.getaddrinfo

    def both(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host != "both.example":
            return honest(host, *args, **kwargs)
        return [*honest("127.0.0.1", *args, **kwargs), *honest("10.0.0.1", *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    url = f"http://both.example:{server.port}/file"
    with pytest.raises(UrlRefused):
        fetched(url)
    assert server.asked == []
    assert fetched(url, networks=(*HERE, ip_network("10.0.0.1/32")))[1] == b"song"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "song.wav",
        "file:///etc/passwd",
        "ftp://127.0.0.1/song.wav",
        "gopher://127.0.0.1:70/x",
        "http://",
        "http://[::zz]/",
        "http://name:password@127.0.0.1/",
        "http://0177.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://a\x00b/",
        "http://127.0.0.1/" + "x" * 2000,
    ],
)
def test_what_is_no_address_of_the_web_is_refused(server: FileServer, url: str) -> None:
    with pytest.raises(InvalidUrl):
        fetched(url)
    server.answers["/file"] = redirect(url if url.isprintable() and url else "http://[")
    if "://" in url:
        # As a redirect some of them are read as a path, or as a name that does not exist.
        with pytest.raises((UrlFailed, UrlRefused)):
            fetched(f"{server.url}/file")


def test_a_body_without_end_is_cut_at_the_limit(server: FileServer) -> None:
    server.answers["/file"] = endless
    with pytest.raises(TooLarge), downloading(f"{server.url}/file", limits()) as download:
        received = 0
        for block in download.blocks:
            received += len(block)
            assert received <= 100_000


def test_a_size_that_is_too_large_is_refused_before_the_body(server: FileServer) -> None:
    server.answers["/file"] = file(b"", Content_Length="100001")
    with pytest.raises(TooLarge) as caught:
        fetched(f"{server.url}/file")
    assert "100001" not in caught.value.detail


@pytest.mark.parametrize("in_headers", [False, True])
def test_a_slow_drip_ends_when_the_time_is_up(server: FileServer, in_headers: bool) -> None:
    server.answers["/file"] = drip(server, in_headers=in_headers)
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded, match="longer than the 1 seconds"):
        fetched(f"{server.url}/file", total_s=1.0)
    # Without the cap it would go on for ever, as each byte comes in time.
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize(
    "answer",
    [
        status(404, SECRET),
        status(500, SECRET),
        status(206, SECRET),
        status(204),
        status(401, SECRET, WWW_Authenticate="Basic realm=router"),
        file(SECRET, Content_Encoding="gzip"),
        file(SECRET, Content_Length="500"),
        status(302, SECRET),
    ],
)
def test_nothing_of_an_answer_is_told(server: FileServer, answer: Any) -> None:
    def broken(request: Any) -> None:
        answer(request)
        request.close_connection = True

    server.answers["/file"] = broken
    with pytest.raises((UrlFailed, UrlRefused)) as caught:
        fetched(f"{server.url}/file")
    for word in (SECRET.decode(), "router", "404", "500", "302", "gzip"):
        assert word not in caught.value.detail


def test_a_proxy_of_the_environment_is_not_used(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers["/file"] = file(b"song")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetched(f"{server.url}/file")[1] == b"song"
