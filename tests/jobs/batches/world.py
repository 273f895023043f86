"""Batches with songs in any state, owners who can be told, and a mail server that takes mail."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.contrib.auth.models import User
from django.utils import timezone

from jobs.models import Batch, Job
from tests.factories import make_job, make_source, make_user


def make_batch(*statuses: str, owner: User | None = None, **fields: Any) -> Batch:
    """With a song for each of ``statuses``; its last song was added a minute ago."""
    owner = owner or make_user()
    values = {"name": "Rehearsal", "last_added_at": timezone.now() - timedelta(minutes=1)}
    batch = Batch.objects.create(owner=owner, **{**values, **fields})
    for number, status in enumerate(statuses):
        add_song(batch, f"Song {number}.wav", status=status)
    return batch


def add_song(batch: Batch, name: str, *, duration_s: float = 60.0, **fields: Any) -> Job:
    source = make_source(owner=batch.owner, original_name=name, duration_s=duration_s)
    return make_job(owner=batch.owner, source=source, batch=batch, **fields)


def confirm_address(user: User) -> User:
    from allauth.account.models import EmailAddress

    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@dataclass
class Mailbox:
    """What a mail server took, and how it answers. ``refusal``: to every recipient."""

    taken: list[EmailMessage] = field(default_factory=list)
    connections: int = 0
    refusal: str = ""
    hangs: bool = False

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        while self.hangs:
            await asyncio.sleep(0.05)
        return answers

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 Taken"


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """A real one on the loopback, with its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, port
    finally:
        mailbox.hangs = False
        controller.stop()


def later(batch: Batch) -> None:
    """A minute passes."""
    Batch.objects.filter(pk=batch.pk).update(last_added_at=timezone.now() - timedelta(minutes=1))
