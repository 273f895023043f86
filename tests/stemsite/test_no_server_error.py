"""Whatever anybody sends to any address, by any method, the answer is no fault of the server."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from http.cookies import SimpleCookie
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.throttling import SimpleRateThrottle

from jobs.models import ApiToken, Batch, Upload
from jobs.services.front_demo import front_demo, front_demo_dir
from jobs.services.set_lists.actions import create_set_list
from jobs.services.sharing import create_link
from jobs.services.storage import disk_space
from separation.demo import VERSION
from tests.factories import make_artifact, make_job
from tests.listening_files import write_listening
from tests.stemsite.every_url import BODIES, METHODS, addresses

CSRF = "x" * 32


class Role:
    """``headers`` and ``cookies`` go with each request, such as a token or a session."""

    def __init__(self, name: str, headers: dict[str, str], cookies: str = "") -> None:
        self.name, self._headers, self._cookies = name, headers, cookies
        # One for all requests: to build the middleware takes a tenth of the time.
        self._client = Client(enforce_csrf_checks=bool(cookies), raise_request_exception=False)

    def send(self, method: str, address: str, kind: str, body: bytes) -> int:
        self._client.cookies = SimpleCookie(self._cookies)
        with transaction.atomic():
            answer = self._client.generic(method, address, body, kind, headers=self._headers)
            if answer.streaming:
                b"".join(answer)
            answer.close()
            # What it did is undone, so that the next finds the same world.
            transaction.set_rollback(True)
        return int(answer.status_code)


@pytest.fixture
def world(owner: User, stranger: User, settings: Settings) -> dict[str, str]:
    """Values of all parameters of all addresses; what they name is the owner's."""
    # A site makes its demonstration song once, in some seconds.
    demo = Path(settings.DATA_DIR) / "demo" / f"song-{VERSION}.flac"
    demo.parent.mkdir(parents=True)
    soundfile.write(demo, np.zeros((4410, 2), np.float32), 44_100)
    settings.FRONT_DEMO = True
    write_listening(front_demo_dir(), {"vocals": np.zeros((2, 4410), np.float32)})
    song = front_demo()
    assert song is not None
    job, other = (make_job(status="completed", manifest={"version": "2.0"}) for _ in range(2))
    for each in (job, other):
        sounds = {name: np.zeros((2, 4410), np.float32) for name in ("vocals", "residual")}
        for name in sounds:
            make_artifact(each, name)
        write_listening(each.directory, sounds, {})
    batch = Batch.objects.create(owner=owner, name="x")
    set_list = create_set_list(owner=owner, name="x", jobs=[job])
    upload = Upload.objects.create(
        owner=owner, name="x.wav", size_bytes=10, expires_at=timezone.now() + timedelta(days=1)
    )
    link = create_link(job=job, created_by=owner)
    token, _ = ApiToken.objects.create(user=owner)
    return {
        "job_id": str(job.pk),
        "other_id": str(other.pk),
        "batch_id": str(batch.pk),
        "set_list_id": str(set_list.pk),
        "upload_id": str(upload.pk),
        "link_id": str(link.link.pk),
        "token_id": str(token.public_id),
        "token": link.token,
        "edition": song.edition,
        "track": "vocals",
        "name": "vocals",
        "object_id": str(job.pk),
        "id": str(owner.pk),
        "content_type_id": "1",
        "app_label": "jobs",
        "uidb36": "1",
        "key": "a-b",
        "url": "nowhere",
        "rest": "nowhere",
    }


@pytest.fixture(autouse=True)
def no_limits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else most would be answered 429."""
    rates = dict.fromkeys(SimpleRateThrottle.THROTTLE_RATES, "1000000/s")
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", rates)
    settings.RATE_LOGIN = settings.RATE_LOGIN_ACCOUNT = "1000000/s"
    settings.RATE_LOGIN_ADDRESS = "1000000/s"
    settings.ACCOUNT_RATE_LIMITS = False
    # Before each request it is tried out whether the disk has room, which takes longer than most.
    monkeypatch.setattr(disk_space, "_can_write", lambda folder: True)


def signed_in(user: User) -> Role:
    """By a session, as a page: with a CSRF token, without which a request goes no further."""
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    return Role(user.username, {"X-CSRFToken": CSRF}, f"sessionid={session}; csrftoken={CSRF}")


ROLES = ("anonymous", "token", "owner", "stranger", "staff")


@pytest.fixture
def roles(owner: User, stranger: User, staff: User) -> dict[str, Role]:
    _, secret = ApiToken.objects.create(user=owner, last_used_at=timezone.now())
    every = [
        Role("anonymous", {}),
        Role("token", {"Authorization": f"Token {secret}"}),
        *(signed_in(user) for user in (owner, stranger, staff)),
    ]
    return {role.name: role for role in every}


@pytest.mark.parametrize("name", ROLES)
def test_every_method_with_odd_bodies_at_every_address_as_everybody(
    world: dict[str, str], roles: dict[str, Role], name: str
) -> None:
    """Each method at each address as each role, and each body at each address.

    All of them with all bodies would be some 190 000 requests, which take ten minutes. So the
    bodies take turns: each comes with each method, with each role and to each address.
    """
    faults, found = [], set()
    for address, method, kind, body in turns(addresses(world), ROLES.index(name)):
        status = roles[name].send(method, address, kind, body)
        found.add((method, status))
        if status >= 500:
            faults.append((status, method, address, kind, body[:20]))
    assert not faults
    # Else it would have knocked at closed doors only.
    assert {("GET", 200), *LEAST_FOUND.get(name, ())} <= found


LEAST_FOUND = {
    "anonymous": [("BREW", 405), ("POST", 400)],
    "token": [("POST", 400), ("DELETE", 204)],
    "owner": [("POST", 400), ("DELETE", 204)],
}


def turns(paths: Sequence[str], role: int) -> Iterator[tuple[str, str, str, bytes]]:
    """Address, method, and type and content of a body, for the role of a number."""
    for at, address in enumerate(paths):
        for turn, method in enumerate(METHODS):
            # From role to role and address to address another one comes first.
            yield address, method, *BODIES[(len(METHODS) * role + turn + at * 5) % len(BODIES)]


def test_nobody_and_nothing_is_left_out(world: dict[str, str]) -> None:
    paths = addresses(world)
    sent = [(role, *each) for role in range(len(ROLES)) for each in turns(paths, role)]
    assert {each[:3] for each in sent} == set(product(range(len(ROLES)), paths, METHODS))
    assert {(each[1], each[3:]) for each in sent} == set(product(paths, BODIES))
    assert {(each[2], each[3:]) for each in sent} == set(product(METHODS, BODIES))
    assert {(each[0], each[3:]) for each in sent} == set(product(range(len(ROLES)), BODIES))


@pytest.mark.parametrize(
    "address",
    ["/api/v1/jobs", "/process", "/api/v1/uploads", "/api/v1/auth/token", "/", "/uploads/"],
)
def test_every_odd_body_where_songs_and_passwords_are_sent(
    roles: dict[str, Role], address: str
) -> None:
    sent = [
        (role.name, kind, body[:20], role.send("POST", address, kind, body))
        for role in list(roles.values())[:3]
        for kind, body in BODIES
    ]
    assert not [each for each in sent if each[-1] >= 500]
