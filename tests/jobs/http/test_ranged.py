"""A file as a response: bytes, headers, and that the file is closed again."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from django.http.response import HttpResponseBase
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from jobs.http.ranged import BLOCK_BYTES, ranged_file_response
from separation.formats import ConcreteFormat

CONTENT = bytes(range(256)) * 1024
DIGEST = "ab" * 32


@pytest.fixture
def file(site_paths: Path) -> Path:
    path = site_paths / "outputs" / "job" / "demucs output" / "vocals.flac"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


def answer(file: Path, method: str = "GET", **headers: str) -> Any:
    request = RequestFactory().generic(method, "/", headers=headers)
    return ranged_file_response(request, file, sha256=DIGEST, filename="Müller.flac")


def body(response: Any) -> bytes:
    content: Iterable[bytes] = response.streaming_content if response.streaming else response
    return b"".join(content)


def test_the_whole_file_is_streamed_in_blocks(file: Path) -> None:
    response = answer(file)
    assert response.status_code == 200
    blocks = list(response.streaming_content)
    assert max(map(len, blocks)) == BLOCK_BYTES
    assert b"".join(blocks) == CONTENT
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.headers["Content-Type"] == "audio/flac"
    assert response.headers["ETag"] == f'"{DIGEST}"'
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in response.headers["Cache-Control"]
    disposition = response.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=utf-8''M%C3%BCller.flac"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-9", 0, 9),
        ("bytes=1000-", 1000, len(CONTENT) - 1),
        ("bytes=-7", len(CONTENT) - 7, len(CONTENT) - 1),
        ("bytes=65530-131080", 65530, 131080),
    ],
)
def test_a_part_is_exactly_the_part(file: Path, header: str, start: int, end: int) -> None:
    response = answer(file, Range=header)
    assert response.status_code == 206
    assert body(response) == CONTENT[start : end + 1]
    assert response.headers["Content-Length"] == str(end - start + 1)
    assert response.headers["Content-Range"] == f"bytes {start}-{end}/{len(CONTENT)}"


def test_several_parts_are_answered_with_the_whole(file: Path) -> None:
    response = answer(file, Range="bytes=0-1,4-5")
    assert response.status_code == 200
    assert body(response) == CONTENT


def test_a_part_behind_the_end_is_refused_with_the_size(file: Path) -> None:
    response = answer(file, Range=f"bytes={len(CONTENT)}-")
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert body(response) == b""


@pytest.mark.parametrize("header", [f'"{DIGEST}"', f'"other", "{DIGEST}"', f'W/"{DIGEST}"', "*"])
def test_who_has_the_file_already_is_told_so(file: Path, header: str) -> None:
    response = answer(file, **{"If-None-Match": header})
    assert response.status_code == 304
    assert body(response) == b""
    assert response.headers["ETag"] == f'"{DIGEST}"'


def test_another_version_is_sent_whole(file: Path) -> None:
    assert answer(file, **{"If-None-Match": '"old"'}).status_code == 200


@pytest.mark.parametrize(
    ("condition", "status"),
    [(f'"{DIGEST}"', 206), ('"old"', 200), ("Wed, 21 Oct 2026 07:28:00 GMT", 200)],
)
def test_a_resumed_download_gets_a_part_only_of_the_same_file(
    file: Path, condition: str, status: int
) -> None:
    response = answer(file, Range="bytes=5-", **{"If-Range": condition})
    assert response.status_code == status
    assert body(response) == (CONTENT[5:] if status == 206 else CONTENT)


@pytest.mark.parametrize("range_header", [None, "bytes=0-9"])
def test_head_has_the_headers_and_no_body(file: Path, range_header: str | None) -> None:
    headers = {"Range": range_header} if range_header else {}
    head, get = answer(file, "HEAD", **headers), answer(file, **headers)
    assert body(head) == b""
    assert head.status_code == get.status_code
    assert head.headers == get.headers


# Closing a response ends the request, which looks at the database's connection.
@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9"}])
def test_the_file_is_closed_in_the_end(
    file: Path, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []
    real_open = Path.open

    def remember(self: Path, *args: Any, **kwargs: Any) -> Any:
        opened.append(real_open(self, *args, **kwargs))
        return opened[-1]

    monkeypatch.setattr(Path, "open", remember)
    response: HttpResponseBase = answer(file, **headers)
    response.close()
    assert [handle.closed for handle in opened] == [True]


def test_a_proxy_in_front_is_told_which_file_to_send(file: Path, settings: Settings) -> None:
    settings.ACCEL_PREFIX = "/files/"
    response = answer(file, Range="bytes=0-9")
    assert response.status_code == 200
    address = "/files/outputs/job/demucs%20output/vocals.flac"
    assert response.headers["X-Accel-Redirect"] == address
    assert response.headers["Content-Type"] == "audio/flac"
    assert "Accept-Ranges" not in response.headers
    assert body(response) == b""


def test_a_file_outside_of_the_data_never_reaches_the_proxy(
    tmp_path_factory: pytest.TempPathFactory, settings: Settings
) -> None:
    settings.ACCEL_PREFIX = "/files"
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "a.wav"
    elsewhere.write_bytes(b"abc")
    response = answer(elsewhere)
    assert "X-Accel-Redirect" not in response.headers
    assert body(response) == b"abc"


@pytest.mark.parametrize(
    ("suffix", "content_type"),
    [
        ("wav", "audio/wav"),
        ("flac", "audio/flac"),
        ("mp3", "audio/mpeg"),
        ("ogg", "audio/ogg"),
        ("m4a", "audio/mp4"),
        ("html", "application/octet-stream"),
    ],
)
def test_only_audio_is_called_audio(site_paths: Path, suffix: str, content_type: str) -> None:
    file = site_paths / f"a.{suffix}"
    file.write_bytes(b"abc")
    assert answer(file).headers["Content-Type"] == content_type


def test_every_output_format_has_a_content_type() -> None:
    from jobs.http.ranged import CONTENT_TYPES
    from separation.formats import extension_for

    formats: tuple[ConcreteFormat, ...] = (
        "wav16",
        "wav24",
        "wav32f",
        "flac16",
        "flac24",
        "mp3",
        "ogg",
        "m4a",
    )
    beside = {".aac", ".jpg", ".mp4"}
    assert {*map(extension_for, formats), *beside} == set(CONTENT_TYPES)
