"""What passes through the gateway arrives as it was sent."""

import json
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.stemsite.gateway.live import PATIENT, LiveGateway, running, wait_until

SMALL = 5_000
LARGE = 1_000_000
"""Less, and more, than the gateway holds."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with running(tmp_path_factory.mktemp("gateway"), PATIENT) as gateway:
        yield gateway


def told(answer: Any) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def noise(count: int) -> bytes:
    return random.Random(count).randbytes(count)


def test_django_sees_who_connected(gateway: LiveGateway) -> None:
    assert told(gateway.ask("GET /told", source="127.0.0.9"))["REMOTE_ADDR"] == "127.0.0.9"


def test_nobody_can_say_that_they_are_somebody_else(gateway: LiveGateway) -> None:
    seen = told(
        gateway.ask(
            "GET /told",
            "X-Gateway-Client: 1.2.3.4",
            "X_Gateway_Client: 1.2.3.4",
            "SCRIPT_NAME: /told",
            "REMOTE_ADDR: 1.2.3.4",
            "X-Forwarded-Proto: https",
            "X-Forwarded-For: 1.2.3.4",
        )
    )
    assert seen["REMOTE_ADDR"] == "127.0.0.1"
    assert (seen["SCRIPT_NAME"], seen["wsgi.url_scheme"]) == ("", "http")
    # Whether these count is for Django's settings to say, as it was without a gateway.
    assert seen["HTTP_X_FORWARDED_PROTO"] == "https"
    assert seen["HTTP_X_FORWARDED_FOR"] == "1.2.3.4"
    assert "1.2.3.4" not in {
        value for name, value in seen.items() if name != "HTTP_X_FORWARDED_FOR"
    }


def test_headers_of_one_connection_do_not_pass(gateway: LiveGateway) -> None:
    seen = told(gateway.ask("GET /told", "Connection: X-One", "X-One: 1", "TE: gzip", "X-Two: 2"))
    assert seen["HTTP_X_TWO"] == "2"
    assert not {"HTTP_X_ONE", "HTTP_TE"} & set(seen)


@pytest.mark.parametrize("size", [0, 1, SMALL, LARGE])
def test_a_body_arrives_with_its_length(gateway: LiveGateway, size: int) -> None:
    body = noise(size)
    answer = gateway.ask("PUT /kept", f"Content-Length: {size}", body=body)
    assert answer.body == b"kept"
    assert (gateway.folder / "kept").read_bytes() == body


@pytest.mark.parametrize("size", [1, SMALL, LARGE])
def test_a_body_in_chunks_arrives_without_a_length(gateway: LiveGateway, size: int) -> None:
    body = noise(size)
    chunks = [body[start : start + 7000] for start in range(0, size, 7000)]
    sent = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in [*chunks, b""])
    assert gateway.ask("PUT /kept", "Transfer-Encoding: chunked", body=sent).body == b"kept"
    assert (gateway.folder / "kept").read_bytes() == body
    seen = told(gateway.ask("POST /told", "Transfer-Encoding: chunked", body=sent))
    assert (seen["length"], seen["CONTENT_LENGTH"]) == (size, None)


def test_a_large_body_reaches_django_while_it_is_sent(gateway: LiveGateway) -> None:
    wire = gateway.connect()
    wire.head("PUT /kept", f"Content-Length: {LARGE}")
    wire.send(noise(LARGE // 2))
    # But for the block that is not full yet.
    wait_until(lambda: (gateway.folder / "kept").stat().st_size > LARGE // 2 - 65536)
    wire.close()


def holds(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size == size


def test_of_an_upload_that_breaks_all_that_came_reaches_django(gateway: LiveGateway) -> None:
    for method, sent, of in [("PATCH", LARGE // 3, LARGE), ("PUT", 777, LARGE), ("PUT", 77, 100)]:
        wire = gateway.connect()
        wire.head(f"{method} /kept?{sent}", f"Content-Length: {of}")
        wire.send(noise(sent))
        wire.close()
        kept = gateway.folder / f"kept{sent}"
        wait_until(partial(holds, kept, sent))


def test_who_waits_for_leave_to_send_gets_it(gateway: LiveGateway) -> None:
    wire = gateway.connect()
    wire.head("PUT /kept", "Expect: 100-continue", f"Content-Length: {SMALL}")
    assert wire.answer().status == 100
    wire.send(noise(SMALL))
    assert wire.answer().body == b"kept"
    wire.close()


def test_a_refusal_arrives_though_the_body_is_still_being_sent(gateway: LiveGateway) -> None:
    wire = gateway.connect()
    wire.head("PUT /unread", f"Content-Length: {100 * LARGE}")
    wire.send(noise(LARGE))
    answer = wire.answer()
    assert (answer.status, answer.body) == (401, b"no")
    assert answer.headers["connection"] == "close"
    wire.close()


def test_several_requests_share_a_connection(gateway: LiveGateway) -> None:
    wire = gateway.connect()
    for size in (0, SMALL, LARGE):
        wire.head("POST /told", f"Content-Length: {size}")
        wire.send(noise(size))
        assert told(wire.answer())["length"] == size
    wire.send(b"GET /told HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    assert [told(wire.answer())["HTTP_HOST"] for _ in range(3)] == ["a"] * 3
    wire.close()


def test_an_old_client_gets_an_answer_that_it_understands(gateway: LiveGateway) -> None:
    wire = gateway.connect()
    wire.send(b"GET /stream?100000 HTTP/1.0\r\n\r\n")
    head = wire.answer(has_body=False)
    assert head.status == 200 and "transfer-encoding" not in head.headers
    assert wire.ends_within(20)


def test_a_head_request_gets_no_body(gateway: LiveGateway) -> None:
    (gateway.folder / "file").write_bytes(noise(SMALL))
    wire = gateway.connect()
    wire.head("HEAD /file")
    assert wire.answer(has_body=False).headers["content-length"] == str(SMALL)
    wire.head("GET /told")
    assert told(wire.answer())["REQUEST_METHOD"] == "GET"
    wire.close()


@pytest.mark.parametrize("size", [0, 1, SMALL, LARGE])
def test_a_file_arrives_whole_and_django_does_not_send_it(gateway: LiveGateway, size: int) -> None:
    (gateway.folder / "file").write_bytes(noise(size))
    answer = gateway.ask("GET /file")
    assert answer.body == noise(size)
    assert answer.headers["content-type"] == "audio/wav"
    assert not [name for name in answer.headers if name.startswith("x-gateway")]


def test_a_file_without_a_name_arrives_from_django(gateway: LiveGateway) -> None:
    (gateway.folder / "file").write_bytes(noise(LARGE))
    assert gateway.ask("GET /file?removed").body == noise(LARGE)


@pytest.mark.parametrize("size", [0, SMALL, LARGE, 30 * LARGE])
def test_an_answer_made_while_it_is_sent_arrives_whole(gateway: LiveGateway, size: int) -> None:
    assert len(gateway.ask(f"GET /stream?{size}").body) == size


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + 20_000 * b"a" + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: a\r\n" + 2_000 * b"A: aaaaaa\r\n" + b"\r\n", 431),
        (b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxx\r\n", 400),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
    ],
)
def test_what_is_no_request_is_refused(gateway: LiveGateway, sent: bytes, status: int) -> None:
    wire = gateway.connect()
    wire.send(sent)
    assert wire.answer().status == status
    assert wire.ends_within(10)


def test_a_killed_gunicorn_is_told_and_its_successor_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, PATIENT) as gateway, ThreadPoolExecutor() as threads:
        cut = threads.submit(gateway.ask, "GET /api/slow?60")
        time.sleep(0.5)
        gateway.kill_gunicorn()
        assert cut.result().status == 502
        assert json.loads(cut.result().body)["code"] == "bad_gateway"
        waits = threads.submit(gateway.ask, "GET /told")
        gateway.start_gunicorn()
        assert waits.result().status == 200


def test_told_to_stop_it_ends_what_runs_and_takes_nothing_new(tmp_path: Path) -> None:
    with running(tmp_path, PATIENT) as gateway, ThreadPoolExecutor() as threads:
        idle = gateway.connect()
        runs = threads.submit(gateway.ask, "GET /slow?2")
        time.sleep(0.7)
        gateway.tell_to_stop()
        assert idle.ends_within(5)
        assert runs.result().body == b"done"
        assert gateway.ended_with() == 0
        assert gateway.ask("GET /told").status == 0
