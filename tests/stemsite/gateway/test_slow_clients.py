"""Clients that hold a connection and give nothing for it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.stemsite.gateway.live import LIMITS, PATIENT, LiveGateway, Wire, running, wait_until

LARGE = 8_000_000
"""More than the gateway holds and the kernel's buffers take."""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """It ends what is slow after a second."""
    with running(tmp_path_factory.mktemp("strict"), LIMITS) as gateway:
        (gateway.folder / "file").write_bytes(b"x" * LARGE)
        yield gateway


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    """It ends what is slow only where others need the place."""
    with running(tmp_path_factory.mktemp("patient"), PATIENT) as gateway:
        (gateway.folder / "file").write_bytes(b"x" * LARGE)
        yield gateway


def test_a_head_must_come_in_time(strict: LiveGateway) -> None:
    wire = strict.connect()
    wire.send(b"GET /told HTTP/1.1\r\nHost:")
    assert wire.answer().status == 408
    assert wire.ends_within(10)


def test_a_head_that_trickles_wins_no_time(strict: LiveGateway) -> None:
    wire = strict.connect()
    began = time.monotonic()
    wire.send(b"GET /told HTTP/1.1\r\n")
    with pytest.raises(OSError):
        while time.monotonic() - began < 20:
            wire.send(b"A: b\r\n")
            time.sleep(0.1)
    assert time.monotonic() - began < 15


def test_an_idle_connection_is_closed_without_a_word(strict: LiveGateway) -> None:
    silent, idle = strict.connect(), strict.connect()
    idle.head("GET /told")
    assert idle.answer().status == 200
    assert idle.socket.recv(100) == b""
    assert silent.socket.recv(100) == b""


def test_a_small_body_must_keep_pace_and_no_thread_waits_for_it(strict: LiveGateway) -> None:
    slow = [strict.connect() for _ in range(20)]
    for wire in slow:
        wire.head("POST /api/told", "Content-Length: 100")
        wire.send(b"a")
    assert strict.ask("GET /told").status == 200
    for wire in slow:
        answer = wire.answer()
        assert answer.status == 408
        assert b"too slowly" in answer.body


def test_a_large_body_must_keep_pace(strict: LiveGateway) -> None:
    wire = strict.connect()
    wire.head("PUT /kept", f"Content-Length: {LARGE}")
    wire.send(b"a" * 100_000)
    # Django is told that no more will come, and its answer arrives.
    assert wire.answer().status == 200
    assert wire.ends_within(10)


@pytest.mark.parametrize("path", ["/file", f"/stream?{LARGE}"])
def test_an_answer_must_be_taken(strict: LiveGateway, path: str) -> None:
    wire = strict.connect(receive_bytes=4096)
    wire.head(f"GET {path}")
    wait_until(wire.is_cut)
    with pytest.raises(OSError):
        wire.answer()


def hold(gateway: LiveGateway, count: int, first: str, *, source: str = "127.0.0.1") -> list[Wire]:
    """So many clients that ask and do not read."""
    held = [gateway.connect(source, receive_bytes=4096) for _ in range(count)]
    for wire in held:
        wire.head(first)
    return held


def test_files_that_nobody_takes_hold_no_thread(patient: LiveGateway) -> None:
    held = hold(patient, 40, "GET /file")
    began = time.monotonic()
    assert [patient.ask("GET /told").status for _ in range(5)] == [200] * 5
    assert time.monotonic() - began < 10
    for wire in held:
        assert wire.answer(has_body=False).status == 200  # none of them gave way
        wire.close()


@pytest.mark.parametrize("who", ["the same", "another"])
def test_streams_that_nobody_takes_give_way(patient: LiveGateway, who: str) -> None:
    held = hold(patient, 12, f"GET /stream?{LARGE}", source="127.0.0.2")
    source = "127.0.0.2" if who == "the same" else "127.0.0.3"
    time.sleep(1.0)
    statuses = [patient.ask("GET /told", source=source).status for _ in range(3)]
    assert statuses == [200] * 3
    for wire in held:
        wire.close()


