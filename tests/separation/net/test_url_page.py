"""Songs of pages, found by the real yt-dlp on a real server of this machine."""

import sys
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from separation.errors import DeadlineExceeded, TooLarge, UrlFailed, UrlIsPage, UrlRefused
from separation.net import url_page
from separation.net.url_download import DownloadLimits, fetching
from tests.separation.file_server import Answer, FileServer, drip, file, redirect

pytest.importorskip("yt_dlp")

HERE = (ip_network("127.0.0.1/32"),)
SONG = b"RIFF\0\0\0\0WAVE" + bytes(range(256)) * 20


@pytest.fixture
def server() -> Iterator[FileServer]:
    server = FileServer()
    yield server
    server.close()


@pytest.fixture
def inside() -> Iterator[FileServer]:
    """A machine that must not be asked."""
    server = FileServer("127.0.0.2")
    yield server
    server.close()


def page(*tags: str, title: str = "Night train") -> Answer:
    head = f"<!doctype html><html><head><title>{title}</title></head>"
    text = f"{head}<body>{''.join(tags)}</body></html>"
    return file(text.encode(), Content_Type="text/html; charset=utf-8")


def fetched(url: str, **changes: Any) -> tuple[str, bytes]:
    limits = {"max_bytes": 1_000_000, "total_s": 60.0, "networks": HERE, **changes}
    with fetching(url, DownloadLimits(**limits)) as download:
        return download.name, b"".join(download.blocks)


@pytest.mark.parametrize(
    "tag",
    [
        '<audio src="/song.mp3"></audio>',
        '<video><source src="/song.mp3" type="audio/mpeg"></video>',
    ],
)
def test_the_song_of_a_page_arrives_under_the_name_of_the_page(
    server: FileServer, tag: str
) -> None:
    server.answers["/page"] = page(tag)
    server.answers["/song.mp3"] = file(SONG, Content_Type="audio/mpeg")

    name, content = fetched(f"{server.url}/page")

    assert content == SONG
    assert name == "Night train.mp3"


def test_what_a_page_leads_to_is_asked_only_where_any_address_may_be(
    server: FileServer, inside: FileServer
) -> None:
    inside.answers["/song.mp3"] = inside.answers["/next"] = file(SONG, Content_Type="audio/mpeg")
    server.answers["/plain"] = page(f'<audio src="{inside.url}/song.mp3"></audio>')
    server.answers["/redirect"] = redirect(f"{inside.url}/song.mp3")
    server.answers["/redirecting"] = page('<audio src="/redirect"></audio>')
    server.answers["/moved"] = page(
        f'<meta http-equiv="refresh" content="0; url={inside.url}/next">'
    )

    for path in ("plain", "redirecting", "moved"):
        with pytest.raises((UrlFailed, UrlRefused)):
            fetched(f"{server.url}/{path}")

    assert inside.asked == []


@pytest.mark.parametrize("tags", [[], ['<audio src="file:///etc/passwd"></audio>']])
def test_a_page_without_a_song_is_refused_without_a_word_of_it(
    server: FileServer, tags: list[str]
) -> None:
    server.answers["/page"] = page(*tags, title="the-password-of-the-router")

    with pytest.raises(UrlFailed, match="No single song") as caught:
        fetched(f"{server.url}/page")

    assert "router" not in caught.value.detail


def test_of_several_songs_none_is_chosen(server: FileServer) -> None:
    for name in ("a", "b"):
        server.answers[f"/{name}.mp3"] = file(SONG, Content_Type="audio/mpeg")
    server.answers["/page"] = page('<audio src="/a.mp3"></audio>', '<audio src="/b.mp3"></audio>')

    with pytest.raises(UrlFailed, match="No single song"):
        fetched(f"{server.url}/page")


def test_size_and_time_are_those_of_any_import(server: FileServer) -> None:
    server.answers["/page"] = page('<audio src="/song.mp3"></audio>')
    server.answers["/song.mp3"] = file(SONG, Content_Type="audio/mpeg")
    with pytest.raises(TooLarge):
        fetched(f"{server.url}/page", max_bytes=1000)

    began = time.monotonic()
    server.answers["/song.mp3"] = drip(server)
    with pytest.raises((DeadlineExceeded, UrlFailed)):
        fetched(f"{server.url}/page", total_s=6.0)
    assert time.monotonic() - began < 12.0


def test_a_page_that_is_never_done_is_given_up(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url_page, "_BOOT", "import time; time.sleep(60)")
    server.answers["/page"] = page()
    began = time.monotonic()

    with pytest.raises(DeadlineExceeded, match="page"):
        fetched(f"{server.url}/page", total_s=1.0)

    assert time.monotonic() - began < 5.0


def test_where_yt_dlp_is_not_installed_the_refusal_says_so(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url_page, "can_read_pages", lambda: False)
    server.answers["/page"] = page('<audio src="/song.mp3"></audio>')

    with pytest.raises(UrlIsPage, match="yt-dlp is installed, and here it is not"):
        fetched(f"{server.url}/page")

    assert len(server.asked) == 1


def test_a_file_that_is_called_a_page_and_is_none_arrives_as_it_is(server: FileServer) -> None:
    server.answers["/song"] = file(SONG, Content_Type="text/html")

    assert fetched(f"{server.url}/song") == ("song", SONG)


def test_every_request_of_a_page_counts(
    server: FileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(url_page, "MAX_REQUESTS", 1)
    server.answers["/page"] = page('<audio src="/song.mp3"></audio>')

    with pytest.raises(UrlFailed):
        fetched(f"{server.url}/page")


TRIED = """
import os, socket
import separation.net.url_page_child as child
def denied(attempt):
    try:
        attempt()
    except OSError:
        return True
    return False
def found(url):
    tried = (socket.socket, os.fork, lambda: open("/etc/passwd"))
    walls = " ".join(str(denied(attempt)) for attempt in tried)
    return {"url": url, "headers": {"Cookie": "a", "Referer": "b"}, "title": walls, "ending": "x"}
child._found = found
child.main(sys.argv[2])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the filter of system calls is Linux's")
def test_what_reads_the_page_reaches_no_network_no_programs_and_no_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    start = url_page._BOOT.rpartition("from separation.net.url_page_child")[0]
    monkeypatch.setattr(url_page, "_BOOT", start.rstrip("; ") + TRIED)

    song = url_page.song_of_page("http://127.0.0.1/", deadline=time.monotonic() + 30)

    assert song.name == "True True True.x"
    assert song.headers == {"Referer": "b"}
