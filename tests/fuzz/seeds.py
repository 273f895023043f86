"""Where the fuzzer begins: for each target, inputs that reach its inner parts."""

import json
from typing import get_args

from separation.audio.decoding.sniff import Container
from tests.fuzz.targets import WORDS
from tests.jobs.uploads.sender import checksum, encoded
from tests.separation.audio.pictures import picture
from tests.zoo.flac import flac_bomb
from tests.zoo.formats import FORMATS
from tests.zoo.opus import opus_bomb
from tests.zoo.seeds import small_files

_WORDS = {
    "name": ["../../Müller\u202e.wav", "CON.mp3", "e\u200b\u0301.wav"],
    "line": ["a\r\nb\x00\u200d  d", "e\u0301"],
    "address": ["https://example.org:8080/a.wav?k=1#f", "http://user:secret@[::1]/", "http://0x7f.1/"],
    "disposition": ['a; filename="b.wav"', "a; filename*=UTF-8''%C3%A9.wav", "a; filename*0*=x"],
    "range": ["bytes=0-99", "bytes=-5", "bytes=10-"],
    "content-range": ["bytes 0-99/1000", "bytes 5-4/1000"],
    "metadata": [f"filename {encoded('a.wav')},options {encoded('{}')}", "is_final"],
    "checksum": [checksum(name, b"x") for name in ("sha256", "sha1", "md5")],
    "message": [json.dumps({"fraction": 0.5, "peak_bytes": 9}), '{"done": {"codec": "flac"}}'],
}  # fmt: skip


def seeds(target: str) -> list[bytes]:
    return {"headers": _headers, "intake": _intake, "covers": _covers, "words": _words}[target]()


def _intake() -> list[bytes]:
    return [*small_files().values(), flac_bomb(20), opus_bomb(2)]


def _headers() -> list[bytes]:
    """Each with the number of its container before it."""
    numbers = {container: number for number, container in enumerate(get_args(Container))}
    containers = {format_.name: format_.container for format_ in FORMATS}
    return [bytes([numbers[containers[name]]]) + data for name, data in small_files().items()]


def _covers() -> list[bytes]:
    return [picture("mjpeg"), picture("png"), b"GIF89a"]


def _words() -> list[bytes]:
    return [
        bytes([number]) + text.encode()
        for number, name in enumerate(WORDS)
        for text in _WORDS[name]
    ]