def test_bodies_that_stop_give_way(patient: LiveGateway) -> None:
    held = [patient.connect(f"127.0.2.{n + 1}") for n in range(12)]
    for n, wire in enumerate(held):
        wire.head(f"PUT /kept?{n}", f"Content-Length: {LARGE}")
        wire.send(b"a" * 100_000)
    assert patient.ask("GET /told").status == 200
    # A thread is left for others at once, and one for uploads as soon as a slow one gave way.
    body = b"b" * 1_000_000
    answer = patient.ask("PUT /kept?", "Content-Length: 1000000", body=body, source="127.0.0.3")
    assert answer.body == b"kept"
    for wire in held:
        wire.close()


def test_one_address_leaves_threads_to_others(patient: LiveGateway) -> None:
    busy = [patient.connect("127.0.0.5") for _ in range(8)]
    for wire in busy:
        wire.head("GET /slow?5")
    time.sleep(0.5)
    began = time.monotonic()
    assert patient.ask("GET /told", source="127.0.0.6").status == 200
    assert time.monotonic() - began < 4
    for wire in busy:
        wire.close()


def test_of_one_address_the_oldest_connection_gives_way(tmp_path: Path) -> None:
    limits = replace(PATIENT, address_connections=5)
    with running(tmp_path, limits) as gateway:
        held = []
        for _ in range(5):
            held.append(gateway.connect("127.0.0.7"))
            held[-1].send(b"GET /told")
            time.sleep(0.1)  # or the gateway could not tell which is the oldest
        other = gateway.connect("127.0.0.8")
        time.sleep(0.3)
        for _ in range(3):
            assert gateway.ask("GET /told", source="127.0.0.7").status == 200
        assert held[0].answer().status == 408
        other.head("GET /told")
        assert other.answer().status == 200


def test_where_all_are_busy_no_more_connect(tmp_path: Path) -> None:
    limits = replace(PATIENT, address_connections=2)
    with running(tmp_path, limits) as gateway:
        busy = [gateway.connect() for _ in range(2)]
        for wire in busy:
            wire.head("GET /slow?2")
        time.sleep(0.5)
        refused = gateway.connect().answer()
        assert (refused.status, refused.headers["retry-after"]) == (503, "5")
        assert b"Too many connections" in refused.body
        assert [wire.answer().body for wire in busy] == [b"done"] * 2
        assert "a connection was refused: 127.0.0.1" in gateway.log.read_text()


def test_of_all_connections_the_oldest_gives_way(tmp_path: Path) -> None:
    limits = replace(PATIENT, connections=10)
    with running(tmp_path, limits) as gateway:
        held = [gateway.connect(f"127.0.3.{n + 1}") for n in range(30)]
        assert gateway.ask("GET /told").status == 200
        assert held[0].ends_within(10)


def test_a_request_that_finds_no_thread_in_time_is_told_so(tmp_path: Path) -> None:
    limits = replace(PATIENT, threads=1, address_threads=1, queue_s=0.5)
    with running(tmp_path, limits) as gateway:
        busy = gateway.connect()
        busy.head("GET /slow?2")
        time.sleep(0.5)
        answer = gateway.ask("GET /told")
        assert (answer.status, answer.headers["retry-after"]) == (503, "5")
        assert busy.answer().body == b"done"


def test_behind_a_proxy_shares_are_those_of_whom_it_names(tmp_path: Path) -> None:
    limits = replace(PATIENT, proxies=("127.0.0.0/8",), address_connections=2, address_threads=1)
    with running(tmp_path, limits) as gateway:
        busy = [gateway.connect() for _ in range(3)]
        for wire in busy:
            wire.head("GET /slow?5", "X-Forwarded-For: 9.9.9.9, 1.2.3.4")
        time.sleep(0.5)
        began = time.monotonic()
        assert gateway.ask("GET /told", "X-Forwarded-For: 1.2.3.4, 5.6.7.8").status == 200
        assert time.monotonic() - began < 4


def test_who_is_no_proxy_cannot_name_somebody_else(tmp_path: Path) -> None:
    limits = replace(PATIENT, proxies=("10.0.0.0/8",), address_threads=1)
    with running(tmp_path, limits) as gateway:
        busy = gateway.connect()
        busy.head("GET /slow?2", "X-Forwarded-For: 1.2.3.4")
        time.sleep(0.5)
        began = time.monotonic()
        assert gateway.ask("GET /told", "X-Forwarded-For: 5.6.7.8").status == 200
        assert time.monotonic() - began > 1
        assert busy.answer().body == b"done"
