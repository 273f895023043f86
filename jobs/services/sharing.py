"""Share links, by which people without an account hear chosen stems of a finished job."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from jobs.errors import JobConflict, ShareOff
from jobs.models import Artifact, Job, ShareLink
from jobs.models.job import JobStatus
from jobs.models.share_link import MAX_LABEL_LENGTH
from jobs.services.listening.index import Listening, ListeningStem, listening_of, mixable_tracks
from jobs.services.storage.integrity import ensure_all_intact
from separation.errors import InvalidOptions

if TYPE_CHECKING:
    from django.contrib.auth.models import User

USUAL_DAYS = 7
SAME_VISIT_S = 3600
"""A visitor who opens a link again within this time counts once."""

KEPT_DAYS = 30
"""How long an ended link stays in its owner's list, with its views."""

_TOKEN_BYTES = 24
"""192 random bits cannot be guessed, so the database can hold an unsalted digest of them."""

OFF = "This site does not share songs by links."


@dataclass(frozen=True)
class NewLink:
    """A new link with its ``token``, which is shown once and stored nowhere."""

    link: ShareLink
    token: str


@dataclass(frozen=True)
class Shared:
    """The content of a working link, and nothing else of its job."""

    link: ShareLink
    listening: Listening

    @property
    def job(self) -> Job:
        return self.link.job

    @cached_property
    def tracks(self) -> list[Artifact]:
        """The chosen stems in the order of the pipeline."""
        known = mixable_tracks(self.job, list(self.job.artifacts.all()))
        return [track for track in known if track.name in self.link.stems]

    def stem(self, name: str) -> ListeningStem | None:
        """The stem of this name; None where the link does not share it."""
        return self.listening.stem(name) if name in self.link.stems else None

    @property
    def title(self) -> str:
        """The song's title; empty where the owner hides it."""
        return title_of(self.job) if self.link.show_title else ""


def create_link(
    *,
    job: Job,
    created_by: "User",
    stems: Sequence[str] | None = None,
    allow_download: bool = False,
    show_title: bool = False,
    expires_in_days: int | None = None,
    label: str = "",
) -> NewLink:
    """Create a share link. ``stems``: names of tracks that the mixer plays; None shares all.
    ``expires_in_days`` None: a week, or the site's limit if that is shorter.

    Raises ``ShareOff``, ``JobConflict`` where the job has no stems or too many links already,
    ``InvalidOptions``, and ``ArtifactDamaged``.
    """
    if not settings.SHARE:
        raise ShareOff(OFF)
    chosen = _chosen(shareable_stems(job), stems)
    ensure_all_intact(job.artifacts.filter(name__in=chosen))
    values = {
        "stems": chosen,
        "allow_download": allow_download,
        "show_title": _title_is_shown(allow_download=allow_download, show_title=show_title),
        "expires_at": timezone.now() + timedelta(days=_days(expires_in_days)),
        "label": _cleaned(label),
    }
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with transaction.atomic():
        _check_room(job)
        link = ShareLink.objects.create(
            job=job, created_by=created_by, token_digest=digest_of_token(token), **values
        )
    return NewLink(link, token)


def revoke_link(*, link: ShareLink) -> ShareLink:
    """Revoke the link at once. A link that has ended already stays as it is."""
    live = ShareLink.objects.live().filter(pk=link.pk)
    live.update(revoked_at=timezone.now())
    link.refresh_from_db()
    return link


def open_link(token: str) -> Shared | None:
    """The content of a link; None where the link is unknown, expired or revoked, or its audio is
    deleted."""
    if not settings.SHARE:
        return None
    links = ShareLink.objects.working().select_related("job__source")
    link = links.filter(token_digest=digest_of_token(token)).first()
    listening = listening_of(link.job) if link else None
    return Shared(link, listening) if link and listening else None


def count_view(*, link: ShareLink, visitor: str) -> None:
    """Count a visit. ``visitor`` distinguishes browsers; only a keyed digest of it is kept, for an
    hour."""
    visit = salted_hmac("jobs.sharing.view", f"{link.pk} {visitor}", algorithm="sha256").hexdigest()
    if cache.add(f"share-view-{visit}", True, SAME_VISIT_S):
        ShareLink.objects.filter(pk=link.pk).update(views=F("views") + 1)


def forget_ended_links() -> int:
    """Delete links that ended long ago; returns how many."""
    before = timezone.now() - timedelta(days=KEPT_DAYS)
    ended = ShareLink.objects.filter(Q(expires_at__lt=before) | Q(revoked_at__lt=before))
    return ended.delete()[0]


def shareable_stems(job: Job) -> list[str]:
    return [track.name for track in mixable_tracks(job, list(job.artifacts.all()))]


def title_of(job: Job) -> str:
    """The song's name as its page shows it, without the ending."""
    from separation.audio.names import song_title

    return song_title(job.source.original_name)


def digest_of_token(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _chosen(known: list[str], names: Sequence[str] | None) -> list[str]:
    if not known:
        raise JobConflict("Only a finished song with a mixer can be shared; this job has none.")
    if names is None:
        return known
    unknown = [name for name in names if name not in known]
    if unknown:
        raise InvalidOptions(
            f"There is no stem {unknown[0]!r} to share. Choose: {', '.join(known)}."
        )
    if not names:
        raise InvalidOptions("Choose at least one stem to share.")
    return [name for name in known if name in names]


def _title_is_shown(*, allow_download: bool, show_title: bool) -> bool:
    if allow_download and not show_title:
        raise InvalidOptions(
            "Files to download carry the song's name in their tags: allow the title to be shown "
            "as well, or allow no download."
        )
    return show_title


def _days(requested: int | None) -> int:
    most = settings.SHARE_MAX_DAYS
    if requested is None:
        return min(USUAL_DAYS, most)
    if not 1 <= requested <= most:
        raise InvalidOptions(f"A link works for 1 to {most} days; {requested} is not among them.")
    return requested


def _cleaned(label: str) -> str:
    from separation.audio.names import one_line

    cleaned = one_line(label)
    if len(cleaned) > MAX_LABEL_LENGTH:
        raise InvalidOptions(f"A note has at most {MAX_LABEL_LENGTH} characters; this is longer.")
    return cleaned


def _check_room(job: Job) -> None:
    # Locked before links are counted, as another request may be creating one.
    finished = Job.objects.select_for_update().filter(
        pk=job.pk, status=JobStatus.COMPLETED, audio_deleted_at=None
    )
    if not finished.exists():
        raise JobConflict("Only a finished song can be shared, and this one is gone.")
    most = settings.SHARE_MAX_LINKS
    if ShareLink.objects.live().filter(job=job).count() >= most:
        raise JobConflict(
            f"This song has {most} working links, which is all there may be. Revoke one first."
        )
