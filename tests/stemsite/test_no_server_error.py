"""Whatever anybody sends to any address, by any method, the answer is no fault of the server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.throttling import SimpleRateThrottle

from jobs.models import ApiToken, Batch, Upload
from jobs.services.sharing import create_link
from tests.factories import make_artifact, make_job
from tests.listening_files import write_listening
from tests.stemsite.every_url import BODIES, METHODS, addresses

CSRF = "x" * 32


@dataclass(frozen=True)
class Role:
    """``headers`` and ``cookies`` go with each request, such as a token or a session."""

    name: str
    headers: dict[str, str]
    cookies: str = ""

    def send(self, method: str, address: str, kind: str, body: bytes) -> int:
        client = Client(enforce_csrf_checks=bool(self.cookies), raise_request_exception=False)
        client.cookies.load(self.cookies)
        with transaction.atomic():
            answer = client.generic(method, address, body, kind, headers=self.headers)
            if answer.streaming:
                b"".join(answer)
            answer.close()
            # What it did is undone, so that the next finds the same world.
            transaction.set_rollback(True)
        return int(answer.status_code)

    def methods(self, turn: Iterator[int], address: str) -> tuple[str, ...]:
        """All where no account is asked for, and of the owner; else those of a browser and one
        more each time, as the rest of the way is the same."""
        if self.name in ("anonymous", "owner") and not address.startswith("/admin/"):
            return METHODS
        return "GET", "POST", METHODS[next(turn) % len(METHODS)]


@pytest.fixture
def world(owner: User, stranger: User, settings: Settings) -> dict[str, str]:
    """Values of all parameters of all addresses; what they name is the owner's."""
    job, other = (make_job(status="completed", manifest={"version": "2.0"}) for _ in range(2))
    for each in (job, other):
        sounds = {name: np.zeros((2, 4410), np.float32) for name in ("vocals", "residual")}
        for name in sounds:
            make_artifact(each, name)
        write_listening(each.directory, sounds, {})
    batch = Batch.objects.create(owner=owner, name="x")
    upload = Upload.objects.create(
        owner=owner, name="x.wav", size_bytes=10, expires_at=timezone.now() + timedelta(days=1)
    )
    link = create_link(job=job, created_by=owner)
    token, _ = ApiToken.objects.create(user=owner)
    return {
        "job_id": str(job.pk),
        "other_id": str(other.pk),
        "batch_id": str(batch.pk),
        "upload_id": str(upload.pk),
        "link_id": str(link.link.pk),
        "token_id": str(token.public_id),
        "token": link.token,
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


def signed_in(user: User) -> Role:
    """By a session, as a page: with a CSRF token, without which a request goes no further."""
    client = Client()
    client.force_login(user)
    session = client.cookies["sessionid"].value
    return Role(user.username, {"X-CSRFToken": CSRF}, f"sessionid={session}; csrftoken={CSRF}")


@pytest.fixture
def roles(owner: User, stranger: User, staff: User) -> list[Role]:
    _, secret = ApiToken.objects.create(user=owner, last_used_at=timezone.now())
    return [
        Role("anonymous", {}),
        Role("token", {"Authorization": f"Token {secret}"}),
        *(signed_in(user) for user in (owner, stranger, staff)),
    ]


def may_differ(role: Role, address: str) -> bool:
    """Pages know no tokens, and the administration tells only its staff from all others."""
    if address.startswith("/admin/"):
        return role.name in ("anonymous", "staff")
    return role.name != "token" or not address.startswith(("/accounts/", "/account/", "/jobs/"))


def test_every_method_with_odd_bodies_at_every_address_as_everybody(
    world: dict[str, str], roles: list[Role]
) -> None:
    turn, body_turn = count(), count()
    faults, found = [], set()
    for address in addresses(world):
        for role in (role for role in roles if may_differ(role, address)):
            for method in role.methods(turn, address):
                kind, body = BODIES[next(body_turn) % len(BODIES)]
                status = role.send(method, address, kind, body)
                found.add((role.name, method, status))
                if status >= 500:
                    faults.append((status, role.name, method, address, kind, body[:20]))
    assert not faults
    # Else it would have knocked at closed doors only.
    assert {(role.name, "GET", 200) for role in roles} <= found
    assert {("token", "POST", 400), ("owner", "POST", 400), ("anonymous", "BREW", 405)} <= found


@pytest.mark.parametrize(
    "address",
    ["/api/v1/jobs", "/process", "/api/v1/uploads", "/api/v1/auth/token", "/", "/uploads/"],
)
def test_every_odd_body_where_songs_and_passwords_are_sent(roles: list[Role], address: str) -> None:
    sent = [
        (role.name, kind, body[:20], role.send("POST", address, kind, body))
        for role in roles[:3]
        for kind, body in BODIES
    ]
    assert not [each for each in sent if each[-1] >= 500]
