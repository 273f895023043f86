"""A service that means ill: it gets no more than a refusal, and the next route does the job."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from separation.errors import RemoteFailed
from separation.separators.remote.sanitize import MAX_CHARACTERS
from tests.separation.separators.remote.asking import a_remote, separated
from tests.separation.separators.remote.service import Service, status

NO_ADDRESSES = (
    "http://[",
    "http://127.0.0.1:99999/bass.wav",
    "http://a\x00b/",
    "file:///etc/passwd",
    "http://name:password@127.0.0.1/",
)


def telling(service: Service, **more: Any) -> Service:
    """The service, which says this as well, or instead, about each job."""
    honest = service.look
    service.look = lambda job_id: (honest(job_id) or {}) | more  # type: ignore[method-assign]
    return service


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_a_file_that_lies_nowhere_is_refused(service: Service, song: Path, address: str) -> None:
    telling(service, stems={"bass": address})
    with pytest.raises(RemoteFailed, match="no address of the web"):
        separated(a_remote(service.url, stems=("bass",)), song)


@pytest.mark.parametrize("address", NO_ADDRESSES[:2])
def test_a_redirect_to_nowhere_is_refused(service: Service, song: Path, address: str) -> None:
    service.fail("GET", "files", status(302, Location=address))
    with pytest.raises(RemoteFailed, match="no address of the web"):
        separated(a_remote(service.url), song)
    service.fail("POST", "separate", status(302, Location=address))
    with pytest.raises(RemoteFailed, match="sends its visitors to elsewhere"):
        separated(a_remote(service.url), song)


@pytest.mark.parametrize("request_", [("POST", "separate"), ("GET", "files")])
def test_what_would_unfold_in_memory_is_not_read(
    service: Service, song: Path, request_: tuple[str, str]
) -> None:
    # 260 bytes that become 60 MB; some more would become more than there is.
    bomb = gzip.compress(gzip.compress(bytes(60_000_000)))
    service.fail(*request_, status(200, bomb, Content_Encoding="gzip, gzip"))
    with pytest.raises(RemoteFailed, match="compressed"):
        separated(a_remote(service.url), song)
    (asked,) = service.requests(*request_)
    assert asked["Accept-Encoding"] == "identity"


def test_its_words_are_one_line_that_can_be_stored(service: Service, song: Path) -> None:
    telling(service, model="one\x00\x1b[31m\n two" + "x" * 5000)
    separator = a_remote(service.url)
    separated(separator, song)
    model = separator.identity().model
    assert model.startswith("one[31m twox")
    assert len(model) == MAX_CHARACTERS


@pytest.mark.parametrize("name", ["", "a\x00b", "a b", "x" * 201, "ä"])
def test_a_job_whose_name_fits_in_no_address_is_refused(
    service: Service, song: Path, name: str
) -> None:
    telling(service, job_id=name)
    with pytest.raises(RemoteFailed, match=r"cannot be understood \(job_id"):
        separated(a_remote(service.url, settings={"retries": 0}), song)


@pytest.mark.parametrize("redirected", [False, True])
def test_other_machines_inside_the_network_are_not_asked(
    service: Service, song: Path, redirected: bool
) -> None:
    inside = Service()
    try:
        # Another name than the operator's, so another machine for all that one can tell.
        address = inside.url.replace("127.0.0.1", "localhost") + "/files/x/bass.wav"
        if redirected:
            service.fail("GET", "files", status(302, Location=address))
        else:
            telling(service, stems={"bass": address})
        with pytest.raises(RemoteFailed, match="localhost, which is another machine inside"):
            separated(a_remote(service.url, stems=("bass",)), song)
        assert inside.seen == []
    finally:
        inside.close()
